#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Make tests/golden/safetensors/all.safetensors: every element type, from the format's description
alone (eight bytes of header length, JSON, data without holes); and odd.safetensors, whose header
has a length that leaves the data unaligned.
"""
import json
import pathlib
import struct

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "safetensors"
# Element i: i/2 - 1 for floats, i - 2 for signed, i for unsigned, odd for BOOL.
CODES = {"F64": "d", "F32": "f", "F16": "e", "BF16": None, "I64": "q", "I32": "i", "I16": "h",
         "I8": "b", "U64": "Q", "U32": "I", "U16": "H", "U8": "B", "BOOL": "?"}


def element(dtype, i):
    if dtype[0] in "FB" and dtype != "BOOL":
        value = i / 2 - 1
    else:
        value = i % 2 == 1 if dtype == "BOOL" else i - 2 if dtype[0] == "I" else i
    if dtype == "BF16":  # the upper half of a float
        return struct.pack("<f", value)[2:]
    return struct.pack("<" + CODES[dtype], value)


def write(name, tensors, metadata=None, align=True):
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for key, (dtype, shape, n) in tensors.items():
        content = b"".join(element(dtype, i) for i in range(n))
        header[key] = {"dtype": dtype, "shape": shape,
                       "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * ((-len(text)) % 8 if align else 5 - len(text) % 4)
    (FOLDER / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


FOLDER.mkdir(exist_ok=True)
everything = {}
for code in CODES:
    everything[code.lower()] = code, [2, 3], 6
everything["scalar"] = "F32", [], 1
everything["empty"] = "I64", [0, 4], 0
write("all", everything, {"author": "somebody", "note": "line\n\"quoted\" ünï"})
write("odd", {"b": ("F64", [3], 3), "a": ("F32", [2], 2)}, align=False)
