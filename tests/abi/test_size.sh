#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The library stays small enough to embed: at most 2 MB without symbols. Argument: an optimised build's folder.
set -eu
cd "$(dirname "$0")/../.."
library=${1:?build folder}/libeffnn/libeffnn.so
most=2000000
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
strip -o "$stripped" "$library"
size=$(wc -c <"$stripped")
if [ "$size" -le "$most" ]; then
    echo "libeffnn.so has $size bytes without symbols"
    echo "1 passed, 0 failed"
else
    echo "libeffnn.so has $size bytes without symbols; $most are allowed"
    echo "0 passed, 1 failed"
    exit 1
fi
