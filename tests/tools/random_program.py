"""Random drivers in C, for tests to compile, run and hold against what is predicted of them.

program(seed) is the text of one; size says how much it does. It is defined whatever the compiler does with it: unsigned numbers,
indices inside their arrays, loops that end, no recursion. Most numbers are flags of the kernel, so that
what reaches the calls of interest is a set of a few values or cannot be told at all."""
import random

import random_forms

HEAD = '''
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);
IMPORT ULONG NTAPI KeQueryTimeIncrement(void);
IMPORT NTSTATUS NTAPI IoInitializeTimer(void *device, void *routine, void *context);
IMPORT NTSTATUS NTAPI ZwMapViewOfSection(HANDLE section, HANDLE process, void **address,
                                         ULONG_PTR zero, SIZE_T commit, LARGE_INTEGER *offset,
                                         SIZE_T *size, ULONG inherit, ULONG type, ULONG protect);
#if defined(__i386__)
typedef struct objects { ULONG head[13]; void *routine[29]; } objects;
#else
typedef struct objects { ULONG64 head[13]; void *routine[29]; } objects;
#endif
typedef struct pair { ULONG first; UCHAR kind; USHORT half; ULONG second; ULONG64 wide; } pair;
/* what compilers call for structures and arrays */
void *memcpy(void *to, const void *from, SIZE_T size)
{
    for (SIZE_T i = 0; i < size; i++)
        ((volatile UCHAR *)to)[i] = ((const UCHAR *)from)[i];
    return to;
}
void *memset(void *to, int value, SIZE_T size)
{
    for (SIZE_T i = 0; i < size; i++)
        ((volatile UCHAR *)to)[i] = (UCHAR)value;
    return to;
}
static ULONG seed_of_inputs;
static NOINLINE ULONG input(void) { return RtlRandomEx(&seed_of_inputs); }
'''

NUMBERS = [0, 1, 2, 4, 5, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 0x40, 0x41, 0x200, 0x10, 0x20,
           0x40000010, 0x40000000, 0x80000000, 0xffffffff, 3, 7, 33, 516, 544, 1536]
# Nothing is wrong with these, whichever argument they are: such calls are looked at in another way.
GOOD_NUMBERS = [0x40000200, 0x40000201, 0x40000001, 0x40000204, 0x40000205, 0x40000c05]


# of a hundred statements and values, so many are of random_forms.py
FORMS = 12


class Function:
    def __init__(self, name, arity, static, pointer):
        self.name, self.arity, self.static, self.pointer = name, arity, static, pointer


