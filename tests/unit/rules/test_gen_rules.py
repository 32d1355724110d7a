#!/usr/bin/env python3
"""tools/gen_rules.py: what it takes, and that every mistake in a rule is an error with its place.

usage: test_gen_rules.py GENERATOR
"""
import os
import subprocess
import sys
import tempfile
import unittest

GENERATOR = os.path.abspath(sys.argv.pop(1))
FRONT = dict(id='HVC2003', name='some-rule', title='Some rule', judge='verifier', level='error',
             counter='execute_write_section', verifier_code='0x2003', since='1507', until='none',
             fix='Do not.')
BODY = """## Why
Because.

## Consequence
None.

## How to fix
So.

### Microsoft's tools
Such.

### Other toolchains
Others.

## Windows versions
All.
"""
BODY_START = len(FRONT) + 3
LOADER = dict(id='HVC3001', name='another', judge='load', counter='none', verifier_code='none')


def rule(change=None, body=BODY):
    values = {**FRONT, **(change or {})}
    lines = ''.join('%s: %s\n' % pair for pair in values.items() if pair[1] is not None)
    return '---\n' + lines + '---\n' + body


class Generator(unittest.TestCase):
    def run_on(self, rules, listed):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name, text in [('rules.list', listed)] + rules:
                paths.append(os.path.join(folder, name))
                with open(paths[-1], 'wb') as file:
                    file.write(text.encode())
            output = os.path.join(folder, 'table.c')
            done = subprocess.run([sys.executable, GENERATOR, output] + paths,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            text = None
            if os.path.exists(output):
                with open(output, encoding='ascii') as file:
                    text = file.read()
            return done.returncode, done.stderr.decode().replace(folder + os.sep, ''), text

    def good(self, rules, listed):
        code, errors, text = self.run_on(rules, listed)
        self.assertEqual((code, errors), (0, ''))
        return text

    def bad(self, place, expected, rules, listed='HVC_RULE(HVC2003, some_rule)\n'):
        code, errors, text = self.run_on(rules, listed)
        self.assertNotEqual(code, 0, expected)
        self.assertIsNone(text)
        self.assertTrue(errors.startswith(place + ': '), errors)
        self.assertIn(expected, errors)

    def bad_value(self, key, value, expected):
        line = list(FRONT).index(key) + 2
        self.bad('HVC2003.md:%d' % line, expected, [('HVC2003.md', rule({key: value}))])

    def bad_body(self, line, expected, body):
        self.bad('HVC2003.md:%d' % (BODY_START + line - 1), expected,
                 [('HVC2003.md', rule(body=body))])

    def test_good_rules(self):
        text = self.good([('HVC3001.md', rule(LOADER)), ('HVC2003.md', rule())],
                         '/* two\n * lines */\nHVC_RULE(HVC2003, some_rule)\n'
                         'HVC_RULE(HVC3001, another)\n')
        self.assertLess(text.index('"HVC2003"'), text.index('"HVC3001"'))
        for part in ('.verifier_code = 0x2003', '.verifier_code = 0,', '.until = NULL',
                     '.judge = HVC_JUDGE_LOADER', '"## Why\\n"'):
            self.assertIn(part, text)

    def test_text_is_quoted(self):
        text = self.good([('HVC2003.md', rule(body=BODY.replace('So.', 'a "b" \\ ??/')))],
                         'HVC_RULE(HVC2003, some_rule)\n')
        self.assertIn(r'"a \"b\" \\ ?\?/\n"', text)

    def test_values(self):
        self.bad_value('id', 'HVC2004', 'not the name of the file')
        self.bad_value('name', 'Some rule', 'small letters')
        self.bad_value('judge', 'loader', 'unknown judge')
        self.bad_value('level', 'fatal', 'unknown level')
        self.bad_value('counter', 'relocs', 'unknown counter')
        self.bad_value('counter', 'none', 'goes together')
        self.bad_value('verifier_code', '2003', 'hexadecimal')
        self.bad_value('since', '10', 'must be a Windows version')
        self.bad_value('since', 'none', 'must be a Windows version')
        self.bad_value('since', '21H3', 'must be a Windows version')
        self.bad_value('until', 'now', 'must be a Windows version')
        self.bad_value('fix', 'No stop', 'full stop')
        self.bad_value('fix', 'x' * 100 + '.', 'longer than')
        self.bad_value('title', 'A title.', 'full stop')
        self.bad('HVC3001.md:8', 'goes together with judge verifier',
                 [('HVC3001.md', rule({**LOADER, 'verifier_code': '0x2000'}))])

    def test_front_matter(self):
        self.bad('HVC2003.md:1', 'no front matter', [('HVC2003.md', BODY)])
        self.bad('HVC2003.md:1', 'no front matter', [('HVC2003.md', '\n')])
        self.bad('HVC2003.md:11', 'missing: fix', [('HVC2003.md', rule(dict(fix=None)))])
        self.bad('HVC2003.md:2', 'not "key: value"', [('HVC2003.md', '---\nid\n---\n')])
        self.bad('HVC2003.md:2', 'not "key: value"', [('HVC2003.md', '---\nid:\n---\n')])
        self.bad('HVC2003.md:12', 'unknown key', [('HVC2003.md', rule(dict(more='x')))])
        # A fix of two lines is a line that is no key.
        self.bad('HVC2003.md:12', 'not "key: value"',
                 [('HVC2003.md', rule(dict(fix='Do not,\nnever ever.')))])
        self.bad('HVC2003.md:3', 'is there already',
                 [('HVC2003.md', '---\nid: HVC2003\nid: HVC2003\n---\n')])
        self.bad('HVC2003.md:2', 'has no end', [('HVC2003.md', '---\nid: HVC2003\n')])

    def test_sections(self):
        self.bad_body(4, '"## Consequence" is missing', BODY.replace('## Consequence', '## Result'))
        self.bad_body(16, '"## Windows versions" is missing',
                      BODY[:BODY.index('## Windows')] + 'And so on.\n')
        self.bad_body(4, 'missing or not in its place',
                      BODY.replace('## Consequence', '## X').replace('## How to fix',
                                                                     '## Consequence'))
        self.bad_body(16, 'is empty', BODY.replace('All.\n', ''))
        self.bad_body(4, 'is empty', BODY.replace('None.\n', ''))
        self.bad_body(18, 'unknown section', BODY + '## More\ntext\n')
        self.bad_body(1, 'text before', 'Hello.\n' + BODY)
        self.bad_body(2, 'longer than', BODY.replace('Because.', 'x' * 121))
        self.bad_body(1, 'the text is longer', BODY + 'All, really all.\n' * 400)

    def test_bytes(self):
        self.bad_body(2, 'ASCII', BODY.replace('Because.', 'Caf\u00e9'))
        self.bad_body(2, 'blanks at the end', BODY.replace('Because.', 'Because. '))
        self.bad_body(2, 'ASCII', BODY.replace('Because.', 'Because.\r'))
        self.bad_body(17, 'has no end', BODY[:-1])

    def test_list(self):
        ours = [('HVC2003.md', rule())]
        self.bad('rules.list:2', 'there is no HVC2004.md', ours,
                 'HVC_RULE(HVC2003, some_rule)\nHVC_RULE(HVC2004, x)\n')
        self.bad('HVC3001.md:2', 'is not in rules.list', ours + [('HVC3001.md', rule(LOADER))])
        self.bad('rules.list:1', 'names it some-rule', ours, 'HVC_RULE(HVC2003, some_rules)\n')
        self.bad('rules.list:1', 'not HVC_RULE', ours, 'RULE(HVC2003, some_rule)\n')
        self.bad('rules.list:1', 'not HVC_RULE', ours, 'HVC_RULE(HVC2003, some_rule);\n')
        self.bad('rules.list:2', 'ascending', ours, 'HVC_RULE(HVC2003, some_rule)\n' * 2)
        self.bad('HVC3001.md:3', 'is the name of HVC2003 already',
                 ours + [('HVC3001.md', rule({**LOADER, 'name': 'some-rule'}))],
                 'HVC_RULE(HVC2003, some_rule)\nHVC_RULE(HVC3001, some_rule)\n')


if __name__ == '__main__':
    unittest.main()
