"""The event log reader against logs made here, against python3-evtx, and against damage."""
import os
import struct
import sys
from xml.etree import ElementTree

from harness import Skip, equal, folder, require, run, run_all, source

sys.path.insert(0, source('tests', 'tools'))
import evtx  # noqa: E402

try:
    from Evtx import Evtx as other
except ImportError:
    other = None

PATH = '\\Device\\HarddiskVolume3\\Windows\\System32\\drivers\\%s.sys'
SPACE = '{http://schemas.microsoft.com/win/2004/08/events/event}'


def dump(data, code=0):
    """([(record, time, id, provider, [(name, value)])], (events, damaged)) of a log."""
    with folder() as where:
        path = os.path.join(where, 'log.evtx')
        with open(path, 'wb') as out:
            out.write(data)
        done = run(path, command='HVC_EVTX_DUMP')
    equal(done.returncode, code, 'exit code: %s' % done.stderr.decode())
    events, summary = [], None
    for line in done.stdout.decode().splitlines():
        words = line.split(' ')
        if words[0] == 'event':
            events.append((int(words[1]), int(words[2]), int(words[3]),
                           bytes.fromhex(words[4]).decode(), []))
        elif words[0] == 'field':
            value = bytes.fromhex(words[3]).decode() if words[2] == 's' else \
                int(words[3]) if words[2] == 'n' else None
            events[-1][4].append((bytes.fromhex(words[1]).decode(), value))
        elif words[0] == 'summary':
            summary = int(words[1]), int(words[2])
        else:
            summary = line
    return events, summary


def wanted(events):
    return [(number, event.get('time', evtx.TIME + number * 10_000_000), event['event_id'],
             event.get('provider', evtx.PROVIDER),
             [(name, None if kind == evtx.NULL else value) for name, kind, value in event['fields']])
            for number, event in enumerate(events, 1)]


def sample(count=7):
    events = []
    for i in range(count):
        ids = (3072, 3073, 3087, 3033, 3089)
        events.append(evtx.driver_event(ids[i % 5], PATH % ('d%d' % i),
                                        0xC0000428 + i if i % 2 else None))
    events.append(dict(event_id=3077, id_text=True, fields=[
        ('File Name', evtx.STRING, PATH % 'wide \u0416\U0001F512'), ('Status', evtx.UINT32, 0xC0E90002),
        ('USN', evtx.UINT64, 2 ** 63), ('Nothing', evtx.NULL, None)]))
    events.append(dict(event_id=6, provider='Other-Provider', fields=[]))
    return events


def test_as_made():
    events = sample()
    equal(dump(evtx.log(events)), (wanted(events), (len(events), 0)), 'one chunk')
    events = sample(300)
    equal(dump(evtx.log(events, per_chunk=64)), (wanted(events), (len(events), 0)), 'many chunks')
    equal(dump(evtx.log([])), ([], (0, 0)), 'no events')


def test_as_python_evtx_reads_it():
    if other is None:
        raise Skip('no python3-evtx')
    data = evtx.log(sample(40), per_chunk=16)
    found, _ = dump(data)
    with folder() as where:
        path = os.path.join(where, 'log.evtx')
        with open(path, 'wb') as out:
            out.write(data)
        with other.Evtx(path) as log:
            records = list(log.records())
            equal(len(records), len(found), 'count of records')
            require(all(chunk.verify() for chunk in log.chunks()), 'checksums of the chunks')
            for record, (number, _, event_id, provider, fields) in zip(records, found):
                root = ElementTree.fromstring(record.xml())
                system = root.find(SPACE + 'System')
                equal(record.record_num(), number, 'record number')
                equal(int(system.find(SPACE + 'EventID').text), event_id, 'event id')
                equal(system.find(SPACE + 'Provider').get('Name'), provider, 'provider')
                listed = root.iter(SPACE + 'Data')
                for data_element, (name, value) in zip(listed, fields):
                    equal(data_element.get('Name'), name, 'name')
                    text = data_element.text
                    if isinstance(value, int):
                        text = int(text, 0)
                    equal(text or None, value, name)


def test_remnants_behind_the_free_space_are_not_read():
    old = evtx.log(sample(3))
    record = old[4096 + 512:4096 + 512 + struct.unpack_from('<I', old, 4096 + 512 + 4)[0]]
    events = sample(2)
    equal(dump(evtx.log(events, filler=record)), (wanted(events), (len(events), 0)), 'events')


def damaged(change, events=None, lost=1, more=0):
    events = sample() if events is None else events
    data = bytearray(evtx.log(events))
    change(data)
    found, summary = dump(bytes(data))
    equal(summary, (len(events) - lost, 1 + more), 'events read and damaged')
    for event in found:
        require(event in wanted(events), 'an event as it was: %r' % (event,))


def test_damage_costs_what_is_damaged():
    first = 4096 + 512
    size = struct.unpack_from('<I', evtx.log(sample()), first + 4)[0]

    def put(at, value):
        def change(data):
            struct.pack_into('<I', data, at, value)
        return change

    total = len(sample())
    damaged(put(first + 4, 0), lost=total)
    damaged(put(first + 4, 0xFFFFFFF8), lost=total)
    damaged(put(first + size - 4, 1), lost=total)
    damaged(put(first + size + 4, 20), lost=total - 1)
    damaged(put(4096 + 48, 0xFFFFFFFF), lost=total)
    damaged(put(4096 + 48, 8), lost=total)
    damaged(put(4096, 0), lost=total)
    # The second record's reference to the template of the first.
    reference = first + size + 24 + 4 + 2 + 4
    for value in (0, 0xFFFFFFFF, 65530, 24):
        damaged(put(reference, value))


def test_depth_and_loops_are_bounded():
    def nest(chunk, depth):
        if depth == 0:
            chunk.value('end')
        else:
            chunk.element('e', content=lambda: nest(chunk, depth - 1))

    for depth, lost in ((20, 0), (40, 1), (200, 1)):
        chunk = evtx.Chunk()
        at = len(chunk.data)
        chunk.put(struct.pack('<4sIQQ', b'**\0\0', 0, 1, evtx.TIME))
        chunk.put(b'\x0F\x01\x01\x00')

        def inside():
            chunk.element('System', content=lambda: chunk.element('EventID', content='1'))
            nest(chunk, depth)
        chunk.element('Event', content=inside)
        chunk.put(b'\0' + bytes(4))
        size = len(chunk.data) - at
        struct.pack_into('<I', chunk.data, at + 4, size)
        struct.pack_into('<I', chunk.data, at + size - 4, size)
        data = evtx.log([])[:4096] + chunk.finish(1, 1, at)
        equal(dump(data)[1], (1 - lost, lost), 'events and damaged at depth %d' % depth)

    # A template whose definition contains an instance of itself.
    data = bytearray(evtx.log(sample(1)))
    first = 4096 + 512
    start = first + 24 + 4
    definition = struct.unpack_from('<I', data, start + 6)[0]
    body = 4096 + definition + 24
    data[body:body + 10] = struct.pack('<BBII', 0x0C, 1, 0, definition)
    require(dump(bytes(data))[1][1] >= 1, 'a template inside itself is damage')


def test_other_files_and_truncations():
    data = evtx.log(sample())
    for size in (0, 1, 8, 4095):
        _, summary = dump(data[:size], code=1)
        equal(summary, 'error not a Windows event log', 'error')
    for size in range(4096, 4096 + 6000, 97):
        found, (_, count) = dump(data[:size])
        for event in found:
            require(event in wanted(sample()), 'an event as it was')
    dump(b'\0' * 5000, code=1)


if __name__ == '__main__':
    run_all(globals())
