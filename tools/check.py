#!/usr/bin/env python3
"""Everything that can fail, in one run: the build and the tests with gcc, again with clang under the
sanitizers together with the replay of the fuzz inputs, the Windows build under wine, and the static
checks.

Ends with one line, "N passed, N failed"; succeeds when nothing failed."""
import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import realdrivers
import testcount

ROOT = Path(__file__).resolve().parent.parent
SANITIZER_ENV = {
    "ASAN_OPTIONS": "halt_on_error=1:abort_on_error=1:detect_leaks=1:strict_string_checks=1:"
                    "detect_stack_use_after_return=1:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "halt_on_error=1:abort_on_error=1:print_stacktrace=1",
}
BUILDS = [
    {
        "name": "gcc", "folder": "build-gcc", "compiler": "gcc",
        "setup": ["-Dwerror=true"],
        "test": [], "env": {},
    },
    {
        "name": "clang with sanitizers", "folder": "build-asan", "compiler": "clang",
        "setup": ["-Dwerror=true", "-Dfuzz=true", "-Db_sanitize=address,undefined",
                  "-Db_lundef=false"],
        "test": ["--no-suite", "static", "--timeout-multiplier", "5"], "env": SANITIZER_ENV,
    },
    {
        "name": "Windows under wine", "folder": "build-windows", "compiler": None,
        "before": ["tools/windows_deps.py"],
        "setup": ["-Dwerror=true", "--cross-file", "tools/cross-x86_64-w64-mingw32.ini",
                  "--cross-file", "build-windows-deps/cross.ini"],
        "test": ["--timeout-multiplier", "3"],
        "env": {"HVC_NATIVE": str(ROOT / "build-gcc" / "src" / "cli" / "hvcheck")},
    },
]


class Run:
    def __init__(self, jobs):
        self.jobs = jobs
        self.env = dict(os.environ)
        self.count = testcount.Count()
        self.drivers = None
        self.started = time.monotonic()

    def step(self, title):
        print(f"== {title} ({time.monotonic() - self.started:.0f} s)", flush=True)

    def call(self, command, env=None, quiet=True):
        """True when the command succeeds. A quiet one shows its output only when it fails."""
        done = subprocess.run(command, cwd=ROOT, env=env or self.env, check=False, text=True,
                              stdout=subprocess.PIPE if quiet else None,
                              stderr=subprocess.STDOUT if quiet else None)
        if done.returncode and quiet:
            print(done.stdout[-20000:])
        return done.returncode == 0

    def fail(self, what):
        print(f"FAILED: {what}", flush=True)
        self.count.failed += 1
        self.count.failures.append(what)

    def fetch_drivers(self):
        self.step("real drivers: Debian's libwine")
        self.drivers = realdrivers.fetch()
        if self.drivers is None:
            self.fail("fetching the drivers of Debian's libwine")

    def build_and_test(self, build):
        folder = ROOT / build["folder"]
        env = dict(self.env) | build["env"]
        if build["compiler"]:
            env["CC"] = build["compiler"]
        self.step(f"{build['name']}: build")
        if "before" in build and not self.call([sys.executable, *build["before"]], env):
            self.fail(f"{build['name']}: {' '.join(build['before'])}")
            return
        if not (folder / "build.ninja").exists():
            if not self.call(["meson", "setup", str(folder), *build["setup"]], env):
                self.fail(f"{build['name']}: meson setup")
                return
        if self.drivers is not None:
            realdrivers.link(folder, self.drivers)
        if not self.call(["ninja", "-C", str(folder), "-j", str(self.jobs), "--quiet"], env):
            self.fail(f"{build['name']}: build")
            return
        self.step(f"{build['name']}: tests")
        log = folder / "meson-logs" / "testlog.json"
        log.unlink(missing_ok=True)
        fine = self.call(["meson", "test", "-C", str(folder), "--no-rebuild", "--print-errorlogs",
                          "--num-processes", str(self.jobs), *build["test"]], env, quiet=False)
        count = testcount.read(log)
        if not fine and not count.failed:
            self.fail(f"{build['name']}: meson test")
        if not count.passed and not count.failed:
            self.fail(f"{build['name']}: no test ran")
        for name in count.skipped:
            print(f"skipped: {build['name']}: {name}")
        for name in count.failures:
            print(f"failed: {build['name']}: {name}")
        self.count.add(count, build["name"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--summary", help="also write the last line to this file")
    arguments = parser.parse_args()
    run = Run(arguments.jobs)
    run.fetch_drivers()
    for build in BUILDS:
        run.build_and_test(build)
    run.step("result")
    for name in run.count.failures:
        print(f"failed: {name}")
    if run.count.skipped:
        print(f"{len(run.count.skipped)} skipped")
    line = f"{run.count.passed} passed, {run.count.failed} failed"
    summary = arguments.summary or os.environ.get("HVC_CHECK_SUMMARY")
    if summary:
        Path(summary).write_text(line + "\n")
    print(line, flush=True)
    return 1 if run.count.failed else 0


if __name__ == "__main__":
    sys.exit(main())
