#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Run ONNX's own node tests through libeffnn: pass, refused (with a message) or failed.

    node_tests.py libeffnn.so [--source tar|wheel|FOLDER ...] [--table FILE] [--check FILE] [NAME ...]

Sources: `tar`, the catalogue's node.tar.gz ($EFFNN_DATA, default ../shared/data); `wheel`, the tests of
the onnx package installed (made in memory); a folder with <test>/model.onnx. With names, only tests
whose name contains one of them, and each result is printed. `--table` writes the results by operator
as a Markdown page, `--check` compares them with that page (of another release of onnx only what failed
counts). Exits with 1 if a test failed (a wrong result, a crash, an error at run time, more than a
minute), an operator without a passing test has no reason below, or the page differs.
"""
import argparse
import collections
import io
import os
import pathlib
import pickle
import signal
import sys
import tarfile
import warnings

import numpy as np
import onnx
from onnx import numpy_helper

from effnn_ctypes import Library, pack_array

SECONDS = 60
NO_REASON = "**no reason written**"
ROOT = pathlib.Path(__file__).resolve().parents[2]

# Why an operator is left out; every operator with no test that passes must have its reason here.
REASONS = {
    "Adagrad": "a training step, not inference",
    "Adam": "a training step, not inference",
    "ArrayFeatureExtractor": "ai.onnx.ml: classical models, not networks",
    "Bernoulli": "draws random numbers: no result to hold it to",
    "Binarizer": "ai.onnx.ml: classical models, not networks",
    "FlexAttention": "its score function is a graph of its own per element",
    "ImageDecoder": "decodes image files",
    "LabelEncoder": "ai.onnx.ml: classical models, not networks",
    "Loop": "a loop has no plan; exporters unroll or the model is a decoder, which has its session",
    "Momentum": "a training step, not inference",
    "OptionalGetElement": "optional values: tensors only",
    "OptionalHasElement": "optional values: tensors only",
    "RegexFullMatch": "strings",
    "Scan": "a loop has no plan; recurrent layers have operators of their own",
    "SequenceInsert": "sequences of tensors",
    "SequenceMap": "sequences of tensors",
    "SplitToSequence": "sequences of tensors",
    "StringConcat": "strings",
    "StringNormalizer": "strings",
    "StringSplit": "strings",
    "TfIdfVectorizer": "strings and text features",
    "TreeEnsemble": "ai.onnx.ml: classical models, not networks",
}

Case = collections.namedtuple("Case", "name model inputs outputs rtol atol")

# Expected values that hold the rounding of their maker's f32 arithmetic: 2e-7 for 0, beside 50.
ROUNDED = {"test_dft_inverse": 1e-6, "test_dft_inverse_opset19": 1e-6}


def operator_of(model, name):
    """The operator a test is for: the only one in its graph, or, of an expanded function, its name."""
    kinds = {n.op_type for n in model.graph.node if n.op_type != "Constant"}
    return kinds.pop() if len(kinds) == 1 else f"({name.split('_')[1]}, expanded)"


def read_value(data, type_proto):
    """A test's input or output; None where it is no tensor."""
    kind = type_proto.WhichOneof("value")
    if kind != "tensor_type":
        return None
    return numpy_helper.to_array(onnx.TensorProto.FromString(data))


def cases_of_files(read, names):
    """`read(path)` gives bytes, `names` all paths."""
    folders = sorted({n.rsplit("/", 1)[0] for n in names if n.endswith("/model.onnx")})
    known = set(names)
    for folder in folders:
        model = onnx.load_model_from_string(read(f"{folder}/model.onnx"))
        values = []
        for what, infos in ("input", model.graph.input), ("output", model.graph.output):
            paths = [f"{folder}/test_data_set_0/{what}_{i}.pb" for i in range(len(infos))]
            values.append([read_value(read(p), v.type) if p in known else None
                           for p, v in zip(paths, infos)])
        yield Case(folder.rsplit("/", 1)[-1], model, *values, 1e-3, 1e-7)


def cases_of_tar(path):
    with tarfile.open(path) as tar:
        members = {m.name: m for m in tar.getmembers() if m.isfile()}
        yield from cases_of_files(lambda p: tar.extractfile(members[p]).read(), members)


