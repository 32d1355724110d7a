#!/usr/bin/env python3
"""Shows the command on real drivers and on drivers with faults: those of Debian's libwine package, and
the fixtures of the tests.

Usage: demo.py BUILD"""
import json
import os
import subprocess
import sys
from pathlib import Path

import realdrivers

JUDGED = {0: "compatible", 1: "some are incompatible", 5: "some are undetermined"}


def faulty_fixtures(build):
    """One build of each fixture that a judge refuses."""
    folder = build / "tests/drivers/fixtures"
    with open(build / "tests/drivers/fixtures.json", encoding="utf-8") as file:
        drivers = json.load(file)["drivers"]
    chosen = {}
    for driver in drivers:
        if driver["rules"] and driver["arch"] in ("x64", "arm64"):
            chosen.setdefault(driver["fixture"], driver["file"])
    return [os.path.relpath(folder / name) for name in chosen.values()]


def show(hvcheck, *arguments):
    shown = " ".join(arguments[:3]) + (" ..." if len(arguments) > 3 else "")
    print(f"\n$ hvcheck {shown}", flush=True)
    code = subprocess.run([hvcheck, *arguments], check=False).returncode
    if code not in JUDGED:
        sys.exit(f"demo: exit code {code}")
    if arguments[0] == "scan":
        print(f"(exit code {code}: {JUDGED[code]})", flush=True)


def main():
    build = Path(sys.argv[1])
    hvcheck = str(build / "src/cli/hvcheck")
    real = realdrivers.fetch()
    if real is None:
        sys.exit("demo: no real drivers to show")
    print("Real drivers:", end="")
    show(hvcheck, "scan", os.path.relpath(real))
    print("\nDrivers with faults, one each:", end="")
    show(hvcheck, "scan", *faulty_fixtures(build))
    print("\nWhy a call that allocates executable pool matters, and what to do:", end="")
    show(hvcheck, "explain", "HVC2000")


if __name__ == "__main__":
    main()
