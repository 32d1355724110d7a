#!/usr/bin/env python3
"""capable, ready, facts and dgreadiness as their users meet them. The lines of the readiness tool are
written out here, whatever the golden outputs say."""
import json
import os

import harness
import machines
from harness import equal, require, run
from machines import BAD, NOTHING, REFUSED, document, driver, running

CAPABLE, NOT_CAPABLE, USAGE, UNREADABLE, INTERNAL, UNDETERMINED = 0, 1, 2, 3, 4, 5
ROW = '#' * 75
BANNER = [ROW, 'Readiness Tool Version 3.4 Release. ',
          'Tool to check if your device is capable to run Device Guard and Credential Guard.', ROW]
VM = ('Running on a Virtual Machine. DG/CG is supported only if both guest VM and host machine are '
      'running with Windows 10, version 1703 or later with English localization.')
HEADER = [ROW, 'OS and Hardware requirements for enabling Device Guard and Credential Guard',
          ' 1. OS SKUs: Available only on these OS Skus - Enterprise, Server, Education, Enterprise '
          'IoT, Pro, and Home',
          ' 2. Hardware: Recent hardware that supports virtualization extension with SLAT',
          'To learn more please visit: https://aka.ms/dgwhcr', ROW + ' ', '']
MORE = 'To learn more about required hardware and software please visit: https://aka.ms/dgwhcr'
NOT_READY = ('Machine is not Device Guard / Credential Guard compatible because of the following:')
QUALIFIED = ['Device Guard / Credential Guard can be enabled on this machine.', '',
             'The following additional qualifications, if present, can enhance the security of '
             'Device Guard / Credential Guard on this system:']
READY = ['Machine is Device Guard / Credential Guard Ready.', '']


def frame(text):
    return ' ' + '=' * 22 + ' ' + text + ' ' + '=' * 22 + ' '


class Judged:
    """One run of the command on facts."""

    def __init__(self, facts, *options, verb='capable'):
        with harness.folder() as folder:
            path = os.path.join(folder, 'facts.json')
            with open(path, 'w', encoding='utf-8') as file:
                json.dump(facts, file)
            done = run(verb, '--facts', path, '--color', 'always', *options)
            as_json = run(verb, '--facts', path, '--format', 'json', *options)
        equal(done.stderr + as_json.stderr, b'', 'standard error')
        equal(as_json.returncode, done.returncode, 'exit code with JSON')
        self.code = done.returncode
        self.raw = done.stdout.decode('utf-8')
        self.machine = json.loads(as_json.stdout)['machines'][0]
        text = self.raw
        for code in ('31', '32', '33', '0'):
            text = text.replace('\x1b[%sm' % code, '')
        self.lines = text.split('\n')
        # What is the readiness tool's ends with its last line.
        self.tool = self.lines[:self.lines.index(MORE) + 1] if MORE in self.lines else self.lines

    def step(self, name):
        """The lines below a step's frame."""
        starts = [i for i, line in enumerate(self.tool)
                  if line in [frame(name)] + [frame('Step %d %s' % (k, name)) for k in range(1, 11)]]
        equal(len(starts), 1, 'frames of ' + name)
        rest = self.tool[starts[0] + 1:]
        frames = [i for i, line in enumerate(rest) if line.startswith(' ====')]
        return rest[:frames[0]] if frames else rest

    def summary(self):
        return self.step('Summary')

    def color(self, line):
        for color, code in (('red', '31'), ('green', '32'), ('yellow', '33')):
            if '\x1b[%sm%s' % (code, line) in self.raw:
                return color
        require(line in self.raw, 'no line ' + line)
        return 'plain'

    def result(self, step):
        return [each for each in self.machine['steps'] if each['id'] == step][0]

    def capabilities(self):
        return {each['name']: each['value'] for each in self.machine['capabilities']}


def step_names(judged):
    return [line for line in judged.tool if ' Step ' in line]


def numbered(*names):
    return [frame('Step %d %s' % (i + 1, name)) for i, name in enumerate(names)]


