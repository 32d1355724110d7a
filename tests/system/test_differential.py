#!/usr/bin/env python3
"""The PE reader sees in real images what python3-pefile and llvm-readobj see.

  test_differential.py [FOLDER...]     folders of further drivers to compare, beside the fixtures

Without folders it takes HVC_DRIVERS, where fetch_libwine.py puts drivers. What one of the two does
not read, or reads otherwise for a known reason, is a skipped case that says so."""
import json
import os
import subprocess
import sys
from collections import Counter

import pefile

import harness
import readobj
from harness import Skip, equal

BATCH = 64
RELOC_NAMES = {'ABSOLUTE': 0, 'HIGH': 1, 'LOW': 2, 'HIGHLOW': 3, 'HIGHADJ': 4, 'DIR64': 10}
HEADERS = [  # pe_dump's name, pefile's record and name, llvm-readobj's block and name
    ('machine', 'FILE_HEADER', 'Machine', 'ImageFileHeader', 'Machine'),
    ('characteristics', 'FILE_HEADER', 'Characteristics', 'ImageFileHeader', 'Characteristics'),
    ('timestamp', 'FILE_HEADER', 'TimeDateStamp', 'ImageFileHeader', 'TimeDateStamp'),
    ('entry_point', 'OPTIONAL_HEADER', 'AddressOfEntryPoint', 'ImageOptionalHeader',
     'AddressOfEntryPoint'),
    ('image_base', 'OPTIONAL_HEADER', 'ImageBase', 'ImageOptionalHeader', 'ImageBase'),
    ('section_alignment', 'OPTIONAL_HEADER', 'SectionAlignment', 'ImageOptionalHeader',
     'SectionAlignment'),
    ('file_alignment', 'OPTIONAL_HEADER', 'FileAlignment', 'ImageOptionalHeader', 'FileAlignment'),
    ('size_of_image', 'OPTIONAL_HEADER', 'SizeOfImage', 'ImageOptionalHeader', 'SizeOfImage'),
    ('size_of_headers', 'OPTIONAL_HEADER', 'SizeOfHeaders', 'ImageOptionalHeader', 'SizeOfHeaders'),
    ('subsystem', 'OPTIONAL_HEADER', 'Subsystem', 'ImageOptionalHeader', 'Subsystem'),
    ('dll_characteristics', 'OPTIONAL_HEADER', 'DllCharacteristics', 'ImageOptionalHeader',
     'Characteristics'),
    ('directory_count', 'OPTIONAL_HEADER', 'NumberOfRvaAndSizes', 'ImageOptionalHeader',
     'NumberOfRvaAndSize'),
    ('checksum', 'OPTIONAL_HEADER', 'CheckSum', None, None),
]
DIRECTORIES = ['ExportTable', 'ImportTable', 'ResourceTable', 'ExceptionTable', 'CertificateTable',
               'BaseRelocationTable', 'Debug', 'Architecture', 'GlobalPtr', 'TLSTable',
               'LoadConfigTable', 'BoundImport', 'IAT', 'DelayImportDescriptor',
               'CLRRuntimeHeader', 'Reserved']


def text(value):
    """Bytes as pe_dump prints them in JSON."""
    return None if value is None else value.decode('utf-8', 'replace')


