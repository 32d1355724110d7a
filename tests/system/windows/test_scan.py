#!/usr/bin/env python3
"""The Windows command says, byte for byte, what the command of the building system says; and what is
Windows' own: paths with backslashes, drives, long paths, names in any script, NUL."""
import glob
import json
import os
import shutil
import subprocess
import sys

import harness
from harness import Skip, equal, fixture, require, run

sys.path.insert(0, harness.source('tests', 'tools'))
import malform  # noqa: E402

GOOD = 'clean-lld-x64.sys'
BAD = 'wx-own-lld-x64.sys'
NAMES = ['драйвер.sys', 'ドライバー.sys', 'pilote-é.sys', '\U0001F600.sys', 'with space.sys']


def native():
    """The command of the system that builds: HVC_NATIVE, or that of the usual build folders."""
    named = os.environ.get('HVC_NATIVE')
    for path in [named] if named else [harness.source(folder, 'src', 'cli', 'hvcheck')
                                       for folder in ('build-gcc', 'build')]:
        if os.path.exists(path):
            return path
    raise Skip('no command of this system was built to compare with')


def run_native(*args, data=b'', cwd=None):
    return subprocess.run([native(), *args], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, cwd=cwd, timeout=harness.TIMEOUT)


def same(*args, data=b'', cwd=None):
    """Both commands do the same with these arguments; returns what they did."""
    own, other = run(*args, data=data, cwd=cwd), run_native(*args, data=data, cwd=cwd)
    what = ' '.join(args)
    equal(own.returncode, other.returncode, 'exit code of ' + what)
    equal(own.stderr, other.stderr, 'standard error of ' + what)
    if own.stdout != other.stdout:
        raise AssertionError('standard output of %s differs (%d and %d bytes)' % (
            what, len(own.stdout), len(other.stdout)))
    return own


def test_all_fixtures():
    for form in harness.FORMATS:
        done = same('scan', '--format', form, '.', cwd=harness.place('HVC_FIXTURES'))
        require(done.stdout.count(b'-lld-x64.sys') > 20, 'the fixtures were not scanned')


def test_real_drivers():
    folder = harness.place('HVC_DRIVERS')
    if not glob.glob(os.path.join(folder, '**', '*.sys'), recursive=True):
        raise Skip('no drivers in ' + folder)
    done = same('scan', '--format', 'json', '.', cwd=folder)
    require(json.loads(done.stdout)['summary']['drivers'] > 0, 'no driver was scanned')


def test_damaged_images():
    with harness.folder() as folder:
        for group, name, _, data in malform.build(harness.place('HVC_FIXTURES')):
            with open(os.path.join(folder, malform.file_name(group, name)), 'wb') as image:
                image.write(data)
        done = same('scan', '--format', 'ndjson', '.', cwd=folder)
    require(done.stdout.count(b'\n') > 50, 'the damaged images were not scanned')


def test_jobs():
    alone, many = (run('scan', '--format', 'json', '--jobs', jobs, '.',
                       cwd=harness.place('HVC_FIXTURES')).stdout for jobs in ('1', '8'))
    require(alone == many and alone, 'eight jobs print something else')


def test_other_verbs():
    for args in (['ddi'], ['ddi', '--format', 'json'], ['ddi', 'ExAllocatePoolWithTag'], ['explain'],
                 ['explain', 'HVC2003'], ['explain', 'no-such-rule'], ['help'], ['scan', '--help'],
                 ['--version'], ['nosuch'], []):
        same(*args)


def test_standard_input():
    with open(fixture(BAD), 'rb') as image:
        data = image.read()
    same('scan', '--format', 'json', '-', data=data)
    same('scan', '-', data=b'')
    # \r\n and ^Z are bytes as others
    same('scan', '-', data=data[:0x40] + b'\r\n\x1a' + data[0x43:])


