#!/usr/bin/env python3
"""The running Windows, as wine plays it: what the probe finds, what it says it could not have, and what
is written to the registry. Wine's own reg reads and writes beside us."""
import json
import os
import re
import shutil
import subprocess

import harness
from harness import Skip, equal, fixture, require, run

CONTROL = 'SYSTEM\\CurrentControlSet\\Control\\'
SERVICES = 'SYSTEM\\CurrentControlSet\\Services\\'
DEVICE_GUARD = CONTROL + 'DeviceGuard'
CAPABILITIES = DEVICE_GUARD + '\\Capabilities'
BAD, GOOD = 'wx-own-lld-x64.sys', 'clean-lld-x64.sys'
LOG = 'C:\\DGLogs\\DeviceGuardCheckLog.txt'
OPTIONS = ['--log', 'NUL', '--no-registry']


def reg(*args):
    done = subprocess.run([harness.place('HVC_WINE'), 'reg', *args], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=harness.TIMEOUT)
    return done.returncode, done.stdout.decode('utf-8', 'replace').replace('\r', '')


def delete(key):
    reg('delete', 'HKLM\\' + key, '/f')


def set_value(key, name, kind, data):
    code, _ = reg('add', 'HKLM\\' + key, '/v', name, '/t', kind, '/d', str(data), '/f')
    equal(code, 0, 'reg add ' + name)


def dwords(key):
    """The DWORDs of a key, as wine's reg tells them."""
    _, text = reg('query', 'HKLM\\' + key)
    return {name: int(number, 16) for name, number in
            re.findall(r'(?m)^ +(\S+) +REG_DWORD +(0x[0-9a-fA-F]+)$', text)}


def facts(*options):
    done = run('facts', *options)
    equal((done.returncode, done.stderr), (0, b''), 'facts')
    return json.loads(done.stdout)


def known(document, name):
    fact = document['facts'][name]
    require('value' in fact and fact['source'], name + ' is not known: ' + str(fact))
    return fact['value']


def test_what_is_known():
    document = facts()
    equal(document['host'], 'windows', 'host')
    require(document['label'] not in ('', 'this machine'), 'the machine has no name')
    equal((known(document, 'os.major'), known(document, 'os.architecture')), (10, 'x64'), 'system')
    require(known(document, 'os.build') >= 10240, 'build')
    equal(known(document, 'os.admin'), True, 'elevation')
    equal(known(document, 'os.domain_role'), 0, 'role, which WMI tells')
    equal(document['facts']['os.domain_role']['source'], 'Win32_ComputerSystem', 'source')
    equal((known(document, 'debug.kernel'), known(document, 'boot.test_signing')), (False, False),
          'boot options')
    equal(known(document, 'ci.options'), 1, 'code integrity')
    with open('/proc/cpuinfo', encoding='utf-8') as info:
        lines = dict(re.findall(r'(?m)^([a-z_ ]+?)\s*: (.*)$', info.read()))
    equal(known(document, 'cpu.vendor'), lines['vendor_id'], 'vendor')
    equal(known(document, 'cpu.family'), int(lines['cpu family']), 'family')
    equal(known(document, 'cpu.model'), int(lines['model']), 'model')
    equal(known(document, 'cpu.nx'), ' nx ' in lines['flags'], 'NX')
    guest = ' hypervisor ' in lines['flags']
    equal(known(document, 'hypervisor.present'), guest, 'hypervisor')
    with open('/proc/meminfo', encoding='utf-8') as info:
        memory = int(re.search(r'MemTotal: +(\d+)', info.read()).group(1)) * 1024
    found = known(document, 'machine.memory')
    require(memory * 0.9 < found < memory * 1.2, 'memory: %d, not about %d' % (found, memory))


UNAVAILABLE = {
    'firmware.uefi': 'system information class 90, status 0xC0000003',
    'firmware.secure_boot': 'system information class 145, status 0xC0000003',
    'firmware.secure_boot_capable': 'system information class 145, status 0xC0000003',
    'firmware.mor_lock': 'no access to firmware variables',
    'firmware.nx': 'Win32_DeviceGuard',
    'firmware.wsmt': 'no ACPI tables',
    'firmware.smm': 'no ACPI tables',
    'firmware.dma_remapping': 'no ACPI tables',
    'firmware.dma_opt_in': 'no ACPI tables',
    'firmware.hsti_size': 'system information class 166',
    'firmware.hsti_passed': 'system information class 166',
    'ci.hvci_options': 'system information class 164',
    'verifier.running': 'system information class 51',
    'verifier.flags': 'system information class 51',
    'boot.hypervisor_launch': 'by which entry',
    'device_guard.vbs_status': 'system information class 165',
    'device_guard.running': 'system information class 165',
    'device_guard.available': 'Win32_DeviceGuard: WMI answers 0x8004100E',
    'device_guard.required': 'Win32_DeviceGuard: WMI answers 0x8004100E',
    'device_guard.configured': 'Win32_DeviceGuard: WMI answers 0x8004100E',
    'device_guard.ci_policy': 'Win32_DeviceGuard: WMI answers 0x8004100E',
    'os.revision': 'no UBR',
    'os.edition': 'EditionID',
}


