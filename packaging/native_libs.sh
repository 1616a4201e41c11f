#!/usr/bin/env bash
# Prints which of the system's libraries the static library needs: those of Rust's standard library,
# since no crate in it adds any, less what a C compiler adds itself, in the kind that fits.
#
#     packaging/native_libs.sh [TARGET]
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo | "${RUSTC:-rustc}" --crate-name empty --crate-type staticlib ${1:+--target "$1"} \
    --print native-static-libs="$work/libraries" -o "$work/empty.a" - 2>/dev/null
tr ' ' '\n' <"$work/libraries" | grep -vxE -e '-lgcc_s|-lc|' | paste -sd ' '
