#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Doxygen over the public headers; a warning is an error.
set -eu
cd "$(dirname "$0")/../.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
(cat docs/Doxyfile; echo "OUTPUT_DIRECTORY = $out") | doxygen -
echo "documented without a warning"
