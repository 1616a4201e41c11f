# shellcheck shell=bash
# Sourced by the test scripts: checks, each a line of the output, and their sum.

passed=0 failed=0

# count PASSED FAILED: adds to the sums.
count() { passed=$((passed + $1)) failed=$((failed + $2)); }

# check NAME COMMAND...: runs it, and shows what it printed only if it failed.
check() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "ok      $name"
        count 1 0
    else
        printf '%s\nnot ok  %s\n' "$output" "$name"
        count 0 1
    fi
}

# same NAME EXPECTED ACTUAL: two texts, and how they differ.
same() { check "$1" diff <(echo "$2") <(echo "$3"); }

# sum_up: the last line. Fails if a check did.
sum_up() {
    echo "$passed passed, $failed failed"
    [[ $failed == 0 ]]
}
