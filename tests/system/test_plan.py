#!/usr/bin/env python3
"""enable, disable, clear and undo on Windows trees that the tests make: what is planned, what is refused,
what is changed and nothing besides, read back with hivex and reged; undo; power cuts at each write."""
import hashlib
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import sys

import jsonschema

import harness
from harness import Skip, equal, folder, require, shown

sys.path.insert(0, harness.source('tests', 'tools'))
import make_windows_tree  # noqa: E402
import regf  # noqa: E402

CONFIG = 'Windows/System32/config/'
POLICY = 'Windows/System32/CodeIntegrity/SIPolicy.p7b'
GUARD = 'Control\\DeviceGuard'
HVCI = GUARD + '\\Scenarios\\HypervisorEnforcedCodeIntegrity'
CUT = 9  # apply_cut's exit code


def tree(place, name='tree', bad=False, change=None, **more):
    fixtures = harness.place('HVC_FIXTURES')
    made = make_windows_tree.Tree(os.path.join(place, name), fixtures, **more)
    made.standard_services(bad=bad)
    if change is not None:
        change(made)
    return made.write()


def hive(root):
    return os.path.join(root, CONFIG + 'SYSTEM')


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def contents(root):
    """Every file below a folder: path -> (bytes, inode)."""
    found = {}
    for place, _, names in os.walk(root):
        for name in names:
            path = os.path.join(place, name)
            found[os.path.relpath(path, root)] = (read(path), os.stat(path).st_ino)
    return found


def call(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE).stdout.decode('utf-8', 'replace')


def export(path):
    """A hive in hivexregedit's eyes."""
    return call('hivexregedit', '--export', path, '\\')


