"""What is found out about a Windows tree: its hives, services, boot store, log; and what stays unknown.

HVC_FACTS_DUMP prints the facts of a tree as JSON."""
import json
import os
import struct
import sys

from harness import equal, folder, place, require, run, run_all, source

sys.path.insert(0, source('tests', 'tools'))
import evtx  # noqa: E402
import make_windows_tree as windows  # noqa: E402
import regf  # noqa: E402

CONTROL = 'SYSTEM\\CurrentControlSet\\Control'
GUARD = CONTROL + '\\DeviceGuard'


class Facts:
    def __init__(self, root, code=0):
        done = run(root, command='HVC_FACTS_DUMP')
        self.error = done.stderr.decode()
        equal(done.returncode, code, 'exit code (%s)' % self.error)
        if code:
            return
        self.all = json.loads(done.stdout.decode('utf-8'))
        self.facts = self.all['facts']
        self.services = None if self.all['services'] is None else \
            {service['name']: service for service in self.all['services']}
        self.keys = {key['key'].upper(): key for key in self.all['registry']['keys']}
        self.values = {(value['key'].upper(), value['name'].upper()): value
                       for value in self.all['registry']['values']}

    def get(self, name):
        fact = self.facts[name]
        require('value' in fact, '%s is unavailable: %s' % (name, fact.get('unavailable')))
        return fact['value']

    def why(self, name):
        fact = self.facts[name]
        require('unavailable' in fact, '%s is known: %r' % (name, fact))
        return fact['unavailable']

    def number(self, key, name):
        value = self.values.get((key.upper(), name.upper()))
        return None if value is None else value['data']

    def state(self, key):
        return self.keys[key.upper()]['state']


def facts_of(fill, case=str, **more):
    """The facts of a tree that fill(tree) filled."""
    with folder() as where:
        tree = windows.Tree(where, **more)
        if fill is not None:
            fill(tree)
        return Facts(tree.write(case))


def test_a_plain_tree():
    found = facts_of(lambda tree: tree.standard_services(bad=True))
    for name, value in (('os.name', 'Windows 10 Pro'), ('os.edition', 'Professional'),
                        ('os.major', 10), ('os.minor', 0), ('os.build', 19045),
                        ('os.revision', 3570), ('os.architecture', 'x64'), ('os.s_mode', False),
                        ('os.domain_role', 0), ('os.hibernated', False),
                        ('machine.manufacturer', 'Vendor'), ('machine.model', 'Model 1'),
                        ('cpu.vendor', 'GenuineIntel'), ('cpu.family', 6), ('cpu.model', 142),
                        ('boot.test_signing', False), ('debug.kernel', False)):
        equal(found.get(name), value, name)
    for name, fact in found.facts.items():
        require(('value' in fact) != ('unavailable' in fact), '%s: %r' % (name, fact))
        require(fact.get('source') if 'value' in fact else fact['unavailable'], name)
    for name in ('firmware.secure_boot', 'tpm.present', 'device_guard.running', 'cpu.mbec',
                 'machine.memory', 'verifier.running', 'firmware.uefi', 'boot.hypervisor_launch'):
        require(found.why(name), name)
    equal(found.number(GUARD, 'EnableVirtualizationBasedSecurity'), 0, 'a value')
    equal(found.state(GUARD + '\\Scenarios\\HypervisorEnforcedCodeIntegrity'), 'absent', 'state')
    equal(found.state(GUARD + '\\Scenarios\\CredentialGuard'), 'absent', 'state')
    equal(found.number(CONTROL + '\\Lsa', 'RunAsPPL'), 0, 'another')
    equal(found.all['events'], None, 'no log was read')


def test_names_in_other_cases():
    for case in (str.lower, str.upper):
        found = facts_of(lambda tree: tree.standard_services(bad=True), case)
        equal(found.get('os.build'), 19045, 'build')
        for name in ('goodboot', 'gooddemand', 'goodfilter', 'badboot', 'badpath'):
            require(found.services[name]['file'], name)