class Pefile:
    def __init__(self, path):
        self.pe = pefile.PE(path)

    def headers(self, dump):
        for name, record, field, _, _ in HEADERS:
            equal(dump[name], getattr(getattr(self.pe, record), field), name)
        found = [[d.VirtualAddress, d.Size] for d in self.pe.OPTIONAL_HEADER.DATA_DIRECTORY]
        equal(dump['directories'][:len(found)], found, 'directories')

    def sections(self, dump):
        found = [(s.VirtualAddress, s.Misc_VirtualSize, s.PointerToRawData, s.SizeOfRawData,
                  s.Characteristics) for s in self.pe.sections]
        equal([(s['rva'], s['virtual_size'], s['file_offset'], s['raw_size'], s['characteristics'])
               for s in dump['sections']], found, 'sections')
        for own, other in zip(dump['sections'], self.pe.sections):
            name = text(other.Name.rstrip(b'\0'))
            if not name.startswith('/'):  # pefile does not look long names up
                equal(own['name'], name, 'name')

    def imports(self, dump):
        base = self.pe.OPTIONAL_HEADER.ImageBase
        for delay, field in ((False, 'DIRECTORY_ENTRY_IMPORT'),
                             (True, 'DIRECTORY_ENTRY_DELAY_IMPORT')):
            found = [(text(module.dll),
                      [(text(f.name), f.ordinal if f.name is None else f.hint, f.address - base)
                       for f in module.imports])
                     for module in getattr(self.pe, field, [])]
            own = [(m['module'], [(f['name'], f['ordinal'], f['slot']) for f in m['functions']])
                   for m in dump['imports'] if m['delay'] == delay]
            equal(own, found, 'imports')

    def exports(self, dump):
        symbols = self.pe.DIRECTORY_ENTRY_EXPORT.symbols \
            if hasattr(self.pe, 'DIRECTORY_ENTRY_EXPORT') else []
        found = sorted((s.ordinal, text(s.name) or '', text(s.forwarder),
                        0 if s.forwarder is not None else s.address)
                       for s in symbols if s.address != 0)
        own = sorted((e['ordinal'], e['name'] or '', e['forwarder'], e['rva'])
                     for e in dump['exports'])
        equal(own, found, 'exports')

    def relocs(self, dump):
        if any(section.VirtualAddress % self.pe.OPTIONAL_HEADER.SectionAlignment
               for section in self.pe.sections if self.pe.OPTIONAL_HEADER.SectionAlignment):
            raise Skip('pefile rounds the addresses of sections')
        counts, total = Counter(), 0
        for block in getattr(self.pe, 'DIRECTORY_ENTRY_BASERELOC', []):
            for entry in block.entries:
                counts[entry.type] += 1
                total += entry.rva if entry.type else 0
        equal(dump['relocs'], [counts[i] for i in range(16)], 'relocations by type')
        equal(dump['reloc_rva_sum'], total, 'sum of the relocated RVAs')

    def version(self, dump):
        if not hasattr(self.pe, 'VS_FIXEDFILEINFO'):
            equal(dump['version'], None, 'version information')
            return
        fixed = self.pe.VS_FIXEDFILEINFO[0]

        def four(high, low):
            return [high >> 16, high & 0xffff, low >> 16, low & 0xffff]

        equal(dump['version']['file'], four(fixed.FileVersionMS, fixed.FileVersionLS),
              'file version')
        equal(dump['version']['product'], four(fixed.ProductVersionMS, fixed.ProductVersionLS),
              'product version')
        tables = [table for info in self.pe.FileInfo for part in info
                  if part.name == 'StringFileInfo' for table in part.StringTable]
        found = {text(k): text(v) for k, v in tables[0].entries.items()} if tables else {}
        equal(dict(dump['version']['strings']), found, 'version strings')

    def debug(self, dump):
        entries = getattr(self.pe, 'DIRECTORY_ENTRY_DEBUG', [])
        equal(dump['debug'], [[e.struct.Type, e.struct.AddressOfRawData, e.struct.PointerToRawData,
                               e.struct.SizeOfData] for e in entries], 'debug directory')
        equal(dump['repro'], any(e.struct.Type == 16 for e in entries), 'repro')
        pdbs = [e.entry for e in entries if e.struct.Type == 2 and e.entry is not None
                and hasattr(e.entry, 'PdbFileName')]
        if not pdbs:
            equal(dump['pdb'], None, 'pdb')
            return
        equal(dump['pdb']['path'], text(pdbs[0].PdbFileName.rstrip(b'\0')), 'path of the PDB')
        equal(dump['pdb']['age'], pdbs[0].Age, 'age')

    def checksum(self, dump):
        equal(dump['computed_checksum'], self.pe.generate_checksum(), 'computed checksum')

    def functions(self, dump):
        if not hasattr(self.pe, 'DIRECTORY_ENTRY_EXCEPTION'):
            raise Skip('pefile reads no exception data of this machine')
        found = self.pe.DIRECTORY_ENTRY_EXCEPTION
        equal(dump['functions'], len(found), 'functions')
        equal(dump['function_rva_sum'], sum(f.struct.BeginAddress for f in found),
              'sum of the functions\' RVAs')


