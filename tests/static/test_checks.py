#!/usr/bin/env python3
"""The static checks and the counting of tests find what they are for: each is run on a small tree with
one fault planted in it, and on the same tree without it."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools")
sys.dont_write_bytecode = True
sys.path.insert(0, TOOLS)
import csource  # noqa: E402
import testcount  # noqa: E402

CLEAN = '#include "base/a.h"\n\nint a(int x)\n{\n    return x + 1; /* not strcpy(x) */\n}\n'


class Planted(unittest.TestCase):
    def run_check(self, name, files):
        with tempfile.TemporaryDirectory() as root:
            shutil.copytree(TOOLS, os.path.join(root, "tools"))
            for path, text in ({"src/base/a.c": CLEAN, "src/base/a.h": "int a(int x);\n"} | files).items():
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as file:
                    file.write(text)
            done = subprocess.run([sys.executable, "-B", os.path.join(root, "tools", name)], text=True,
                                  capture_output=True, check=False)
            return done.returncode, done.stdout + done.stderr

    def finds(self, name, files, words):
        self.assertEqual(self.run_check(name, {})[0], 0, "the clean tree")
        code, output = self.run_check(name, files)
        self.assertEqual(code, 1, output)
        self.assertIn(words, output)

    def test_layers(self):
        for folder, include in (("base", "pe/b.h"), ("pe", "ddi/b.h"), ("rules", "source/b.h"),
                                ("pe", "nowhere/b.h")):
            self.finds("check_layers.py", {f"src/{folder}/b.c": f'#include "{include}"\n'},
                       f"{folder} may not include")
        self.finds("check_layers.py", {"src/base/b.c": '#include "a.h"\n'}, "write the folder too")
        self.finds("check_layers.py", {"src/odd/b.c": "int b;\n"}, "has no layer")
        fine = {"src/cli/b.c": '#include <hvcheck/x.h>\n#include "report/b.h"\n#include "cli/c.h"\n'}
        self.assertEqual(self.run_check("check_layers.py", fine)[0], 0)

    def test_sizes(self):
        self.finds("check_sizes.py", {"src/base/b.c": "/* */\n" * 1001}, "1001 lines")
        long = "int b(void)\n{\n" + "    a(1);\n" * 119 + "}\n"
        self.finds("check_sizes.py", {"src/base/b.c": long}, "b: 122 lines")
        branches = "int b(int x)\n{\n" + "    if (x && x) x++;\n" * 13 + "    return x;\n}\n"
        self.finds("check_sizes.py", {"src/base/b.c": branches}, "complexity 27")
        self.finds("check_sizes.py", {"src/base/b.c": "int b(void)\n{\n"}, "do not pair up")

    def test_banned(self):
        self.finds("check_banned.py", {"src/base/b.c": "void b(void)\n{\n    strcpy(p, q);\n}\n"},
                   "b.c:3: strcpy")
        self.finds("check_banned.py", {"src/pe/b.c": 'void b(void)\n{\n    printf("x");\n}\n'},
                   "never prints")
        self.finds("check_banned.py", {"src/pe/b.c": "void b(void)\n{\n    exit(1);\n}\n"},
                   "never exits")
        fine = {"src/cli/b.c": 'void b(void)\n{\n    printf("strcpy(a)");\n    x->exit(1);\n}\n'}
        self.assertEqual(self.run_check("check_banned.py", fine)[0], 0)


class Source(unittest.TestCase):
    def test_functions(self):
        text = ('struct s { int x; };\nstatic const int t[] = {1, 2};\n#define M(x) { if (x)\n'
                'static int\nf(int a, int (*g)(int))\n{\n    for (;;) { if (a) return \'{\'; }\n}\n'
                'void h(void) __attribute__((noinline));\n'
                'int k(int a) __attribute__((x)) { return a ? 1 : 2; }\n')
        found = [(f.name, f.line, f.last_line, csource.complexity(f))
                 for f in csource.functions(text)]
        self.assertEqual(found, [("f", 5, 8, 3), ("k", 10, 10, 2)])

    def test_cases(self):
        text = "int f(int a) { switch (a) { case 1: case 2: case 3: return 1; case 4: return 2; } }"
        self.assertEqual(csource.complexity(csource.functions(text)[0]), 3)


class Counting(unittest.TestCase):
    def entry(self, result, output):
        count = testcount.Count()
        testcount.entry({"name": "x", "result": result, "stdout": output}, count)
        return count.passed, count.failed, len(count.skipped)

    def test_entries(self):
        self.assertEqual(self.entry("OK", "anything"), (1, 0, 0))
        self.assertEqual(self.entry("FAIL", "anything"), (0, 1, 0))
        self.assertEqual(self.entry("TIMEOUT", None), (0, 1, 0))
        self.assertEqual(self.entry("SKIP", ""), (0, 0, 1))
        self.assertEqual(self.entry("OK", "1..3\nok 1 - a\nok 2 - b\nok 3 # SKIP no c\n"), (2, 0, 1))
        self.assertEqual(self.entry("FAIL", "1..2\nok 1 - a\nnot ok 2 - b\n"), (1, 1, 0))
        # A program that dies after its last success failed all the same.
        self.assertEqual(self.entry("FAIL", "1..2\nok 1 - a\n"), (1, 1, 0))
        cmocka = ("[==========] 4 test(s) run.\n[  PASSED  ] 1 test(s).\n"
                  "[  FAILED  ] 3 test(s), listed below:\n[  FAILED  ] b\n")
        self.assertEqual(self.entry("FAIL", cmocka), (1, 3, 0))
        self.assertEqual(self.entry("FAIL", "Ran 5 tests in 0.1s\nFAILED (failures=1, errors=1)"),
                         (3, 2, 0))


if __name__ == "__main__":
    unittest.main()
