#!/usr/bin/env python3
"""Generates the table of rules (C) from data/rules/*.md and src/rules/rules.list.

usage: gen_rules.py OUTPUT RULES.LIST MD...

Everything that is wrong with a rule is an error with its file and line.
"""
import os
import re
import sys

KEYS = 'id name title judge level counter verifier_code since until fix'.split()
JUDGES = {'verifier': 'HVC_JUDGE_VERIFIER', 'load': 'HVC_JUDGE_LOADER',
          'practice': 'HVC_JUDGE_PRACTICE'}
LEVELS = {'error': 'HVC_LEVEL_ERROR', 'warning': 'HVC_LEVEL_WARNING', 'note': 'HVC_LEVEL_NOTE'}
COUNTERS = {'execute_pool_type': 'HVC_COUNTER_POOL_TYPE',
            'execute_page_protection': 'HVC_COUNTER_PAGE_PROTECTION',
            'execute_page_mapping': 'HVC_COUNTER_PAGE_MAPPING',
            'execute_write_section': 'HVC_COUNTER_EXECUTE_WRITE',
            'section_alignment': 'HVC_COUNTER_ALIGNMENT',
            'unsupported_relocs': 'HVC_COUNTER_RELOCS',
            'iat_in_executable_section': 'HVC_COUNTER_IAT', 'none': 'HVC_COUNTER_NONE'}
SECTIONS = ['## Why', '## Consequence', '## How to fix', "### Microsoft's tools",
            '### Other toolchains', '## Windows versions']
VERSION = re.compile(r'(1507|1511|1607|1703|1709|1803|1809|1903|1909|2004|2[0-9]H[12])$')
LINE = re.compile(r'HVC_RULE\((HVC[0-9]{4}), ([a-z0-9_]+)\)$')
MAX_LINE = 120
MAX_ONE_LINE = 100
# What every C compiler must take as one string.
MAX_TEXT = 4095


class Fault(Exception):
    """Something wrong at a place in a file."""

    def __init__(self, path, number, text):
        super().__init__('%s:%d: %s' % (path, number, text))


def read_lines(path):
    with open(path, encoding='ascii', errors='surrogateescape', newline='\n') as file:
        lines = file.read().split('\n')
    if lines[-1] != '':
        raise Fault(path, len(lines), 'the last line has no end')
    lines.pop()
    for number, line in enumerate(lines, 1):
        if not line.isascii() or line != line.rstrip() or (line and not line.isprintable()):
            raise Fault(path, number, 'characters other than printable ASCII, or blanks at the end')
    return lines


class Rule:
    """One rule's file."""

    def __init__(self, path):
        self.path = path
        lines = read_lines(path)
        self.values, body = self.read_front_matter(lines)
        self.check_values()
        self.text = self.read_body(lines, body)

    def fail(self, number, text):
        raise Fault(self.path, number, text)

    def read_front_matter(self, lines):
        if not lines or lines[0] != '---':
            self.fail(1, 'no front matter: the first line must be ---')
        values = {}
        for number, line in enumerate(lines[1:], 2):
            if line == '---':
                missing = [key for key in KEYS if key not in values]
                if missing:
                    self.fail(number, 'missing: ' + ', '.join(missing))
                self.numbers = {key: place for key, (_, place) in values.items()}
                return {key: value for key, (value, _) in values.items()}, number
            key, colon, value = line.partition(': ')
            if not colon or not value.strip():
                self.fail(number, 'not "key: value" (a value is one line and not empty)')
            if key not in KEYS:
                self.fail(number, 'unknown key "%s"' % key)
            if key in values:
                self.fail(number, '%s is there already' % key)
            values[key] = (value, number)
        return self.fail(len(lines), 'the front matter has no end')

    def choose(self, key, choices):
        if self.values[key] not in choices:
            self.fail(self.numbers[key], 'unknown %s "%s"' % (key, self.values[key]))

    def check_values(self):
        values = self.values
        if os.path.basename(self.path) != values['id'] + '.md':
            self.fail(self.numbers['id'], 'id %s is not the name of the file' % values['id'])
        if not re.match(r'[a-z0-9]+(-[a-z0-9]+)*$', values['name']):
            self.fail(self.numbers['name'], 'name must be small letters, digits and -')
        self.choose('judge', JUDGES)
        self.choose('level', LEVELS)
        self.choose('counter', COUNTERS)
        if (values['judge'] == 'verifier') != (values['counter'] != 'none'):
            self.fail(self.numbers['counter'], 'a counter goes together with judge verifier')
        if not re.match(r'(none|0x[0-9A-Fa-f]+)$', values['verifier_code']):
            self.fail(self.numbers['verifier_code'], 'verifier_code must be hexadecimal or none')
        if values['verifier_code'] != 'none' and values['judge'] != 'verifier':
            self.fail(self.numbers['verifier_code'], 'a code goes together with judge verifier')
        for key in ('since', 'until'):
            if not VERSION.match(values[key]) and not (key == 'until' and values[key] == 'none'):
                self.fail(self.numbers[key], '%s must be a Windows version (1507)' % key)
        for key in ('title', 'fix'):
            if len(values[key]) > MAX_ONE_LINE:
                self.fail(self.numbers[key], '%s is longer than %d' % (key, MAX_ONE_LINE))
        if values['title'].endswith('.'):
            self.fail(self.numbers['title'], 'a title ends without a full stop')
        if not values['fix'].endswith('.'):
            self.fail(self.numbers['fix'], 'a fix ends with a full stop')

    def read_body(self, lines, start):
        headings = [(line, number) for number, line in enumerate(lines[start:], start + 1)
                    if line.startswith('#')]
        for number, expected in enumerate(SECTIONS):
            if number >= len(headings) or headings[number][0] != expected:
                place = headings[number][1] if number < len(headings) else len(lines)
                self.fail(place, 'the section "%s" is missing or not in its place' % expected)
        if len(headings) > len(SECTIONS):
            self.fail(headings[len(SECTIONS)][1], 'unknown section')
        if headings[0][1] != start + 1:
            self.fail(start + 1, 'text before the first section')
        ends = [number for _, number in headings[1:]] + [len(lines) + 1]
        for (heading, number), end in zip(headings, ends):
            if not any(lines[number:end - 1]):
                self.fail(number, 'the section "%s" is empty' % heading)
        for number, line in enumerate(lines, 1):
            if number > start and len(line) > MAX_LINE:
                self.fail(number, 'longer than %d' % MAX_LINE)
        text = '\n'.join(lines[start:]) + '\n'
        if len(text) > MAX_TEXT:
            self.fail(start + 1, 'the text is longer than %d' % MAX_TEXT)
        return text


