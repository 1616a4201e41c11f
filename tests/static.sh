#!/usr/bin/env bash
# The static library in one program with another static library in Rust, in either order. Cargo's
# own archive can't be: that is tried too, or this could not fail.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh
# shellcheck source=tests/checks.sh
source tests/checks.sh
need cc:gcc nm:binutils || exit 1

build=${BUILD:-build/static}
libraries=${LIBRARIES:-target/release}
mkdir -p "$build"
neighbour=$libraries/libneighbour.a
shipped=$libraries/libsg_open_tracking.a
cargos=$libraries/deps/libsg_open_tracking.a
"${CARGO:-cargo}" build --locked --release --quiet --package sg_open_tracking_neighbour

exports_only_its_own() { diff tests/abi/exports.txt <(nm -g --defined-only "$1" | awk 'NF == 3 {print $3}' | LC_ALL=C sort); }
# shellcheck disable=SC2046 # the libraries are words
linked() { "${CC:-cc}" -Iinclude -o "$build/$1" tests/static/main.c "$2" "$3" $(cat "$libraries/native-libs"); }
clashes() { ! linked clash "$1" "$2" >"$build/clash.log" 2>&1 && grep -q 'multiple definition' "$build/clash.log"; }
runs() {
    # shellcheck disable=SC2016 # the inner shell has the variables
    tests/with_sandbox.sh bash -c '
        export SG_OPEN_TRACKING_BASE_URL=$SANDBOX_URL SSL_CERT_FILE=$SANDBOX_CA_FILE SENDGRID_API_KEY=$SANDBOX_KEY
        exec "$@"' - "$@"
}

check "the static library's globals are its functions and nothing else" exports_only_its_own "$shipped"
check "as cargo makes it, it clashes with another library in Rust" clashes "$cargos" "$neighbour"
check "and the other way round" clashes "$neighbour" "$cargos"
check "as it is shipped, it links before that library" linked before "$shipped" "$neighbour"
check "and both work" runs "$build/before"
check "it links after that library" linked after "$neighbour" "$shipped"
check "and both work" runs "$build/after"

sum_up
