#!/usr/bin/env bash
# Runs a command beside a sandbox of its own:  tests/with_sandbox.sh COMMAND [ARGUMENT ...]
#
# The command finds the sandbox by SANDBOX_URL, SANDBOX_CA_FILE, SANDBOX_KEY and the like, as the
# sandbox prints them. SG_OPEN_TRACKING_SANDBOX names the program; SANDBOX_OPTIONS are its options.
set -euo pipefail

program=${SG_OPEN_TRACKING_SANDBOX:-target/debug/sg-open-tracking-sandbox}
[[ -x $program ]] || { echo "with_sandbox: $program is missing: run make build first" >&2; exit 1; }

# It ends when its standard input does, which this script holds open; so nothing is left behind
# however this ends.
# shellcheck disable=SC2086 # the options are words
coproc sandbox { exec "$program" --exit-with-stdin ${SANDBOX_OPTIONS:-} 2>/dev/null; }
# bash forgets both once the sandbox has ended.
# shellcheck disable=SC2154 # bash sets it
input=${sandbox[1]} process=$sandbox_PID
# Its lines end with an empty one, once it listens.
while IFS= read -r line <&"${sandbox[0]}" && [[ $line ]]; do
    eval "export $line" # quoted for a shell where it has to be
done
[[ ${SANDBOX_URL:-} ]] || { echo "with_sandbox: the sandbox did not start" >&2; exit 1; }

code=0
"$@" || code=$?
exec {input}>&-
wait "$process" 2>/dev/null || true
exit "$code"