def test_a_good_machine_line_by_line():
    judged = Judged(document())
    equal(judged.tool, BANNER + HEADER + [
        'Checking if the device is DG/CG Capable',
        frame('Step 1 Driver Compat'), 'Verifying each module please wait .... ', 'Completed scan.',
        'No Incompatible Drivers found',
        frame('Step 2 Secure boot present'), 'Secure Boot is present',
        frame('Step 3 MS UEFI HSTI tests'), 'Copying HSTITest.dll', 'HSTI Duple Count: 1',
        'HSTI Blob size: 568', 'String: 01,00,00,FF,', 'HSTIStatus: True',
        'HSTI validation successful',
        frame('Step 4 OS Architecture'), '64 bit arch.....',
        frame('Step 5 Supported OS SKU'), 'This PC edition is Supported for DeviceGuard',
        frame('Step 6 Virtualization Firmware'), 'Virtualization firmware check passed',
        frame('Step 7 TPM version'), 'TPM 2.0 is present.',
        frame('Step 8 Secure MOR'), 'Secure MOR is available',
        frame('Step 9 NX Protector'), 'NX Protector is available',
        frame('Step 10 SMM Mitigation'), 'SMM Mitigation is available',
        frame('End Check'), frame('Summary')] + READY + [MORE], 'the output')
    equal(judged.code, CAPABLE, 'exit code')
    equal(judged.capabilities(), {
        'SecureBoot': 2, 'OSSKU': 2, 'Virtualization': 2, 'TPM': 2, 'SecureMOR': 2, 'UEFINX': 2,
        'SMMProtections': 2, 'CG_Capable': 2, 'DG_Capable': 2, 'HVCI_Capable': 2}, 'registry')
    for line in ('No Incompatible Drivers found', 'Secure Boot is present', '64 bit arch.....',
                 READY[0]):
        equal(judged.color(line), 'green', line)


def test_steps_of_each_scope():
    common = ['OS Architecture', 'Supported OS SKU', 'Virtualization Firmware']
    last = ['NX Protector', 'SMM Mitigation']
    code = numbered('Driver Compat', 'Secure boot present', *common, *last)
    equal(step_names(Judged(document(), '--hvci')), code, '--hvci')
    equal(step_names(Judged(document(), '--dg')), code, '--dg')
    judged = Judged(document(), '--cg')
    equal(step_names(judged), numbered('Secure boot present', *common, 'TPM version', 'Secure MOR',
                                       *last), '--cg')
    equal({name for name in judged.capabilities() if 'Capable' in name}, {'CG_Capable'}, '--cg')
    equal({name for name in Judged(document(), '--dg').capabilities() if 'Capable' in name},
          {'DG_Capable', 'HVCI_Capable'}, '--dg')
    equal(len(step_names(Judged(document(), '--hlk'))), 10, '--hlk')


def check_step(changes, step, lines, color, result, listed=None, options=(), capability=None,
               code=None):
    judged = Judged(document(changes), *options)
    found = judged.step(step)
    equal(found[-len(lines):], lines, step)
    for line in lines:
        equal(judged.color(line), color, line)
    step_id = {'Secure boot present': 'secure-boot', 'MS UEFI HSTI tests': 'hsti',
               'OS Architecture': 'architecture', 'Supported OS SKU': 'edition',
               'Virtualization Firmware': 'virtualization', 'TPM version': 'tpm',
               'Secure MOR': 'secure-mor', 'NX Protector': 'nx-protector',
               'SMM Mitigation': 'smm-mitigation'}[step]
    equal(judged.result(step_id)['result'], result, step)
    if result == 'fail':
        equal(judged.summary(), [NOT_READY, listed, MORE], 'summary of ' + step)
        equal(judged.color(NOT_READY), 'red', NOT_READY)
        equal(judged.capabilities()['CG_Capable'], 0, 'CG_Capable')
        equal(judged.code, NOT_CAPABLE, 'exit code')
    elif result == 'warn':
        equal(judged.summary(), QUALIFIED + [listed, MORE], 'summary of ' + step)
        equal((judged.color(QUALIFIED[0]), judged.color(QUALIFIED[2])), ('green', 'yellow'), step)
        equal(judged.capabilities()['DG_Capable'], 1, 'DG_Capable')
        equal(judged.code, CAPABLE if code is None else code, 'exit code')
    if capability is not None:
        equal(judged.capabilities().get(capability[0]), capability[1], capability[0])


def without(*numbers):
    return {'device_guard.available': [n for n in range(1, 8) if n not in numbers]}


HLK = ('--hlk',)


def test_secure_boot():
    check_step({'firmware.secure_boot': False}, 'Secure boot present', [
        'Secure Boot is absent / not enabled.',
        'If Secure Boot is supported on the system, enable Secure Boot in the BIOS and run the '
        'script again.'], 'red', 'fail', 'Secure boot validation failed.', (), ('SecureBoot', 0))


