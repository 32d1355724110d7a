#!/usr/bin/env python3
"""The command as its users meet it: exit codes, inputs, outputs, help, errors."""
import json
import os
import re
import shutil
import subprocess
import threading

import harness
from harness import Skip, equal, fixture, needs_posix, require, run, scan_json

GOOD = 'clean-lld-x64.sys'
BAD = 'wx-own-lld-x64.sys'
OPEN = 'ddi-open-lld-x64.sys'
NO_LOAD = 'wx-init-kept-lld-x64.sys'  # Verifier passes, the loader refuses
USER = 'user-program-lld-x64.exe'
COMPATIBLE, INCOMPATIBLE, USAGE, UNREADABLE, INTERNAL, UNDETERMINED = 0, 1, 2, 3, 4, 5
VERBS = ['scan', 'explain', 'ddi', 'capable', 'ready', 'facts', 'enable', 'disable', 'clear', 'undo',
         'dgreadiness', 'help']


def text(data):
    return data.decode('utf-8')


def code(*args, **more):
    return run(*args, **more).returncode


def scan_code(*names, **more):
    return code('scan', *[name if os.sep in name or name == '-' else fixture(name)
                          for name in names],
                **more)


def read(path):
    with open(path, 'rb') as source:
        return source.read()


def write(path, data):
    with open(path, 'wb') as target:
        target.write(data)


# Exit codes

def test_exit_code_of_one_driver():
    equal(scan_code(GOOD), COMPATIBLE, GOOD)
    equal(scan_code(BAD), INCOMPATIBLE, BAD)
    equal(scan_code(NO_LOAD), INCOMPATIBLE, NO_LOAD)
    equal(scan_code('wx-discardable-lld-x64.sys'), INCOMPATIBLE, 'counted, yet it loads')
    equal(scan_code(OPEN), UNDETERMINED, OPEN)
    equal(scan_code('./no-such-file.sys'), UNREADABLE, 'a missing file')


def test_exit_code_precedence():
    missing = './no-such-file.sys'
    equal(scan_code(GOOD, OPEN), UNDETERMINED, 'undetermined before compatible')
    equal(scan_code(OPEN, BAD, GOOD), INCOMPATIBLE, 'incompatible before undetermined')
    equal(scan_code(OPEN, BAD, missing, GOOD), UNREADABLE, 'unreadable before incompatible')
    equal(scan_code(missing, OPEN), UNREADABLE, 'unreadable before undetermined')
    equal(scan_code(GOOD, USER), COMPATIBLE, 'not applicable changes nothing')


def test_exit_code_without_a_driver():
    equal(scan_code(USER), UNREADABLE, 'only a user-mode program')
    with harness.folder() as folder:
        equal(code('scan', folder), UNREADABLE, 'an empty folder')
        write(os.path.join(folder, 'notes.txt'), b'no driver')
        done = run('scan', folder)
        equal(done.returncode, UNREADABLE, 'a folder without drivers')
        require(b'no driver' in done.stderr, 'the reason is not told')


def test_usage_errors():
    for args in ([], ['scan'], ['nosuch'], ['scan', '--nosuch', 'x'],
                 ['scan', '--format', 'nosuch', 'x'],
                 ['scan', '--format'], ['scan', '--jobs', 'x', 'y'], ['scan', '--jobs', '-1', 'y'],
                 ['scan', '--jobs', '99999', 'y'], ['scan', '--color', 'red', 'y'], ['-x'],
                 ['scan', '-o', '', 'y'], ['ddi', 'NoSuchFunction'], ['explain', 'HVC9999']):
        done = run(*args)
        equal(done.returncode, USAGE, ' '.join(args))
        equal(done.stdout, b'', 'standard output of ' + ' '.join(args))
        require(done.stderr.startswith(b'hvcheck: '), 'no message for ' + ' '.join(args))
        require(done.stderr.endswith(b'\n') and done.stderr.count(b'\n') == 1,
                'not one line for ' + ' '.join(args))


def test_exit_code_of_a_failed_output():
    done = run('scan', '--format', 'json', '-o', '/no/such/folder/report.json', fixture(GOOD))
    equal(done.returncode, INTERNAL, 'an output that cannot be made')
    require(b'/no/such/folder/report.json' in done.stderr, 'the message does not name it')
    if os.path.exists('/dev/full'):
        with open('/dev/full', 'wb') as full:
            done = subprocess.run([harness.place('HVCHECK'), 'scan', fixture(BAD)], stdout=full,
                                  stderr=subprocess.PIPE)
        equal(done.returncode, INTERNAL, 'a full disk')
        require(b'No space left' in done.stderr, 'the message does not say why')


