#!/usr/bin/env python3
"""Malformed images are told for what they are: malform.py's cases through the command."""
import json
import os
import resource
import sys
import time

import harness
from harness import equal, require

sys.path.insert(0, harness.source('tests', 'tools'))
import malform  # noqa: E402

SANITIZED = bool(os.environ.get('HVC_SANITIZED'))
MAX_SECONDS = 10 if SANITIZED else 1
MAX_MEMORY = 64 << 20
MAX_REPORT = 16 << 20


def scan(path):
    """One scan with its costs; returns (exit code, report)."""
    start = time.monotonic()
    done = harness.run('scan', '--format', 'json', '--jobs', '1', path)
    spent = time.monotonic() - start
    stderr = done.stderr.decode('utf-8', 'replace')
    require(done.returncode in (0, 1, 3, 5), 'exit code %d: %s' % (done.returncode, stderr[-2000:]))
    require(spent < MAX_SECONDS, 'took %.1f s' % spent)
    require(len(done.stdout) < MAX_REPORT, 'a report of %d bytes' % len(done.stdout))
    return done.returncode, json.loads(done.stdout.decode('utf-8'))


def check_error(code, report, status, size):
    equal(code, 3, 'exit code')
    equal(report['drivers'], [], 'drivers')
    equal([error['status'] for error in report['errors']], [status], 'errors')
    offset = report['errors'][0]['offset']
    require(offset is not None and offset <= max(size, 1 << 32), 'offset %r' % offset)


def check_evaluated(report, kind, anomaly):
    equal(report['errors'], [], 'errors')
    driver = report['drivers'][0]
    found = {a['id']: a['effect'] for a in driver['anomalies']}
    if kind == 'fine':
        equal(found, {}, 'anomalies')
        return
    if kind == 'harmless':
        require('doubt' not in found.values(), 'a doubt: %s' % found)
        require('undetermined' not in driver['verdict'].values(), 'the verdict is not known')
        return
    require(anomaly in found, 'anomalies: found %s, wanted %s' % (found, anomaly))
    equal(found[anomaly], kind, 'effect')
    if kind == 'note' and 'doubt' not in found.values():
        require('undetermined' not in driver['verdict'].values(), 'a note changes the verdict')
    if 'doubt' in found.values():
        require('pass' not in (driver['verdict']['verifier'], driver['verdict']['load']),
                'a verdict of pass in spite of a doubt')


def check(path, expect, size):
    code, report = scan(path)
    kind, _, what = expect.partition(':')
    if kind == 'error':
        check_error(code, report, what, size)
    else:
        check_evaluated(report, kind, what)


def check_memory():
    # the largest of all scans so far
    if SANITIZED:
        raise harness.Skip('sanitizers need more memory')
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    require(peak < MAX_MEMORY, 'peak memory of %d bytes' % peak)


def check_together(folder, cases):
    """In one scan none stops the others, and each is judged as it is alone."""
    _, report = harness.scan_json(folder)
    named = {os.path.basename(entry['path']) for entry in report['drivers'] + report['errors']}
    skipped = {malform.file_name(group, name) for group, name, expect, _ in cases
               if expect in ('error:not_pe', 'error:unsupported')}
    wanted = {malform.file_name(group, name) for group, name, _, _ in cases} - skipped
    equal(sorted(named ^ wanted), [], 'files in one of the lists alone')
    equal(report['summary']['skipped'], len(skipped), 'skipped')


def main():
    cases = malform.build(harness.place('HVC_FIXTURES'))
    tap = harness.Tap()
    with harness.folder() as folder:
        for group, name, expect, data in cases:
            path = os.path.join(folder, malform.file_name(group, name))
            require(not os.path.exists(path), 'two cases of one name: ' + name)
            with open(path, 'wb') as image:
                image.write(data)
            tap.case('%s: %s' % (group, name), check, path, expect, len(data))
        tap.case('peak memory', check_memory)
        tap.case('all together', check_together, folder, cases)
    tap.done()


if __name__ == '__main__':
    main()