def test_hsti():
    absent = ['HSTI is absent']
    for change in ({'firmware.hsti_count': 0}, {'firmware.hsti_size': 512},
                   {'firmware.hsti_size': 0, 'firmware.hsti_passed': False}):
        check_step(change, 'MS UEFI HSTI tests', absent, 'yellow', 'warn', 'HSTI is absent')
        check_step(change, 'MS UEFI HSTI tests', absent, 'yellow', 'warn', 'HSTI is absent', HLK)
    failed = ['HSTI validation failed']
    check_step({'firmware.hsti_passed': False}, 'MS UEFI HSTI tests', failed, 'yellow', 'warn',
               'HSTI is absent')
    check_step({'firmware.hsti_passed': False}, 'MS UEFI HSTI tests', failed, 'red', 'fail',
               'HSTI validation failed', HLK)
    check_step({'firmware.hsti_size': 513}, 'MS UEFI HSTI tests', ['HSTI validation successful'],
               'green', 'pass')
    judged = Judged(document({'firmware.hsti_size': REFUSED, 'firmware.hsti_count': None}))
    equal(judged.step('MS UEFI HSTI tests')[0], 'Instantiate-HSTI failed', 'HSTI that failed')
    facts = document({'firmware.hsti_size': REFUSED, 'firmware.hsti_count': None})
    judged = Judged(facts | {'host': 'linux'})
    equal(len(judged.step('MS UEFI HSTI tests')), 1, 'what Linux cannot ask did not fail')


def test_architecture():
    check_step({'os.architecture': 'x86'}, 'OS Architecture', ['32 bit arch....'], 'red', 'fail',
               '32 Bit OS, OS Architecture failure..')
    check_step({'os.architecture': 'mips'}, 'OS Architecture', ['Unknown architecture'], 'red',
               'fail', 'Unknown OS, OS Architecture failure..')
    check_step({'os.architecture': 'arm64'}, 'OS Architecture', ['64 bit arch.....'], 'green', 'pass')


def test_edition():
    check_step({'os.name': 'Windows 10 Team', 'os.edition': 'PPIPro'}, 'Supported OS SKU',
               ['This PC edition is Unsupported for Device Guard'], 'red', 'fail',
               'OS SKU unsupported', (), ('OSSKU', 0))
    for name, edition in (('Windows 11 Home', None), ('Windows 10 Enterprise LTSC', None),
                          ('Windows 10 Education', None), ('Windows Server 2019', None),
                          ('Windows 10 IoT Core', None), ('Windows 11 Famille', 'Core'),
                          (None, 'ProfessionalWorkstation'), (None, 'ServerDatacenter')):
        check_step({'os.name': name, 'os.edition': edition}, 'Supported OS SKU',
                   ['This PC edition is Supported for DeviceGuard'], 'green', 'pass', None, (),
                   ('OSSKU', 2))


def test_domain_controller():
    line = ('This PC is configured as a Domain Controller, Credential Guard is not supported on DC.')
    for role in (4, 5):
        for options, told in ((), True), (('--cg',), True), (('--hvci',), False), (('--dg',), False):
            judged = Judged(document({'os.domain_role': role}), *options)
            equal(line in judged.step('Supported OS SKU'), told, ' '.join(options))
            equal(judged.summary(), READY + [MORE], 'summary')
    equal(judged.code, CAPABLE, 'Device Guard on a domain controller')
    judged = Judged(document({'os.domain_role': 5}), '--cg')
    equal((judged.color(line), judged.code), ('red', NOT_CAPABLE), 'Credential Guard on one')
    require(line not in Judged(document({'os.domain_role': 3})).tool, 'a member server is none')


def test_virtualization():
    lines = ['Virtualization firmware check failed.',
             'If Virtualization firmware is supported on the system, enable Virtualization firmware '
             'in the BIOS and run the script again.']
    for name in ('cpu.virtualization', 'firmware.virtualization'):
        check_step({name: False} | without(1), 'Virtualization Firmware', lines, 'red', 'fail',
                   lines[0], (), ('Virtualization', 0))
    check_step({'firmware.virtualization': False, 'hypervisor.present': True} | without(1),
               'Virtualization Firmware', ['Virtualization firmware check passed'], 'green', 'pass',
               None, (), ('Virtualization', 2))


