#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Install what is missing, build, run every suite. Last line: "N passed, N failed, N skipped".
# Options: BUILD_DIR (default build/tests), MESON_ARGS (more arguments for meson setup).
set -eu
cd "$(dirname "$0")/.."
. tests/support/install.sh
install_packages $BUILD_PACKAGES $TEST_PACKAGES

build=${BUILD_DIR:-build/tests}
[ -f "$build/build.ninja" ] || meson setup "$build" ${MESON_ARGS:-} >/dev/null
ninja -C "$build"
status=0
meson test -C "$build" --no-rebuild --print-errorlogs --no-suite slow || status=$?
python3 tests/support/summary.py "$build/meson-logs/testlog.json" || status=1
exit $status
