#!/usr/bin/env bash
# That programs linked with an older release go on working (docs/abi.md):
#
#     tests/abi.sh [--record VERSION]
#
# the SONAME and the exported functions; the layout of the header's types; the types of the functions,
# as the header declares and as Rust defines them, by abidiff against each release; and a program of
# a release with today's library. --record writes what a new release is held to from then on, into
# tests/abi/VERSION.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh
# shellcheck source=tests/checks.sh
source tests/checks.sh

library=${LIBRARY:-target/release/libsg_open_tracking.so}
header=include/sg_open_tracking.h
build=build/abi
mkdir -p "$build"
soname() {
    readelf -d "$library" | sed -n 's/.*SONAME.*\[\(.*\)\].*/\1/p'
}

# describe HEADER INTO: what C makes of a header's functions, as abidw writes it. What is recorded
# comes from the header, each function given an empty body, and not from the library: that would name
# Rust's types, with all that is behind the opaque ones. abidiff sees that they are the same to C.
describe() (
    set -e
    sed -E '/^typedef/!s/\);$/) { __builtin_trap(); }/' "$1" >"$build/sg_open_tracking.c"
    local into
    into=$(realpath "$2")
    cd "$build"
    "${CC:-cc}" -std=c11 -g -O0 -Wall -Werror -shared -fPIC "-Wl,-soname,$soname" -o described.so sg_open_tracking.c
    abidw --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --no-parameter-names \
        --out-file "$into" described.so
)

# unbroken HEADER BASELINE: silent if programs made with the baseline's header work with this one.
unbroken() {
    describe "$1" "$build/now.abi" && abidiff --no-added-syms "$2" "$build/now.abi"
}

layout() { # DIRECTORY-OF-THE-HEADER LANGUAGE OPTION...
    "${CC:-cc}" -fsyntax-only -ffreestanding -Wall -Wextra -Werror -I"$1" -x "$2" "${@:3}" tests/abi/layout.c
}

# breaks NAME EDIT SAYS COMMAND...: the command fails, and says so, when the sed script EDIT has been
# applied to the header: a check that can't fail holds nothing. It finds that header in
# build/abi/broken.
breaks() {
    local name=$1 edit=$2 says=$3 output
    shift 3
    mkdir -p "$build/broken"
    sed -E "$edit" "$header" >"$build/broken/sg_open_tracking.h"
    if cmp -s "$header" "$build/broken/sg_open_tracking.h"; then
        output="the edit $edit changes nothing"
    elif output=$("$@" 2>&1); then
        output="it was not noticed"
    elif grep -qE "$says" <<<"$output"; then
        echo "ok      a break is seen: $name"
        count 1 0
        return
    fi
    printf '%s\nnot ok  a break is seen: %s\n' "$output" "$name"
    count 0 1
}

soname=$(soname)
need abidiff:abigail-tools || exit 1
if [[ ${1-} == --record ]]; then
    release=tests/abi/${2:?the version}
    mkdir -p "$release"
    cp "$header" "$release"
    touch "$release/functions.abi"
    describe "$header" "$release/functions.abi"
    exit
fi
touch "$build/now.abi"

exports=$(cat tests/abi/exports.txt)
same "the library exports its functions and nothing else" "$exports" \
    "$(nm -D --defined-only "$library" | awk '{print $3}' | LC_ALL=C sort)"
same "the header declares the same functions" "$exports" \
    "$(grep -oE '\bsg_[a-z_]+\(' <(sed -E 's@^ ?\*.*|^ */\*.*@@' "$header") | tr -d '(' | LC_ALL=C sort -u)"
same "the library has its SONAME" "libsg_open_tracking.so.1" "$soname"

# Every build writes it anew where it differs.
same "the committed header is what cbindgen writes (commit the new one)" "" "$(git diff -- include)"

check "the layout as C11" layout include c -std=c11
check "the layout as C++17" layout include c++ -std=c++17
check "the layout as C11, with pointers of 32 bits" layout include c -std=c11 -m32

# With debug information, without which abidiff sees symbols only.
${CARGO:-cargo} build --locked --quiet --lib
for release in tests/abi/*/; do
    version=$(basename "$release")
    check "the header's functions of $version have the types they had" unbroken "$header" "$release/functions.abi"
    check "so have the library's" abidiff --no-added-syms "$release/functions.abi" target/debug/libsg_open_tracking.so
    check "the symbols of $version are in the library" abidiff --no-added-syms "$release/functions.abi" "$library"
    if [[ -e $release/program.c ]]; then
        check "a program of $version compiles with its header" "${CC:-cc}" -std=c11 -Wall -Wextra -Werror -I"$release" \
            -o "$build/program-$version" "$release/program.c" -L"$(dirname "$library")" -lsg_open_tracking \
            "-Wl,-rpath,$(cd "$(dirname "$library")" && pwd)"
        # shellcheck disable=SC2016 # the inner shell has the variables
        check "a program of $version works with today's library" tests/with_sandbox.sh bash -c '
            SG_OPEN_TRACKING_BASE_URL=$SANDBOX_URL SSL_CERT_FILE=$SANDBOX_CA_FILE "$@"' - "$build/program-$version"
    fi
done

first=tests/abi/1.0.0/functions.abi
functions=(unbroken "$build/broken/sg_open_tracking.h" "$first")
breaks "a wider parameter" '/sg_config_set_timeout_ms\(/s/uint32_t ms/uint64_t ms/' \
    "parameter 2 of type 'typedef uint32_t' changed" "${functions[@]}"
breaks "a parameter more" '/sg_strerror\(/s/code\)/code, int language)/' "parameter 2 of type 'int' was added" "${functions[@]}"
breaks "another return type" 's/^void sg_client_cancel/sg_code sg_client_cancel/' 'return type changed' "${functions[@]}"
breaks "a function gone" '/^const char \*sg_version/d' '1 Removed' "${functions[@]}"
breaks "a field of another type" 's/int64_t elapsed_us/uint32_t elapsed_us/' \
    "type of 'int64_t elapsed_us' changed" "${functions[@]}"
breaks "fields the other way round" 's/http_status;/attempts;/; t; s/uint32_t attempts;/uint32_t http_status;/' \
    "http_status" "${functions[@]}"
breaks "a callback with other parameters" '/^typedef bool \(\*sg_on_subuser/s/const char \*username/size_t length/' \
    "sg_on_subuser" "${functions[@]}"
layout_broken=(layout "$build/broken" c -std=c11)
breaks "a code of another number" 's/SG_ERR_IO = 15/SG_ERR_IO = 18/' 'SG_ERR_IO == 15' "${layout_broken[@]}"
breaks "a result of another size" 's/message\[480\]/message[512]/' 'sizeof\(sg_result\) == 512' "${layout_broken[@]}"
check "and a function more is no break" bash -c "$(declare -f unbroken describe)
    build=$build soname=$soname
    { cat $header; echo 'int sg_more(int a);'; } >$build/more.h; unbroken $build/more.h $first"

sum_up
