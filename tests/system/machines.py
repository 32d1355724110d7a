"""Machines that the tests judge: recorded facts, each a known good PC with something changed.

A machine is (name, facts document, [options...]): one run of the command for each options."""
import copy

GUARD = 'SYSTEM\\CurrentControlSet\\Control\\DeviceGuard'
HVCI = GUARD + '\\Scenarios\\HypervisorEnforcedCodeIntegrity'
LSA = 'SYSTEM\\CurrentControlSet\\Control\\Lsa'
POLICY = 'SOFTWARE\\Policies\\Microsoft\\Windows\\DeviceGuard'
CONFIG = 'SYSTEM\\CurrentControlSet\\Control\\CI\\Config'
KEYS = [GUARD, HVCI, LSA, POLICY, CONFIG]
COUNTERS = ['execute_pool_type', 'execute_page_protection', 'execute_page_mapping',
            'execute_write_section', 'section_alignment', 'unsupported_relocs',
            'iat_in_executable_section']

GOOD_FACTS = {
    'os.name': 'Windows 11 Pro', 'os.edition': 'Professional', 'os.major': 10, 'os.minor': 0,
    'os.build': 22631, 'os.revision': 4317, 'os.architecture': 'x64', 'os.s_mode': False,
    'os.domain_role': 1, 'os.admin': True, 'machine.manufacturer': 'Contoso',
    'machine.model': 'Notebook 5', 'machine.virtual': False, 'machine.memory': 17179869184,
    'machine.disk': 512110190592, 'cpu.vendor': 'GenuineIntel',
    'cpu.name': '12th Gen Intel(R) Core(TM) i7-1255U', 'cpu.family': 6, 'cpu.model': 154,
    'cpu.virtualization': True, 'cpu.slat': True, 'cpu.mbec': True, 'cpu.nx': True,
    'firmware.virtualization': True, 'hypervisor.present': False, 'firmware.uefi': True,
    'firmware.secure_boot': True, 'firmware.hsti_size': 568, 'firmware.hsti_count': 1,
    'firmware.hsti_passed': True, 'firmware.hsti_blob': '01,00,00,FF,', 'tpm.present': True,
    'tpm.version': '2.0', 'device_guard.vbs_status': 0,
    'device_guard.available': [1, 2, 3, 4, 5, 6, 7], 'device_guard.running': [0],
    'device_guard.ci_policy': 0, 'device_guard.required': [0], 'ci.hvci_options': 0, 'debug.kernel': False, 'boot.test_signing': False,
    'boot.hypervisor_launch': 'auto', 'verifier.running': False,
}


def driver(module, counters=None, verifier=None, load='pass', **more):
    counts = dict.fromkeys(COUNTERS, 0) | (counters or {})
    if verifier is None:
        verifier = 'fail' if any(counts.values()) else 'pass'
    return {'module': module, 'path': '/windows/System32/drivers/' + module, 'sha256': '00' * 32,
            'signer': None, 'boot_start': False, 'windows_signed': False, 'examined': True,
            'error': None, 'counters': counts, 'verifier_counters': None, 'verifier': verifier,
            'load': load, 'reason': None} | more


def live(module, counters, **more):
    """A driver of which only Driver Verifier told."""
    return driver(module, None, verifier='undetermined', load='undetermined', path=None, sha256=None,
                  examined=False, error='only Driver Verifier told of it',
                  verifier_counters=dict.fromkeys(COUNTERS, 0) | counters, **more)


CLEAN = [driver('ntfs.sys', windows_signed=True, boot_start=True),
         driver('storport.sys', boot_start=True), driver('vendor.sys')]


