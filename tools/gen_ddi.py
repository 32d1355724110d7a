#!/usr/bin/env python3
"""Generates the table of DDIs (C) from data/ddi/*.tsv.

usage: gen_ddi.py OUTPUT TSV...

Everything that is wrong with a row is an error with its file and line; nothing is guessed.
"""
import sys

COLUMNS = ('name module via target slot slot_x86 since_wdf counter counted argument kind predicate '
           'x86_stack wide page advice demands nx_opt_in behaviour remediation source').split()
VIAS = {name: 'HVC_VIA_' + name.upper() for name in
        'import inline wdf extended method inbound interface internal'.split()}
COUNTERS = {'none': 'HVC_COUNTER_NONE', 'execute_pool_type': 'HVC_COUNTER_POOL_TYPE',
            'execute_page_protection': 'HVC_COUNTER_PAGE_PROTECTION',
            'execute_page_mapping': 'HVC_COUNTER_PAGE_MAPPING'}
KINDS = {'POOL_TYPE': 'HVC_VALUE_POOL_TYPE', 'POOL_FLAGS': 'HVC_VALUE_POOL_FLAGS',
         'LOOKASIDE_FLAGS': 'HVC_VALUE_LOOKASIDE_FLAGS',
         'PAGE_PROTECTION': 'HVC_VALUE_PAGE_PROTECTION',
         'MM_PAGE_PRIORITY': 'HVC_VALUE_PAGE_PRIORITY',
         'MEMORY_CACHING_TYPE': 'HVC_VALUE_CACHING_TYPE', 'VP_POOL_TYPE': 'HVC_VALUE_VP_POOL_TYPE'}
PREDICATES = {name: 'HVC_PREDICATE_' + name.upper() for name in
              'pool_type no_nx_flag pool_execute page_execute no_execute_flag cached'.split()}
# Which kinds a predicate makes sense for.
PREDICATE_KINDS = {'pool_type': {'POOL_TYPE', 'LOOKASIDE_FLAGS', 'VP_POOL_TYPE'},
                   'no_nx_flag': {'LOOKASIDE_FLAGS'}, 'pool_execute': {'POOL_FLAGS'},
                   'page_execute': {'PAGE_PROTECTION'}, 'no_execute_flag': {'MM_PAGE_PRIORITY'},
                   'cached': {'MEMORY_CACHING_TYPE'}}
SLOT_VIAS = {'wdf', 'extended', 'method', 'inbound', 'interface'}
UNKNOWN = 0xffffffff


class Fault(Exception):
    """Something wrong at a place in a file."""

    def __init__(self, place, text):
        super().__init__('%s:%d: %s' % (place[0], place[1], text))


