#!/usr/bin/env bash
# Every suite, one after another, and a table at the end. A failure does not keep the next from
# running. `tests/all.sh SUITE ...` runs some.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh

need cargo:rustup cc:gcc make python3 tinyproxy promtool:prometheus || exit 1
[[ $# -gt 0 ]] || set -- toolchains lint test-rust test-abi test-c test-static test-callers test-docs valgrind counters test-languages

passed=0 failed=0 table=
for suite; do
    printf '\n==> make %s\n' "$suite"
    started=$SECONDS
    if make --no-print-directory "$suite"; then
        passed=$((passed + 1)) result=passed
    else
        failed=$((failed + 1)) result=FAILED
    fi
    table+=$(printf '  %-14s %s  %4d s' "$suite" "$result" $((SECONDS - started)))$'\n'
done

printf '\n%s\n%s passed, %s failed\n' "$table" "$passed" "$failed"
[[ $failed == 0 ]]
