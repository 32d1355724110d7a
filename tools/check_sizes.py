#!/usr/bin/env python3
"""Files, functions and their complexity stay within what a reader can hold."""
import csource

FILE_LINES = 1000
FUNCTION_LINES = 120
COMPLEXITY = 25


def main():
    problems = []
    paths = csource.files("include", "src", "tests", "fuzz", "bench")
    worst = []
    for path in paths:
        text = path.read_text()
        name = csource.shown(path)
        lines = text.count("\n")
        if lines > FILE_LINES:
            problems.append(f"{name}: {lines} lines, {FILE_LINES} are allowed")
        if path.suffix != ".c":
            continue
        try:
            functions = csource.functions(text)
        except ValueError as error:
            problems.append(f"{name}: {error}")
            continue
        for function in functions:
            where = f"{name}:{function.line}: {function.name}"
            lines = function.last_line - function.line + 1
            number = csource.complexity(function)
            worst.append((number, lines, where))
            if lines > FUNCTION_LINES:
                problems.append(f"{where}: {lines} lines, {FUNCTION_LINES} are allowed")
            if number > COMPLEXITY:
                problems.append(f"{where}: complexity {number}, {COMPLEXITY} is allowed")
    print("most complex functions:")
    for number, lines, where in sorted(worst, reverse=True)[:5]:
        print(f"  {number:3} {lines:4} lines  {where}")
    csource.finish(len(worst), "functions", problems)


if __name__ == "__main__":
    main()