def test_tpm():
    absent = ['TPM is absent or not ready for use']
    gone = {'tpm.present': False, 'tpm.version': None}
    check_step(gone, 'TPM version', absent, 'yellow', 'warn', absent[0], (), ('TPM', 0))
    check_step(gone, 'TPM version', absent, 'red', 'fail', absent[0], HLK, ('TPM', 0))
    old = ['TPM 1.2 is Present. TPM 2.0 is Preferred.']
    check_step({'tpm.version': '1.2'}, 'TPM version', old, 'yellow', 'warn', old[0], (), ('TPM', 2))
    check_step({'tpm.version': '1.2'}, 'TPM version', ['TPM 1.2 is present.'], 'green', 'pass', None,
               HLK, ('TPM', 2))


def test_properties():
    mor = ['Secure MOR is absent']
    check_step(without(4), 'Secure MOR', mor, 'yellow', 'warn', mor[0], (), ('SecureMOR', 0))
    check_step(without(4), 'Secure MOR', mor, 'red', 'fail', mor[0], HLK, ('SecureMOR', 0))
    for options in ((), HLK):
        check_step(without(5), 'NX Protector', ['NX Protector is absent'], 'yellow', 'warn',
                   'NX Protector is absent', options, ('UEFINX', 0))
        check_step(without(6), 'SMM Mitigation', ['SMM Mitigation is absent'], 'yellow', 'warn',
                   'SMM Mitigation is absent', options, ('SMMProtections', 0))


def test_incompatible_drivers():
    found = 'Incompatible HVCI Kernel Driver Modules found'
    judged = Judged(document(None, BAD))
    lines = judged.step('Driver Compat')
    equal(lines[:3], ['Verifying each module please wait .... ', 'Completed scan.', found], 'begin')
    equal('\n'.join(lines[3:]),
          'Module: code.sys\r\n'
          '\tReason: execute-write section count:            1\r\n'
          '\tReason: execute pool type count:                2\r\n\n'
          'Module: bad-boot.sys\r\n'
          '\tReason: section alignment failures:             9\r\n'
          '\tReason: HVC3001 sections are aligned to 512\r\n\n'
          'Module: kept.sys\r\n'
          '\tReason: HVC3002 section INIT is writable, executable and not discardable\r\n\n'
          'Module: pool.sys\r\n'
          '\tReason: execute pool type count:                3\r\n'
          '\tReason: execute page mapping count:             1\r\n', 'blocks')
    equal(judged.color(found), 'yellow', found)
    equal(judged.color('Module: code.sys'), 'red', 'execute-write')
    equal(judged.color('Module: pool.sys'), 'yellow', 'pool')
    equal(judged.summary(), QUALIFIED + [found, MORE], 'summary')
    equal(judged.code, NOT_CAPABLE, 'a boot-start driver that does not load')
    require('bad-boot.sys' in judged.result('boot-drivers')['reason'].lower(), 'its name')
    equal(judged.machine['drivers']['total'], 7, 'drivers')
    equal([judged.machine['drivers'][name] for name in (
        'compatible', 'incompatible', 'undetermined', 'windows_signed')], [1, 4, 1, 1], 'counts')
    judged = Judged(document(None, BAD[1:]))
    equal(judged.code, CAPABLE, 'incompatible drivers that do not start at boot')
    judged = Judged(document(None, BAD), '--hlk')
    equal((judged.color(found), judged.color('Module: pool.sys')), ('red', 'red'), '--hlk')
    equal(judged.summary(), [NOT_READY, found, MORE], 'summary with --hlk')


def test_undetermined_is_not_absent():
    judged = Judged(document(NOTHING, None, events=None, keys=[]))
    for step in judged.machine['steps']:
        require(step['result'] == 'undetermined' or step['id'] == 'verifier', step['id'])
    equal(judged.code, UNDETERMINED, 'exit code')
    equal(judged.capabilities(), {}, 'registry')
    for word in ('absent', 'failed', 'Unsupported', 'Unknown architecture', '32 bit'):
        require(word not in '\n'.join(judged.tool), word + ' is claimed')
    for name, step, code in (
            ('firmware.secure_boot', 'secure-boot', UNDETERMINED),
            ('cpu.slat', 'slat', UNDETERMINED), ('os.architecture', 'architecture', UNDETERMINED),
            ('tpm.present', 'tpm', CAPABLE), ('debug.kernel', 'kernel-debugger', CAPABLE)):
        judged = Judged(document({name: REFUSED, 'device_guard.available': REFUSED}))
        equal(judged.result(step)['result'], 'undetermined', name)
        require('access is denied' in judged.result(step)['reason'], 'reason of ' + name)
        equal(judged.code, code, 'exit code without ' + name)
    # What is not known stands before what can be enabled, and what was found behind it.
    judged = Judged(document({'tpm.present': REFUSED, 'device_guard.available': [1, 2, 3, 4, 6]}))
    equal(judged.summary(), ['Under the reservation that the following is not known:',
                             'The TPM could not be determined'] + QUALIFIED +
          ['NX Protector is absent', MORE], 'summary')
    equal(judged.color(QUALIFIED[0]), 'yellow', 'color of what can be enabled')
    judged = Judged(document({'tpm.present': REFUSED}), '--hlk')
    equal(judged.code, UNDETERMINED, 'the TPM for the HLK')
    equal(judged.summary()[-2:], ['The TPM could not be determined', MORE], 'summary')


