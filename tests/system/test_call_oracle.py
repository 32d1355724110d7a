#!/usr/bin/env python3
"""The call sites that hvcheck finds are those that an independent reading finds.

  test_call_oracle.py [DRIVER...]     further drivers, beside the fixtures and those of HVC_DRIVERS

oracle_calls.py reads capstone's disassembly backward from each call. Both must have the same calls
of the same functions. Where the reading has values, hvcheck must have these: it may have fewer, by
what a branch proves, or leave an argument open only for a reason that APART names."""
import glob
import json
import os
import sys

import harness
from harness import Skip, equal, require, shown

try:
    import oracle_calls
except ImportError as missing:
    print('1..0 # SKIP %s' % missing)
    raise SystemExit(77)

# Forms that the reading does not follow: functions looked up at run time, through KMDF's table, or
# by their number; a reference that no call was found for.
UNREAD_FORMS = {'lookup', 'wdf', 'extended', 'method', 'interface', 'reference'}
# (name of the driver, RVA): why the two differ, each read in the disassembly.
APART = {}
BATCH = 64


def drivers():
    found = [harness.fixture(name) for name in sorted(os.listdir(harness.place('HVC_FIXTURES')))
             if name.endswith('.sys')]
    folder = os.environ.get('HVC_DRIVERS', '')
    found += sorted(glob.glob(os.path.join(folder, '**', '*.sys'), recursive=True))
    return found + sys.argv[1:]


def reports(paths):
    """What hvcheck says of each driver."""
    found = {}
    for start in range(0, len(paths), BATCH):
        done = harness.run('scan', '--format', 'ndjson', '--jobs', '1', *paths[start:start + BATCH])
        for line in done.stdout.decode('utf-8').splitlines():
            driver = json.loads(line)
            if 'call_sites' in driver:
                found[driver['path']] = driver
    return found


def compare(path, driver, ddis):
    if driver['truncated']:
        raise Skip('the report is cut')
    own = {}
    for site in driver['call_sites']:
        if site['form'] not in UNREAD_FORMS and site['ddi'] in ddis:
            own[site['rva'], site['ddi']] = site
    other = {(site.rva, site.ddi): site for site in oracle_calls.Oracle(path, ddis).sites()}
    if not own and not other:
        raise Skip('no calls')
    apart = {key for key in set(own) ^ set(other) if (os.path.basename(path), key[0]) not in APART}
    equal(sorted(key for key in own if key in apart), [], 'calls that only hvcheck has')
    equal(sorted(key for key in other if key in apart), [], 'calls that hvcheck has not')
    for key in sorted(set(own) & set(other)):
        check_values(path, own[key], other[key])


def check_values(path, own, other):
    if other.values is None:
        return
    values = {value['value'] for value in own['argument']['values']}
    if (os.path.basename(path), own['rva']) in APART:
        return
    require(values, 'the argument at 0x%x is left open (%s), but read as %s' % (
        own['rva'], own['argument']['open'], shown(other.values)))
    wanted = set(other.values)
    require(values <= wanted, 'the argument at 0x%x is %s, but read as %s' % (
        own['rva'], shown(sorted(values)), shown(other.values)))
    require(len(wanted) > 1 or values == wanted, 'the argument at 0x%x is %s, but read as %s' % (
        own['rva'], shown(sorted(values)), shown(other.values)))


def main():
    sys.setrecursionlimit(20000)
    ddis = oracle_calls.load_ddis(harness.source('data', 'ddi'))
    paths = drivers()
    found = reports(paths)
    tap = harness.Tap()
    for path in paths:
        if path in found:
            tap.case(os.path.basename(path), compare, path, found[path], ddis)
    tap.done()


if __name__ == '__main__':
    main()
