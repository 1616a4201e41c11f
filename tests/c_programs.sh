#!/usr/bin/env bash
# The C programs, as C99, C11 and C++17, linked dynamically and statically, run against a sandbox,
# and once more under valgrind.
#
# BUILD is where they are put; LIBRARIES is the directory of the shared and the static library.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh
# shellcheck source=tests/checks.sh
source tests/checks.sh

build=${BUILD:-build/c}
libraries=${LIBRARIES:-target/release}
strict=(-Iinclude -O1 -g -Wall -Wextra -Wpedantic -Werror -Wconversion -Wshadow)
mkdir -p "$build"

declare -A dialects=([c99]="${CC:-cc} -xc -std=c99" [c11]="${CC:-cc} -xc -std=c11" [cpp17]="${CXX:-c++} -xc++ -std=c++17")
declare -A links=(
    [dynamic]="-L$libraries -lsg_open_tracking -Wl,-rpath,$(cd "$libraries" && pwd)"
    [static]="$libraries/libsg_open_tracking.a"
)
# compile DIALECT LINK SOURCE: builds $build/NAME-DIALECT-LINK.
compile() {
    local name
    name=$(basename "$3" .c)
    # shellcheck disable=SC2086 # compiler and libraries are words
    ${dialects[$1]} "${strict[@]}" -o "$build/$name-$1-$2" "$3" -xnone ${links[$2]} -lpthread -ldl -lm
}

need c++:g++ valgrind || exit 1
for dialect in c99 c11 cpp17; do
    for link in dynamic static; do
        for source in bindings/c/*.c tests/c/*.c; do
            check "compile $source as $dialect, $link" compile "$dialect" "$link" "$source"
        done
        for program in contract waits fleet log; do
            check "$program as $dialect, $link" tests/with_sandbox.sh "$build/$program-$dialect-$link"
        done
    done
done

# Every leak and every invalid access. Not the use of uninitialised values: valgrind does not follow
# the assembly of the cipher, and takes what it made for such.
memcheck() {
    # shellcheck disable=SC2016 # the inner shell has the variables
    tests/with_sandbox.sh bash -c '
        export SG_OPEN_TRACKING_BASE_URL=$SANDBOX_URL SSL_CERT_FILE=$SANDBOX_CA_FILE SENDGRID_API_KEY=$SANDBOX_KEY
        exec valgrind --quiet --error-exitcode=9 --leak-check=full --undef-value-errors=no "$@"' - "$@"
}
check "valgrind: update" memcheck "$build/update-c99-dynamic" off
check "valgrind: update on behalf of a subuser" memcheck "$build/update-c99-dynamic" off subuser-00001
check "valgrind: one_shot" memcheck "$build/one_shot-c99-dynamic" off
check "valgrind: one_shot, static" memcheck "$build/one_shot-c99-static" off

sum_up
