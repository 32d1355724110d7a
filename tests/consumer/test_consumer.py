#!/usr/bin/env python3
"""Installs the project into an empty folder and uses it as a user does: the C example of README.md is
compiled by what pkg-config says, against the shared and against the static library, and must tell of
fixture drivers what the installed command tells.

Usage: test_consumer.py BUILD CC PREFIX LIBDIR FIXTURES"""
import glob
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

BUILD, CC, PREFIX, LIBDIR, FIXTURES = sys.argv[1:6]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def run(*command, **more):
    return subprocess.run(command, check=True, text=True, capture_output=True, **more).stdout


def readme(language):
    """The one block of README.md that is marked with the language."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        blocks = re.findall(rf"^```{language}\n(.*?)^```", file.read(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1, f"README.md has one block of {language}"
    return blocks[0]


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        stage = os.path.join(cls.scratch.name, "stage")
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", stage)
        cls.prefix = stage + PREFIX
        cls.libdir = os.path.join(cls.prefix, LIBDIR)
        cls.env = dict(os.environ, LD_LIBRARY_PATH=cls.libdir,
                       PKG_CONFIG_PATH=os.path.join(cls.libdir, "pkgconfig"))
        cls.source = os.path.join(cls.scratch.name, "example.c")
        with open(cls.source, "w", encoding="utf-8") as file:
            file.write(readme("c"))

    def pkg_config(self, *options):
        return shlex.split(run("pkg-config", f"--define-variable=prefix={self.prefix}", *options,
                               "hvcheck", env=self.env))

    def compile(self, name, libraries):
        program = os.path.join(self.scratch.name, name)
        run(CC, "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-o", program, self.source,
            *self.pkg_config("--cflags"), *libraries)
        return program

    def drivers(self):
        found = sorted(glob.glob(os.path.join(FIXTURES, "**", "*.sys"), recursive=True))
        self.assertGreater(len(found), 3)
        return found[::max(1, len(found) // 8)]

    def check(self, program):
        """The example's exit code is 0 exactly for what the command calls compatible."""
        command = os.path.join(self.prefix, "bin", "hvcheck")
        for driver in self.drivers():
            mine = subprocess.run([program, driver], env=self.env, text=True, capture_output=True,
                                  check=False)
            theirs = subprocess.run([command, "scan", "--format", "json", driver], env=self.env,
                                    text=True, capture_output=True, check=False)
            verdict = json.loads(theirs.stdout)["drivers"][0]["verdict"]
            self.assertIn(f"verifier {verdict['verifier']}, load {verdict['load']}", mine.stdout,
                          driver)
            self.assertEqual(mine.returncode == 0, verdict["compatible"], driver)
            if mine.returncode == 0:
                self.assertEqual(theirs.returncode, 0, driver)

    def test_shared(self):
        self.check(self.compile("shared", self.pkg_config("--libs")))
        needed = run("readelf", "-d", os.path.join(self.scratch.name, "shared"))
        self.assertIn("[libhvcheck.so.0]", needed)

    def test_static(self):
        libraries = self.pkg_config("--static", "--libs")
        at = libraries.index("-lhvcheck")
        libraries[at:at + 1] = ["-Wl,-Bstatic", "-lhvcheck", "-Wl,-Bdynamic"]
        self.check(self.compile("static", libraries))
        needed = run("readelf", "-d", os.path.join(self.scratch.name, "static"))
        self.assertNotIn("libhvcheck", needed)

    def test_files(self):
        for name in ("bin/hvcheck", "include/hvcheck/hvcheck.h", "include/hvcheck/version.h",
                     "share/man/man1/hvcheck.1", "share/doc/hvcheck/LICENSE",
                     "share/bash-completion/completions/hvcheck",
                     os.path.join(LIBDIR, "pkgconfig/hvcheck.pc"),
                     os.path.join(LIBDIR, "libhvcheck.so"), os.path.join(LIBDIR, "libhvcheck.a")):
            path = os.path.join(self.prefix, name)
            self.assertTrue(os.path.exists(path) or os.path.exists(path + ".gz"), name)

    def test_shown_output(self):
        """What README.md shows is what the command prints."""
        lines = readme("console").splitlines()
        self.assertRegex(lines[0], r"^\$ hvcheck scan ")
        arguments = shlex.split(lines[0])[2:]
        done = subprocess.run([os.path.join(self.prefix, "bin", "hvcheck"), *arguments], text=True,
                              cwd=FIXTURES, env=self.env, capture_output=True, check=False)
        self.assertEqual("\n".join(lines[1:]).strip(), done.stdout.strip())

    def test_version(self):
        command = run(os.path.join(self.prefix, "bin", "hvcheck"), "--version", env=self.env)
        self.assertIn(run("pkg-config", "--modversion", "hvcheck", env=self.env).strip(), command)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
