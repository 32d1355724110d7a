"""The hive reader against hives made here, against hivex and reged, and against damage.

HVC_HIVE_DUMP prints what the reader finds. hivex and reged (chntpw) read the same files; what a replay
gives is compared with the state that the logs were made from."""
import os
import shutil
import struct
import subprocess
import sys

from harness import Skip, equal, folder, require, run, run_all, source

sys.path.insert(0, source('tests', 'tools'))
import regf  # noqa: E402

try:
    import hivex
except ImportError:
    hivex = None

GUARD = 'ControlSet001\\Control\\DeviceGuard'
NAME = {0: 'clean', 1: 'replayed', 2: 'stale'}


def sample():
    root = regf.Key('ROOT')
    root.set('Select', 'Current', 1).set('Select', 'Failed', 0)
    root.set(GUARD, 'EnableVirtualizationBasedSecurity', 0)
    root.set(GUARD + '\\Scenarios\\HypervisorEnforcedCodeIntegrity', 'Enabled', 0)
    root.set('Types', '', 'default').set('Types', 'Empty', (regf.REG_SZ, b''))
    root.set('Types', 'One', b'\1').set('Types', 'Five', b'\1\2\3\4\5')
    root.set('Types', 'Multi', ['a', 'bc']).set('Types', 'Q', (regf.REG_QWORD, bytes(range(8))))
    root.set('Types', 'None', (0, b'')).set('Types', 'Odd', (0x12345, b'xyz'))
    root.set('Types', 'Latin \xe9', 'Latin \xe9').set('Types', 'Wide \u0416', '\U0001F512')
    root.set('Latin \xe9\\Wide \u0416', 'n', 1)
    for size in (16344, 16345, 32688, 50000):
        root.set('Big', 'b%d' % size, bytes(i * 7 % 251 for i in range(size)))
    return root


def many(root, count=500):
    for i in range(count):
        root.set('Services\\svc_%04d' % i, 'Start', i % 5)
    return root


def write(where, name, data):
    path = os.path.join(where, name)
    with open(path, 'wb') as out:
        out.write(data)
    return path


class Dump:
    def __init__(self, done):
        lines = done.stdout.decode('ascii').splitlines()
        self.code = done.returncode
        self.state = self.why = self.error = None
        self.keys = {}
        for line in lines:
            word, _, rest = line.partition(' ')
            if word == 'state':
                self.state, _, self.why = rest.partition(' ')
            elif word == 'key':
                path, _, written = rest.partition(' ')
                path = '\\'.join(bytes.fromhex(part).decode() for part in path.split('/')[1:])
                current = self.keys[path] = {'written': int(written), 'values': []}
            elif word == 'value':
                name, kind, data = rest.split(' ')
                current['values'].append((bytes.fromhex(name).decode(), int(kind),
                                          bytes.fromhex(data)))
            elif word == 'lost':
                raise AssertionError('a key that is not found by its path: %s' % path)
            elif word == 'error':
                self.offset, _, self.error = rest.partition(' ')


def dump(hive, log1=None, log2=None, image=None, code=0):
    with folder() as where:
        paths = [write(where, name, data) if data is not None else '-'
                 for name, data in (('hive', hive), ('hive.LOG1', log1), ('hive.LOG2', log2))]
        out = os.path.join(where, 'image')
        done = run(*paths, out, command='HVC_HIVE_DUMP')
        found = Dump(done)
        equal(found.code, code, 'exit code (%s)' % (found.error or done.stderr.decode()))
        if image is not None and os.path.exists(out):
            with open(out, 'rb') as file:
                image.append(file.read())
    return found


def expected(root, path='', out=None):
    """What a dump of a tree has to say."""
    out = {} if out is None else out
    out[path] = {'written': root.written, 'values': root.values}
    for key in root.subkeys:
        expected(key, path + '\\' + key.name if path else key.name, out)
    return out


def by_hivex(data):
    """The same of any hive, as hivex reads it."""
    if hivex is None:
        raise Skip('no python3-hivex')
    with folder() as where:
        hive = hivex.Hivex(write(where, 'hive', data))
        out = {}

        def walk(node, path):
            values = []
            for value in hive.node_values(node):
                kind, raw = hive.value_value(value)
                values.append((hive.value_key(value), kind, raw))
            out[path] = {'written': hive.node_timestamp(node), 'values': values}
            for child in hive.node_children(node):
                name = hive.node_name(child)
                walk(child, path + '\\' + name if path else name)

        walk(hive.root(), '')
        return out


