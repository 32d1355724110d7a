#!/usr/bin/env python3
"""Functions that invite mistakes are used nowhere; library code neither prints nor exits."""
import csource

ANYWHERE = {
    "strcpy": "copy into an arena, or memcpy a checked size",
    "stpcpy": "copy into an arena, or memcpy a checked size",
    "strcat": "use hvc_buffer",
    "strncpy": "does not terminate: memcpy a checked size",
    "strncat": "use hvc_buffer",
    "sprintf": "use snprintf or hvc_buffer_printf",
    "vsprintf": "use vsnprintf",
    "gets": "has no bound",
    "strtok": "keeps hidden state",
    "alloca": "has no bound",
    "atoi": "tells no errors: use strtoul and its kin",
    "atol": "tells no errors: use strtoul and its kin",
    "atoll": "tells no errors: use strtoul and its kin",
    "scanf": "parse by hand",
    "fscanf": "parse by hand",
    "sscanf": "parse by hand",
    "tmpnam": "is a race: use mkstemp",
    "mktemp": "is a race: use mkstemp",
    "tempnam": "is a race: use mkstemp",
    "system": "runs a shell",
    "popen": "runs a shell",
    "rand": "is no randomness: seed a generator of your own",
    "localtime": "keeps hidden state: use localtime_r",
    "gmtime": "keeps hidden state: use gmtime_r",
}
LIBRARY = {
    name: "library code never prints"
    for name in ("printf", "vprintf", "fprintf", "vfprintf", "puts", "fputs", "putchar", "fputc",
                 "putc", "perror", "stdout", "stderr", "dprintf")
} | {
    name: "library code never exits"
    for name in ("exit", "_exit", "_Exit", "quick_exit", "abort", "atexit", "signal", "raise")
}


def main():
    problems = []
    paths = csource.files("include", "src", "tests/unit", "tests/system", "fuzz", "bench")
    library = csource.ROOT / "src"
    for path in paths:
        inside = path.relative_to(library).parts[0] if library in path.parents else None
        banned = ANYWHERE | (LIBRARY if inside not in (None, "cli") else {})
        stream = csource.tokens(path.read_text())
        for index, token in enumerate(stream):
            if token.kind != "name" or token.text not in banned:
                continue
            called = index + 1 < len(stream) and stream[index + 1].text == "("
            member = index > 0 and stream[index - 1].text in (".", "->")
            if (called and not member) or token.text in ("stdout", "stderr"):
                problems.append(f"{csource.shown(path)}:{token.line}: {token.text}: "
                                f"{banned[token.text]}")
    csource.finish(len(paths), "files", problems)


if __name__ == "__main__":
    main()