# Inputs

def test_standard_input():
    image = read(fixture(BAD))
    status, report = scan_json('-', data=image)
    equal(status, INCOMPATIBLE, 'exit code')
    _, named = scan_json(fixture(BAD))
    own, other = report['drivers'][0], named['drivers'][0]
    equal(own.pop('path'), '-', 'path')
    other.pop('path')
    equal(own, other, 'the driver from standard input')


def test_standard_input_that_is_no_driver():
    status, report = scan_json('-', data=b'hello')
    equal((status, len(report['errors'])), (UNREADABLE, 1), 'a text')
    equal(code('scan', '-', data=b''), UNREADABLE, 'nothing')


def make_tree(folder):
    os.makedirs(os.path.join(folder, 'a', 'b', 'c'))
    for name, target in ((GOOD, 'a/b/c/deep.sys'), (BAD, 'a/without-extension'), (GOOD, 'z.txt'),
                         (USER, 'program.exe')):
        shutil.copy(fixture(name), os.path.join(folder, target))
    write(os.path.join(folder, 'a', 'fake.sys'), b'MZ this is none')
    write(os.path.join(folder, 'empty.sys'), b'')


def test_folders_by_content():
    with harness.folder() as folder:
        make_tree(folder)
        _, report = scan_json('.', cwd=folder)
    paths = [os.path.normpath(driver['path']) for driver in report['drivers']]
    equal(paths, ['a/b/c/deep.sys', 'a/without-extension', 'z.txt'], 'drivers')
    equal(report['summary']['not_applicable'], 0, 'programs in folders are passed over')
    # empty.sys and program.exe are skipped; what begins like an image but is cut is told
    equal([os.path.normpath(e['path']) for e in report['errors']], ['a/fake.sys'], 'errors')
    equal(report['summary']['skipped'], 2, 'skipped')


def test_links():
    needs_posix('links of Linux look like what they point to')
    with harness.folder() as folder, harness.folder() as outside:
        shutil.copy(fixture(BAD), os.path.join(outside, 'outside.sys'))
        shutil.copy(fixture(GOOD), os.path.join(folder, 'own.sys'))
        os.symlink(outside, os.path.join(folder, 'folder-link'))
        os.symlink(os.path.join(outside, 'outside.sys'), os.path.join(folder, 'file-link.sys'))
        os.symlink('.', os.path.join(folder, 'loop'))
        status, report = scan_json('.', cwd=folder)
        equal([os.path.normpath(d['path']) for d in report['drivers']], ['own.sys'], 'drivers')
        equal((status, report['summary']['skipped']), (COMPATIBLE, 3), 'links are skipped')
        # a link that is named itself is meant
        equal(code('scan', 'file-link.sys', cwd=folder), INCOMPATIBLE, 'a named link to a file')
        equal(code('scan', 'folder-link', cwd=folder), INCOMPATIBLE, 'a named link to a folder')


def test_special_files():
    needs_posix('a pipe looks like a file')
    with harness.folder() as folder:
        os.mkfifo(os.path.join(folder, 'pipe.sys'))
        shutil.copy(fixture(GOOD), folder)
        status, report = scan_json(folder, timeout=20)
        equal((status, len(report['drivers'])), (COMPATIBLE, 1), 'a pipe in a folder is not read')


def test_unreadable_file():
    needs_posix('rights of Linux')
    if os.geteuid() == 0:
        raise Skip('root reads everything')
    with harness.folder() as folder:
        shutil.copy(fixture(BAD), folder)
        path = os.path.join(folder, BAD)
        os.chmod(path, 0)
        done = run('scan', path)
        equal(done.returncode, UNREADABLE, 'exit code')
        require(path.encode() in done.stderr and b'denied' in done.stderr, 'the message')


def test_errors_name_the_file():
    with harness.folder() as folder:
        path = os.path.join(folder, 'cut.sys')
        write(path, read(fixture(GOOD))[:300])
        done = run('scan', path, fixture(BAD), os.path.join(folder, 'missing.sys'))
        equal(done.returncode, UNREADABLE, 'exit code')
        lines = text(done.stderr).splitlines()
        equal(len(lines), 2, 'lines on standard error')
        require('cut.sys' in lines[0] and 'offset' in lines[0], 'the first error: ' + lines[0])
        require('missing.sys' in lines[1], 'the second error: ' + lines[1])
        require(BAD in text(done.stdout), 'one file stops the others')
        _, report = scan_json(path)
        error = report['errors'][0]
        equal((error['path'], error['status']), (path, 'truncated'), 'error')
        require(isinstance(error['offset'], int), 'no offset')


