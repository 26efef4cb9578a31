#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Install what is missing, build, and do the main job on data that is in the repository: compress a
# small vision transformer for handwritten digits by 60 % and say what it cost.
# Options: BUILD_DIR (default build/quickstart), OUT_DIR (default build/quickstart-out).
set -eu
cd "$(dirname "$0")/.."
. tests/support/install.sh
install_packages $BUILD_PACKAGES

build=${BUILD_DIR:-build/quickstart}
out=${OUT_DIR:-build/quickstart-out}
[ -f "$build/build.ninja" ] || meson setup "$build" -Dtests=false -Dbuildtype=release -Dwerror=false >/dev/null
ninja -C "$build" | tail -n 1
mkdir -p "$out"
effnn=$build/bindings/cli/effnn
data=examples/data/digits.bin,shape=1/8/8,label=first,scale=16

echo "== the model"
"$effnn" info examples/data/digits_vit.onnx
echo
echo "== compress its linear layers by 60 %: calibrate on training records, judge on test records"
"$effnn" apply lowrank examples/data/digits_vit.onnx -o "$out/digits_small.onnx" \
    --set reduction=0.6 --set rank_step=1 --data "records:$data,first=0,count=1024" \
    --eval "records:$data,first=1297,count=500" --report "$out/report.html"
echo
echo "== time of one inference, before and after"
"$effnn" bench examples/data/digits_vit.onnx --batch 32
"$effnn" bench "$out/digits_small.onnx" --batch 32
echo
echo "written: $out/digits_small.onnx (opens in any ONNX runtime), $out/report.html"