def same_keys(found, wanted, what):
    """As equal, but names the first key that differs."""
    for path in sorted(set(found) | set(wanted)):
        equal(found.get(path), wanted.get(path), '%s: %s' % (what, path))


def guard_value(found, name='EnableVirtualizationBasedSecurity', key=GUARD):
    value = next(value for value in found.keys[key]['values'] if value[0] == name)
    return struct.unpack('<I', value[2])[0]


def test_lists_and_versions_as_made_and_as_hivex_reads_them():
    for minor, leaf, size in ((5, 'lh', 200), (5, 'lh', 7), (4, 'lf', 100), (3, 'li', 1000),
                              (6, 'li', 64)):
        root = many(sample())
        data = regf.build(root, minor=minor, leaf=leaf, leaf_size=size)
        found = dump(data)
        equal(found.state, 'clean', 'state')
        same_keys(found.keys, expected(root), '%s in lists of %d' % (leaf, size))
        same_keys(found.keys, by_hivex(data), 'hivex on %s' % leaf)


def test_a_hive_that_hivex_wrote():
    if hivex is None:
        raise Skip('no python3-hivex')
    with folder() as where:
        path = write(where, 'hive', regf.build(regf.Key('ROOT')))
        hive = hivex.Hivex(path, write=True)
        node = hive.root()
        for name in ('ControlSet001', 'Control', 'DeviceGuard'):
            node = hive.node_add_child(node, name)
        hive.node_set_values(node, [{'key': 'Locked', 't': 4, 'value': struct.pack('<I', 7)}])
        for i in range(300):
            hive.node_add_child(hive.root(), 'k%03d' % (i * 37 % 300))
        hive.commit(None)
        with open(path, 'rb') as file:
            data = file.read()
    found = dump(data)
    equal(guard_value(found, 'Locked'), 7, 'the value')
    same_keys(found.keys, by_hivex(data), 'the rest')


def states():
    """Four states of one hive, of one size at first, then larger."""
    root = sample()
    size = regf.bins_size_of(regf.build(root)) + 8192
    made = [regf.build(root, bins_size=size)]
    for number in (1, 2):
        root.set(GUARD, 'EnableVirtualizationBasedSecurity', number)
        made.append(regf.build(root, bins_size=size))
    root.set(GUARD, 'EnableVirtualizationBasedSecurity', 3)
    made.append(regf.build(many(root, 300)))
    require(len(made[3]) > len(made[2]), 'the last state is larger')
    return made


def replayed(primary, log1, log2, wanted, entries):
    image = []
    found = dump(primary, log1, log2, image)
    equal(found.state, 'replayed', 'state (%s)' % found.why)
    require(found.why.startswith('%d log entries' % entries), found.why)
    same_keys(found.keys, dump(wanted).keys, 'the state that the logs lead to')
    same_keys(found.keys, by_hivex(image[0]), 'hivex on the image')
    again = dump(image[0])
    equal(again.state, 'clean', 'the image')
    same_keys(again.keys, found.keys, 'the image')
    size = regf.bins_size_of(wanted)
    equal(image[0][4096:4096 + size], wanted[4096:4096 + size], 'the bytes of the image')
    return found


def test_logs_in_both_orders():
    a, b, c, d = states()
    primary = regf.set_sequence(a, 11, 10)
    early, late = regf.log_file([a, b, c], 10), regf.log_file([c, d], 12)
    replayed(primary, early, late, d, 3)
    replayed(primary, late, early, d, 3)
    replayed(primary, early, None, c, 2)
    replayed(primary, None, early, c, 2)
    replayed(primary, regf.log_file([a, b, c, d], 10), b'', d, 3)


def test_sequence_numbers_wrap_around():
    a, b, c, d = states()
    primary = regf.set_sequence(a, 0, 0xFFFFFFFF)
    replayed(primary, regf.log_file([c, d], 1), regf.log_file([a, b, c], 0xFFFFFFFF), d, 3)


def test_partial_reconcile_leaves_a_gap_before_the_first_entry():
    a, b, c, _ = states()
    replayed(regf.set_sequence(a, 11, 10), regf.log_file([a, b, c], 14), None, c, 2)


