#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Build the targets for libFuzzer and let each make some inputs of its own out of our seeds:
#
#     tests/fuzz/libfuzzer.sh BUILD_DIR [RUNS]
set -eu
build=$1 runs=${2:-3000}
cd "$(dirname "$0")/../.."
[ -f "$build/build.ninja" ] || CC=clang meson setup "$build" -Dfuzz=true -Dbindings=false \
    -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
targets='onnx safetensors npy records idx text tokenizers option'
# shellcheck disable=SC2086
ninja -C "$build" $(printf 'tests/fuzz/fuzz_%s ' $targets) >/dev/null
grown=$(mktemp -d)
trap 'rm -rf "$grown"' EXIT
for target in $targets; do
    mkdir "$grown/$target"
    for seeds in tests/fuzz/corpus/"$target" tests/golden/"$target"; do
        [ ! -d "$seeds" ] || find "$seeds" -maxdepth 1 -type f -exec cp {} "$grown/$target" \;
    done
    "$build/tests/fuzz/fuzz_$target" -runs="$runs" -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
        -print_final_stats=1 -artifact_prefix="$build/" "$grown/$target"
done
