#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Memory of libeffnn beside ONNX Runtime's: load a model, run it, look at the process.

    compare_memory.py libeffnn.so [--threads N] [--keep-model] [--table FILE] [NAME ...]

Each case is one model file at one batch size, those of compare_speed.py. For each program a fresh process
imports it, makes the inputs, loads the file and runs a few times. Counted is what this adds to the resident
set: the most at any time ("peak"), and what is left behind the runs ("steady"). libeffnn makes a session of
the model and then, but for --keep-model, destroys the model. ONNX Runtime has its default options, but for
the number of threads.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENGINES = ["libeffnn", "onnxruntime"]


def resident(key):
    """A line of this process's memory, in MB."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"the system does not say {key}")


def reset_peak():
    """Let the peak begin anew, where the system allows it: importing may have taken more than is left."""
    try:
        pathlib.Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


# ---- in the child ----

def ours(args):
    sys.path.insert(0, str(ROOT / "tests" / "peers"))
    from effnn_ctypes import Library
    library = Library(args.library)

    def load(arrays):
        model = library.load(args.file, threads=args.threads)
        run = model.prepare(arrays)
        if not args.keep_model:
            model.drop_model()
        return run
    return load


def theirs(args):
    import onnxruntime

    def load(arrays):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = args.threads
        session = onnxruntime.InferenceSession(args.file, options, providers=["CPUExecutionProvider"])
        feeds = dict(zip([i.name for i in session.get_inputs()], arrays))
        return lambda: session.run(None, feeds)
    return load


def child(args):
    with np.load(args.inputs) as saved:
        arrays = [saved[key] for key in saved.files]
    load = (ours if args.child == ENGINES[0] else theirs)(args)
    reset_peak()
    before = resident("VmRSS")
    run = load(arrays)
    for _ in range(args.runs):
        run()
    print(resident("VmHWM") - before, resident("VmRSS") - before)


# ---- in the parent ----

def prepare(library, case, folder):
    """The model's file and the names of its inputs."""
    import onnx
    name, source = case[:2]
    if str(source).startswith("zoo:"):
        path = pathlib.Path(folder) / f"{name}.onnx"
        library.load(source).save(path, 17)
    else:
        path = source
    graph = onnx.load(str(path)).graph
    constant = {i.name for i in graph.initializer}
    return path, [i.name for i in graph.input if i.name not in constant]


def measure(args, engine, path, inputs):
    """Peak and steady memory, the least of a few processes."""
    command = [sys.executable, __file__, args.library, "--child", engine, "--file", str(path),
               "--inputs", str(inputs), "--threads", str(args.threads), "--runs", str(args.runs)]
    command += ["--keep-model"] * args.keep_model
    found = []
    for _ in range(args.repeats):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{engine}: {done.stderr.strip().splitlines()[-1]}")
        found.append([float(word) for word in done.stdout.split()])
    return np.min(found, axis=0)


def run_case(library, case, folder, args):
    path, names = prepare(library, case, folder)
    for batch in case[3]:
        arrays = case[2](batch)
        arrays += [np.zeros_like(arrays[0])] * (len(names) - len(arrays))
        inputs = pathlib.Path(folder) / "inputs.npz"
        np.savez(inputs, *arrays)
        yield batch, *(measure(args, engine, path, inputs) for engine in ENGINES)


def row(name, batch, our, their):
    return (f"| {name} | {batch} | {our[0]:.0f} | {their[0]:.0f} | {our[0] / their[0]:.2f} "
            f"| {our[1]:.0f} | {their[1]:.0f} | {our[1] / their[1]:.2f} |")


def parent(args):
    import compare_speed
    library = compare_speed.Library(args.library)
    lines = ["| model | batch | peak: libeffnn, MB | ONNX Runtime, MB | ratio "
             "| steady: libeffnn, MB | ONNX Runtime, MB | ratio |", "|" + "---|" * 8]
    logs = []
    with tempfile.TemporaryDirectory() as folder:
        for case in compare_speed.CASES:
            if args.names and case[0] not in args.names:
                continue
            try:
                for batch, our, their in run_case(library, case, folder, args):
                    logs.append(np.log(our / their))
                    lines.append(row(case[0], batch, our, their))
                    print(lines[-1], flush=True)
            except (RuntimeError, OSError) as error:
                print(f"left out: {case[0]}: {error}", flush=True)
    if logs:
        peak, steady = np.exp(np.mean(logs, axis=0))
        lines.append(f"| geometric mean, {args.threads} thread(s) | | | | {peak:.2f} | | "
                     f"| {steady:.2f} |")
        print(lines[-1])
    if args.table:
        pathlib.Path(args.table).write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--keep-model", action="store_true")
    parser.add_argument("--table")
    for name in "--child", "--file", "--inputs":  # what a process of one program is told
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*")
    args = parser.parse_intermixed_args()
    args.library = os.path.abspath(args.library)
    if args.child:
        child(args)
    else:
        parent(args)


if __name__ == "__main__":
    main()
