#!/usr/bin/env bash
# Makes the static library that is shipped of the one that cargo makes:
#
#     packaging/static_library.sh LIBRARY [SHIPPED]    (SHIPPED is LIBRARY itself, if left out)
#
# Cargo's has every symbol of Rust's standard library and of ring among its globals, so a program
# can't have two such libraries in it. Here all becomes one object, whose globals are sg_* alone.
# LD, OBJCOPY, STRIP and AR name the tools, for another target's.
set -euo pipefail

library=$1 shipped=${2:-$1}
work=$(mktemp -d "$(dirname "$shipped")/static-XXXXXX")
trap 'rm -rf "$work"' EXIT

# Without groups, of which the linker keeps one by name, were its symbols local or not.
"${LD:-ld}" -r --force-group-allocation --whole-archive -o "$work/whole.o" "$library"
# The bitcode is for link-time optimisation with rustc, and names symbols that are local now. The
# debugging information is the standard library's, and most of the size.
"${OBJCOPY:-objcopy}" --remove-section .llvmbc --remove-section .llvmcmd --strip-debug \
    --wildcard --keep-global-symbol='sg_*' "$work/whole.o" "$work/sg_open_tracking.o"
"${STRIP:-strip}" --strip-unneeded "$work/sg_open_tracking.o"
"${AR:-ar}" rcsD "$work/shipped.a" "$work/sg_open_tracking.o"
# Put in place at once: cargo's own file may be this one by another name.
mv -f "$work/shipped.a" "$shipped"
