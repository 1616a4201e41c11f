#!/usr/bin/env bash
# Runs a command with a sandbox of its own, which the variables of its environment point at.
#
#     tests/conformance/run.sh COMMAND [ARGUMENT...]
#
# SG_OPEN_TRACKING_LIBRARY and SG_OPEN_TRACKING_SANDBOX name the shared library and the sandbox.
# What the command finds in its environment is told in README.md. Ends with the command's exit code.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)

absolute() { printf '%s/%s\n' "$(cd "$(dirname "$1")" && pwd)" "$(basename "$1")"; }

library=${SG_OPEN_TRACKING_LIBRARY:-$top/target/release/libsg_open_tracking.so}
sandbox=${SG_OPEN_TRACKING_SANDBOX:-$top/target/release/sg-open-tracking-sandbox}
for needed in "$library" "$sandbox"; do
    [[ -e $needed ]] || { echo "run.sh: $needed is missing: run make first" >&2; exit 1; }
done

pipes=$(mktemp -d)
sandbox_pid=
unset SANDBOX_URL
stop() {
    exec 3>&- # the end of its standard input ends the sandbox
    [[ -z $sandbox_pid ]] || wait "$sandbox_pid" || true
    rm -rf "$pipes"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkfifo "$pipes/in" "$pipes/out"
"$sandbox" --exit-with-stdin <"$pipes/in" >"$pipes/out" 2>"$pipes/err" &
sandbox_pid=$!
exec 3>"$pipes/in" 4<"$pipes/out"
while IFS= read -r line <&4 && [[ $line ]]; do
    eval "export $line" # the sandbox quotes its values for a shell
done
[[ ${SANDBOX_URL-} ]] || { cat "$pipes/err" >&2; echo "run.sh: the sandbox did not start" >&2; exit 1; }

SG_OPEN_TRACKING_LIBRARY=$(absolute "$library")
SG_OPEN_TRACKING_SANDBOX=$(absolute "$sandbox")
export SG_OPEN_TRACKING_LIBRARY SG_OPEN_TRACKING_SANDBOX
export SG_OPEN_TRACKING_BASE_URL=$SANDBOX_URL SENDGRID_API_KEY=$SANDBOX_KEY SSL_CERT_FILE=$SANDBOX_CA_FILE
export CONFORMANCE_CASES=$here/cases.json CONFORMANCE_OTHER_CA_FILE=$here/other_ca.pem
export CONFORMANCE_HEADER=$top/include/sg_open_tracking.h
export NO_PROXY='*' no_proxy='*'
"$@" 3>&- 4<&-
