#!/usr/bin/env python3
"""What capable and ready say of recorded machines is, letter by letter, what stands in
tests/golden-machine/.

  test_machine_golden.py --rebase     writes it anew; read the difference before keeping it

Colours are shown as <red>...</>, a carriage return as <CR>."""
import difflib
import json
import os
import re
import sys

import harness
import machines
from harness import require

COLORS = [('\x1b[31m', '<red>'), ('\x1b[32m', '<green>'), ('\x1b[33m', '<yellow>'),
          ('\x1b[0m', '</>'), ('\r', '<CR>')]
VERSION = re.compile(r'("name": "hvcheck",\s*"version": )"[^"]*"')
AS_JSON = {'good', 'drivers-incompatible', 'nothing-known', 'all', 'unknown'}


def runs():
    """(file name in tests/golden-machine, verb, facts, options)"""
    for verb, cases in (('capable', machines.CAPABLE), ('ready', machines.READY)):
        for name, facts, all_options in cases:
            for options in all_options:
                stem = '-'.join([verb, name] + [option.strip('-') for option in options])
                yield stem + '.txt', verb, facts, options + ['--color', 'always']
                if name in AS_JSON:
                    yield stem + '.json', verb, facts, options + ['--format', 'json']


def produce(folder, verb, facts, options):
    path = os.path.join(folder, 'facts.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(facts, file)
    done = harness.run(verb, '--facts', path, *options)
    require(done.returncode in (0, 1, 5), 'exit code %d: %s' % (done.returncode, done.stderr))
    harness.equal(done.stderr, b'', 'standard error')
    text = done.stdout.decode('utf-8')
    if '--format' in options:
        text = VERSION.sub(r'\1"..."', text)
    else:
        for code, word in COLORS:
            text = text.replace(code, word)
        require('\x1b' not in text, 'an escape sequence')
    return 'exit code %d\n%s' % (done.returncode, text)


def golden_path(name):
    return harness.source('tests', 'golden-machine', name)


def compare(folder, name, verb, facts, options):
    with open(golden_path(name), encoding='utf-8') as golden:
        wanted = golden.read().split('\n')
    found = produce(folder, verb, facts, options).split('\n')
    if found != wanted:
        raise AssertionError('\n'.join(difflib.unified_diff(wanted, found, 'golden', 'found',
                                                            lineterm='', n=2)))


def compare_files():
    harness.equal(sorted(os.listdir(harness.source('tests', 'golden-machine'))),
                  sorted(name for name, *_ in runs()), 'files in tests/golden-machine')


def check_facts():
    try:
        import jsonschema
    except ImportError as error:
        raise harness.Skip('no jsonschema') from error
    with open(harness.source('data', 'schema', 'facts-1.json'), encoding='utf-8') as file:
        validator = jsonschema.Draft7Validator(json.load(file))
    for cases in (machines.CAPABLE, machines.READY):
        for name, facts, _ in cases:
            for error in validator.iter_errors(facts):
                raise AssertionError('%s: %s' % (name, error.message))


def rebase(folder):
    target = harness.source('tests', 'golden-machine')
    os.makedirs(target, exist_ok=True)
    for name in os.listdir(target):
        os.unlink(os.path.join(target, name))
    count = 0
    for name, *case in runs():
        with open(golden_path(name), 'w', encoding='utf-8') as golden:
            golden.write(produce(folder, *case))
        count += 1
    print('ok 1 - %d golden outputs written\n1..1' % count)


def main():
    with harness.folder() as folder:
        if sys.argv[1:] == ['--rebase']:
            rebase(folder)
            return
        tap = harness.Tap()
        tap.case('the recorded facts follow the schema', check_facts)
        for name, *case in runs():
            tap.case(name, compare, folder, name, *case)
        tap.case('no other files', compare_files)
        tap.done()


if __name__ == '__main__':
    main()
