#!/usr/bin/env bash
# The C programs and the Rust tests under a sanitizer:
#   tests/sanitizers.sh address|thread
#
# BUILD is where everything is put.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh

sanitizer=${1:?address or thread}
target=$(uname -m)-unknown-linux-gnu
mkdir -p "${BUILD:=build/$sanitizer}"
build=$(cd "$BUILD" && pwd)
export CARGO_TARGET_DIR=$build/target
# Sanitizers are for nightly compilers, or for one that is told to be one.
export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=$sanitizer" FLAGS=-fsanitize=$sanitizer

# The peers of the tests have no sanitizer, and no business with one.
export SG_OPEN_TRACKING_SANDBOX=${SG_OPEN_TRACKING_SANDBOX:-$PWD/target/debug/sg-open-tracking-sandbox}
[[ -x $SG_OPEN_TRACKING_SANDBOX ]] || { echo "sanitizers: run make build first" >&2; exit 1; }
need gcc tinyproxy || exit 1

# All is slower then: time bounds get slack.
export SG_FAULTS_SLACK_MS=5000
cargo=(cargo)
arguments=(--locked --target "$target")
# The shortest deadlines, which a handshake alone takes here; a hundred thousand replies of a line,
# which take longer than the slack; what weighs memory; and the longest list, whose code shorter ones run.
skipped=(--skip ", 150 ms" --skip " forever" --skip memory_does_not_grow --skip list_of_a_hundred_thousand)
case $sanitizer in
    address)
        # C programs take the sanitizer's own library from Rust's toolchain, too: gcc's may hang in a
        # forked child.
        runtime=$(echo "$(rustc --print sysroot)/lib/rustlib/$target/lib"/librustc-*_rt.asan.a)
        [[ -e $runtime ]] || { echo "sanitizers: $runtime is missing" >&2; exit 1; }
        export CC=gcc LINK="-rdynamic -Wl,--whole-archive $runtime -Wl,--no-whole-archive -lpthread -ldl -lm -lrt"
        ;;
    thread)
        # Only with a standard library that is instrumented, too, is every report a true one. The
        # distribution's compiler has its sources, and clang of the same LLVM the sanitizer's library.
        [[ -x /usr/bin/cargo ]] || apt_install rustc-web cargo-web rust-web-src
        export RUSTC=/usr/bin/rustc
        llvm=$("$RUSTC" --version --verbose | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
        export CC=clang-$llvm LINK=-fsanitize=thread
        need "$CC" || exit 1
        compgen -G "$("$CC" -print-runtime-dir)/libclang_rt.tsan-*.a" >/dev/null || apt_install "libclang-rt-$llvm-dev"
        export RUSTFLAGS="$RUSTFLAGS -Zexternal-clangrt -Clinker=$CC -Clink-arg=-fsanitize=thread"
        cargo=(/usr/bin/cargo)
        arguments+=(-Zbuild-std)
        export TSAN_OPTIONS="halt_on_error=1 die_after_fork=0"
        ;;
    *) echo "sanitizers: address or thread, not $sanitizer" >&2; exit 1 ;;
esac

failed=0
echo "the C programs, $sanitizer"
"${cargo[@]}" build "${arguments[@]}" --lib
libraries=$CARGO_TARGET_DIR/$target/debug
ln -sf libsg_open_tracking.so "$libraries/libsg_open_tracking.so.1"
# Memory that grows is no wonder where what was freed is kept; and of a sanitizer's own there is too
# much to be looked through. What is lost, AddressSanitizer says at the end of each program.
SG_OPEN_TRACKING_LIBRARY=$libraries/libsg_open_tracking.so BUILD=$build/callers LIBRARIES=$libraries SKIP="memory wiped" SOURCES="tests/c/contract.c tests/c/callers/*.c" \
    tests/callers.sh || failed=1

echo "the Rust tests, $sanitizer"
"${cargo[@]}" test "${arguments[@]}" --package sg_open_tracking --package libsg_open_tracking --lib --tests --no-fail-fast -- "${skipped[@]}" || failed=1
exit "$failed"
