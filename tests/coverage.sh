#!/usr/bin/env bash
# How much of client/ and src/ the Rust tests run: a table, and a page a file in build/coverage/html/.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh

# The tools must be of the compiler's version, and are told, lest rustup be asked for them.
version=$(rustc --version --verbose | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
tools=/usr/lib/llvm-$version/bin
need "$tools/llvm-cov:llvm-$version" || exit 1
need tinyproxy || exit 1
command -v cargo-llvm-cov >/dev/null || cargo install --locked --quiet cargo-llvm-cov
export LLVM_COV=$tools/llvm-cov LLVM_PROFDATA=$tools/llvm-profdata

# What is counted is slower: the matrix gets slack in time, as under a sanitizer.
export SG_FAULTS_SLACK_MS=3000
cargo llvm-cov --locked --package sg_open_tracking --package libsg_open_tracking --no-fail-fast --no-report --lib --tests
cargo llvm-cov report --html --output-dir build/coverage --ignore-filename-regex '/tests/'
cargo llvm-cov report --ignore-filename-regex '/tests/'
