#!/usr/bin/env python3
"""Runs the libFuzzer targets: all of them, or those that are named. What it learns stays in
build-fuzz/corpus; an input that breaks a target is saved in fuzz/TARGET/crashers, from where every test
run replays it."""
import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import check

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build-fuzz"


def build(jobs):
    env = dict(os.environ, CC="clang")
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["meson", "setup", str(BUILD), "-Dfuzz=true", "-Dtests=false",
                        "-Db_sanitize=address,undefined", "-Db_lundef=false"], env=env, check=True)
    subprocess.run(["ninja", "-C", str(BUILD), "-j", str(jobs), "--quiet"], env=env, check=True)


def fuzz(program, target, learned, crashers, limit):
    folder = ROOT / "fuzz" / target
    Path(learned).mkdir(parents=True, exist_ok=True)
    Path(crashers).mkdir(parents=True, exist_ok=True)
    command = [str(program), *limit, "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
               f"-artifact_prefix={crashers}/"]
    if (folder / "dictionary.txt").exists():
        command.append(f"-dict={folder / 'dictionary.txt'}")
    command.append(str(learned))
    command += [str(folder / name) for name in ("corpus", "crashers") if (folder / name).is_dir()]
    return subprocess.run(command, env=dict(os.environ) | check.SANITIZER_ENV,
                          check=False).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", nargs="*")
    parser.add_argument("--seconds", type=int, default=300, help="for each target")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="for the build")
    parser.add_argument("--program", help="a target that is built already; keeps nothing")
    parser.add_argument("--runs", type=int, help="mutations instead of seconds, always the same ones")
    arguments = parser.parse_args()
    limit = [f"-max_total_time={arguments.seconds}"] if arguments.runs is None else \
        [f"-runs={arguments.runs}", "-seed=1"]

    if arguments.program:
        with tempfile.TemporaryDirectory() as scratch:
            return 1 if fuzz(arguments.program, arguments.target[0], Path(scratch) / "corpus",
                             Path(scratch) / "crashers", limit) else 0
    build(arguments.jobs)
    targets = arguments.target or sorted(p.name[len("fuzz-"):] for p in (BUILD / "fuzz").glob("fuzz-*")
                                         if p.is_file())
    broken = [target for target in targets
              if fuzz(BUILD / "fuzz" / f"fuzz-{target}", target, BUILD / "corpus" / target,
                      ROOT / "fuzz" / target / "crashers", limit)]
    print("broken: " + " ".join(broken) if broken else f"{len(targets)} targets, nothing broke")
    return 1 if broken or not targets else 0


if __name__ == "__main__":
    sys.exit(main())
