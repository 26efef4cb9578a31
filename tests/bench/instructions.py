#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Instructions that small runs of the effnn command take, counted by callgrind: unlike times they are the
same to a few in a million on every run, so that a slow drift is seen.

    instructions.py BUILD [--write]

Compares with instructions.json beside this file and fails if a count is more than 3 % above it;
`--write` stores the counts anew (on purpose, with the reason in the commit). Counts hold for one compiler
and one choice of kernels: with others, or without valgrind, the comparison is skipped and says so.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parents[1] / "examples" / "data"
STORED = HERE / "instructions.json"
TOLERANCE = 0.03
MODEL, DIGITS = DATA / "digits_vit.onnx", DATA / "digits.bin"
RUNS = {
    "read a transformer": ["info", MODEL],
    "run a transformer": ["bench", MODEL, "--batch", "8", "--repeat", "1"],
    "run a convolutional network": ["bench", "zoo:resnet", "--repeat", "1"],
    "compress a transformer": ["apply", "lowrank", MODEL, "-o", "out.onnx", "--data",
                               f"records:{DIGITS},shape=1/8/8,label=first,scale=16,count=16"],
}


def output(*command, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout + done.stderr


def count(effnn, arguments, folder):
    text = output("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", effnn, *arguments,
                  "--threads", "1", "--seed", "1", "--quiet", "--json", cwd=folder)
    return int(re.search(r"Collected : (\d+)", text).group(1))


def circumstances(build, effnn, library):
    """What the counts depend on beside the sources."""
    options = json.loads((build / "meson-info/intro-buildoptions.json").read_text())
    optimisation = next(o["value"] for o in options if o["name"] == "optimization")
    compiler = re.search(r"(GCC|clang)[^\n]*", output("readelf", "-p", ".comment", library))
    log = output("valgrind", "--tool=none", effnn, "bench", MODEL, "--repeat", "1", "--verbose")
    kernels = re.search(r"kernels: (blis \S+ \S+)", log)  # BLIS names the kind of CPU
    if not compiler or not kernels:
        raise RuntimeError(f"no compiler in {library}, or no kernels in the log:\n{log[-500:]}")
    return {"compiler": compiler.group(0).strip(), "optimisation": optimisation,
            "kernels": kernels.group(1)}


def compare(counts, stored):
    failed = 0
    for name, n in counts.items():
        before = stored.get(name)
        change = f"{100 * (n / before - 1):+.2f} %" if before else "not stored"
        bad = not before or n > before * (1 + TOLERANCE)
        failed += bad
        print(f"{'FAILED' if bad else 'ok':7}{name:30}{n:>14,}  {change}")
    return failed


def main():
    build, write = pathlib.Path(sys.argv[1]).resolve(), "--write" in sys.argv[2:]
    effnn, library = build / "bindings/cli/effnn", build / "libeffnn/libeffnn.so"
    if not shutil.which("valgrind") or not shutil.which("readelf"):
        print(f"skipped: no valgrind or readelf\n0 passed, 0 failed, {len(RUNS)} skipped")
        return 0
    now = circumstances(build, effnn, library)
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    if not write and any(stored.get(key) != value for key, value in now.items()):
        print(f"skipped: the counts stored hold for {({k: stored.get(k) for k in now})}; this is {now}")
        print(f"0 passed, 0 failed, {len(RUNS)} skipped")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        counts = {name: count(effnn, arguments, folder) for name, arguments in RUNS.items()}
    if write:
        STORED.write_text(json.dumps({**now, "counts": counts}, indent=2) + "\n")
        print(f"wrote {STORED}")
        return 0
    failed = compare(counts, stored["counts"])
    print(f"{len(counts) - failed} passed, {failed} failed, 0 skipped")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
