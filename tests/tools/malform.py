#!/usr/bin/env python3
"""Makes malformed images: for each way in which parsers of such files are known to fail, a few.

  malform.py FIXTURES-FOLDER OUTPUT-FOLDER     writes every case to a file

Each case is a function that takes a sound image and spoils it; beside it stands what must come out:
`error:STATUS` (the file cannot be evaluated, by that status), `note:ID` or `doubt:ID` (it is
evaluated, with that anomaly among others; a doubt forbids a verdict of "pass"), `fine` (strange,
but sound: no anomaly at all), or `harmless` (what is damaged decides nothing: it is evaluated
without a doubt)."""
import os
import struct
import sys

import peedit

PAGE = 0x1000
FILE_ALIGNMENT = 0x200
CASES = []


def case(group, name, expect, seed='clean-lld-x64.sys'):
    """Registers a spoiler; it gets a peedit.Image and changes it, or returns other bytes."""
    def register(function):
        CASES.append((group, name, expect, seed, function))
        return function
    return register


def patch(group, name, expect, seed='clean-lld-x64.sys', **fields):
    """A case that sets fields; a double underscore in a keyword stands for the dot."""
    def spoil(image):
        for field, value in fields.items():
            image.set(field.replace('__', '.'), value)
    CASES.append((group, name, expect, seed, spoil))


def directory(group, name, expect, which, rva=None, size=None, seed='clean-lld-x64.sys'):
    """A case that sets a data directory."""
    def spoil(image):
        if rva is not None:
            image.set('DataDirectory[%s].VirtualAddress' % which, rva)
        if size is not None:
            image.set('DataDirectory[%s].Size' % which, size)
    CASES.append((group, name, expect, seed, spoil))


def align(value, unit):
    return (value + unit - 1) // unit * unit


def add_section(image, data, name=b'made', characteristics=0x40000040, virtual_size=None):
    """Appends a section with these bytes; returns its RVA."""
    last = max(image.sections(), key=lambda s: s['VirtualAddress'])
    rva = align(last['VirtualAddress'] + max(last['VirtualSize'], 1), PAGE)
    virtual_size = len(data) if virtual_size is None else virtual_size
    image.data += bytes(-len(image.data) % FILE_ALIGNMENT)
    header = struct.pack('<8sIIIIIIHHI', name, virtual_size, rva, align(len(data), FILE_ALIGNMENT),
                         len(image.data), 0, 0, 0, 0, characteristics)
    at = image.section_table + peedit.SECTION_SIZE * image.section_count
    if any(image.data[at:at + peedit.SECTION_SIZE]):
        raise ValueError('no room for a section header')
    image.data[at:at + peedit.SECTION_SIZE] = header
    image.data += data + bytes(-len(data) % FILE_ALIGNMENT)
    image.section_count += 1
    image.set('FileHeader.NumberOfSections', image.section_count)
    image.set('OptionalHeader.SizeOfImage', align(rva + max(virtual_size, 1), PAGE))
    return rva


def made_directory(image, which, build, size=None):
    """Puts what build(rva) returns into a new section and points a directory at it."""
    last = max(image.sections(), key=lambda s: s['VirtualAddress'])
    rva = align(last['VirtualAddress'] + max(last['VirtualSize'], 1), PAGE)
    data = build(rva)
    if add_section(image, data) != rva:
        raise ValueError('the section landed elsewhere')
    image.set('DataDirectory[%s].VirtualAddress' % which, rva)
    image.set('DataDirectory[%s].Size' % which, len(data) if size is None else size)


def write(image, offset, code, *values):
    struct.pack_into('<' + code, image.data, offset, *values)


# Not images, or no whole ones

@case('start', 'empty file', 'error:not_pe')
def _(image):
    return b''


@case('start', 'one byte', 'error:not_pe')
def _(image):
    return b'M'


@case('start', 'a text', 'error:not_pe')
def _(image):
    return b'This is no program, however long it may be.\n' * 100


@case('start', 'MZ alone', 'error:truncated')
def _(image):
    return b'MZ'


@case('start', 'a DOS program', 'error:not_pe')
def _(image):
    image.data[image.nt:image.nt + 4] = b'NE\0\0'


@case('start', 'headers cut', 'error:truncated')
def _(image):
    return bytes(image.data[:image.nt + 30])