def cases_of_folder(folder):
    paths = [str(p) for p in pathlib.Path(folder).rglob("*") if p.is_file()]
    yield from cases_of_files(lambda p: pathlib.Path(p).read_bytes(), paths)


def cases_of_wheel():
    from onnx.backend.test.case.node import collect_testcases
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.seterr(all="ignore")
        tests = collect_testcases(None)
    for test in tests:
        if test.kind != "node" or test.data_sets is None:
            continue
        inputs, outputs = test.data_sets[0]

        def arrays(values, infos):
            return [v if isinstance(v, np.ndarray) or np.isscalar(v)
                    else numpy_helper.to_array(v) if isinstance(v, onnx.TensorProto) else None
                    for v, _ in zip(values, infos)]
        yield Case(test.name, test.model, arrays(inputs, test.model.graph.input),
                   arrays(outputs, test.model.graph.output), test.rtol, test.atol)


def same(ours, expected, rtol, atol):
    expected = np.asarray(expected)
    if ours.shape != expected.shape:
        return f"shape {ours.shape}, expected {expected.shape}"
    if ours.dtype != expected.dtype:
        return f"{ours.dtype}, expected {expected.dtype}"
    if expected.dtype.kind in "biu":
        wrong = np.flatnonzero(ours != expected)
        return f"{len(wrong)} of {ours.size} elements differ" if len(wrong) else None
    if expected.dtype.name == "bfloat16":  # two units in the last place, as ONNX's own runner …
        rtol = max(rtol, 2**-6)
    if expected.dtype.name == "float16":  # … and the same here, where that has one (1e-3)
        rtol = max(rtol, 2**-9)
    a, b = ours.astype(np.float64), expected.astype(np.float64)
    close = np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
    if close.all():
        return None
    with np.errstate(all="ignore"):
        return f"{(~close).sum()} of {a.size} elements differ, by {np.nanmax(np.abs(a - b)):.3g}"


def run_case(library, case):
    """("pass" | "refused" | "failed", why)"""
    try:
        model = library.load_bytes(case.model.SerializeToString())
    except RuntimeError as error:
        text = str(error)
        return ("refused", text) if len(text) > 20 else ("failed", f"no message: {text}")
    given = {v.name: x for v, x in zip(case.model.graph.input, case.inputs)}
    arrays = [given.get(name) for name, _, _ in model.inputs]
    if any(a is None for a in arrays):
        return "refused", "an input is absent"
    try:
        results = model.run([pack_array(np.asarray(a)) for a in arrays])
    except RuntimeError as error:
        return ("refused" if ": not supported: " in str(error) else "failed"), str(error)
    for value, ours, expected in zip(case.model.graph.output, results, case.outputs):
        wrong = same(ours, expected, case.rtol, ROUNDED.get(case.name, case.atol))
        if wrong:
            return "failed", f"output '{value.name}': {wrong}"
    return "pass", ""


def run_apart(library, case):
    """run_case in a process of its own: a crash or a hang is a failed test."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        os.close(reader)
        try:
            result = run_case(library, case)
        except Exception as error:  # ours, not the library's
            result = "failed", f"runner: {error!r}"
        with os.fdopen(writer, "wb") as out:
            pickle.dump(result, out)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as source:
        data = source.read()
    _, status = os.waitpid(child, 0)
    if status or not data:
        return "failed", f"ended with status {status}"
    return pickle.loads(data)


INTRODUCTION = """# ONNX's node tests

