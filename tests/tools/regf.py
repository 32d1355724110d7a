"""Makes registry hives and their transaction logs, for tests.

A hive is made whole from a tree of Key; a dirty one is made of two states of the same hive: the file as
it was, and logs that hold the pages in which the later state differs. Nothing here is shared with the
reader under test."""
import struct

BASE = 4096
PAGE = 4096
SECTOR = 512
NONE = 0xFFFFFFFF
REG_SZ, REG_EXPAND_SZ, REG_BINARY, REG_DWORD, REG_MULTI_SZ, REG_QWORD = 1, 2, 3, 4, 7, 11
BIG = 16344
TIME = 133_000_000_000_000_000  # some day in 2022
# A self-relative security descriptor: owner and group are Administrators, no access lists.
DESCRIPTOR = (struct.pack('<BBHIIII', 1, 0, 0x8000, 20, 36, 0, 0)
              + struct.pack('<BB6BII', 1, 2, 0, 0, 0, 0, 0, 5, 32, 544) * 2)


class Key:
    """A key: values are (name, type, bytes), subkeys are sorted when the hive is written."""

    def __init__(self, name, values=(), subkeys=(), written=TIME):
        self.name = name
        self.values = list(values)
        self.subkeys = list(subkeys)
        self.written = written

    def find(self, name):
        return next((key for key in self.subkeys if key.name.upper() == name.upper()), None)

    def at(self, path):
        """The key at a path below this one, made where it is missing."""
        key = self
        for name in filter(None, path.split('\\')):
            child = key.find(name)
            if child is None:
                child = Key(name)
                key.subkeys.append(child)
            key = child
        return key

    def set(self, path, name, value):
        """Sets a value: int is a REG_DWORD, str a REG_SZ, list a REG_MULTI_SZ, bytes a REG_BINARY,
        (type, bytes) anything, None removes it."""
        key = self.at(path)
        key.values = [old for old in key.values if old[0].upper() != name.upper()]
        if value is not None:
            key.values.append((name, *encoded(value)))
        return self

    def remove(self, path):
        parent, _, name = path.rpartition('\\')
        parent = self.at(parent)
        parent.subkeys = [key for key in parent.subkeys if key.name.upper() != name.upper()]
        return self


def text(value):
    return value.encode('utf-16-le') + b'\0\0'


def encoded(value):
    if isinstance(value, bool) or isinstance(value, int):
        return REG_DWORD, struct.pack('<I', int(value))
    if isinstance(value, str):
        return REG_SZ, text(value)
    if isinstance(value, list):
        return REG_MULTI_SZ, b''.join(text(part) for part in value) + b'\0\0'
    if isinstance(value, bytes):
        return REG_BINARY, value
    return value


def xor32(base):
    total = 0
    for word in struct.unpack('<127I', bytes(base[:508])):
        total ^= word
    return {NONE: NONE - 1, 0: 1}.get(total, total)


def base_block(bins_size, root, minor=5, primary=1, secondary=1, kind=0, written=TIME, name='SYSTEM',
               size=BASE):
    block = bytearray(size)
    struct.pack_into('<4sIIQIIIIIII', block, 0, b'regf', primary, secondary, written, 1, minor, kind,
                     1, root, bins_size, 1)
    file_name = name.encode('utf-16-le')[:64]
    block[48:48 + len(file_name)] = file_name
    struct.pack_into('<I', block, 508, xor32(block))
    return bytes(block)


def set_sequence(hive, primary, secondary):
    """The hive with other sequence numbers, its checksum right."""
    out = bytearray(hive)
    struct.pack_into('<II', out, 4, primary, secondary)
    struct.pack_into('<I', out, 508, xor32(out))
    return bytes(out)