def test_many_paths_keep_their_order():
    names = [OPEN, BAD, GOOD, BAD]
    _, report = scan_json(*[fixture(name) for name in names])
    equal([os.path.basename(driver['path']) for driver in report['drivers']], names, 'order')


def test_paths_behind_two_dashes():
    with harness.folder() as folder:
        shutil.copy(fixture(GOOD), os.path.join(folder, '--odd.sys'))
        equal(code('scan', '--', '--odd.sys', cwd=folder), COMPATIBLE, 'exit code')


# Outputs

def test_output_file():
    with harness.folder() as folder:
        path = os.path.join(folder, 'report.json')
        done = run('scan', '--format', 'json', '-o', path, fixture(BAD))
        equal((done.returncode, done.stdout), (INCOMPATIBLE, b''), 'exit code, standard output')
        require(json.loads(read(path))['drivers'][0]['path'].endswith(BAD), 'the report')
        equal(os.listdir(folder), ['report.json'], 'files')
        write(path, b'an older report' * 10000)
        run('scan', '--format', 'json', '-o', path, fixture(GOOD))
        require(json.loads(read(path))['drivers'][0]['path'].endswith(GOOD), 'it is written anew')


def test_several_formats():
    with harness.folder() as folder:
        one, two = os.path.join(folder, 'one'), os.path.join(folder, 'two')
        paths = [fixture(BAD), fixture(GOOD)]
        done = run('scan', '--format', 'json', '-o', one, '--format', 'ndjson', '-o', two,
                   '--format',
                   'text', *paths)
        equal(done.returncode, INCOMPATIBLE, 'exit code')
        equal(done.stdout, run('scan', *paths).stdout, 'text')
        equal(read(one), run('scan', '--format', 'json', *paths).stdout, 'json')
        equal(read(two), run('scan', '--format', 'ndjson', *paths).stdout, 'ndjson')
    equal(code('scan', '--format', 'json,text', fixture(GOOD)), USAGE, 'two on standard output')


def test_ndjson():
    done = run('scan', '--format', 'ndjson', fixture(BAD), './missing.sys', fixture(GOOD))
    lines = [json.loads(line) for line in text(done.stdout).splitlines()]
    _, report = scan_json(fixture(BAD), './missing.sys', fixture(GOOD))
    equal([line for line in lines if 'sha256' in line], report['drivers'], 'drivers')
    equal([line['error'] for line in lines if 'error' in line], report['errors'], 'errors')
    equal(lines[-1], {'summary': report['summary']}, 'the last line')
    require('error' in lines[1], 'the error is not where its file was')


def test_quiet():
    done = run('scan', '--quiet', fixture(GOOD))
    equal((done.returncode, done.stdout, done.stderr), (COMPATIBLE, b'', b''), 'a clean driver')
    done = run('scan', '--quiet', fixture(GOOD), fixture(BAD))
    require(BAD in text(done.stdout) and GOOD not in text(done.stdout),
            'only what is not compatible')


def test_verbose():
    plain, verbose = (text(run('scan', *option, fixture(GOOD)).stdout)
                      for option in ([], ['--verbose']))
    require(len(verbose) > len(plain) and '.pdata' in verbose, 'sections are not shown')


def test_color():
    escape = b'\x1b['
    require(escape not in run('scan', fixture(BAD)).stdout, 'colour in a pipe')
    require(escape in run('scan', '--color', 'always', fixture(BAD)).stdout,
            'no colour with always')
    require(escape not in run('scan', '--color=never', fixture(BAD)).stdout, 'colour with never')
    require(escape not in run('scan', '--format', 'json', '--color', 'always', fixture(BAD)).stdout,
            'colour in JSON')
    colored = run('scan', '--color', 'always', fixture(BAD)).stdout
    equal(re.sub(rb'\x1b\[[0-9;]*m', b'', colored), run('scan', fixture(BAD)).stdout,
          'the text itself')


def on_terminal(*args, env=None):
    """What the command writes to standard output where that is a terminal."""
    import pty
    leader, follower = pty.openpty()
    environment = {**os.environ, 'TERM': 'xterm', **(env or {})}
    if 'NO_COLOR' not in (env or {}):
        environment.pop('NO_COLOR', None)
    process = subprocess.Popen([harness.place('HVCHECK'), *args], stdout=follower,
                               stderr=subprocess.DEVNULL, env=environment)
    os.close(follower)
    output = b''
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:
            break
        if not piece:
            break
        output += piece
    process.wait()
    os.close(leader)
    return output