def test_a_log_older_than_the_hive_is_passed_over():
    a, b, c, d = states()
    primary = regf.set_sequence(b, 12, 11)
    found = replayed(primary, regf.log_file([a, b], 10), regf.log_file([b, c, d], 11), d, 2)
    require('LOG1 is older than the hive' in found.why, found.why)


def test_a_gap_between_the_logs_ends_the_replay():
    a, b, c, d = states()
    found = replayed(regf.set_sequence(a, 11, 10), regf.log_file([a, b], 10),
                     regf.log_file([c, d], 12), b, 1)
    require('LOG2 does not continue' in found.why, found.why)


def test_a_broken_entry_ends_the_replay():
    a, b, c, _ = states()
    log = bytearray(regf.log_file([a, b, c], 10))
    second = 512 + struct.unpack_from('<I', log, 512 + 4)[0]
    for at, what in ((second + 200, 'hash'), (second + 26, 'hash'), (second + 36, 'hash'),
                     (second + 12, 'sequence number'), (second, 'no further entry'),
                     (second + 4, 'size')):
        broken = bytearray(log)
        broken[at] ^= 1
        found = replayed(regf.set_sequence(a, 11, 10), bytes(broken), None, b, 1)
        require(what in found.why, found.why)
    for cut in (second + 512, second + 40, second + 3, second):
        replayed(regf.set_sequence(a, 11, 10), bytes(log[:cut]), None, b, 1)


def resigned(entry):
    """An entry with changed contents and right hashes again."""
    out = bytearray(entry)
    struct.pack_into('<Q', out, 24, regf.marvin32(bytes(out[40:])))
    struct.pack_into('<Q', out, 32, regf.marvin32(bytes(out[:32])))
    return bytes(out)


def test_entries_that_lie_are_not_applied():
    a, b, _, _ = states()
    entry = bytearray(regf.log_entry(10, a, b))
    for offset, value, what in ((16, 0x7FFFF000, 'outside'), (16, 4095, 'size of the hive'),
                                (16, 0, 'size of the hive'), (20, 0xFFFFFFFF, 'more pages'),
                                (20, 60, 'outside'), (40, 0x7FFFF000, 'outside'),
                                (40, 0xFFFFFFFF, 'outside'), (44, 0xFFFFFFFF, 'outside')):
        bad = bytearray(entry)
        struct.pack_into('<I', bad, offset, value)
        log = regf.log_base(a, 10, 6) + resigned(bad) + bytes(512)
        found = dump(regf.set_sequence(a, 11, 10), log)
        equal(found.state, 'stale', 'state for %d at %d' % (value, offset))
        require(what in found.why, found.why)
        equal(guard_value(found), 0, 'the primary file as it is')


def stale(primary, log1, log2, why):
    found = dump(primary, log1, log2)
    equal(found.state, 'stale', 'state')
    require(why in found.why, found.why)
    equal(guard_value(found), 0, 'the primary file as it is')


def test_dirty_without_usable_logs():
    a, b, _, _ = states()
    primary = regf.set_sequence(a, 11, 10)
    good = regf.log_file([a, b], 10)
    stale(primary, None, None, 'missing')
    stale(primary, b'', b'', 'missing')
    stale(primary, bytes(4096), None, 'no base block')
    stale(primary, good[:512], None, 'the file ends')
    stale(primary, regf.set_sequence(good, 10, 9), None, 'not written to its end')
    stale(primary, good[:100] + b'\xFF' + good[101:], None, 'wrong checksum')
    stale(primary, regf.log_file([a, b], 9), None, 'older')
    stale(primary, good[:12 + 512] + b'\x09' + good[13 + 512:], None, 'sequence')


def test_a_clean_hive_ignores_later_entries():
    a, b, c, _ = states()
    found = dump(regf.set_sequence(a, 10, 10), regf.log_file([a, b], 10), regf.log_file([b, c], 11))
    equal((found.state, guard_value(found)), ('clean', 0), 'state and value')