@case('start', 'section table cut', 'error:truncated')
def _(image):
    return bytes(image.data[:image.section_table + 50])


@case('start', 'last section cut', 'doubt:section-data-beyond-file')
def _(image):
    return bytes(image.data[:-0x100])


patch('start', 'e_lfanew wraps', 'error:not_pe', DosHeader__e_lfanew=0xfffffff0)
patch('start', 'e_lfanew signed', 'error:not_pe', DosHeader__e_lfanew=0x80000000)
patch('start', 'machine of a mainframe', 'error:unsupported', FileHeader__Machine=0x1f0)
patch('start', 'machine 0', 'error:unsupported', FileHeader__Machine=0)
patch('start', 'ROM image', 'error:malformed', OptionalHeader__Magic=0x107)
patch('start', 'magic of PE32 in an x64 image', 'error:malformed', OptionalHeader__Magic=0x10b)
patch('start', 'image of no size', 'doubt:image-size-zero', OptionalHeader__SizeOfImage=0)
patch('start', 'file alignment of 3', 'doubt:file-alignment-value', OptionalHeader__FileAlignment=3)
patch('start', 'section alignment of 3', 'doubt:section-alignment-value',
      OptionalHeader__SectionAlignment=3)
patch('start', 'an object file', 'doubt:not-executable-image', FileHeader__Characteristics=0)


# 1: sections without end

patch('1', 'sections past the file', 'error:truncated', FileHeader__NumberOfSections=0xffff)
patch('1', 'no sections', 'doubt:section-none', FileHeader__NumberOfSections=0)


@case('1', '65535 sections', 'doubt:section-limit')
def _(image):
    image.set('FileHeader.NumberOfSections', 0xffff)
    image.data += bytes(0xffff * peedit.SECTION_SIZE)


@case('1', '1000 equal sections', 'doubt:section-overlap')
def _(image):
    text = bytes(image.data[image.section_table:image.section_table + peedit.SECTION_SIZE])
    image.data[image.section_table:] = text * 1000 + bytes(0x10000)
    image.set('FileHeader.NumberOfSections', 1000)


@case('1', '97 sections', 'note:section-count')
def _(image):
    image.set('FileHeader.NumberOfSections', 97)
    image.data[image.section_table + 40 * image.section_count:] = bytes(0x4000)


# 2: an optional header of another size

patch('2', 'no optional header', 'doubt:optional-header-size', FileHeader__SizeOfOptionalHeader=0)
patch('2', 'optional header of one byte', 'doubt:optional-header-size',
      FileHeader__SizeOfOptionalHeader=1)
patch('2', 'optional header without directories', 'doubt:optional-header-size',
      FileHeader__SizeOfOptionalHeader=0x70)
patch('2', 'optional header past the file', 'error:truncated',
      FileHeader__SizeOfOptionalHeader=0xffff)


@case('2', 'optional header of 64 KiB', 'doubt:section-empty')
def _(image):
    image.set('FileHeader.SizeOfOptionalHeader', 0xffff)
    image.data += bytes(0x20000)


# 3: the number of directories

patch('3', 'no directories', 'fine', OptionalHeader__NumberOfRvaAndSizes=0)
patch('3', '17 directories', 'note:directory-count', OptionalHeader__NumberOfRvaAndSizes=17)
patch('3', 'directories without end', 'note:directory-count',
      OptionalHeader__NumberOfRvaAndSizes=0xffffffff)


# 4: sums that wrap

directory('4', 'imports wrap', 'doubt:import-directory-outside', 'Import', 0xfffffff0, 0x20)
directory('4', 'relocations wrap', 'doubt:reloc-directory-outside', 'BaseReloc', 0xfffffff0, 0x20)
directory('4', 'relocations of 4 GiB', 'doubt:reloc-directory-cut', 'BaseReloc', None, 0xffffffff)
directory('4', 'exports wrap', 'doubt:export-directory-outside', 'Export', 0xfffffff0, 0x28)
directory('4', 'debug wraps', 'note:debug-directory-outside', 'Debug', 0xfffffff0, 0x1c)
directory('4', 'IAT wraps', 'doubt:iat-outside', 'IAT', 0xfffffff0, 0x20)
directory('4', 'exception data wraps', 'doubt:function-table-cut', 'Exception', 0xfffffff0, 0x18)
directory('4', 'load configuration wraps', 'doubt:load-config-outside', 'LoadConfig', 0xfffffff0,
          0x94)
