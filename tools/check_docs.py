#!/usr/bin/env python3
"""What the documents say exists, and what exists is documented: rules, DDIs, counters, anomalies,
options, exit codes, targets of the Makefile, paths and links.

Usage: check_docs.py HVCHECK"""
import re
import subprocess
import sys

import csource

ROOT = csource.ROOT
COUNTERS = ("execute_pool_type", "execute_page_protection", "execute_page_mapping",
            "execute_write_section", "section_alignment", "unsupported_relocs",
            "iat_in_executable_section")
SECTIONS = ("## Why", "## Consequence", "## How to fix", "## Windows versions")


class Check:
    def __init__(self, command):
        self.command = command
        self.count = 0
        self.problems = []

    def require(self, holds, problem):
        self.count += 1
        if not holds:
            self.problems.append(problem)

    def run(self, *arguments):
        done = subprocess.run([self.command, *arguments], text=True, capture_output=True, check=False,
                              env={"PATH": "/usr/bin:/bin", "NO_COLOR": "1"})
        return done.returncode, done.stdout

    def rules(self):
        listed = re.findall(r"\b(HVC\d{4})\s*,", (ROOT / "src/rules/rules.list").read_text())
        files = sorted(path.stem for path in (ROOT / "data/rules").glob("HVC*.md"))
        self.require(listed == files, f"rules.list and data/rules differ: "
                                      f"{sorted(set(listed) ^ set(files))}")
        for rule in files:
            text = (ROOT / "data/rules" / f"{rule}.md").read_text()
            title = re.search(r"^title: (.*)$", text, re.MULTILINE)
            for section in SECTIONS:
                self.require(section in text, f"data/rules/{rule}.md: no section '{section}'")
            code, shown = self.run("explain", rule)
            self.require(code == 0 and title and title.group(1) in shown,
                         f"hvcheck explain {rule} does not print the rule")

    def ddis(self):
        code, listed = self.run("ddi")
        names = set()
        for path in sorted((ROOT / "data/ddi").glob("*.tsv")):
            rows = [line.split("\t") for line in path.read_text().splitlines()
                    if line and not line.startswith("#")]
            names |= {row[0] for row in rows[1:]}
        self.require(code == 0 and len(names) > 30, f"{len(names)} DDIs in data/ddi")
        for name in sorted(names):
            self.require(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", listed),
                         f"hvcheck ddi does not list {name}")
        name = sorted(names)[0]
        self.require(self.run("explain", name)[0] == 0, f"hvcheck explain {name} fails")
        for counter in COUNTERS:
            self.require(self.run("explain", counter)[0] == 0, f"hvcheck explain {counter} fails")

    def anomalies(self):
        used = set()
        for path in csource.files("src/pe", suffixes=(".c",)):
            used |= anomaly_ids(path.read_text())
        page = ROOT / "docs/anomalies.md"
        self.require(page.exists(), "docs/anomalies.md is missing")
        told = set(re.findall(r"^\|\s*`([a-z0-9-]+)`", page.read_text(), re.MULTILINE)) \
            if page.exists() else set()
        self.require(len(used) > 10, f"only {len(used)} anomalies found in src/")
        for name in sorted(used - told):
            self.require(False, f"docs/anomalies.md does not tell of {name}")
        for name in sorted(told - used):
            self.require(False, f"docs/anomalies.md tells of {name}, which nothing reports")

    def command_line(self):
        """The manual page has every verb, option and exit code of --help, and --help every one used."""
        _, help_text = self.run("--help")
        verbs = re.findall(r"^  ([a-z]+) ", help_text, re.MULTILINE)
        self.require({"scan", "explain", "ddi"} <= set(verbs), "--help does not name the verbs")
        manual = (ROOT / "man/hvcheck.1").read_text().replace("\\-", "-").replace("\\&", "") \
            if (ROOT / "man/hvcheck.1").exists() else ""
        options = {verb: set(re.findall(r"--[a-z][a-z-]*", self.run(verb, "--help")[1]))
                   for verb in verbs}
        options[""] = set(re.findall(r"--[a-z][a-z-]*", help_text))
        for option in sorted(set().union(*options.values())):
            self.require(option in manual, f"man/hvcheck.1 does not tell of {option}")
            for completion in sorted((ROOT / "completions").glob("*")):
                bare = option.lstrip("-")
                self.require(completion.name == "meson.build" or bare in completion.read_text(),
                             f"completions/{completion.name} lacks {option}")
        for verb in verbs:
            self.require(re.search(rf"\b{verb}\b", manual), f"man/hvcheck.1 does not tell of {verb}")
        for path in documents():
            for line in re.findall(r"(?:^    |`)((?:build/src/cli/)?hvcheck [^`\n]*)",
                                   path.read_text(), re.MULTILINE):
                words = re.split(r"\s+", re.sub(r"\s#.*", "", line))[1:]
                verb = words[0] if words and words[0] in verbs else ""
                known_verb = verb or not words or words[0].startswith("-") or \
                    not re.fullmatch(r"[a-z]+", words[0])
                self.require(known_verb, f"{csource.shown(path)}: there is no 'hvcheck {words[:1]}'")
                for word in words:
                    if word.startswith("--"):
                        self.require(word.split("=")[0] in options[verb],
                                     f"{csource.shown(path)}: 'hvcheck {verb}' has no {word}")

    def makefile(self):
        targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        for path in documents():
            for target in re.findall(r"(?:^    |`)make ([a-z]+)", path.read_text(), re.MULTILINE):
                self.require(target in targets, f"{csource.shown(path)}: no target '{target}'")

    def paths(self):
        top = "|".join(re.escape(path.name) for path in ROOT.iterdir()
                       if path.is_dir() and not path.name.startswith((".", "build")))
        for path in documents():
            text = path.read_text()
            for link in re.findall(r"\]\(([^)#:]+)\)", text):
                self.require((path.parent / link).exists(), f"{csource.shown(path)}: dead link {link}")
            for name in re.findall(rf"`((?:{top})/[\w./-]+)`", text):
                self.require((ROOT / name).exists(), f"{csource.shown(path)}: there is no {name}")


def anomaly_ids(text):
    """The texts like-this in a file of the image reader: it has no others."""
    return {token.text.strip('"') for token in csource.tokens(text, ("string",))
            if re.fullmatch(r'"[a-z0-9]+(-[a-z0-9]+)+"', token.text)}


def documents():
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def main():
    check = Check(sys.argv[1])
    for part in (check.rules, check.ddis, check.anomalies, check.command_line, check.makefile,
                 check.paths):
        try:
            part()
        except OSError as error:
            check.problems.append(f"{part.__name__}: {error}")
    csource.finish(check.count, "facts", check.problems)


if __name__ == "__main__":
    main()
