#!/usr/bin/env python3
"""Generates the table of import facts (C) from data/imports.tsv.

usage: gen_imports.py OUTPUT TSV

Everything that is wrong with a row is an error with its file and line; nothing is guessed.
"""
import re
import sys

COLUMNS = 'name x86_call x86_stack returns memory'.split()
CALLS = ('stdcall', 'cdecl', 'fastcall', 'absent', '-')
MOST_OUTS = 6  # HVC_FACTS_OUTS
MOST_ARGUMENTS = 12  # as many as a call's analysis follows
LARGEST_STACK = 124
LARGEST_OUT = 4096
NAME = re.compile(r'[A-Za-z_][A-Za-z0-9_]{0,79}')
NUMBER = re.compile(r'0|[1-9][0-9]{0,4}')


class Fault(Exception):
    """Something wrong at a place in a file."""

    def __init__(self, place, text):
        super().__init__('%s:%d: %s' % (place[0], place[1], text))


class Row:
    """One line of the table, with its values checked and converted."""

    def __init__(self, place, cells):
        self.place = place
        self.name, self.call, stack, returns, memory = cells
        if not NAME.fullmatch(self.name):
            self.fail('"%s" is no name of a function' % self.name)
        if self.call not in CALLS:
            self.fail('unknown x86_call "%s"' % self.call)
        self.stack = -1 if stack == '-' else self.number('x86_stack', stack, LARGEST_STACK)
        if returns not in ('yes', 'never'):
            self.fail('unknown returns "%s"' % returns)
        self.no_return = returns == 'never'
        self.pure = memory == 'pure'
        self.outs_known = memory != '-'
        self.outs = [] if memory in ('-', 'pure', 'none') else self.read_outs(memory)
        self.check()

    def fail(self, text):
        raise Fault(self.place, '%s: %s' % (self.name, text))

    def number(self, what, text, limit):
        if not NUMBER.fullmatch(text) or int(text) > limit:
            self.fail('%s "%s" is no number up to %d' % (what, text, limit))
        return int(text)

    def read_outs(self, memory):
        outs = []
        for item in memory.split(' '):
            argument, colon, size = item.partition(':')
            if not colon:
                self.fail('memory "%s" is not argument:size' % item)
            outs.append((self.number('argument', argument, MOST_ARGUMENTS - 1),
                         self.number('size', size, LARGEST_OUT)))
        if len(outs) > MOST_OUTS:
            self.fail('more than %d arguments' % MOST_OUTS)
        if any(a[0] >= b[0] for a, b in zip(outs, outs[1:])):
            self.fail('the arguments are not in order, or one is there twice')
        return outs

    def check(self):
        if self.stack % 4 and self.stack >= 0:
            self.fail('x86_stack is no number of whole words')
        if self.call in ('-', 'absent') and self.stack >= 0:
            self.fail('x86_stack without a calling convention')
        if self.call in ('stdcall', 'fastcall') and self.stack < 0:
            self.fail('a calling convention without x86_stack')
        if self.call == 'cdecl' and self.stack != 0:
            self.fail('cdecl functions leave their arguments on the stack')
        if self.outs and self.call not in ('stdcall', 'cdecl', 'absent'):
            self.fail('indices of arguments need them on the x86 stack')
        if self.outs and self.call == 'stdcall' and 4 * self.outs[-1][0] >= self.stack:
            self.fail('argument %d is not among its %d bytes' % (self.outs[-1][0], self.stack))
        if self.no_return and self.outs_known:
            self.fail('memory means nothing where it never returns')
        if self.stack < 0 and not self.no_return and not self.outs_known:
            self.fail('nothing is known of it')


def read(path):
    """The rows of the file, in its order, which must be that of the names."""
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
            if len(rows) > 1 and rows[-2].name >= rows[-1].name:
                rows[-1].fail('is there twice, or not in order')
    if not rows:
        raise Fault((path, 1), 'no rows')
    return rows


def entry(row):
    fields = ['"%s"' % row.name, str(row.stack)]
    fields += [str(flag).lower() for flag in (row.call == 'fastcall', row.no_return, row.pure,
                                              row.outs_known)]
    fields.append(str(len(row.outs)))
    fields.append('{%s}' % (', '.join('{%d, %d}' % out for out in row.outs) or '{0, 0}'))
    return '    {%s},\n' % ', '.join(fields)


def main(arguments):
    if len(arguments) != 2:
        raise SystemExit(__doc__)
    try:
        rows = read(arguments[1])
    except (Fault, OSError) as fault:
        raise SystemExit(str(fault)) from None
    with open(arguments[0], 'w', encoding='ascii', newline='\n') as out:
        out.write('/* Generated by tools/gen_imports.py from data/imports.tsv: edit this instead. */\n'
                  '#include "ddi/import_table.h"\n\n'
                  'const hvc_import_facts hvc_import_table[] = {\n')
        out.writelines(entry(row) for row in rows)
        out.write('};\nconst size_t hvc_import_count = %d;\n' % len(rows))


if __name__ == '__main__':
    main(sys.argv[1:])