def test_old_windows_and_virtual_machines():
    line = 'Capable is currently fully supported in Redstone only..'
    for build, told in (10240, True), (10586, True), (14393, False):
        judged = Judged(document({'os.build': build}))
        equal(line in judged.tool, told, 'build %d' % build)
    at = Judged(document({'os.build': 10240})).tool
    equal(at[at.index('Checking if the device is DG/CG Capable') + 1], line, 'its place')
    for facts, told in (({'machine.model': 'Virtual Machine', 'machine.virtual': None}, True),
                        ({'machine.model': 'KVM', 'machine.virtual': True}, True),
                        ({'machine.model': 'Notebook'}, False)):
        judged = Judged(document(facts))
        equal(judged.tool[4] == VM, told, str(facts))
    equal(Judged(document({'machine.virtual': True}), verb='ready').tool[4], VM, 'ready')


OWN = [
    ({'firmware.uefi': False, 'firmware.secure_boot': False}, (), 'uefi', 'fail', NOT_CAPABLE),
    ({'cpu.slat': False, 'device_guard.available': [2], 'hypervisor.present': True}, (), 'slat',
     'fail', NOT_CAPABLE),
    (without(3), (), 'dma-protection', 'warn', CAPABLE),
    ({'cpu.mbec': False} | without(7), (), 'mbec', 'warn', CAPABLE),
    ({'debug.kernel': True}, (), 'kernel-debugger', 'warn', CAPABLE),
    ({'boot.test_signing': True}, (), 'test-signing', 'warn', CAPABLE),
    ({'boot.hypervisor_launch': 'off'}, (), 'hypervisor-launch', 'warn', CAPABLE),
    ({'os.s_mode': True}, (), 's-mode', 'warn', CAPABLE),
    ({'machine.memory': 4 << 30}, (), 'default-memory', 'warn', CAPABLE),
    ({'machine.disk': 32 * 10**9}, (), 'default-disk', 'warn', CAPABLE),
    ({'cpu.name': 'Intel(R) Core(TM) i7-7700K'}, (), 'default-processor', 'warn', CAPABLE),
    ({'cpu.name': 'Intel(R) Core(TM) i7-8550U'}, (), 'default-processor', 'pass', CAPABLE),
    ({'cpu.name': 'Intel(R) Core(TM) i7-1065G7'}, (), 'default-processor', 'pass', CAPABLE),
    ({'cpu.name': 'Intel(R) Core(TM) i7 CPU 920'}, (), 'default-processor', 'undetermined', CAPABLE),
    ({}, [(machines.POLICY, 'EnableVirtualizationBasedSecurity', 0)], 'policy', 'fail', NOT_CAPABLE),
    ({}, [(machines.POLICY, 'HypervisorEnforcedCodeIntegrity', 1)], 'policy', 'warn', CAPABLE),
    ({}, [(machines.GUARD, 'Locked', 1)], 'uefi-lock', 'warn', CAPABLE),
    ({}, [(machines.LSA, 'LsaCfgFlags', 1)], 'uefi-lock', 'warn', CAPABLE),
    ({}, [(machines.GUARD, 'Mandatory', 1)], 'mandatory', 'warn', CAPABLE),
    ({}, [(machines.CONFIG, 'VulnerableDriverBlocklistEnable', 0)], 'driver-blocklist', 'warn',
     CAPABLE),
    (without(5), [(machines.HVCI, 'HVCIMATRequired', 1)], 'memory-attributes', 'fail', NOT_CAPABLE),
    ({'device_guard.vbs_status': 1}, (), 'vbs', 'warn', CAPABLE),
    ({'device_guard.vbs_status': 2}, (), 'vbs', 'pass', CAPABLE),
    ({'device_guard.required': [2, 3]} | without(3), (), 'vbs', 'warn', CAPABLE),
    ({'device_guard.required': [2]} | without(3), (), 'vbs', 'pass', CAPABLE),
    ({'ci.hvci_options': 1}, (), 'ci-policy', 'warn', CAPABLE),
    ({}, [(machines.HVCI, 'HVCIMATRequired', 1)], 'memory-attributes', 'pass', CAPABLE),
]


