#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Time a decoder with a key/value cache beside ONNX Runtime and llama.cpp: one token at a time.

    compare_decode.py libeffnn.so [--threads N] [--rounds N] [--tokens N] [--table FILE] [NAME ...]

All continue a text greedily from the beginning-of-text token. A round has each program's text once, in an
order that changes, after one that does not count; the figure is the median over rounds of the time of a
token. ONNX Runtime gets the ONNX file that libeffnn writes, whose cache is inputs and outputs with room for
a power of two of tokens; arrays are bound once a room (I/O binding), and only its runs are timed: choosing
the token and writing the cache, which Python does, cost it nothing. libeffnn's figure has all three.
llama.cpp (llama-cpp-python, if it is installed) gets the stories model as a GGUF file of f32 made here with
the package gguf, and only its llama_decode is timed. What is not there is left out and named.
"""
import argparse
import ctypes
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

for variable in "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE":
    os.environ.pop(variable, None)

import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "peers"))
from effnn_ctypes import Library  # noqa: E402

DATA = pathlib.Path(os.environ.get("EFFNN_DATA", ROOT.parent / "shared" / "data")) / "models"
STORIES = DATA / "llama-stories260k" / "stories260K.safetensors"
BEGIN, FIRST_ROOM = 1, 32
# name, zoo URI
CASES = [
    ("stories260k", f"zoo:llama,weights={STORIES}"),
    ("llama_15m", "zoo:llama,vocabulary=32000,width=288,depth=6,heads=6,hidden=768,tied=1"),
]


class Ours:
    def __init__(self, library, model):
        self.library, self.model = library, model
        self.decoder = ctypes.c_void_p()
        library.call("effnn_decoder_create", ctypes.byref(self.decoder), model.handle, None)

    def vocabulary(self):
        return self.library.lib.effnn_decoder_vocabulary(self.decoder)

    def close(self):
        self.library.lib.effnn_decoder_destroy(self.decoder)

    def text(self, n):
        """n tokens and the seconds that they took."""
        out, count = (ctypes.c_int64 * n)(), ctypes.c_size_t()
        begin = ctypes.c_int64(BEGIN)
        self.library.call("effnn_decoder_reset", self.decoder, ctypes.c_size_t(0))
        start = time.perf_counter()
        self.library.call("effnn_decoder_generate", out, ctypes.byref(count), self.decoder,
                          ctypes.c_size_t(n), ctypes.c_size_t(1), ctypes.byref(begin), None)
        return list(out[:count.value]), time.perf_counter() - start


class OnnxRuntime:
    def __init__(self, path, vocabulary, threads):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(path), options,
                                                    providers=["CPUExecutionProvider"])
        self.past = {i.name: i.shape for i in self.session.get_inputs() if i.name.startswith("past")}
        self.token, self.position = np.zeros((1, 1), np.int64), np.zeros((), np.int64)
        self.logits = np.zeros((1, 1, vocabulary), np.float32)
        self.bound = {}

    def bind(self, room):
        """A binding over a cache of this room: kept, as libeffnn keeps its plans."""
        if room in self.bound:
            return self.bound[room]
        binding = self.session.io_binding()
        cache = {name: np.zeros((1, shape[1], room, shape[3]), np.float32)
                 for name, shape in self.past.items()}
        fresh = {name.removeprefix("past_"): np.zeros((1, shape[1], 1, shape[3]), np.float32)
                 for name, shape in self.past.items()}
        for name, array in [("tokens", self.token), ("position", self.position), *cache.items()]:
            binding.bind_input(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        for name, array in [("logits", self.logits), *fresh.items()]:
            binding.bind_output(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        self.bound[room] = binding, cache, fresh
        return self.bound[room]

    def text(self, n):
        out, seconds, token, room, cache = [], 0.0, BEGIN, 0, {}
        for used in range(n):
            if used >= room:
                old, room = cache, max(FIRST_ROOM, 2 * room)
                binding, cache, fresh = self.bind(room)
                for name, array in old.items():
                    cache[name][:, :, :used] = array
            self.token[0, 0], self.position[...] = token, used
            start = time.perf_counter()
            self.session.run_with_iobinding(binding)
            seconds += time.perf_counter() - start
            for name, array in fresh.items():
                cache["past_" + name][:, :, used] = array[:, :, 0]
            token = int(self.logits[0, 0].argmax())
            out.append(token)
        return out, seconds


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, row in header.items():
        begin, end = row["data_offsets"]
        tensors[name] = np.frombuffer(data[8 + size + begin:8 + size + end],
                                      np.float32).reshape(row["shape"])
    return tensors, metadata


GGUF_NAMES = {"attention_norm": "attn_norm", "attention.wq": "attn_q", "attention.wk": "attn_k",
              "attention.wv": "attn_v", "attention.wo": "attn_output", "ffn_norm": "ffn_norm",
              "feed_forward.w1": "ffn_gate", "feed_forward.w2": "ffn_down", "feed_forward.w3": "ffn_up",
              "tok_embeddings": "token_embd", "norm": "output_norm", "output": "output"}


def write_gguf(path, source):
    """Weights with Meta's names, whose pairs of neighbours turn together as llama.cpp's do."""
    import gguf
    tensors, metadata = read_safetensors(source)
    vocabulary, width = tensors["tok_embeddings.weight"].shape
    depth = 1 + max(int(name.split(".")[1]) for name in tensors if name.startswith("layers."))
    heads = int(metadata["n_heads"])
    kv_heads = tensors["layers.0.attention.wk.weight"].shape[0] * heads // width
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(int(metadata["max_seq_len"]))
    writer.add_embedding_length(width)
    writer.add_block_count(depth)
    writer.add_feed_forward_length(tensors["layers.0.feed_forward.w1.weight"].shape[0])
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_rope_dimension_count(width // heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(vocabulary)
    writer.add_tokenizer_model("none")
    for name, array in tensors.items():
        parts = name.removesuffix(".weight").split(".")
        block = f"blk.{parts[1]}." if parts[0] == "layers" else ""
        writer.add_tensor(f"{block}{GGUF_NAMES['.'.join(parts[2:] if block else parts)]}.weight", array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


class LlamaCpp:
    def __init__(self, path, threads):
        import llama_cpp
        self.llama = llama_cpp.Llama(str(path), n_ctx=512, n_threads=threads, n_threads_batch=threads,
                                     logits_all=False, verbose=False)
        self.lib = llama_cpp.llama_cpp

    def text(self, n):
        """Its own greedy choice is not timed, as for ONNX Runtime."""
        context, vocabulary = self.llama.ctx, self.llama.n_vocab()
        self.llama.reset()
        self.llama._ctx.kv_cache_clear()
        out, seconds, token = [], 0.0, ctypes.c_int32(BEGIN)
        for _ in range(n):
            batch = self.lib.llama_batch_get_one(ctypes.pointer(token), 1)
            start = time.perf_counter()
            self.lib.llama_decode(context, batch)
            seconds += time.perf_counter() - start
            logits = np.ctypeslib.as_array(self.lib.llama_get_logits_ith(context, -1), (vocabulary,))
            token = ctypes.c_int32(int(logits.argmax()))
            out.append(token.value)
        return out, seconds


def measure(programs, n, rounds):
    """Medians of the seconds of a token, by program; all must write the same text."""
    times = {name: [] for name in programs}
    texts = {name: program.text(n)[0] for name, program in programs.items()}
    for i in range(rounds):
        names = list(programs)
        for name in names if i % 2 else reversed(names):
            programs[name].text(n)
            times[name].append(programs[name].text(n)[1] / n)
    first = next(iter(texts.values()))
    differ = [name for name, text in texts.items() if text != first]
    return {name: statistics.median(t) for name, t in times.items()}, differ


def run_case(library, case, folder, args):
    name, uri = case
    model = library.load(uri, threads=args.threads)
    path = pathlib.Path(folder) / f"{name}.onnx"
    model.save(path, 17)
    ours = Ours(library, model)
    programs = {"libeffnn": ours, "ONNX Runtime": OnnxRuntime(path, ours.vocabulary(), args.threads)}
    if name == "stories260k":
        try:
            write_gguf(path.with_suffix(".gguf"), STORIES)
            programs["llama.cpp"] = LlamaCpp(path.with_suffix(".gguf"), args.threads)
        except ImportError as error:
            print(f"left out: llama.cpp: {error}", flush=True)
    try:
        return measure(programs, args.tokens, args.rounds)
    finally:
        ours.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--table")
    parser.add_argument("names", nargs="*")
    args = parser.parse_intermixed_args()
    library = Library(args.library)
    lines = ["| model | threads | libeffnn, µs | tokens a second | ONNX Runtime, µs | ratio | llama.cpp, µs |"
             " ratio |", "|---|---|---|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            if args.names and case[0] not in args.names:
                continue
            try:
                medians, differ = run_case(library, case, folder, args)
            except RuntimeError as error:
                print(f"left out: {case[0]}: {error}", flush=True)
                continue
            ours = medians["libeffnn"]
            cells = [case[0], str(args.threads), f"{ours * 1e6:.1f}", f"{1 / ours:.0f}"]
            for peer in "ONNX Runtime", "llama.cpp":
                cells += [f"{medians[peer] * 1e6:.1f}", f"{ours / medians[peer]:.2f}"] \
                    if peer in medians else ["", ""]
            lines.append("| " + " | ".join(cells) + " |")
            print(lines[-1], flush=True)
            for peer in differ:
                print(f"{case[0]}: {peer} writes another text", flush=True)
    if args.table:
        pathlib.Path(args.table).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
