#!/usr/bin/env bash
# The README's snippets, as they stand: built by its own command line and run against a sandbox.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# snippet LANGUAGE: the README's first block in it.
snippet() {
    awk -v fence="\`\`\`$1" '$0 == fence {inside = 1; next} /^```/ && inside {exit} inside' README.md
}

# check NAME EXPECTED COMMAND...: runs it; its output must have the line EXPECTED.
check() {
    local name=$1 expected=$2 output
    shift 2
    output=$("$@" 2>&1) || true
    if grep -qxF "$expected" <<<"$output"; then
        echo "ok      $name"
        passed=$((passed + 1))
    else
        printf '%s\nnot ok  %s\n' "$output" "$name"
        failed=$((failed + 1))
    fi
}

# in_sandbox COMMAND...: with the environment that points a program at the sandbox.
in_sandbox() {
    # shellcheck disable=SC2016 # the inner shell has the variables
    tests/with_sandbox.sh bash -c '
        export SG_OPEN_TRACKING_BASE_URL=$SANDBOX_URL SSL_CERT_FILE=$SANDBOX_CA_FILE SENDGRID_API_KEY=$SANDBOX_KEY
        "$@"' - "$@"
}

snippet c >"$work/off.c"
snippet python >"$work/off.py"
build=$(grep -m1 '^cc -Iinclude -o off off.c ' README.md)
check "the C snippet builds" "built" bash -c "${build/-o off off.c/-o $work/off $work/off.c} -Wall -Wextra -Werror && echo built"
check "the C snippet runs" "open tracking is off" in_sandbox "$work/off"
check "the C snippet without a key" "SENDGRID_API_KEY is not set, or no key" env -u SENDGRID_API_KEY "$work/off"
check "the Python snippet runs" "open tracking is off" \
    in_sandbox env PYTHONPATH=bindings/python/src PYTHONDONTWRITEBYTECODE=1 "${PYTHON:-python3}" "$work/off.py"

echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
