#!/usr/bin/env python3
"""tools/gen_imports.py: what it takes, and that every mistake in a row is an error with its file and line.

usage: test_gen_imports.py GENERATOR
"""
import os
import subprocess
import sys
import tempfile
import unittest

GENERATOR = os.path.abspath(sys.argv.pop(1))
COLUMNS = ['name', 'x86_call', 'x86_stack', 'returns', 'memory']


class Generator(unittest.TestCase):
    def run_on(self, *rows, columns=COLUMNS):
        with tempfile.TemporaryDirectory() as folder:
            table = os.path.join(folder, 'rows.tsv')
            output = os.path.join(folder, 'table.c')
            with open(table, 'w', encoding='latin-1') as file:
                file.write('# A comment.\n' + '\t'.join(columns) + '\n')
                file.writelines(row.replace(' ', '\t').replace('_', ' ') + '\n' for row in rows)
            done = subprocess.run([sys.executable, GENERATOR, output, table],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            text = None
            if os.path.exists(output):
                with open(output, encoding='ascii') as file:
                    text = file.read()
            return done.returncode, done.stderr.decode().replace(table, 'rows.tsv'), text

    def refused(self, message, *rows, **keywords):
        status, errors, text = self.run_on(*rows, **keywords)
        self.assertNotEqual(status, 0)
        self.assertIn(message, errors)
        self.assertTrue(errors.startswith('rows.tsv:'), errors)
        self.assertIsNone(text)

    def test_good_rows(self):
        status, errors, text = self.run_on('Absent absent - yes 0:8', 'Cdecl cdecl 0 yes none',
                                           'Ends stdcall 4 never -', 'Fast fastcall 4 yes pure',
                                           'Plain - - yes none', 'Std stdcall 12 yes 0:0_2:16')
        self.assertEqual((status, errors), (0, ''))
        for line in ('{"Absent", -1, false, false, false, true, 1, {{0, 8}}},',
                     '{"Cdecl", 0, false, false, false, true, 0, {{0, 0}}},',
                     '{"Ends", 4, false, true, false, false, 0, {{0, 0}}},',
                     '{"Fast", 4, true, false, true, true, 0, {{0, 0}}},',
                     '{"Plain", -1, false, false, false, true, 0, {{0, 0}}},',
                     '{"Std", 12, false, false, false, true, 2, {{0, 0}, {2, 16}}},',
                     'const size_t hvc_import_count = 6;'):
            self.assertIn(line, text)

    def test_form(self):
        self.refused('rows.tsv:2: the first line must name the columns', columns=COLUMNS[:-1])
        self.refused('rows.tsv:1: no rows')
        self.refused('rows.tsv:3: 4 columns instead of 5', 'A cdecl 0 yes')
        self.refused('rows.tsv:4: A: is there twice', 'A cdecl 0 yes -', 'A cdecl 0 yes -')
        self.refused('rows.tsv:4: A: is there twice, or not in order', 'B cdecl 0 yes -',
                     'A cdecl 0 yes -')

    def test_values(self):
        for message, row in (
                ('is no name', 'A@4 stdcall 4 yes -'), ('is no name', '\xe9 stdcall 4 yes -'),
                ('unknown x86_call "pascal"', 'A pascal 4 yes -'),
                ('x86_stack "four"', 'A stdcall four yes -'), ('x86_stack "-4"', 'A stdcall -4 yes -'),
                ('x86_stack "04"', 'A stdcall 04 yes -'), ('x86_stack "128"', 'A stdcall 128 yes -'),
                ('whole words', 'A stdcall 6 yes -'),
                ('unknown returns "no"', 'A stdcall 4 no -'),
                ('is not argument:size', 'A stdcall 4 yes some'),
                ('argument "x"', 'A stdcall 4 yes x:4'), ('size "x"', 'A stdcall 4 yes 0:x'),
                ('size "4097"', 'A stdcall 4 yes 0:4097'), ('argument "12"', 'A cdecl 0 yes 12:4'),
                ('not in order', 'A cdecl 0 yes 1:4_0:4'), ('there twice', 'A cdecl 0 yes 0:4_0:8'),
                ('more than 6', 'A cdecl 0 yes 0:1_1:1_2:1_3:1_4:1_5:1_6:1')):
            self.refused('rows.tsv:3: ', row)
            self.refused(message, row)

    def test_contradictions(self):
        for message, row in (
                ('without a calling convention', 'A - 4 yes -'),
                ('without a calling convention', 'A absent 4 yes 0:4'),
                ('without x86_stack', 'A stdcall - yes none'),
                ('cdecl functions leave', 'A cdecl 4 yes -'),
                ('on the x86 stack', 'A fastcall 4 yes 0:4'), ('on the x86 stack', 'A - - yes 0:4'),
                ('argument 1 is not among its 4 bytes', 'A stdcall 4 yes 1:4'),
                ('where it never returns', 'A stdcall 4 never pure'),
                ('nothing is known', 'A - - yes -')):
            self.refused(message, row)


if __name__ == '__main__':
    unittest.main()