class Row:
    """One line of a table, with its values checked and converted."""

    def __init__(self, place, cells):
        self.place = place
        self.cells = dict(zip(COLUMNS, cells))
        self.name = self.text('name')
        self.module = self.text('module')
        self.via = self.choice('via', VIAS)
        self.target = self.text('target', optional=True)
        self.counter = self.choice('counter', COUNTERS)
        self.wide, self.page, self.advice = (self.flag(c) for c in ('wide', 'page', 'advice'))
        self.argument = self.number('argument', none=-1, limit=15)
        self.x86_stack = self.number('x86_stack', none=-1, limit=0x7c)
        self.kind = self.choice('kind', KINDS, none='-')
        self.predicate = self.choice('predicate', PREDICATES, none='-')
        self.texts = [self.text(c, optional=c == 'nx_opt_in') for c in COLUMNS[-5:]]
        self.check_argument()
        self.check_counted()
        self.check_slots()

    def fail(self, text):
        raise Fault(self.place, text)

    def text(self, column, optional=False):
        value = self.cells[column]
        if value == '-':
            if optional:
                return None
            self.fail('%s is missing' % column)
        if value != value.strip() or not value:
            self.fail('%s is empty or has blanks around it' % column)
        if not value.isascii() or not value.isprintable():
            self.fail('%s has characters other than printable ASCII' % column)
        return value

    def choice(self, column, choices, none=None):
        value = self.cells[column]
        if value == none:
            return None
        if value not in choices:
            self.fail('unknown %s "%s"' % (column, value))
        return value

    def flag(self, column):
        return self.choice(column, {'yes': 1, 'no': 0}) == 'yes'

    def number(self, column, none, limit, unknown=False):
        value = self.cells[column]
        if value == '-':
            return none
        if value == '?' and unknown:
            return UNKNOWN
        try:
            number = int(value, 16 if value.startswith('0x') else 10)
        except ValueError:
            self.fail('%s "%s" is no number' % (column, value))
        if not 0 <= number <= limit:
            self.fail('%s %s is out of range' % (column, value))
        return number

    def check_argument(self):
        parts = {'argument': self.argument >= 0, 'kind': self.kind, 'predicate': self.predicate,
                 'x86_stack': self.x86_stack >= 0}
        if any(parts.values()) and not all(parts.values()):
            missing = ', '.join(part for part, there in parts.items() if not there)
            self.fail('argument, kind, predicate and x86_stack go together: no ' + missing)
        if self.predicate and self.kind not in PREDICATE_KINDS[self.predicate]:
            self.fail('predicate %s does not fit kind %s' % (self.predicate, self.kind))
        if self.x86_stack >= 0 and (self.x86_stack % 4 or self.x86_stack < 4 * self.argument):
            self.fail('x86_stack 0x%X cannot hold argument %d' % (self.x86_stack, self.argument))
        if self.wide and self.argument < 0:
            self.fail('wide without argument')

    def check_counted(self):
        counted = self.cells['counted']
        if counted not in ('yes', 'unconfirmed', '-'):
            self.fail('unknown counted "%s"' % counted)
        if (self.counter == 'none') != (counted == '-'):
            self.fail('counted goes together with a counter')
        if self.counter != 'none' and self.predicate in (None, 'cached'):
            self.fail('a counter needs a predicate that decides')
        if self.counter != 'none' and self.advice:
            self.fail('advice is for what no counter catches')
        self.confirmed = counted == 'yes'

    def check_slots(self):
        if (self.target is not None) != (self.via in ('inline', 'extended')):
            self.fail('target goes together with inline and extended')
        self.slot = self.number('slot', none=None, limit=0xffff, unknown=self.via == 'wdf')
        if (self.slot is not None) != (self.via in SLOT_VIAS):
            self.fail('slot goes together with ' + ', '.join(sorted(SLOT_VIAS)))
        self.slot_x86 = self.number('slot_x86', none=None, limit=0xffff)
        if (self.slot_x86 is not None) != (self.via == 'interface'):
            self.fail('slot_x86 goes together with interface')
        since = self.number('since_wdf', none=None, limit=99, unknown=True)
        if (since is not None) != (self.via == 'wdf'):
            self.fail('since_wdf goes together with wdf')
        if self.slot_x86 is None:
            self.slot_x86 = self.slot
        self.since_wdf = since

    def judged(self):
        """What an inline function must have in common with the function it expands to."""
        return (self.counter, self.argument, self.kind, self.predicate, self.x86_stack, self.wide)


def read(path):
    """The rows of one file."""
    rows = []
    header = False
    with open(path, encoding='ascii', errors='surrogateescape', newline='\n') as file:
        for number, line in enumerate(file, 1):
            place = (path, number)
            line = line.rstrip('\n')
            if line.startswith('#'):
                continue
            cells = line.split('\t')
            if not header:
                if cells != COLUMNS:
                    raise Fault(place, 'the first line must name the columns: ' + ' '.join(COLUMNS))
                header = True
                continue
            if len(cells) != len(COLUMNS):
                raise Fault(place, '%d columns instead of %d' % (len(cells), len(COLUMNS)))
            rows.append(Row(place, cells))
    if not header:
        raise Fault((path, 1), 'no columns')
    return rows


