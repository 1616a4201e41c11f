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

if [[ ${1-} != --with-sandbox ]]; then
    export SG_OPEN_TRACKING_LIBRARY=${SG_OPEN_TRACKING_LIBRARY:-$top/target/release/libsg_open_tracking.so}
    export SG_OPEN_TRACKING_SANDBOX=${SG_OPEN_TRACKING_SANDBOX:-$top/target/debug/sg-open-tracking-sandbox}
    for needed in SG_OPEN_TRACKING_LIBRARY SG_OPEN_TRACKING_SANDBOX; do
        [[ -e ${!needed} ]] || { echo "run.sh: ${!needed} is missing: run make build first" >&2; exit 1; }
        declare "$needed=$(cd "$(dirname "${!needed}")" && pwd)/$(basename "${!needed}")" # absolute
    done
    exec "$top/tests/with_sandbox.sh" "$here/run.sh" --with-sandbox "$@"
fi
shift
export SG_OPEN_TRACKING_BASE_URL=$SANDBOX_URL SENDGRID_API_KEY=$SANDBOX_KEY SSL_CERT_FILE=$SANDBOX_CA_FILE
export CONFORMANCE_CASES=$here/cases.json CONFORMANCE_OTHER_CA_FILE=$here/other_ca.pem
export CONFORMANCE_HEADER=$top/include/sg_open_tracking.h
export NO_PROXY='*' no_proxy='*'
exec "$@"
