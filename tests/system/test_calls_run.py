#!/usr/bin/env python3
"""What the fixtures of call sites say of their calls is what happens when the code runs.

Each root function of an image runs under Unicorn, over and over, with different values where the
source has one that is not known. Whatever a call of an impacted function is given must be among the
values that the source expects, and over all images of an architecture each of them must be seen."""
import bisect
import collections
import json
import os
import random
import re
import sys

import pefile

import harness
from test_calls import Expectation, whole

try:
    import unicorn
    from unicorn import arm64_const, x86_const
except ImportError:
    print('1..0 # SKIP python3-unicorn is not installed')
    sys.exit(0)

LEFT_OUT = ('guard', 'wdf', 'practice', 'methods', 'packed', 'storport', 'delay')
LEVELS = ('O0', 'O2')
ROUNDS = 32
PAGE = 0x1000
STUBS, STACK, SCRATCH, END = 0x7e000000, 0x7d000000, 0x7c000000, 0x7b000000
STEPS, CALLS = 3000, 60
UNKNOWNS = [0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 0x200, 0x80000003, 8, 20000]


def stack_bytes():
    """{name: bytes of arguments on x86} from the import definitions."""
    folder = harness.source('tests', 'drivers', 'imports')
    found = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding='utf-8') as text:
            found.update((n, int(b)) for n, b in re.findall(r'(?m)^(\w+)@(\d+)', text.read()))
    return found


