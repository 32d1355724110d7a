#!/usr/bin/python3
"""A second opinion on call sites, read from capstone's disassembly, apart from hvcheck.

For one image: where functions are called whose argument decides a counter, and that argument where
it can be read backward from the call: through the straight line before it, and through each place
that jumps there. What was not read is None. Written for drivers that compilers made.

  oracle_calls.py DDI-FOLDER DRIVER...      prints module, RVA, form, DDI and values"""
import collections
import csv
import glob
import os
import sys

from capstone import arm64, x86

from oracle_code import ARM64, X64, X86, Image, Import, Program

X64_VOLATILE = {'a', 'c', 'd', 'r8', 'r9', 'r10', 'r11'}
X86_VOLATILE = {'a', 'c', 'd'}
ARM64_VOLATILE = {'x%d' % n for n in range(19)} | {'x30'}
STEPS, DEPTH, SET = 3000, 48, 16

Ddi = collections.namedtuple('Ddi', 'name argument x86_offset wide')
Site = collections.namedtuple('Site', 'rva ddi form values')


def load_ddis(folder):
    """Functions that are imported and have an argument that decides."""
    found = {}
    for path in glob.glob(os.path.join(folder, '*.tsv')):
        with open(path, encoding='utf-8') as lines:
            rows = csv.DictReader((line for line in lines if not line.startswith('#')),
                                  delimiter='\t', quoting=csv.QUOTE_NONE)
            if 'via' not in rows.fieldnames:
                continue
            for row in rows:
                if row['via'] in ('import', 'internal') and row['argument'] not in ('-', '?'):
                    found[row['name']] = Ddi(row['name'], int(row['argument']),
                                             int(row['x86_stack'], 16), row['wide'] == 'yes')
    return found


class Unknown(Exception):
    pass


