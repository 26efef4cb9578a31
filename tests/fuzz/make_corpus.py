#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Make the seeds in tests/fuzz/corpus that are not found in tests/golden: records, texts and options.

    make_corpus.py [folder]
"""
import pathlib
import sys

FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                      pathlib.Path(__file__).resolve().parent / "corpus")

RECORDS = {"cifar10_two": (2, 3073), "digits_five": (5, 65), "no_record": (1, 64)}
OPTIONS = {
    "conv": "conv\nstrides=2:2,pads=1:1:1:1,group=1,auto_pad=SAME_UPPER",
    "cast": "cast\nto=f16",
    "gemm": "gemm\nalpha=0.5,beta=1,transB=1",
    "pad": "pad\nmode=reflect",
    "leaky_relu": "leaky_relu\nalpha=-1.5e-30",
    "softmax": "softmax\naxis=-1",
    "escapes": "conv\nauto_pad=SAME\\,b\\\\c",
    "uri_random": "random:64,first=3,count=10,shuffle=7",
    "uri_records": "records:x.bin,shape=3/32/32,label=first,mean=0.5/0.4/0.3,std=0.2/0.2/0.2",
    "uri_npy": "npy:a=x.npy/b=y.npy+z.npy,first=1",
    "uri_cifar10": "cifar10:folder\\,name+other,split=test,scale=255",
}
TEXTS = {
    "lines": "A first line.\nAnd a second one,\n\nbehind an empty one || here\n",
    "table": "sentence\tlabel\nfine words\t1\nbad \u00e9 words\t0\nodd\t-1\n",
    "two_columns": "one text\t3\nanother text\t12\n",
}


def main():
    for kind in "records", "option", "text":
        (FOLDER / kind).mkdir(parents=True, exist_ok=True)
    for name, (n, size) in RECORDS.items():
        data = bytes((7 * i + i // size) % 251 for i in range(n * size))
        (FOLDER / "records" / name).write_bytes(data)
    for name, text in OPTIONS.items():
        (FOLDER / "option" / name).write_text(text)
    for name, text in TEXTS.items():
        (FOLDER / "text" / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