def test_own_steps():
    for changes, values, step, result, code in OWN:
        judged = Judged(document(changes, values=values))
        equal(judged.result(step)['result'], result, step)
        require(judged.result(step)['reason'], 'a reason of ' + step)
        equal(judged.code, code, 'exit code of ' + step)
        if code == CAPABLE and 'device_guard.available' not in changes:
            equal(judged.summary(), READY + [MORE], 'the readiness tool does not know ' + step)


def test_boot_drivers():
    unknown = driver('b.sys', verifier='undetermined', load='undetermined', boot_start=True)
    counted = driver('c.sys', {'execute_pool_type': 1}, boot_start=True)
    refused = driver('d.sys', load='fail', verifier='pass', boot_start=True)
    for drivers, result, code in (([unknown], 'undetermined', UNDETERMINED),
                                  ([counted], 'warn', CAPABLE),
                                  ([counted, unknown], 'undetermined', UNDETERMINED),
                                  ([unknown, refused], 'fail', NOT_CAPABLE),
                                  ([refused | {'windows_signed': True}], 'pass', CAPABLE),
                                  ([refused | {'boot_start': False}], 'pass', CAPABLE)):
        judged = Judged(document(None, drivers))
        equal((judged.result('boot-drivers')['result'], judged.code), (result, code), str(result))
    require('boot-drivers' not in [step['id'] for step in Judged(document(
        None, [refused]), '--cg').machine['steps']], 'Credential Guard minds no drivers')


def test_ready():
    cg = ('Credential-Guard is enabled and running.', 'Credential-Guard is not running.')
    hvci = ('HVCI is enabled and running.', 'HVCI is not running.')
    off = 'Config-CI is not running. (Not Enabled)'
    audit = 'Config-CI is enabled and running. (Audit mode)'
    enforced = 'Config-CI is enabled and running. (Enforced mode)'
    cases = [
        ([1, 2], 2, (), [cg[0], hvci[0], enforced,
                         'HVCI, Credential-Guard, and Config-CI are enabled and running.'], 0, {}),
        ([1, 2], 1, ('--dg',), [hvci[0], audit, 'HVCI, and Config-CI are enabled and running.'], 0,
         {'DG_Running': 1}),
        ([2], 0, ('--dg',), [hvci[0], off, 'Not all services are running.'], 1, {'DG_Running': 0}),
        ([0], 0, (), [cg[1], hvci[1], off, 'Not all services are running.'], 1, {}),
        ([2], 2, (), [cg[1], hvci[0], enforced, 'Not all services are running.'], 1, {}),
        ([2], 0, ('--hvci',), [hvci[0]], 0, {}),
        ([1], 0, ('--hvci',), [hvci[1]], 1, {}),
        ([1], 0, ('--cg',), [cg[0]], 0, {'CG_Running': 1}),
        ([2], 0, ('--cg',), [cg[1]], 1, {'CG_Running': 0}),
    ]
    for services, policy, options, lines, code, capabilities in cases:
        judged = Judged(running(services, policy), *options, verb='ready')
        equal(judged.lines, BANNER + HEADER + lines + [''], str(services))
        equal(judged.code, code, 'exit code')
        equal(judged.capabilities(), capabilities, 'registry')
        for line in lines:
            equal(judged.color(line), 'yellow' if ' not ' in line or line.startswith('Not ')
                  else 'green', line)


def write_facts(folder, name, facts):
    path = os.path.join(folder, name)
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(facts, file)
    return path


def test_facts_in_utf_16():
    """As PowerShell 5 writes the output of facts into a file."""
    text = json.dumps(document(), ensure_ascii=False, indent=1).replace('\n', '\r\n')
    with harness.folder() as folder:
        path = os.path.join(folder, 'facts.json')
        outputs = []
        for encoding in ('utf-8', 'utf-8-sig', 'utf-16-le', 'utf-16-be'):
            with open(path, 'wb') as file:
                mark = '\ufeff' if encoding.startswith('utf-16') else ''
                file.write((mark + text).encode(encoding))
            done = run('capable', '--facts', path)
            equal(done.stderr, b'', 'standard error with ' + encoding)
            outputs.append((done.returncode, done.stdout))
        equal(outputs[0][0], CAPABLE, 'exit code')
        require(all(each == outputs[0] for each in outputs), 'the encoding matters')
        with open(path, 'wb') as file:
            file.write(('\ufeff' + text).encode('utf-16-le')[:-1])
        done = run('capable', '--facts', path)
        equal(done.returncode, UNREADABLE, 'exit code of half a character')
        require(b'UTF-16' in done.stderr, 'what is wrong with it')


