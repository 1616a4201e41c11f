#!/usr/bin/env bash
# What the shared library shows to the linker: its SONAME, and the header's functions and no other
# symbol; and that the committed header is what cbindgen writes.
set -euo pipefail
cd "$(dirname "$0")/.."

library=${LIBRARY:-target/release/libsg_open_tracking.so}
passed=0 failed=0

# same NAME EXPECTED ACTUAL: two texts, and how they differ.
same() {
    if [[ $2 == "$3" ]]; then
        echo "ok      $1"
        passed=$((passed + 1))
    else
        diff <(echo "$2") <(echo "$3") || true
        echo "not ok  $1"
        failed=$((failed + 1))
    fi
}

exports=$(cat tests/abi/exports.txt)
same "the library exports its functions and nothing else" "$exports" \
    "$(nm -D --defined-only "$library" | awk '{print $3}' | LC_ALL=C sort)"
same "the header declares the same functions" "$exports" \
    "$(grep -oE '\bsg_[a-z_]+\(' <(sed -E 's@^ ?\*.*|^ */\*.*@@' include/sg_open_tracking.h) | tr -d '(' | LC_ALL=C sort -u)"
same "the library has its SONAME" "libsg_open_tracking.so.1" \
    "$(readelf -d "$library" | sed -n 's/.*SONAME.*\[\(.*\)\].*/\1/p')"

# Every build writes it anew where it differs.
same "the committed header is what cbindgen writes (commit the new one)" "" "$(git diff -- include)"

echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
