#!/usr/bin/env bash
# Builds the shared library that every package carries, for any Linux on x86-64 with glibc 2.17 or
# newer, with its symbols in a file apart, and the static one, into build/portable; beside them what
# they are made of and under which licences.
#
#     packaging/portable.sh
#
# zig is the linker: it brings the symbols of that old glibc, and an unwinder of its own in place of
# the system's libgcc_s.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=packaging/tools.sh
source packaging/tools.sh
need cargo:rustup ld:binutils objcopy:binutils || exit 1
tools

glibc=2.17
target=x86_64-unknown-linux-gnu
output=build/portable
built=${CARGO_TARGET_DIR:-target}/$target/release

CARGO_ENCODED_RUSTFLAGS=$(packaging/rustflags.sh)
export CARGO_ENCODED_RUSTFLAGS
mkdir -p build
cargo-zigbuild build --locked --release --lib --target "$target.$glibc"

rm -rf "$output"
mkdir -p "$output"
install -m 644 "$built/libsg_open_tracking.so" "$output/libsg_open_tracking.so.1"
# The names of functions, and not their lines: in those of zig's own parts are paths of this machine.
objcopy --strip-debug "$output/libsg_open_tracking.so.1"
packaging/debug_symbols.sh "$output/libsg_open_tracking.so.1"

packaging/static_library.sh "$built/libsg_open_tracking.a" "$output/libsg_open_tracking.a"
packaging/native_libs.sh "$target" >"$output/native-libs"
python packaging/contents.py "$target" "$output"
ls -l "$output"