def test_services():
    def fill(tree):
        tree.standard_services(bad=True)
        for number, path in enumerate((
                '\\SystemRoot\\System32\\drivers\\x.sys', '\\??\\C:\\Windows\\system32\\DRIVERS\\X.SYS',
                'C:\\WINDOWS\\System32\\drivers\\x.sys', '%SystemRoot%\\System32\\drivers\\x.sys',
                '\\DosDevices\\C:\\Windows\\System32\\drivers\\x.sys', 'system32\\drivers\\x.sys',
                '"C:\\Windows\\System32\\drivers\\x.sys"', '%windir%\\System32\\drivers\\x.sys',
                '\\systemroot\\.\\System32\\\\drivers\\x.sys')):
            tree.service('found%d' % number, 3, 1, path)
        for number, path in enumerate((
                '\\??\\D:\\Windows\\System32\\drivers\\x.sys', '\\Device\\HarddiskVolume9\\x.sys',
                'System32\\drivers\\..\\drivers\\x.sys', '\\SystemRoot\\System32\\drivers',
                '\\SystemRoot\\System32\\drivers\\x.sys\\y.sys', '%Elsewhere%\\x.sys', '\\', '"',
                '\\??\\C:\\Windows\\System32\\drivers\\y.sys', '\\??\\C:', 'C:')):
            tree.service('lost%d' % number, 3, 1, path)
        tree.files['Windows/System32/drivers/x.sys'] = b'MZ'
        tree.service('recognizer', 4, 8).service('adapter', 1, 4).service('program', 2, 0x10)
        tree.control('Services\\empty', 'Start', 0).control('Services\\text', 'Type', '1')
        tree.service('Wide \u0416', 2)
        tree.files['Windows/System32/drivers/Wide \u0416.sys'] = b'MZ'

    found = facts_of(fill)
    names = set(found.services)
    require(not names & {'adapter', 'program', 'empty', 'text', 'usermode', 'wrongset'}, names)
    for number in range(9):
        service = found.services['found%d' % number]
        require((service['file'] or '').endswith('/Windows/System32/drivers/x.sys'), service)
    for number in range(11):
        equal(found.services['lost%d' % number]['file'], None, 'lost%d' % number)
    boot = found.services['goodboot']
    equal((boot['start'], boot['type'], boot['group'], boot['image_path']),
          (0, 1, 'System Bus Extender', '\\SystemRoot\\System32\\drivers\\goodboot.sys'), 'goodboot')
    equal(found.services['goodfilter']['image_path'], None, 'no ImagePath')
    require(found.services['goodfilter']['file'].endswith('/goodfilter.sys'), 'goodfilter')
    require(found.services['badpath']['file'].endswith('/Program Files/Vendor/badpath.sys'), 'badpath')
    equal(found.services['absentfile']['file'], None, 'absentfile')
    equal((found.services['recognizer']['type'], found.services['recognizer']['start']), (8, 4), 'type')
    require(found.services['Wide \u0416']['file'], 'a name beyond ASCII')


def test_links_are_not_followed():
    with folder() as outside, folder() as where:
        with open(os.path.join(outside, 'a.sys'), 'wb') as out:
            out.write(b'MZ')
        tree = windows.Tree(where).service('linked', 0, 1, 'System32\\drivers\\linked.sys')
        tree.service('inlinked', 0, 1, 'System32\\elsewhere\\a.sys')
        tree.service('up', 0, 1, '\\??\\C:\\..\\%s\\a.sys' % os.path.basename(outside))
        tree.write()
        os.symlink(os.path.join(outside, 'a.sys'),
                   os.path.join(where, 'Windows/System32/drivers/linked.sys'))
        os.symlink(outside, os.path.join(where, 'Windows/System32/elsewhere'))
        found = Facts(where)
        for name in ('linked', 'inlinked', 'up'):
            equal(found.services[name]['file'], None, name)
        os.rename(os.path.join(where, 'Windows/System32/config/SYSTEM'),
                  os.path.join(outside, 'SYSTEM'))
        os.symlink(os.path.join(outside, 'SYSTEM'),
                   os.path.join(where, 'Windows/System32/config/SYSTEM'))
        found = Facts(where)
        require('a link' in found.why('os.s_mode'), found.why('os.s_mode'))
        equal(found.services, None, 'services')
        equal(found.state(GUARD), 'unreadable', 'key')