directory('4', 'resources wrap', 'note:resource-directory', 'Resource', 0xfffffff0, 0x94)


@case('4', 'section addresses wrap', 'doubt:section-beyond-image')
def _(image):
    image.set('Section[.reloc].VirtualAddress', 0xfffff000)
    image.set('Section[.reloc].VirtualSize', 0x2000)


patch('4', 'section data wraps', 'doubt:section-data-beyond-file',
      **{'Section[.data]__PointerToRawData': 0xfffffe00, 'Section[.data]__SizeOfRawData': 0x400})


@case('4', 'export counts wrap', 'doubt:export-limit', 'exports-lld-x64.sys')
def _(image):
    at, _ = image.directory('Export')
    write(image, at + 0x14, 'II', 0xffffffff, 0x40000001)


@case('4', 'export tables wrap', 'doubt:export-directory-outside', 'exports-lld-x64.sys')
def _(image):
    at, _ = image.directory('Export')
    write(image, at + 0x1c, 'III', 0xfffffffc, 0xfffffffc, 0xfffffffe)


# 5: relocation blocks

def reloc_size(name, expect, value):
    @case('5', 'relocation block of ' + name, expect)
    def _(image):
        at, _ = image.directory('BaseReloc')
        write(image, at + 4, 'I', value)


reloc_size('no size', 'doubt:reloc-block-size', 0)
reloc_size('4 bytes', 'doubt:reloc-block-size', 4)
reloc_size('7 bytes', 'doubt:reloc-block-size', 7)
reloc_size('odd size', 'doubt:reloc-block-odd', 11)
reloc_size('4 GiB', 'doubt:reloc-block-cut', 0xffffffff)
reloc_size('2 GiB', 'doubt:reloc-block-cut', 0x80000000)


@case('5', 'relocation block outside the image', 'doubt:reloc-page-outside')
def _(image):
    at, _ = image.directory('BaseReloc')
    write(image, at, 'I', 0xfffff000)


@case('5', '100000 empty relocation blocks', 'fine')
def _(image):
    made_directory(image, 'BaseReloc', lambda rva: struct.pack('<II', PAGE, 8) * 100000)


@case('5', 'relocation directory of 4 bytes', 'doubt:reloc-block-size')
def _(image):
    image.set('DataDirectory[BaseReloc].Size', 4)


# 6: resources

def resource_directory(entries, named=0, count=None):
    count = len(entries) - named if count is None else count
    return struct.pack('<IIHHHH', 0, 0, 0, 0, named, count) + b''.join(
        struct.pack('<II', *entry) for entry in entries)


def resources(name, expect, build):
    @case('6', name, expect)
    def _(image):
        made_directory(image, 'Resource', build)


resources('resource directory that holds itself', 'note:resource-directory',
          lambda rva: resource_directory([(16, 0x80000000)]))
resources('resource directories in a ring', 'note:resource-directory',
          lambda rva: resource_directory([(16, 0x80000018)])
          + resource_directory([(1, 0x80000000)]))
resources('resource fan-out', 'note:resource-directory',
          lambda rva: resource_directory([(5, 0x80000000)] * 5000))
resources('resource directory of 65535 entries', 'note:resource-directory',
          lambda rva: resource_directory([(5, 0x80000018)], count=0xffff))
resources('resource directory of no entries', 'fine', lambda rva: b'\0' * 8)
resources('resource far behind', 'note:resource-directory',
          lambda rva: resource_directory([(16, 0x80000000 | 0x7ffffff0)]))


def version_resource(value):
    """A resource tree with one version resource of these bytes."""
    def build(rva):
        tree = resource_directory([(16, 0x80000018)]) + resource_directory([(1, 0x80000030)]) + \
            resource_directory([(1033, 0x48)])
        return tree + struct.pack('<IIII', rva + 0x58, len(value), 0, 0) + value
    return build


# 7: imports

def made_imports(name, expect, build, seed='clean-lld-x64.sys'):
    @case('7', name, expect, seed)
    def _(image):
        made_directory(image, 'Import', build)


def descriptor(names, thunks, module):
    return struct.pack('<IIIII', names, 0, 0, module, thunks)


