"""Runs llvm-readobj and reads what it prints."""
import re
import subprocess

NUMBER = re.compile(r'0x[0-9A-Fa-f]+|\d+')


def parse(text):
    """The nested blocks of llvm-readobj's output: a block is (name, {key: value text}, [blocks],
    [bare lines])."""
    root = ('', {}, [], [])
    stack = [root]
    for line in text.splitlines():
        line = line.strip()
        if not line:
            continue
        if line in ('}', ']', ')'):
            if len(stack) > 1:
                stack.pop()
            continue
        opened = re.fullmatch(r'(.*?)\s*(?:\[ \(.*\)|[\[{(])', line)
        if opened:
            block = (opened.group(1).rstrip(':'), {}, [], [])
            value = re.search(r'\[ \((.*)\)$', line)
            if value:
                stack[-1][1][block[0]] = value.group(1)
            stack[-1][2].append(block)
            stack.append(block)
            continue
        key, colon, value = line.partition(':')
        if colon:
            stack[-1][1].setdefault(key, value.strip())
        else:
            stack[-1][3].append(line)
    return root


def blocks(root, name):
    return [block for block in root[2] if block[0] == name]


def number(text):
    """The last number of `NAME (0x12)`, `0x12` or `12`."""
    return int(NUMBER.findall(text)[-1], 0)


def read(path, *options):
    """The blocks that options print; None where llvm-readobj gives up on the file."""
    done = subprocess.run(['llvm-readobj', *options, path], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors='surrogateescape')
    if done.returncode != 0 or 'error:' in done.stderr:
        return None
    return parse(done.stdout)
