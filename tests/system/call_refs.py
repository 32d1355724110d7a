"""An independent reading of which functions of an image refer to which imports: the import table by
python3-pefile, the code by llvm-objdump's text."""
import bisect
import re
import subprocess

import pefile

LINE = re.compile(r'^\s*([0-9a-f]+):\s+(\S+)\s*(.*)$')
DIRECT = ('call', 'jmp')


def imports(path):
    """({address of slot: name}, base) with delayed imports."""
    pe = pefile.PE(path, fast_load=True)
    pe.parse_data_directories(directories=[
        pefile.DIRECTORY_ENTRY['IMAGE_DIRECTORY_ENTRY_IMPORT'],
        pefile.DIRECTORY_ENTRY['IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT']])
    found = {}
    for kind in ('DIRECTORY_ENTRY_IMPORT', 'DIRECTORY_ENTRY_DELAY_IMPORT'):
        for module in getattr(pe, kind, []):
            for item in module.imports:
                if item.name:
                    found[item.address] = item.name.decode()
    return found, pe.OPTIONAL_HEADER.ImageBase


def of_x64(text):
    match = re.search(r'# 0x([0-9A-Fa-f]+)', text)
    return [int(match.group(1), 16)] if match and '%rip' in text else []


def of_x86(text):
    return [int(number) for number in re.findall(r'(?<![\w-])\d{4,}', text.split('#')[0])]


class Arm64:
    """Pairs of adrp and what uses its register, as they follow one another in the text."""

    def __init__(self):
        self.pages = {}

    def __call__(self, mnemonic, text):
        match = re.match(r'(x\d+), 0x([0-9a-f]+)', text) if mnemonic == 'adrp' else None
        if match:
            self.pages[match.group(1)] = int(match.group(2), 16)
            return []
        found = []
        match = re.search(r'\[(x\d+)(?:, #(\d+))?\]', text) if mnemonic == 'ldr' else \
            re.search(r', (x\d+), #(\d+)', text) if mnemonic == 'add' else None
        if match and match.group(1) in self.pages:
            found.append(self.pages[match.group(1)] + int(match.group(2) or 0))
        first = re.match(r'[xw](\d+)', text)
        if first and not mnemonic.startswith(('st', 'cb', 'tb', 'b')):
            self.pages.pop('x' + first.group(1), None)
        return found


def references(path, arch, functions):
    """[(name of the function, import, direct)]: each place that refers to a slot; direct: it calls or
    jumps through the slot itself."""
    slots, base = imports(path)
    done = subprocess.run(['llvm-objdump', '-d', '--no-show-raw-insn', path],
                          stdout=subprocess.PIPE, check=True, text=True)
    starts = sorted((rva, name) for name, rva in functions.items())
    keys = [rva for rva, _ in starts]
    arm64 = Arm64()
    found = []
    for line in done.stdout.splitlines():
        match = LINE.match(line)
        if match is None:
            continue
        address, mnemonic, text = int(match.group(1), 16), match.group(2), match.group(3)
        if arch == 'x64':
            to = of_x64(text)
        elif arch == 'x86':
            to = of_x86(text)
        else:
            to = arm64(mnemonic, text)
        for slot in to:
            if slot in slots:
                at = bisect.bisect_right(keys, address - base) - 1
                found.append((starts[at][1] if at >= 0 else None, slots[slot],
                              mnemonic.startswith(DIRECT) and '*' in text))
    return found
