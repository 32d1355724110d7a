"""Counts the single tests in a log of `meson test`: one entry of the log is one program, which may hold
many tests and say so in TAP, as cmocka does, or as Python's unittest does."""
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

TAP = re.compile(r"^(ok|not ok)\b[^\n]*", re.MULTILINE)
TAP_SKIP = re.compile(r"#\s*skip", re.IGNORECASE)
CMOCKA = {kind: re.compile(r"^\[  %s\s*\] (\d+) test\(s\)[.,]?" % kind, re.MULTILINE)
          for kind in ("PASSED", "FAILED", "SKIPPED")}
UNITTEST = re.compile(r"^Ran (\d+) tests? in ", re.MULTILINE)
UNITTEST_BAD = re.compile(r"\b(failures|errors|unexpected successes)=(\d+)")
UNITTEST_SKIP = re.compile(r"\bskipped=(\d+)")
BAD = ("FAIL", "ERROR", "TIMEOUT", "UNEXPECTEDPASS", "INTERRUPT")


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: list = field(default_factory=list)
    failures: list = field(default_factory=list)

    def add(self, other, label):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += [f"{label}: {name}" for name in other.skipped]
        self.failures += [f"{label}: {name}" for name in other.failures]


def inside(output):
    """(passed, failed, skipped) that a program's output tells, or None when it tells nothing."""
    tap = TAP.findall(output)
    if tap:
        lines = [match.group() for match in TAP.finditer(output)]
        skipped = sum(1 for line in lines if TAP_SKIP.search(line))
        failed = sum(1 for line in lines if line.startswith("not ok") and not TAP_SKIP.search(line))
        return len(lines) - skipped - failed, failed, skipped
    if CMOCKA["PASSED"].search(output):
        numbers = {kind: sum(map(int, pattern.findall(output))) for kind, pattern in CMOCKA.items()}
        return numbers["PASSED"], numbers["FAILED"], numbers["SKIPPED"]
    if UNITTEST.search(output):
        total = sum(map(int, UNITTEST.findall(output)))
        failed = sum(int(number) for _, number in UNITTEST_BAD.findall(output))
        skipped = sum(map(int, UNITTEST_SKIP.findall(output)))
        return total - failed - skipped, failed, skipped
    return None


def entry(log, count):
    name = log["name"]
    bad = log["result"] in BAD
    if log["result"] == "SKIP":
        count.skipped.append(name)
        return
    numbers = inside((log.get("stdout") or "") + "\n" + (log.get("stderr") or ""))
    passed, failed, skipped = numbers or (0 if bad else 1, 0, 0)
    count.passed += passed
    count.failed += failed
    count.skipped += [f"{name} ({skipped} inside)"] if skipped else []
    if bad and not failed:
        count.failed += 1  # it died outside of any of its tests
    if bad:
        count.failures.append(f"{name} ({log['result'].lower()})")


def read(path):
    """Counts a testlog.json; a missing one counts nothing."""
    count = Count()
    if Path(path).exists():
        for line in Path(path).read_text().splitlines():
            entry(json.loads(line), count)
    return count