@case('7', 'descriptors without an end', 'doubt:import-directory-open')
def _(image):
    # copies of the sound one, to the last byte of their section
    at, _ = image.directory('Import')
    copies = bytes(image.data[at:at + 20]) * 205
    made_directory(image, 'Import', lambda rva: copies[:PAGE])


@case('7', '3000 modules that share one table', 'doubt:import-limit')
def _(image):
    def build(rva):
        end = 3001 * 20
        thunks = b''.join(struct.pack('<Q', 1 << 63 | i) for i in range(100)) + bytes(8)
        modules = descriptor(rva + end, rva + end, rva + end + len(thunks)) * 3000
        return modules + bytes(20) + thunks + b'many.sys\0'
    made_directory(image, 'Import', build)


@case('7', '3000 modules of one function', 'doubt:import-module-limit')
def _(image):
    at, _ = image.directory('Import')
    module = struct.unpack_from('<I', image.data, at + 12)[0]

    def build(rva):
        end = 3001 * 20
        return descriptor(rva + end, rva + end, module) * 3000 + bytes(20) + \
            struct.pack('<QQ', 1 << 63 | 1, 0)
    made_directory(image, 'Import', build)


@case('7', 'a table of a million functions', 'doubt:import-limit')
def _(image):
    def build(rva):
        module = descriptor(rva + 64, rva + 64, rva + 48) + bytes(28) + b'many.sys'
        return module.ljust(64, b'\0') + struct.pack('<Q', 1 << 63 | 7) * 1000000
    made_directory(image, 'Import', build)


made_imports('functions without an end', 'doubt:import-table-open',
             lambda rva: (descriptor(rva + 64, rva + 64, rva + 48) + bytes(28) +
                          b'open.sys'.ljust(16, b'\0') +
                          struct.pack('<Q', 1 << 63 | 7) * 0x1000)[:0x1000])
made_imports('module name outside', 'doubt:import-module-name',
             lambda rva: descriptor(rva + 64, rva + 64, 0xfffffff0) + bytes(0x100))
made_imports('module name without an end', 'doubt:import-module-name',
             lambda rva: (descriptor(rva + 64, rva + 64, rva + 0x100) + bytes(0xec)).ljust(0x1000,
                                                                                           b'A'))
made_imports('function name outside', 'doubt:import-name',
             lambda rva: descriptor(rva + 64, rva + 64, rva + 48) + bytes(28) +
             b'odd.sys'.ljust(16, b'\0') + struct.pack('<QQ', 0x7ffffff0, 0))
made_imports('functions outside', 'doubt:import-iat-outside',
             lambda rva: descriptor(0, 0xfffffff0, rva + 48) + bytes(28)
             + b'odd.sys'.ljust(16, b'\0'))
made_imports('import names without an end', 'doubt:import-name',
             lambda rva: (descriptor(rva + 64, rva + 64, rva + 48) + bytes(28) +
                          b'odd.sys'.ljust(16, b'\0') +
                          struct.pack('<QQ', rva + 0x60, 0)).ljust(0x1000, b'B'))
directory('7', 'delay imports outside', 'doubt:delay-import-directory', 'DelayImport', 0x7fff0000,
          0x40)


# 8: exports

def made_exports(name, expect, functions, names, bases, tail=b''):
    @case('8', name, expect)
    def _(image):
        def build(rva):
            tables = b''.join(struct.pack('<I', f) for f in functions)
            name_rvas = rva + 40 + len(tables)
            ordinals = name_rvas + 4 * len(names)
            text = ordinals + 2 * len(bases)
            head = struct.pack('<IIHHIIIIIII', 0, 0, 0, 0, text, 1, len(functions), len(names),
                               rva + 40, name_rvas, ordinals)
            return head + tables + b''.join(struct.pack('<I', text + n) for n in names) + \
                b''.join(struct.pack('<H', b) for b in bases) + tail
        made_directory(image, 'Export', build)


made_exports('ordinal behind the functions', 'doubt:export-index', [0x1000], [0], [5], b'name\0')
made_exports('export name outside', 'doubt:export-name', [0x1000], [0x10000000], [0], b'name\0')
made_exports('export name without an end', 'doubt:export-name', [0x1000], [0], [0], b'name' * 2000)
made_exports('70000 exports', 'doubt:export-limit', [0x1000] * 70000, [], [], b'')


