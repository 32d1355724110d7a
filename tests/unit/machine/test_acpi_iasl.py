#!/usr/bin/env python3
"""The reader of ACPI tables against iasl, which makes them: iasl's own templates with other values in
them are compiled, and what iasl disassembles is compared with what the reader says."""
import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

READER = None
FACTS = None
SKIPPED = 77


def run(*command, folder=None):
    return subprocess.run([str(c) for c in command], cwd=folder, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class Tables(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = Path(self.scratch.name)
        self.addCleanup(self.scratch.cleanup)

    def compile(self, signature, *changes):
        """The table that iasl makes of its template after the changes (label, old, new), and the
        disassembly of it."""
        done = run("iasl", "-T", signature, folder=self.folder)
        source = self.folder / f"{signature.lower()}.asl"
        self.assertTrue(source.exists(), done.stdout)
        text = source.read_text()
        for label, value in changes:
            text, count = re.subn(rf"^(.*\b{re.escape(label)} : )\S+", rf"\g<1>{value}", text,
                                  count=1, flags=re.MULTILINE)
            self.assertEqual(count, 1, label)
        source.write_text(text)
        done = run("iasl", source, folder=self.folder)
        table = source.with_suffix(".aml")
        self.assertTrue(table.exists(), done.stdout)
        done = run("iasl", "-d", table, folder=self.folder)
        listing = source.with_suffix(".dsl")
        self.assertTrue(listing.exists(), done.stdout)
        return table, listing.read_text()

    def read(self, table, code=0):
        done = run(READER, table)
        self.assertEqual(done.returncode, code, done.stdout)
        return done.stdout.strip()

    @staticmethod
    def field(listing, label):
        return int(re.search(rf"^\[.*\b{re.escape(label)} : ([0-9A-F]+)", listing,
                             re.MULTILINE).group(1), 16)

    @staticmethod
    def subtables(listing, *types):
        found = re.findall(r"Subtable Type : ([0-9A-F]+)", listing)
        return sum(int(kind, 16) in types for kind in found)

    def test_dmar(self):
        for flags in ("00", "01", "05"):
            table, listing = self.compile("DMAR", ("Flags", flags))
            units, reserved = self.subtables(listing, 0), self.subtables(listing, 1)
            self.assertTrue(units and reserved)
            self.assertEqual(self.read(table), f"DMAR flags={self.field(listing, 'Flags')} "
                             f"units={units} include_all=1 reserved={reserved}")

    def test_ivrs(self):
        for info in ("00000000", "00203042"):
            table, listing = self.compile("IVRS", ("Virtualization Info", info))
            units = max(self.subtables(listing, kind) for kind in (0x10, 0x11, 0x40))
            memory = self.subtables(listing, 0x20, 0x21, 0x22)
            self.assertTrue(units and memory)
            self.assertEqual(self.read(table), f"IVRS info={int(info, 16)} units={units} "
                                               f"memory={memory}")
            self.assertEqual(self.field(listing, "Virtualization Info"), int(info, 16))

    def test_wsmt(self):
        for flags in (0, 2, 7):
            table, listing = self.compile("WSMT", ("Protection Flags", f"{flags:08X}"))
            self.assertEqual(self.field(listing, "Protection Flags"), flags)
            self.assertEqual(self.read(table), f"WSMT flags={flags}")

    def test_tpm2(self):
        table, listing = self.compile("TPM2", ("Start Method", "07"),
                                      ("Control Address", "00000000FED40040"))
        self.assertEqual(self.read(table), f"TPM2 class={self.field(listing, 'Platform Class')} "
                                           f"method=7 control={0xFED40040}")

    def test_checksum(self):
        table, _ = self.compile("DMAR")
        data = bytearray(table.read_bytes())
        data[60] ^= 1
        table.write_bytes(data)
        self.assertIn("checksum", self.read(table, 1))

    def test_tree(self):
        """The tables in the tree of a Linux, as the probe judges them."""
        tables = self.folder / "root" / "sys" / "firmware" / "acpi" / "tables"
        tables.mkdir(parents=True)
        (tables / "FACP").write_bytes(b"")
        for signature, change in (("DMAR", ("Flags", "05")),
                                  ("WSMT", ("Protection Flags", "00000007"))):
            table, _ = self.compile(signature, change)
            shutil.copy(table, tables / signature)
        done = run(FACTS, self.folder / "root")
        self.assertEqual(done.returncode, 0, done.stdout)
        facts = json.loads(done.stdout)["facts"]
        for name, value in (("firmware.dma_remapping", True), ("firmware.dma_opt_in", True),
                            ("firmware.wsmt", 7), ("firmware.smm", True)):
            self.assertEqual(facts[name].get("value"), value, name)


if __name__ == "__main__":
    READER = Path(sys.argv.pop(1)).resolve()
    FACTS = Path(sys.argv.pop(1)).resolve()
    if shutil.which("iasl") is None:
        print("iasl is not there (package acpica-tools)")
        sys.exit(SKIPPED)
    unittest.main()
