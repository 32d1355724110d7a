"""The image and its instructions, as oracle_calls.py reads them: with pefile and capstone."""
import bisect
import collections

import capstone
import pefile
from capstone import x86

X86, X64, ARM64 = 0x14c, 0x8664, 0xaa64
Import = collections.namedtuple('Import', 'name')


class Image:
    """The bytes as Windows maps them, and what the tables say of them."""

    def __init__(self, path):
        self.pe = pefile.PE(path, fast_load=True)
        self.pe.parse_data_directories(directories=[0, 1, 5, 13])
        optional = self.pe.OPTIONAL_HEADER
        self.machine = self.pe.FILE_HEADER.Machine
        self.base = optional.ImageBase
        self.width = 4 if self.machine == X86 else 8
        self.bytes = bytearray(optional.SizeOfImage)
        self.sections = []
        for section in self.pe.sections:
            data = section.get_data()[:section.Misc_VirtualSize or section.SizeOfRawData]
            start = section.VirtualAddress
            self.bytes[start:start + len(data)] = data
            self.sections.append((start, start + max(section.Misc_VirtualSize, len(data)),
                                  section.Characteristics))
        self.bytes = bytes(self.bytes)
        self.slots = {}
        for field in ('DIRECTORY_ENTRY_IMPORT', 'DIRECTORY_ENTRY_DELAY_IMPORT'):
            for module in getattr(self.pe, field, []):
                for item in module.imports:
                    if item.name:
                        name = item.name.decode('latin-1').lstrip('_').split('@')[0]
                        self.slots[item.address - self.base] = Import(name)
        self.pointers = {}
        for block in getattr(self.pe, 'DIRECTORY_ENTRY_BASERELOC', []):
            for entry in block.entries:
                if entry.type in (3, 10):
                    self.pointers[entry.rva] = self.word(entry.rva, self.width) - self.base

    def word(self, rva, size):
        data = self.bytes[rva:rva + size] if rva >= 0 else b''
        return int.from_bytes(data, 'little') if len(data) == size else -1

    def executable(self, rva):
        return any(a <= rva < b and bits & 0x20000000 for a, b, bits in self.sections)

    def constant(self, rva):
        return any(a <= rva < b and not bits & 0x80000000 for a, b, bits in self.sections)

    def runtime_functions(self):
        """(begin, end or None, whether it begins a function) of the exception directory."""
        entry = self.pe.OPTIONAL_HEADER.DATA_DIRECTORY[3]
        size = 12 if self.machine == X64 else 8
        for at in range(entry.VirtualAddress, entry.VirtualAddress + entry.Size - size + 1, size):
            begin, second = self.word(at, 4), self.word(at + 4, 4)
            if begin <= 0:
                continue
            if self.machine == X64:
                unwind = self.word(at + 8, 4)
                chained = unwind & 1 or self.word(unwind & ~1, 1) >> 3 & 4
                yield begin, second, not chained
            elif second & 3:
                yield begin, begin + 4 * (second >> 2 & 0x7ff), second & 3 == 1
            else:
                yield begin, begin + 4 * (self.word(second, 4) & 0x3ffff), True


def exports(image):
    table = getattr(image.pe, 'DIRECTORY_ENTRY_EXPORT', None)
    return [item.address for item in table.symbols if item.address] if table else []


class Insn:
    """One instruction; what its operands are is looked at when somebody asks."""
    __slots__ = ('at', 'end', 'size', 'mnemonic', 'text', 'kind', 'target', 'program', 'detail')

    def __init__(self, program, lite):
        self.at, self.size, self.mnemonic, operands = lite
        self.end = self.at + self.size
        self.text = self.mnemonic + ' ' + operands
        self.kind, self.target, self.detail = 'plain', None, None
        self.program = program
        kind = program.kinds.get(self.mnemonic)
        if kind is not None:
            self.kind = kind
            last = (operands.rsplit(' ', 1)[-1] if program.arm else operands).lstrip('#')
            if kind != 'end' and last[:1].isdigit() and ':' not in last:
                self.target = int(last, 0)
        elif not program.arm:
            if self.mnemonic[0] == 'j':
                self.kind = 'branch'
                self.target = int(operands, 0)
            elif self.mnemonic[:3] == 'ret' or self.text == 'int 0x29':
                self.kind = 'end'
            elif self.mnemonic.startswith('loop'):
                self.kind, self.target = 'branch', int(operands, 0)
            elif self.mnemonic.startswith('bnd '):
                self.kind = program.kinds.get(self.mnemonic[4:], 'end')
        elif self.mnemonic.startswith('b.'):
            self.kind, self.target = 'branch', int(operands.lstrip('#'), 0)

    def look(self):
        if self.detail is None:
            program = self.program
            data = program.image.bytes[self.at:self.end]
            raw = next(program.full.disasm(data, self.at))
            written = {program.name(reg) for reg in raw.regs_access()[1]}
            self.detail = (raw.id, raw.operands, written)
        return self.detail

    @property
    def id(self):
        return self.look()[0]

    @property
    def ops(self):
        return self.look()[1]

    @property
    def written(self):
        return self.look()[2]


