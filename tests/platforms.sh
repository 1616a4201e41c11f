#!/usr/bin/env bash
# The library for other processors and systems: built for each, and its C programs run against a
# sandbox of this machine, by an emulator where need be.
#
#     tests/platforms.sh [PLATFORM...]     one of the functions at the end; all of them without an argument
#
# BUILD is where everything is put. What comes out is a row for each platform of the table in
# docs/platforms.md; a row that the page does not hold, word for word, is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=packaging/tools.sh
source packaging/tools.sh # and tests/needs.sh
# shellcheck source=tests/rows.sh
source tests/rows.sh

mkdir -p "${BUILD:=build/platforms}"
build=$(cd "$BUILD" && pwd)
export SG_OPEN_TRACKING_SANDBOX=${SG_OPEN_TRACKING_SANDBOX:-$PWD/target/debug/sg-open-tracking-sandbox}
[[ -x $SG_OPEN_TRACKING_SANDBOX ]] || { echo "platforms: run make build first" >&2; exit 1; }
strict=(-std=c11 -Iinclude -Itests/c "-I$build" -O1 -Wall -Wextra -Wpedantic -Werror)
# A program that hangs under an emulator is a failure, not an endless run; one that is late is none.
limit=(timeout --signal=KILL 120)
export SG_FAULTS_SLACK_MS=${SG_FAULTS_SLACK_MS:-5000}
passed=0 failed=0

# check NAME COMMAND...: runs it, and shows what it printed only if it failed.
check() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "ok      $name"
        passed=$((passed + 1))
    else
        grep '^not ok' <<<"$output" || tail -n 40 <<<"$output"
        echo "not ok  $name"
        failed=$((failed + 1))
        return 1
    fi
}

# shellcheck disable=SC2016 # the backquotes are the page's
shared_and_static='`.so`, `.a`' dll_and_static='`.dll` with its import library, `.a`'
# platform PLATFORM TARGET BUILT RUN BY FAILED_BEFORE: its row in the table, if nothing has failed since.
platform() {
    local run=$4
    [[ $failed == "$6" ]] || run="**$((failed - $6)) failed**"
    row "$1" "\`$2\`" "$3" "$run" "$5"
}

# rust TARGET COMMAND...: by the distribution's compiler, which has the standard library of other
# processors, or its source.
rust() {
    local built=()
    [[ -d /usr/lib/rustlib/$1 ]] || built=(-Zbuild-std=std)
    env RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$build/target" PATH="/usr/bin:$PATH" \
        "${@:2}" "${built[@]}" --locked --lib --target "$1"
}

# same EXPECTED ACTUAL: two texts, and how they differ.
same() {
    diff <(echo "$1") <(echo "$2")
}

