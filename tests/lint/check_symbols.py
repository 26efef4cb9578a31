#!/usr/bin/env python3
"""Fail unless the shared library exports exactly the functions that the public headers declare.

Arguments: source root, shared library.
"""
import pathlib
import re
import subprocess
import sys

root, library = pathlib.Path(sys.argv[1]), sys.argv[2]
declared = set()
for header in (root / "include" / "effnn").glob("*.h"):
    for match in re.finditer(r"^EFFNN_API\s([^;]*?)\(", header.read_text(), re.M):
        declared.add(re.findall(r"effnn_\w+", match[1])[-1])
listing = subprocess.run(["nm", "-D", "--defined-only", library], check=True,
                         capture_output=True, text=True).stdout
exported = {line.split()[2].split("@")[0] for line in listing.splitlines()
            if line.split()[1] != "A"}
for name in sorted(declared - exported):
    print(f"{name}: declared, not exported")
for name in sorted(exported - declared):
    print(f"{name}: exported, not declared")
print(f"{len(declared)} functions declared, {len(exported)} exported")
sys.exit(declared != exported)