def test_names_in_any_script():
    with harness.folder() as folder:
        for name in NAMES:
            shutil.copy(fixture(BAD), os.path.join(folder, name))
        done = same('scan', '--format', 'json', '.', cwd=folder)
        equal([os.path.basename(driver['path']) for driver in json.loads(done.stdout)['drivers']],
              sorted(NAMES, key=lambda name: name.encode()), 'names')
        for name in NAMES:
            same('scan', '--format', 'text', name, cwd=folder)
        run('scan', '--format', 'json', '-o', NAMES[0] + '.json', NAMES[1], cwd=folder)
        require(os.path.exists(os.path.join(folder, NAMES[0] + '.json')), 'the output has another name')


def test_output_replaces_a_file():
    with harness.folder() as folder:
        path = os.path.join(folder, 'report.json')
        for name in (BAD, GOOD):
            run('scan', '--format', 'json', '-o', 'report.json', fixture(name), cwd=folder)
            with open(path, encoding='utf-8') as report:
                require(json.load(report)['drivers'][0]['path'].endswith(name), 'the report of ' + name)
        equal(os.listdir(folder), ['report.json'], 'files')


def test_backslashes_and_drives():
    with harness.folder() as folder:
        os.makedirs(os.path.join(folder, 'a', 'b'))
        shutil.copy(fixture(BAD), os.path.join(folder, 'a', 'b', 'x.sys'))
        _, report = harness.scan_json('a\\b\\x.sys', cwd=folder)
        equal(report['drivers'][0]['path'], 'a\\b\\x.sys', 'a path with backslashes')
        _, report = harness.scan_json('a\\', cwd=folder)
        equal(report['drivers'][0]['path'], 'a\\b/x.sys', 'a folder with a backslash at its end')
        _, report = harness.scan_json('Z:' + folder, cwd=folder)
        equal(report['drivers'][0]['path'], 'Z:' + folder + '/a/b/x.sys', 'a drive')
        _, report = harness.scan_json('A/B/X.SYS', cwd=folder)
        equal(len(report['drivers']), 1, 'case')


def test_long_paths():
    with harness.folder() as folder:
        deep = os.path.join(folder, *(['folder-with-a-long-name-%02d' % i for i in range(20)]))
        os.makedirs(deep)
        shutil.copy(fixture(BAD), os.path.join(deep, 'x.sys'))
        require(len(deep) > 400, 'the path is not long')
        done = same('scan', '--format', 'json', '.', cwd=folder)
        equal(len(json.loads(done.stdout)['drivers']), 1, 'drivers')
        output = os.path.join(deep, 'report.json')
        done = run('scan', '--format', 'json', '-o', output, os.path.join(deep, 'x.sys'))
        equal((done.returncode, done.stderr), (1, b''), 'a long path in full')
        require(os.path.exists(output), 'no report at a long path')


def test_output_to_nul():
    with harness.folder() as folder:
        done = run('scan', '-o', 'NUL', fixture(BAD), cwd=folder)
        equal((done.returncode, done.stdout, done.stderr, os.listdir(folder)), (1, b'', b'', []),
              'the report goes nowhere')


def test_system_libraries_alone():
    tool = 'x86_64-w64-mingw32-objdump'
    program = os.path.join(os.path.dirname(harness.place('HVCHECK')), '..', '..', '..', 'src', 'cli',
                           'hvcheck.exe')
    listing = subprocess.run([tool, '-p', program], stdout=subprocess.PIPE, text=True,
                             check=True).stdout
    wanted = {line.split(': ')[1].lower() for line in listing.splitlines() if 'DLL Name' in line}
    system = {'advapi32.dll', 'bcrypt.dll', 'kernel32.dll', 'msvcrt.dll', 'ole32.dll', 'oleaut32.dll',
              'shell32.dll'}
    require(wanted and wanted <= system, 'libraries: ' + ', '.join(sorted(wanted - system)))


if __name__ == '__main__':
    harness.run_all(globals())