X86_KINDS = {'call': 'call', 'jmp': 'jump', 'ud2': 'end', 'hlt': 'end', 'int3': 'end',
             'lcall': 'call', 'ljmp': 'jump', 'iretd': 'end', 'iretq': 'end'}
ARM64_KINDS = {'bl': 'call', 'blr': 'call', 'b': 'jump', 'br': 'jump', 'cbz': 'branch',
               'cbnz': 'branch', 'tbz': 'branch', 'tbnz': 'branch', 'ret': 'end', 'brk': 'end',
               'udf': 'end', 'eret': 'end'}
X86_PARTS = {}
for full, names in {
        'a': 'rax eax ax al ah', 'b': 'rbx ebx bx bl bh', 'c': 'rcx ecx cx cl ch',
        'd': 'rdx edx dx dl dh', 'si': 'rsi esi si sil', 'di': 'rdi edi di dil',
        'bp': 'rbp ebp bp bpl', 'sp': 'rsp esp sp spl', 'ip': 'rip eip ip'}.items():
    for one in names.split():
        X86_PARTS[one] = full
for number in range(8, 16):
    for tail in ('', 'd', 'w', 'b'):
        X86_PARTS['r%d%s' % (number, tail)] = 'r%d' % number


class Program:
    """The decoded instructions, with their labels and the places that jump there."""

    def __init__(self, image):
        self.image = image
        self.insns, self.sources, self.entries = {}, collections.defaultdict(set), set()
        self.previous = {}
        self.arm = image.machine == ARM64
        if self.arm:
            how = capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM
        else:
            how = (capstone.CS_ARCH_X86,
                   capstone.CS_MODE_64 if image.machine == X64 else capstone.CS_MODE_32)
        self.md, self.full = capstone.Cs(*how), capstone.Cs(*how)
        self.full.detail = True
        self.kinds = ARM64_KINDS if self.arm else X86_KINDS
        self.find_entries()
        self.decode()

    def find_entries(self):
        image = self.image
        self.bounds = []
        if image.machine != X86:
            for begin, end, first in image.runtime_functions():
                self.bounds.append((begin, end))
                if first:
                    self.entries.add(begin)
        self.bounds.sort()
        self.entries.add(image.pe.OPTIONAL_HEADER.AddressOfEntryPoint)
        self.public = set(exports(image)) | {image.pe.OPTIONAL_HEADER.AddressOfEntryPoint}
        self.entries |= {rva for rva in exports(image) if image.executable(rva)}
        self.pointed = {to for to in image.pointers.values() if image.executable(to)}

    def name(self, reg):
        if not reg:
            return None
        name = self.full.reg_name(reg)
        if self.arm:
            if name in ('sp', 'wsp'):
                return 'sp'
            name = {'fp': 'x29', 'lr': 'x30', 'xzr': 'zr', 'wzr': 'zr'}.get(name, name)
            return 'x' + name[1:] if name[0] in 'wx' else name
        return X86_PARTS.get(name, name)

    def add(self, lite):
        insn = Insn(self, lite)
        self.insns[insn.at] = insn
        if insn.kind in ('jump', 'branch') and insn.target is not None:
            self.sources[insn.target].add(insn.at)
        if insn.kind == 'call' and insn.target is not None:
            self.entries.add(insn.target)
        return insn

    def decode(self):
        image = self.image
        if image.machine == X86:
            self.descend()
        else:
            for begin, end in self.bounds:
                self.run(begin, end)
            self.sweep_gaps()
        # A pointer into the middle of code is a way in that no jump shows, except a jump table's.
        for at, insn in self.insns.items():
            self.previous[insn.end] = at
        self.jump_tables()
        self.entries |= self.pointed - self.tabled
        if image.machine == X64:
            self.address_taken()
        self.order = sorted(self.insns)

    def run(self, at, end):
        """Decodes a straight range."""
        image = self.image
        while at < end:
            done = False
            for lite in self.md.disasm_lite(image.bytes[at:end], at):
                self.add(lite)
                at, done = lite[0] + lite[1], True
            if not done or at < end:
                at += 4 if self.arm else 1

    def sweep_gaps(self):
        covered = sorted(self.bounds)
        for start, end, bits in self.image.sections:
            if not bits & 0x20000000:
                continue
            at = start
            for begin, stop in covered + [(end, end)]:
                if begin > end or stop < start:
                    continue
                if begin > at:
                    self.gap(at, begin)
                at = max(at, stop)

    def gap(self, at, end):
        image = self.image
        while at < end and image.bytes[at] in (0xcc, 0x90, 0):
            at += 1
        if self.arm:
            at &= ~3
        if at < end:
            self.run(at, end)

    def descend(self):
        """x86: from everything that code or a relocation points to."""
        image = self.image
        todo = list(self.entries | self.pointed)
        done = 0
        while todo or done < 2:
            if not todo:
                done += 1
                todo = self.missed_references()
            while todo:
                at = todo.pop()
                while at not in self.insns and image.executable(at):
                    data = image.bytes[at:at + 16]
                    lite = next(self.md.disasm_lite(data, at, 1), None)
                    if lite is None or data[:2] == b'\0\0':
                        break
                    insn = self.add(lite)
                    if insn.target is not None:
                        todo.append(insn.target)
                    if insn.kind in ('jump', 'end'):
                        break
                    at = insn.end

    def missed_references(self):
        """Functions that nothing points to: what lies behind padding, if it uses an import."""
        image = self.image
        found = set()
        known = sorted(self.insns)
        for at, to in image.pointers.items():
            if to not in image.slots or not image.executable(at):
                continue
            near = bisect.bisect_right(known, at) - 1
            if near >= 0 and known[near] <= at < self.insns[known[near]].end:
                continue
            back = at - 2
            while back > 0 and image.bytes[back - 1] not in (0xcc, 0x90, 0xc3) and \
                    back not in self.insns and not (
                        image.bytes[back - 3] == 0xc2 and image.bytes[back - 1] == 0):
                back -= 1
            found.add(back)
        return list(found)

    def jump_tables(self):
        """Targets of tables, by the shapes that compilers write, become labels without sources."""
        image = self.image
        self.tabled = set()
        self.blind = set()
        for at, insn in list(self.insns.items()):
            if insn.kind != 'jump' or insn.target is not None:
                continue
            op = insn.ops[0]
            if image.machine == X86 and op.type == x86.X86_OP_MEM and op.mem.scale == 4:
                table = (op.mem.disp & 0xffffffff) - image.base
                while table in image.pointers and image.executable(image.pointers[table]):
                    self.tabled.add(image.pointers[table])
                    self.sources[image.pointers[table]].add(at)
                    table += 4
            elif image.machine == X64 and op.type == x86.X86_OP_REG:
                self.table_x64(at)
            elif self.arm:
                self.table_arm(at)

    def back(self, at, count):
        for _ in range(count):
            at = self.previous.get(at)
            if at is None:
                return
            yield self.insns[at]

    def table_x64(self, jump):
        image = self.image
        for insn in self.back(jump, 12):
            for op in insn.ops:
                if op.type != x86.X86_OP_MEM or op.mem.scale != 4 or op.size != 4:
                    continue
                table, base = op.mem.disp, 0
                if not image.executable(table) and not image.constant(table) or table <= 0:
                    leas = [i for i in self.back(jump, 30) if i.id == x86.X86_INS_LEA and
                            i.ops[1].mem.base == x86.X86_REG_RIP]
                    if not leas:
                        return
                    base = table = leas[0].end + leas[0].ops[1].mem.disp
                self.take_table(jump, table, base, 4)
                return

    def entries_before(self, jump):
        """How many entries a jump table has, by the comparison before it."""
        above = False
        for insn in self.back(jump, 40):
            name = insn.text.split()[0]
            if name in ('ja', 'jae', 'b.hi', 'b.hs'):
                above = name in ('ja', 'b.hi')
            elif name == 'cmp' and insn.ops[-1].imm and len(insn.ops) == 2:
                count = insn.ops[1].imm + (1 if above else 0)
                return count if 0 < count <= 1024 else 0
        return 0

    def take_table(self, jump, table, base, size):
        image = self.image
        low, high = jump - 0x8000, jump + 0x8000
        for index in range(self.entries_before(jump)):
            entry = image.word(table + size * index, size)
            entry -= 1 << 8 * size if entry >> (8 * size - 1) else 0
            to = base + entry
            if not low < to < high or to not in self.insns:
                return
            self.sources[to].add(jump)
            self.tabled.add(to)

    def table_arm(self, jump):
        adrs, load = [], None
        for insn in self.back(jump, 12):
            if insn.text.startswith('adr '):
                adrs.append(insn.ops[1].imm)
            if insn.text.startswith(('ldrsw', 'ldrsh', 'ldrh', 'ldrb', 'ldrsb')) and not load:
                load = insn.text.split()[0]
        if not load or len(adrs) < 1:
            return
        size = {'w': 4, 'h': 2, 'b': 1}[load[-1]]
        signed = load[3] == 's'
        count = self.entries_before(jump)
        for code in adrs:
            for table in adrs:
                targets = []
                for index in range(count):
                    entry = self.image.word(table + size * index, size)
                    if signed and entry >> (8 * size - 1):
                        entry -= 1 << 8 * size
                    to = code + 4 * entry
                    if abs(to - jump) > 0x8000 or to not in self.insns:
                        targets = []
                        break
                    targets.append(to)
                for to in targets:
                    self.sources[to].add(jump)
                    self.tabled.add(to)

    def address_taken(self):
        for insn in self.insns.values():
            if insn.mnemonic == 'lea' and 'rip' in insn.text:
                to = insn.end + insn.ops[1].mem.disp
                if to in self.insns:
                    self.entries.add(to)
                    self.pointed.add(to)

    def predecessors(self, at):
        """(the instructions that run just before, whether there may be others)."""
        found = set(self.sources.get(at, ()))
        before = self.previous.get(at)
        if before is not None and self.insns[before].kind not in ('jump', 'end'):
            found.add(before)
        return found, at in self.entries or not found