class Machine:
    """One image in memory, with a stub for each function that it imports or looks up."""

    def __init__(self, entry, path, popped):
        self.entry, self.popped = entry, popped
        self.wide = entry['arch'] != 'x86'
        self.size = 8 if self.wide else 4
        if entry['arch'] == 'arm64':
            self.uc = unicorn.Uc(unicorn.UC_ARCH_ARM64, unicorn.UC_MODE_ARM)
            self.pc, self.sp = arm64_const.UC_ARM64_REG_PC, arm64_const.UC_ARM64_REG_SP
            self.result = arm64_const.UC_ARM64_REG_X0
            self.registers = [arm64_const.UC_ARM64_REG_X0 + n for n in range(8)]
        else:
            self.uc = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64 if self.wide
                                 else unicorn.UC_MODE_32)
            self.pc = x86_const.UC_X86_REG_RIP if self.wide else x86_const.UC_X86_REG_EIP
            self.sp = x86_const.UC_X86_REG_RSP if self.wide else x86_const.UC_X86_REG_ESP
            self.result = x86_const.UC_X86_REG_RAX if self.wide else x86_const.UC_X86_REG_EAX
            self.registers = [x86_const.UC_X86_REG_RCX, x86_const.UC_X86_REG_RDX,
                              x86_const.UC_X86_REG_R8, x86_const.UC_X86_REG_R9] \
                if self.wide else []
        self.stubs, self.calls, self.block = [], [], 0
        self.random = random.Random(1)
        self.load(path)
        starts = sorted((rva, name) for name, rva in entry['functions'].items())
        self.keys = [rva for rva, _ in starts]
        self.names = [whole(name) for _, name in starts]

    def load(self, path):
        pe = pefile.PE(path, fast_load=True)
        pe.parse_data_directories(directories=[
            pefile.DIRECTORY_ENTRY['IMAGE_DIRECTORY_ENTRY_IMPORT']])
        self.base = pe.OPTIONAL_HEADER.ImageBase
        self.uc.mem_map(self.base, (pe.OPTIONAL_HEADER.SizeOfImage + PAGE - 1) & -PAGE)
        self.sections = [(self.base + section.VirtualAddress, section.get_data()[
            :section.Misc_VirtualSize].ljust(section.Misc_VirtualSize, b'\0'))
                         for section in pe.sections]
        self.uc.mem_map(STUBS, 16 * PAGE)
        for address in (STACK, SCRATCH, END, 0):  # page 0: fixtures read through null pointers
            self.uc.mem_map(address, 16 * PAGE, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE)
        self.slots = [(item.address, self.stub(item.name.decode()))
                      for module in pe.DIRECTORY_ENTRY_IMPORT for item in module.imports]
        self.reset()
        self.uc.hook_add(unicorn.UC_HOOK_BLOCK, self.on_block)
        self.uc.hook_add(unicorn.UC_HOOK_CODE, self.on_stub, begin=STUBS,
                         end=STUBS + 16 * PAGE)

    def reset(self):
        """The image as Windows would load it."""
        for address, contents in self.sections:
            self.uc.mem_write(address, contents)
        for address, stub in self.slots:
            self.put(address, stub)

    def stub(self, name):
        if name not in self.stubs:
            self.stubs.append(name)
        return STUBS + 16 * self.stubs.index(name)

    def put(self, address, value):
        self.uc.mem_write(address, value.to_bytes(self.size, 'little'))

    def get(self, address, size=0):
        return int.from_bytes(self.uc.mem_read(address, size or self.size), 'little')

    def argument(self, n, x86_offset):
        if n < len(self.registers):
            return self.uc.reg_read(self.registers[n])
        sp = self.uc.reg_read(self.sp)
        if self.entry['arch'] == 'arm64':
            return self.get(sp + 8 * (n - 8))
        return self.get(sp + 8 + 8 * n) if self.wide else self.get(sp + 4 + x86_offset)

    def function_of(self, address):
        at = bisect.bisect_right(self.keys, address - self.base) - 1
        return self.names[at] if at >= 0 else None

    def on_block(self, uc, address, size, data):
        if not STUBS <= address < STUBS + 16 * PAGE:
            self.block = address

    def on_stub(self, uc, address, size, data):
        uc.emu_stop()

    def call(self):
        """The processor stands at a stub: what is called is noted, and answered. Where it goes on."""
        index = (self.uc.reg_read(self.pc) - STUBS) // 16
        name = self.stubs[index] if index < len(self.stubs) else ''
        sp = self.uc.reg_read(self.sp)
        arm64 = self.entry['arch'] == 'arm64'
        back = self.uc.reg_read(arm64_const.UC_ARM64_REG_LR) if arm64 else self.get(sp)
        if name in ARGUMENTS:
            self.calls.append((self.function_of(self.block), self.function_of(back - 1), name,
                               self.argument(*ARGUMENTS[name])))
        result = self.answer(name)
        if not arm64:
            self.uc.reg_write(self.sp, sp + self.size +
                              (0 if self.wide else self.popped.get(name, 0)))
        self.uc.reg_write(self.result, result)
        return back

    def answer(self, name):
        """What Windows 10 would do, as far as the fixtures look at it."""
        if name == 'RtlInitUnicodeString':
            self.put(self.argument(0, 0) + self.size, self.argument(1, 4))
        elif name == 'MmGetSystemRoutineAddress':
            text = self.get(self.argument(0, 0) + self.size)
            looked = bytes(self.uc.mem_read(text, 128)).decode('utf-16-le').split('\0')[0]
            return self.stub(looked) if looked in ARGUMENTS and self.random.randrange(4) else 0
        elif name == 'RtlGetVersion':
            numbers = (10, 0, self.random.choice([17763, 22631]))
            self.uc.mem_write(self.argument(0, 0) + 4,
                              b''.join(n.to_bytes(4, 'little') for n in numbers))
            return 0
        elif name == 'PsGetVersion':
            self.uc.mem_write(self.argument(0, 0), (10).to_bytes(4, 'little'))
            self.uc.mem_write(self.argument(1, 4), bytes(4))
        elif name == 'RtlIsNtDdiVersionAvailable':
            return 1
        return self.random.choice([0, SCRATCH + 64])

    def run(self, root, unknown):
        """The calls of one run: [(function, caller, import, value of what decides)]."""
        self.calls = []
        self.put(self.base + self.entry['functions']['sink'], unknown)
        sp = STACK + 8 * PAGE
        if self.entry['arch'] == 'arm64':
            self.uc.reg_write(arm64_const.UC_ARM64_REG_LR, END)
        else:
            sp -= self.size
            self.put(sp, END)
        self.uc.reg_write(self.sp, sp)
        try:
            at = self.base + self.entry['functions'][root]
            for _ in range(CALLS):
                self.uc.emu_start(at, END, count=STEPS)
                if not STUBS <= self.uc.reg_read(self.pc) < STUBS + 16 * PAGE:
                    break
                at = self.call()
        except (unicorn.UcError, UnicodeDecodeError):
            pass
        return self.calls


