#!/usr/bin/env python3
"""The command line's contract (docs/command-line.md): documents, exit codes, messages, files.

Arguments: the effnn program, examples/data.
"""
import json
import os
import pathlib
import shlex
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

EFFNN, DATA = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).absolute()
MODEL = str(DATA / "digits_vit.onnx")
DIGITS = f"records:{DATA / 'digits.bin'},shape=1/8/8,label=first,scale=16"
TEST = f"{DIGITS},first=1297,count=100"


def run(*args, **more):
    return subprocess.run([EFFNN, *map(str, args)], capture_output=True, text=True, **more)


def document(*args):
    """The one JSON document of a call that must succeed."""
    done = run(*args, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def write_npy(path, shape, values):
    header = str({"descr": "<f4", "fortran_order": False, "shape": tuple(shape)})
    header = header.ljust(117) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
                     + struct.pack(f"<{len(values)}f", *values))


class InTemporaryFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def apply(self, *more):
        return run("apply", "lowrank", MODEL, "-o", self.folder / "out.onnx", "--data",
                   f"{DIGITS},count=64", *more)


class Documents(InTemporaryFolder):
    def has(self, got, *keys):
        self.assertEqual([k for k in keys if k not in got], [])

    def test_info(self):
        got = document("info", MODEL, "--nodes", "--sites")
        self.has(got, "format", "producer", "opset", "inputs", "outputs", "nodes", "parameters",
                 "parameter_bytes", "macs", "bits_per_weight", "metadata")
        self.assertEqual(got["inputs"], [{"name": "image", "dtype": "f32", "shape": ["N", 1, 8, 8]}])
        self.assertEqual(got["outputs"][0]["shape"], ["N", 10])
        self.assertEqual(len(got["node_list"]), got["nodes"])
        linear = [s["name"] for s in got["sites"] if s["kind"] == "linear"]
        self.assertEqual(linear[:3], ["patch", "blocks.0.qkv", "blocks.0.proj"])

    def test_run_writes_the_output(self):
        write_npy(self.folder / "x.npy", (2, 1, 8, 8), [0.25] * 128)
        got = document("run", MODEL, "--input", self.folder / "x.npy",
                       "--output", f"logits={self.folder / 'y.npy'}")
        self.assertEqual(got["outputs"][0]["shape"], [2, 10])
        self.assertTrue((self.folder / "y.npy").read_bytes().startswith(b"\x93NUMPY"))
        self.assertGreater(got["seconds"], 0)

    def test_eval_against_itself_agrees(self):
        got = document("eval", MODEL, "--data", TEST, "--reference", MODEL)
        self.has(got, "count", "correct", "top1", "loss", "seconds", "images_per_second")
        self.assertEqual((got["count"], got["agreement"], got["kl"]), (100, 1, 0))
        self.assertEqual(got["top1"], got["correct"] / got["count"])

    def test_eval_without_targets_gives_null(self):
        write_npy(self.folder / "x.npy", (2, 1, 8, 8), [0.25] * 128)
        got = document("eval", MODEL, "--data", f"npy:{self.folder / 'x.npy'}")
        self.assertIsNone(got["top1"])

    def test_transforms(self):
        self.assertIn("lowrank", [t["name"] for t in document("transforms")["transforms"]])
        got = document("transforms", "lowrank")
        self.has(got, "name", "summary", "paper", "options")
        self.has(got["options"][0], "name", "type", "default", "min", "max", "choices", "help")

    def test_apply(self):
        done = self.apply("--json", "--eval", TEST, "--report", self.folder / "r.json",
                          "--report", self.folder / "r.html")
        self.assertEqual(done.returncode, 0, done.stderr)
        got = json.loads(done.stdout)
        self.has(got, "transform", "options", "before", "after", "seconds", "peak_memory_bytes",
                 "sites")
        self.has(got["before"], "parameters", "parameter_bytes", "macs", "top1")
        self.assertLess(got["after"]["parameters"], got["before"]["parameters"])
        self.assertEqual(json.loads((self.folder / "r.json").read_text()), got)
        self.assertIn("<svg", (self.folder / "r.html").read_text())
        again = document("info", self.folder / "out.onnx")
        self.assertEqual(again["parameters"], got["after"]["parameters"])

    def test_apply_check_changes_nothing(self):
        done = run("apply", "lowrank", MODEL, "--check", "--data", f"{DIGITS},count=8")
        self.assertEqual((done.returncode, done.stdout), (0, "lowrank would work\n"))

    def test_convert(self):
        got = document("convert", MODEL, "-o", self.folder / "a.onnx", "--opset", 13)
        self.has(got, "input", "output", "nodes")
        self.assertEqual(document("info", self.folder / "a.onnx")["opset"], 13)
        document("convert", MODEL, "-o", self.folder / "a.safetensors")
        self.assertEqual(document("info", self.folder / "a.safetensors")["format"], "safetensors")

    def test_bench(self):
        got = document("bench", MODEL, "--batch", 2, "--repeat", 3, "--profile", "--threads", 1)
        self.has(got, "batch", "threads", "median_seconds", "min_seconds", "max_seconds", "nodes")
        self.assertEqual((got["batch"], got["threads"]), (2, 1))
        self.has(got["nodes"][0], "name", "op", "seconds", "macs", "flops", "bytes", "roof")
        self.assertGreater(got["machine"]["flops"], 1e8)
        self.assertGreater(got["machine"]["bandwidth"], 1e8)
        for node in got["nodes"]:  # views move nothing, nor do nodes that the one in front does
            self.assertTrue(node["bytes"] > 0 or node["op"] in ("reshape", "squeeze", "add"), node)
        self.assertIsNone(document("bench", MODEL, "--repeat", 1)["machine"])

    def test_bench_of_a_model_whose_inputs_have_other_dimensions_open(self):
        llama = "zoo:llama,vocabulary=408,width=32,depth=1,heads=2,hidden=64"
        one = document("bench", llama, "--repeat", 1, "--profile")
        more = document("bench", llama, "--repeat", 1, "--profile", "--size", "S=4", "--size", "C=32")
        macs = [sum(node["macs"] for node in got["nodes"]) for got in (one, more)]
        self.assertGreater(macs[1], 4 * macs[0])


