#!/usr/bin/env python3
"""Measures the scan and what it is compared with, in one run over one set of drivers.

Every program runs as a whole process, from its start to its end, its start included. The set is copied
so often, and its folder given so often, that a run takes about a second; what a program manages in a
second is counted in files and bytes of what it was given. The programs take turns, round after round, so
that a slow moment of the machine hits them all; of the rounds the median counts, the best is shown beside
it. Everything is read from the page cache: one round before the first is thrown away."""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import realdrivers  # noqa: E402

NEEDED = ("hvcheck scan --jobs 1", "hvcheck scan --jobs 2", "read + hash",
          "read + hash + image rules")
COPY_BYTES = 64 << 20
MAX_FOLDERS = 2000


def drivers(hvcheck, folders):
    """The kernel-mode images below the folders, by hvcheck's own judgement, and how many there are of
    each architecture."""
    done = subprocess.run([hvcheck, "scan", "--format", "ndjson", *map(str, folders)], text=True,
                          stdout=subprocess.PIPE, check=False)
    found, kinds = [], {}
    for line in done.stdout.splitlines():
        driver = json.loads(line)
        if driver.get("verdict", {}).get("verifier", "not-applicable") != "not-applicable":
            found.append(driver["path"])
            kinds[driver["arch"]] = kinds.get(driver["arch"], 0) + 1
    return sorted(found), kinds


