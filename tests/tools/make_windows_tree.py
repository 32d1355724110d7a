#!/usr/bin/env python3
"""Makes a folder that looks like the system volume of a Windows that is not running: hives, drivers and
their services, and on demand a boot store, event log, hibernation file and dirty hives.

    make_windows_tree.py --fixtures DIR [--bad] [--dirty usable] ... DEST

or, in a test:

    tree = make_windows_tree.Tree(dest, fixtures)
    tree.standard_services(bad=True)
    tree.write()"""
import argparse
import os
import shutil
import struct

import evtx
import regf

GUARD = 'Control\\DeviceGuard'
SCENARIO = GUARD + '\\Scenarios\\HypervisorEnforcedCodeIntegrity'
POLICY = 'Policies\\Microsoft\\Windows\\DeviceGuard'
VERSION = 'Microsoft\\Windows NT\\CurrentVersion'
BOOT_MANAGER = '{9dea862c-5cdd-4e70-acc1-f32b344d4795}'
LOADER = '{0cb3b571-0000-4000-8000-a879d86a4767}'
EXPAND = regf.REG_EXPAND_SZ
PROCESSOR = {'x64': ('AMD64', 'Intel64 Family 6 Model 142 Stepping 10, GenuineIntel'),
             'x86': ('x86', 'x86 Family 6 Model 142 Stepping 10, GenuineIntel'),
             'arm64': ('ARM64', 'ARMv8 (64-bit) Family 8 Model D4B Revision 0, Qualcomm')}
MACHINES = {'x64': 0x8664, 'x86': 0x14C, 'arm64': 0xAA64}
# name: (start, type, ImagePath, where the file goes, fixture)
GOOD = {
    'goodboot': (0, 1, '\\SystemRoot\\System32\\drivers\\goodboot.sys',
                 'Windows/System32/drivers/goodboot.sys', 'clean-lld-x64.sys'),
    'gooddemand': (3, 1, 'System32\\DRIVERS\\GoodDemand.sys',
                   'Windows/System32/drivers/gooddemand.sys', 'init-clean-lld-x64.sys'),
    'goodfilter': (1, 2, None, 'Windows/System32/drivers/goodfilter.sys', 'clean-lld-x64.sys'),
}
BAD = {
    'badboot': (0, 1, '\\SystemRoot\\System32\\drivers\\badboot.sys',
                'Windows/System32/drivers/badboot.sys', 'wx-own-lld-x64.sys'),
    'badpath': (3, 1, '\\??\\C:\\Program Files\\Vendor\\badpath.sys',
                'Program Files/Vendor/badpath.sys', 'align-512-lld-x64.sys'),
}


