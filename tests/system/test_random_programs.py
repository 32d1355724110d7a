#!/usr/bin/env python3
"""What is said of the calls of random drivers is what they do: each is compiled for every architecture, by both
compilers and at every level of optimisation, run under an emulator with random inputs, and at every
call that was seen the value of the deciding argument must be among those that the scan predicts for
it. A call that the scan does not list is a failure too; one whose values it leaves open is not.

  test_random_programs.py [--seeds FIRST-LAST] [--size N] [--keep FOLDER] [--configurations NAME...]
                          [--programs NAME...]

tests/tools/random_program.py writes the drivers, tests/tools/run_driver.c runs them; random/ holds those
with which something was wrong once, cut down, and those for what is easily concluded wrongly; they are tried
along with the usual seeds, or alone with --programs. --keep leaves
the source and the image of each driver with a wrong prediction there."""
import argparse
import concurrent.futures
import json
import os
import re
import shutil
import sys
from collections import Counter

import harness
from harness import require

sys.path[:0] = [harness.source('tests', 'drivers'), harness.source('tests', 'tools')]
import build  # noqa: E402
import random_program  # noqa: E402

RUNS = 25
SEEDS = '1-3'
CONFIGURATIONS = ['%s-%s-%s' % (tool, arch, opt)
                  for tool, arch in (('lld', 'x64'), ('lld', 'x86'), ('lld', 'arm64'),
                                     ('mingw', 'x64'), ('mingw', 'x86'))
                  for opt in ('O0', 'O1', 'O2', 'Os')]
IMPORTS = '''LIBRARY ntoskrnl.exe
EXPORTS
ExAllocatePool@8
ExAllocatePool2@16
ExAllocatePoolWithTag@12
IoInitializeTimer@12
KeQueryTimeIncrement@0
MmGetSystemRoutineAddress@4
MmMapLockedPagesSpecifyCache@24
MmProtectMdlSystemAddress@8
RtlRandomEx@4
ZwCreateSection@28
ZwMapViewOfSection@40
'''
CFLAGS = [flag for flag in build.CFLAGS if not flag.startswith('-W')] + ['-w']
SHOWN = 6
KEPT = harness.source('tests', 'system', 'random')


class Maker:
    """Compiles and links drivers into a folder."""

    def __init__(self, folder, size):
        self.folder, self.size = folder, size
        definition = os.path.join(folder, 'random.def')
        with open(definition, 'w', encoding='utf-8') as target:
            target.write(IMPORTS)
        self.libraries = {(tool, arch): build.import_library(definition, tool, arch, folder)
                          for tool, arch in {tuple(name.split('-')[:2])
                                             for name in CONFIGURATIONS}}

    def make(self, name, configuration):
        """The path of the image of a driver: one by the number of its seed, or a kept one."""
        tool, arch, opt = configuration.split('-')
        stem = os.path.join(self.folder, '%s-%s' % (name, configuration))
        if isinstance(name, int):
            with open(stem + '.c', 'w', encoding='utf-8') as target:
                target.write(random_program.program(name, tool, self.size))
        else:
            shutil.copy(os.path.join(KEPT, name + '.c'), stem + '.c')
        include = ['-I', harness.source('tests', 'drivers')]
        library = self.libraries[tool, arch]
        entry = 'DriverEntry@8' if arch == 'x86' else 'DriverEntry'
        base = '0x%x' % build.BASE[arch]
        if tool == 'lld':
            target, machine, _ = build.LLVM[arch]
            build.run(['clang', '--target=' + target, '-' + opt, *CFLAGS, '-mno-implicit-float',
                       '-mno-stack-arg-probe', *include, '-c', stem + '.c', '-o', stem + '.obj'])
            build.run(['lld-link', '/nologo', '/driver', '/subsystem:native', '/entry:' + entry,
                       '/nodefaultlib', '/machine:' + machine, '/base:' + base, '/Brepro',
                       *(['/safeseh:no'] if arch == 'x86' else []), '/out:' + stem + '.sys',
                       stem + '.obj', library])
        else:
            build.run([build.MINGW[arch] + 'gcc', '-' + opt, *CFLAGS, '-mno-stack-arg-probe',
                       *include, '-nostdlib', '-nostartfiles', '-shared', '-s',
                       '-Wl,--subsystem,native',
                       '-Wl,--entry,' + ('_' + entry if arch == 'x86' else entry),
                       '-Wl,--image-base,' + base, '-Wl,--file-alignment,0x200',
                       '-Wl,--section-alignment,0x1000', '-Wl,--exclude-all-symbols',
                       '-Wl,--no-insert-timestamp', '-o', stem + '.sys', stem + '.c', library])
        return stem + '.sys'