def dword(path, key, name):
    done = subprocess.run(['hivexget', path, key, name], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        return None
    text = done.stdout.decode().strip()
    return int(text.split(':')[1], 16) if text.startswith('dword:') else int(text, 16)


def reged_export(path, place):
    """The same hive in reged's eyes: its keys and values."""
    out = os.path.join(place, 'reged.reg')
    done = subprocess.run(['reged', '-x', path, 'HKEY_LOCAL_MACHINE\\SYSTEM', '\\', out],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    require(os.path.exists(out), 'reged cannot read %s: %r' % (path, done.stdout[-300:]))
    return read(out).decode('latin-1').replace('\r\n', '\n')


def clean(path):
    """Whether the base block says that the hive is clean, and its checksum is right."""
    base = read(path)[:4096]
    primary, secondary = struct.unpack_from('<II', base, 4)
    return primary == secondary and struct.unpack_from('<I', base, 508)[0] == regf.xor32(base)


def run(verb, root, *more, code=0):
    done = harness.run(verb, '--root', root, *more)
    equal(done.returncode, code, '%s %s: exit code (%s%s)' % (
        verb, ' '.join(more), shown(done.stdout[-600:]), shown(done.stderr[-300:])))
    return done.stdout.decode('utf-16' if done.stdout[:2] == b'\xff\xfe' else 'utf-8')


def apply(verb, root, backup, *more, code=0):
    return run(verb, root, '--apply', '--backup', backup, *more, code=code)


def undo(root, backup, second, *more):
    done = harness.run('undo', os.path.join(backup, 'undo.reg'), '--root', root, '--apply',
                       '--backup', second, *more)
    equal(done.returncode, 0, 'undo: exit code (%s%s)' % (done.stdout.decode(), done.stderr.decode()))


def plan(verb, root, *more, code=0):
    made = json.loads(run(verb, root, '--format', 'json', *more, code=code))
    with open(harness.source('data', 'schema', 'plan-1.json'), encoding='utf-8') as schema:
        jsonschema.validate(made, json.load(schema))
    return made


def values(made):
    return {change['name']: change['new']['number'] for change in made['changes']
            if change['kind'] == 'set-value'}


def refusals(made):
    return sorted({refusal['name'] for refusal in made['refusals'] if not refusal['overridden']})


def test_nothing_is_changed_unasked():
    with folder() as place:
        root = tree(place)
        before = contents(root)
        for verb in ('enable', 'disable', 'clear'):
            for more in ([], ['--dry-run'], ['--format', 'json'], ['--format', 'reg'],
                         ['--format', 'commands']):
                run(verb, root, *more)
        equal(contents(root), before, 'the tree')


def test_enable_with_current_2_and_failed_1():
    with folder() as place:
        root = tree(place, control_set=2, failed=1)
        other = export(hive(root)).split('[\\ControlSet002')[0]
        said = apply('enable', root, os.path.join(place, 'backup'))
        for line in ('Enabling Device Guard and Credential Guard', 'Setting RegKeys to enable DG/CG',
                     'Enabling Hyper-V and IOMMU',
                     'Please reboot the machine, for settings to be applied.'):
            require('\n' + line + '\n' in '\n' + said, 'no line %r in %s' % (line, said))
        wanted = {(GUARD, 'EnableVirtualizationBasedSecurity'): 1,
                  (GUARD, 'RequirePlatformSecurityFeatures'): 1, (GUARD, 'Locked'): 0,
                  ('Control\\Lsa', 'LsaCfgFlags'): 2, ('Control\\Lsa', 'RunAsPPL'): 0,
                  (HVCI, 'Enabled'): 1, (HVCI, 'Locked'): 0}
        for (key, name), number in wanted.items():
            equal(dword(hive(root), '\\ControlSet002\\' + key, name), number, key + '\\' + name)
        now = export(hive(root))
        equal(now.split('[\\ControlSet002')[0], other, 'what stands before control set 2')
        require('WasEnabledBy' not in now, 'WasEnabledBy was set')
        theirs = reged_export(hive(root), place)
        require('HypervisorEnforcedCodeIntegrity]\n"Enabled"=dword:00000001' in theirs.replace(
            '\n\n', '\n'), 'reged does not find the value: %s' % theirs[-2000:])
        require(clean(hive(root)), 'the hive is not clean')


def test_second_run_changes_no_byte():
    with folder() as place:
        root = tree(place)
        apply('enable', root, os.path.join(place, 'one'))
        before = contents(root)
        said = apply('enable', root, os.path.join(place, 'two'))
        require('Nothing to change' in said, said)
        equal(contents(root), before, 'the tree')
        require(not os.path.exists(os.path.join(place, 'two')), 'a backup of nothing was made')
        equal(plan('enable', root)['changes'], [], 'changes')


def test_backup_and_undo():
    with folder() as place:
        def lived_in(made):
            made.control(HVCI, 'Enabled', 1).control(HVCI, 'WasEnabledBy', 2)
            made.control(HVCI + '\\Sub "key"', 'Name "x" \\ y', ['one', 'two'])
            made.control(HVCI + '\\Empty', 'x', None)
            made.control(GUARD, 'EnableVirtualizationBasedSecurity', 1)
            made.control(GUARD, 'RequirePlatformSecurityFeatures', 3)
            made.control(GUARD + '\\Capabilities', 'DG_Capable', 2)
            made.control('Control\\Session Manager\\Memory Management', 'VerifyDriverLevel', 1 << 25)
            made.control('Control\\Session Manager\\Memory Management', 'VerifyDrivers', 'all.sys')

        for verb, sub in (('enable', []), ('enable', ['--cg']), ('disable', []),
                          ('disable', ['--hvci']), ('clear', []), ('clear', ['--verifier-only'])):
            for change in (None, lived_in):
                if change is None and verb != 'enable':
                    continue
                name = '-'.join([verb, *sub, str(change is None)])
                root = tree(place, name, change=change)
                files = {part: read(hive(root) + part) for part in ('', '.LOG1', '.LOG2')}
                before = export(hive(root))
                backup = os.path.join(place, name + '-backup')
                apply(verb, root, backup, *sub)
                require(export(hive(root)) != before, name + ' changed nothing')
                for part, data in files.items():
                    equal(read(os.path.join(backup, 'SYSTEM' + part)), data, 'backup of ' + part)
                call('sh', '-c', 'cd "$0" && sha256sum --check --strict SHA256SUMS', backup)
                undo(root, backup, backup + '-2')
                equal(export(hive(root)), before, name + ' undone')
                undo(root, backup, backup + '-3')
                require(not os.path.exists(backup + '-3'), 'a second undo changed something')


def test_dirty_hive_with_usable_logs():
    for how in ('usable', 'old'):
        with folder() as place:
            def change(made):
                made.dirty(lambda root: root.set(made.set + '\\' + GUARD,
                                                 'RequirePlatformSecurityFeatures', 3), how)

            root = tree(place, change=change)
            logs = [read(hive(root) + part) for part in ('.LOG1', '.LOG2')]
            require(not clean(hive(root)), 'the tree is not dirty')
            made = plan('enable', root)
            require('RequirePlatformSecurityFeatures' not in values(made), how + ': not replayed')
            backup = os.path.join(place, 'backup')
            apply('enable', root, backup)
            require(clean(hive(root)), how + ': the new hive is not clean')
            key = '\\ControlSet001\\' + GUARD
            equal(dword(hive(root), key, 'RequirePlatformSecurityFeatures'), 3, how)
            equal(dword(hive(root), key, 'EnableVirtualizationBasedSecurity'), 1, how)
            equal([read(hive(root) + part) for part in ('.LOG1', '.LOG2')], logs, 'the logs')
            equal(plan('enable', root)['changes'], [], how + ': with the old logs beside it')
            equal([read(os.path.join(backup, 'SYSTEM' + part)) for part in ('.LOG1', '.LOG2')], logs,
                  'the logs in the backup')


def locked(made):
    made.control(GUARD, 'Locked', 1).control(GUARD, 'EnableVirtualizationBasedSecurity', 1)


def stale(how):
    return lambda made: made.dirty(lambda root: root.set(made.set + '\\' + GUARD, 'x', 1), how)


def test_refusals():
    cases = {
        'stale-hive': stale('missing'), 'stale-hive 2': stale('broken'),
        'hibernated': lambda made: made.hibernated(),
        'policy': lambda made: made.policy('HypervisorEnforcedCodeIntegrity', 0),
        'uefi-lock': locked,
        'control-set': lambda made: made.system.set('Select', 'Default', 2),
        'control-set 2': lambda made: made.system.set('Select', 'Failed', 1),
        'boot-drivers': lambda made: made.standard_services(bad=True),
        'boot-drivers 2': lambda made: made.service('gone', 0, 1, 'System32\\drivers\\gone.sys'),
    }
    for number, (label, change) in enumerate(cases.items()):
        name = label.split()[0]
        with folder() as place:
            root = tree(place, change=change)
            before = contents(root)
            backup = os.path.join(place, 'backup')
            made = plan('enable', root, code=1)
            require(name in refusals(made), '%s: refused for %s' % (label, refusals(made)))
            require(made['refused'], label)
            said = apply('enable', root, backup, code=1)
            require('Refused (%s)' % name in said, said)
            equal(contents(root), before, label + ': the tree')
            require(not os.path.exists(backup), label + ': a backup of nothing')
            overrides = [part for refusal in refusals(made) for part in ('--override', refusal)]
            others = [part for refusal in refusals(made) if refusal != name
                      for part in ('--override', refusal)]
            apply('enable', root, backup, *others, code=1)
            equal(contents(root), before, label + ': the tree with other overrides')
            apply('enable', root, backup, *overrides)
            require(contents(root) != before, label + ': the override has no effect')
            equal(dword(hive(root), '\\ControlSet001\\' + HVCI, 'Enabled'), 1, label)
            require(number >= 0, label)


def test_disable_does_not_mind_drivers():
    with folder() as place:
        root = tree(place, bad=True, change=lambda made: made.control(HVCI, 'Enabled', 1))
        apply('disable', root, os.path.join(place, 'backup'))
        equal(dword(hive(root), '\\ControlSet001\\' + HVCI, 'Enabled'), None, 'Enabled')
        # Undoing that turns it on again: that is refused as enabling is.
        done = harness.run('undo', os.path.join(place, 'backup', 'undo.reg'), '--root', root, '--apply',
                           '--backup', os.path.join(place, 'second'))
        equal(done.returncode, 1, 'undo turns it on')
        require(b'Refused (boot-drivers)' in done.stdout, done.stdout)


def test_versions():
    for build, wanted, features in (
            (10240, {'Unlocked', 'HypervisorEnforcedCodeIntegrity'}, 2),
            (10586, {'Unlocked', 'HypervisorEnforcedCodeIntegrity'}, 2),
            (14393, {'Locked', 'Enabled'}, 1), (26100, {'Locked', 'Enabled'}, 1)):
        with folder() as place:
            root = tree(place, build=build)
            made = plan('enable', root, '--hvci')
            equal(set(values(made)), wanted | {'EnableVirtualizationBasedSecurity',
                                               'RequirePlatformSecurityFeatures'}, str(build))
            kinds = [change['kind'] for change in made['changes']]
            equal(kinds.count('enable-feature'), features, str(build))
            equal(made['machine']['build'], build, 'build')
            apply('enable', root, os.path.join(place, 'backup'))
            equal(plan('enable', root)['changes'], [], '%d: again' % build)


def test_shared_security_descriptor_is_not_lost():
    """hivex frees a security descriptor whose count of keys says that nobody uses it any more."""
    with folder() as place:
        root = tree(place, change=lambda made: made.control(HVCI, 'Enabled', 1))
        bent = bytearray(read(hive(root)))
        at = bent.index(b'sk\0\0', 4096)
        require(struct.unpack_from('<I', bent, at + 12)[0] > 20, 'no count of keys')
        struct.pack_into('<I', bent, at + 12, 1)
        with open(hive(root), 'wb') as file:
            file.write(bent)
        done = harness.run('disable', '--root', root, '--apply', '--backup', os.path.join(place, 'b'))
        equal(done.returncode, 4, 'exit code')
        require(b'security descriptor' in done.stderr, done.stderr)
        equal(read(hive(root)), bytes(bent), 'the hive')


def test_policy_file():
    with folder() as place:
        def change(made):
            made.files['Windows/System32/CodeIntegrity/driver.stl'] = b'x'

        root = tree(place, change=change)
        policy = os.path.join(place, 'my.p7b')
        with open(policy, 'wb') as file:
            file.write(b'policy one')
        one, two, three = (os.path.join(place, name) for name in ('one', 'two', 'three'))
        apply('enable', root, one, '--dg', '--sipolicy', policy)
        equal(read(os.path.join(root, POLICY)), b'policy one', 'the policy')
        equal(plan('enable', root, '--dg', '--sipolicy', policy)['changes'], [], 'again')
        with open(policy, 'wb') as file:
            file.write(b'policy two')
        apply('enable', root, two, '--sipolicy', policy)
        equal(read(os.path.join(root, POLICY)), b'policy two', 'the second policy')
        equal(read(os.path.join(two, 'SIPolicy.p7b')), b'policy one', 'the first, in the backup')
        undo(root, two, os.path.join(place, 'two-undone'))
        equal(read(os.path.join(root, POLICY)), b'policy one', 'undone')
        apply('disable', root, three)
        require(not os.path.exists(os.path.join(root, POLICY)), 'disable leaves the policy')
        undo(root, three, os.path.join(place, 'three-undone'))
        equal(read(os.path.join(root, POLICY)), b'policy one', 'disable undone')
        undo(root, one, os.path.join(place, 'one-undone'))
        require(not os.path.exists(os.path.join(root, POLICY)), 'the policy that was not there')


def test_power_cut_at_each_step():
    with folder() as place:
        def change(made):
            made.files['Windows/System32/CodeIntegrity/SIPolicy.p7b'] = b'old policy'

        pristine = tree(place, 'pristine', change=change)
        policy = os.path.join(place, 'new.p7b')
        with open(policy, 'wb') as file:
            file.write(b'new policy')
        states, cut = set(), 0
        whole = None
        while True:
            root, backup = os.path.join(place, 'root'), os.path.join(place, 'backup')
            for old in (root, backup):
                shutil.rmtree(old, ignore_errors=True)
            shutil.copytree(pristine, root)
            done = harness.run('enable', root, backup, str(cut), policy, command='HVC_APPLY_CUT')
            require(done.returncode in (0, CUT), 'cut %d: %r' % (cut, done.stderr))
            now = read(hive(root))
            is_old = now == read(hive(pristine))
            if not is_old:
                require(clean(hive(root)), 'cut %d: the hive is torn' % cut)
                equal(dword(hive(root), '\\ControlSet001\\' + HVCI, 'Enabled'), 1, 'cut %d' % cut)
                require(whole is None or now == whole, 'cut %d: another hive' % cut)
                whole = now
                # What was there before is safe by then.
                equal(read(os.path.join(backup, 'SYSTEM')), read(hive(pristine)), 'cut %d' % cut)
                call('sh', '-c', 'cd "$0" && sha256sum --check --strict SHA256SUMS', backup)
                require(read(os.path.join(backup, 'undo.reg')).startswith(b'\xff\xfe'), 'undo file')
            kept = read(os.path.join(root, POLICY))
            require(kept in (b'old policy', b'new policy'), 'cut %d: the policy is torn' % cut)
            states.add((is_old, kept))
            if done.returncode == 0:
                break
            # Whatever the cut left behind does not stand in the way of the next try.
            shutil.rmtree(backup, ignore_errors=True)
            again = harness.run('enable', root, backup, '99999', policy, command='HVC_APPLY_CUT')
            equal(again.returncode, 0, 'after cut %d: %r' % (cut, again.stderr))
            equal(dword(hive(root), '\\ControlSet001\\' + HVCI, 'Enabled'), 1, 'after cut %d' % cut)
            equal(read(os.path.join(root, POLICY)), b'new policy', 'after cut %d' % cut)
            equal([name for name in os.listdir(os.path.dirname(hive(root))) if 'hvcheck' in name], [],
                  'after cut %d: what is left over' % cut)
            cut += 1
        require(cut > 20, 'only %d steps' % cut)
        equal(states, {(True, b'old policy'), (False, b'old policy'), (False, b'new policy')}, 'states')


def test_owner_mode_and_attributes_stay():
    with folder() as place:
        root = tree(place)
        path = hive(root)
        os.chmod(path, 0o640)
        try:
            os.setxattr(path, 'user.stream', b'alternate data')
        except OSError as error:
            raise Skip('no extended attributes here: %s' % error) from error
        if os.geteuid() == 0:
            os.chown(path, 12345, 23456)
        before = os.stat(path)
        apply('enable', root, os.path.join(place, 'backup'))
        after = os.stat(path)
        require(after.st_ino != before.st_ino, 'the hive was written in place')
        equal(stat.S_IMODE(after.st_mode), 0o640, 'mode')
        equal((after.st_uid, after.st_gid), (before.st_uid, before.st_gid), 'owner')
        equal(os.getxattr(path, 'user.stream'), b'alternate data', 'extended attribute')


def test_links_are_not_followed_or_broken():
    with folder() as place:
        root = tree(place)
        before = read(hive(root))
        os.link(hive(root), os.path.join(place, 'other name'))
        done = harness.run('enable', '--root', root, '--apply', '--backup', os.path.join(place, 'b'))
        equal(done.returncode, 3, 'hard links: exit code')
        require(b'hard links' in done.stderr, done.stderr)
        equal(read(hive(root)), before, 'the hive')
        os.rename(hive(root), os.path.join(place, 'moved'))
        os.symlink(os.path.join(place, 'moved'), hive(root))
        done = harness.run('enable', '--root', root, '--apply', '--backup', os.path.join(place, 'c'))
        equal(done.returncode, 3, 'symbolic link: exit code')
        equal(read(os.path.join(place, 'moved')), before, 'the hive elsewhere')


def test_reg_file_does_the_same():
    for verb, change in (('enable', None), ('disable', lambda made: made.control(
            HVCI, 'Enabled', 1).control(GUARD, 'EnableVirtualizationBasedSecurity', 1))):
        with folder() as place:
            root = tree(place, change=change)
            copy, reg = os.path.join(place, 'copy'), os.path.join(place, 'plan.reg')
            shutil.copy(hive(root), copy)
            run(verb, root, '--reg-file', reg)
            raw = read(reg)
            require(raw.startswith(b'\xff\xfe'), 'no byte order mark')
            text = raw.decode('utf-16')
            require('\r\n' in text and not re.search('[^\r]\n', text), 'ends of lines')
            with open(reg + '8', 'w', encoding='utf-8') as file:
                file.write(text.replace('\r\n', '\n').replace('CurrentControlSet', 'ControlSet001'))
            call('hivexregedit', '--merge', '--prefix', 'HKEY_LOCAL_MACHINE\\SYSTEM', copy, reg + '8')
            apply(verb, root, os.path.join(place, 'backup'))
            equal(export(copy), export(hive(root)), verb)
            equal(run(verb, tree(place, 'again', change=change), '--format', 'reg', '-o',
                      reg + '2'), '', 'standard output')
            equal(read(reg + '2'), raw, '--format reg')


def test_log():
    """The text of each plan and of what became of it, whatever the format; no change without it."""
    with folder() as place:
        root, log = tree(place), os.path.join(place, 'log.txt')
        shown_plan = run('enable', root, '--log', log)
        equal(read(log).decode('utf-8'), shown_plan, 'log of a plan')
        plan('enable', root, '--log', log)
        equal(read(log).decode('utf-8'), 2 * shown_plan, 'log of the plan as JSON')
        before = read(hive(root))
        done = harness.run('enable', '--root', root, '--apply', '--backup',
                           os.path.join(place, 'none'), '--log', os.path.join(place, 'no', 'log'))
        equal((done.returncode, done.stdout), (4, b''), 'a log that cannot be written')
        equal(read(hive(root)), before, 'the hive without its log')
        text = apply('enable', root, os.path.join(place, 'backup'), '--log', log)
        require('Backup and undo file' in text, 'what was said of the change')
        equal(read(log).decode('utf-8'), 2 * shown_plan + text, 'log of a change')


def test_commands():
    with folder() as place:
        root = tree(place)
        lines = run('enable', root, '--format', 'commands').split('\r\n')
        require('reg.exe add "HKLM\\SYSTEM\\CurrentControlSet\\Control\\DeviceGuard" /v '
                '"EnableVirtualizationBasedSecurity" /t REG_DWORD /d 1 /f' in lines, lines)
        require(any('/Enable-Feature /FeatureName:Microsoft-Hyper-V-Hypervisor' in line
                    for line in lines), lines)


def test_lock_only_when_asked():
    with folder() as place:
        root = tree(place)
        made = plan('enable', root)
        equal((values(made)['Locked'], values(made)['LsaCfgFlags']), (0, 2), 'without --lock')
        made = plan('enable', root, '--lock')
        equal((values(made)['Locked'], values(made)['LsaCfgFlags']), (1, 1), 'with --lock')
        for part in ('--loc', '--l'):
            equal(harness.run('enable', '--root', root, part).returncode, 2, part)


def test_usage():
    with folder() as place:
        root = tree(place)
        facts = os.path.join(place, 'facts.json')
        done = harness.run('facts', '--root', root, '-o', facts)
        equal(done.returncode, 0, 'facts: %r' % done.stderr)
        for more in (['--facts', facts, '--apply'], ['--facts', facts, '--root', root],
                     ['--root', root, '--apply', '--dry-run'], ['--root', root, '--override', 'all'],
                     ['--root', root, '--format', 'xml'], ['--root', root, '--sipolicy', ''],
                     ['--root', root, 'word'], ['--root', root, '--reboot']):
            equal(harness.run('enable', *more).returncode, 2, ' '.join(more))
        equal(harness.run('disable', '--root', root, '--sipolicy', 'x').returncode, 2, 'disable')
        equal(harness.run('undo', '--root', root).returncode, 2, 'undo without a file')
        equal(harness.run('enable', '--root', place).returncode, 3, 'no Windows')
        equal(harness.run('enable', '--root', root, '--sipolicy',
                          os.path.join(place, 'none')).returncode, 3, 'no policy')
        recorded = json.loads(harness.run('enable', '--facts', facts, '--format', 'json').stdout)
        direct = plan('enable', root)
        equal(recorded['changes'], direct['changes'], 'the plan of recorded facts')
        os.mkdir(os.path.join(place, 'there'))
        before = contents(root)
        equal(harness.run('enable', '--root', root, '--apply', '--backup',
                          os.path.join(place, 'there')).returncode, 3, 'a backup that is there')
        equal(contents(root), before, 'the tree')


def test_hostile_hives():
    with folder() as place:
        root = tree(place)
        whole = read(hive(root))
        number = 0
        for size in list(range(0, len(whole), 1021)) + [len(whole) - 1]:
            with open(hive(root), 'wb') as file:
                file.write(whole[:size])
            done = harness.run('enable', '--root', root, '--apply', '--override', 'stale-hive',
                               '--backup', os.path.join(place, 'b%d' % size))
            require(done.returncode in (0, 1, 3), 'cut to %d: exit code %d, %r' % (
                size, done.returncode, done.stderr))
            if done.returncode != 0:
                equal(read(hive(root)), whole[:size], 'cut to %d' % size)
        seed = int.from_bytes(hashlib.sha256(b'plan').digest()[:8], 'big')
        for number in range(150):
            seed = (seed * 6364136223846793005 + 1442695040888963407) % 2 ** 64
            at = 4096 + (seed >> 20) % (len(whole) - 4096)
            bent = bytearray(whole)
            bent[at] ^= 1 << (seed >> 61)
            with open(hive(root), 'wb') as file:
                file.write(bent)
            done = harness.run('enable', '--root', root, '--apply', '--override', 'boot-drivers',
                               '--override', 'version', '--override', 'control-set', '--backup',
                               os.path.join(place, 'm%d' % number))
            require(done.returncode in (0, 1, 3, 4), 'bit at 0x%x: exit code %d, %r' % (
                at, done.returncode, done.stderr))
            if done.returncode != 0:
                equal(read(hive(root)), bytes(bent), 'bit at 0x%x' % at)
            else:
                require(clean(hive(root)), 'bit at 0x%x' % at)


if __name__ == '__main__':
    harness.run_all(globals())