Made by `tests/peers/node_tests.py LIBRARY --source tar --source wheel --table docs/node-tests.md`; `.ci/run`
compares it. A test passes if every output has the type and shape wanted and its elements agree: exactly for
integers and bools, to 1e-3 relative as in ONNX's own runner for floats (bf16 and f16: two units in the last
place). It is refused if loading, or the run where that depends on data, ends with a message that says
what is not supported; anything else failed. "Expanded" tests are functions of ONNX written as their parts.
"""


def table(results, source):
    """One section: results by operator, and why what is refused is."""
    by_operator = collections.defaultdict(lambda: collections.defaultdict(list))
    for operator, name, verdict, why in results:
        by_operator[operator][verdict].append((name, why))
    single = {o: r for o, r in by_operator.items() if not o.startswith("(")}
    whole = sum(1 for r in single.values() if not r["refused"] and not r["failed"])
    out = io.StringIO()
    n = collections.Counter(v for _, _, v, _ in results)
    print(f"## {source}\n", file=out)
    print(f"{len(results)} tests: {n['pass']} pass, {n['refused']} refused, "
          f"{n['failed']} failed. {len(single)} operators, {whole} of them pass all their tests.\n",
          file=out)
    print("| operator | pass | refused | failed | what is refused |", file=out)
    print("|---|---|---|---|---|", file=out)
    for operator in sorted(by_operator):
        r = by_operator[operator]
        print(f"| {operator} | {len(r['pass'])} | {len(r['refused'])} | {len(r['failed'])} "
              f"| {explain(operator, r)} |", file=out)
    return out.getvalue()


def explain(operator, results):
    """The written reason of an operator without a test that passes, else what the messages say."""
    if not results["refused"]:
        return ""
    if not results["pass"]:
        return REASONS.get(operator, NO_REASON if not operator.startswith("(")
                           else summary(results["refused"]))
    return summary(results["refused"])


def summary(refused):
    kinds = collections.Counter(kind_of(why) for _, why in refused)
    return "; ".join(f"{kind} ({n})" if n > 1 else kind for kind, n in sorted(kinds.items()))


def kind_of(why):
    """A message without names and numbers of one test."""
    text = why.split(": ", 1)[-1].replace("EFFNN_E_UNSUPPORTED", "").strip()
    for mark in "float8", "float4", "int2", "string", "sequence", "optional", "complex":
        if mark in text.lower():
            return f"{mark} elements" if mark not in ("sequence", "optional") else f"{mark}s"
    return text.split("': ", 1)[-1].replace("|", "/")[:110]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("--source", action="append")
    parser.add_argument("--table")
    parser.add_argument("--check")
    parser.add_argument("names", nargs="*")
    args = parser.parse_intermixed_args()
    library = Library(args.library)
    sections, n_failed, n_without = [], 0, 0
    for source in args.source or ["tar"]:
        title, cases = open_source(source)
        results = run_cases(library, cases, args.names)
        n_failed += sum(v == "failed" for _, _, v, _ in results)
        sections.append(table(results, title))
        n_without += sections[-1].count(NO_REASON)
        print("\n".join(sections[-1].split("\n", 3)[::2][:2]), flush=True)
    page = "\n".join([INTRODUCTION, *sections])
    if args.table:
        pathlib.Path(args.table).write_text(page)
    if n_without and not args.names:
        print(f"{n_without} operators without a passing test have no reason in REASONS")
    differs = args.check and differ(pathlib.Path(args.check).read_text(), sections)
    return bool(n_failed or differs or (n_without and not args.names))


def open_source(source):
    """Title and cases."""
    data = pathlib.Path(os.environ.get("EFFNN_DATA", ROOT.parent / "shared" / "data"))
    if source == "tar":
        return "Tests of the catalogue", cases_of_tar(data / "onnx-node-tests" / "node.tar.gz")
    if source == "wheel":
        return f"Tests of onnx {onnx.__version__}", cases_of_wheel()
    return f"Tests of {source}", cases_of_folder(source)


def run_cases(library, cases, names):
    results = []
    for case in cases:
        if names and not any(n in case.name for n in names):
            continue
        verdict, why = run_apart(library, case)
        results.append((operator_of(case.model, case.name), case.name, verdict, why))
        if names or verdict == "failed":
            print(f"{verdict:8} {case.name}: {why}", flush=True)
    return results


def differ(page, sections):
    """Whether a section is not as on the page; one of another release of onnx cannot be."""
    for section in sections:
        title = section.split("\n", 1)[0]
        if title + "\n" not in page:
            print(f"the page has no section '{title}': not compared")
        elif section.strip() not in page:
            print(f"'{title}' is not as on the page: write it anew with --table, see what changed")
            return True
    return False


if __name__ == "__main__":
    sys.exit(main())
