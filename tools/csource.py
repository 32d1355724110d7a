"""Reads C sources as far as the static checks need it: tokens with their lines, includes, functions."""
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_TOKEN = re.compile(r"""
    (?P<comment>/\*.*?\*/|//[^\n]*)
  | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
  | (?P<directive>^[ \t]*\#(?:\\\n|/\*.*?\*/|[^\n])*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
  | (?P<space>\s+)
  | (?P<operator>&&|\|\||->|\+\+|--|<<=?|>>=?|[-+*/%&|^=!<>]=|\.\.\.|.)
""", re.VERBOSE | re.DOTALL | re.MULTILINE)


@dataclass
class Token:
    kind: str
    text: str
    line: int


@dataclass
class Function:
    name: str
    line: int  # of the name
    last_line: int  # of the closing brace
    body: list  # tokens between the braces


def tokens(text, keep=("string", "name", "number", "operator")):
    """The tokens of text whose kind is in keep."""
    line = 1
    result = []
    for match in _TOKEN.finditer(text):
        if match.lastgroup in keep:
            result.append(Token(match.lastgroup, match.group(), line))
        line += match.group().count("\n")
    return result


def functions(text):
    """The function definitions of a C file."""
    stream = tokens(text)
    result = []
    index = 0
    while index < len(stream):
        if stream[index].text != "{":
            index += 1
            continue
        end = _matching(stream, index, "{", "}", 1)
        head = _function_name(stream, index)
        if head is not None:
            result.append(Function(stream[head].text, stream[head].line, stream[end].line,
                                   stream[index + 1:end]))
        index = end + 1
    return result


def _matching(stream, index, opening, closing, step):
    depth = 0
    while 0 <= index < len(stream):
        if stream[index].text == opening:
            depth += 1
        elif stream[index].text == closing:
            depth -= 1
            if depth == 0:
                return index
        index += step
    raise ValueError(f"line {stream[-1].line}: {opening} and {closing} do not pair up")


def _function_name(stream, brace):
    """The index of the name in 'name ( ... ) {', or None when the brace opens something else."""
    index = brace - 1
    while index >= 0 and stream[index].text == ")":
        opening = _matching(stream, index, ")", "(", -1)
        before = opening - 1
        if before < 0 or stream[before].kind != "name":
            return None
        if stream[before].text != "__attribute__":
            return before
        index = before - 1
    return None


def complexity(function):
    """McCabe's number: one, and one for each decision. Adjacent case labels are one decision."""
    count = 1
    body = function.body
    for index, token in enumerate(body):
        if token.text in ("if", "for", "while", "&&", "||", "?"):
            count += 1
        elif token.text == "case" and not _continues_label(body, index):
            count += 1
    return count


def _continues_label(body, index):
    """True when the case at index follows directly on another case label."""
    if index == 0 or body[index - 1].text != ":":
        return False
    index -= 2
    while index >= 0 and body[index].text not in (";", "{", "}", ":", "case"):
        index -= 1
    return index >= 0 and body[index].text == "case"


def files(*folders, suffixes=(".c", ".h")):
    """The project's C files in folders (below the project's root), sorted."""
    found = []
    for folder in folders:
        found += [path for path in (ROOT / folder).rglob("*") if path.suffix in suffixes]
    return sorted(found)


def shown(path):
    return str(path.relative_to(ROOT))


def finish(checked, what, problems):
    """Prints the problems and ends the program; checking nothing is a problem too."""
    for problem in problems:
        print(problem)
    if not checked:
        print(f"no {what} found: the check looks in the wrong place")
    print(f"{checked} {what} checked, {len(problems)} problems")
    raise SystemExit(1 if problems or not checked else 0)
