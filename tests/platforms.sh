#!/usr/bin/env bash
# The library for other processors and systems: built for each, and its C programs run against a
# sandbox of this machine, by an emulator where need be.
#
#   tests/platforms.sh [aarch64|musl|windows ...]     all of them without an argument
#
# BUILD is where everything is put. What comes out is what docs/platforms.md says.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=packaging/tools.sh
source packaging/tools.sh # and tests/needs.sh

mkdir -p "${BUILD:=build/platforms}"
build=$(cd "$BUILD" && pwd)
export SG_OPEN_TRACKING_SANDBOX=${SG_OPEN_TRACKING_SANDBOX:-$PWD/target/debug/sg-open-tracking-sandbox}
[[ -x $SG_OPEN_TRACKING_SANDBOX ]] || { echo "platforms: run make build first" >&2; exit 1; }
strict=(-std=c11 -Iinclude -Itests/c "-I$build" -O1 -Wall -Wextra -Wpedantic -Werror)
# A program that hangs under an emulator is a failure, not an endless run.
limit=(timeout --signal=KILL 120)
passed=0 failed=0

# check NAME COMMAND...: runs it, and shows what it printed only if it failed.
check() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "ok      $name"
        passed=$((passed + 1))
    else
        printf '%s\nnot ok  %s\n' "$(tail -n 40 <<<"$output")" "$name"
        failed=$((failed + 1))
        return 1
    fi
}

# rust TARGET COMMAND...: by the distribution's compiler, which has the standard library of other
# processors, or its source.
rust() {
    env RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$build/target" PATH="/usr/bin:$PATH" \
        "${@:2}" --locked --release --lib --target "$1"
}

# same EXPECTED ACTUAL: two texts, and how they differ.
same() {
    diff <(echo "$1") <(echo "$2")
}

# c_programs PLATFORM LIBRARIES CC STATIC_CC [RUN]: the programs, linked in either way.
#
# Left out are programs that look at this machine's memory, and callbacks and forks: the emulator has
# no threads in the child of a program with threads.
c_programs() {
    local platform=$1 libraries=$2 run=${5:-} kind program
    local -A compilers=([dynamic]=$3 [static]=$4)
    local -A kinds=([dynamic]="-L$libraries -lsg_open_tracking -Wl,-rpath,$libraries" [static]="$libraries/libsg_open_tracking.a")
    ln -sf libsg_open_tracking.so "$libraries/libsg_open_tracking.so.1"
    mkdir -p "$build/$platform"
    for kind in dynamic static; do
        for program in bindings/c/{update,one_shot} tests/c/contract tests/c/waits tests/c/fleet tests/conformance/conformance \
            tests/c/callers/{arguments,signals,threads}; do
            # It wraps a function of the C library, which a program that holds that library can't.
            [[ $platform-$kind-$program != musl-static-tests/c/waits ]] || continue
            # shellcheck disable=SC2086 # compiler and libraries are words
            check "$platform: compile $program, $kind" \
                ${compilers[$kind]} "${strict[@]}" -o "$build/$platform/${program##*/}-$kind" "$program.c" \
                ${kinds[$kind]} -lpthread -ldl -lm || continue
            # shellcheck disable=SC2086 # none, or a word
            against_sandbox "$platform" "${program##*/}" "$kind" "$libraries/libsg_open_tracking.so" \
                $run "$build/$platform/${program##*/}-$kind"
        done
    done
}

# against_sandbox PLATFORM PROGRAM KIND LIBRARY COMMAND...
against_sandbox() {
    local platform=$1 program=$2 kind=$3
    export SG_OPEN_TRACKING_LIBRARY=$4
    shift 4
    case $program in
        conformance | one_shot) check "$platform: $program, $kind" tests/conformance/run.sh "${limit[@]}" "$@" ;;
        update)
            check "$platform: update, $kind" tests/conformance/run.sh "${limit[@]}" "$@" on subuser-00001
            check "$platform: update that is refused, $kind" refused tests/conformance/run.sh "${limit[@]}" "$@" off nobody
            ;;
        *) check "$platform: $program, $kind" tests/with_sandbox.sh "${limit[@]}" "$@" ;;
    esac || true
}

# refused COMMAND...: it ends with 1, and says that there is no such subuser.
refused() {
    local code=0 output
    output=$("$@" 2>&1) || code=$?
    [[ $code == 1 && $output == *404* ]] || { echo "exit code $code: $output"; return 1; }
}