c_programs="the C programs¹ and the conformance table" # in the table
# c_programs PLATFORM LIBRARIES CC STATIC_CC [RUN...]: the programs, linked in either way.
#
# Left out are programs that look at this machine's memory, and those that fork amid calls of other
# threads, but for fleet where this machine runs it: the emulator has no threads in such a child.
c_programs() {
    local platform=$1 libraries=$2 kind program strict=("${strict[@]}")
    local -A compilers=([dynamic]=$3 [static]=$4)
    local -A kinds=([dynamic]="-L$libraries -lsg_open_tracking -Wl,-rpath,$libraries" [static]="$libraries/libsg_open_tracking.a")
    shift 4
    [[ $# == 0 ]] || strict+=(-DWITHOUT_FORKS)
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
            against_sandbox "$platform" "${program##*/}" "$kind" "$libraries/libsg_open_tracking.so" \
                "$@" "$build/$platform/${program##*/}-$kind"
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

# glibc PROCESSOR DEBIAN TARGET GNU [EMULATOR]: Linux with glibc on that processor, which Debian calls
# DEBIAN, by the cross compiler GNU-gcc. Without an emulator, this machine runs it.
glibc() {
    local processor=$1 target=$3 gnu=$4 emulator=${5-} run=() linker before=$failed
    local by="the machine itself" what=$c_programs
    need "$gnu-gcc:gcc-$gnu" "/usr/$gnu/lib/libc.so:libc6-dev-$2-cross" || return 1
    if [[ $emulator ]]; then
        need "$emulator:qemu-user" || return 1
        # Loader and libraries are the cross compiler's: where the system has that processor's as well,
        # one of its own would meet the other's, of another version, and threads would hang.
        run=("$emulator" -L "/usr/$gnu" -E "LD_LIBRARY_PATH=/usr/$gnu/lib")
        by="qemu-user $("$emulator" --version | grep -oE '[0-9]+\.[0-9]+' | head -n 1)"
    fi
    linker=CARGO_TARGET_$(tr a-z- A-Z_ <<<"$target")_LINKER
    if check "$gnu: build" rust "$target" env "$linker=$gnu-gcc" /usr/bin/cargo build --release; then
        c_programs "$gnu" "$build/target/$target/release" "$gnu-gcc" "$gnu-gcc" "${run[@]}"
        if [[ ! $emulator ]]; then
            python_of "$2" "$build/target/$target/release/libsg_open_tracking.so"
            what+=", in Python as well"
        fi
    fi
    platform "Linux, $processor, glibc" "$target" "$shared_and_static" "$what" "$by" "$before"
}

# python_of DEBIAN LIBRARY: the conformance table by the Python of Debian's tree for that processor.
python_of() {
    local tree=$build/$1
    need mmdebstrap arch-test unshare:util-linux || return 1
    [[ -e $tree/usr/bin/python3 ]] || mmdebstrap --quiet --variant=apt --architectures="$1" --include=python3 \
        bookworm "$tree" http://deb.debian.org/debian
    mkdir -p "$tree$PWD"
    # shellcheck disable=SC2016 # the inner shell has the variables
    check "$1: conformance, Python" env SG_OPEN_TRACKING_LIBRARY="$2" tests/conformance/run.sh unshare --mount bash -ec '
        for shared in /proc /dev /tmp "$PWD"; do
            mount --rbind "$shared" "$1$shared"
        done
        cp /etc/hosts "$1/etc/hosts"
        exec env PYTHONPATH="$PWD/bindings/python/src" chroot "$1" /usr/bin/env --chdir "$PWD" /usr/bin/python3 \
            bindings/python/tests/conformance.py' - "$tree" || true
}

musl() {
    local target=x86_64-unknown-linux-musl before=$failed
    need musl-gcc:musl-tools || return 1
    zig
    if check "musl: build" rust $target env RUSTFLAGS=-Ctarget-feature=-crt-static cargo-zigbuild build --release; then
        # The shared library has zig's unwinder within; a static program takes it from zig.
        c_programs musl "$build/target/$target/release" musl-gcc \
            "$CARGO_ZIGBUILD_ZIG_PATH cc -target x86_64-linux-musl -static -lunwind"
    fi
    platform "Linux, x86-64, musl 1.2" $target "$shared_and_static" "$c_programs" "the machine itself, musl's own loader" "$before"
}

windows() {
    local target=x86_64-pc-windows-gnu cc=x86_64-w64-mingw32-gcc-posix kind program run before=$failed
    local libraries=$build/target/$target/release
    # The import library by its path: by -l, -static would take the static one.
    local -A kinds=(
        [dynamic]="$libraries/libsg_open_tracking.dll.a -static -lpthread"
        [static]="$libraries/libsg_open_tracking.a -static -lpthread -lws2_32 -lntdll -lcrypt32 -lbcrypt -luserenv"
    )
    # What these programs have of POSIX beyond threads, and of C99 beyond the system's own printf.
    local posix=(-DWITHOUT_FORKS -D__USE_MINGW_ANSI_STDIO -Wno-format -Wno-format-extra-args
        '-Dsetenv(name,value,over)=_putenv_s(name,value)' '-Dunsetenv(name)=_putenv_s(name,"")')
    need $cc:gcc-mingw-w64-x86-64-posix || return 1
    need wine || return 1
    [[ -d /usr/lib/x86_64-linux-gnu/wine/x86_64-windows ]] || apt_install wine64
    check "windows: build" rust $target /usr/bin/cargo build --release || return 0
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
        for program in bindings/c/{update,one_shot} tests/c/contract tests/c/fleet tests/conformance/conformance \
            tests/c/callers/{arguments,threads}; do
            run=$build/windows/${program##*/}-$kind.exe
            # shellcheck disable=SC2086 # libraries are words
            check "windows: compile $program, $kind" \
                $cc "${strict[@]}" "${posix[@]}" -o "$run" "$program.c" ${kinds[$kind]} || continue
            against_sandbox windows "${program##*/}" "$kind" "$libraries/sg_open_tracking.dll" wine "$run"
        done
    done
    platform "Windows, x86-64, MinGW-w64" $target "$dll_and_static" \
        "the conformance table, \`contract\` with the sandbox's faults², fleets, 32 threads" \
        "wine $(wine --version | grep -oE '[0-9]+\.[0-9]+' | head -n 1): **not on Windows itself**" "$before"
}

needs_windows_alone() {
    local others
    others=$(x86_64-w64-mingw32-objdump -p "$1" | awk '/DLL Name:/ {print tolower($3)}' |
        grep -vE '^(advapi32|api-ms-win-core-synch-l1-2-0|bcrypt|bcryptprimitives|crypt32|kernel32|msvcrt|ntdll|userenv|ws2_32)\.dll$')
    [[ ! $others ]] || { echo "it needs $others"; return 1; }
}

# compiled PLATFORM TARGET: it compiles, with the headers that zig has of that system; nothing is linked.
compiled() {
    local before=$failed how=compiled
    zig
    check "$2: compile" rust "$2" cargo-zigbuild check || how=–
    platform "$1" "$2" "$how" – – "$before"
}

i686() {
    need /lib/ld-linux.so.2:libc6-i386 /usr/lib32/libgcc_s.so.1:lib32gcc-s1 || return 1
    glibc i686 i386 i686-unknown-linux-gnu i686-linux-gnu
}
armv7() { glibc "armv7, hard-float" armhf armv7-unknown-linux-gnueabihf arm-linux-gnueabihf qemu-arm; }
aarch64() { glibc aarch64 arm64 aarch64-unknown-linux-gnu aarch64-linux-gnu qemu-aarch64; }
riscv64() { glibc riscv64 riscv64 riscv64gc-unknown-linux-gnu riscv64-linux-gnu qemu-riscv64; }
s390x() { glibc "s390x (big-endian)" s390x s390x-unknown-linux-gnu s390x-linux-gnu qemu-s390x; }
macos() {
    compiled "macOS, aarch64" aarch64-apple-darwin
    compiled "macOS, x86-64" x86_64-apple-darwin
}
freebsd() { compiled "FreeBSD, x86-64" x86_64-unknown-freebsd; }

[[ -x /usr/bin/cargo && -e /usr/lib/rustlib/src/rust/library/std/src/lib.rs ]] || apt_install rustc-web cargo-web rust-web-src
CONFORMANCE_CASES=tests/conformance/cases.json python3 tests/conformance/cases_to_c.py >"$build/cases.h"
[[ $# -gt 0 ]] || set -- i686 armv7 aarch64 riscv64 s390x musl windows macos freebsd
for platform; do
    "$platform"
done
say_rows || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