def read_list(path):
    """The lines of rules.list: (id, name, line number)."""
    entries = []
    comment = False
    for number, line in enumerate(read_lines(path), 1):
        if comment or line.startswith('/*'):
            comment = '*/' not in line
            continue
        match = LINE.match(line)
        if not match:
            raise Fault(path, number, 'not HVC_RULE(HVCnnnn, name)')
        if entries and entries[-1][0] >= match[1]:
            raise Fault(path, number, '%s is not in ascending order' % match[1])
        entries.append((match[1], match[2], number))
    return entries


def join(entries, rules, path):
    """The rules in the order of the list; each must be in both."""
    by_id = {rule.values['id']: rule for rule in rules}
    joined = []
    for rule_id, name, number in entries:
        rule = by_id.pop(rule_id, None)
        if rule is None:
            raise Fault(path, number, 'there is no %s.md' % rule_id)
        if rule.values['name'].replace('-', '_') != name:
            raise Fault(path, number, '%s.md names it %s' % (rule_id, rule.values['name']))
        joined.append(rule)
    for rule in by_id.values():
        rule.fail(rule.numbers['id'], 'is not in rules.list')
    names = {}
    for rule in joined:
        other = names.setdefault(rule.values['name'], rule)
        if other is not rule:
            rule.fail(rule.numbers['name'], 'is the name of %s already' % other.values['id'])
    return joined


def quoted(text):
    text = text.replace('\\', '\\\\').replace('"', '\\"').replace('??', '?\\?')
    return '"%s"' % text.replace('\n', '\\n')


def write(rules, out):
    out.write('/* Generated by tools/gen_rules.py from data/rules/: edit these instead. */\n'
              '#include "rules/checks.h"\n\n'
              'const hvc_rule hvc_rule_table[HVC_RULE_COUNT] = {\n')
    for rule in rules:
        values = rule.values
        code = '0' if values['verifier_code'] == 'none' else values['verifier_code']
        until = 'NULL' if values['until'] == 'none' else quoted(values['until'])
        lines = rule.text.split('\n')[:-1]
        text = '\n            '.join(quoted(line + '\n') for line in lines)
        fields = [('id', quoted(values['id'])), ('name', quoted(values['name'])),
                  ('title', quoted(values['title'])), ('judge', JUDGES[values['judge']]),
                  ('level', LEVELS[values['level']]), ('counter', COUNTERS[values['counter']]),
                  ('verifier_code', code), ('since', quoted(values['since'])), ('until', until),
                  ('fix', quoted(values['fix'])), ('text', text)]
        out.write('    {\n%s    },\n' % ''.join('        .%s = %s,\n' % field for field in fields))
    out.write('};\n')


def main(arguments):
    if len(arguments) < 2:
        raise SystemExit(__doc__)
    try:
        entries = read_list(arguments[1])
        rules = join(entries, [Rule(path) for path in arguments[2:]], arguments[1])
    except (Fault, OSError) as fault:
        raise SystemExit(str(fault)) from None
    with open(arguments[0], 'w', encoding='ascii', newline='\n') as out:
        write(rules, out)


if __name__ == '__main__':
    main(sys.argv[1:])
