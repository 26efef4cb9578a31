#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Install into an empty folder, then build and run a consumer by pkg-config alone, shared and static.
# Arguments: source root, build root.
set -eu
root=$1 build=$2
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
DESTDIR= meson install -C "$build" --no-rebuild --quiet --destdir "$prefix"
pc=$(find "$prefix" -name effnn.pc)
[ -n "$pc" ] || { echo "effnn.pc is not installed"; exit 1; }
PKG_CONFIG_PATH=$(dirname "$pc")
PKG_CONFIG_SYSROOT_DIR=$prefix
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
libdir=$(dirname "$(find "$prefix" -name libeffnn.so)")
[ -h "$libdir/libeffnn.so.0" ] || { echo "no soname link in $libdir"; exit 1; }

# shellcheck disable=SC2046
${CC:-cc} "$root/tests/install/consumer.c" -o "$prefix/shared" $(pkg-config --cflags --libs effnn)
LD_LIBRARY_PATH=$libdir "$prefix/shared"
# "Static" means libeffnn.a over shared dependencies.
# shellcheck disable=SC2046
${CC:-cc} "$root/tests/install/consumer.c" -o "$prefix/static" $(pkg-config --cflags effnn) \
    "$libdir/libeffnn.a" $(pkg-config --libs --static effnn | sed 's/-leffnn//')
"$prefix/static"