def test_a_wrong_checksum_is_healed_by_the_latest_log():
    a, b, c, _ = states()
    broken = bytearray(a)
    broken[508] ^= 0xFF
    replayed(bytes(broken), regf.log_file([a, b, c], 10), None, c, 2)
    broken[36:44] = bytes(8)  # root and size are gone: only the log has them
    replayed(bytes(broken), regf.log_file([a, b, c], 10), None, c, 2)
    replayed(bytes(broken), regf.log_file([b, a], 3), regf.log_file([a, b], 10), b, 1)
    broken[0:4] = b'\0\0\0\0'
    replayed(bytes(broken), regf.log_file([a, b, c], 10), None, c, 2)
    found = dump(bytes(broken), code=1)
    equal(found.error, 'not a registry hive', 'error')
    broken[0:4] = b'regf'
    found = dump(bytes(broken), code=1)
    require('wrong size of its bins; it is dirty' in found.error and 'missing' in found.error,
            found.error)


def test_old_logs_with_a_dirty_vector():
    a, b, _, d = states()
    primary = regf.set_sequence(a, 11, 10)
    for after in (b, d):
        for kind in (1, 2):
            log = regf.old_log_file(a, after, 11, kind)
            image = []
            found = dump(primary, log, b'', image)
            equal(found.state, 'replayed', 'state (%s)' % found.why)
            same_keys(found.keys, dump(after).keys, 'keys')
            equal(image[0][4096:], after[4096:], 'bytes')
            for cut in (511, 512, 515, 520, len(log) - 1, len(log) - 512):
                stale(primary, log[:cut], None, 'LOG1')
    later = bytearray(log)
    later[12] ^= 1
    later = regf.set_sequence(bytes(later), 11, 11)
    stale(primary, later, None, 'another write')
    equal(dump(primary, later, log).state, 'replayed', 'LOG2 where LOG1 does not belong')


def damaged(change, error, cells_of=(), **more):
    """change(bytearray of the hive, {path: file offset of the key's cell})."""
    cells = {}
    root = many(sample(), 40)
    data = bytearray(regf.build(root, cells=cells, **more))
    change(data, {path: at + 4096 for path, at in cells.items()})
    found = dump(bytes(data), code=1)
    require(found.error is not None and error in found.error, 'found %r, wanted %r' % (
        found.error, error))


def put(data, at, value):
    struct.pack_into('<I', data, at, value)


def get(data, at):
    return struct.unpack_from('<I', data, at)[0]


SERVICES = 'SERVICES'


def test_damage_is_named():
    def field(offset, value, key=SERVICES):
        def change(data, cells):
            at = cells[key] + 4 + offset
            put(data, at, value(get(data, at)) if callable(value) else value)
        return change

    def at_list(offset, value, key=SERVICES):
        def change(data, cells):
            listing = 4096 + get(data, cells[key] + 4 + 28)
            put(data, listing + offset, value(data, cells) if callable(value) else value)
        return change

    damaged(field(28, 0x7FFFFFF8), 'outside the hive')
    damaged(field(28, 0xFFFFFFFF), 'outside the hive')
    damaged(field(28, lambda old: old + 4), "no cell's")
    damaged(field(20, 41), 'another count')
    damaged(field(20, 39), 'another count')
    damaged(field(20, 0xFFFFFFFF), 'more subkeys')
    damaged(field(36, 0xFFFFFFFF), 'more values')
    damaged(field(72, 0xFFFF), 'name leaves its cell')
    damaged(at_list(0, lambda data, cells: 0xFFFFE000), 'leaves its bin')
    damaged(at_list(0, 64), 'free')
    damaged(at_list(4, 0xFFFF686C), 'leaves its cell')
    damaged(at_list(4, 0x00286D6C), 'no list')
    # A loop: the first subkey is the root, the key itself, or a key elsewhere.
    damaged(at_list(8, lambda data, cells: cells[''] - 4096), 'another parent')
    damaged(at_list(8, lambda data, cells: cells[SERVICES] - 4096), 'another parent')
    damaged(at_list(8, lambda data, cells: cells['SELECT'] - 4096), 'another parent')


def test_keys_out_of_order_are_not_looked_up():
    def swap(data, cells):
        listing = 4096 + get(data, cells[SERVICES] + 4 + 28) + 8
        first, second = data[listing:listing + 8], data[listing + 8:listing + 16]
        data[listing:listing + 16] = second + first
    damaged(swap, 'out of order')

    def twice(data, cells):
        # Two subkeys of one name, which only case tells apart.
        at = cells['SERVICES\\SVC_0001'] + 4 + 76
        equal(bytes(data[at:at + 8]), b'svc_0001', 'name')
        data[at:at + 8] = b'SVC_0000'
    damaged(twice, 'out of order')