class Readobj:
    OPTIONS = ('--file-headers', '--sections', '--coff-exports', '--coff-debug-directory',
               '--unwind',
               '--coff-load-config')

    def __init__(self, path):
        self.path = path
        self.everything = readobj.read(path, *self.OPTIONS)

    def read(self, option):
        root = self.everything or readobj.read(self.path, option)
        if root is None:
            raise Skip('llvm-readobj gives up on this file')
        return root

    def headers(self, dump):
        root = self.read('--file-headers')
        for name, _, _, block, field in HEADERS:
            if block is not None:
                equal(dump[name], readobj.number(readobj.blocks(root, block)[0][1][field]), name)
        optional = readobj.blocks(root, 'ImageOptionalHeader')[0]
        table = readobj.blocks(optional, 'DataDirectory')[0][1]
        found = [[int(table[name + 'RVA'], 16), int(table[name + 'Size'], 16)]
                 for name in DIRECTORIES if name + 'RVA' in table]
        equal(dump['directories'][:len(found)], found, 'directories')

    def sections(self, dump):
        found = []
        for section in readobj.blocks(readobj.blocks(self.read('--sections'), 'Sections')[0],
                                      'Section'):
            fields = section[1]
            found.append((fields['Name'].rsplit(' (', 1)[0], int(fields['VirtualAddress'], 16),
                          int(fields['VirtualSize'], 16), int(fields['PointerToRawData'], 16),
                          int(fields['RawDataSize']), int(fields['Characteristics'], 16)))
        equal([(s['name'], s['rva'], s['virtual_size'], s['file_offset'], s['raw_size'],
                s['characteristics']) for s in dump['sections']], found, 'sections')

    @staticmethod
    def symbols(output):
        """[[delay, module or None, [(name or None, ordinal or hint)]]] of each block."""
        modules = []
        for line in output.splitlines():
            line = line.strip()
            if line in ('Import {', 'DelayImport {'):
                modules.append([line.startswith('Delay'), None, []])
            elif line.startswith('Name: '):
                modules[-1][1] = line[len('Name: '):]
            elif line.startswith('Symbol: '):
                name, _, ordinal = line[len('Symbol: '):].rpartition(' (')
                modules[-1][2].append((name or None, int(ordinal.rstrip(')'))))
        return modules

    def imports(self, dump):
        done = subprocess.run(['llvm-readobj', '--coff-imports', self.path], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, errors='replace')
        if done.returncode != 0:
            raise Skip('llvm-readobj gives up on this file')
        # a delay import's functions stand in nested blocks, which name no module
        found = []
        for delay, module, functions in self.symbols(done.stdout):
            if module is None:
                found[-1][2].extend(functions)
            else:
                found.append((delay, module, functions))
        own = [(m['delay'], m['module'], [(f['name'], f['ordinal']) for f in m['functions']])
               for m in dump['imports']]
        equal(own, found, 'imports')

    def relocs(self, dump):
        done = subprocess.run(['llvm-readobj', '--coff-basereloc', self.path],
                              stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Skip('llvm-readobj gives up on this file')
        lines = [line.split() for line in done.stdout.splitlines()]
        kinds = [line[1] for line in lines if line and line[0] == 'Type:']
        addresses = [int(line[1], 16) for line in lines if line and line[0] == 'Address:']
        unknown = [kind for kind in kinds if kind not in RELOC_NAMES]
        if unknown:
            raise Skip('llvm-readobj has no numbers for ' + ', '.join(sorted(set(unknown))))
        counts = Counter(RELOC_NAMES[kind] for kind in kinds)
        equal(dump['relocs'], [counts[i] for i in range(16)], 'relocations by type')
        equal(dump['reloc_rva_sum'], sum(a for a, kind in zip(addresses, kinds)
                                         if kind != 'ABSOLUTE'),
              'sum of the relocated RVAs')

    def exports(self, dump):
        found = []
        for block in readobj.blocks(self.read('--coff-exports'), 'Export'):
            if int(block[1]['RVA'], 16) != 0:
                found.append((int(block[1]['Ordinal']), block[1]['Name']))
        # this version of it prints no forwarders but the RVA of their text
        equal(sorted((e['ordinal'], e['name'] or '') for e in dump['exports']), sorted(found),
              'exports')

    def debug(self, dump):
        root = self.read('--coff-debug-directory')
        tables = readobj.blocks(root, 'DebugDirectory')
        entries = readobj.blocks(tables[0], 'DebugEntry') if tables else []
        equal(dump['debug'], [[readobj.number(e[1]['Type']), int(e[1]['AddressOfRawData'], 16),
                               int(e[1]['PointerToRawData'], 16), int(e[1]['SizeOfData'], 16)]
                              for e in entries], 'debug directory')
        infos = [info[1] for e in entries for info in readobj.blocks(e, 'PDBInfo')]
        if not infos:
            equal(dump['pdb'], None, 'pdb')
            return
        guid = [int(byte, 16) for byte in infos[0]['PDBGUID'].strip('()').split()]
        equal(dump['pdb'], {'path': infos[0]['PDBFileName'], 'age': int(infos[0]['PDBAge']),
                            'guid': guid}, 'pdb')

    def functions(self, dump):
        if dump['machine'] == 0x14c:
            equal(dump['functions'], 0, 'functions of an x86 image')
            return
        root = self.read('--unwind')
        functions = readobj.blocks(readobj.blocks(root, 'UnwindInformation')[0], 'RuntimeFunction')
        starts = [f[1].get('StartAddress') or f[1].get('Function') for f in functions]
        equal(dump['functions'], len(functions), 'functions')
        if functions:
            # --unwind names symbols where it knows them, and absolute addresses always
            found = sum(readobj.number(start)
                        for start in starts) - len(starts) * dump['image_base']
            if dump['machine'] == 0x1c4:  # Thumb: the lowest bit is no part of the address
                raise Skip('addresses of Thumb code carry a mark')
            equal(dump['function_rva_sum'], found, 'sum of the functions\' RVAs')

    def load_config(self, dump):
        root = self.read('--coff-load-config')
        found = readobj.blocks(root, 'LoadConfig')
        if not found:
            equal(dump['load_config'], None, 'load configuration')
            return
        fields, base = found[0][1], dump['image_base']

        def rva(name):
            value = readobj.number(fields.get(name, '0'))
            return value - base if value else 0

        wanted = {'size': readobj.number(fields['Size']), 'security_cookie': rva('SecurityCookie')}
        if 'GuardCFFunctionTable' in fields:
            wanted.update(guard_cf_check=rva('GuardCFCheckFunction'),
                          guard_cf_dispatch=rva('GuardCFCheckDispatch'),
                          guard_cf_table=rva('GuardCFFunctionTable'),
                          guard_cf_count=readobj.number(fields['GuardCFFunctionCount']),
                          guard_flags=readobj.number(fields['GuardFlags']))
        equal({key: dump['load_config'][key] for key in wanted}, wanted, 'load configuration')


def drivers_below(folders):
    for top in folders:
        for root, _, names in sorted(os.walk(top)):
            for name in sorted(names):
                if name.lower().endswith('.sys'):
                    yield os.path.join(root, name)


def dump_all(paths):
    result = {}
    for start in range(0, len(paths), BATCH):
        done = harness.run(*paths[start:start + BATCH], command='HVC_PE_DUMP')
        for line in done.stdout.splitlines():
            dump = json.loads(line)
            result[dump['path']] = dump
    return result


def parts(reader):
    return sorted(name for name in vars(type(reader)) if not name.startswith('_')
                  and name not in ('OPTIONS', 'read', 'symbols'))


def have(others):
    if not others:
        raise Skip('there are none; tests/tools/fetch_libwine.py gets some')


def main():
    fixtures = [harness.fixture(entry['file']) for entry in harness.manifest()]
    folders = sys.argv[1:] or [folder for folder in [os.environ.get('HVC_DRIVERS')] if folder]
    others = list(drivers_below(folders))
    paths = fixtures + others
    dumps = dump_all(paths)
    tap = harness.Tap()
    for path in paths:
        name = os.path.basename(path)
        tap.case(name + ': read', lambda: dumps[path])
        for kind in (Pefile, Readobj):
            if path not in dumps:
                continue
            reader = kind(path)
            for part in parts(reader):
                tap.case('%s: %s by %s' % (name, part, kind.__name__.lower()),
                         getattr(reader, part),
                         dumps[path])
    tap.case('drivers that others built', have, others)
    tap.done()


if __name__ == '__main__':
    main()
