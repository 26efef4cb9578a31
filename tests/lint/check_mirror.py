#!/usr/bin/env python3
"""Fail where a test has no source that it mirrors, or a public header has an undocumented function.

tests/<layer>/test_<unit>.c stands for libeffnn/<layer>/<unit>.{c,h}; conformance suites over a table
(test_all_*) and a few suites across files (listed in ACROSS) are exempt.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
ACROSS = {"golden", "hostile", "memory", "threads", "write_rule", "real_models"}  # last word of the test's name
problems = []


def has_source(test):
    folder = ROOT / "libeffnn" / test.parent.relative_to(ROOT / "tests")
    unit = test.stem[len("test_"):]
    if unit.startswith("all_") or any(unit.endswith(word) for word in ACROSS):
        return True
    return any((folder / f"{unit}{end}").exists() for end in (".c", ".h")) or \
        any(folder.rglob(f"{unit}.[ch]"))


def undocumented(header):
    previous = ""
    for number, line in enumerate(header.read_text().splitlines(), 1):
        if line.startswith("EFFNN_API") and not previous.rstrip().endswith("*/"):
            yield number
        if line.strip():
            previous = line


def main():
    for layer in (ROOT / "libeffnn").iterdir():
        for test in sorted((ROOT / "tests" / layer.name).rglob("test_*.c")):
            if not has_source(test):
                problems.append(f"{test.relative_to(ROOT)}: mirrors no source file")
    for header in sorted((ROOT / "include" / "effnn").glob("*.h")):
        for number in undocumented(header):
            problems.append(f"{header.relative_to(ROOT)}:{number}: no comment right above")
    print("\n".join(problems) if problems else "0 problems")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
