#!/usr/bin/env python3
"""Instructions are decoded as capstone and llvm-objdump decode them: over the executable sections of real
images every length is the same, every register that the other disassembler says is written is among
those that the lowering writes, and so are memory and flags; calls, jumps and returns are the same.

  test_isa.py [FILE or FOLDER...]     images to compare instead of the fixtures and HVC_DRIVERS

Where the others are known to be wrong, or to differ on what is no code, the case is in a table here
that says why."""
import glob
import os
import re
import subprocess
import sys
from collections import Counter

import pefile

import harness
from harness import Skip, require

try:
    import capstone
except ImportError:
    capstone = None

MACHINES = {0x14c: 'x86', 0x8664: 'x64', 0xaa64: 'arm64'}
EXECUTE = 0x20000000
FEW = 8  # differences that are shown

# carry, zero, sign and overflow: modified, cleared, set or undefined
X86_FLAGS = 0
for _name in ('MODIFY', 'RESET', 'SET', 'UNDEFINED'):
    for _flag in ('CF', 'ZF', 'SF', 'OF'):
        X86_FLAGS |= getattr(capstone.x86, 'X86_EFLAGS_%s_%s' % (_name, _flag), 0) if capstone else 0

X86_NAMES = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di']

# What capstone 4 says of written registers that is not so. Each name: why.
WRONG_WRITES = {
    'x86': {
        'test': 'reads both operands',
        'cmp': 'reads both operands',
        'push': 'reads its operand',
        'call': 'the stack pointer is the convention\'s (isa.h)',
        'lcall': 'the stack pointer is the convention\'s (isa.h)',
        'ret': 'the stack pointer is the convention\'s (isa.h)',
        'retf': 'the stack pointer is the convention\'s (isa.h)',
        'retfq': 'the stack pointer is the convention\'s (isa.h)',
        'iretd': 'the stack pointer is the convention\'s (isa.h)',
        'iretq': 'the stack pointer is the convention\'s (isa.h)',
        'iret': 'the stack pointer is the convention\'s (isa.h)',
        'sysret': 'does not come back here',
        'sysexit': 'does not come back here',
        'syscall': 'a call of the system (isa.h)',
        'sysenter': 'a call of the system (isa.h)',
        'int': 'a call of the system (isa.h)',
        'nop': 'reads its operand',
        'bound': 'reads both operands',
        'cdq': 'the accumulator is read, rdx is written',
        'cqo': 'the accumulator is read, rdx is written',
        'cwd': 'the accumulator is read, rdx is written',
    },
    'arm64': {
        'cmp': 'the first operand is read',
        'cmn': 'the first operand is read',
        'tst': 'the first operand is read',
        'bl': 'the link register is the convention\'s (isa.h)',
        'blr': 'the link register is the convention\'s (isa.h)',
        'svc': 'a call of the system (isa.h)',
        'hvc': 'a call of the system (isa.h)',
        'smc': 'a call of the system (isa.h)',
        'prfm': 'the first operand is a number',
        'msr': 'the first operand is a system register',
    },
}


# What capstone 4 says of other effects that is not so. Each name: why.
WRONG_EFFECTS = {
    'test': 'reads both operands',
    'prefetchw': 'writes nothing',
}
FLOATS = r'f(?!u?comip?$)'  # flags of its own in the place of the others


def images():
    """Paths of images of our architectures."""
    paths = []
    for place in sys.argv[1:] or [os.environ.get('HVC_FIXTURES', ''),
                                  os.environ.get('HVC_DRIVERS', '')]:
        if os.path.isfile(place):
            paths.append(place)
        elif place:
            paths += sorted(glob.glob(os.path.join(place, '**', '*.sys'), recursive=True))
    return paths


class Section:
    def __init__(self, path, pe, section):
        self.path = path
        self.isa = MACHINES[pe.FILE_HEADER.Machine]
        self.name = section.Name.rstrip(b'\0').decode('latin-1')
        self.address = pe.OPTIONAL_HEADER.ImageBase + section.VirtualAddress
        self.offset = section.PointerToRawData
        size = min(section.SizeOfRawData, section.Misc_VirtualSize)
        self.data = pe.__data__[self.offset:self.offset + size]

    def lowered(self):
        """(address, length, valid, register mask, letters) of each instruction."""
        done = harness.run(self.isa, hex(self.address), self.path, str(self.offset),
                           str(len(self.data)), command='HVC_ISA_DUMP')
        require(done.returncode == 0, 'isa_dump failed')
        for line in done.stdout.decode().splitlines():
            address, length, valid, mask, letters = line.split()
            yield int(address, 16), int(length), valid == '1', int(mask, 16), letters


