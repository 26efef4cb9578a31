#!/usr/bin/env python3
"""Count the cases in meson's testlog.json and print "N passed, N failed, N skipped".

A program written with Check counts as many cases as it ran; any other test counts as one. A test
that ended neither well nor skipped counts at least one failure.
"""
import json
import re
import sys

CHECK_LINE = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)", re.M)


def count(test):
    """(passed, failed, skipped) of one entry."""
    if test["result"] == "SKIP":
        return 0, 0, 1
    ran = failed = 0
    for checks, failures, errors in CHECK_LINE.findall(test.get("stdout", "")):
        ran += int(checks)
        failed += int(failures) + int(errors)
    if test["result"] not in ("OK", "EXPECTEDFAIL"):
        failed = max(failed, 1)
    elif ran == 0:
        ran = 1
    return max(ran - failed, 0), failed, 0


def main():
    totals = [0, 0, 0]
    with open(sys.argv[1], encoding="utf-8") as log:
        for line in log:
            totals = [a + b for a, b in zip(totals, count(json.loads(line)))]
    if totals[0] + totals[1] == 0:
        print("no test ran")
        return 1
    print("{} passed, {} failed, {} skipped".format(*totals))
    return 1 if totals[1] else 0


if __name__ == "__main__":
    sys.exit(main())