def test_names_that_differ_in_case_alone():
    with folder() as where:
        tree = windows.Tree(where).service('twins', 0, 1, 'System32\\drivers\\TWINS.sys')
        tree.service('exact', 0, 1, 'System32\\drivers\\twins.sys')
        for name in ('twins.sys', 'Twins.sys'):
            tree.files['Windows/System32/drivers/' + name] = b'MZ'
        found = Facts(tree.write())
        equal(found.services['twins']['file'], None, 'neither can be told')
        require(found.services['exact']['file'].endswith('/twins.sys'), 'the exact one')


def test_the_current_control_set():
    found = facts_of(lambda tree: tree.standard_services(), control_set=2, failed=1)
    equal(found.number(GUARD, 'EnableVirtualizationBasedSecurity'), 0, 'the value of set 2')
    require('wrongset' not in found.services, 'services of set 2')
    found = facts_of(None, control_set=37)
    equal(found.number(GUARD, 'EnableVirtualizationBasedSecurity'), 0, 'the value of set 37')


def unclear(fill, text):
    found = facts_of(fill)
    for name in ('os.s_mode', 'os.domain_role', 'machine.model'):
        require(text in found.why(name), '%s: %s' % (name, found.why(name)))
    equal(found.state(GUARD), 'unreadable', 'DeviceGuard')
    require(text in found.keys[GUARD.upper()]['why'], found.keys[GUARD.upper()])
    equal(found.services, None, 'services')
    equal(found.get('os.build'), 19045, 'SOFTWARE is fine')
    require((GUARD.upper(), 'ENABLEVIRTUALIZATIONBASEDSECURITY') not in found.values, 'no value')


def test_no_control_set_that_is_certain():
    unclear(lambda tree: tree.system.set('Select', 'Default', 2), 'ambiguous')
    unclear(lambda tree: tree.system.set('Select', 'Current', None), 'no Select')
    unclear(lambda tree: tree.system.set('Select', 'Current', '1'), 'no number')
    unclear(lambda tree: tree.system.set('Select', 'Current', 0).set('Select', 'Default', 0), 'is 0')
    unclear(lambda tree: tree.system.set('Select', 'Current', 9).set('Select', 'Default', 9), 'missing')
    unclear(lambda tree: tree.system.remove('Select'), 'no Select')


def test_dirty_hives():
    def dirty(how, hive='SYSTEM'):
        def fill(tree):
            tree.standard_services()
            if hive == 'SYSTEM':
                tree.dirty(lambda root: root.set(tree.set + '\\Control\\DeviceGuard', 'Locked', 5), how)
            else:
                tree.dirty(lambda root: root.set(windows.VERSION, 'UBR', 9999), how, hive)
        return fill

    for how in ('usable', 'old'):
        found = facts_of(dirty(how))
        equal(found.number(GUARD, 'Locked'), 5, 'what only the logs know: ' + how)
        require('goodboot' in found.services, 'services')
        equal(facts_of(dirty(how, 'SOFTWARE')).get('os.revision'), 9999, 'SOFTWARE: ' + how)
    unclear(dirty('missing'), 'dirty')
    unclear(dirty('broken'), 'hash is wrong')
    found = facts_of(dirty('missing', 'SOFTWARE'))
    for name in ('os.name', 'os.build', 'os.edition', 'os.revision'):
        require('SOFTWARE is dirty' in found.why(name), found.why(name))
    equal(found.state('SOFTWARE\\Policies\\Microsoft\\Windows\\DeviceGuard'), 'unreadable', 'policy')
    equal(found.number(GUARD, 'EnableVirtualizationBasedSecurity'), 0, 'SYSTEM is fine')


def test_damaged_and_missing_hives():
    with folder() as where:
        tree = windows.Tree(where)
        tree.write()
        config = os.path.join(where, 'Windows/System32/config/')
        os.remove(config + 'SOFTWARE')
        found = Facts(where)
        require('missing' in found.why('os.build'), found.why('os.build'))
        with open(config + 'SYSTEM', 'wb') as out:
            out.write(b'not a hive' * 1000)
        found = Facts(where)
        require('not a registry hive' in found.why('os.s_mode'), found.why('os.s_mode'))
        os.remove(config + 'SYSTEM')
        equal(Facts(where).services, None, 'services')
        require('Windows/System32/config' in Facts(os.path.join(where, 'Windows'), code=3).error, 'root')
    with folder() as where:
        require('no Windows system' in Facts(where, code=3).error, 'an empty folder')
        require(Facts(os.path.join(where, 'x'), code=3).error, 'no folder')


