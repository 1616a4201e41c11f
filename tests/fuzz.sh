#!/usr/bin/env bash
# Runs each fuzz target, or those named, for FUZZ_SECONDS (60), from the committed seeds and what
# earlier runs found. What breaks one is left in fuzz/artifacts/.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh

cargo_tool cargo-fuzz
[[ $# -gt 0 ]] || set -- reply arguments waits urls

# The sanitizer needs what only a nightly compiler has, or one that is told so.
export RUSTC_BOOTSTRAP=1
passed=0 failed=0
for target; do
    mkdir -p "fuzz/corpus/$target"
    options=("-max_total_time=${FUZZ_SECONDS:-60}" -max_len=4096 -timeout=10 -rss_limit_mb=1024 -verbosity=0 -print_final_stats=1)
    [[ ! -e fuzz/$target.dict ]] || options+=("-dict=fuzz/$target.dict")
    if output=$(cargo fuzz run "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- "${options[@]}" 2>&1); then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' <<<"$output")
        echo "ok      $target: $runs inputs in ${FUZZ_SECONDS:-60} s"
        passed=$((passed + 1))
    else
        printf '%s\nnot ok  %s\n' "$output" "$target"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
