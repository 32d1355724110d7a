#!/usr/bin/env python3
"""Reports of chosen fixtures are, letter by letter, those in tests/golden/.

  test_golden.py --rebase     writes them anew; read the difference before keeping it

The golden reports belong to the fixtures as the toolchains of Debian 12 build them. What changes
with every touch of a fixture (hashes, timestamps, the PDB's GUID, the program's version) is left
out."""
import difflib
import os
import re
import sys

import harness
from harness import require

CHOSEN = [
    'clean-lld-x64.sys', 'clean-lld-x86.sys', 'clean-lld-arm64.sys', 'clean-mingw-x64.sys',
    'wx-own-lld-x64.sys', 'wx-init-discardable-lld-x64.sys', 'wx-discardable-lld-arm64.sys',
    'align-512-lld-x86.sys', 'align-512-lld-arm64.sys', 'iat-in-text-lld-x64.sys',
    'iat-absent-in-text-lld-x86.sys', 'reloc-bad-struct-lld-x64.sys',
    'reloc-highlow-in-64-lld-arm64.sys', 'tail-discardable-lld-x64.sys', 'packed-lld-x86.sys',
    'no-nx-lld-arm64.sys', 'checksum-wrong-lld-x64.sys', 'version-pdb-lld-x64.sys',
    'ddi-decided-lld-x64.sys', 'ddi-bad-lld-x64.sys', 'ddi-bad-lld-x86.sys', 'ddi-open-lld-arm64.sys',
    'ddi-advice-lld-x86.sys', 'ddi-wdf-lld-arm64.sys',
    'native-program-lld-x64.exe', 'section-unaligned-lld-x64.sys',
]
FORMS = [('json', ['--format', 'json'], '.json'),
         ('text', ['--format', 'text', '--verbose'], '.txt')]
UNSTABLE = [
    (re.compile(r'"sha256": "[0-9a-f]{64}"'), '"sha256": "..."'),
    (re.compile(r'"timestamp": \d+'), '"timestamp": 0'),
    (re.compile(r'"pdb_guid": "\{[^}]*\}"'), '"pdb_guid": "{...}"'),
    (re.compile(r'("name": "hvcheck",\s*"version": )"[^"]*"'), r'\1"..."'),
]


def produce(arguments, name):
    done = harness.run('scan', *arguments, name, cwd=harness.place('HVC_FIXTURES'))
    require(done.returncode in (0, 1, 3, 5), 'exit code %d' % done.returncode)
    text = done.stdout.decode('utf-8')
    for pattern, replacement in UNSTABLE:
        text = pattern.sub(replacement, text)
    return 'exit code %d\n%s' % (done.returncode, text)


def golden_path(name, suffix):
    return harness.source('tests', 'golden', name + suffix)


def compare(arguments, name, suffix):
    with open(golden_path(name, suffix), encoding='utf-8') as golden:
        wanted = golden.read().splitlines()
    found = produce(arguments, name).splitlines()
    if found != wanted:
        raise AssertionError('\n'.join(difflib.unified_diff(wanted, found, 'golden', 'found',
                                                            lineterm='', n=2)))


def compare_files():
    wanted = {os.path.basename(golden_path(name, suffix)) for name in CHOSEN for _, _,
              suffix in FORMS}
    harness.equal(set(os.listdir(harness.source('tests', 'golden'))), wanted,
                  'files in tests/golden')


def rebase():
    folder = harness.source('tests', 'golden')
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):
        os.unlink(os.path.join(folder, name))
    for name in CHOSEN:
        for _, arguments, suffix in FORMS:
            with open(golden_path(name, suffix), 'w', encoding='utf-8') as golden:
                golden.write(produce(arguments, name))
    print('ok 1 - %d golden reports written' % (len(CHOSEN) * len(FORMS)))
    print('1..1')


def main():
    if sys.argv[1:] == ['--rebase']:
        rebase()
        return
    tap = harness.Tap()
    for name in CHOSEN:
        for form, arguments, suffix in FORMS:
            tap.case('%s as %s' % (name, form), compare, arguments, name, suffix)
    tap.case('no other files', compare_files)
    tap.done()


if __name__ == '__main__':
    main()
