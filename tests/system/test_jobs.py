#!/usr/bin/env python3
"""The report is the same, byte for byte, whatever the number of jobs."""
import os
import shutil
import sys

import harness
from harness import equal, require

sys.path.insert(0, harness.source('tests', 'tools'))
import malform  # noqa: E402


def make_tree(folder):
    """All fixtures, damaged files and files that are no drivers, over some folders; returns the
    number of drivers that must be found at least."""
    fixtures = [entry['file'] for entry in harness.manifest()]
    for number, name in enumerate(fixtures):
        target = os.path.join(folder, 'part%d' % (number % 5), 'deep' if number % 3 else '.')
        os.makedirs(target, exist_ok=True)
        shutil.copy(harness.fixture(name), target)
    damaged = os.path.join(folder, 'damaged')
    os.makedirs(damaged)
    for group, name, _, data in malform.build(harness.place('HVC_FIXTURES')):
        with open(os.path.join(damaged, malform.file_name(group, name)), 'wb') as image:
            image.write(data)
    with open(os.path.join(folder, 'part1', 'notes.txt'), 'w', encoding='utf-8') as text:
        text.write('no driver\n')
    return sum(1 for entry in harness.manifest() if entry['kind'] in ('driver', 'export-driver'))


def check(tree, form, drivers):
    runs = {jobs: harness.run('scan', '--format', form, '--jobs', str(jobs), '.', cwd=tree)
            for jobs in (1, 2, 8)}
    first = runs[1]
    require(len(first.stdout) > 0, 'nothing is printed')
    require(first.stdout.count(b'-lld-x64.sys') >= drivers // 5, 'the tree was not scanned')
    for jobs in (2, 8):
        equal(runs[jobs].returncode, first.returncode, 'exit code with %d jobs' % jobs)
        require(runs[jobs].stdout == first.stdout, '--jobs %d prints something else' % jobs)
        equal(runs[jobs].stderr, first.stderr, 'standard error with %d jobs' % jobs)
    # the default, one job per processor
    default = harness.run('scan', '--format', form, '.', cwd=tree)
    require(default.stdout == first.stdout, 'the default prints something else')


def check_count(tree, drivers):
    _, report = harness.scan_json('--jobs', '8', tree)
    require(report['summary']['drivers'] >= drivers,
            'found %d drivers' % report['summary']['drivers'])
    paths = [driver['path'] for driver in report['drivers']]
    equal(paths, sorted(paths, key=lambda path: path.split('/')), 'order')


def main():
    tap = harness.Tap()
    with harness.folder() as tree:
        drivers = make_tree(tree)
        tap.case('drivers in order', check_count, tree, drivers)
        for form in harness.FORMATS:
            tap.case(form, check, tree, form, drivers)
        tap.case('several paths', check_paths, tree)
    tap.done()


def check_paths(tree):
    paths = ['part3', 'damaged', 'part0', 'part3']
    outputs = {harness.run('scan', '--format', 'json', '--jobs', str(jobs), *paths, cwd=tree).stdout
               for jobs in (1, 8)}
    equal(len(outputs), 1, 'different reports')


if __name__ == '__main__':
    main()
