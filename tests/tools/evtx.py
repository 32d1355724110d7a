"""Makes Windows event logs (.evtx) for tests: chunks with checksums, records of binary XML with templates
as Windows writes them. Nothing here is shared with the reader under test."""
import struct
import zlib

CHUNK = 65536
PROVIDER = 'Microsoft-Windows-CodeIntegrity'
STRING, UINT8, UINT16, UINT32, UINT64, FILETIME, HEX32, HEX64, XML = 1, 4, 6, 8, 10, 17, 20, 21, 33
NULL = 0
SIZES = {UINT8: '<B', UINT16: '<H', UINT32: '<I', UINT64: '<Q', FILETIME: '<Q', HEX32: '<I',
         HEX64: '<Q'}
TIME = 133_500_000_000_000_000


class Chunk:
    """Bytes at their place in a chunk; names and templates are written where they are first needed."""

    def __init__(self):
        self.data = bytearray(512)
        self.names = {}
        self.templates = {}

    def put(self, raw):
        self.data += raw

    def name(self, text):
        if text in self.names:
            self.put(struct.pack('<I', self.names[text]))
            return
        at = len(self.data) + 4
        self.names[text] = at
        number = 0
        for unit in text:
            number = (number * 65599 + ord(unit)) & 0xFFFFFFFF
        self.put(struct.pack('<IIHH', at, 0, number & 0xFFFF, len(text)))
        self.put(text.encode('utf-16-le') + b'\0\0')

    def element(self, name, attributes=(), content=None, identifier=0xFFFF):
        """attributes: (name, value); a value or content: str for text, (index, type) or
        (index, type, 'optional') for a substitution, None, or a function that writes elements."""
        start = len(self.data)
        self.put(struct.pack('<BHI', 0x41 if attributes else 0x01, identifier, 0))
        self.name(name)
        if attributes:
            listing = len(self.data)
            self.put(struct.pack('<I', 0))
            for number, (key, value) in enumerate(attributes):
                self.put(b'\x46' if number + 1 < len(attributes) else b'\x06')
                self.name(key)
                self.value(value)
            struct.pack_into('<I', self.data, listing, len(self.data) - listing - 4)
        if content is None:
            self.put(b'\x03')
        else:
            self.put(b'\x02')
            if callable(content):
                content()
            else:
                self.value(content)
            self.put(b'\x04')
        struct.pack_into('<I', self.data, start + 3, len(self.data) - start - 7)

    def value(self, value):
        if isinstance(value, str):
            self.put(struct.pack('<BBH', 5, STRING, len(value)) + value.encode('utf-16-le'))
        else:
            self.put(struct.pack('<BHB', 0x0E if len(value) == 3 else 0x0D, value[0], value[1]))

    def template(self, key, write, values):
        """A template instance; write makes the definition when the chunk does not have it yet."""
        self.put(b'\x0F\x01\x01\x00\x0C\x01')
        known = self.templates.get(key)
        number = zlib.crc32(repr(key).encode())
        at = known if known is not None else len(self.data) + 8
        self.put(struct.pack('<II', number, at))
        if known is None:
            self.templates[key] = at
            self.put(struct.pack('<I', 0) + struct.pack('<IIII', number, 1, 2, 3)
                     + struct.pack('<I', 0))
            start = len(self.data)
            self.put(b'\x0F\x01\x01\x00')
            write()
            self.put(b'\0')
            struct.pack_into('<I', self.data, at + 20, len(self.data) - start)
        self.put(struct.pack('<I', len(values)))
        place = len(self.data)
        self.put(bytes(4 * len(values)))
        for index, (kind, value) in enumerate(values):
            begin = len(self.data)
            if kind == XML:
                value()
            elif kind == STRING:
                self.put(value.encode('utf-16-le'))
            elif kind != NULL:
                self.put(struct.pack(SIZES[kind], value))
            struct.pack_into('<HBB', self.data, place + 4 * index, len(self.data) - begin, kind, 0)

    def record(self, number, time, event):
        start = len(self.data)
        self.put(struct.pack('<4sIQQ', b'**\0\0', 0, number, time))
        self.event(number, time, **event)
        self.put(b'\0')
        self.data += bytes(-len(self.data) % 8 + 4)
        size = len(self.data) - start
        struct.pack_into('<I', self.data, start + 4, size)
        struct.pack_into('<I', self.data, start + size - 4, size)
        return start

    def event(self, number, time, event_id, fields=(), provider=PROVIDER, id_text=False):
        """fields: (name, type, value)."""
        names = tuple((name, kind) for name, kind, _ in fields)

        def system():
            self.element('Provider', [('Name', provider), ('Guid', '{4ee76bd8-3cf4-44a0-a0ac-'
                                       '3937643e37a3}')])
            self.element('EventID', content=str(event_id) if id_text else (0, UINT16))
            self.element('Level', content=(1, UINT8))
            self.element('TimeCreated', [('SystemTime', (2, FILETIME))])
            self.element('EventRecordID', content=(3, UINT64))
            self.element('Channel', content=PROVIDER + '/Operational')
            self.element('Computer', content='MACHINE')
            self.element('Correlation', [('ActivityID', (5, STRING, 'optional'))])

        def outer():
            def inside():
                self.element('System', content=system)
                self.put(struct.pack('<BHB', 0x0E, 4, XML))
            self.element('Event', [('xmlns', 'http://schemas.microsoft.com/win/2004/08/events/event')],
                         inside)

        def data():
            def inner():
                def all_fields():
                    for index, (name, kind) in enumerate(names):
                        self.element('Data', [('Name', name)], (index, kind, 'optional'))
                self.element('EventData', content=all_fields)
            self.template(('data', names), inner, [(kind, value) for _, kind, value in fields])

        self.template(('event', provider, id_text and event_id), outer, [
            (UINT16, event_id), (UINT8, 2), (FILETIME, time), (UINT64, number), (XML, data), (NULL, 0)])

    def finish(self, first, last, last_at, filler=b''):
        free = len(self.data)
        data = self.data + filler
        data += bytes(CHUNK - len(data))
        struct.pack_into('<8sQQQQIIII', data, 0, b'ElfChnk\0', first, last, first, last, 128, last_at,
                         free, zlib.crc32(bytes(self.data[512:])))
        head = zlib.crc32(bytes(data[:120]) + bytes(data[128:512]))
        struct.pack_into('<I', data, 124, head)
        return bytes(data)


def log(events, per_chunk=100, filler=b''):
    """A log of events: dicts of what Chunk.event takes, and time."""
    chunks = []
    for start in range(0, len(events), per_chunk):
        chunk, last_at = Chunk(), 0
        some = events[start:start + per_chunk]
        for index, event in enumerate(some):
            event = dict(event)
            number = start + index + 1
            last_at = chunk.record(number, event.pop('time', TIME + number * 10_000_000), event)
        chunks.append(chunk.finish(start + 1, start + len(some), last_at, filler))
    header = bytearray(4096)
    struct.pack_into('<8sQQQIHHHH', header, 0, b'ElfFile\0', 0, max(len(chunks) - 1, 0),
                     len(events) + 1, 128, 1, 3, 4096, len(chunks))
    struct.pack_into('<I', header, 124, zlib.crc32(bytes(header[:120])))
    return bytes(header) + b''.join(chunks)


def driver_event(event_id, file, status=None, **more):
    """An event of Code Integrity about a file."""
    fields = [('FileNameLength', UINT16, len(file)), ('FileNameBuffer', STRING, file)]
    if status is not None:
        fields.append(('Status', HEX32, status))
    return dict(event_id=event_id, fields=fields, **more)
