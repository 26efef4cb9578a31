#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Mutate files of every kind and see that no rule breaks (harness.h has the rules):
#
#     tests/fuzz/campaign.sh BUILD_DIR [COUNT [SEED [FOLDER]]]
#
# COUNT mutants of each kind (default 2000; the figures of docs/robustness.md are of 100000). The
# build is one with -Db_sanitize=address,undefined, else memory is not measured. Beside our own files,
# those in the directory that EFFNN_DATA names, or in ../shared/data beside the repository, are taken
# where they are. Findings are written to FOLDER (default: the build's).
set -u
build=$1 count=${2:-2000} seed=${3:-1} folder=${4:-$1}
cd "$(dirname "$0")/../.."
data=${EFFNN_DATA:-../shared/data}
passed=0 failed=0
nodes=$(mktemp -d)
trap 'rm -rf "$nodes"' EXIT
[ ! -f "$data/onnx-node-tests/node.tar.gz" ] || tar -xzf "$data/onnx-node-tests/node.tar.gz" -C "$nodes"
LC_ALL=C
export LC_ALL

campaign() { # TARGET FILE...
    target=$1
    shift
    for file; do # patterns that match nothing stay as they are
        shift
        [ -f "$file" ] && set -- "$@" "$file"
    done
    if "$build/tests/fuzz/mutate_$target" -n "$count" -s "$seed" -o "$folder" "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
}

campaign onnx tests/golden/onnx/*.onnx tests/fuzz/corpus/onnx/* examples/data/*.onnx \
    "$data"/models/*/*.onnx
campaign onnx "$nodes"/node/*/model.onnx # one operator each
campaign safetensors tests/golden/safetensors/* tests/fuzz/corpus/safetensors/* \
    "$data"/models/*/*.safetensors
campaign npy tests/golden/npy/*.npy examples/data/*.npy
campaign records tests/fuzz/corpus/records/* examples/data/*.bin \
    "$data"/cifar10-lossless/test_first100.bin
campaign idx tests/golden/idx/*.idx tests/golden/idx/*.gz "$data"/mnist/t10k-*.gz
campaign text tests/fuzz/corpus/text/* "$data"/text/cola/in_domain_dev.tsv
campaign tokenizers tests/golden/tokenizers/*.bin tests/golden/tokenizers/vocab.txt \
    "$data"/models/llama-stories260k/tok512.bin
campaign option tests/fuzz/corpus/option/*
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