def deciding():
    """{import: (argument, its offset on x86)} of what decides, from the data of the project."""
    found = {}
    folder = harness.source('data', 'ddi')
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding='utf-8') as text:
            rows = [line.rstrip('\n').split('\t') for line in text if line[0] != '#']
        for row in rows[1:]:
            cells = dict(zip(rows[0], row))
            if cells.get('via') == 'import' and cells['argument'].isdigit():
                found[cells['name']] = (int(cells['argument']), int(cells['x86_stack'], 0))
    return found


ARGUMENTS = deciding()


def observe(entry, popped):
    """{(function, import): set of values} over all runs of all roots."""
    path = os.path.join(harness.place('HVC_CALLS'), entry['file'])
    machine = Machine(entry, path, popped)
    roots = [root['function'] for root in entry['root']]
    seen = collections.defaultdict(set)
    wanted = {(want['function'], want['ddi']) for want in entry['expect']}
    for number in range(ROUNDS):
        if number % 4 == 0:
            machine.reset()
        machine.random.shuffle(roots)
        for root in roots:
            unknown = UNKNOWNS[number % len(UNKNOWNS)] if number < len(UNKNOWNS) else \
                machine.random.choice(UNKNOWNS)
            for where, whence, name, value in machine.run(root, unknown):
                key = (where, name) if (where, name) in wanted else (whence, name)
                mask = (1 << 64 if name in ('ExAllocatePool2', 'ExAllocatePool3') and
                        machine.wide else 1 << 32) - 1
                seen[key].add(value & mask)
    return seen


def main():
    with open(harness.place('HVC_CALLS_MANIFEST'), encoding='utf-8') as text:
        entries = json.load(text)['drivers']
    entries = [e for e in entries if not e['fixture'].startswith(LEFT_OUT)
               and '-guard' not in e['fixture'] and e['opt'] in LEVELS and e['root']
               and re.search(os.environ.get('HVC_CALLS_ONLY', ''), e['file'])]
    tap = harness.Tap()
    popped = stack_bytes()
    union, goals = collections.defaultdict(set), {}

    def check(entry):
        faults = []
        seen = observe(entry, popped)
        for want in map(Expectation, entry['expect']):
            values = seen.get((want.function, want.ddi), set())
            if want.values is not None and not (want.has or want.may_open or want.optional) and \
                    want.ddi in ARGUMENTS:
                union[entry['arch'], entry['fixture'], want.function, want.ddi] |= values
                goals[entry['arch'], entry['fixture'], want.function, want.ddi] = want
            if want.values is not None and not want.has and not values <= want.values:
                faults.append('line %d: %s: %s expected, called with %s' % (
                    want.line, want.function, want.text, sorted(map(hex, values))))
        harness.require(not faults, '\n'.join(faults))

    for entry in entries:
        tap.case(entry['file'], check, entry)

    def reached(arch):
        missing = []
        for (own, fixture, function, ddi), values in union.items():
            want = goals[own, fixture, function, ddi]
            if own == arch and not want.values <= values:
                missing.append('%s %s: %s expected, only seen with %s' % (
                    fixture, function, want.text, sorted(map(hex, values))))
        harness.require(not missing, '\n'.join(missing))

    for arch in sorted({entry['arch'] for entry in entries}):
        tap.case('every value is reached on ' + arch, reached, arch)
    tap.done()


if __name__ == '__main__':
    main()