def test_a_damaged_key_is_not_absent():
    with folder() as where:
        tree = windows.Tree(where)
        tree.control('Control\\CI\\Config', 'VulnerableDriverBlocklistEnable', 1)
        tree.standard_services()
        cells = {}
        path = os.path.join(tree.write(), 'Windows/System32/config/SYSTEM')
        data = bytearray(regf.build(tree.system, sequence=7, cells=cells))
        struct.pack_into('<I', data, 4096 + cells['CONTROLSET001\\CONTROL\\CI\\CONFIG'] + 4 + 40, 4)
        struct.pack_into('<I', data, 4096 + cells['CONTROLSET001\\SERVICES'] + 4 + 20, 77)
        with open(path, 'wb') as out:
            out.write(data)
        found = Facts(where)
        equal(found.state(CONTROL + '\\CI\\Config'), 'unreadable', 'CI\\Config')
        equal(found.state(CONTROL + '\\CI'), 'read', 'CI')
        equal(found.services, None, 'services')
        equal(found.state('SYSTEM\\CurrentControlSet\\Services'), 'unreadable', 'Services')


def test_scenarios_and_secrets():
    def fill(tree):
        tree.control(windows.GUARD + '\\Scenarios\\CredentialGuard', 'Enabled', 1)
        tree.control(windows.GUARD + '\\Scenarios\\KeyGuard\\Status', 'CredGuardEnabled', 1)
        tree.control(windows.GUARD + '\\Scenarios\\Future', 'Enabled', 1)
        tree.control('Control\\Lsa\\MSV1_0', 'IsolatedCredentialsRootSecret', b'secret')
        tree.policy('HypervisorEnforcedCodeIntegrity', 1)

    found = facts_of(fill)
    scenarios = GUARD + '\\Scenarios\\'
    equal(found.number(scenarios + 'CredentialGuard', 'Enabled'), 1, 'CredentialGuard')
    equal(found.number(scenarios + 'KeyGuard\\Status', 'CredGuardEnabled'), 1, 'KeyGuard')
    equal(found.number(scenarios + 'Future', 'Enabled'), 1, 'one that is not known')
    equal(found.state(scenarios + 'HypervisorEnforcedCodeIntegrity'), 'absent', 'HVCI')
    secret = found.values[((CONTROL + '\\Lsa\\MSV1_0').upper(), 'ISOLATEDCREDENTIALSROOTSECRET')]
    equal(secret['data'], {'hex': ''}, 'the secret is not copied')
    equal(found.number('SOFTWARE\\Policies\\Microsoft\\Windows\\DeviceGuard',
                       'HypervisorEnforcedCodeIntegrity'), 1, 'policy')
    keys = [key['key'].upper() for key in found.all['registry']['keys']]
    equal(len(keys), len(set(keys)), 'each key once')


def test_hibernation():
    for signature, asleep in ((b'HIBR', True), (b'hibr', True), (b'RSTR', True), (b'WAKE', False),
                              (b'\0\0\0\0', False), (b'', False)):
        found = facts_of(lambda tree: tree.hibernated(signature))
        equal(found.get('os.hibernated'), asleep, repr(signature))
    with folder() as where:
        windows.Tree(where).hibernated().write()
        os.truncate(os.path.join(where, 'hiberfil.sys'), 5 << 30)
        equal(Facts(where).get('os.hibernated'), True, 'a file of 5 GiB')


def test_kinds_of_windows():
    found = facts_of(None, name='Windows 10 Pro', build=22631)
    equal(found.get('os.name'), 'Windows 11 Pro', 'Windows 11')

    def server(tree):
        tree.software.set(windows.VERSION, 'InstallationType', 'Server')

    found = facts_of(server, name='Windows Server 2022 Standard', build=20348,
                     product_type='LanmanNT', edition='ServerStandard')
    equal((found.get('os.name'), found.get('os.domain_role')), ('Windows Server 2022 Standard', 4), 'DC')
    equal(facts_of(None, product_type='ServerNT').get('os.domain_role'), 2, 'server')
    require(facts_of(None, product_type='Other').why('os.domain_role'), 'another type')
    found = facts_of(lambda tree: tree.control('Control\\CI\\Policy', 'SkuPolicyRequired', 1))
    equal(found.get('os.s_mode'), True, 'S mode')
    for arch in ('x86', 'arm64'):
        equal(facts_of(None, arch=arch).get('os.architecture'), arch, arch)
        equal(facts_of(None, arch=arch, kernel=False).get('os.architecture'), arch, arch)

    def old(tree):
        for name in ('CurrentMajorVersionNumber', 'CurrentMinorVersionNumber', 'UBR'):
            tree.software.set(windows.VERSION, name, None)

    found = facts_of(old)
    equal((found.get('os.major'), found.get('os.minor')), (6, 3), 'Windows 8.1')
    require(found.why('os.revision'), 'no UBR')


