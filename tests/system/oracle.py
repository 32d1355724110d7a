"""A second opinion on the image rules, computed with python3-pefile, apart from hvcheck.

For one image: the four counters that the image alone decides, and the reasons for which Windows
with memory integrity on refuses it. Written for images that linkers made, not for damaged ones."""
import re
import sys

import pefile

EXECUTE, WRITE, DISCARDABLE = 0x20000000, 0x80000000, 0x02000000
ARM_MACHINES = (0x01c4, 0xaa64)
PAGE = 0x1000
DYNAMIC_BASE, NX_COMPAT = 0x40, 0x100
RELOCS_STRIPPED = 1
IMPORT, BASERELOC, IAT = 1, 5, 12
NATIVE = 1


def pages(size):
    return (size + PAGE - 1) // PAGE


class Oracle:
    def __init__(self, path):
        self.pe = pefile.PE(path, fast_load=True)
        self.pe.parse_data_directories(directories=[
            pefile.DIRECTORY_ENTRY['IMAGE_DIRECTORY_ENTRY_IMPORT'],
            pefile.DIRECTORY_ENTRY['IMAGE_DIRECTORY_ENTRY_BASERELOC']])
        self.wide = self.pe.OPTIONAL_HEADER.Magic == 0x20b

    def directory(self, index):
        entry = self.pe.OPTIONAL_HEADER.DATA_DIRECTORY[index]
        return entry.VirtualAddress, entry.Size

    def kernel_mode(self):
        names = [entry.dll.lower() for entry in getattr(self.pe, 'DIRECTORY_ENTRY_IMPORT', [])]
        return self.pe.OPTIONAL_HEADER.Subsystem == NATIVE and b'ntdll.dll' not in names

    def relocations(self):
        """(RVA, type) of every entry, padding included."""
        for block in getattr(self.pe, 'DIRECTORY_ENTRY_BASERELOC', []):
            for entry in block.entries:
                yield entry.rva, entry.type

    def execute_write(self):
        return sum(1 for s in self.pe.sections
                   if s.Characteristics & EXECUTE and s.Characteristics & WRITE
                   and s.Name.rstrip(b'\0').upper() != b'INIT')

    def alignment(self):
        value = self.pe.OPTIONAL_HEADER.SectionAlignment
        return len(self.pe.sections) if value == 0 or value % PAGE else 0

    def unsupported_relocs(self):
        if not self.wide:
            return 0
        count = 0
        for rva, kind in self.relocations():
            if kind == 0:
                continue
            if kind != 10 or rva % PAGE + 8 > PAGE:
                count += 1
        return count

    def iat_in_executable(self):
        rva, size = self.directory(IAT)
        if rva == 0 or size == 0:
            return 0
        return sum(1 for s in self.pe.sections if s.Characteristics & EXECUTE
                   and s.VirtualAddress <= rva < s.VirtualAddress + s.Misc_VirtualSize)

    def counters(self):
        """The last four of the seven."""
        return [self.execute_write(), self.alignment(), self.unsupported_relocs(),
                self.iat_in_executable()]

    def executable_page(self, rva):
        for s in self.pe.sections:
            if s.Characteristics & EXECUTE:
                first = s.VirtualAddress // PAGE
                if first <= rva // PAGE < first + pages(max(s.Misc_VirtualSize, 1)):
                    return True
        return False

    def iat_ranges(self):
        rva, size = self.directory(IAT)
        if rva and size:
            return [(rva, size)]
        width = 8 if self.wide else 4
        return [(entry.imports[0].address - self.pe.OPTIONAL_HEADER.ImageBase,
                 width * len(entry.imports))
                for entry in getattr(self.pe, 'DIRECTORY_ENTRY_IMPORT', []) if entry.imports]

    def refusals(self):
        """Words for the loader's reasons: alignment, unaligned, execute-write, tail, iat, arm."""
        found = set()
        optional = self.pe.OPTIONAL_HEADER
        if optional.SectionAlignment < PAGE:
            found.add('alignment')
        elif any(s.VirtualAddress % PAGE for s in self.pe.sections):
            found.add('unaligned')
        for s in self.pe.sections:
            bits = s.Characteristics
            if not bits & EXECUTE:
                continue
            if bits & WRITE and not bits & DISCARDABLE:
                found.add('execute-write')
            if pages(s.SizeOfRawData) < pages(s.Misc_VirtualSize) and not (
                    s.SizeOfRawData == 0 and bits & DISCARDABLE):
                found.add('tail')
        for rva, size in self.iat_ranges():
            if any(self.executable_page(at) for at in range(rva, rva + size)):
                found.add('iat')
        if self.pe.FILE_HEADER.Machine in ARM_MACHINES:
            wanted = DYNAMIC_BASE | NX_COMPAT
            if (optional.SectionAlignment < PAGE or optional.DllCharacteristics & wanted != wanted
                    or self.pe.FILE_HEADER.Characteristics & RELOCS_STRIPPED
                    or self.directory(BASERELOC)[1] == 0):
                found.add('arm')
        return found


# Which rule of hvcheck says what the oracle's word says.
REFUSAL_RULES = {'alignment': 'HVC3001', 'execute-write': 'HVC3002', 'tail': 'HVC3003',
                 'iat': 'HVC3004', 'unaligned': 'HVC3005', 'arm': 'HVC3006'}
COUNTER_RULES = ['HVC2003', 'HVC2004', 'HVC2006', 'HVC2005']  # in the counters' order


def error_rules(counters, refusals):
    """The rules of level error that follow."""
    rules = {rule for rule, count in zip(COUNTER_RULES, counters) if count}
    return sorted(rules | {REFUSAL_RULES[word] for word in refusals})


if __name__ == '__main__':
    for name in sys.argv[1:]:
        oracle = Oracle(name)
        print(re.sub(r'.*/', '', name), oracle.kernel_mode(), oracle.counters(),
              ' '.join(sorted(oracle.refusals())))
