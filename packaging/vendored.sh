#!/usr/bin/env bash
# Makes a source tree that builds without a network: what is committed, and every crate of Cargo.lock in
# vendor/. The source packages of distributions are made of it.
#
#     packaging/vendored.sh DIRECTORY
set -euo pipefail
cd "$(dirname "$0")/.."

directory=$1
mkdir -p "$directory/.cargo"
git archive HEAD | tar x -C "$directory"
cd "$directory"
cargo vendor --locked --quiet vendor >/dev/null
cat >.cargo/config.toml <<END
[source.crates-io]
replace-with = "vendored"

[source.vendored]
directory = "vendor"

[net]
offline = true
END