def test_boot_store():
    def store(**elements):
        return lambda tree: tree.boot_store(**elements)

    found = facts_of(store(e250000f0=1, e16000049=True))
    equal([found.get(name) for name in ('boot.hypervisor_launch', 'boot.test_signing', 'debug.kernel',
                                        'firmware.uefi')], ['auto', True, False, True], 'UEFI')
    found = facts_of(store(path='Boot/BCD', loader='\\Windows\\system32\\winload.exe', e250000f0=0,
                           e260000a0=True))
    equal([found.get(name) for name in ('boot.hypervisor_launch', 'boot.test_signing', 'debug.kernel',
                                        'firmware.uefi')], ['off', False, True, False], 'BIOS')
    found = facts_of(store(inherited=(('16000049', True), ('250000f0', 1))))
    equal((found.get('boot.test_signing'), found.get('boot.hypervisor_launch')), (True, 'auto'),
          'inherited')
    require('does not set it' in facts_of(store()).why('boot.hypervisor_launch'), 'not set')

    def two(tree):
        tree.boot_store(e16000049=True).boot_store(path='Boot/BCD')
        tree.control('Control', 'SystemStartOptions', None)

    require('two boot stores' in facts_of(two).why('boot.test_signing'), 'two stores')

    def options(text):
        return lambda tree: tree.control('Control', 'SystemStartOptions', text)

    found = facts_of(options(' NOEXECUTE=OPTIN  TESTSIGNING DEBUG=X'))
    equal((found.get('boot.test_signing'), found.get('debug.kernel')), (True, True), 'last start')
    found = facts_of(options('/testsigning /nodebug'))
    equal((found.get('boot.test_signing'), found.get('debug.kernel')), (True, False), 'small letters')
    found = facts_of(options(None))
    require('boot store' in found.why('boot.test_signing'), 'neither')


def test_events():
    path = '\\Device\\HarddiskVolume3\\Windows\\System32\\drivers\\%s.sys'
    events = [evtx.driver_event(3087, path % 'a', 0xC0000428), evtx.driver_event(3073, path % 'b'),
              evtx.driver_event(3089, path % 'c'), evtx.driver_event(3033, path % 'd', provider='Other'),
              dict(event_id=3077, fields=[('File Name', evtx.STRING, path % 'e'),
                                          ('Status', evtx.HEX32, 0xC0E90002)])]
    found = facts_of(lambda tree: tree.events(events))
    equal([(event['id'], event['file'], event['status']) for event in found.all['events']],
          [(3087, path % 'a', 0xC0000428), (3073, path % 'b', 0), (3077, path % 'e', 0xC0E90002)],
          'events')
    equal(found.all['events'][0]['time'], evtx.TIME + 10_000_000, 'time')
    equal(facts_of(lambda tree: tree.events([])).all['events'], [], 'an empty log')


def test_every_allocation_that_fails():
    with folder() as where:
        tree = windows.Tree(where).standard_services(bad=True)
        tree.boot_store(e250000f0=1, inherited=(('16000049', True),))
        tree.events([evtx.driver_event(3087, 'a.sys', 1), evtx.driver_event(3073, 'b.sys')])
        tree.dirty(lambda root: root.set(tree.set + '\\' + windows.SCENARIO, 'Enabled', 1))
        done = run(tree.write(), command='HVC_ALLOC_FAILURE', timeout=600)
        equal(done.returncode, 0, done.stdout.decode() + done.stderr.decode()[-3000:])


if __name__ == '__main__':
    place('HVC_FACTS_DUMP')
    run_all(globals())