def test_several_machines():
    with harness.folder() as folder:
        good = write_facts(folder, 'good.json', document())
        bad = write_facts(folder, 'bad.json', document({'firmware.secure_boot': False}))
        dim = write_facts(folder, 'dim.json', document({'os.architecture': None}))
        broken = os.path.join(folder, 'broken.json')
        with open(broken, 'w', encoding='utf-8') as file:
            file.write('{"document": "facts"')
        equal(run('capable', '--facts', good, good).returncode, CAPABLE, 'both good')
        equal(run('capable', '--facts', good, dim).returncode, UNDETERMINED, 'one undetermined')
        equal(run('capable', '--facts', dim, '--facts', bad, good).returncode, NOT_CAPABLE, 'one bad')
        done = run('capable', '--facts', good, bad)
        for path in (good, bad):
            require(('==> %s <==' % path).encode() in done.stdout, 'no heading for ' + path)
        log = os.path.join(folder, 'log')
        run('capable', '--facts', good, bad, '--log', log, '--format', 'json')
        with open(log, encoding='utf-8') as file:
            equal([line for line in file.read().split('\n') if line.startswith('==> ')],
                  ['==> %s <==' % path for path in (good, bad)], 'headings in the log')
        done = run('capable', '--facts', good, broken, bad, '--format', 'json')
        equal(done.returncode, UNREADABLE, 'one broken')
        report = json.loads(done.stdout)
        equal([machine['exit_code'] for machine in report['machines']], [0, 1], 'the others')
        equal([error['path'] for error in report['errors']], [broken], 'the broken one')
        require(b'broken.json' in done.stderr, 'the message')
        with open(good, 'rb') as file:
            equal(run('capable', '--facts', '-', data=file.read()).returncode, CAPABLE, 'stdin')


def test_log():
    with harness.folder() as folder:
        path = write_facts(folder, 'pc.json', document(None, BAD))
        log = os.path.join(folder, 'log.txt')
        first = run('capable', '--facts', path, '--log', log, '--color', 'always')
        with open(log, encoding='utf-8', newline='') as file:
            text = file.read()
        require('\x1b' not in text, 'colours in the log')
        for line in ('Windows Signed: windows.sys', 'Compatible: fine.sys', 'Incompatible: code.sys',
                     'Undetermined: open.sys: a call was not judged',
                     'Completed scan. List of Compatible Modules can be found at ' + log):
            require(line + '\n' in text, line)
        require(b'Compatible: fine.sys' not in first.stdout, 'the log alone lists it')
        plain = first.stdout.decode()
        for code in ('31', '32', '33', '0'):
            plain = plain.replace('\x1b[%sm' % code, '')
        equal([line for line in text.split('\n') if line in plain.split('\n')], plain.split('\n'),
              'the log has what was shown')
        run('capable', '--facts', path, '--log', log)
        with open(log, encoding='utf-8', newline='') as file:
            equal(file.read(), text + text, 'a log grows')
        done = run('capable', '--facts', path, '--log', '/no/such/folder/log')
        equal(done.returncode, INTERNAL, 'a log that cannot be kept')
        require(MORE.encode() in done.stdout, 'the judgement all the same')


def test_output_and_facts():
    with harness.folder() as folder:
        path = write_facts(folder, 'pc.json', document(None, BAD))
        out = os.path.join(folder, 'out')
        equal(run('capable', '--facts', path, '-o', out).stdout, b'', 'standard output')
        with open(out, 'rb') as file:
            equal(file.read(), run('capable', '--facts', path).stdout, 'the file')
        written = run('facts', '--facts', path)
        equal(written.returncode, 0, 'facts')
        again = json.loads(written.stdout)
        wanted = document(None, sorted(BAD, key=lambda item: item['module'].lower()))
        for name in ('facts', 'services', 'drivers', 'events', 'label', 'host'):
            equal(again[name], wanted[name], name)
        equal(run('facts', '--facts', path, '-o', '/no/such/folder/x').returncode, INTERNAL, 'output')


