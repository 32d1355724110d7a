#!/usr/bin/env python3
"""The image rules with python3-pefile, as one would script them without hvcheck: SHA-256, the four image
counters of Driver Verifier, the loader's refusals and the advice, over every file of some folders."""
import hashlib
import os
import sys

import pefile

PAGE = 0x1000
DISCARDABLE, EXECUTE, WRITE = 0x02000000, 0x20000000, 0x80000000


def pages(size):
    return (size + PAGE - 1) // PAGE


def counters(pe):
    optional = pe.OPTIONAL_HEADER
    iat = optional.DATA_DIRECTORY[12] if len(optional.DATA_DIRECTORY) > 12 else None
    write = alignment = relocs = in_code = 0
    for section in pe.sections:
        flags = section.Characteristics
        if flags & EXECUTE and flags & WRITE and section.Name.rstrip(b"\0").upper() != b"INIT":
            write += 1
        if optional.SectionAlignment % PAGE or optional.SectionAlignment == 0:
            alignment += 1
        if iat is not None and iat.VirtualAddress and iat.Size and flags & EXECUTE and \
                section.VirtualAddress <= iat.VirtualAddress < \
                section.VirtualAddress + section.Misc_VirtualSize:
            in_code += 1
    if optional.Magic == 0x20B:
        for block in getattr(pe, "DIRECTORY_ENTRY_BASERELOC", []):
            for entry in block.entries:
                if entry.type == 10:
                    relocs += (entry.rva & 0xFFF) > 0xFF8
                elif entry.type != 0:
                    relocs += 1
    return write, alignment, relocs, in_code


def loader(pe):
    found = []
    if pe.OPTIONAL_HEADER.SectionAlignment < PAGE:
        found.append("low alignment")
    for section in pe.sections:
        flags = section.Characteristics
        if flags & EXECUTE and flags & WRITE and not flags & DISCARDABLE:
            found.append("writable and executable")
        if flags & EXECUTE and pages(section.SizeOfRawData) < pages(section.Misc_VirtualSize) and \
                not (section.SizeOfRawData == 0 and flags & DISCARDABLE):
            found.append("executable tail")
    for module in getattr(pe, "DIRECTORY_ENTRY_IMPORT", []):
        section = pe.get_section_by_rva(module.struct.FirstThunk)
        if section is not None and section.Characteristics & EXECUTE:
            found.append("thunks in code")
    return found


def advice(pe):
    optional = pe.OPTIONAL_HEADER
    found = [name for name, bit in (("nx", 0x100), ("integrity", 0x80), ("cfg", 0x4000),
                                    ("dynamic base", 0x40))
             if not optional.DllCharacteristics & bit]
    if pe.FILE_HEADER.Characteristics & 1:
        found.append("relocations stripped")
    if optional.CheckSum != pe.generate_checksum():
        found.append("checksum")
    return found


def main():
    files = findings = 0
    for folder in sys.argv[1:]:
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read()
            digest = hashlib.sha256(data).hexdigest()
            pe = pefile.PE(data=data)
            findings += sum(map(bool, counters(pe))) + len(loader(pe)) + len(advice(pe))
            files += 1
            pe.close()
    print(f"{files} files, {findings} findings, {digest[:2] if files else ''}")


if __name__ == "__main__":
    main()
