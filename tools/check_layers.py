#!/usr/bin/env python3
"""Each folder of src/ may include its own headers and those of strictly lower layers."""
import re

import csource

LAYERS = [
    {"base"},
    {"pe", "ddi"},
    {"code", "trust"},
    {"rules", "emulate", "machine", "source"},
    {"engine"},
    {"report"},
    {"cli"},
]
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def layer(folder):
    for number, names in enumerate(LAYERS):
        if folder in names:
            return number
    return None


def problems_of(path):
    folder = path.relative_to(csource.ROOT / "src").parts[0]
    own = layer(folder)
    if own is None:
        yield f"{csource.shown(path)}: the folder {folder} has no layer in tools/check_layers.py"
        return
    text = path.read_text()
    for match in INCLUDE.finditer(text):
        where = f"{csource.shown(path)}:{text.count(chr(10), 0, match.start(0)) + 1}"
        quoted, system = match.groups()
        if system is not None:
            if system.split("/")[0] in set().union(*LAYERS):
                yield f"{where}: <{system}> is one of ours: include it with quotes"
            continue
        if "/" not in quoted:
            yield f'{where}: "{quoted}": write the folder too ("{folder}/{quoted}")'
            continue
        other = quoted.split("/")[0]
        if other != folder and (layer(other) is None or layer(other) >= own):
            yield f'{where}: {folder} may not include "{quoted}"'


def main():
    paths = [path for path in csource.files("src") if path.parent != csource.ROOT / "src"]
    csource.finish(len(paths), "files", [p for path in paths for p in problems_of(path)])


if __name__ == "__main__":
    main()