def sections():
    """The executable sections of the images, those alike once."""
    seen = set()
    for path in images():
        try:
            pe = pefile.PE(path, fast_load=True)
        except pefile.PEFormatError:
            continue
        if pe.FILE_HEADER.Machine not in MACHINES:
            continue
        for section in pe.sections:
            if section.Characteristics & EXECUTE and section.SizeOfRawData:
                found = Section(path, pe, section)
                if found.data and found.data not in seen:
                    seen.add(found.data)
                    yield found


def report(differences, tried):
    require(tried > 0, 'nothing was compared')
    if differences:
        kinds = Counter(kind for kind, _ in differences)
        lines = ['%d of %d instructions differ: %s' % (len(differences), tried, dict(kinds))]
        lines += ['%s: %s' % difference for difference in differences[:FEW]]
        raise AssertionError('\n'.join(lines))


def number_of(isa, name):
    """The number of a general register by capstone's name; None for others."""
    if isa == 'arm64':
        if name in ('sp', 'wsp'):
            return 31
        name = {'fp': 'x29', 'lr': 'x30'}.get(name, name)
        match = re.fullmatch(r'[xw](\d+)', name)
        return int(match.group(1)) if match else None
    match = re.fullmatch(r'r(\d+)[dwb]?', name)
    if match:
        return int(match.group(1))
    if name[0] in 're' and name[1:] in X86_NAMES:
        return X86_NAMES.index(name[1:])
    if name in X86_NAMES:
        return X86_NAMES.index(name)
    if name in ('spl', 'bpl', 'sil', 'dil'):
        return X86_NAMES.index(name[:2])
    if re.fullmatch(r'[abcd][lh]', name):
        return X86_NAMES.index(name[0] + 'x')
    return None


def written(isa, instruction):
    """The mask of registers that capstone says are written."""
    if instruction.mnemonic.split()[-1] in WRONG_WRITES['arm64' if isa == 'arm64' else 'x86']:
        return 0
    mask = 0
    for reg in instruction.regs_access()[1]:
        number = number_of(isa, instruction.reg_name(reg))
        if number is not None:
            mask |= 1 << number
    return mask


def effects(isa, instruction):
    """The letters of isa_dump.c that capstone says must be there: m memory, f flags."""
    name = instruction.mnemonic.split()[-1]
    if name in WRONG_EFFECTS:
        return set()
    letters = set()
    if isa == 'arm64':
        if instruction.update_flags:
            letters.add('f')
        if instruction.mnemonic.startswith(('st', 'cas', 'swp')):
            letters.add('m')
        return letters
    if instruction.eflags & X86_FLAGS and not re.match(FLOATS, name):
        letters.add('f')
    for operand in instruction.operands:
        if operand.type == capstone.x86.X86_OP_MEM and operand.access & capstone.CS_AC_WRITE:
            letters.add('m')
    return letters


# Jumps that are no branches, by their names; calls that capstone 4 takes for jumps.
JUMPS = {'jmp', 'ljmp', 'b', 'br', 'b.al', 'b.nv'}
CALLS = {'bl', 'blr'}


def flow(instruction):
    """The letter of isa_dump.c for where an instruction goes on."""
    name = instruction.mnemonic.split()[-1]
    if capstone.CS_GRP_CALL in instruction.groups or name in CALLS:
        return 'c'
    if capstone.CS_GRP_RET in instruction.groups or capstone.CS_GRP_IRET in instruction.groups:
        return 'r'
    if capstone.CS_GRP_JUMP in instruction.groups:
        return 'j' if name in JUMPS else 'b'
    return None


def capstone_of(isa):
    if isa == 'arm64':
        decoder = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    else:
        decoder = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_32 if isa == 'x86'
                              else capstone.CS_MODE_64)
    decoder.detail = True
    return decoder