class Program:
    def __init__(self, seed, size):
        self.random = random.Random(seed)
        self.numbers = GOOD_NUMBERS if seed % 4 == 3 else NUMBERS
        self.size = size
        self.lines = []
        self.before = []     # definitions that go before the function being written
        self.functions = []
        self.globals = []    # names of ULONGs
        self.tables = []     # (name, length): read-only
        self.arrays = []     # (name, length): writable
        self.pairs = []      # structures
        self.wides = []      # names of ULONG64s
        self.routines = []   # names of tables of functions of one argument
        self.fresh = 0

    def pick(self, *choices):
        return self.random.choice(choices)

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def number(self):
        return '0x%xu' % self.random.choice(self.numbers)

    def name(self, prefix):
        self.fresh += 1
        return '%s%d' % (prefix, self.fresh)

    # expressions of type ULONG

    def index(self, scope, length):
        """An expression below length, which is a power of two."""
        if self.chance(40):
            return str(self.random.randrange(length))
        return '(%s) & %du' % (self.value(scope, 1), length - 1)

    def leaf(self, scope):
        kind = self.random.randrange(100)
        if kind < 40 and scope['numbers']:
            return self.random.choice(scope['numbers'])
        if kind < 55 and self.globals:
            return self.random.choice(self.globals)
        if kind < 60 and scope['pointers']:
            return '*' + self.random.choice(scope['pointers'])
        if kind < 66 and scope['pairs']:
            return self.random.choice(scope['pairs']) + self.pick('first', 'second', 'kind', 'half')
        if kind < 70:
            return self.pick('input()', 'input()', 'KeQueryTimeIncrement()')
        return self.number()

    def call(self, scope, depth):
        function = self.random.choice(self.functions)
        arguments = [self.value(scope, depth - 1) for _ in range(function.arity)]
        if function.pointer:
            place = self.place(scope)
            arguments.insert(0, place if place else '&seed_of_inputs')
        return '%s(%s)' % (function.name, ', '.join(arguments))

    def place(self, scope):
        """The address of a variable."""
        places = ['&' + name for name in scope['numbers'] if name.startswith('v')]
        places += scope['pointers'] + ['&' + name for name in self.globals if name.startswith('g')]
        return self.random.choice(places) if places else None

    def global_of(self):
        """The name of a variable that may be assigned to."""
        return self.random.choice([name for name in self.globals if name[0] in 'gx'] or
                                  ['seed_of_inputs'])

    def value(self, scope, depth):
        if depth <= 0 or self.chance(30):
            return self.leaf(scope)
        if self.chance(FORMS):
            return random_forms.value(self, scope)
        kind = self.random.randrange(100)
        if kind < 22:
            return '(%s ? %s : %s)' % (self.condition(scope, depth - 1),
                                       self.value(scope, depth - 1), self.value(scope, depth - 1))
        if kind < 48:
            return '(%s %s %s)' % (self.value(scope, depth - 1),
                                   self.pick('|', '|', '&', '+', '-', '^', '*'), self.leaf(scope))
        if kind < 56:
            return '(%s %s %d)' % (self.value(scope, depth - 1), self.pick('<<', '>>'),
                                   self.random.randrange(1, 12))
        if kind < 60:
            return '(%s << (%s & 7))' % (self.leaf(scope), self.leaf(scope))
        if kind < 64:
            return '(ULONG)(%s)(%s)' % (self.pick('UCHAR', 'USHORT', 'signed char', 'short'),
                                        self.value(scope, depth - 1))
        if kind < 68:
            return '(ULONG)(%s)' % self.condition(scope, depth - 1)
        if kind < 72:
            return self.pick('~', '-', '') + '(%s)' % self.value(scope, depth - 1)
        if kind < 75:
            return '(%s %s %s)' % (self.value(scope, depth - 1), self.pick('/', '%'),
                                   self.pick('3u', '4u', '10u', '16u'))
        if kind < 84 and self.tables:
            table, length = self.random.choice(self.tables + self.arrays)
            return '%s[%s]' % (table, self.index(scope, length))
        if kind < 86 and self.routines:
            return '%s[%s](%s)' % (self.random.choice(self.routines), self.index(scope, 2),
                                   self.value(scope, depth - 1))
        if kind < 96 and self.functions:
            return self.call(scope, depth)
        if self.wides:
            return '(ULONG)(%s >> %d)' % (self.random.choice(self.wides), self.pick(0, 8, 32))
        return self.leaf(scope)

    def condition(self, scope, depth):
        kind = self.random.randrange(100)
        if kind < 30:
            return '(%s == %s)' % (self.value(scope, depth), self.number())
        if kind < 42:
            return '(%s != %s)' % (self.value(scope, depth), self.number())
        if kind < 58:
            return '(%s %s %s)' % (self.value(scope, depth), self.pick('<', '>', '<=', '>='),
                                   self.number())
        if kind < 66:
            return '((LONG)%s %s (LONG)%s)' % (self.leaf(scope), self.pick('<', '>', '<=', '>='),
                                               self.number())
        if kind < 84:
            return '((%s & %s) %s 0)' % (self.value(scope, depth), self.pick('1u', '2u', '4u', '8u',
                                                                             '0x200u'),
                                         self.pick('==', '!='))
        if kind < 92 and depth > 0:
            return '(%s %s %s)' % (self.condition(scope, depth - 1), self.pick('&&', '||'),
                                   self.condition(scope, depth - 1))
        return '(%s != 0)' % self.value(scope, depth)

    # statements

    def sink(self, scope, value):
        """A call of interest, with a value."""
        kind = self.random.randrange(6)
        if kind == 0:
            return 'ExAllocatePool(%s, 64);' % value
        if kind == 1:
            return 'ExAllocatePoolWithTag(%s, %s, 1);' % (value, self.leaf(scope))
        if kind == 2:
            wide = self.random.choice(self.wides) if self.wides and self.chance(40) else \
                '(ULONG64)%s' % value
            return 'ExAllocatePool2(%s%s, 64, 1);' % (wide, self.pick('', '', ' | 0x4000000000ull'))
        if kind == 3:
            return 'MmMapLockedPagesSpecifyCache(0, 0, 1, 0, %s, %s);' % (self.leaf(scope), value)
        if kind == 4:
            return 'MmProtectMdlSystemAddress(0, %s);' % value
        return self.pick('{ HANDLE section = 0; ZwCreateSection(&section, %s, 0, 0, %s, 0, 0); }',
                         '{ void *view = 0; ZwMapViewOfSection(0, 0, &view, %s, 0, 0, 0, 1, 0, %s); }') % (
                             self.leaf(scope), value)

    def assign(self, scope):
        kind = self.random.randrange(100)
        value = self.value(scope, 2)
        own = [name for name in scope['numbers'] if name[0] in 'vp']
        if kind < 45 and own:
            return '%s %s %s;' % (self.random.choice(own), self.pick('=', '=', '=', '|=', '+=', '&=',
                                                                    '^='), value)
        if kind < 58:
            writable = [name for name in self.globals if name.startswith('g')]
            if writable:
                return '%s = %s;' % (self.random.choice(writable), value)
        if kind < 68 and self.arrays:
            array, length = self.random.choice(self.arrays + scope['arrays'])
            return '%s[%s] = %s;' % (array, self.index(scope, length), value)
        if kind < 78 and scope['pairs']:
            return '%s%s = %s;' % (self.random.choice(scope['pairs']),
                                   self.pick('first', 'second', 'kind', 'half', 'wide'), value)
        if kind < 86 and scope['pointers']:
            return '*%s = %s;' % (self.random.choice(scope['pointers']), value)
        if kind < 92 and self.wides:
            return '%s = (ULONG64)%s << %d;' % (self.random.choice(self.wides), value,
                                                self.pick(0, 0, 9, 32))
        place = self.place(scope)
        if place and kind < 96:
            return 'RtlRandomEx(%s);' % place
        return 'seed_of_inputs = %s;' % value

    def declare(self, scope):
        kind = self.random.randrange(100)
        if kind < 70:
            name = self.name('v')
            line = 'ULONG %s = %s;' % (name, self.value(scope, 2))
            scope['numbers'].append(name)
        elif kind < 80:
            name = self.name('q')
            place = self.place(scope)
            if not place:
                return []
            line = 'ULONG *%s = %s;' % (name, place)
            if self.chance(40):
                line = 'ULONG *%s = %s ? %s : %s;' % (name, self.condition(scope, 1), place,
                                                      self.place(scope))
            scope['pointers'].append(name)
        elif kind < 90:
            name = self.name('a')
            line = 'ULONG %s[4] = {%s, %s, %s, %s};' % (
                name, self.leaf(scope), self.number(), self.number(), self.leaf(scope))
            scope['arrays'].append((name, 4))
            scope['numbers'].append('%s[%d]' % (name, self.random.randrange(4)))
        else:
            name = self.name('s')
            line = 'pair %s = {%s, 1, 2, %s, 3};' % (name, self.value(scope, 1), self.number())
            scope['pairs'].append(name + '.')
        return [line]

    def block(self, scope, depth, count):
        inner = {key: list(value) for key, value in scope.items()}
        lines = ['{']
        for _ in range(count):
            lines += ['    ' + line for line in self.statement(inner, depth)]
        return lines + ['}']

    def statement(self, scope, depth):
        if self.chance(FORMS):
            return random_forms.statement(self, scope)
        kind = self.random.randrange(100)
        size = self.random.randrange(1, 4)
        if kind < 24:
            return [self.sink(scope, self.value(scope, 2))]
        if kind < 36:
            return self.declare(scope)
        if kind < 62 or depth <= 0:
            return [self.assign(scope)]
        if kind < 80:
            lines = ['if (%s)' % self.condition(scope, 1)] + self.block(scope, depth - 1, size)
            if self.chance(60):
                lines += ['else'] + self.block(scope, depth - 1, size)
            return lines
        if kind < 88:
            lines = ['switch (%s) {' % self.value(scope, 1)]
            for case in sorted(self.random.sample(range(12), self.random.randrange(2, 8))):
                lines += ['case %d:' % case] + self.block(scope, depth - 1, size)
                if self.chance(80):
                    lines.append('break;')
            if self.chance(60):
                lines += ['default:'] + self.block(scope, depth - 1, 1) + ['break;']
            return lines + ['}']
        if kind < 94:
            name = self.name('i')
            return ['for (ULONG %s = 0; %s < %s; %s++)' % (
                name, name, self.pick('3', '4', '(%s & 7)' % self.leaf(scope)), name)] + \
                self.block({**scope, 'numbers': scope['numbers'] + [name]}, depth - 1, size)
        if self.functions:
            return [self.call(scope, 2) + ';']
        return ['if (%s) return %s;' % (self.condition(scope, 1), self.value(scope, 1))]

    # definitions

    def define_globals(self):
        for _ in range(self.random.randrange(3, 7)):
            if self.chance(70):
                name = self.name('g')
                self.lines.append('%sULONG %s = %s;' % (self.pick('static ', 'static ',
                                                                 'static volatile '), name,
                                                       self.number()))
                if 'volatile' in self.lines[-1]:
                    name = name.replace('g', 'x')
                    self.lines[-1] = self.lines[-1].replace(' g', ' x')
                self.globals.append(name)
            else:
                name = self.name('c')
                self.lines.append('static const volatile ULONG %s = %s;' % (name, self.number()))
                self.globals.append(name)
        for _ in range(self.random.randrange(1, 3)):
            length = self.pick(2, 4, 8)
            name = self.name('t')
            self.lines.append('static const ULONG %s[%d] = {%s};' % (
                name, length, ', '.join(self.number() for _ in range(length))))
            self.tables.append((name, length))
        name = self.name('w')
        self.lines.append('static ULONG %s[4] = {%s, %s};' % (name, self.number(), self.number()))
        self.arrays.append((name, 4))
        name = self.name('o')
        self.lines.append('static pair %s = {%s, 5, 6, %s, 7};' % (name, self.number(),
                                                                  self.number()))
        self.pairs.append(name + '.')
        name = self.name('l')
        self.lines.append('static ULONG64 %s = %s;' % (name, self.number()))
        self.wides.append(name)

    def scope(self, parameters, pointers):
        return {'numbers': list(parameters), 'pointers': list(pointers), 'arrays': [],
                'pairs': list(self.pairs)}

    def body(self, scope, count):
        lines = []
        for _ in range(count):
            lines += ['    ' + line for line in self.statement(scope, min(3, self.size - 1))]
        return lines

    def write(self, head, body, result):
        """A function, behind what its body needs."""
        self.lines += self.before + [head] + body + ['    return %s;\n}' % result]
        self.before = []

    def define_function(self):
        static = self.chance(85)
        pointer = self.chance(25)
        arity = self.random.choice([0, 1, 1, 1, 2, 2, 3, 5, 6, 9])
        function = Function(self.name('f'), arity, static, pointer)
        parameters = ['p%d_%d' % (self.fresh, i) for i in range(arity)]
        pointers = ['q%d' % self.fresh] if pointer else []
        text = ', '.join(['ULONG *' + name for name in pointers] +
                         ['ULONG ' + name for name in parameters]) or 'void'
        scope = self.scope(parameters, pointers)
        head = '%s%s%sULONG %s(%s)\n{' % (
            'static ' if static else '', 'NOINLINE ' if self.chance(70) else '',
            self.pick('', '', '__attribute__((optnone)) ') if self.compiler == 'lld' else '',
            function.name, text)
        body = self.body(scope, self.random.randrange(1, self.size + 2))
        self.write(head, body, self.value(scope, 1))
        self.functions.append(function)
        if self.chance(25):
            plain = [f.name for f in self.functions if f.arity == 1 and not f.pointer]
            if plain:
                name = self.name('r')
                self.lines.append('static ULONG (*%s %s[2])(ULONG) = {%s, %s};' % (
                    self.pick('', 'const'), name, self.random.choice(plain),
                    self.random.choice(plain)))
                self.routines.append(name)

    def define_routines(self):
        names = []
        for _ in range(self.random.randrange(1, self.size)):
            name = self.name('d')
            scope = self.scope(['p'], ['q'])
            head = ('static ULONG NTAPI %s(ULONG *q, ULONG_PTR two)\n{\n    '
                    'ULONG p = (ULONG)two;' % name)
            body = self.body(scope, self.random.randrange(1, 4))
            self.write(head, body, self.value(scope, 1))
            names.append(name)
        return names

    def text(self, compiler):
        self.compiler = compiler
        self.define_globals()
        for _ in range(self.random.randrange(self.size, 2 * self.size + 1)):
            self.define_function()
        routines = self.define_routines()
        head = ('NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)\n{\n'
                '    objects *o = (objects *)driver;\n    (void)path;\n'
                '    seed_of_inputs = (ULONG)(ULONG_PTR)path;')
        body = ['    o->routine[%d] = (void *)%s;' % (3 * i, name)
                for i, name in enumerate(routines)]
        if routines and self.chance(50):
            body.append('    IoInitializeTimer(o, (void *)%s, 0);' % self.random.choice(routines))
        body += self.body(self.scope([], []), self.random.randrange(1, self.size + 3))
        body += ['    %s;' % self.call_of(function, self.scope([], []))
                 for function in self.functions]
        self.write(head, body, '0')
        return HEAD + '\n'.join(self.lines) + '\n'

    def call_of(self, function, scope):
        arguments = [self.value(scope, 1) for _ in range(function.arity)]
        if function.pointer:
            arguments.insert(0, self.place(scope) or '&seed_of_inputs')
        return '%s(%s)' % (function.name, ', '.join(arguments))


def program(seed, compiler='lld', size=4):
    return Program(seed, size).text(compiler)
