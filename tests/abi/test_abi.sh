#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Compare the ABI of a build with the stored baseline; incompatible changes fail (abidiff's bit 8).
# Argument: build folder. With --write, store the baseline anew (on purpose, with a CHANGES line).
set -eu
cd "$(dirname "$0")/../.."
write=
if [ "${1:-}" = --write ]; then write=1; shift; fi
library=$(readlink -f "${1:?build folder}/libeffnn/libeffnn.so")
baseline=tests/abi/libeffnn.abi
if [ -n "$write" ]; then
    abidw --headers-dir include --drop-private-types --exported-interfaces-only \
        --no-comp-dir-path --no-corpus-path --short-locs --out-file "$baseline" "$library"
    echo "wrote $baseline"
    exit 0
fi
status=0
abidiff --headers-dir2 include --drop-private-types "$baseline" "$library" || status=$?
[ $((status & 8)) -eq 0 ] && [ $((status & 3)) -eq 0 ] || { echo "the ABI broke (abidiff: $status)"; exit 1; }
echo "ABI compatible with the baseline (abidiff: $status)"