def test_what_is_not_available():
    document = facts('--with-verifier')
    for name, reason in UNAVAILABLE.items():
        fact = document['facts'][name]
        require('value' not in fact, '%s is known: %s' % (name, fact))
        require(reason in fact['unavailable'], '%s: %s' % (name, fact['unavailable']))
    # nothing is left without a value or a reason
    for name, fact in document['facts'].items():
        require(fact.get('unavailable') or 'value' in fact, name + ' was not looked at')


def test_registry_values():
    key = DEVICE_GUARD + '\\Scenarios\\HypervisorEnforcedCodeIntegrity'
    delete(DEVICE_GUARD)
    before = {entry['key']: entry['state'] for entry in facts()['registry']['keys']}
    equal(before[DEVICE_GUARD], 'absent', 'a key that is not there')
    set_value(DEVICE_GUARD, 'EnableVirtualizationBasedSecurity', 'REG_DWORD', 1)
    set_value(key, 'Enabled', 'REG_DWORD', 1)
    set_value(key, 'Note', 'REG_SZ', 'größer')
    document = facts()
    states = {entry['key']: entry['state'] for entry in document['registry']['keys']}
    equal((states[DEVICE_GUARD], states[key]), ('read', 'read'), 'keys')
    values = {(value['key'], value['name']): value for value in document['registry']['values']}
    require((DEVICE_GUARD, 'EnableVirtualizationBasedSecurity') in values, 'a value')
    require('größer' in json.dumps(values[key, 'Note'], ensure_ascii=False), 'a text')
    delete(DEVICE_GUARD)


def windows_path(path):
    return 'Z:' + os.path.abspath(path).replace('/', '\\')


def drive_c():
    prefix = os.environ.get('WINEPREFIX') or harness.source('build-windows-deps', 'wine')
    return os.path.join(prefix, 'drive_c')


def add_service(name, image_path, kind=1, start=3):
    set_value(SERVICES + name, 'Type', 'REG_DWORD', kind)
    set_value(SERVICES + name, 'Start', 'REG_DWORD', start)
    if image_path is not None:
        set_value(SERVICES + name, 'ImagePath', 'REG_EXPAND_SZ', image_path)


def test_services_and_their_files():
    drivers = os.path.join(drive_c(), 'windows', 'system32', 'drivers')
    shutil.copy(fixture(BAD), os.path.join(drivers, 'hvcbad.sys'))
    shutil.copy(fixture(GOOD), os.path.join(drivers, 'hvcgood.sys'))
    forms = {
        'hvcbad': None,
        'hvca': 'system32\\drivers\\hvcgood.sys',
        'hvcb': '\\SystemRoot\\System32\\drivers\\hvcgood.sys',
        'hvcc': '%SystemRoot%\\system32\\DRIVERS\\hvcgood.sys',
        'hvcd': '\\??\\' + windows_path(fixture(GOOD)),
        'hvce': '"' + windows_path(fixture(GOOD)) + '" -x',
        'hvcmissing': 'system32\\drivers\\hvcnone.sys',
        'hvcprogram': windows_path(fixture(GOOD)),
    }
    try:
        for name, path in forms.items():
            add_service(name, path, kind=16 if name == 'hvcprogram' else 1,
                        start=0 if name == 'hvcbad' else 3)
        document = facts()
        services = {entry['name']: entry for entry in document['services']}
        require('hvcprogram' not in services, 'a program is no driver')
        for name in forms:
            if name == 'hvcprogram':
                continue
            found = services[name]['file']
            wanted = None if name == 'hvcmissing' else \
                'hvcbad.sys' if name == 'hvcbad' else 'sys'
            require((found is None) == (wanted is None) and (found or '').lower().endswith(wanted or ''),
                    '%s: %s' % (name, services[name]))
        equal(services['hvcbad']['start'], 0, 'start')
        done = run('capable', '--hvci', *OPTIONS)
        text = done.stdout.decode()
        require('Module: hvcbad.sys' in text and 'execute-write section count:            1' in text,
                'the bad driver is not listed')
        equal(done.returncode, 1, 'a boot-start driver that does not load')
        require('hvcgood.sys' not in text, 'a good driver is listed')
        require(re.search(r'fail +Boot-start drivers: .*hvcbad', text), 'boot-start: ' + text[-3000:])
    finally:
        for name in forms:
            delete(SERVICES + name)
        for name in ('hvcbad.sys', 'hvcgood.sys'):
            os.unlink(os.path.join(drivers, name))


