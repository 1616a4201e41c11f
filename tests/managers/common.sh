# shellcheck shell=bash
# Sourced by what is in tests/managers, each of which makes the packages for one package manager and uses
# them as its users do, beside a sandbox. In $work each has a place that is gone afterwards.
#
#     tests/managers/rpm
[[ ${SANDBOX_URL:-} ]] || exec tests/with_sandbox.sh "$0" "$@"
# shellcheck source=packaging/tools.sh
source packaging/tools.sh # and tests/needs.sh
# shellcheck source=tests/checks.sh
source tests/checks.sh
# shellcheck source=tests/rows.sh
source tests/rows.sh
need cc:gcc pkg-config || exit 1
unset LD_LIBRARY_PATH PKG_CONFIG_PATH CMAKE_PREFIX_PATH
export SENDGRID_API_KEY=$SANDBOX_KEY SG_OPEN_TRACKING_BASE_URL=$SANDBOX_URL SSL_CERT_FILE=$SANDBOX_CA_FILE

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# snippet FILE LANGUAGE: the first block of a language in a document.
snippet() { awk -v fence="\`\`\`$2" '$0 == fence { inside = 1; next } /^```/ && inside { exit } inside' "$1"; }

# prints TEXT COMMAND...: does it end well and print that line?
prints() {
    local output
    if ! output=$("${@:2}" 2>&1) || ! grep -qxF -- "$1" <<<"$output"; then
        echo "$output"
        return 1
    fi
}

# used ROOT PREFIX LIB: README's program with what is installed in ROOT, in each way, and the tool.
used() {
    local root=$1 prefix=$2 libraries=$1$2/$3
    snippet README.md c >"$work/off.c"
    check "pkg-config knows the version" prints "$version" env PKG_CONFIG_LIBDIR="$libraries/pkgconfig" \
        pkg-config --modversion sg_open_tracking
    # shellcheck disable=SC2016 # for the shell in there
    check "README's program builds by pkg-config" env PKG_CONFIG_LIBDIR="$libraries/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root" \
        sh -c 'cc -g -o "$0/shared" "$0/off.c" -Wl,-rpath,"$1" $(pkg-config --cflags --libs sg_open_tracking)' "$work" "$libraries"
    check "it has an answer" prints "open tracking is off" "$work/shared"
    mkdir -p "$work/cmake"
    printf '%s\n' 'cmake_minimum_required(VERSION 3.14)' 'project(off C)' 'find_package(sg_open_tracking 1 REQUIRED)' \
        'add_executable(static ../off.c)' 'target_link_libraries(static sg_open_tracking::static)' >"$work/cmake/CMakeLists.txt"
    check "CMake finds the static library" cmake -S "$work/cmake" -B "$work/cmake" \
        -Dsg_open_tracking_DIR="$libraries/cmake/sg_open_tracking"
    check "it builds with that" cmake --build "$work/cmake"
    check "it has an answer" prints "open tracking is off" "$work/cmake/static"
    check "the tool has one" prints off "$root$prefix/bin/sg-open-tracking" get
}

# our_frames DIRECTORY PROGRAM: amid a call, does gdb name our functions with their lines, by the symbols
# in DIRECTORY?
our_frames() {
    gdb -batch -nx -iex "set debug-file-directory $1" -ex 'set breakpoint pending on' -ex 'break send' -ex run \
        -ex backtrace -ex kill "$2" >"$work/frames" 2>&1 </dev/null
    grep -E '^#.* sg_client_update \(\) at src/ffi/client\.rs:[0-9]+' "$work/frames" || { cat "$work/frames"; return 1; }
}

# What is tried is the packages, not what the optimiser does.
cheap=(CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 RUSTFLAGS=-Copt-level=0)
cheap_build() { export "${cheap[@]}"; }

# version_of COMMAND...: the first two numbers of the version that it prints.
version_of() { [[ $("$@") =~ [0-9]+\.[0-9]+ ]] && echo "${BASH_REMATCH[0]}"; }

# tried MANAGER PACKAGES HOW: the end of a test: its row in docs/platforms.md, and the sum.
tried() {
    local how=$3
    [[ $failed == 0 ]] || how="**$failed failed**"
    row "$1" "$2" "$how"
    say_rows || count 0 1
    sum_up
}
