#!/usr/bin/env bash
# What a user does with the installed library, run where the source tree is out of reach: each way
# to build, the manual, the tool. tests/install.sh runs it beside a sandbox.
#
#     used.sh VERSION    in a directory with off.c, one_shot.c, CMakeLists.txt and meson.build
set -euo pipefail

version=$1
export SG_OPEN_TRACKING_BASE_URL=$SANDBOX_URL SSL_CERT_FILE=$SANDBOX_CA_FILE SENDGRID_API_KEY=$SANDBOX_KEY
# These would lead to another library than the installed one.
unset LD_LIBRARY_PATH PKG_CONFIG_PATH CMAKE_PREFIX_PATH SG_OPEN_TRACKING_LIBRARY

# check NAME COMMAND...: runs it, and shows what it printed only if it failed.
check() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "ok      $name"
    else
        printf '%s\nnot ok  %s\n' "$output" "$name"
    fi
}

says() { [[ $("${@:2}") == "$1" ]]; }
runs() { says "open tracking is off" "$1"; }
needs_the_library() { readelf -d "$1" | grep -q 'NEEDED.*libsg_open_tracking.so.1\]'; }
carries_the_library() { ! needs_the_library "$1"; }
dynamic() { sh -c "$DYNAMIC" && mv off dynamic; }
static() { sh -c "$STATIC" && mv off static; }
wholly_static() { ! readelf -d "$1" | grep -q NEEDED; }

check "the source tree is out of reach" test ! -e "$SOURCE_TREE/Cargo.toml"
check "pkg-config knows the version" says "$version" pkg-config --modversion sg_open_tracking
check "$DYNAMIC" dynamic
check "it needs the shared library by its SONAME" needs_the_library dynamic
check "it runs" runs ./dynamic
check "$STATIC" static
check "it needs no shared library at all" wholly_static static
check "it runs" runs ./static

data=$(pkg-config --variable=prefix sg_open_tracking)/share/sg_open_tracking
memcheck=(valgrind --quiet --error-exitcode=9)
# shellcheck disable=SC2046 # the options are words
sanitized() {
    cc -fsanitize=thread -o sanitized off.c $(pkg-config --cflags --libs sg_open_tracking) &&
        says "open tracking is off" env TSAN_OPTIONS="suppressions=$data/tsan.supp" ./sanitized
}
names_functions() { [[ $("${memcheck[@]}" ./dynamic 2>&1 | tee /dev/stderr) == *sg_open_tracking::client::* ]]; }
check "valgrind finds nothing, with the suppressions" \
    says "open tracking is off" "${memcheck[@]}" --suppressions="$data/valgrind.supp" ./dynamic
check "ThreadSanitizer takes its own" sanitized
[[ ! $SYMBOLS ]] || check "valgrind names functions, by the package of symbols" names_functions

check "CMake finds the package" cmake -S . -B cmake -DWANTED=1.0
check "CMake builds" cmake --build cmake
check "the one with sg_open_tracking::shared needs the library" needs_the_library cmake/shared
check "it runs" runs cmake/shared
check "the one with sg_open_tracking::static carries it" carries_the_library cmake/static
check "it runs" runs cmake/static
refused() { ! cmake -S . -B refused -DWANTED="$1"; }
check "CMake refuses it to who wants the next major version" refused 2
check "CMake refuses it to who wants a newer one" refused "${version%%.*}.999"

check "Meson finds it" meson setup meson
check "Meson builds" ninja -C meson
check "it runs" runs meson/demo

# page SECTION NAME: man finds it, has nothing to complain of, and it speaks of NAME.
page() {
    local complaints
    complaints=$(MANWIDTH=80 man --warnings "$@" 2>&1 >page) || return
    echo "$complaints"
    [[ ! $complaints ]] && grep -q -- "$2" page
}
for function in $FUNCTIONS; do
    check "man 3 $function" page 3 "$function"
done
check "man 1 sg-open-tracking" page 1 sg-open-tracking
prefix=$(pkg-config --variable=prefix sg_open_tracking)
completes() {
    bash -c "source $prefix/share/bash-completion/completions/sg-open-tracking && complete -p sg-open-tracking" &&
        [[ -s $prefix/share/fish/vendor_completions.d/sg-open-tracking.fish && $(echo "$prefix"/share/zsh/*/_sg-open-tracking) != *\** ]]
}
check "bash completes its command line, and fish and zsh have their files" completes
check "the tool runs" says "sg-open-tracking $version" sg-open-tracking --version
check "it reads what was set" grep -q off <(sg-open-tracking get)