class ExitCodes(InTemporaryFolder):
    def fails(self, code, text, *args):
        done = run(*args)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertTrue(done.stderr.startswith("effnn: "), done.stderr)
        self.assertIn(text, done.stderr)
        self.assertEqual(done.stdout, "")

    def test_failed_work_is_1_with_the_library_s_message(self):
        self.fails(1, "no_such.onnx", "info", "no_such.onnx")
        self.fails(1, "did you mean 'reduction'?", "apply", "lowrank", MODEL, "-o", "x.onnx",
                   "--set", "reductoin=0.5")

    def test_usage_is_2_with_a_hint(self):
        self.fails(2, "did you mean 'apply'?", "aply")
        self.fails(2, "did you mean '--batch'?", "eval", MODEL, "--data", TEST, "--bach", "3")
        self.fails(2, "eval needs --data URI", "eval", MODEL)
        self.fails(2, "info needs MODEL", "info")
        self.fails(2, "unexpected argument", "info", MODEL, MODEL)
        self.fails(2, "--batch: '0'", "bench", MODEL, "--batch", "0")
        self.fails(2, "--size: 'S' is not NAME=N", "bench", MODEL, "--size", "S")
        self.fails(1, "no open dimension 'S'", "bench", MODEL, "--size", "S=2")
        self.assertEqual(run().returncode, 2)

    def test_help_and_version_are_0(self):
        self.assertIn("effnn ", run("--version").stdout)
        for name in ("info", "run", "eval", "transforms", "apply", "convert", "bench", "generate", "zoo"):
            done = run(name, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn("example:", done.stdout)

    def test_the_example_of_every_help_text_works_when_pasted(self):
        for name in ("info", "run", "eval", "transforms", "apply", "convert", "bench", "generate", "zoo"):
            example = run(name, "--help").stdout.split("example:\n")[1]
            words = [w.replace("/tmp/", f"{self.folder}/") for w in shlex.split(example)]
            self.assertEqual(words[0], "effnn")
            done = run(*words[1:], cwd=DATA.parent.parent)
            self.assertEqual(done.returncode, 0, f"{example}{done.stderr}")

    def test_a_file_that_cannot_be_written_leaves_the_old_one(self):
        target = self.folder / "out.onnx"
        target.write_text("old")
        done = self.apply("--set", "reduction=0.5", "--opset", "12")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(target.read_text(), "old")
        self.assertEqual(os.listdir(self.folder), ["out.onnx"])

    def test_interrupt_is_130_with_outputs_as_they_were(self):
        target = self.folder / "out.onnx"
        target.write_text("old")
        process = subprocess.Popen(
            [EFFNN, "apply", "lowrank", MODEL, "-o", str(target), "--data", DIGITS, "--eval", DIGITS,
             "--batch", "1", "--threads", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertIn(process.returncode, (130, -signal.SIGINT))
        self.assertEqual(target.read_text(), "old")


class Generate(unittest.TestCase):
    MODEL = "zoo:llama,vocabulary=408,width=32,depth=1,heads=2,hidden=64"
    TOKENIZER = DATA.parent.parent / "tests/golden/tokenizers/bpe.bin"

    def text(self, *more):
        """As bytes: random weights choose bytes that are no UTF-8."""
        done = subprocess.run([EFFNN, "generate", self.MODEL, "--tokenizer", self.TOKENIZER, "--steps",
                               "12", *map(str, more)], capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_the_document_and_the_text_agree(self):
        got = document("generate", self.MODEL, "--tokenizer", self.TOKENIZER, "--steps", 12, "--prompt",
                       "the people")
        self.assertEqual(len(got["tokens"]), 12)
        self.assertTrue(got["text"].startswith("the people"))
        self.assertGreater(got["prompt_tokens"], 1)
        self.assertEqual(self.text("--prompt", "the people"), got["text"].encode() + b"\n")

    def test_a_seed_gives_one_text_at_any_number_of_threads(self):
        texts = {self.text("--temperature", 1, "--top-p", .9, "--seed", seed, "--threads", threads)
                 for seed in (1, 2) for threads in (1, 2)}
        self.assertEqual(len(texts), 2)

    def test_what_does_not_fit_is_refused(self):
        done = run("generate", MODEL, "--tokenizer", self.TOKENIZER)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("no decoder", done.stderr)
        done = run("generate", self.MODEL, "--tokenizer", self.TOKENIZER, "--top-p", "2")
        self.assertEqual(done.returncode, 1)
        done = run("generate", self.MODEL, "--tokenizer", self.TOKENIZER, "--top-p", "x")
        self.assertEqual(done.returncode, 2)


class Zoo(InTemporaryFolder):
    def test_networks_have_names_and_options(self):
        names = [row["name"] for row in document("zoo")["networks"]]
        self.assertIn("llama", names)
        for name in names:
            got = document("zoo", name)
            self.assertEqual(got["name"], name)
            self.assertTrue(all(row["help"] for row in got["options"]))
            self.assertIn(got["options"][0]["name"], run("zoo", name).stdout)
        done = run("zoo", "lama")
        self.assertEqual(done.returncode, 1)
        self.assertIn("did you mean 'llama'?", done.stderr)

    def test_a_network_is_a_model_wherever_one_is_wanted(self):
        network = "zoo:vit,image=8,patch=4,channels=1,width=16,depth=1,heads=2,classes=10"
        out = self.folder / "vit.onnx"
        got = document("convert", network, "-o", out)
        self.assertEqual(document("info", out)["nodes"], got["nodes"])
        both = document("eval", network, "--reference", out, "--data", TEST)
        self.assertEqual((both["count"], both["agreement"]), (100, 1))

    def test_texts_are_data_for_an_encoder(self):
        texts = self.folder / "texts.tsv"
        texts.write_text("text\tlabel\n" + "the people said\t1\nwho knows\t0\n" * 5)
        vocabulary = DATA.parent.parent / "tests/golden/tokenizers/vocab.txt"
        got = document("eval", "zoo:bert,vocabulary=415,positions=32,width=16,depth=1,heads=2,classes=2",
                       "--data", f"text:{texts},tokenizer={vocabulary},text=text,label=label,length=32")
        self.assertEqual(got["count"], 10)
        self.assertIn(got["correct"], range(11))


class Output(InTemporaryFolder):
    def test_results_go_to_stdout_alone(self):
        done = self.apply()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("parameters", done.stdout)

    def test_threads_do_not_change_a_result(self):
        for n in (1, 2, 8):
            run("apply", "lowrank", MODEL, "-o", self.folder / f"{n}.onnx", "--data",
                f"{DIGITS},count=64", "--threads", n)
        bytes_of = [(self.folder / f"{n}.onnx").read_bytes() for n in (1, 2, 8)]
        self.assertEqual(bytes_of[0], bytes_of[1])
        self.assertEqual(bytes_of[0], bytes_of[2])

    def test_completion_and_man_pages_name_every_command(self):
        completion = run("--generate", "completion").stdout
        for name in ("info", "run", "eval", "transforms", "apply", "convert", "bench", "generate", "zoo"):
            self.assertIn(f"{name})", completion)
            self.assertIn(".SH EXAMPLE", run("--generate", f"man:{name}").stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
