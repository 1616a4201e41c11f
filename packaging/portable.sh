#!/usr/bin/env bash
# Builds the shared library that every package carries, for any Linux on x86-64 with glibc 2.17 or
# newer, into build/portable; and the static one.
#
#     packaging/portable.sh
#
# zig is the linker: it brings the symbols of that old glibc, and its own unwinder in place of the
# system's libgcc_s. Both come from PyPI (packaging/requirements.txt), into build/tools.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=packaging/tools.sh
source packaging/tools.sh

glibc=2.17
target=x86_64-unknown-linux-gnu
output=build/portable

CARGO_ENCODED_RUSTFLAGS=$(packaging/rustflags.sh)
export CARGO_ENCODED_RUSTFLAGS
unset RUSTFLAGS
cargo zigbuild --locked --release --lib --crate-type cdylib,staticlib --target "$target.$glibc"