class Writer:
    """Lays cells into bins, one after the other; a cell that does not fit starts a new bin."""

    def __init__(self, minor=5, leaf='lh', leaf_size=1000):
        self.minor = minor
        self.leaf = leaf
        self.leaf_size = leaf_size  # keys with more subkeys get a list of lists
        self.data = bytearray()
        self.free = self.end = 0
        self.security = None
        self.cells = {}  # path -> offset of the key's cell, for tests that damage it

    def new_bin(self, least):
        self.close_bin()
        start = len(self.data)
        size = (least + 32 + PAGE - 1) // PAGE * PAGE
        self.data += struct.pack('<4sIIQQI', b'hbin', start, size, 0, TIME if start == 0 else 0, 0)
        self.data += bytes(size - 32)
        self.free, self.end = start + 32, start + size

    def close_bin(self):
        if self.free < self.end:
            struct.pack_into('<i', self.data, self.free, self.end - self.free)

    def cell(self, content):
        size = (len(content) + 4 + 7) // 8 * 8
        if self.free + size > self.end:
            self.new_bin(size)
        at = self.free
        struct.pack_into('<i', self.data, at, -size)
        self.data[at + 4:at + 4 + len(content)] = content
        self.free += size
        return at

    def put(self, at, offset, value):
        struct.pack_into('<I', self.data, at + 4 + offset, value)

    def name(self, name):
        """(bytes, whether it is the short form of one byte a character)."""
        if all(ord(c) < 256 for c in name):
            return name.encode('latin-1'), True
        return name.encode('utf-16-le'), False

    def value_data(self, data):
        """(size field, offset field)."""
        if len(data) <= 4:
            return len(data) | 0x80000000, struct.unpack('<I', data.ljust(4, b'\0'))[0]
        if len(data) <= BIG or self.minor <= 3:
            return len(data), self.cell(data)
        parts = [self.cell(data[at:at + BIG].ljust(BIG, b'\0')) for at in range(0, len(data), BIG)]
        listing = self.cell(struct.pack('<%dI' % len(parts), *parts))
        return len(data), self.cell(struct.pack('<2sHI', b'db', len(parts), listing))

    def value(self, name, kind, data):
        raw, short = self.name(name)
        size, offset = self.value_data(data)
        return self.cell(struct.pack('<2sHIIIHH', b'vk', len(raw), size, offset, kind, int(short), 0)
                         + raw)

    def name_hash(self, name):
        total = 0
        for unit in struct.unpack('<%dH' % len(name.upper()), name.upper().encode('utf-16-le')):
            total = (total * 37 + unit) & NONE
        return total

    def leaf_list(self, keys):
        items = b''
        for name, offset in keys:
            items += struct.pack('<I', offset)
            if self.leaf == 'lf':
                items += name.encode('latin-1', 'replace')[:4].ljust(4, b'\0')
            elif self.leaf == 'lh':
                items += struct.pack('<I', self.name_hash(name))
        return self.cell(self.leaf.encode() + struct.pack('<H', len(keys)) + items)

    def subkey_list(self, keys):
        if len(keys) <= self.leaf_size:
            return self.leaf_list(keys)
        lists = [self.leaf_list(keys[at:at + self.leaf_size])
                 for at in range(0, len(keys), self.leaf_size)]
        return self.cell(b'ri' + struct.pack('<H%dI' % len(lists), len(lists), *lists))

    def key(self, key, parent, path=''):
        raw, short = self.name(key.name)
        root = parent is None
        flags = (0x20 if short else 0) | (0xC if root else 0)
        at = self.cell(struct.pack('<2sHQIIIIIIIIIIIIIIIHH', b'nk', flags, key.written, 0,
                                   0 if root else parent, len(key.subkeys), 0, NONE, NONE,
                                   len(key.values), NONE, self.security or 0, NONE, 0, 0, 0, 0, 0,
                                   len(raw), 0) + raw)
        self.cells[path.upper()] = at
        if self.security is None:
            self.security = self.cell(struct.pack('<2sHIIII', b'sk', 0, 0, 0, 1, len(DESCRIPTOR))
                                      + DESCRIPTOR)
            self.put(self.security, 4, self.security)
            self.put(self.security, 8, self.security)
        self.put(at, 44, self.security)
        if key.values:
            cells = [self.value(*value) for value in key.values]
            self.put(at, 40, self.cell(struct.pack('<%dI' % len(cells), *cells)))
        children = sorted(key.subkeys, key=lambda child: child.name.upper().encode('utf-16-be'))
        listed = [(child.name, self.key(child, at, path + '\\' + child.name if path else child.name))
                  for child in children]
        if listed:
            self.put(at, 28, self.subkey_list(listed))
        self.put(at, 52, max([2 * len(child.name) for child in children], default=0))
        self.put(at, 60, max([2 * len(value[0]) for value in key.values], default=0))
        self.put(at, 64, max([len(value[2]) for value in key.values], default=0))
        return at


