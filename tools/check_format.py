#!/usr/bin/env python3
"""Every C file is as clang-format would write it. With --fix it writes it so."""
import shutil
import subprocess
import sys

import csource


def main():
    program = next((p for p in ("clang-format-14", "clang-format") if shutil.which(p)), None)
    if program is None:
        csource.finish(0, "files", ["clang-format is not installed"])
    paths = csource.files("include", "src", "tests", "fuzz", "bench")
    if "--fix" in sys.argv:
        subprocess.run([program, "-i", *map(str, paths)], check=True)
        csource.finish(len(paths), "files", [])
    problems = []
    for path in paths:
        done = subprocess.run([program, "--dry-run", "-Werror", str(path)], text=True,
                              capture_output=True, check=False)
        if done.returncode:
            first = done.stderr.splitlines()[0] if done.stderr else "?"
            problems.append(f"{csource.shown(path)}: {done.stderr.count('error:')} places; "
                            f"first: {first.replace(str(csource.ROOT) + '/', '')}")
    csource.finish(len(paths), "files", problems)


if __name__ == "__main__":
    main()
