#!/usr/bin/env bash
# Licences, bans and sources of all that is depended on, by deny.toml.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh

cargo_tool cargo-deny
passed=0 failed=0
for what in licenses bans sources; do
    if output=$(cargo deny --locked --workspace check --hide-inclusion-graph "$what" 2>&1); then
        echo "ok      $what"
        passed=$((passed + 1))
    else
        printf '%s\nnot ok  %s\n' "$output" "$what"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
