#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Write unicode_table.c from Python's Unicode data: unicode_table.py > unicode_table.c."""
import unicodedata

HANGUL = range(0xAC00, 0xD7A4)  # decomposed by arithmetic in unicode.c
SURROGATES = range(0xD800, 0xE000)
NAMES = ["NONE", "SPACE", "CONTROL", "MARK", "PUNCTUATION"]


def fold(text):
    """Canonical decomposition without nonspacing marks, in lower case."""
    kept = (c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    return "".join(c.lower() for c in kept)


def class_of(code):
    if code in SURROGATES:
        return "CONTROL"
    char = chr(code)
    category = unicodedata.category(char)
    if char in "\t\n\r" or char.isspace() and category != "Cc" or category == "Zs":
        return "SPACE"
    if category[0] == "C":
        return "CONTROL"
    if category == "Mn":
        return "MARK"
    if category[0] == "P" or (code < 128 and char.isprintable() and not char.isalnum()):
        return "PUNCTUATION"
    return "NONE"


def rows(items, per_line):
    items = list(items)
    for i in range(0, len(items), per_line):
        print("    " + ", ".join(items[i:i + per_line]) + ",")


ranges, single, several, last = [], [], [], None
for code in range(0x110000):
    name = class_of(code)
    if name != last:
        ranges.append((code << 3) | NAMES.index(name))
    last = name
    if code in HANGUL or code in SURROGATES or name == "MARK":
        continue
    folded = [ord(c) for c in fold(chr(code))]
    if len(folded) == 1 and folded[0] != code:
        single.append((code, folded[0]))
    elif len(folded) > 1:
        several.append([code] + folded + [0] * (3 - len(folded)))

print(f"""/* SPDX-License-Identifier: BSD-3-Clause */
/* Written by make_unicode_table.py from the data of Unicode {unicodedata.unidata_version}. */

#include "io/text/unicode.h"

/* clang-format off */
const uint32_t effnn__unicode_ranges[] = {{""")
rows((f"{r}" for r in ranges), 10)
print("};\nconst size_t effnn__unicode_n_ranges =\n"
      "    sizeof effnn__unicode_ranges / sizeof effnn__unicode_ranges[0];\n")
print("const uint32_t effnn__unicode_folds[][2] = {")
rows((f"{{{a}, {b}}}" for a, b in single), 5)
print("};\nconst size_t effnn__unicode_n_folds =\n"
      "    sizeof effnn__unicode_folds / sizeof effnn__unicode_folds[0];\n")
print("const uint32_t effnn__unicode_long_folds[][4] = {")
rows(("{" + ", ".join(map(str, row)) + "}" for row in several), 2)
print("};\nconst size_t effnn__unicode_n_long_folds =\n"
      "    sizeof effnn__unicode_long_folds / sizeof effnn__unicode_long_folds[0];\n/* clang-format on */")
