"""Edits fields of a PE image by the names that the PE specification gives them.

A tool of the tests: the fixtures' `@patch` directives and the generator of malformed images use it.
It trusts the image that it opens (a linker of ours has just written it) and is not a reader for
anything else."""
import re
import struct

FILE_HEADER = [
    ('Machine', 'H'), ('NumberOfSections', 'H'), ('TimeDateStamp', 'I'),
    ('PointerToSymbolTable', 'I'), ('NumberOfSymbols', 'I'), ('SizeOfOptionalHeader', 'H'),
    ('Characteristics', 'H'),
]
OPTIONAL_COMMON = [
    ('Magic', 'H'), ('MajorLinkerVersion', 'B'), ('MinorLinkerVersion', 'B'), ('SizeOfCode', 'I'),
    ('SizeOfInitializedData', 'I'), ('SizeOfUninitializedData', 'I'), ('AddressOfEntryPoint', 'I'),
    ('BaseOfCode', 'I'),
]
OPTIONAL_WINDOWS = [
    ('SectionAlignment', 'I'), ('FileAlignment', 'I'), ('MajorOperatingSystemVersion', 'H'),
    ('MinorOperatingSystemVersion', 'H'), ('MajorImageVersion', 'H'), ('MinorImageVersion', 'H'),
    ('MajorSubsystemVersion', 'H'), ('MinorSubsystemVersion', 'H'), ('Win32VersionValue', 'I'),
    ('SizeOfImage', 'I'), ('SizeOfHeaders', 'I'), ('CheckSum', 'I'), ('Subsystem', 'H'),
    ('DllCharacteristics', 'H'),
]
STACK_AND_HEAP = ['SizeOfStackReserve', 'SizeOfStackCommit', 'SizeOfHeapReserve',
                  'SizeOfHeapCommit']
SECTION_HEADER = [
    ('Name', '8s'), ('VirtualSize', 'I'), ('VirtualAddress', 'I'), ('SizeOfRawData', 'I'),
    ('PointerToRawData', 'I'), ('PointerToRelocations', 'I'), ('PointerToLinenumbers', 'I'),
    ('NumberOfRelocations', 'H'), ('NumberOfLinenumbers', 'H'), ('Characteristics', 'I'),
]
DIRECTORIES = ['Export', 'Import', 'Resource', 'Exception', 'Certificate', 'BaseReloc', 'Debug',
               'Architecture', 'GlobalPtr', 'TLS', 'LoadConfig', 'BoundImport', 'IAT',
               'DelayImport',
               'CLR', 'Reserved']
SECTION_SIZE = 40


def optional_header(pe32_plus):
    pointer = 'Q' if pe32_plus else 'I'
    fields = list(OPTIONAL_COMMON)
    if not pe32_plus:
        fields.append(('BaseOfData', 'I'))
    fields.append(('ImageBase', pointer))
    fields += OPTIONAL_WINDOWS
    fields += [(name, pointer) for name in STACK_AND_HEAP]
    fields += [('LoaderFlags', 'I'), ('NumberOfRvaAndSizes', 'I')]
    return fields


def offsets(fields, start):
    """{name: (offset, format)} of a packed record that begins at start."""
    table = {}
    for name, code in fields:
        table[name] = (start, '<' + code)
        start += struct.calcsize('<' + code)
    return table


