#!/usr/bin/env bash
# Prints the flags of a build that is shipped, in the form of CARGO_ENCODED_RUSTFLAGS. It holds no path
# of the machine that made it, and so comes out the same from any directory; and it has the debugging
# information that packaging/debug_symbols.sh puts aside. What RUSTFLAGS says goes first.
#
#     CARGO_ENCODED_RUSTFLAGS=$(packaging/rustflags.sh) cargo build --release
#
# Cargo's own way to do this, trim-paths, is not stable yet; and .cargo/config.toml knows no paths
# that depend on where it lies.
set -euo pipefail
cd "$(dirname "$0")/.."

read -ra flags <<<"${RUSTFLAGS:-}"
# Of prefixes that overlap, the last that fits counts.
flags+=(
    -Cdebuginfo=line-tables-only
    -Cstrip=none
    "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
    "--remap-path-prefix=$(${RUSTC:-rustc} --print sysroot)=/rust"
    "--remap-path-prefix=$PWD=/sg_open_tracking"
    "--remap-path-prefix=$(realpath -ms "${CARGO_TARGET_DIR:-target}")=/target"
)
IFS=$'\x1f'
printf '%s' "${flags[*]}"
