#!/usr/bin/env python3
"""Public headers compile alone, as C11 and as C++17, and say what each function does; the headers
inside src/ compile alone as C11.

Usage: check_headers.py BUILD CC [CXX]"""
import re
import subprocess
import sys

import csource

PUBLIC = ("-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Werror", "-fsyntax-only")


def compiles(compiler, language, standard, name, flags):
    """The compiler's complaint about a file that includes name twice, or None."""
    source = f"#include <{name}>\n#include <{name}>\nextern int not_empty;\n"
    done = subprocess.run([*compiler, "-x", language, f"-std={standard}", *flags, "-"],
                          input=source, text=True, capture_output=True, check=False)
    return None if done.returncode == 0 else done.stderr.strip()


def undocumented(path):
    """HVC_API functions whose paragraph (lines without a blank one between) has no comment above."""
    text = path.read_text()
    for block in re.split(r"\n[ \t]*\n", text):
        first = block.find("HVC_API ")
        if first < 0 or "#define HVC_API" in block:
            continue
        if "*/" not in block[:first]:
            name = re.search(r"HVC_API[^(;]*?(\w+)\s*\(", block)
            yield f"{csource.shown(path)}: {name.group(1) if name else block[:40]}: no comment says " \
                  "what it does"


def main():
    build, cc, cxx = sys.argv[1], [sys.argv[2]], [sys.argv[3]] if len(sys.argv) > 3 else None
    include = ["-I", f"{build}/include", "-I", str(csource.ROOT / "include")]
    problems = []
    public = csource.files("include", suffixes=(".h",))
    names = [f"hvcheck/{path.name}" for path in public] + ["hvcheck/version.h"]
    for name in names:
        tries = [(cc, "c", "c11")] + ([(cxx, "c++", "c++17")] if cxx else [])
        for compiler, language, standard in tries:
            complaint = compiles(compiler, language, standard, name, [*PUBLIC, *include])
            if complaint:
                problems.append(f"{name} as {standard}: {complaint}")
    # Those of Windows need its own headers: the Windows build compiles them.
    inside = [path for path in csource.files("src", suffixes=(".h",))
              if not path.stem.endswith("_windows")]
    for path in inside:
        name = str(path.relative_to(csource.ROOT / "src"))
        complaint = compiles(cc, "c", "c11", name, ["-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                                                     "-D_GNU_SOURCE", "-I",
                                                     str(csource.ROOT / "src"), *include])
        if complaint:
            problems.append(f"src/{name} alone: {complaint}")
    for path in public:
        problems += undocumented(path)
    csource.finish(len(names) + len(inside), "headers", problems)


if __name__ == "__main__":
    main()