def check_all(rows):
    """What only shows in all rows together."""
    seen = {}
    slots = {}
    for row in rows:
        key = row.name.lower()
        if key in seen:
            row.fail('%s is in the table already (%s:%d)' % ((row.name,) + seen[key].place))
        seen[key] = row
        if row.via in ('wdf', 'extended') and row.slot != UNKNOWN:
            other = slots.setdefault((row.module, row.via, row.slot), row)
            if other is not row:
                row.fail('slot %d is that of %s already' % (row.slot, other.name))
    for row in rows:
        target = seen.get(row.target.lower()) if row.via == 'inline' else None
        if target and target.judged() != row.judged():
            row.fail('is not judged as %s, which it expands to' % target.name)


def hash_name(name, seed):
    """The same as in ddi.c."""
    value = seed
    for byte in name.encode():
        value = (value ^ byte) * 0x01000193 & 0xffffffff
    return value ^ value >> 15


def perfect_hash(names):
    """A seed and a number of slots with which no two names meet."""
    size = 1 << (8 * len(names) - 1).bit_length() if names else 1
    for seed in range(1, 1 << 20):
        slots = {hash_name(name, seed) % size for name in names}
        if len(slots) == len(names):
            return seed, size
    raise SystemExit('gen_ddi.py: no perfect hash found: use more slots')


def quoted(text):
    if text is None:
        return 'NULL'
    return '"%s"' % text.replace('\\', '\\\\').replace('"', '\\"').replace('??', '?\\?')


def c_number(number):
    if number == UNKNOWN:
        return 'HVC_DDI_UNKNOWN'
    return str(number or 0)


def write(rows, out):
    rows.sort(key=lambda row: row.name.lower())
    imports = [(index, row.name) for index, row in enumerate(rows) if row.via == 'import']
    seed, size = perfect_hash([name for _, name in imports])
    out.write('/* Generated by tools/gen_ddi.py from data/ddi/: edit these instead. */\n'
              '#include "ddi/table.h"\n\n'
              'const hvc_ddi hvc_ddi_table[] = {\n')
    for row in rows:
        demands, nx_opt_in, behaviour, remediation, source = (quoted(text) for text in row.texts)
        fields = [
            ('name', quoted(row.name)), ('module', quoted(row.module)), ('via', VIAS[row.via]),
            ('target', quoted(row.target)), ('slot', c_number(row.slot)),
            ('slot_x86', c_number(row.slot_x86)), ('since_wdf', c_number(row.since_wdf)),
            ('counter', COUNTERS[row.counter]), ('confirmed', str(row.confirmed).lower()),
            ('argument', str(row.argument)), ('kind', KINDS.get(row.kind, 'HVC_VALUE_NONE')),
            ('predicate', PREDICATES.get(row.predicate, 'HVC_PREDICATE_NONE')),
            ('x86_stack', str(row.x86_stack)), ('wide', str(row.wide).lower()),
            ('on_page', str(row.page).lower()), ('advice', str(row.advice).lower()),
            ('demands', demands), ('nx_opt_in', nx_opt_in), ('behaviour', behaviour),
            ('remediation', remediation), ('source', source)]
        out.write('    {\n%s    },\n' % ''.join('        .%s = %s,\n' % field for field in fields))
    out.write('};\nconst size_t hvc_ddi_count = %d;\n\n' % len(rows))
    slots = [0] * size
    for index, name in imports:
        slots[hash_name(name, seed) % size] = index + 1
    out.write('const uint32_t hvc_ddi_hash_seed = %d;\nconst uint32_t hvc_ddi_hash_mask = %d;\n'
              'const uint16_t hvc_ddi_hash[] = {\n' % (seed, size - 1))
    for start in range(0, size, 16):
        out.write('    %s,\n' % ', '.join(str(slot) for slot in slots[start:start + 16]))
    out.write('};\n')


def main(arguments):
    if len(arguments) < 2:
        raise SystemExit(__doc__)
    try:
        rows = [row for path in arguments[1:] for row in read(path)]
        check_all(rows)
    except (Fault, OSError) as fault:
        raise SystemExit(str(fault)) from None
    with open(arguments[0], 'w', encoding='ascii', newline='\n') as out:
        write(rows, out)


if __name__ == '__main__':
    main(sys.argv[1:])