def observe(images, seed):
    """For each image the calls that it made: {(rva, caller, name, value)}, and how many runs stopped."""
    done = harness.run(str(seed), str(RUNS), *images, command='HVC_RUN_DRIVER', timeout=600)
    require(done.returncode == 0, 'run_driver: ' + done.stderr.decode())
    found = []
    for line in done.stdout.decode().splitlines():
        words = line.split()
        if words[0] == 'image':
            found.append((set(), []))
        elif words[0] == 'call':
            found[-1][0].add((int(words[1], 16), int(words[2], 16), words[3], int(words[4], 16)))
        else:
            found[-1][1].append(line)
    return found


def compare(driver, calls, count):
    """Lines about what is predicted wrongly; counts what is settled and what is open, and why."""
    sites = {}
    for site in driver['call_sites']:
        sites.setdefault((site['rva'], site['ddi']), site)
    # pointers whose calls are not all found, which the scan says
    followed_no_further = {site['ddi'] for site in driver['call_sites']
                           if site['form'] in ('reference', 'lookup') and
                           site['argument']['open'] is not None}
    seen, wrong = set(), {}
    for rva, caller, name, value in sorted(calls):
        site = sites.get((rva, name)) or sites.get((caller, name))
        if site is None and name in followed_no_further:
            count['by reference'] += 1
            continue
        if site is None:
            wrong.setdefault('%x (from %x): %s is not listed' % (rva, caller, name), []).append(value)
            continue
        argument = site['argument']
        values = {entry['value'] for entry in argument['values']}
        if argument['open'] is None and value not in values:
            wrong.setdefault('%x: %s is among %s (%s)' % (
                rva, name, ' '.join('%x' % v for v in sorted(values)), argument['origin']),
                             []).append(value)
        if id(site) not in seen:
            seen.add(id(site))
            count['settled' if argument['open'] is None else 'open: %s' % argument['open']] += 1
    return ['%s; was %s' % (what, ' '.join('%x' % value for value in values[:SHOWN]))
            for what, values in wrong.items()]


def keep(folder, image, report):
    os.makedirs(folder, exist_ok=True)
    for path in (image, image[:-4] + '.c'):
        shutil.copy(path, folder)
    with open(os.path.join(folder, os.path.basename(image)[:-4] + '.txt'), 'w',
              encoding='utf-8') as target:
        target.write('\n'.join(report) + '\n')


def try_configuration(maker, configuration, names, arguments, total):
    with concurrent.futures.ThreadPoolExecutor(build.JOBS) as pool:
        images = list(pool.map(lambda name: maker.make(name, configuration), names))
    observed = observe(images, 1)
    done = harness.run('scan', '--format', 'ndjson', *images)
    drivers = {}
    for line in done.stdout.decode().splitlines():
        record = json.loads(line)
        driver = record.get('driver', record)
        if 'call_sites' in driver:
            drivers[driver['path']] = driver
    require(len(drivers) == len(images), 'the scan tells of %d drivers' % len(drivers))
    wrong, count = [], Counter()
    for image, (calls, stops) in zip(images, observed):
        require(not drivers[image]['truncated'], 'the report is cut')
        lines = compare(drivers[image], calls, count)
        count['stopped runs'] += len(stops)
        if lines and arguments.keep:
            keep(arguments.keep, image, lines)
        wrong += ['%s: %s' % (os.path.basename(image), line) for line in lines]
    total.update(count)
    print('# %s: %s' % (configuration, ', '.join('%s %d' % pair for pair in sorted(count.items()))))
    require(count['settled'] > 0, 'no call was settled: nothing was shown')
    require(not wrong, '%d wrong predictions\n%s' % (len(wrong), '\n'.join(wrong[:SHOWN])))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seeds', default=SEEDS)
    parser.add_argument('--size', type=int, default=4)
    parser.add_argument('--keep')
    parser.add_argument('--configurations', nargs='*', default=CONFIGURATIONS)
    parser.add_argument('--programs', nargs='*')
    arguments = parser.parse_args()
    first, last = re.fullmatch(r'(\d+)(?:-(\d+))?', arguments.seeds).groups()
    names = list(range(int(first), int(last or first) + 1))
    if arguments.programs:
        names = arguments.programs
    elif arguments.seeds == SEEDS:
        names += sorted(name[:-2] for name in os.listdir(KEPT) if name.endswith('.c'))
    tap = harness.Tap()
    total = Counter()
    with harness.folder() as folder:
        maker = Maker(folder, arguments.size)
        for configuration in arguments.configurations:
            tap.case('%s, seeds %s' % (configuration, arguments.seeds), try_configuration, maker,
                     configuration, names, arguments, total)
    print('# all: %s' % ', '.join('%s %d' % pair for pair in sorted(total.items())))
    tap.done()


main()