@case('8', 'forwarder without an end', 'note:export-forwarder')
def _(image):
    def build(rva):
        return struct.pack('<IIHHIIIIIII', 0, 0, 0, 0, rva + 44, 1, 1, 0, rva + 40, 0, 0) + \
            struct.pack('<I', rva + 44) + b'F' * (0x1000 - 44)
    made_directory(image, 'Export', build)


# 9: the certificate table, a file offset

def certificate(name, expect, data, offset=None, size=None):
    @case('9', name, expect)
    def _(image):
        image.data += bytes(-len(image.data) % 8)
        at = len(image.data) if offset is None else offset
        image.data += data
        image.set('DataDirectory[Certificate].VirtualAddress', at)
        image.set('DataDirectory[Certificate].Size', len(data) if size is None else size)


CERTIFICATE = struct.pack('<IHH', 24, 0x200, 2) + bytes(16)
certificate('a certificate entry', 'fine', CERTIFICATE)
certificate('two certificate entries', 'fine', CERTIFICATE * 2)
certificate('certificate table past the file', 'note:certificate-table-outside', CERTIFICATE,
            0x10000000)
certificate('certificate table wraps', 'note:certificate-table-outside', CERTIFICATE, 0xfffffff8)
certificate('certificate table larger than the file', 'note:certificate-table-cut', CERTIFICATE,
            None,
            0xffffffff)
certificate('certificate of no length', 'note:certificate-length', bytes(24))
certificate('certificate of 7 bytes', 'note:certificate-length',
            struct.pack('<IHH', 7, 0x200, 2) + bytes(16))
certificate('certificate longer than its table', 'note:certificate-length',
            struct.pack('<IHH', 0xfffffff8, 0x200, 2) + bytes(16))
certificate('certificate table that is not aligned', 'note:certificate-table-unaligned',
            CERTIFICATE,
            0x401, 24)
certificate('1000 certificates', 'note:certificate-limit', CERTIFICATE * 1000)


# 13: version information

def version(name, expect, value):
    @case('13', name, expect)
    def _(image):
        made_directory(image, 'Resource', version_resource(value))


def version_block(key, value=b'', children=b'', length=None, value_length=None, kind=0):
    head = key.encode('utf-16-le') + b'\0\0'
    head += bytes(-(6 + len(head)) % 4)
    body = head + value
    body += bytes(-(6 + len(body)) % 4 if children else 0) + children
    total = 6 + len(body)
    return struct.pack('<HHH', total if length is None else length,
                       len(value) if value_length is None else value_length, kind) + body


FIXED = struct.pack('<13I', 0xfeef04bd, 0x10000, 0x10002, 0x30004, 0x10002, 0x30004, 0x3f, 0,
                    0x40004,
                    3, 7, 0, 0)


def strings(*blocks):
    return version_block('StringFileInfo', b'', version_block('040904b0', b'', b''.join(
        block + bytes(-len(block) % 4) for block in blocks), kind=1), kind=1)


GOOD = version_block('ProductName', 'Fixture\0'.encode('utf-16-le'), value_length=8, kind=1)
version('version information', 'fine', version_block('VS_VERSION_INFO', FIXED, strings(GOOD)))
version('version of no length', 'note:version-info',
        version_block('VS_VERSION_INFO', FIXED, length=0))
version('version longer than its resource', 'harmless',
        version_block('VS_VERSION_INFO', FIXED, length=0xffff))
version('version string of no length', 'harmless',
        version_block('VS_VERSION_INFO', FIXED,
                      strings(version_block('ProductName', b'', length=0))))
version('version string without an end', 'harmless',
        version_block('VS_VERSION_INFO', FIXED,
                      strings(struct.pack('<HHH', 0x40, 0, 1) + b'A\0' * 40)))
version('version value longer than its string', 'harmless',
        version_block('VS_VERSION_INFO', FIXED, strings(
            version_block('ProductName', 'x\0'.encode('utf-16-le'), value_length=0xffff, kind=1))))
version('version of 6 bytes', 'note:version-info', struct.pack('<HHH', 6, 0, 0))
version('1000 version strings', 'note:version-info',
        version_block('VS_VERSION_INFO', FIXED, strings(*[GOOD] * 1000)))