def compare_with_capstone(isa):
    if capstone is None:
        raise Skip('python3-capstone is missing')
    differences, tried = [], 0
    decoder = capstone_of(isa)
    for section in sections():
        if section.isa != isa:
            continue
        stream, other = iter(()), None
        for address, length, valid, mask, letters in section.lowered():
            if other is None or other.address != address:
                stream = decoder.disasm(section.data[address - section.address:], address)
                other = next(stream, None)
            if other is None:  # capstone knows fewer instructions
                continue
            tried += 1
            where = '%s %x %s %s' % (os.path.basename(section.path), address,
                                     other.bytes.hex(), other.mnemonic + ' ' + other.op_str)
            if not valid:
                # both of the others take lock with what a processor does not lock, and capstone
                # vector instructions whose reserved bits are set, and 3DNow! without its suffix
                if not other.mnemonic.startswith('lock') and other.bytes[0] != 0x62 and \
                        other.bytes[:2] != b'\x0f\x0f':
                    differences.append(('no instruction', where))
            elif other.size != length:
                differences.append(('length', '%s: %d' % (where, length)))
            elif written(isa, other) & ~mask:
                differences.append(('registers', '%s: %x, not %x' % (where, mask,
                                                                     written(isa, other))))
            elif effects(isa, other) - set(letters):
                differences.append(('effects', '%s: %s, not %s' % (where, letters,
                                                                   effects(isa, other))))
            elif flow(other) and flow(other) not in letters:
                differences.append(('flow', '%s: %s, not %s' % (where, letters, flow(other))))
            other = next(stream, None)
    if tried == 0:
        raise Skip('no image for it')
    report(differences, tried)


# What llvm-objdump prints for bytes that are no instruction.
UNKNOWN = '<unknown>'
# It gives some prefixes a line of their own.
PREFIXES = {'lock', 'rep', 'repne', 'data16', 'addr32', 'addr16', 'rex64', 'cs', 'ds', 'es', 'ss',
            'fs', 'gs', 'xacquire', 'xrelease', 'notrack'}


def listing(section):
    """{address: (length, text)} by llvm-objdump; the length is None in front of zeros left out."""
    tool = os.environ.get('HVC_OBJDUMP', 'llvm-objdump')
    try:
        done = subprocess.run([tool, '-d', '--no-show-raw-insn', '-j', section.name, section.path],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    except FileNotFoundError:
        raise Skip('llvm-objdump is missing') from None
    lines = []
    prefixed = False
    for line in done.stdout.decode('utf-8', 'replace').splitlines():
        match = re.match(r'\s*([0-9a-f]+):\s+(.*)', line)
        if match:
            words = ' '.join(match.group(2).split())
            if not prefixed:
                lines.append((int(match.group(1), 16), words))
            prefixed = words in PREFIXES
        elif line.strip():  # a label, or "..." for zeros
            lines.append((None, ''))
            prefixed = False
    found = {}
    for (address, words), (following, _) in zip(lines, lines[1:]):
        if address is not None:
            found[address] = (following and following - address, words)
    return found


def compare_with_llvm(isa):
    differences, tried = [], 0
    for section in sections():
        if section.isa != isa:
            continue
        found = listing(section)
        for address, length, valid, _, _ in section.lowered():
            other = found.get(address)
            if other is None:
                continue
            tried += 1
            where = '%s %x %s' % (os.path.basename(section.path), address, other[1])
            if other[1].startswith(UNKNOWN) or other[1] == 'rex64':
                # an older llvm-objdump knows fewer instructions (those of ours that it lacks are
                # compared with Zydis elsewhere), and takes a REX in front of another apart
                continue
            if not valid:
                # no vectors either, for the reserved bits that it does not look at
                if other[1] not in PREFIXES and not other[1].startswith('v'):
                    differences.append(('no instruction', where))
            elif other[0] is not None and other[0] != length:
                differences.append(('length', '%s: %d' % (where, length)))
    if tried == 0:
        raise Skip('no image for it')
    report(differences, tried)


def main():
    tap = harness.Tap()
    for isa in ('x64', 'x86', 'arm64'):
        tap.case('%s as capstone decodes it' % isa, compare_with_capstone, isa)
        tap.case('%s as llvm-objdump decodes it' % isa, compare_with_llvm, isa)
    tap.done()


main()