class Set:
    """The drivers, copied into a folder of their own: once, and so often that they fill COPY_BYTES."""

    def __init__(self, paths, scratch):
        self.paths = paths
        self.bytes = sum(os.path.getsize(path) for path in paths)
        self.largest = max(os.path.getsize(path) for path in paths)
        self.once = self._copy(scratch / "once", 1)
        self.copies = max(1, min(COPY_BYTES // self.bytes, 20000 // len(paths)))
        self.often = self._copy(scratch / "often", self.copies)

    def _copy(self, folder, times):
        folder.mkdir()
        for turn in range(times):
            for number, path in enumerate(self.paths):
                shutil.copyfile(path, folder / f"{turn:05}-{number:05}-{os.path.basename(path)}")
        return str(folder)


class Program:
    """command(arguments) gives the command line; units is how often the set is in one run. A program
    that takes files instead of folders is given those that it accepts one by one: others of these
    programs stop at the first that they do not like."""

    def __init__(self, name, command, wants_files=False):
        self.name, self.command, self.wants_files = name, command, wants_files
        self.units, self.results, self.files = 1, [], None

    def line(self, drivers_set):
        if self.wants_files:
            return self.command(self.files * self.units)
        often = self.units // drivers_set.copies
        return self.command([drivers_set.often] * often or [drivers_set.once] * self.units)

    def choose(self, drivers_set):
        names = sorted(os.listdir(drivers_set.once))
        if self.wants_files:
            names = [name for name in names
                     if subprocess.run(self.command([name]), cwd=drivers_set.once, check=False,
                                       stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL).returncode == 0]
        self.files = names

    def work(self, drivers_set):
        """(files, bytes) of one run."""
        size = sum(os.path.getsize(os.path.join(drivers_set.once, name)) for name in self.files)
        return len(self.files) * self.units, size * self.units


def measure(tool, line, folder):
    with tempfile.NamedTemporaryFile("r", suffix=".json") as result:
        subprocess.run([tool, result.name, *line], cwd=folder, check=True)
        return json.load(result)


def calibrate(program, drivers_set, tool, seconds):
    """Chooses units so that a run takes about the wanted time."""
    program.choose(drivers_set)
    if not program.files:
        return "it accepts none of the files"
    taken = measure(tool, program.line(drivers_set), drivers_set.once)
    if taken["status"] not in (0, 1, 5):
        return f"exit code {taken['status']}"
    units = max(1, round(seconds / max(taken["wall"], 1e-4)))
    if program.wants_files:  # all of them on one command line
        units = min(units, max(1, 20000 // len(drivers_set.paths)))
    elif units >= drivers_set.copies:
        units = max(1, min(units // drivers_set.copies, MAX_FOLDERS)) * drivers_set.copies
    else:
        units = min(units, MAX_FOLDERS)
    program.units = units
    if units > 1:  # short runs are mostly start-up: one correction with the longer one
        taken = measure(tool, program.line(drivers_set), drivers_set.once)
        wanted = round(units * seconds / max(taken["wall"], 1e-4))
        if wanted > units and not program.wants_files:
            program.units = min(wanted // units, MAX_FOLDERS) * units
    return None


def programs(build, have):
    def folders(*command):
        return lambda places: [*map(str, command), *places]

    hvcheck, bench = build / "src/cli/hvcheck", build / "bench"
    scan = (hvcheck, "scan", "--format", "ndjson", "-o", "/dev/null")
    result = [
        Program("hvcheck scan --jobs 1", folders(*scan, "--jobs", "1")),
        Program("hvcheck scan --jobs 2", folders(*scan, "--jobs", "2")),
        Program("read + hash", folders(bench / "peer_hash")),
        Program("read + hash + image rules", folders(bench / "peer_image")),
        Program("python3-pefile", folders("/usr/bin/python3", ROOT / "bench/peer_pefile.py")),
    ]
    if (bench / "peer_decode").exists():
        result.append(Program("Y: hash, rules, decode all", folders(bench / "peer_decode")))
    if have("llvm-readobj"):
        result.append(Program("llvm-readobj", folders(
            "llvm-readobj", "--sections", "--coff-basereloc", "--coff-imports"), wants_files=True))
    if have("objdump"):
        result.append(Program("objdump -d", folders("objdump", "-d"), wants_files=True))
    if have("llvm-objdump"):
        result.append(Program("llvm-objdump -d", folders("llvm-objdump", "-d"), wants_files=True))
    return result


def rates(program, drivers_set, key):
    _, size = program.work(drivers_set)
    return [size / max(result[key], 1e-9) for result in program.results]


def table(all_programs, drivers_set):
    print(f"\n{'':28}{'files/s':>9}{'MB/s':>9}{'best':>9}{'CPU s/GB':>10}{'peak MiB':>10}{'run s':>7}")
    for program in all_programs:
        files, size = program.work(drivers_set)
        wall = statistics.median(result["wall"] for result in program.results)
        cpu = statistics.median(result["cpu"] for result in program.results)
        peak = max(result["peak_kib"] for result in program.results) / 1024
        best = size / min(result["wall"] for result in program.results)
        part = "" if len(program.files) == len(drivers_set.paths) else \
            f"  on {len(program.files)} of the {len(drivers_set.paths)} drivers: it refuses the others"
        print(f"{program.name:28}{files / wall:9.0f}{size / wall / 1e6:9.1f}{best / 1e6:9.1f}"
              f"{cpu / size * 1e9:10.2f}{peak:10.1f}{wall:7.2f}{part}")


def ratio(drivers_set, above, below, key="cpu"):
    """How many times the time of below above takes for the same bytes: median of the rounds' ratios."""
    pairs = zip(rates(above, drivers_set, key), rates(below, drivers_set, key))
    return statistics.median(slow / fast for fast, slow in pairs)


def conclusions(by_name, drivers_set, tool, build):
    def named(name):
        return by_name[name]

    scan, two = named("hvcheck scan --jobs 1"), named("hvcheck scan --jobs 2")
    hashing, image = named("read + hash"), named("read + hash + image rules")
    y = by_name.get("Y: hash, rules, decode all")
    rows = [
        ("image rules, over reading and hashing (CPU)", ratio(drivers_set, image, hashing) - 1,
         "at most 0.25"),
        ("scan / read + hash (CPU)", ratio(drivers_set, scan, hashing), ""),
        ("throughput of 2 jobs over 1", ratio(drivers_set, scan, two, "wall"), "at least 1.8"),
    ]
    if y is not None:
        rows.append(("scan / Y (CPU, one job)", ratio(drivers_set, scan, y), "at most 1.5"))
        rows.append(("scan / Y (wall, one job)", ratio(drivers_set, scan, y, "wall"), ""))
    for name in ("python3-pefile", "llvm-readobj", "objdump -d", "llvm-objdump -d"):
        if name in by_name:
            rows.append((f"{name} / scan (CPU)", ratio(drivers_set, named(name), scan), ""))
            if y is not None:
                rows.append((f"{name} / Y (CPU)", ratio(drivers_set, named(name), y), ""))
    print(f"\n{'ratio':48}{'measured':>10}   reach")
    for title, value, reach in rows:
        print(f"{title:48}{value:10.2f}   {reach}")

    hvcheck = str(build / "src/cli/hvcheck")
    base = [hvcheck, "scan", "--format", "ndjson", "--jobs"]
    print(f"\npeak memory, MiB ({drivers_set.largest / (1 << 20):.2f} the largest file; reach: 16 more)")
    for jobs in ("1", "2"):
        few = measure(tool, [*base, jobs, drivers_set.once], "/")["peak_kib"] / 1024
        many = measure(tool, [*base, jobs, drivers_set.often], "/")["peak_kib"] / 1024
        print(f"  {jobs} job(s): {few:.1f} on {len(drivers_set.paths)} files, {many:.1f} on "
              f"{len(drivers_set.paths) * drivers_set.copies} files")

    small = min(drivers_set.paths, key=os.path.getsize)
    for title, line in (("scan of one small driver", [hvcheck, "scan", small]),
                        ("--version", [hvcheck, "--version"])):
        firsts = [measure(tool, line, "/")["first"] for _ in range(20)]
        if None not in firsts:
            print(f"start to first byte, {title}: {statistics.median(firsts) * 1000:.1f} ms "
                  "(median of 20; reach: 10)")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="*", help="default: the fixtures and libwine's drivers")
    parser.add_argument("--build", default="build", help="build folder (default: build)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="about how long one run takes")
    parser.add_argument("--no-disassemblers", action="store_true",
                        help="leave out objdump and llvm-objdump")
    arguments = parser.parse_args()

    build = (Path.cwd() / arguments.build).resolve()
    subprocess.run(["ninja", "-C", str(build), "--quiet"], check=True, stdout=subprocess.DEVNULL)
    folders = arguments.folder or [build / "tests/drivers/fixtures", realdrivers.fetch()]
    if None in folders:
        sys.exit("bench: no real drivers; name a folder")
    paths, kinds = drivers(str(build / "src/cli/hvcheck"), folders)
    if not paths:
        sys.exit("bench: no drivers there")
    tool = str(build / "bench/measure")
    with tempfile.TemporaryDirectory(prefix="hvcheck-bench-") as scratch:
        drivers_set = Set(paths, Path(scratch))
        kinds = ", ".join(f"{count} {arch}" for arch, count in sorted(kinds.items()))
        print(f"{len(paths)} drivers ({kinds}), {drivers_set.bytes / 1e6:.2f} MB; {os.cpu_count()} processors; "
              f"{arguments.rounds} rounds", flush=True)
        chosen = programs(build, lambda name: shutil.which(name) and
                          not (arguments.no_disassemblers and "objdump" in name))
        running = []
        for program in chosen:
            problem = calibrate(program, drivers_set, tool, arguments.seconds)
            if problem:
                print(f"left out: {program.name}: {problem}")
                if program.name in NEEDED:
                    sys.exit("bench: nothing to compare without it")
            else:
                running.append(program)
        scans = [program for program in running if program.name.startswith("hvcheck scan")]
        for program in scans:  # the same work for both, so that their times compare
            program.units = max(other.units for other in scans)
        for turn in range(arguments.rounds + 1):
            for program in running:
                result = measure(tool, program.line(drivers_set), drivers_set.once)
                if result["status"] not in (0, 1, 5):
                    sys.exit(f"bench: {program.name}: exit code {result['status']}")
                if turn:
                    program.results.append(result)
        table(running, drivers_set)
        conclusions({program.name: program for program in running}, drivers_set, tool, build)


if __name__ == "__main__":
    main()
