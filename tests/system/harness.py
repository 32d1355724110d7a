"""What the system tests share: where things are, running the command, and TAP.

The places come from the environment, which Meson's test definitions set: HVCHECK (the command),
HVC_PE_DUMP, HVC_FIXTURES (folder), HVC_MANIFEST (fixtures.json), HVC_SOURCE (the project's
root)."""
import json
import os
import subprocess
import sys
import tempfile
import traceback

TIMEOUT = 120
COUNTERS = ['execute_pool_type', 'execute_page_protection', 'execute_page_mapping',
            'execute_write_section', 'section_alignment', 'unsupported_relocs',
            'iat_in_executable_section']
FORMATS = ['text', 'json', 'ndjson']


class Skip(Exception):
    """A case that cannot be tried here; the text says why."""


def place(variable):
    value = os.environ.get(variable)
    if not value:
        raise SystemExit('Bail out! %s is not set' % variable)
    return value


def needs_posix(what):
    """Leaves a case out when the command is the Windows one, under wine."""
    if os.environ.get('HVC_WINE'):
        raise Skip('under wine: ' + what)


def source(*parts):
    return os.path.join(place('HVC_SOURCE'), *parts)


def manifest():
    with open(place('HVC_MANIFEST'), encoding='utf-8') as listing:
        return json.load(listing)['drivers']


def fixture(name):
    return os.path.join(place('HVC_FIXTURES'), name)


def run(*args, data=None, env=None, cwd=None, timeout=TIMEOUT, command='HVCHECK'):
    """Runs a command of ours (by the variable that holds it); stdout and stderr are bytes."""
    own = {key: value for key, value in os.environ.items() if key not in ('NO_COLOR',)}
    own.update(env or {})
    return subprocess.run([place(command), *args], input=data if data is not None else b'',
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=own, cwd=cwd,
                          timeout=timeout)


def scan_json(*args, **more):
    """(exit code, parsed report) of a scan."""
    done = run('scan', '--format', 'json', *args, **more)
    try:
        return done.returncode, json.loads(done.stdout.decode('utf-8'))
    except ValueError as error:
        raise AssertionError('exit code %d, no JSON (%s); stderr: %s' % (
            done.returncode, error, done.stderr.decode('utf-8', 'replace')[:500])) from error


def shown(value):
    text = repr(value)
    return text if len(text) <= 1000 else text[:1000] + '...'


def equal(found, wanted, what):
    if found == wanted:
        return
    at = ''
    if isinstance(found, list) and isinstance(wanted, list):
        first = next((i for i, pair in enumerate(zip(found, wanted)) if pair[0] != pair[1]),
                     min(len(found), len(wanted)))
        at = ' (they differ from number %d on)' % first
        found, wanted = found[max(first - 1, 0):], wanted[max(first - 1, 0):]
    raise AssertionError('%s%s: found %s, wanted %s' % (what, at, shown(found), shown(wanted)))


def require(condition, what):
    if not condition:
        raise AssertionError(what)


class Tap:
    """Runs cases and prints their results; a case fails by any exception."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def case(self, name, function, *args):
        self.count += 1
        # '#' starts a directive in TAP
        name = name.replace('#', '_')
        try:
            function(*args)
        except Skip as reason:
            print('ok %d - %s # SKIP %s' % (self.count, name, reason))
        except AssertionError as error:
            self.fail(name, str(error))
        except Exception:
            self.fail(name, traceback.format_exc())
        else:
            print('ok %d - %s' % (self.count, name))
        sys.stdout.flush()

    def fail(self, name, detail):
        self.failed += 1
        print('not ok %d - %s' % (self.count, name))
        for line in detail.splitlines():
            print('# ' + line)

    def done(self):
        print('1..%d' % self.count)
        if self.count == 0:
            raise SystemExit('no cases')
        raise SystemExit(1 if self.failed else 0)


def run_all(cases):
    """Runs functions named test_* (a module's globals()) as cases."""
    tap = Tap()
    for name, function in list(cases.items()):
        if name.startswith('test_') and callable(function):
            tap.case(name[len('test_'):].replace('_', ' '), function)
    tap.done()


def folder():
    """A temporary folder, to be used with `with`."""
    return tempfile.TemporaryDirectory(prefix='hvcheck-test-')