class Tree:
    """control_set is the current one; failed and others exist beside it with other contents."""

    def __init__(self, dest, fixtures=None, arch='x64', control_set=1, failed=0, edition='Professional',
                 name='Windows 10 Pro', build=19045, revision=3570, product_type='WinNT',
                 kernel=True):
        self.dest = dest
        self.fixtures = fixtures
        self.set = 'ControlSet%03d' % control_set
        self.control_set = control_set
        self.files = {}  # path -> bytes
        self.system = regf.Key('ROOT')
        self.software = regf.Key('ROOT')
        self.logs = {}  # hive -> (states before the last one, how)
        self.system.set('Select', 'Current', control_set).set('Select', 'Default', control_set)
        self.system.set('Select', 'Failed', failed)
        self.system.set('Select', 'LastKnownGood', 2 if control_set == 1 else 1)
        for number in {1, 2, control_set} | ({failed} if failed else set()):
            # What must not be looked at says the contrary of all the rest.
            if number != control_set:
                other = 'ControlSet%03d\\' % number
                self.system.set(other + SCENARIO, 'Enabled', 99)
                self.system.set(other + GUARD, 'EnableVirtualizationBasedSecurity', 99)
                self.system.set(other + 'Services\\wrongset', 'Type', 1)
                self.system.set(other + 'Services\\wrongset', 'Start', 0)
        identifier, processor = PROCESSOR[arch]
        self.control('Control\\Session Manager\\Environment', 'PROCESSOR_ARCHITECTURE', identifier)
        self.control('Control\\Session Manager\\Environment', 'PROCESSOR_IDENTIFIER', processor)
        self.control('Control\\Session Manager\\Memory Management', 'ClearPageFileAtShutdown', 0)
        self.control('Control\\ProductOptions', 'ProductType', product_type)
        self.control('Control\\SystemInformation', 'SystemManufacturer', 'Vendor')
        self.control('Control\\SystemInformation', 'SystemProductName', 'Model 1')
        self.control('Control\\Lsa', 'RunAsPPL', 0)
        self.control('Control', 'SystemStartOptions', ' NOEXECUTE=OPTIN')
        self.control(GUARD, 'EnableVirtualizationBasedSecurity', 0)
        for value, data in (('ProductName', name), ('EditionID', edition),
                            ('CurrentBuildNumber', str(build)), ('CurrentBuild', str(build)),
                            ('CurrentVersion', '6.3'), ('InstallationType', 'Client'),
                            ('SystemRoot', 'C:\\Windows'), ('CurrentMajorVersionNumber', 10),
                            ('CurrentMinorVersionNumber', 0), ('UBR', revision)):
            self.software.set(VERSION, value, data)
        if kernel:
            header = bytearray(0x200)
            header[0:2] = b'MZ'
            struct.pack_into('<I4sH', header, 0x3C, 0x80, b'', MACHINES[arch])
            header[0x80:0x86] = b'PE\0\0' + struct.pack('<H', MACHINES[arch])
            self.files['Windows/System32/ntoskrnl.exe'] = bytes(header)

    def control(self, path, name, value):
        """Sets a value below the current control set."""
        self.system.set(self.set + '\\' + path, name, value)
        return self

    def service(self, name, start, kind=1, image_path=None, file=None, content=None, group=None):
        key = 'Services\\' + name
        self.control(key, 'Type', kind).control(key, 'Start', start).control(key, 'ErrorControl', 1)
        if image_path is not None:
            self.control(key, 'ImagePath', (EXPAND, regf.text(image_path)))
        if group is not None:
            self.control(key, 'Group', group)
        if file is not None:
            self.files[file] = content if content is not None else b''
        return self

    def driver(self, fixture):
        if self.fixtures is None:
            return b'MZ' + fixture.encode()
        with open(os.path.join(self.fixtures, fixture), 'rb') as file:
            return file.read()

    def standard_services(self, bad=False, absent=True):
        """Good drivers, bad ones, and one whose file is not there."""
        for name, (start, kind, path, file, fixture) in {**GOOD, **(BAD if bad else {})}.items():
            self.service(name, start, kind, path, file, self.driver(fixture),
                         'System Bus Extender' if start == 0 else None)
        if absent:
            self.service('absentfile', 3, 1, 'System32\\drivers\\absentfile.sys')
        self.service('usermode', 2, 0x20, '%SystemRoot%\\System32\\svchost.exe -k netsvcs')
        return self

    def policy(self, name, value):
        self.software.set(POLICY, name, value)
        return self

    def hibernated(self, signature=b'HIBR'):
        self.files['hiberfil.sys'] = signature.ljust(4096, b'\0')
        return self

    def boot_store(self, path='EFI/Microsoft/Boot/BCD', loader='\\Windows\\system32\\winload.efi',
                   inherited=(), **elements):
        """elements: e16000049=True and so on, of the default entry; inherited: the same as pairs, of an
        object that it inherits from."""
        settings = '{6efb52bf-1766-41db-a6b3-0ee5eff72bd7}'
        root = regf.Key('ROOT')

        def put(guid, element, value):
            if isinstance(value, bool):
                value = bytes([value])
            elif isinstance(value, int):
                value = struct.pack('<Q', value)
            root.set('Objects\\%s\\Elements\\%s' % (guid, element), 'Element', value)

        put(BOOT_MANAGER, '23000003', LOADER)
        put(LOADER, '12000002', loader)
        put(LOADER, '14000006', [settings])
        root.at('Objects\\%s\\Elements' % settings)
        for element, value in elements.items():
            put(LOADER, element[1:], value)
        for element, value in inherited:
            put(settings, element, value)
        self.files[path] = regf.build(root, name='BCD')
        return self

    def events(self, events):
        """The Code Integrity log: what evtx.driver_event makes."""
        self.files['Windows/System32/winevt/Logs/Microsoft-Windows-CodeIntegrity%4Operational.evtx'] = \
            evtx.log(events)
        return self

    def dirty(self, change, how='usable', hive='SYSTEM'):
        """Leaves a hive dirty: change(root) is what only the logs know. how: usable (entries over both
        logs), missing, broken (hashes wrong), old (a log with a dirty vector)."""
        self.logs[hive] = (change, how)
        return self

    def hive(self, name, root):
        config = 'Windows/System32/config/' + name
        if name not in self.logs:
            self.files[config] = regf.build(root, name=name, sequence=7)
            self.files[config + '.LOG1'] = self.files[config + '.LOG2'] = b''
            return
        change, how = self.logs[name]
        size = regf.bins_size_of(regf.build(root)) + 4096
        first = regf.build(root, name=name, bins_size=size)
        middle = regf.build(root.set('', 'HvcheckTest', 1), name=name, bins_size=size)
        change(root)
        last = regf.build(root, name=name, bins_size=size)
        self.files[config] = regf.set_sequence(first, 21, 20)
        if how == 'old':
            logs = regf.old_log_file(first, last, 21), b''
        else:
            # The earlier entries lie in LOG2.
            logs = regf.log_file([middle, last], 21), regf.log_file([first, middle], 20)
        if how == 'broken':
            logs = tuple(log[:600] + bytes([log[600] ^ 1]) + log[601:] for log in logs)
        if how != 'missing':
            self.files[config + '.LOG1'], self.files[config + '.LOG2'] = logs

    def write(self, case=str):
        """case: what is done to the names of files, as other systems unpack them (str.lower)."""
        self.hive('SYSTEM', self.system)
        self.hive('SOFTWARE', self.software)
        for path, data in self.files.items():
            target = os.path.join(self.dest, case(path))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, 'wb') as out:
                out.write(data)
        os.makedirs(os.path.join(self.dest, case('Windows/System32/drivers')), exist_ok=True)
        return self.dest


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('dest')
    parser.add_argument('--fixtures', help='the folder of fixture drivers (tests/drivers)')
    parser.add_argument('--bad', action='store_true', help='incompatible drivers too')
    parser.add_argument('--control-set', type=int, default=1)
    parser.add_argument('--failed', type=int, default=0)
    parser.add_argument('--dirty', choices=['usable', 'missing', 'broken', 'old'],
                        help='SYSTEM is dirty; its logs set DeviceGuard\\RequirePlatformSecurityFeatures')
    parser.add_argument('--hibernated', action='store_true')
    parser.add_argument('--policy', action='store_true', help='a policy holds HVCI off')
    parser.add_argument('--boot-store', action='store_true')
    parser.add_argument('--events', action='store_true', help='a Code Integrity log')
    parser.add_argument('--lower', action='store_true', help='all names in lower case')
    arguments = parser.parse_args()
    if os.path.isdir(arguments.dest):
        shutil.rmtree(arguments.dest)
    tree = Tree(arguments.dest, arguments.fixtures, control_set=arguments.control_set,
                failed=arguments.failed)
    tree.standard_services(arguments.bad)
    if arguments.hibernated:
        tree.hibernated()
    if arguments.policy:
        tree.policy('HypervisorEnforcedCodeIntegrity', 0)
    if arguments.boot_store:
        tree.boot_store(e250000f0=1)
    if arguments.events:
        device = '\\Device\\HarddiskVolume3\\Windows\\System32\\drivers\\'
        tree.events([evtx.driver_event(3087, device + 'badboot.sys', 0xC0000428),
                     evtx.driver_event(3073, device + 'badboot.sys')])
    if arguments.dirty:
        tree.dirty(lambda root: root.set(tree.set + '\\' + GUARD, 'RequirePlatformSecurityFeatures', 3),
                   arguments.dirty)
    tree.write(str.lower if arguments.lower else str)


if __name__ == '__main__':
    main()