# 15: the Rich header

def rotate(value, bits):
    bits %= 32
    return (value << bits | value >> (32 - bits)) & 0xffffffff


def rich_key(dos, entries):
    """The checksum that linkers take as the key: of the DOS header, e_lfanew left out, and the
    entries."""
    total = len(dos) + sum(rotate(byte, at) for at, byte in enumerate(dos) if not 0x3c <= at < 0x40)
    return (total + sum(rotate(product, count) for product, count in entries)) & 0xffffffff


def rich(name, expect, entries, *, dans=True, key=None, odd=0, end=b'Rich'):
    @case('15', name, expect)
    def _(image):
        start = 0x80
        dos = bytes(image.data[:0x40]).ljust(start, b'\0')
        own = rich_key(dos, entries) if key is None else key
        words = ([0x536e6144] if dans else [0]) + [0, 0, 0]
        for entry in entries:
            words += list(entry)
        body = b''.join(struct.pack('<I', word ^ own) for word in words) + bytes(odd)
        body += end + struct.pack('<I', own)
        headers = bytes(image.data[image.nt:image.section_table + 40 * image.section_count])
        nt = align(start + len(body), 16)
        size = image.get('OptionalHeader.SizeOfHeaders')
        if nt + len(headers) > size:
            raise ValueError('no room for the Rich header')
        image.data[:size] = ((dos + body).ljust(nt, b'\0') + headers).ljust(size, b'\0')
        image.data[0x3c:0x40] = struct.pack('<I', nt)


rich('a Rich header', 'fine', [(0x00937809, 5), (0x01005e97, 7)])
rich('Rich header of nothing', 'fine', [])
rich('Rich without its beginning', 'note:rich-header', [(0x00937809, 5)], dans=False)
rich('Rich header of odd size', 'fine', [(0x00937809, 5)], odd=3)
rich('Rich header of half an entry', 'note:rich-header', [(0x00937809,)], key=1)
rich('Rich header with another key', 'note:rich-checksum', [(0x00937809, 5)], key=0x12345678)


# 16: sections that share bytes or addresses, or have none

patch('16', 'two sections with the same data', 'note:section-data-shared',
      **{'Section[.data]__PointerToRawData': 0x400})


@case('16', 'two sections at the same address', 'doubt:section-gap')
def _(image):
    image.set('Section[.data].VirtualAddress', image.get('Section[.rdata].VirtualAddress'))


@case('16', 'sections in reverse order', 'doubt:section-gap')
def _(image):
    table = image.section_table
    headers = [bytes(image.data[table + 40 * i:table + 40 * i + 40])
               for i in range(image.section_count)]
    image.data[table:table + 40 * len(headers)] = b''.join(reversed(headers))


@case('16', 'a hole between sections', 'doubt:section-gap')
def _(image):
    last = image.sections()[-1]['VirtualAddress']
    image.set('Section[.reloc].VirtualAddress', last + 0x10000)
    image.set('DataDirectory[BaseReloc].VirtualAddress', last + 0x10000)
    image.set('OptionalHeader.SizeOfImage', last + 0x11000)


patch('16', 'a section of nothing', 'doubt:section-empty',
      **{'Section[.data]__VirtualSize': 0, 'Section[.data]__SizeOfRawData': 0})
patch('16', 'section data that is not aligned', 'doubt:section-data-unaligned',
      **{'Section[.data]__PointerToRawData': 0x801})
patch('16', 'a section inside the headers', 'doubt:section-gap',
      **{'Section[.text]__VirtualAddress': 0})


@case('16', 'a section of 2 GiB without data', 'doubt:section-beyond-image')
def _(image):
    image.set('Section[.reloc].VirtualSize', 0x7ffff000)


@case('16', 'data that is larger than its section', 'note:section-data-unmapped')
def _(image):
    add_section(image, bytes(0x4000), virtual_size=0x10)


@case('16', 'names that attack a terminal', 'fine')
def _(image):
    at = image.section_header('.data')
    image.data[at:at + 8] = b'\x1b[31m\x07\xff\n'


# 17: debug, exception and safe-handler directories

directory('17', 'debug directory of an odd size', 'note:debug-directory-size', 'Debug', None, 40,
          seed='version-pdb-lld-x64.sys')
