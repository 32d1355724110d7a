#!/usr/bin/env python3
"""The imports against Python's own readers of XML and JSON: each saved file of the fuzz corpus is read
by both, and what the facts say is compared with what the file says."""
import json
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ET
from pathlib import Path

IMPORT = None
CORPUS = None
SKIPPED = 77

LISTS = {"AvailableSecurityProperties": "device_guard.available",
         "RequiredSecurityProperties": "device_guard.required",
         "SecurityServicesConfigured": "device_guard.configured",
         "SecurityServicesRunning": "device_guard.running"}
NUMBERS = {"VirtualizationBasedSecurityStatus": "device_guard.vbs_status",
           "CodeIntegrityPolicyEnforcementStatus": "device_guard.ci_policy",
           "UsermodeCodeIntegrityPolicyEnforcementStatus": "device_guard.umci_policy",
           "SmmIsolationLevel": "device_guard.smm_level"}
PROPERTIES = ["Base Virtualization Support", "Secure Boot", "DMA Protection",
              "Secure Memory Overwrite", "UEFI Code Readonly", "SMM Security Mitigations 1.0",
              "Mode Based Execution Control", "APIC Virtualization"]
SERVICES = ["Credential Guard", "Hypervisor enforced Code Integrity", "Secure Launch"]


def run(path):
    return subprocess.run([str(IMPORT), str(path)], text=True, check=False, capture_output=True)


def facts_of(path):
    done = run(path)
    if done.returncode:
        raise AssertionError(f"{path}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)["facts"]


class Imports(unittest.TestCase):
    def test_device_guard(self):
        files = sorted((CORPUS / "device_guard" / "corpus").iterdir())
        self.assertGreaterEqual(len(files), 4)
        for path in files:
            data = path.read_bytes()
            text = data.decode("utf-16" if data[:2] == b"\xff\xfe" else "utf-8-sig")
            source = json.loads(text)
            source = source[0] if isinstance(source, list) else source
            facts = facts_of(path)
            for name, fact in (LISTS | NUMBERS).items():
                value = source.get(name)
                value = value["value"] if isinstance(value, dict) else value
                good = isinstance(value, int) and value <= 2 or name == "SmmIsolationLevel" and \
                    isinstance(value, int)
                if name in LISTS:
                    good = isinstance(value, list) and all(n >= 0 for n in value)
                    value = sorted(value) if good else value
                self.assertEqual(facts[fact].get("value"), value if good else None,
                                 f"{path.name}: {name}")

    def lists(self, row, words, facts, fact, where):
        """A line with a list of names, as the facts number them."""
        if row is None:
            return
        want = sorted(words.index(name.replace("Virtualisation", "Virtualization")) + 1
                      for name in row.split(", ") if name) or [0]
        self.assertEqual(facts[fact].get("value"), want, where)

    def test_nfo(self):
        read = 0
        for path in sorted((CORPUS / "nfo" / "corpus").iterdir()):
            try:
                root = ET.fromstring(path.read_bytes())
            except ET.ParseError:
                self.fail(path)
            if b"DOCTYPE" in path.read_bytes():
                self.assertEqual(run(path).returncode, 1)
                continue
            facts = facts_of(path)
            rows = {row[0].text: row[1].text or "" for row in root.find("Category").findall("Data")}
            rows = {k.replace("Virtualisation", "Virtualization"): v for k, v in rows.items()}
            major, minor, build = rows["Version"].split(" ")[0].split(".")
            self.assertEqual((facts["os.major"]["value"], facts["os.minor"]["value"],
                              facts["os.build"]["value"]), (int(major), int(minor), int(build)))
            read += 1
            if "OS Name" not in rows:
                self.assertIn("not in English", facts["os.name"]["unavailable"])
                self.assertTrue(all("not in English" in facts[f]["unavailable"]
                                    for f in LISTS.values()))
                continue
            self.assertEqual(facts["os.name"]["value"], rows["OS Name"].removeprefix("Microsoft "))
            self.assertEqual(facts["machine.model"]["value"], rows["System Model"])
            self.assertEqual(facts["firmware.uefi"]["value"], rows["BIOS Mode"] == "UEFI")
            for start in ("Virtualization-based security", "Device Guard",
                          "Virtualization-based security Security", "Device Guard Security"):
                self.lists(rows.get(start + " Available Security Properties"), PROPERTIES, facts,
                           "device_guard.available", path.name)
                self.lists(rows.get(start + " Required Security Properties"), PROPERTIES, facts,
                           "device_guard.required", path.name)
                self.lists(rows.get(start + " Services Configured"), SERVICES, facts,
                           "device_guard.configured", path.name)
                self.lists(rows.get(start + " Services Running"), SERVICES, facts,
                           "device_guard.running", path.name)
        self.assertGreaterEqual(read, 5)


if __name__ == "__main__":
    IMPORT, CORPUS = Path(sys.argv.pop(1)).resolve(), Path(sys.argv.pop(1)).resolve()
    if "this build does not" in run(CORPUS / "nfo/corpus/off-utf8").stdout + \
            run(CORPUS / "device_guard/corpus/off").stdout:
        print("this build imports nothing (facts_json or nfo is off)")
        sys.exit(SKIPPED)
    unittest.main()
