"""The readiness of a Windows tree, from the command line: hvcheck capable --root and its kin."""
import json
import os
import sys

import jsonschema

from harness import equal, folder, place, require, run, run_all, source

sys.path.insert(0, source('tests', 'tools'))
import evtx  # noqa: E402
import make_windows_tree as windows  # noqa: E402

DEVICE = '\\Device\\HarddiskVolume3\\Windows\\System32\\drivers\\'


def command(fill, *args, **more):
    """(exit code, output) for a tree with the standard services that fill(tree) went over."""
    with folder() as where:
        tree = windows.Tree(where, place('HVC_FIXTURES'), **more)
        fill(tree)
        before = contents(tree.write())
        done = run(*args, '--root', where)
        equal(contents(where), before, 'the tree is as it was')
        return done.returncode, (done.stdout + done.stderr).decode('utf-8')


def contents(root):
    out = {}
    for path, _, names in os.walk(root):
        for name in names:
            full = os.path.join(path, name)
            with open(full, 'rb') as file:
                out[full] = (file.read(), os.stat(full).st_mtime_ns)
    return out


def test_bad_drivers_are_named():
    code, text = command(lambda tree: tree.standard_services(bad=True), 'capable')
    equal(code, 1, 'exit code')
    require('Module: badboot.sys' in text and 'Module: badpath.sys' in text, text)
    require('execute-write section count:' in text and 'section alignment failures:' in text, text)
    require('goodboot.sys' not in text and 'gooddemand.sys' not in text, text)
    boot = next(line for line in text.splitlines() if 'Boot-start drivers' in line)
    require('badboot.sys' in boot and 'badpath.sys' not in boot, boot)


def test_good_drivers_leave_only_what_a_tree_cannot_tell():
    code, text = command(lambda tree: tree.standard_services(absent=False), 'capable', '--hvci')
    equal(code, 5, 'exit code: undetermined (%s)' % text)
    require('No Incompatible Drivers found' in text, text)
    require('Module:' not in text, text)


def test_a_driver_without_its_file_is_not_passed():
    code, text = command(lambda tree: tree.standard_services(), 'capable', '--hvci')
    equal(code, 5, 'exit code')
    require('No Incompatible Drivers found' not in text and 'not found' in text, text)


def test_services_that_are_not_known_are_not_passed():
    def fill(tree):
        tree.standard_services(bad=True)
        tree.dirty(lambda root: root, 'broken')

    code, text = command(fill, 'capable', '--hvci')
    equal(code, 5, 'exit code (%s)' % text)
    require('No Incompatible Drivers found' not in text, text)
    require('hash is wrong' in text, text)


def test_what_only_the_logs_know_counts():
    def fill(tree):
        tree.standard_services()
        key = tree.set + '\\Services\\late'
        tree.files['Windows/System32/drivers/late.sys'] = tree.driver('wx-own-lld-x64.sys')
        tree.dirty(lambda root: root.set(key, 'Type', 1).set(key, 'Start', 0))

    code, text = command(fill, 'capable')
    equal(code, 1, 'exit code')
    require('Module: late.sys' in text, text)


def test_the_failed_control_set_does_not_count():
    code, text = command(lambda tree: tree.standard_services(), 'capable', control_set=2, failed=1)
    equal(code, 5, 'exit code (%s)' % text)
    require('wrongset' not in text, text)


def test_events_and_facts():
    def fill(tree):
        tree.standard_services(bad=True).boot_store(e250000f0=1)
        tree.events([evtx.driver_event(3087, DEVICE + 'badboot.sys', 0xC0000428)])

    code, text = command(fill, 'capable')
    equal(code, 1, 'exit code')
    require(any('Code Integrity events' in line and 'badboot.sys' in line
                for line in text.splitlines()), text)
    code, text = command(fill, 'facts')
    equal(code, 0, 'exit code')
    facts = json.loads(text)
    with open(source('data', 'schema', 'facts-1.json'), encoding='utf-8') as file:
        jsonschema.validate(facts, json.load(file))
    equal(facts['host'], 'offline', 'host')
    equal(facts['events'][0]['id'], 3087, 'event')
    equal({driver['module'] for driver in facts['drivers'] if driver['boot_start']},
          {'badboot.sys', 'goodboot.sys'}, 'boot-start drivers')


def test_no_windows():
    with folder() as where:
        done = run('capable', '--root', where)
        equal(done.returncode, 3, 'exit code')
        require(b'no Windows system' in done.stderr, done.stderr)


if __name__ == '__main__':
    run_all(globals())
