#!/usr/bin/env python3
"""The shared library exports what the headers declare, versioned, and nothing else; the objects hold no
mutable globals.

Usage: check_symbols.py SHARED_LIBRARY STATIC_LIBRARY"""
import re
import subprocess
import sys

import csource


def run(*command):
    return subprocess.run(command, text=True, capture_output=True, check=True).stdout


def exported(library):
    """name -> version of the defined dynamic symbols."""
    result = {}
    for line in run("readelf", "--dyn-syms", "--wide", library).splitlines():
        fields = line.split()
        if len(fields) < 8 or fields[6] == "UND" or not fields[0].rstrip(":").isdigit():
            continue
        if fields[4] in ("GLOBAL", "WEAK") and fields[6] != "ABS":
            name, _, version = fields[7].partition("@@")
            result[name] = version
    return result


def declared():
    names = set()
    for path in csource.files("include", suffixes=(".h", ".in")):
        text = re.sub(r"^\s*#.*", "", path.read_text(), flags=re.MULTILINE)
        names |= set(re.findall(r"HVC_API[^;(]*?(\w+)\s*\(", text))
    return names


def mutable_globals(archive):
    """Objects in .data and .bss. .data.rel.ro holds constants that need relocation: it is read-only."""
    section_names, member = {}, ""
    for line in run("readelf", "--sections", "--symbols", "--wide", archive).splitlines():
        if line.startswith("File: "):
            section_names, member = {}, line[6:]
            continue
        section = re.match(r"\s*\[\s*(\d+)\]\s+(\S+)", line)
        if section:
            section_names[section.group(1)] = section.group(2)
            continue
        fields = line.split()
        if len(fields) < 8 or fields[3] != "OBJECT":
            continue
        name = "COMMON" if fields[6] == "COM" else section_names.get(fields[6], "")
        if name == "COMMON" or (re.match(r"\.(data|bss|tdata|tbss)", name)
                                and not name.startswith(".data.rel.ro")):
            yield f"{member}: {fields[7]} is a mutable global (in {name})"


def main():
    shared, static = sys.argv[1:3]
    problems = []
    have, want = exported(shared), declared()
    for name in sorted(set(have) - want):
        problems.append(f"{name} is exported, but no installed header declares it")
    for name in sorted(want - set(have)):
        problems.append(f"{name} is declared with HVC_API, but not exported")
    for name, version in sorted(have.items()):
        if not name.startswith("hvc_"):
            problems.append(f"{name} is exported without the prefix hvc_")
        if not version.startswith("HVCHECK_"):
            problems.append(f"{name} has no version")
    problems += mutable_globals(static)
    csource.finish(len(have), "exported functions", problems)


if __name__ == "__main__":
    main()