class Reader:
    """Reads the values of a place backward from an instruction.

    A place is a register's name, or ('stack', offset from the stack pointer). Values are numbers
    and Imports. Raises Unknown where anything else could be there."""

    def __init__(self, program):
        self.program, self.image = program, program.image
        self.arm = program.arm
        self.bits = 32 if program.image.machine == X86 else 64
        self.volatile = (ARM64_VOLATILE if self.arm else
                         X86_VOLATILE if self.bits == 32 else X64_VOLATILE)
        self.cleaned = {}

    def values(self, at, place, size=None):
        """The values of a place just before the instruction at AT, or None."""
        self.steps, self.active = 0, {}
        try:
            found = self.before(at, place, 0, 0)
        except (Unknown, RecursionError):
            return None
        if not found:
            return None
        limit = (1 << 8 * size) - 1 if size else None
        return {v & limit if limit and isinstance(v, int) else v for v in found}

    def before(self, at, place, depth, work):
        """DEPTH bounds nesting, WORK counts the arithmetic on the way (which no loop may hold)."""
        key = (at, place)
        if key in self.active:
            if self.active[key] != work:
                raise Unknown
            return set()
        if depth > DEPTH:
            raise Unknown
        self.active[key] = work
        try:
            return self.walk(at, place, depth, work)
        finally:
            del self.active[key]

    def walk(self, at, place, depth, work):
        program = self.program
        while True:
            self.steps += 1
            if self.steps > STEPS:
                raise Unknown
            sources, open_ended = program.predecessors(at)
            if open_ended:
                raise Unknown
            if len(sources) > 1:
                found = set()
                for source in sources:
                    found |= self.after(source, place, depth + 1, work)
                    if len(found) > SET:
                        raise Unknown
                return found
            at = sources.pop()
            insn = program.insns[at]
            moved = self.through(insn, place)
            if moved is None:
                return self.effect(insn, place, depth, work)
            place = moved

    def after(self, at, place, depth, work):
        insn = self.program.insns[at]
        moved = self.through(insn, place)
        if moved is None:
            return self.effect(insn, place, depth, work)
        return self.before(at, moved, depth, work)

    def through(self, insn, place):
        """The same place as seen before INSN, or None where INSN makes its value."""
        if isinstance(place, tuple):
            return self.through_stack(insn, place)
        if insn.kind == 'call':
            if place in self.volatile or place in ('sp', 'zr'):
                return None
            return place
        return None if place in insn.written else place

    # -- the stack --

    def through_stack(self, insn, place):
        offset = place[1]
        if self.arm:
            if insn.kind == 'call' or self.touches(insn):
                return None
            if 'sp' in insn.written:
                return None
            return place
        if insn.kind == 'call':
            if self.bits == 64:
                return None
            cleaned = self.takes_off(insn)
            if cleaned is None or offset + cleaned < 0:
                raise Unknown
            return ('stack', offset + cleaned)
        if insn.id == x86.X86_INS_PUSH:
            width = self.bits // 8
            return None if offset < width else ('stack', offset - width)
        if insn.id == x86.X86_INS_POP and insn.ops[0].type == x86.X86_OP_REG:
            return ('stack', offset + self.bits // 8)
        if insn.id in (x86.X86_INS_SUB, x86.X86_INS_ADD) and 'sp' in insn.written:
            if insn.ops[1].type != x86.X86_OP_IMM:
                raise Unknown
            by = insn.ops[1].imm if insn.id == x86.X86_INS_ADD else -insn.ops[1].imm
            if offset + by < 0:
                raise Unknown
            return ('stack', offset + by)
        if 'sp' in insn.written or self.touches(insn):
            return None
        return place

    def touches(self, insn):
        """Whether it writes memory other than through a plain store elsewhere on the stack."""
        if self.arm:
            return insn.text.startswith(('st', 'cas', 'swp', 'ld', 'dc ')) and (
                insn.text.startswith(('st', 'cas', 'swp')) or ', #' in insn.text.split(']')[-1] or
                insn.text.endswith('!'))
        if insn.id in (x86.X86_INS_CMP, x86.X86_INS_TEST, x86.X86_INS_LEA, x86.X86_INS_NOP,
                       x86.X86_INS_PUSH, x86.X86_INS_JMP):
            return False
        if not insn.ops or insn.kind in ('branch', 'jump'):
            return insn.text.split()[0].startswith(('stos', 'movs', 'rep'))
        if insn.text.startswith(('rep', 'stos', 'movsb', 'movsd', 'movsq', 'movsw')) and \
                not insn.text.startswith(('movsx', 'movss')):
            return True
        return insn.ops[0].type == x86.X86_OP_MEM

    def takes_off(self, insn):
        """Bytes of arguments that a called function takes off the x86 stack."""
        to = insn.target
        if to is None or to not in self.program.insns:
            return None
        if to not in self.cleaned:
            self.cleaned[to] = None
            seen, found, at = set(), set(), to
            todo = [to]
            while todo and len(seen) < STEPS:
                at = todo.pop()
                while at in self.program.insns and at not in seen:
                    seen.add(at)
                    one = self.program.insns[at]
                    if one.text.startswith('ret'):
                        found.add(one.ops[0].imm if one.ops else 0)
                    if one.target is not None and one.kind in ('jump', 'branch'):
                        todo.append(one.target)
                    if one.kind in ('jump', 'end'):
                        break
                    at = one.end
            if len(found) == 1:
                self.cleaned[to] = found.pop()
        return self.cleaned[to]

    # -- effects --

    def effect(self, insn, place, depth, work):
        if insn.kind == 'call' or depth > DEPTH:
            raise Unknown
        if isinstance(place, tuple):
            return (self.stored_arm if self.arm else self.stored_x86)(insn, place, depth, work)
        return (self.made_arm if self.arm else self.made_x86)(insn, place, depth, work)

    def stored_x86(self, insn, place, depth, work):
        width = self.bits // 8
        if insn.id == x86.X86_INS_PUSH and place[1] == 0:
            return self.operand(insn, insn.ops[0], depth, work)
        if insn.id in (x86.X86_INS_MOV, x86.X86_INS_AND, x86.X86_INS_OR) and \
                insn.ops[0].type == x86.X86_OP_MEM:
            mem = insn.ops[0].mem
            if self.program.name(mem.base) == 'sp' and mem.index == 0:
                size = insn.ops[0].size
                if mem.disp == place[1] and size >= 4:
                    if insn.id == x86.X86_INS_MOV:
                        return self.operand(insn, insn.ops[1], depth, work)
                    if insn.ops[1].type == x86.X86_OP_IMM and insn.id == x86.X86_INS_AND and \
                            insn.ops[1].imm == 0:
                        return {0}
                    if insn.ops[1].type == x86.X86_OP_IMM:
                        inner = self.before(insn.at, place, depth + 1, work + 1)
                        imm = insn.ops[1].imm & 0xffffffff
                        return self.numbers(inner, lambda v: (
                            v & imm if insn.id == x86.X86_INS_AND else v | imm) & 0xffffffff)
                elif mem.disp + size <= place[1] or mem.disp >= place[1] + width:
                    return self.before(insn.at, place, depth, work)
            elif self.program.name(mem.base) == 'bp' and mem.disp < 0 or (
                    mem.base == x86.X86_REG_RIP) or (mem.base == 0 and mem.index == 0):
                # Locals below the frame pointer, and globals, lie apart from outgoing arguments.
                return self.before(insn.at, place, depth, work)
            elif mem.index == 0 and self.program.name(mem.base) != 'sp' and self.bits == 64:
                # Through a pointer: outgoing slots have no pointers to them.
                return self.before(insn.at, place, depth, work)
            elif mem.index == 0 and self.program.name(mem.base) not in ('sp', 'bp'):
                return self.before(insn.at, place, depth, work)
        elif insn.ops and insn.ops[0].type == x86.X86_OP_MEM and \
                self.program.name(insn.ops[0].mem.base) != 'sp' and 'sp' not in insn.written:
            return self.before(insn.at, place, depth, work)
        raise Unknown

    def stored_arm(self, insn, place, depth, work):
        mnemonic = insn.text.split()[0]
        mem = next((op for op in insn.ops if op.type == arm64.ARM64_OP_MEM), None)
        if mem is None or 'sp' in insn.written:
            raise Unknown
        base = self.program.name(mem.mem.base)
        if base != 'sp':
            # Stores through pointers, and below the frame pointer, leave outgoing slots alone.
            return self.before(insn.at, place, depth, work)
        if mem.mem.index:
            raise Unknown
        parts = {'str': 1, 'stp': 2}.get(mnemonic)
        if parts is None:
            if mnemonic in ('strb', 'strh') and mem.mem.disp != place[1]:
                return self.before(insn.at, place, depth, work)
            raise Unknown
        size = {'w': 4, 's': 4, 'q': 16, 'b': 1, 'h': 2}.get(insn.text.split()[1][0], 8)
        for part in range(parts):
            low = mem.mem.disp + part * size
            if low == place[1]:
                return self.operand(insn, insn.ops[part], depth, work)
            if low < place[1] < low + size:
                raise Unknown
        return self.before(insn.at, place, depth, work)

    @staticmethod
    def numbers(found, change):
        if any(not isinstance(v, int) for v in found):
            raise Unknown
        return {change(v) for v in found}

    def pairs(self, left, right, change):
        if any(not isinstance(v, int) for v in left | right) or len(left) * len(right) > SET:
            raise Unknown
        return {change(a, b) for a in left for b in right}

    def operand(self, insn, op, depth, work):
        """The values of an operand as INSN reads it."""
        kinds = arm64 if self.arm else x86
        memory = kinds.ARM64_OP_MEM if self.arm else kinds.X86_OP_MEM
        register = kinds.ARM64_OP_REG if self.arm else kinds.X86_OP_REG
        immediate = kinds.ARM64_OP_IMM if self.arm else kinds.X86_OP_IMM
        if op.type == immediate:
            return {op.imm & (1 << self.bits) - 1}
        if op.type == register:
            name = self.program.name(op.reg)
            if name == 'zr':
                return {0}
            if self.arm:
                wide = self.program.full.reg_name(op.reg)[0] == 'w'
                found = self.before(insn.at, name, depth + 1, work)
                if op.shift.type and op.shift.value:
                    if op.shift.type != arm64.ARM64_SFT_LSL:
                        raise Unknown
                    found = self.numbers(found, lambda v: v << op.shift.value)
                if op.ext:
                    raise Unknown
                return self.numbers(found, lambda v: v & 0xffffffff) if wide and all(
                    isinstance(v, int) for v in found) else found & found
            if op.size < 4:
                if self.program.full.reg_name(op.reg) in ('ah', 'bh', 'ch', 'dh'):
                    raise Unknown
                found = self.before(insn.at, name, depth + 1, work)
                return self.numbers(found, lambda v: v & (1 << 8 * op.size) - 1)
            found = self.before(insn.at, name, depth + 1, work)
            return found if op.size * 8 == self.bits else self.numbers(
                found, lambda v: v & 0xffffffff)
        if op.type == memory:
            return self.loaded(insn, op, depth, work)
        raise Unknown

    def loaded(self, insn, op, depth, work):
        """Memory: import slots, pointers to them, and constants in read-only sections."""
        mem = op.mem
        size = self.image.width
        if not self.arm:
            size = op.size
        elif insn.text.split()[1][0] == 'w':
            size = 4
        if mem.index:
            raise Unknown
        if not self.arm and mem.base == x86.X86_REG_RIP:
            found = {insn.end + mem.disp + self.image.base}
        elif not self.arm and mem.base == 0:
            found = {mem.disp & 0xffffffff}
        elif self.program.name(mem.base) in ('sp', 'bp') and not self.arm:
            raise Unknown
        elif self.arm and self.program.name(mem.base) in ('sp', 'x29'):
            raise Unknown
        else:
            base = self.before(insn.at, self.program.name(mem.base), depth + 1, work)
            found = self.numbers(base, lambda v: v + mem.disp)
        return {self.at_address(address, size) for address in found}

    def at_address(self, address, size):
        rva = address - self.image.base
        if rva in self.image.slots:
            return self.image.slots[rva]
        if rva in self.image.pointers and self.image.constant(rva):
            return self.image.pointers[rva] + self.image.base
        if rva > 0 and self.image.constant(rva):
            value = self.image.word(rva, size)
            if value >= 0:
                return value
        raise Unknown

    ARITHMETIC = {'add': lambda a, b: a + b, 'sub': lambda a, b: a - b,
                  'or': lambda a, b: a | b, 'orr': lambda a, b: a | b,
                  'and': lambda a, b: a & b, 'xor': lambda a, b: a ^ b,
                  'eor': lambda a, b: a ^ b, 'shl': lambda a, b: a << (b & 63),
                  'lsl': lambda a, b: a << (b & 63), 'shr': lambda a, b: a >> (b & 63),
                  'lsr': lambda a, b: a >> (b & 63), 'bts': lambda a, b: a | 1 << (b & 63),
                  'bic': lambda a, b: a & ~b, 'btr': lambda a, b: a & ~(1 << (b & 63))}

    def made_x86(self, insn, place, depth, work):
        mnemonic = insn.text.split()[0]
        if not insn.ops or insn.ops[0].type != x86.X86_OP_REG or \
                self.program.name(insn.ops[0].reg) != place:
            raise Unknown
        first = insn.ops[0]
        limit = (1 << 8 * first.size) - 1

        def fit(found):
            return {v & limit if isinstance(v, int) else v for v in found}

        if first.size < 4:
            return self.part(insn, mnemonic, place, depth, work)
        if mnemonic in ('mov', 'movabs', 'movzx'):
            return fit(self.operand(insn, insn.ops[1], depth, work))
        if mnemonic in ('movsx', 'movsxd'):
            width = insn.ops[1].size * 8
            found = self.operand(insn, insn.ops[1], depth, work)
            return fit(self.numbers(found, lambda v: (v & (1 << width) - 1) -
                                    ((v >> width - 1 & 1) << width)))
        if mnemonic == 'lea':
            mem = insn.ops[1].mem
            if mem.base == x86.X86_REG_RIP:
                return {insn.end + mem.disp + self.image.base}
            total = {mem.disp}
            for reg, scale in ((mem.base, 1), (mem.index, mem.scale)):
                if reg:
                    found = self.before(insn.at, self.program.name(reg), depth + 1, work + 1)
                    total = self.pairs(total, found, lambda a, b, k=scale: a + k * b)
            return fit(total)
        if mnemonic == 'pop':
            return fit(self.before(insn.at, ('stack', 0), depth + 1, work))
        if mnemonic in ('xor', 'sub') and insn.ops[1].type == x86.X86_OP_REG and \
                insn.ops[1].reg == first.reg:
            return {0}
        if mnemonic == 'and' and insn.ops[1].type == x86.X86_OP_IMM and insn.ops[1].imm == 0:
            return {0}
        if mnemonic == 'or' and insn.ops[1].type == x86.X86_OP_IMM and insn.ops[1].imm == -1:
            return {limit}
        if mnemonic == 'sbb' and insn.ops[1].type == x86.X86_OP_REG and \
                insn.ops[1].reg == first.reg:
            return {0, limit}
        if mnemonic.startswith('cmov'):
            return fit(self.operand(insn, first, depth, work) |
                       self.operand(insn, insn.ops[1], depth, work))
        if mnemonic in self.ARITHMETIC and len(insn.ops) == 2:
            left = self.operand(insn, first, depth, work + 1)
            right = self.operand(insn, insn.ops[1], depth, work + 1)
            return fit(self.pairs(left, right, self.ARITHMETIC[mnemonic]))
        if mnemonic in ('inc', 'dec', 'neg', 'not'):
            change = {'inc': lambda v: v + 1, 'dec': lambda v: v - 1, 'neg': lambda v: -v,
                      'not': lambda v: ~v}[mnemonic]
            return fit(self.numbers(self.operand(insn, first, depth, work + 1), change))
        if mnemonic == 'imul' and len(insn.ops) == 3:
            found = self.operand(insn, insn.ops[1], depth, work + 1)
            return fit(self.numbers(found, lambda v: v * insn.ops[2].imm))
        raise Unknown

    def part(self, insn, mnemonic, place, depth, work):
        """A write of 8 or 16 bits leaves the others."""
        if self.program.full.reg_name(insn.ops[0].reg) in ('ah', 'bh', 'ch', 'dh'):
            raise Unknown
        mask = (1 << 8 * insn.ops[0].size) - 1
        if mnemonic.startswith('set'):
            low = {0, 1}
        elif mnemonic == 'mov' and insn.ops[1].type == x86.X86_OP_IMM:
            low = {insn.ops[1].imm & mask}
        else:
            raise Unknown
        whole = self.before(insn.at, place, depth + 1, work + 1)
        return self.pairs(whole, low, lambda a, b: a & ~mask | b)

    def made_arm(self, insn, place, depth, work):
        mnemonic = insn.text.split()[0]
        ops = insn.ops
        if not ops or ops[0].type != arm64.ARM64_OP_REG:
            raise Unknown
        load_pair = mnemonic == 'ldp'
        if self.program.name(ops[0].reg) != place and not load_pair:
            raise Unknown
        wide = self.program.full.reg_name(ops[0].reg)[0] == 'x'
        limit = (1 << 64) - 1 if wide else (1 << 32) - 1

        def fit(found):
            return {v & limit if isinstance(v, int) else v for v in found}

        if mnemonic in ('adrp', 'adr'):
            return {ops[1].imm + self.image.base}
        if mnemonic in ('mov', 'movz') and len(ops) == 2:
            if ops[1].type == arm64.ARM64_OP_IMM:
                return {ops[1].imm << ops[1].shift.value & limit}
            return fit(self.operand(insn, ops[1], depth, work))
        if mnemonic == 'movn':
            return {~(ops[1].imm << ops[1].shift.value) & limit}
        if mnemonic == 'movk':
            mask = 0xffff << ops[1].shift.value
            old = self.before(insn.at, place, depth + 1, work + 1)
            return fit(self.numbers(old, lambda v: v & ~mask | ops[1].imm << ops[1].shift.value))
        if mnemonic == 'ldr' and ops[1].type == arm64.ARM64_OP_IMM:
            return {self.at_address(ops[1].imm + self.image.base, 8 if wide else 4)}
        if mnemonic == 'ldr' and ops[1].type == arm64.ARM64_OP_MEM and \
                len(ops) == 2 and not insn.text.endswith('!'):
            return fit(self.loaded(insn, ops[1], depth, work))
        if mnemonic == 'csel':
            return fit(self.operand(insn, ops[1], depth, work) |
                       self.operand(insn, ops[2], depth, work))
        if mnemonic in ('csinc', 'csinv', 'csneg') and len(ops) == 3:
            change = {'csinc': lambda v: v + 1, 'csinv': lambda v: ~v, 'csneg': lambda v: -v}
            other = self.operand(insn, ops[2], depth, work + 1)
            return fit(self.operand(insn, ops[1], depth, work) |
                       self.numbers(other, change[mnemonic]))
        if mnemonic in ('cset', 'csetm'):
            return {0, 1 if mnemonic == 'cset' else limit}
        if mnemonic in ('cinc', 'cinv', 'cneg'):
            change = {'cinc': lambda v: v + 1, 'cinv': lambda v: ~v, 'cneg': lambda v: -v}
            found = self.operand(insn, ops[1], depth, work + 1)
            return fit(found | self.numbers(found, change[mnemonic]))
        if mnemonic in self.ARITHMETIC and len(ops) == 3:
            left = self.operand(insn, ops[1], depth, work + 1)
            right = self.operand(insn, ops[2], depth, work + 1)
            if ops[2].type == arm64.ARM64_OP_IMM:
                right = {v << ops[2].shift.value for v in right}
            return fit(self.pairs(left, right, self.ARITHMETIC[mnemonic]))
        if mnemonic == 'mvn':
            return fit(self.numbers(self.operand(insn, ops[1], depth, work + 1), lambda v: ~v))
        raise Unknown


class Oracle:
    def __init__(self, path, ddis):
        self.ddis = ddis
        self.image = Image(path)
        self.slots = {rva: item for rva, item in self.image.slots.items() if item.name in ddis}
        self.program = self.reader = None
        if self.slots:
            self.program = Program(self.image)
            self.reader = Reader(self.program)

    def sites(self):
        """The call sites, by RVA."""
        if not self.slots:
            return []
        found = {}
        thunks = {}
        for at in self.program.order:
            insn = self.program.insns[at]
            if insn.kind not in ('call', 'jump') or insn.target is not None:
                continue
            for name in self.names(insn):
                if insn.kind == 'jump' and self.thunk(insn):
                    thunks.setdefault(self.thunk(insn), []).append((insn, name))
                else:
                    self.take(found, insn, name, 'tail' if insn.kind == 'jump' else 'call')
        self.follow_thunks(found, thunks)
        return [found[at] for at in sorted(found)]

    def names(self, insn):
        """Which of the functions a call or jump through memory or a register reaches."""
        op = insn.ops[0]
        machine = self.image.machine
        if not self.program.arm and op.type == x86.X86_OP_MEM and op.mem.index == 0:
            mem = op.mem
            if mem.base == x86.X86_REG_RIP:
                slot = insn.end + mem.disp
            elif mem.base == 0 and machine == X86:
                slot = (mem.disp & 0xffffffff) - self.image.base
            else:
                if self.program.name(mem.base) in ('sp', 'bp'):
                    return []
                values = self.reader.values(insn.at, self.program.name(mem.base)) or ()
                slots = [v + mem.disp - self.image.base for v in values if isinstance(v, int)]
                return [self.slots[s].name for s in slots if s in self.slots]
            return [self.slots[slot].name] if slot in self.slots else []
        if op.type == (arm64.ARM64_OP_REG if self.program.arm else x86.X86_OP_REG):
            values = self.reader.values(insn.at, self.program.name(op.reg)) or ()
            return [v.name for v in values if isinstance(v, Import) and v.name in self.ddis]
        return []

    def thunk(self, insn):
        """Where the function begins that is nothing but this jump."""
        at = insn.at
        for _ in range(4 if self.program.arm else 3):
            if at in self.program.entries:
                return at
            before = self.program.previous.get(at)
            if before is None:
                return None
            one = self.program.insns[before]
            if one.kind in ('jump', 'end') and not self.program.sources.get(at):
                return at
            if one.kind != 'plain' or not self.harmless(one):
                return None
            at = before
        return None

    def harmless(self, insn):
        if self.program.arm:
            return insn.text.startswith(('adrp x16', 'ldr x16', 'adrp x17', 'ldr x17',
                                         'adrp x8', 'ldr x8', 'adrp x9', 'ldr x9', 'add x16'))
        return insn.text.startswith(('mov rax', 'mov eax', 'lea rax', 'lea eax'))

    def follow_thunks(self, found, thunks):
        program = self.program
        entries = {start: pairs for start, pairs in thunks.items()}
        for at in program.order:
            insn = program.insns[at]
            if insn.kind == 'jump' and insn.target in entries and at in program.entries and \
                    at not in entries:
                entries[at] = entries[insn.target]
        for start, pairs in entries.items():
            if (start in program.pointed or start in program.public) and pairs[0][0].at >= start:
                for insn, name in pairs:
                    self.take(found, insn, name, 'thunk itself')
        for at in program.order:
            insn = program.insns[at]
            if insn.target in entries and insn.kind in ('call', 'jump', 'branch') and \
                    at not in entries:
                for _, name in entries[insn.target]:
                    self.take(found, insn, name, 'thunk')

    def take(self, found, insn, name, form):
        ddi = self.ddis[name]
        values = self.argument(insn, ddi)
        if values is not None and any(not isinstance(v, int) for v in values):
            values = None
        found[insn.at] = Site(insn.at, name, form,
                              None if values is None else tuple(sorted(values)))

    def argument(self, insn, ddi):
        read = self.reader.values
        tail = insn.kind != 'call'
        if self.image.machine == X64:
            if ddi.argument < 4:
                return read(insn.at, ['c', 'd', 'r8', 'r9'][ddi.argument], 4)
            return None if tail else read(insn.at, ('stack', 8 * ddi.argument), 4)
        if self.image.machine == ARM64:
            if ddi.argument < 8:
                return read(insn.at, 'x%d' % ddi.argument, 4)
            return None if tail else read(insn.at, ('stack', 8 * (ddi.argument - 8)), 4)
        return None if tail else read(insn.at, ('stack', ddi.x86_offset), 4)


def main():
    sys.setrecursionlimit(20000)
    ddis = load_ddis(sys.argv[1])
    for path in sys.argv[2:]:
        for site in Oracle(path, ddis).sites():
            values = '?' if site.values is None else ','.join('0x%x' % v for v in site.values)
            print('%s\t0x%x\t%s\t%s\t%s' % (os.path.basename(path), site.rva, site.form, site.ddi,
                                            values))


if __name__ == '__main__':
    main()
