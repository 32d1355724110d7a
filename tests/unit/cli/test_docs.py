#!/usr/bin/env python3
"""The manual page and the completions have every verb and option of the table, and no other.

Usage: test_docs.py LIST_OPTIONS HVCHECK MANUAL BASH ZSH FISH"""
import re
import subprocess
import sys


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def check(problems, path, found, wanted):
    for item in sorted(wanted - found):
        problems.append(f"{path}: {item} is missing")
    for item in sorted(found - wanted):
        problems.append(f"{path}: {item} does not exist")


def completed(script, *words):
    """What bash offers for the last of the words."""
    line = " ".join(f"'{word}'" for word in words)
    text = f"source '{script}'; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _hvcheck; " \
           'printf "%s\\n" "${COMPREPLY[@]}"'
    return set(subprocess.run(["bash", "-c", text], check=True, text=True,
                              capture_output=True).stdout.split())


def main():
    list_options, hvcheck, manual, bash, zsh, fish = sys.argv[1:]
    names, letters, by_verb = set(), set(), {}
    for line in subprocess.run([list_options], check=True, text=True,
                               capture_output=True).stdout.splitlines():
        *verbs, name, letter, _ = line.split()
        names.add(name)
        if letter != ".":
            letters.add("-" + letter)
        for verb in verbs:
            by_verb.setdefault(verb, set()).add(name)
    assert len(names) > 5 and {"scan", "ddi"} <= set(by_verb), by_verb
    problems = []

    page = read(manual).replace("\\-", "-")
    page = page[:page.index(".SH EXAMPLES")]
    check(problems, manual, set(re.findall(r"--[a-z][a-z-]*", page)), names)
    check(problems, manual, set(re.findall(r"(?<![\w-])-[a-zA-Z]\b", page)), letters)
    check(problems, manual, set(re.findall(r"^\.B hvcheck (\w+)", page, re.MULTILINE)), set(by_verb))
    for code in range(6):
        if not re.search(rf"^\.B {code}$", page, re.MULTILINE):
            problems.append(f"{manual}: exit code {code} is missing")

    check(problems, bash, completed(bash, "hvcheck", ""),
          set(by_verb) | {"--help", "--version"})
    for verb, options in by_verb.items():
        if verb != "help":
            check(problems, f"{bash} ({verb})", completed(bash, "hvcheck", verb, "--"), options)

    text = read(zsh)
    check(problems, zsh, set(re.findall(r"--[a-z][a-z-]*", text)), names)
    check(problems, zsh, set(re.findall(r"^ *(?:commands=\()?'(\w+):", text, re.MULTILINE)), set(by_verb))
    text = read(fish)
    check(problems, fish, {"--" + name for name in re.findall(r" -l ([\w-]+) ", text) if name not in ("commands", "machine", "judge", "plan")},
          names)
    check(problems, fish, set(re.search(r"^set -l commands (.*)$", text, re.MULTILINE).group(1).split()),
          set(by_verb))

    formats = set(re.search(r"choose of (.*)", subprocess.run(
        [hvcheck, "scan", "--format", "nosuch", "x"], text=True, capture_output=True,
        check=False).stderr).group(1).split(", "))
    assert "text" in formats
    check(problems, bash, completed(bash, "hvcheck", "scan", "--format", ""), formats)
    for path in (zsh, fish):
        check(problems, path, set(max(re.findall(r"[('](text [a-z ]+)[')]", read(path)),
                                      key=len).split()), formats)
    for name in formats:
        if not re.search(rf"^\.BR? {name}\b", page, re.MULTILINE):
            problems.append(f"{manual}: format {name} is missing")

    print("\n".join(problems))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
