#!/usr/bin/env python3
"""Fail where a file or a function is longer, or a folder fuller, than docs/conventions.md allows.

Also fails for things that must not be in library code: abort, exit, printing, TODO, absolute paths,
a missing SPDX line, two files of one name.
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
FILE_LIMIT, TEST_FILE_LIMIT, FUNCTION_LIMIT, FOLDER_LIMIT, HEADER_FUNCTIONS = 700, 1050, 100, 40, 45
LOUD = re.compile(r"\b(abort|exit|printf|fprintf|puts|perror)\s*\(")
problems = []


def say(path, line, text):
    problems.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def functions(lines):
    """(first line number, length) of each function body: a brace in column 0 opens one."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start:
            yield start, number - start + 1
            start = None


def check_source(path, is_library):
    lines = path.read_text().splitlines()
    limit = FILE_LIMIT if is_library else TEST_FILE_LIMIT
    if len(lines) > limit and not path.name.endswith("_table.c"):
        say(path, len(lines), f"more than {limit} lines")
    if not lines or "SPDX-License-Identifier: BSD-3-Clause" not in lines[0]:
        say(path, 1, "no SPDX line")
    for start, length in functions(lines):
        if length > FUNCTION_LIMIT:
            say(path, start, f"function of {length} lines")
    for number, line in enumerate(lines, 1):
        if is_library and LOUD.search(re.sub(r"\bv?snprintf\s*\(|_printf\s*\(", "", line)):
            say(path, number, "library code that aborts, exits or prints")
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            say(path, number, "unfinished work")
        if re.search(r'"/(work|tmp|root|home)/', line):
            say(path, number, "absolute path")
        if len(line) > 100 and "SPDX" not in line:
            say(path, number, f"{len(line)} columns")


def main():
    names = collections.Counter()
    for path in sorted((ROOT / "libeffnn").rglob("*.[ch]")):
        check_source(path, True)
        names[path.name] += 1
    # A private header may be named like the public one it implements; sources may not repeat.
    for name, n in names.items():
        if n > 1 and name.endswith(".c"):
            problems.append(f"libeffnn: {n} files named {name}")
    for folder in ("tests", "bindings", "examples"):
        for path in sorted((ROOT / folder).rglob("*.[ch]")):
            check_source(path, False)
    for path in sorted((ROOT / "include").rglob("*.h")):
        check_source(path, False)
        n = len(re.findall(r"^EFFNN_API", path.read_text(), re.M))
        if n > HEADER_FUNCTIONS:
            say(path, 1, f"{n} public functions")
    for folder in [p for p in (ROOT / "libeffnn").rglob("*") if p.is_dir() and p.name != "ops"]:
        n = len(list(folder.iterdir()))
        if n > FOLDER_LIMIT:
            problems.append(f"{folder.relative_to(ROOT)}: {n} entries")
    print("\n".join(problems) if problems else "0 problems")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