def test_capabilities_in_the_registry():
    delete(DEVICE_GUARD)
    run('capable', '--log', 'NUL', '--no-registry')
    equal(dwords(CAPABILITIES), {}, 'values with --no-registry')
    run('capable', '--log', 'NUL')
    done = run('capable', '--format', 'json', *OPTIONS)
    machine = json.loads(done.stdout)['machines'][0]
    wanted = machine['capabilities']
    if isinstance(wanted, list):
        wanted = {entry['name']: entry['value'] for entry in wanted}
    require(len(wanted) >= 2, 'nothing to write: ' + str(wanted))
    equal(dwords(CAPABILITIES), wanted, 'values')
    run('ready', '--log', 'NUL')
    delete(DEVICE_GUARD)


def test_log():
    path = os.path.join(drive_c(), 'DGLogs', 'DeviceGuardCheckLog.txt')
    if os.path.exists(path):
        os.unlink(path)
    text = run('capable', '--no-registry').stdout.decode()
    require('List of Compatible Modules can be found at ' + LOG + '\n' in text, 'the name of the log')
    with open(path, 'rb') as log:
        first = log.read()
    require(b'Step 1 Driver Compat' in first or 'Step 1 Driver Compat'.encode('utf-16-le') in first,
            'the log')
    run('capable', '--no-registry')
    with open(path, 'rb') as log:
        require(log.read().startswith(first), 'the log is appended to')


def test_facts_travel():
    """What is recorded here is judged elsewhere as here."""
    native = os.environ.get('HVC_NATIVE') or harness.source('build-gcc', 'src', 'cli', 'hvcheck')
    if not os.path.exists(native):
        raise Skip('no command of this system was built to compare with')
    with harness.folder() as folder:
        done = run('facts', '-o', 'pc.json', cwd=folder)
        equal(done.returncode, 0, 'facts -o')
        for verb in ('capable', 'ready'):
            for form in ('text', 'json'):
                args = [verb, '--facts', 'pc.json', '--format', form]
                own = run(*args, '--no-registry', '--log', 'NUL', cwd=folder)
                other = subprocess.run([native, *args, '--no-registry', '--log', 'NUL'], cwd=folder,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                equal(own.returncode, other.returncode, 'exit code of ' + ' '.join(args))
                require(own.stdout == other.stdout and own.stdout, 'output of ' + ' '.join(args))


def test_ready():
    done = run('ready', *OPTIONS)
    text = done.stdout.decode()
    require('HVCI is not running.' in text, text)
    require('Credential-Guard could not be determined' in text, text)
    equal(done.returncode, 1, 'exit code')


def settings():
    """Everything below DeviceGuard but results, as wine's reg tells it."""
    _, text = reg('query', 'HKLM\\' + DEVICE_GUARD, '/s')
    parts = re.split(r'(?m)^HKEY_LOCAL_MACHINE', text)
    return [part for part in parts if 'REG_' in part and 'Capabilities' not in part]


def carry_out(folder, *args):
    done = run(*args, '--apply', cwd=folder)
    equal((done.returncode, done.stderr), (0, b''), ' '.join(args))
    return done.stdout.decode()


def test_enable_undo_disable():
    delete(DEVICE_GUARD)
    scenario = DEVICE_GUARD + '\\Scenarios\\HypervisorEnforcedCodeIntegrity'
    set_value(DEVICE_GUARD, 'EnableVirtualizationBasedSecurity', 'REG_DWORD', 0)
    before = settings()
    with harness.folder() as folder:
        run('enable', '--hvci', cwd=folder)
        equal((settings(), os.listdir(folder)), (before, []), 'without --apply')
        carry_out(folder, 'enable', '--hvci')
        equal(dwords(DEVICE_GUARD), {'EnableVirtualizationBasedSecurity': 1,
                                     'RequirePlatformSecurityFeatures': 1, 'Locked': 0}, 'enabled')
        equal(dwords(scenario), {'Enabled': 1, 'Locked': 0}, 'memory integrity')
        enabled = settings()
        backup, = os.listdir(folder)
        carry_out(folder, 'enable', '--hvci')
        equal(settings(), enabled, 'a second time')
        with harness.folder() as other:
            carry_out(other, 'undo', windows_path(os.path.join(folder, backup, 'undo.reg')))
        equal(settings(), before, 'undone')
    with harness.folder() as folder:
        carry_out(folder, 'enable', '--hvci')
    with harness.folder() as folder:
        carry_out(folder, 'disable', '--hvci')
    require('Enabled' not in dwords(scenario) or dwords(scenario)['Enabled'] == 0, 'disabled')
    delete(DEVICE_GUARD)


def test_the_tools_spellings():
    own = run('capable', '--hvci', *OPTIONS)
    other = run('dgreadiness', '-Capable', '-HVCI', *OPTIONS)
    if other.returncode == 2:
        other = run('dgreadiness', '-Capable', '-HVCI')
    equal(own.returncode, other.returncode, 'exit code')
    require(b'Step 1 Driver Compat' in other.stdout, 'the steps')
    delete(DEVICE_GUARD)


if __name__ == '__main__':
    harness.run_all(globals())