def checksum(data, field):
    """What CheckSumMappedFile computes: 16-bit words with end-around carry, the field itself left
    out, plus the length of the file."""
    body = bytes(data[:field]) + b'\0\0\0\0' + bytes(data[field + 4:])
    if len(body) % 2:
        body += b'\0'
    total = sum(struct.unpack('<%dH' % (len(body) // 2), body))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return (total + len(data)) & 0xffffffff


class Image:
    """A PE image as a bytearray with named fields."""

    def __init__(self, data):
        self.data = bytearray(data)
        self.nt = struct.unpack_from('<I', self.data, 0x3c)[0]
        if self.data[self.nt:self.nt + 4] != b'PE\0\0':
            raise ValueError('no PE signature')
        self.file = offsets(FILE_HEADER, self.nt + 4)
        start = self.nt + 24
        self.pe32_plus = struct.unpack_from('<H', self.data, start)[0] == 0x20b
        self.optional = offsets(optional_header(self.pe32_plus), start)
        last, code = self.optional['NumberOfRvaAndSizes']
        self.directory_table = last + struct.calcsize(code)
        self.section_table = start + self.get('FileHeader.SizeOfOptionalHeader')
        # Taken once: a patch may make the header's own count a lie.
        self.section_count = self.get('FileHeader.NumberOfSections')

    def section_header(self, which):
        """The file offset of a section's header, by name or by number."""
        if which.isdigit():
            return self.section_table + SECTION_SIZE * int(which)
        for index in range(self.section_count):
            at = self.section_table + SECTION_SIZE * index
            if bytes(self.data[at:at + 8]).rstrip(b'\0') == which.encode():
                return at
        raise KeyError('no section ' + which)

    def place(self, field):
        """(file offset, struct format) of a field: `FileHeader.Machine`,
        `OptionalHeader.SectionAlignment`, `DataDirectory[IAT].Size`, `Section[.text].VirtualSize`,
        `DosHeader.e_lfanew`."""
        match = re.fullmatch(r'(\w+)(?:\[([^\]]+)\])?\.(\w+)', field)
        if match is None:
            raise KeyError('not a field: ' + field)
        record, which, name = match.groups()
        if record == 'DosHeader' and name == 'e_lfanew':
            return 0x3c, '<I'
        if record == 'FileHeader':
            return self.file[name]
        if record == 'OptionalHeader':
            return self.optional[name]
        if record == 'DataDirectory':
            index = int(which) if which.isdigit() else DIRECTORIES.index(which)
            return self.directory_table + 8 * index + {'VirtualAddress': 0, 'Size': 4}[name], '<I'
        if record == 'Section':
            return offsets(SECTION_HEADER, self.section_header(which))[name]
        if record == 'Relocation' and name == 'Type':
            raise KeyError('Relocation[].Type can only be set')
        raise KeyError('not a field: ' + field)

    def get(self, field):
        at, code = self.place(field)
        return struct.unpack_from(code, self.data, at)[0]

    def set(self, field, value):
        match = re.fullmatch(r'Relocation\[(\d+)\]\.Type', field)
        if match:
            self.set_reloc_type(int(match.group(1)), value)
            return
        at, code = self.place(field)
        struct.pack_into(code, self.data, at, value)

    def sections(self):
        """[{name: value}] of all section headers."""
        result = []
        for index in range(self.section_count):
            table = offsets(SECTION_HEADER, self.section_table + SECTION_SIZE * index)
            result.append({name: struct.unpack_from(code, self.data, at)[0]
                           for name, (at, code) in table.items()})
        return result

    def offset(self, rva):
        """The file offset that an RVA is mapped from."""
        for section in self.sections():
            start = section['VirtualAddress']
            if start <= rva < start + section['SizeOfRawData']:
                return section['PointerToRawData'] + rva - start
        if rva < self.get('OptionalHeader.SizeOfHeaders'):
            return rva
        raise KeyError('RVA 0x%x is not in the file' % rva)

    def directory(self, name):
        """(file offset, size) of a data directory's contents."""
        rva = self.get('DataDirectory[%s].VirtualAddress' % name)
        return self.offset(rva), self.get('DataDirectory[%s].Size' % name)

    def set_reloc_type(self, wanted, kind):
        """Sets the type of the wanted-th entry that is not padding."""
        at, size = self.directory('BaseReloc')
        end = at + size
        seen = 0
        while at + 8 <= end:
            block = struct.unpack_from('<I', self.data, at + 4)[0]
            for entry in range(at + 8, at + block, 2):
                value = struct.unpack_from('<H', self.data, entry)[0]
                if value >> 12 == 0:
                    continue
                if seen == wanted:
                    struct.pack_into('<H', self.data, entry, kind << 12 | value & 0xfff)
                    return
                seen += 1
            at += block
        raise KeyError('only %d relocations' % seen)

    def fix_checksum(self):
        at, code = self.optional['CheckSum']
        struct.pack_into(code, self.data, at, checksum(self.data, at))