aarch64() {
    local target=aarch64-unknown-linux-gnu
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
    [[ -d /usr/lib/rustlib/$target ]] || { dpkg --add-architecture arm64 && apt_install libstd-rust-web-dev:arm64; }
    need aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu || return 1
    [[ -e /usr/aarch64-linux-gnu/lib/libc.so ]] || apt_install libc6-dev-arm64-cross
    # Programs run with this C library. Its like in /usr/aarch64-linux-gnu is for the linker: the
    # loader there would take this one's libc.so.6, of another version, and threads would hang.
    [[ -e /lib/ld-linux-aarch64.so.1 ]] || apt_install libc6:arm64
    need qemu-aarch64:qemu-user || return 1
    check "aarch64: build" rust "$target" /usr/bin/cargo build || return 0
    c_programs aarch64 "$build/target/$target/release" aarch64-linux-gnu-gcc aarch64-linux-gnu-gcc qemu-aarch64
}

musl() {
    local target=x86_64-unknown-linux-musl
    need musl-gcc:musl-tools || return 1
    tools
    CARGO_ZIGBUILD_ZIG_PATH=$(python -c 'import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), "zig"))')
    export CARGO_ZIGBUILD_ZIG_PATH RUSTFLAGS=-Ctarget-feature=-crt-static
    check "musl: build" rust $target cargo-zigbuild build -Zbuild-std=std || return 0
    unset RUSTFLAGS
    # The shared library has zig's unwinder within; a static program takes it from zig.
    c_programs musl "$build/target/$target/release" musl-gcc \
        "$CARGO_ZIGBUILD_ZIG_PATH cc -target x86_64-linux-musl -static -lunwind"
}

windows() {
    local target=x86_64-pc-windows-gnu cc=x86_64-w64-mingw32-gcc-posix kind program run
    local libraries=$build/target/$target/release
    # The import library by its path: by -l, -static would take the static one.
    local -A kinds=(
        [dynamic]="$libraries/libsg_open_tracking.dll.a -static -lpthread"
        [static]="$libraries/libsg_open_tracking.a -static -lpthread -lws2_32 -lntdll -lcrypt32 -lbcrypt -luserenv"
    )
    # What these programs have of POSIX beyond threads, and of C99 beyond the system's own printf.
    local posix=(-D__USE_MINGW_ANSI_STDIO -Wno-format -Wno-format-extra-args
        '-Dsetenv(name,value,over)=_putenv_s(name,value)' '-Dunsetenv(name)=_putenv_s(name,"")')
    need $cc:gcc-mingw-w64-x86-64-posix || return 1
    need wine || return 1
    [[ -d /usr/lib/x86_64-linux-gnu/wine/x86_64-windows ]] || apt_install wine64
    check "windows: build" rust $target /usr/bin/cargo build -Zbuild-std=std || return 0
    check "windows: the DLL exports the header's functions and nothing else" same "$(cat tests/abi/exports.txt)" \
        "$(x86_64-w64-mingw32-objdump -p "$libraries/sg_open_tracking.dll" |
            awk '/Ordinal\/Name Pointer/ {table = 1; next} !NF {table = 0} table {print $NF}' | LC_ALL=C sort)" || true
    check "windows: the DLL needs nothing that Windows has not" needs_windows_alone "$libraries/sg_open_tracking.dll" || true

    export WINEPREFIX=$build/wine WINEDEBUG=-all
    mkdir -p "$build/windows"
    # On Debian 12 wine lacks this DLL of Windows, and so can't load ours: exit code 53, not a word.
    check "windows: a stand-in for bcryptprimitives.dll" $cc -shared -o "$build/windows/bcryptprimitives.dll" \
        tests/wine/bcryptprimitives.c -ladvapi32 || return 0
    cp "$libraries/sg_open_tracking.dll" "$build/windows"
    for kind in dynamic static; do
        for program in bindings/c/update bindings/c/one_shot tests/conformance/conformance tests/c/fleet \
            tests/c/callers/{arguments,threads}; do
            run=$build/windows/${program##*/}-$kind.exe
            # shellcheck disable=SC2086 # libraries are words
            check "windows: compile $program, $kind" \
                $cc "${strict[@]}" "${posix[@]}" -o "$run" "$program.c" ${kinds[$kind]} || continue
            against_sandbox windows "${program##*/}" "$kind" "$libraries/sg_open_tracking.dll" wine "$run"
        done
    done
}

needs_windows_alone() {
    local others
    others=$(x86_64-w64-mingw32-objdump -p "$1" | awk '/DLL Name:/ {print tolower($3)}' |
        grep -vE '^(advapi32|api-ms-win-core-synch-l1-2-0|bcrypt|bcryptprimitives|crypt32|kernel32|msvcrt|ntdll|ws2_32)\.dll$')
    [[ ! $others ]] || { echo "it needs $others"; return 1; }
}

[[ -x /usr/bin/cargo && -e /usr/lib/rustlib/src/rust/library/std/src/lib.rs ]] || apt_install rustc-web cargo-web rust-web-src
CONFORMANCE_CASES=tests/conformance/cases.json python3 tests/conformance/cases_to_c.py >"$build/cases.h"
[[ $# -gt 0 ]] || set -- aarch64 musl windows
for platform; do
    "$platform"
done
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