def test_dgreadiness():
    with harness.folder() as folder:
        path = write_facts(folder, 'pc.json', document(None, BAD))
        plain = {(): run('capable', '--facts', path)}
        for scope in ('hvci', 'dg', 'cg'):
            plain[scope] = run('capable', '--facts', path, '--' + scope)
        ready = run('ready', '--facts', path, '--hvci')

        def same(words, wanted):
            done = run('dgreadiness', *words, '--facts', path)
            equal((done.returncode, done.stdout, done.stderr),
                  (wanted.returncode, wanted.stdout, wanted.stderr), ' '.join(words))

        same(['-Capable'], plain[()])
        for words in (['-Capable', '-HVCI'], ['-capable', '-hvci'], ['-Capable', 'HVCI'],
                      ['-Cap', 'hvci'], ['-HVCI', '-CAPABLE'], ['-HV', '-Capable', '-AutoReboot']):
            same(words, plain['hvci'])
        same(['-Capable', '-DG'], plain['dg'])
        same(['-CG', '-Capable'], plain['cg'])
        same(['-Capable', '-HLK'], run('capable', '--facts', path, '--hlk'))
        same(['-Ready', '-HVCI'], ready)
        same(['-Enable', 'HVCI'], run('enable', '--hvci', '--facts', path))
        same(['-Disable'], run('disable', '--facts', path))
        same(['-Clear'], run('clear', '--facts', path))
        same(['-ResetVerifier'], run('clear', '--verifier-only', '--facts', path))
        done = run('dgreadiness', '-Capable', '-Ready', '-HVCI', '--facts', path)
        equal(done.stdout, ready.stdout + plain['hvci'].stdout, 'ready comes first')
        equal(done.returncode, NOT_CAPABLE, 'the worse code')
        for words in ([], ['-HVCI'], ['-C', '-HVCI'], ['-Nosuch'], ['-Capable:1'], ['-Path'],
                      ['-Capable', 'a.p7b', 'b.p7b']):
            done = run('dgreadiness', *words)
            equal(done.returncode, USAGE, 'exit code of ' + ' '.join(words))
            require(done.stderr.startswith(b'hvcheck: '), 'a message for ' + ' '.join(words))
        equal(run('dgreadiness', '--help').returncode, 0, '--help')


def objects(schema):
    if isinstance(schema, dict):
        if schema.get('type') == 'object':
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


def test_json_follows_the_schema():
    try:
        import jsonschema
    except ImportError as error:
        raise harness.Skip('no jsonschema') from error
    with open(harness.source('data', 'schema', 'readiness-1.json'), encoding='utf-8') as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    for item in objects(schema):
        equal((item['additionalProperties'], sorted(item['required'])),
              (False, sorted(item['properties'])), 'strictness')
    with harness.folder() as folder:
        paths = [write_facts(folder, '%s-%d.json' % (verb, number), facts)
                 for verb, cases in (('capable', machines.CAPABLE), ('ready', machines.READY))
                 for number, (_, facts, _) in enumerate(cases)]
        for verb in ('capable', 'ready'):
            done = run(verb, '--format', 'json', '--facts', *paths, '/no/such/file')
            report = json.loads(done.stdout)
            equal((len(report['machines']), len(report['errors'])), (len(paths), 1), verb)
            jsonschema.validate(report, schema)
            del report['machines'][0]['result']
            require(not jsonschema.Draft7Validator(schema).is_valid(report), 'a lax schema')
        jsonschema.validate(json.loads(run('ready', '--format', 'json', '--facts',
                                           '/no/such/file').stdout), schema)


def test_usage():
    for args in (['capable', 'x'], ['capable', '--hvci', '--cg'], ['capable', '--facts'],
                 ['capable', '--facts', ''], ['capable', '--facts', 'x', '--root', 'y'],
                 ['capable', '--format', 'sarif'], ['ready', '--hlk'], ['facts', '--hvci'],
                 ['facts', '--facts', 'x', 'y'], ['ready', '--nosuch'], ['capable', '--root', '']):
        done = run(*args)
        equal((done.returncode, done.stdout), (USAGE, b''), ' '.join(args))
        require(done.stderr.startswith(b'hvcheck: ') and done.stderr.count(b'\n') == 1,
                'one line for ' + ' '.join(args))
    equal(run('capable', '--facts', '/no/such/file').returncode, UNREADABLE, 'a missing file')
    equal(run('capable', '--root', '/no/such/folder').returncode, UNREADABLE, 'a missing tree')


if __name__ == '__main__':
    harness.run_all(globals())
