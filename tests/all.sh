#!/usr/bin/env bash
# Every suite, one after another, and a table at the end. A failure does not keep the next from
# running. `tests/all.sh SUITE ...` runs some.
#
# What a suite prints is kept in build/logs/SUITE.log. REPORT, if set, names a file to which the table
# and what was wrong are added, for who has other output to come.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh

need cargo:rustup cc:gcc make python3 tinyproxy promtool:prometheus time || exit 1
[[ $# -gt 0 ]] || set -- toolchains lint test-rust test-abi test-c test-static test-callers test-docs valgrind counters test-languages

# what_failed LOG: the lines of it that tell a failure, with those before, as far as they fit a screen.
what_failed() {
    grep -nE -B 2 -A 3 '^not ok|FAIL|panicked at|Failure:|rror:|[1-9][0-9]* failed|^make: \*\*\*' "$1" | cut -c 1-200 | tail -n 50 ||
        tail -n 20 "$1"
}

logs=build/logs passed=0 failed=0 table='' wrong=''
mkdir -p "$logs"
for suite; do
    printf '\n==> make %s\n' "$suite"
    started=$SECONDS
    if make --no-print-directory "$suite" 2>&1 | tee "$logs/$suite.log"; then
        passed=$((passed + 1)) result=passed
    else
        failed=$((failed + 1)) result=FAILED
        wrong+=$(printf '\n==> make %s, of %s\n' "$suite" "$logs/$suite.log" && what_failed "$logs/$suite.log")$'\n'
    fi
    table+=$(printf '  %-14s %s  %4d s' "$suite" "$result" $((SECONDS - started)))$'\n'
done

printf '%s\n%s\n%s passed, %s failed\n' "$wrong" "$table" "$passed" "$failed" | tee -a "${REPORT:-/dev/null}"
[[ $failed == 0 ]]