def build(root, minor=5, leaf='lh', leaf_size=1000, sequence=1, name='SYSTEM', bins_size=0,
          cells=None):
    """The bytes of a clean hive. bins_size pads it, so that two states have one size."""
    writer = Writer(minor, leaf, leaf_size)
    at = writer.key(root, None)
    writer.put(writer.security, 12, len(writer.cells))  # all keys share it
    writer.close_bin()
    while len(writer.data) < bins_size:
        writer.new_bin(8)
        writer.close_bin()
    writer.close_bin()
    if cells is not None:
        cells.update(writer.cells)
    base = base_block(len(writer.data), at, minor, sequence, sequence, name=name)
    return base + bytes(writer.data)


# --- Logs ------------------------------------------------------------------------------------------

def marvin32(data, seed=0x82EF4D887A4E55C5):
    low, high = seed & NONE, seed >> 32

    def rotl(value, bits):
        return (value << bits | value >> (32 - bits)) & NONE

    padded = data + b'\x80' + bytes(-(len(data) + 1) % 4) + bytes(4)
    for (word,) in struct.iter_unpack('<I', padded):
        low = (low + word) & NONE
        high ^= low
        low = (rotl(low, 20) + high) & NONE
        high = rotl(high, 9) ^ low
        low = (rotl(low, 27) + high) & NONE
        high = rotl(high, 19)
    return high << 32 | low


def changed_pages(before, after, unit=PAGE):
    """(offset in the bins, bytes) of each page in which two hives differ."""
    old, new = before[BASE:], after[BASE:]
    return [(at, new[at:at + unit]) for at in range(0, len(new), unit)
            if old[at:at + unit] != new[at:at + unit]]


def bins_size_of(hive):
    return struct.unpack_from('<I', hive, 40)[0]


def log_entry(sequence, before, after, flags=0):
    """An HvLE entry that turns one state of a hive into the next."""
    pages = changed_pages(before, after)
    body = b''.join(struct.pack('<II', at, len(data)) for at, data in pages)
    body += b''.join(data for _, data in pages)
    size = (40 + len(body) + SECTOR - 1) // SECTOR * SECTOR
    body = body.ljust(size - 40, b'\0')
    head = struct.pack('<4sIIIIIQ', b'HvLE', size, flags, sequence, bins_size_of(after), len(pages),
                       marvin32(body))
    return head + struct.pack('<Q', marvin32(head)) + body


def log_base(hive, sequence, kind):
    block = bytearray(hive[:SECTOR])
    struct.pack_into('<II', block, 4, sequence, sequence)
    struct.pack_into('<I', block, 28, kind)
    struct.pack_into('<I', block, 508, xor32(block))
    return bytes(block)


def log_file(states, first):
    """A log whose entries lead from states[0] over states[1] to the last; the first entry has the
    sequence number first. An empty room follows, as Windows leaves it."""
    entries = [log_entry((first + i) & NONE, states[i], states[i + 1]) for i in range(len(states) - 1)]
    return log_base(states[0], first, 6) + b''.join(entries) + bytes(SECTOR)


def old_log_file(before, after, sequence, kind=1):
    """A log with a dirty vector (before Windows 8.1)."""
    pages = {at // SECTOR for at, data in changed_pages(before, after)
             for at in range(at, at + len(data), SECTOR)}
    bitmap = bytearray((bins_size_of(after) // SECTOR + 7) // 8)
    for page in pages:
        bitmap[page // 8] |= 1 << page % 8
    vector = b'DIRT' + bytes(bitmap)
    vector += bytes(-len(vector) % SECTOR)
    data = b''.join(after[BASE + page * SECTOR:BASE + (page + 1) * SECTOR] for page in sorted(pages))
    return log_base(after, sequence, kind) + vector + data