directory('17', 'debug directory of 4 GiB', 'note:debug-directory-outside', 'Debug', None,
          0xfffffffc,
          seed='version-pdb-lld-x64.sys')


def debug_entry(name, expect, offset, code, *values):
    @case('17', name, expect, 'version-pdb-lld-x64.sys')
    def _(image):
        at, _ = image.directory('Debug')
        write(image, at + offset, code, *values)


debug_entry('debug data outside', 'note:debug-codeview', 16, 'III', 0x1000, 0x7ffffff0, 0x7ffffff0)
debug_entry('debug data wraps', 'note:debug-codeview', 16, 'III', 0xffffffff, 0xfffffff0,
            0xfffffff0)
debug_entry('CodeView record of 10 bytes', 'note:debug-codeview', 16, 'I', 10)


@case('17', 'name of the PDB without an end', 'note:debug-pdb-path', 'version-pdb-lld-x64.sys')
def _(image):
    at, _ = image.directory('Debug')
    size, _, offset = struct.unpack_from('<III', image.data, at + 16)
    image.data[offset + size - 1:offset + size] = b'!'


directory('17', 'exception data of an odd size', 'note:function-table-size', 'Exception', None, 13)
directory('17', 'exception data of 4 GiB', 'doubt:function-table-cut', 'Exception', None,
          0xffffffff)


@case('17', 'a function that ends before it begins', 'doubt:function-entry')
def _(image):
    at, _ = image.directory('Exception')
    write(image, at, 'II', 0x1050, 0x1010)


@case('17', 'a function outside the image', 'doubt:function-entry')
def _(image):
    at, _ = image.directory('Exception')
    write(image, at, 'II', 0x7fff0000, 0x7fff0010)


@case('17', 'unwind data outside the image', 'harmless')
def _(image):
    at, _ = image.directory('Exception')
    write(image, at + 8, 'I', 0x7fff0000)


@case('17', 'functions out of order', 'note:function-table-unsorted')
def _(image):
    at, _ = image.directory('Exception')
    unwind = struct.unpack_from('<I', image.data, at + 8)[0]
    made_directory(image, 'Exception', lambda rva: struct.pack(
        '<IIIIII', 0x1040, 0x1050, unwind, 0x1000, 0x1010, unwind))


@case('17', 'packed unwind data of ARM64 outside', 'doubt:function-entry', 'clean-lld-arm64.sys')
def _(image):
    at, _ = image.directory('Exception')
    write(image, at, 'II', 0x7fff0000, 0x7fff0001)


def load_config(name, expect, offset, code, *values, seed='guard-cf-lld-x64.sys'):
    @case('17', name, expect, seed)
    def _(image):
        at, _ = image.directory('LoadConfig')
        write(image, at + offset, code, *values)


load_config('load configuration of 4 GiB', 'doubt:load-config-pointer', 0, 'I', 0xffffffff)
load_config('load configuration of no size', 'harmless', 0, 'I', 0)
load_config('control flow guard table outside', 'doubt:load-config-pointer', 0x80, 'Q',
            0x7fffffff0000)
load_config('control flow guard table without end', 'doubt:load-config-table', 0x88, 'Q', 1 << 62)
load_config('safe handlers without end', 'note:load-config-table', 0x40, 'II', 0x12000, 0xffffffff,
            seed='guard-cf-lld-x86.sys')


def build(fixtures):
    """[(group, name, expectation, bytes)] of all cases, from the fixture drivers in a folder."""
    seeds = {}
    result = []
    for group, name, expect, seed, spoil in CASES:
        if seed not in seeds:
            with open(os.path.join(fixtures, seed), 'rb') as image:
                seeds[seed] = image.read()
        image = peedit.Image(seeds[seed])
        spoiled = spoil(image)
        if spoiled is None:
            spoiled = bytes(image.data)
        if spoiled == seeds[seed]:
            raise ValueError('%s: nothing was spoiled' % name)
        result.append((group, name, expect, spoiled))
    return result


def file_name(group, name):
    return '%s-%s.sys' % (group, ''.join(c if c.isalnum() else '-' for c in name))


def main():
    fixtures, out = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    for group, name, _, data in build(fixtures):
        with open(os.path.join(out, file_name(group, name)), 'wb') as target:
            target.write(data)


if __name__ == '__main__':
    main()
