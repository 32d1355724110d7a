#!/usr/bin/env python3
"""The command from outside: exit codes, outputs, formats, what goes to which stream.

Usage: test_command.py HVCHECK MAKE_IMAGE SCHEMA"""
import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HVCHECK, MAKE_IMAGE, SCHEMA = (os.path.abspath(path) for path in sys.argv[1:4])
KINDS = ("clean", "guilty", "open", "user", "cut")


def run(*arguments, cwd=None, **kwargs):
    kwargs.setdefault("env", {"PATH": os.environ["PATH"]})
    return subprocess.run([HVCHECK, *arguments], capture_output=True, check=False, cwd=cwd, timeout=60,
                          **kwargs)


class Command(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="hvcheck-test-command-")
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        self.images = {}
        for kind in KINDS:
            self.images[kind] = subprocess.run([MAKE_IMAGE, kind], capture_output=True, check=True).stdout
            with open(self.path(kind + ".sys"), "wb") as file:
                file.write(self.images[kind])

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def scan(self, *arguments, **kwargs):
        return run("scan", *arguments, cwd=self.folder, **kwargs)

    def test_exit_codes(self):
        for names, code in (("clean", 0), ("guilty", 1), ("open", 5), ("cut", 3), ("user", 3), ("none", 3),
                            ("clean guilty", 1), ("clean open", 5), ("open guilty", 1),
                            ("guilty cut", 3), ("clean user", 0), ("open user", 5)):
            done = self.scan(*(name + ".sys" for name in names.split()))
            self.assertEqual(done.returncode, code, (names, done))

    def test_usage(self):
        for arguments in ((), ("nosuch",), ("--nosuch",), ("scan",), ("scan", "--nosuch", "x"),
                          ("scan", "--format"), ("scan", "--format", "nosuch", "x"),
                          ("scan", "--format", "", "x"), ("scan", "--format", "json,", "x"),
                          ("scan", "--jobs", "-1", "x"), ("scan", "--jobs", "1x", "x"),
                          ("scan", "--jobs", "99999999999999999999", "x"), ("scan", "--color", "red", "x"),
                          ("scan", "--format", "text,json", "x"), ("scan", "-o", "a", "-o", "b", "x"),
                          ("scan", "-o", "", "x"),
                          ("scan", "--format", "text", "-o", "a", "--format", "json", "-o", "a", "x"),
                          ("explain", "nosuch"), ("explain", "--nosuch"), ("ddi", "nosuch"),
                          ("ddi", "--format", "ndjson"), ("help", "nosuch")):
            done = run(*arguments, cwd=self.folder)
            self.assertEqual(done.returncode, 2, (arguments, done))
            self.assertTrue(done.stderr.startswith(b"hvcheck: "), (arguments, done))
            self.assertEqual(done.stdout, b"", (arguments, done))
        self.assertEqual(sorted(os.listdir(self.folder)), sorted(kind + ".sys" for kind in KINDS))

    def test_help_and_version(self):
        for arguments in (("--help",), ("-h",), ("help",)):
            self.assertIn(b"scan", run(*arguments).stdout)
        for verb in ("scan", "explain", "ddi", "help"):
            self.assertIn(b"Usage: hvcheck " + verb.encode(), run(verb, "--help").stdout)
            self.assertEqual(run(verb, "--help").stdout, run("help", verb).stdout)
        self.assertRegex(run("--version").stdout.decode(), r"^hvcheck \d+\.\d+\.\d+\n$")
        for arguments in (("--help",), ("--version",), ("scan", "-h"), ("help", "ddi")):
            self.assertEqual(run(*arguments).returncode, 0)

    def test_errors_go_to_stderr(self):
        done = self.scan("cut.sys", "clean.sys", "no\nsuch")
        lines = done.stderr.decode().splitlines()
        self.assertEqual(len(lines), 2, lines)
        self.assertRegex(lines[0], r"^hvcheck: cut\.sys: .* \(at offset 0x[0-9A-F]+\)$")
        self.assertRegex(lines[1], r"^hvcheck: no\\x0Asuch: ")
        self.assertNotIn(b"cut.sys", done.stdout)
        self.assertIn(b"1 driver: 1 compatible, 0 incompatible, 0 undetermined; 2 unreadable", done.stdout)

    def test_nothing_found(self):
        os.mkdir(self.path("empty"))
        done = self.scan("empty")
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"no driver", done.stderr)

    def test_stdin(self):
        done = self.scan("-", input=self.images["guilty"])
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stdout.startswith(b"incompatible    -  (x64)\n"), done)
        self.assertEqual(self.scan("-", input=b"").returncode, 3)

    def test_double_dash(self):
        os.rename(self.path("clean.sys"), self.path("-q"))
        self.assertEqual(self.scan("--", "-q").returncode, 0)

    def test_formats_and_files(self):
        one = self.scan("--format", "json", ".")
        self.assertEqual(one.returncode, 3)  # cut.sys
        document = json.loads(one.stdout)
        self.assertEqual(document["target"], ["."])
        self.assertEqual([driver["path"] for driver in document["drivers"]],
                         ["./clean.sys", "./guilty.sys", "./open.sys"])
        self.assertEqual(document["errors"][0]["path"], "./cut.sys")
        self.assertEqual(document["summary"]["skipped"], 1)
        try:
            import jsonschema
            with open(SCHEMA, encoding="utf-8") as file:
                jsonschema.validate(document, json.load(file))
        except ImportError:
            print("jsonschema is missing: the schema was not checked", file=sys.stderr)
        text = self.scan(".").stdout
        names = ("clean.sys", "guilty.sys", "open.sys", "cut.sys")
        ndjson = self.scan("--format", "ndjson", *names).stdout
        json_text = self.scan("--format", "json", *names).stdout
        for arguments in (("--format", "text,json", "-o", self.path("../out-{}.json"), "--format=ndjson",
                           "--output", self.path("../out-{}.nd")),
                          ("-o", self.path("../out-{}.json"), "--format", "json", "--format", "ndjson",
                           "-o", self.path("../out-{}.nd"), "--format", "text", "-o", "-")):
            unique = f"{os.path.basename(self.folder)}"
            filled = [argument.format(unique) for argument in arguments]
            written = [argument for argument in filled if "/../out-" in argument]
            try:
                done = self.scan(*filled, *names)
                self.assertEqual(done.returncode, 3, done)
                self.assertIn(b"compatible      clean.sys", done.stdout)
                with open(written[0], "rb") as file:
                    self.assertEqual(file.read(), json_text)
                with open(written[1], "rb") as file:
                    self.assertEqual(file.read(), ndjson)
            finally:
                for path in written:
                    if os.path.exists(path):
                        os.unlink(path)
        self.assertIn(b"./open.sys", text)

    def test_text_in_a_file_lists_errors(self):
        done = self.scan("-o", "report.txt", "cut.sys", "clean.sys")
        self.assertEqual(done.stdout, b"")
        with open(self.path("report.txt"), encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("unreadable      cut.sys: "))

    def test_jobs_do_not_matter(self):
        for kind in ("guilty", "open"):
            os.mkdir(self.path(kind))
            for i in range(40):
                with open(self.path(kind, f"{i}.sys"), "wb") as file:
                    file.write(self.images[kind])
        reports = {self.scan("--format", "json", "--jobs", jobs, ".").stdout
                   for jobs in ("1", "2", "8", "0", "auto")}
        self.assertEqual(len(reports), 1)
        self.assertGreater(len(reports.pop()), 50000)

    def test_quiet(self):
        done = self.scan("-q", "clean.sys", "guilty.sys", "user.sys")
        self.assertTrue(done.stdout.startswith(b"incompatible    guilty.sys"), done)
        self.assertNotIn(b"clean.sys", done.stdout)
        self.assertNotIn(b"drivers:", done.stdout)
        self.assertEqual(self.scan("-q", "clean.sys").stdout, b"")

    def test_color(self):
        clean = "clean.sys"
        self.assertNotIn(b"\033", self.scan(clean).stdout)
        self.assertIn(b"\033[32m", self.scan("--color", "always", clean).stdout)
        self.assertIn(b"\033[32m", self.scan("--color=always", clean,
                                             env={"NO_COLOR": "1"}).stdout)
        for environment, arguments, colored in (({"TERM": "xterm"}, (), True), ({"TERM": "dumb"}, (), False),
                                                ({"NO_COLOR": "1"}, (), False), ({"NO_COLOR": ""}, (), True),
                                                ({}, ("--color", "never"), False)):
            output = self.on_terminal(environment, *arguments, clean)
            self.assertEqual(b"\033[32m" in output, colored, (environment, arguments, output))

    def on_terminal(self, environment, *arguments):
        """What a scan writes to standard output when that is a terminal."""
        leader, follower = pty.openpty()
        with subprocess.Popen([HVCHECK, "scan", *arguments], stdout=follower, stderr=subprocess.DEVNULL,
                              cwd=self.folder, env=environment) as process:
            os.close(follower)
            output = b""
            while True:
                try:
                    piece = os.read(leader, 4096)
                except OSError:
                    break
                if not piece:
                    break
                output += piece
            process.wait()
        os.close(leader)
        return output

    def test_progress_only_on_a_terminal(self):
        self.assertNotIn(b"files", self.scan("clean.sys").stderr)
        for arguments, shown in ((("clean.sys",), True), (("-q", "clean.sys"), False)):
            leader, follower = pty.openpty()
            subprocess.run([HVCHECK, "scan", *arguments], stdout=subprocess.DEVNULL, stderr=follower,
                           cwd=self.folder, check=False)
            os.write(follower, b"<end>.")
            output = b""
            while not output.endswith(b"<end>."):
                output += os.read(leader, 4096)
            os.close(leader)
            os.close(follower)
            self.assertEqual(b"1 files" in output, shown, output)
            self.assertTrue(not shown or output.endswith(b"\r\033[K<end>."), output)

    def test_output_failures(self):
        if os.path.exists("/dev/full"):
            with open("/dev/full", "wb") as full:
                for arguments in (("scan", "clean.sys"), ("--help",), ("ddi",), ("explain",)):
                    done = subprocess.run([HVCHECK, *arguments], stdout=full, stderr=subprocess.PIPE,
                                          cwd=self.folder, check=False)
                    self.assertEqual(done.returncode, 4, done)
                    self.assertIn(b"standard output", done.stderr)
        done = self.scan("-o", "no/such/folder", "clean.sys")
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"no/such/folder", done.stderr)

    def test_reader_goes_away(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([HVCHECK, "scan", "clean.sys"], stdout=writer, stderr=subprocess.PIPE,
                              cwd=self.folder, check=False)
        os.close(writer)
        self.assertEqual(done.returncode, 4)
        self.assertEqual(done.stderr, b"")

    def interrupt_as_soon_as_there_is_a_file(self):
        before = len(KINDS)
        with subprocess.Popen([HVCHECK, "scan", "--format", "json", "-o", "report", "-"],
                              stdin=subprocess.PIPE, cwd=self.folder) as process:
            end = time.monotonic() + 10
            while len(os.listdir(self.folder)) == before and time.monotonic() < end:
                pass
            self.assertEqual(len(os.listdir(self.folder)), before + 1)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(10), -signal.SIGTERM)
        self.assertEqual(len(os.listdir(self.folder)), before)

    def test_interrupt_leaves_nothing(self):
        # The moment between the file's creation and what follows is short: often enough to meet it.
        for _ in range(40):
            self.interrupt_as_soon_as_there_is_a_file()

    def test_explain(self):
        for name in ("HVC2003", "hvc2003", "execute-write-section", "execute_write_section",
                     "Execute-Write Section Count", "ExAllocatePoolWithTag", "exallocatepool2"):
            done = run("explain", name)
            self.assertEqual(done.returncode, 0, done)
            self.assertGreater(len(done.stdout), 200, done)
        rules = run("explain").stdout.decode().splitlines()
        self.assertGreater(len(rules), 10)
        for line in rules:
            self.assertEqual(run("explain", line.split()[0]).returncode, 0)
        self.assertIn(b"HVC2003", run("explain", "HVC203").stderr)

    def test_ddi(self):
        rows = json.loads(run("ddi", "--format", "json").stdout)
        table = run("ddi").stdout.decode().splitlines()
        self.assertEqual([row["name"] for row in rows], [line.split("  ")[0].strip() for line in table[1:]])
        self.assertGreater(len(rows), 40)
        named = json.loads(run("ddi", "zwcreatesection", "--format", "json", "MmMapIoSpace").stdout)
        self.assertEqual([row["name"] for row in named], ["ZwCreateSection", "MmMapIoSpace"])
        self.assertIn(b"(v & 0xF0) != 0", run("ddi", "ZwCreateSection").stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