def test_color_on_a_terminal():
    needs_posix('its console writes escapes of its own')
    escape = b'\x1b['
    require(escape in on_terminal('scan', fixture(BAD)), 'no colour on a terminal')
    require(escape not in on_terminal('scan', fixture(BAD), env={'NO_COLOR': '1'}), 'NO_COLOR')
    require(escape in on_terminal('scan', fixture(BAD), env={'NO_COLOR': ''}), 'an empty NO_COLOR')
    require(escape not in on_terminal('scan', fixture(BAD), env={'TERM': 'dumb'}), 'TERM=dumb')
    require(escape in on_terminal('scan', '--color', 'always', fixture(BAD), env={'NO_COLOR': '1'}),
            '--color always beats NO_COLOR')


def test_the_seven_statistics():
    output = text(run('scan', fixture('align-512-lld-x64.sys')).stdout)
    rows = re.findall(r'(?m)^ {8}(\S.*?Count|Section Alignment Failures): +(\d+)$', output)
    equal(rows, [('Execute Pool Type Count', '0'), ('Execute Page Protection Count', '0'),
                 ('Execute Page Mapping Count', '0'), ('Execute-Write Section Count', '0'),
                 ('Section Alignment Failures', '5'), ('Unsupported Relocs Count', '0'),
                 ('IAT in Executable Section Count', '0')], 'statistics')
    values = [line for line in output.splitlines() if re.match(r' {8}\S.*: +\d+$', line)]
    require(all(re.match(r'.{48}\d+$', line) for line in values), 'the values are not in column 48')


HOSTILE = 'evil\x1b[31m\n\u202edrowssap.sys'


def test_file_names_are_escaped():
    needs_posix('such names are not passed on')
    with harness.folder() as folder:
        shutil.copy(fixture(BAD), os.path.join(folder, HOSTILE))
        write(os.path.join(folder, 'cut\x07.sys'), read(fixture(GOOD))[:300])
        done = run('scan', '.', cwd=folder)
        for output in (done.stdout, done.stderr):
            for raw in (b'\x1b', b'\x07', '\u202e'.encode()):
                require(raw not in output, 'a raw %r' % raw)
        require(b'evil' in done.stdout and b'cut' in done.stderr, 'the names are not told')
        _, report = scan_json('.', cwd=folder)
        equal([os.path.basename(d['path']) for d in report['drivers']], [HOSTILE], 'path in JSON')
        raw = run('scan', '--format', 'json', '.', cwd=folder).stdout
        require(not re.search(rb'[\x00-\x09\x0b-\x1f\x7f]', raw), 'control characters in JSON')


def test_names_that_are_no_utf8():
    needs_posix('such names are not passed on')
    with harness.folder() as folder:
        name = b'\xff\xfe.sys'
        try:
            shutil.copy(os.fsencode(fixture(BAD)), os.path.join(os.fsencode(folder), name))
        except OSError as error:
            raise Skip('the file system takes no such names') from error
        for form in harness.FORMATS:
            run('scan', '--format', form, folder).stdout.decode('utf-8')


def test_section_names_are_escaped():
    image = bytearray(read(fixture(BAD)))
    at = image.index(b'rwx\0\0\0\0\0')
    image[at:at + 8] = b'\x1b[2J\x07\r\n\xff'
    done = run('scan', '--verbose', '-', data=bytes(image))
    equal(done.returncode, INCOMPATIBLE, 'exit code')
    require(not re.search(rb'[\x00-\x09\x0b-\x1f\x7f]', done.stdout), 'control characters in text')
    done.stdout.decode('utf-8')
    _, report = scan_json('-', data=bytes(image))
    require(any('\x1b[2J' in section['name'] for section in report['drivers'][0]['sections']),
            'the name in JSON')


