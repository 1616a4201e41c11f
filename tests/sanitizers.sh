#!/usr/bin/env bash
# The Rust tests and the C programs under a sanitizer:  tests/sanitizers.sh address|thread
#
# BUILD is where everything is put.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh

sanitizer=${1:?address or thread}
target=$(uname -m)-unknown-linux-gnu
build=${BUILD:-build/$sanitizer}
mkdir -p "$build"
build=$(cd "$build" && pwd)
export CARGO_TARGET_DIR=$build/target
# Sanitizers are for nightly compilers, or for one that is told to be one.
export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=$sanitizer"

# The peers of the tests have no sanitizer, and no business with one.
export SG_OPEN_TRACKING_SANDBOX=${SG_OPEN_TRACKING_SANDBOX:-$PWD/target/debug/sg-open-tracking-sandbox}
[[ -x $SG_OPEN_TRACKING_SANDBOX ]] || { echo "sanitizers: run make build first" >&2; exit 1; }
need tinyproxy tinyproxy || exit 1

cargo=(cargo)
arguments=(--locked --target "$target")
case $sanitizer in
    address)
        need gcc gcc || exit 1
        export CC=gcc FLAGS=-fsanitize=address
        # The caller's leaks are the caller's; memory that grows is no wonder where what was freed is kept.
        export ASAN_OPTIONS=detect_leaks=1 SKIP=memory
        ;;
    thread)
        # Only with a standard library that is instrumented, too, is every report a true one. The
        # distribution's compiler has its sources.
        need clang clang || exit 1
        [[ -e /usr/bin/cargo && -d /usr/src ]] || apt_install rustc-web cargo-web rust-web-src
        export RUSTC=/usr/bin/rustc
        cargo=(/usr/bin/cargo)
        arguments+=(-Zbuild-std)
        export CC=clang FLAGS=-fsanitize=thread TSAN_OPTIONS="halt_on_error=1 die_after_fork=0" SKIP="memory"
        ;;
    *) echo "sanitizers: address or thread, not $sanitizer" >&2; exit 1 ;;
esac

failed=0
echo "the Rust tests, $sanitizer"
# All is slower then: time bounds get slack, and the shortest deadlines are left out.
export SG_FAULTS_SLACK_MS=3000
"${cargo[@]}" test "${arguments[@]}" --package sg_open_tracking --lib --tests -- --skip ', 150 ms' || failed=1

echo "the C programs, $sanitizer"
"${cargo[@]}" rustc "${arguments[@]}" --package sg_open_tracking --lib --crate-type cdylib
libraries=$CARGO_TARGET_DIR/$target/debug
ln -sf libsg_open_tracking.so "$libraries/libsg_open_tracking.so.1"
BUILD=$build/callers LIBRARIES=$libraries SOURCES="tests/c/contract.c tests/c/callers/*.c" tests/callers.sh || failed=1
exit "$failed"
