#!/usr/bin/env bash
# Prints the flags by which what a C compiler adds to a build that is shipped holds no path of this
# machine, as packaging/rustflags.sh does for Rust's. What CFLAGS says goes first.
set -euo pipefail

cargo=${CARGO_HOME:-$HOME/.cargo}
# Of a directory that is reached by a link, the compiler tells where it is.
echo "${CFLAGS:-}" "-ffile-prefix-map=$(realpath -m "$cargo/registry")=/cargo/registry" "-ffile-prefix-map=$cargo=/cargo"