def test_broken_pipe():
    process = subprocess.Popen([harness.place('HVCHECK'), 'scan', '--format', 'json',
                                harness.place('HVC_FIXTURES')], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    process.stdout.read(100)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    equal(process.wait(timeout=60), INTERNAL, 'exit code')
    equal(errors, b'', 'standard error')


def test_file_that_changes_meanwhile():
    needs_posix('the writer is too slow')
    # beside a writer that never rests, each scan reads one state or says that the file changed
    image = read(fixture(BAD))
    done = threading.Event()

    def rewrite(path):
        while not done.is_set():
            write(path, image[:100])
            write(path, image)

    with harness.folder() as folder:
        path = os.path.join(folder, 'moving.sys')
        write(path, image)
        writer = threading.Thread(target=rewrite, args=(path,))
        writer.start()
        try:
            for _ in range(50):
                status, report = scan_json(path)
                require(status in (INCOMPATIBLE, UNREADABLE, UNDETERMINED), 'exit code %d' % status)
                equal(len(report['drivers']) + len(report['errors']), 1, 'outcomes')
        finally:
            done.set()
            writer.join()


# The other verbs

def test_help():
    for args in [['--help'], ['-h'], ['help']] + [[verb, '--help'] for verb in VERBS] + \
            [['help', verb] for verb in VERBS]:
        done = run(*args)
        equal((done.returncode, done.stderr), (0, b''), ' '.join(args))
        output = text(done.stdout)
        require(output.startswith('Usage: hvcheck'), ' '.join(args))
        require(max(map(len, output.splitlines())) <= 100, 'lines of ' + ' '.join(args))
    overview = text(run('--help').stdout)
    equal(re.findall(r'(?m)^  ([a-z]+) {2,}\S', overview), VERBS, 'verbs in the help')


def test_help_names_every_format():
    output = text(run('scan', '--help').stdout)
    for form in harness.FORMATS:
        require(form in output, form)


def test_version():
    for args in (['--version'], ['-V'], ['scan', '--version']):
        done = run(*args)
        equal(done.returncode, 0, ' '.join(args))
        require(re.fullmatch(r'hvcheck \d+\.\d+\.\d+\S*\n', text(done.stdout)), text(done.stdout))


def test_explain():
    by_id = run('explain', 'HVC2003')
    equal(by_id.returncode, 0, 'exit code')
    for word in ('execute-write-section', '## Why', '## How to fix', 'fix'):
        require(word in text(by_id.stdout), word)
    equal(run('explain', 'execute-write-section').stdout, by_id.stdout, 'by name')
    equal(run('explain', 'hvc2003').stdout, by_id.stdout, 'in small letters')
    require('ExAllocatePoolWithTag' in text(run('explain', 'ExAllocatePoolWithTag').stdout),
            'a DDI')
    counter = run('explain', 'execute_write_section')
    require(counter.returncode == 0 and 'HVC2003' in text(counter.stdout), 'a counter')


def test_explain_every_rule():
    listing = text(run('explain').stdout)
    files = {name[:-3] for name in os.listdir(harness.source('data', 'rules'))
             if name.endswith('.md')}
    equal(set(re.findall(r'HVC\d{4}', listing)), files, 'rules in the list')
    for rule in sorted(files):
        done = run('explain', rule)
        require(done.returncode == 0 and text(done.stdout).startswith(rule), rule)


def test_explain_suggests():
    require(b'HVC2003' in run('explain', 'HVC203').stderr, 'no suggestion for a slip')
    require(b'scan' in run('scna').stderr, 'no suggestion for a verb')


def test_ddi():
    table = text(run('ddi').stdout)
    require('ExAllocatePoolWithTag' in table and 'MmMapLockedPagesSpecifyCache' in table,
            'the table')
    one = text(run('ddi', 'ExAllocatePoolWithTag').stdout)
    for word in ('ntoskrnl.exe', '(v & 0x201) == 0', 'POOL_TYPE'):
        require(word in one, word)
    listed = json.loads(run('ddi', '--format', 'json').stdout)
    names = [ddi['name'] for ddi in listed]
    equal(names, sorted(names, key=str.lower), 'order')
    # the table has every row of the data
    rows = 0
    for name in sorted(os.listdir(harness.source('data', 'ddi'))):
        with open(harness.source('data', 'ddi', name), encoding='utf-8') as data:
            lines = [line for line in data if line.strip() and not line.startswith('#')]
        rows += len(lines) - 1
    equal(len(names), rows, 'rows')
    single = json.loads(run('ddi', '--format', 'json', 'ExAllocatePool').stdout)
    equal([ddi['name'] for ddi in single], ['ExAllocatePool'], 'one in JSON')


def test_reported_ddis():
    _, report = scan_json(fixture('ddi-decided-lld-x64.sys'))
    equal(sorted(ddi['name'] for ddi in report['drivers'][0]['ddis']),
          ['ExAllocatePool2', 'ExAllocatePoolWithTag', 'MmMapLockedPagesSpecifyCache',
           'MmProtectMdlSystemAddress', 'ZwCreateSection'], 'impacted functions')
    _, report = scan_json(fixture(GOOD))
    equal(report['drivers'][0]['ddis'], [], 'impacted functions of a clean driver')


if __name__ == '__main__':
    harness.run_all(globals())
