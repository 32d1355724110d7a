#!/usr/bin/env python3
"""tools/gen_ddi.py: what it takes, and that every mistake in a row is an error with its file and line.

usage: test_gen_ddi.py GENERATOR
"""
import os
import subprocess
import sys
import tempfile
import unittest

GENERATOR = os.path.abspath(sys.argv.pop(1))
COLUMNS = ('name module via target slot slot_x86 since_wdf counter counted argument kind predicate '
           'x86_stack wide page advice demands nx_opt_in behaviour remediation source').split()
GOOD = dict(name='ExFoo', module='ntoskrnl.exe', via='import', target='-', slot='-', slot_x86='-',
            since_wdf='-', counter='execute_pool_type', counted='yes', argument='0',
            kind='POOL_TYPE', predicate='pool_type', x86_stack='0x0', wide='no', page='no',
            advice='no', demands='Demand.', nx_opt_in='-', behaviour='Behaviour.',
            remediation='Remedy.', source='seen')
NOTHING = dict(counter='none', counted='-', argument='-', kind='-', predicate='-', x86_stack='-')
INLINE = dict(name='ExBar', via='inline', target='ExFoo')


class Generator(unittest.TestCase):
    def run_on(self, lines):
        with tempfile.TemporaryDirectory() as folder:
            table = os.path.join(folder, 'rows.tsv')
            output = os.path.join(folder, 'table.c')
            with open(table, 'wb') as file:
                file.write(b''.join(line + b'\n' for line in lines))
            done = subprocess.run([sys.executable, GENERATOR, output, table],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            text = None
            if os.path.exists(output):
                with open(output, encoding='ascii') as file:
                    text = file.read()
            return done.returncode, done.stderr.decode().replace(table, 'rows.tsv'), text

    def rows(self, *changes):
        """The lines of a table: a comment, the columns, and the good row with each set of changes."""
        lines = ['# a comment', '\t'.join(COLUMNS)]
        for change in changes:
            lines.append('\t'.join({**GOOD, **change}[column] for column in COLUMNS))
        return [line.encode() for line in lines]

    def good(self, *changes):
        code, errors, text = self.run_on(self.rows(*changes))
        self.assertEqual((code, errors), (0, ''))
        return text

    def bad(self, expected, *changes, line=None):
        self.bad_lines(expected, self.rows(*changes), line or 2 + len(changes))

    def bad_lines(self, expected, lines, line):
        code, errors, text = self.run_on(lines)
        self.assertNotEqual(code, 0, expected)
        self.assertIsNone(text)
        self.assertTrue(errors.startswith('rows.tsv:%d: ' % line), errors)
        self.assertIn(expected, errors)

    def test_good_rows(self):
        text = self.good({})
        for part in ('.name = "ExFoo"', '.counter = HVC_COUNTER_POOL_TYPE', '.confirmed = true',
                     '.argument = 0', '.x86_stack = 0', '.target = NULL', '.nx_opt_in = NULL'):
            self.assertIn(part, text)
        self.good({}, INLINE)
        self.good({}, dict(name='b', counted='unconfirmed'), dict(name='c', **NOTHING))
        self.good(dict(via='wdf', slot='?', since_wdf='?'), dict(name='b', via='wdf', slot='?',
                                                                 since_wdf='13'))
        self.good(dict(via='interface', slot='0x28', slot_x86='0x18', **NOTHING))
        self.good(dict(demands='"quoted" \\ and ??/ trigraph'))

    def test_text_is_quoted(self):
        text = self.good(dict(demands='a "b" \\n ??/'))
        self.assertIn(r'"a \"b\" \\n ?\?/"', text)

    def test_every_way(self):
        for via, more in (('import', {}), ('inline', dict(target='x')),
                          ('wdf', dict(slot='1', since_wdf='0')),
                          ('extended', dict(slot='1', target='x')), ('method', dict(slot='1')),
                          ('inbound', dict(slot='1')),
                          ('interface', dict(slot='8', slot_x86='4')), ('internal', {})):
            self.assertIn('HVC_VIA_' + via.upper(), self.good(dict(via=via, **more)))

    def test_unknown_words(self):
        self.bad('unknown via "imports"', dict(via='imports'))
        self.bad('unknown kind "POOLTYPE"', dict(kind='POOLTYPE'))
        self.bad('unknown predicate "pool"', dict(predicate='pool'))
        self.bad('unknown counter "pool_type"', dict(counter='pool_type'))
        self.bad('unknown counter "section_alignment"', dict(counter='section_alignment'))
        self.bad('unknown counted "maybe"', dict(counted='maybe'))
        self.bad('unknown wide "1"', dict(wide='1'))
        self.bad('unknown page ""', dict(page=''))
        self.bad('unknown advice "Yes"', dict(advice='Yes'))

    def test_numbers(self):
        self.bad('argument "x" is no number', dict(argument='x'))
        self.bad('argument "" is no number', dict(argument=''))
        self.bad('out of range', dict(argument='-2'))
        self.bad('out of range', dict(argument='99'))
        self.bad('is no number', dict(x86_stack='0xg'))
        self.bad('cannot hold argument 2', dict(argument='2', x86_stack='0x4'))
        self.bad('cannot hold argument 0', dict(x86_stack='0x2'))
        self.bad('is no number', dict(via='method', slot='?'))

    def test_what_goes_together(self):
        for column in ('argument', 'kind', 'predicate', 'x86_stack'):
            self.bad('no ' + column, {column: '-'})
        self.bad('does not fit', dict(kind='PAGE_PROTECTION'))
        self.bad('does not fit', dict(predicate='no_execute_flag'))
        self.bad('wide without argument', {**NOTHING, 'wide': 'yes'})
        self.bad('counted goes together', dict(counted='-'))
        self.bad('counted goes together', dict(counter='none'))
        self.bad('needs a predicate', {**NOTHING, 'counter': 'execute_pool_type',
                                       'counted': 'yes'})
        self.bad('needs a predicate', dict(kind='MEMORY_CACHING_TYPE', predicate='cached'))
        self.bad('no counter catches', dict(advice='yes'))
        self.bad('target goes together', dict(target='ExBar'))
        self.bad('target goes together', dict(via='inline'))
        self.bad('slot goes together', dict(slot='1'))
        self.bad('slot goes together', dict(via='method'))
        self.bad('slot_x86 goes together', dict(slot_x86='1'))
        self.bad('slot_x86 goes together', dict(via='interface', slot='1'))
        self.bad('since_wdf goes together', dict(since_wdf='1'))
        self.bad('since_wdf goes together', dict(via='wdf', slot='1'))

    def test_texts(self):
        for column in ('name', 'module', 'demands', 'behaviour', 'remediation', 'source'):
            self.bad(column + ' is missing', {column: '-'})
            self.bad(column + ' is empty', {column: ''})
            self.bad('blanks around', {column: ' x'})
            self.bad('printable ASCII', {column: 'caf\u00e9'})
        self.bad('printable ASCII', dict(demands='bell\a'))

    def test_invalid_utf8(self):
        lines = self.rows({})
        lines[-1] = lines[-1].replace(b'Demand.', b'\xff\xfe')
        self.bad_lines('printable ASCII', lines, 3)

    def test_columns(self):
        lines = self.rows({})
        self.bad_lines('columns instead of', lines[:2] + [lines[2] + b'\tmore'], 3)
        self.bad_lines('columns instead of', lines[:2] + [b'ExFoo'], 3)
        self.bad_lines('columns instead of', lines + [b''], 4)
        self.bad_lines('must name the columns', [lines[0], lines[2]], 2)
        self.bad_lines('no columns', [b'# nothing'], 1)

    def test_rows_together(self):
        self.bad('in the table already (rows.tsv:3)', {}, {})
        self.bad('in the table already (rows.tsv:3)', {}, dict(name='EXFOO'))
        wdf = dict(via='wdf', slot='7', since_wdf='0')
        self.bad('slot 7 is that of ExFoo already', wdf, dict(name='b', **wdf))
        self.good(wdf, dict(name='b', module='other.sys', **wdf))
        self.bad('is not judged as ExFoo', {}, {**INLINE, **NOTHING})
        self.bad('is not judged as ExFoo', {}, dict(INLINE, argument='1', x86_stack='4'))


if __name__ == '__main__':
    unittest.main()
