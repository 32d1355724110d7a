"""What the fixtures of call sites say of themselves: the expectations beside their calls, and where the
linker put their functions."""
import ast
import re

SINK = 'sink'  # see calls/calls.h
FIELDS = {
    'expect': ('function', 'ddi', 'values', 'judgement', 'form', 'line'),
    'practice': ('function', 'rule', 'judgement', 'line'),
    'carries': ('function', 'line'),
    'driver': ('key', 'value', 'line'),
    'root': ('function', 'line'),
}


def listed(text):
    """The expectations in a preprocessor's output: {'expect': [...], ...}; see calls/calls.h."""
    found = {kind: [] for kind in FIELDS}
    for kind, fields in re.findall(r'@\s*(expect|practice|carries|driver|root)\s+((?:"[^"]*"|[\s\d,])*)@', text):
        values = ast.literal_eval('(%s,)' % fields.replace('\n', ' '))
        if len(values) != len(FIELDS[kind]):
            raise ValueError('cannot read %s %s' % (kind, fields))
        found[kind].append(dict(zip(FIELDS[kind], values)))
    if sum(text.count('@' + kind) for kind in FIELDS) != sum(map(len, found.values())):
        raise ValueError('cannot read all of the expectations')
    return found


def plain(symbol, x86):
    """A symbol's name in C."""
    if not x86:
        return symbol
    return re.sub(r'@\d+$', '', symbol[1:] if symbol[:1] in '_@' else symbol)


def functions_of_map(text, base, x86):
    """{name: RVA} from lld-link's map file: symbols in code, and where results go."""
    code = {int(section, 16) for section, kind in
            re.findall(r'(?m)^ (\w{4}):\w+ \w+H \S+\s+(CODE|DATA)$', text) if kind == 'CODE'}
    found = {}
    for section, symbol, address in re.findall(r'(?m)^ (\w{4}):\w+\s+(\S+)\s+(\w{8,16}) ', text):
        name = plain(symbol, x86)
        if int(section, 16) in code or name == SINK:
            found[name] = int(address, 16) - base
    return found


def functions_of_nm(text, base, x86):
    """{name: RVA} from nm's output: symbols in code, and where results go."""
    return {plain(symbol, x86): int(address, 16) - base
            for address, kind, symbol in re.findall(r'(?m)^(\w+) (\w) (\S+)$', text)
            if kind in 'Tt' and not symbol.startswith('.') or plain(symbol, x86) == SINK}