def document(facts=None, drivers=CLEAN, values=(), absent=(), events=(), keys=KEYS, base=GOOD_FACTS):
    """facts: changes to the good PC's; None takes one away, an Exception makes it unavailable."""
    result = {}
    for name, value in (base | (facts or {})).items():
        if value is None:
            continue
        if isinstance(value, Exception):
            result[name] = {'unavailable': str(value)}
        else:
            result[name] = {'value': value, 'source': 'recorded'}
    return {
        'document': 'facts', 'schema': 1, 'tool': {'name': 'hvcheck', 'version': '0'},
        'host': 'windows', 'label': 'pc', 'facts': result,
        'registry': {
            'keys': [{'key': key, 'state': 'absent' if key in absent else 'read', 'why': None}
                     for key in keys],
            'values': [{'key': key, 'name': name, 'type': 4, 'data': data}
                       for key, name, data in values]},
        'services': None, 'drivers': copy.deepcopy(list(drivers)) if drivers is not None else None,
        'events': list(events) if events is not None else None,
    }


ALL, HLK = [], ['--hlk']
SCOPES = [[], ['--hvci'], ['--dg'], ['--cg'], ['--hlk']]
BAD = [driver('Bad-Boot.sys', {'section_alignment': 9}, load='fail', boot_start=True,
              reason='HVC3001 sections are aligned to 512'),
       driver('code.sys', {'execute_write_section': 1, 'execute_pool_type': 2}),
       driver('pool.sys', {'execute_pool_type': 3, 'execute_page_mapping': 1}),
       driver('kept.sys', None, verifier='pass', load='fail',
              reason='HVC3002 section INIT is writable, executable and not discardable'),
       driver('open.sys', None, verifier='undetermined', reason='a call was not judged'),
       driver('windows.sys', {'execute_pool_type': 4}, windows_signed=True),
       driver('fine.sys')]


def event(number, name):
    return {'id': number, 'time': 133000000000000000 + number, 'file': name, 'status': 0xC000007B}


NOTHING = dict.fromkeys(GOOD_FACTS)
REFUSED = PermissionError('access is denied')