def test_a_cell_past_its_bin():
    def change(data, cells):
        # The cell of a value's data claims to go on behind its bin (as in CVE-2021-3504).
        put(data, cells['TYPES'], (0 - 0x3000) & 0xFFFFFFFF)
    damaged(change, 'leaves its bin')


def test_lists_in_lists():
    def change(data, cells):
        # A list of lists whose first list is itself (as in CVE-2021-3622).
        listing = get(data, cells[SERVICES] + 4 + 28)
        equal(bytes(data[4096 + listing + 4:4096 + listing + 6]), b'ri', 'a list of lists')
        put(data, 4096 + listing + 8, listing)
    damaged(change, 'inside a list of lists', leaf_size=8)

    def repeat(data, cells):
        listing = 4096 + get(data, cells[SERVICES] + 4 + 28)
        put(data, listing + 12, get(data, listing + 8))


def test_bins_that_do_not_fit():
    def change_at(at, value):
        def change(data, cells):
            put(data, at, value)
        return change
    damaged(change_at(4096, 0), 'no hive bin')
    damaged(change_at(4100, 4096), 'no hive bin')
    damaged(change_at(4104, 0), 'wrong size')
    damaged(change_at(4104, 100), 'wrong size')
    damaged(change_at(4104, 0x7FFFF000), 'wrong size')

    def version(data, cells):
        put(data, 24, 2)
        data[:] = regf.set_sequence(bytes(data), 1, 1)
    damaged(version, 'version 1.2')

    def short(data, cells):
        del data[-4096:]
    damaged(short, 'ends before')


def test_big_data_damage():
    root = regf.Key('ROOT').set('', 'b', bytes(40000))
    data = bytearray(regf.build(root))
    at = data.index(b'db\x03\x00')
    for offset, value, what in ((0, 0x00036264 + 0x10000, 'segments'), (4, 0xFFFFFFFF, 'outside'),
                                (0, 0x00036162, 'segments')):
        broken = bytearray(data)
        put(broken, at + offset, value)
        require(what in dump(bytes(broken), code=1).error, what)


def test_value_sizes():
    root = regf.Key('ROOT').set('', 'b', bytes(8))
    data = bytearray(regf.build(root))
    at = data.index(b'vk\x01\x00')
    for value, what in ((9 << 20, 'more data'), (0x7FFFFFFF, 'more data'), (0x80000005, 'its own cell'),
                        (200, 'too small')):
        broken = bytearray(data)
        put(broken, at + 4, value)
        require(what in dump(bytes(broken), code=1).error, what)


def test_every_truncation_of_a_small_hive():
    data = regf.build(regf.Key('ROOT').set('Select', 'Current', 1))
    for size in list(range(0, 600, 7)) + list(range(4000, len(data), 61)):
        found = dump(data[:size], code=1)
        require(found.error, 'an error for %d bytes' % size)


def test_reged_reads_what_was_replayed():
    tool = shutil.which('reged') or '/usr/sbin/reged'
    if not os.path.exists(tool):
        raise Skip('no reged (chntpw)')
    a, b, _, _ = states()
    image = []
    dump(regf.set_sequence(a, 11, 10), regf.log_file([a, b], 10), None, image)
    with folder() as where:
        path = write(where, 'SYSTEM', image[0])
        out = os.path.join(where, 'out.reg')
        done = subprocess.run([tool, '-x', path, 'HKEY_LOCAL_MACHINE\\SYSTEM', GUARD, out],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        with open(out, 'rb') as file:
            exported = file.read().replace(b'\0', b'')
        require(b'"EnableVirtualizationBasedSecurity"=dword:00000001' in exported,
                'reged: %r %r' % (exported, done.stdout))


def test_hivexregedit_reads_what_was_replayed():
    tool = shutil.which('hivexregedit')
    if tool is None:
        raise Skip('no hivexregedit')
    a, b, c, d = states()
    image = []
    dump(regf.set_sequence(a, 11, 10), regf.log_file([a, b, c, d], 10), None, image)
    with folder() as where:
        done = subprocess.run([tool, '--export', write(where, 'SYSTEM', image[0]), '\\' + GUARD],
                              stdout=subprocess.PIPE)
    require(b'"EnableVirtualizationBasedSecurity"=dword:00000003' in done.stdout, done.stdout)


if __name__ == '__main__':
    run_all(globals())
