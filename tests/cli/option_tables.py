#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Fail where the option table of docs/methods/<name>.md is not what the method says of itself.

    option_tables.py EFFNN DOCS_METHODS [--write]       --write brings the pages up to date
"""
import json
import pathlib
import subprocess
import sys

BEGIN, END = "<!-- options: made by tests/cli/option_tables.py -->\n", "<!-- end of options -->\n"


def document(effnn, *args):
    return json.loads(subprocess.run([effnn, "transforms", *args, "--json"], check=True,
                                     capture_output=True, text=True).stdout)


def values(option):
    if option["choices"]:
        return ", ".join(f"`{choice}`" for choice in option["choices"])
    if option["min"] is not None:
        return f"{option['min']:.16g} to {option['max']:.16g}"
    return {"bool": "true, false", "list": "`a:b:c`"}.get(option["type"], option["type"])


def text(value):
    if isinstance(value, bool):
        return str(value).lower()
    return f"`{value}`" if isinstance(value, str) and value else str(value)


def table(options):
    lines = ["| option | default | values | |", "|---|---|---|---|"]
    lines += [f"| `{o['name']}` | {text(o['default'])} | {values(o)} | {o['help']} |"
              for o in options]
    return "\n".join(lines) + "\n"


def main():
    effnn, folder, write = sys.argv[1], pathlib.Path(sys.argv[2]), "--write" in sys.argv
    stale = []
    for method in document(effnn)["transforms"]:
        page = folder / f"{method['name']}.md"
        before, rest = page.read_text().split(BEGIN)
        after = rest.split(END)[1]
        wanted = before + BEGIN + table(document(effnn, method["name"])["options"]) + END + after
        if page.read_text() == wanted:
            continue
        stale.append(page.name)
        if write:
            page.write_text(wanted)
    print(f"not up to date: {', '.join(stale)}" if stale else "0 problems")
    return bool(stale) and not write


if __name__ == "__main__":
    sys.exit(main())