CAPABLE = [
    ('good', document(), SCOPES),
    ('good-with-hvci-on', document({'device_guard.running': [2], 'device_guard.vbs_status': 2,
                                    'hypervisor.present': True}), [ALL]),
    ('nothing-known', document(NOTHING, None, events=None, keys=[]), SCOPES),
    ('unprivileged', document({name: REFUSED for name in (
        'firmware.secure_boot', 'firmware.hsti_size', 'firmware.hsti_count', 'firmware.hsti_passed',
        'device_guard.available', 'tpm.present', 'boot.test_signing', 'cpu.slat')} | {
            'firmware.hsti_blob': None, 'hypervisor.present': None, 'firmware.virtualization': None},
        None, events=None, keys=KEYS[:1]), [ALL, HLK]),
    ('drivers-incompatible', document(None, BAD), SCOPES),
    ('drivers-undetermined', document(None, CLEAN + BAD[4:5] + [driver(
        'gone.sys', examined=False, verifier='undetermined', load='undetermined', boot_start=True,
        error='its file was not found')]), [ALL, HLK]),
    ('drivers-of-verifier', document({'verifier.running': True, 'device_guard.running': [2]}, [
        live('one.sys', {'execute_page_protection': 5}), live('two.sys', {})]), [ALL]),
    ('drivers-differ', document(None, [driver('a.sys', {'execute_pool_type': 1}, verifier_counters=(
        dict.fromkeys(COUNTERS, 0) | {'execute_pool_type': 40})), driver(
            'b.sys', verifier_counters=dict.fromkeys(COUNTERS, 0))]), [ALL]),
    ('drivers-counted-at-boot', document(None, [driver(
        'boot.sys', {'execute_pool_type': 1}, boot_start=True)]), [ALL]),
    ('drivers-hostile-names', document(None, [driver('\x1b[2J\u202eevil\n.sys', {
        'iat_in_executable_section': 1}, boot_start=True, load='fail', reason='\x1b[31m')]), [ALL]),
    ('secure-boot-off', document({'firmware.secure_boot': False}), SCOPES),
    ('secure-boot-listed-only', document({'firmware.secure_boot': None}), [ALL]),
    ('hsti-no-duples', document({'firmware.hsti_count': 0}), [ALL, HLK]),
    ('hsti-small', document({'firmware.hsti_size': 512}), [ALL]),
    ('hsti-failed', document({'firmware.hsti_passed': False}), [ALL, HLK]),
    ('hsti-unknown-result', document({'firmware.hsti_passed': None}), [ALL]),
    ('x86', document({'os.architecture': 'x86'}), [ALL]),
    ('arm64', document({'os.architecture': 'arm64', 'cpu.vendor': 'Qualcomm'}), [ALL]),
    ('architecture-odd', document({'os.architecture': 'ia64'}), [ALL]),
    ('home', document({'os.name': 'Windows 11 Home', 'os.edition': 'Core'}), [ALL]),
    ('home-french', document({'os.name': 'Windows 11 Famille', 'os.edition': 'Core'}), [ALL]),
    ('name-alone-french', document({'os.name': 'Windows 11 Famille', 'os.edition': None}), [ALL]),
    ('enterprise', document({'os.name': 'Windows 10 Enterprise', 'os.edition': 'Enterprise',
                             'os.build': 19045}), [ALL]),
    ('education', document({'os.name': None, 'os.edition': 'EducationN'}), [ALL]),
    ('server', document({'os.name': 'Windows Server 2022 Standard', 'os.edition': 'ServerStandard',
                         'os.build': 20348, 'os.domain_role': 3}), [ALL]),
    ('domain-controller', document({'os.name': 'Windows Server 2019 Datacenter',
                                    'os.edition': 'ServerDatacenter', 'os.build': 17763,
                                    'os.domain_role': 5}), SCOPES),
    ('team', document({'os.name': 'Windows 10 Team', 'os.edition': 'PPIPro'}), [ALL]),
    ('s-mode', document({'os.s_mode': True}), [ALL]),
    ('virtual-machine', document({'machine.model': 'Virtual Machine', 'machine.virtual': True,
                                  'hypervisor.present': True, 'firmware.virtualization': False}),
     [ALL]),
    ('virtual-machine-kvm', document({'machine.model': 'Standard PC (Q35 + ICH9, 2009)',
                                      'machine.virtual': True}), [ALL]),
    ('windows-1511', document({'os.name': 'Windows 10 Enterprise', 'os.build': 10586}), [ALL]),
    ('windows-1607', document({'os.name': 'Windows 10 Enterprise', 'os.build': 14393}), [ALL]),
    ('windows-7', document({'os.name': 'Windows 7 Enterprise', 'os.major': 6, 'os.minor': 1,
                            'os.build': 7601}), [ALL]),
    ('no-virtualization', document({'cpu.virtualization': False, 'device_guard.available': [2]}),
     [ALL]),
    ('virtualization-off', document({'firmware.virtualization': False,
                                     'device_guard.available': [2]}), SCOPES),
    ('no-tpm', document({'tpm.present': False, 'tpm.version': None}), SCOPES),
    ('tpm-1.2', document({'tpm.version': '1.2'}), [ALL, HLK, ['--cg']]),
    ('tpm-version-unknown', document({'tpm.version': None}), [ALL, HLK]),
    ('no-mor', document({'device_guard.available': [1, 2, 3, 5, 6, 7]}), [ALL, HLK]),
    ('no-nx', document({'device_guard.available': [1, 2, 3, 4, 6, 7]}), [ALL, HLK]),
    ('no-smm', document({'device_guard.available': [1, 2, 3, 4, 5, 7]}), [ALL, HLK]),
    ('firmware-alone', document({'device_guard.available': None, 'firmware.mor_lock': True,
                                 'firmware.nx': False, 'firmware.smm': True,
                                 'firmware.dma_remapping': True, 'firmware.dma_opt_in': True}),
     [ALL]),
    ('bios', document({'firmware.uefi': False, 'firmware.secure_boot': False}), [ALL]),
    ('no-slat', document({'cpu.slat': False, 'device_guard.available': [2, 3, 4, 5, 6, 7],
                          'hypervisor.present': True}), [ALL]),
    ('no-dma-no-mbec', document({'cpu.mbec': False,
                                 'device_guard.available': [1, 2, 4, 5, 6]}), [ALL]),
    ('debugger-test-signing-no-hypervisor', document({
        'debug.kernel': True, 'boot.test_signing': True, 'boot.hypervisor_launch': 'Off'}), [ALL]),
    ('policy-off', document(values=[(POLICY, 'EnableVirtualizationBasedSecurity', 0)]), [ALL]),
    ('policy-hvci-off', document(values=[(POLICY, 'HypervisorEnforcedCodeIntegrity', 0)]),
     [ALL, ['--cg']]),
    ('policy-cg-off', document(values=[(POLICY, 'LsaCfgFlags', 0)]), [ALL, ['--hvci']]),
    ('policy-locks', document(values=[(POLICY, 'EnableVirtualizationBasedSecurity', 1),
                                      (POLICY, 'HypervisorEnforcedCodeIntegrity', 1)]), [ALL]),
    ('requires-too-much', document({'device_guard.required': [1, 2, 3, 7], 'ci.hvci_options': 3,
                                    'device_guard.available': [1, 2, 4, 5, 6],
                                    'device_guard.vbs_status': 1}), [ALL]),
    ('policy-on', document(values=[(POLICY, 'EnableVirtualizationBasedSecurity', 1)]), [ALL]),
    ('no-policy-key', document(absent=[POLICY]), [ALL]),
    ('locked', document(values=[(HVCI, 'Locked', 1), (GUARD, 'Mandatory', 1),
                                (CONFIG, 'VulnerableDriverBlocklistEnable', 0)]), [ALL]),
    ('blocklist-by-build', document({'os.build': 19045}), [ALL]),
    ('mat-required', document({'device_guard.available': [1, 2, 3, 4, 6]},
                              values=[(HVCI, 'HVCIMATRequired', 1)]), [ALL]),
    ('mat-required-and-there', document(values=[(POLICY, 'HVCIMATRequired', 1)]), [ALL]),
    ('below-the-bar', document({'machine.memory': 4294967296, 'machine.disk': 32000000000,
                                'cpu.name': 'Intel(R) Core(TM) i7-7700K CPU @ 4.20GHz'}), [ALL]),
    ('near-the-bar', document({'machine.memory': 8300000000, 'machine.disk': 62000000000,
                               'cpu.name': 'Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz'}), [ALL]),
    ('zen-1', document({'cpu.vendor': 'AuthenticAMD', 'cpu.family': 0x17, 'cpu.model': 0x08}), [ALL]),
    ('zen-2', document({'cpu.vendor': 'AuthenticAMD', 'cpu.family': 0x17, 'cpu.model': 0x31}), [ALL]),
    ('xeon', document({'cpu.name': 'Intel(R) Xeon(R) CPU E5-2690 v4 @ 2.60GHz'}), [ALL]),
    ('events', document(events=[event(3087, 'a.sys'), event(3087, 'a.sys'), event(3076, 'b.sys'),
                                event(3073, 'c.sys'), event(3087, 'b.sys')]), [ALL]),
]


def running(services, policy):
    return document({'device_guard.running': services, 'device_guard.ci_policy': policy})


READY = [
    ('all', running([1, 2], 2), SCOPES[:4]),
    ('none', running([0], 0), SCOPES[:4]),
    ('hvci-audit', running([2], 1), SCOPES[:4]),
    ('cg-only', running([1], 0), SCOPES[:4]),
    ('unknown', document({'device_guard.running': REFUSED, 'device_guard.ci_policy': None}),
     SCOPES[:4]),
    ('kernel-options', document({'device_guard.running': None, 'device_guard.ci_policy': None,
                                 'ci.options': 0x401}), [['--hvci']]),
]
