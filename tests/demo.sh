#!/usr/bin/env bash
# A tour for newcomers: the C and the Python program against a local stand-in for SendGrid.
#
# Takes SG_OPEN_TRACKING_LIBRARY (the shared library), SG_OPEN_TRACKING_SANDBOX (the stand-in)
# and BUILD (where the C program is put) from the environment. Needs a C compiler and Python 3.
# It ends with 0 only if every step came out as it should, so it serves as a test as well.
set -euo pipefail
cd "$(dirname "$0")/.."

library=${SG_OPEN_TRACKING_LIBRARY:-target/release/libsg_open_tracking.so}
sandbox=${SG_OPEN_TRACKING_SANDBOX:-target/release/sg-open-tracking-sandbox}
build=${BUILD:-build/demo}

for needed in "$library" "$sandbox"; do
    [[ -e $needed ]] || { echo "demo: $needed is missing: run make first" >&2; exit 1; }
done
# Once more, beside a sandbox, which the environment then tells of.
[[ ${SANDBOX_URL:-} ]] || SG_OPEN_TRACKING_SANDBOX=$sandbox exec tests/with_sandbox.sh "$PWD/tests/demo.sh"

libraries=$(cd "$(dirname "$library")" && pwd)
library=$libraries/$(basename "$library")

if [[ -t 1 ]]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi
wrong=0

# step HEADING EXIT-CODE COMMAND: says what it is about, shows the command, runs it.
step() {
    local code=0
    printf '\n%s%s%s\n$ %s\n' "$bold" "$1" "$plain" "$3"
    bash -c "$3" 2>&1 || code=$?
    printf '(exit code %d)\n' "$code"
    if [[ $code != "$2" ]]; then
        printf 'demo: that should have been %d\n' "$2"
        wrong=$((wrong + 1))
    fi
}

mkdir -p "$build"
c=$(printf %q "$build/update")
at=$(printf %q "$libraries")
step "Build the C program" 0 "${CC:-cc} -Iinclude -o $c bindings/c/update.c -L$at -lsg_open_tracking -Wl,-rpath,$at"
[[ $wrong == 0 ]] || exit 1

export SG_OPEN_TRACKING_BASE_URL=$SANDBOX_URL SSL_CERT_FILE=$SANDBOX_CA_FILE SENDGRID_API_KEY=$SANDBOX_KEY
export SG_OPEN_TRACKING_LIBRARY=$library PYTHONPATH=bindings/python/src PYTHONDONTWRITEBYTECODE=1 NO_PROXY='*'
cat <<END

${bold}A stand-in for SendGrid is up; nothing here reaches the real one.${plain}
The programs are pointed at it by their environment. With your own key, leave out the second and the third:
  SENDGRID_API_KEY=$SENDGRID_API_KEY
  SG_OPEN_TRACKING_BASE_URL=$SG_OPEN_TRACKING_BASE_URL
  SSL_CERT_FILE=$SSL_CERT_FILE
  SG_OPEN_TRACKING_LIBRARY=$SG_OPEN_TRACKING_LIBRARY
  PYTHONPATH=$PYTHONPATH
END

python="${PYTHON:-python3} bindings/python/examples/update.py"
eu="SG_OPEN_TRACKING_BASE_URL=$SANDBOX_EU_URL SENDGRID_API_KEY=$SANDBOX_EU_KEY"

step "C: switch open tracking off" 0 "$c off"
step "Python: read it back" 0 "$python show"
step "Python: switch it off for one subuser, with the parent account's key" 0 "$python off subuser-00001"
step "C: and on again for that subuser" 0 "$c on subuser-00001"
step "Python: the account itself is still off" 0 "$python show"
step "C: an account in the EU, which has its own host and keys" 0 "$eu $c --eu off"
step "Python: read that one back" 0 "$eu $python --eu show"
step "C: an EU key on the global host, a common mistake" 1 "SENDGRID_API_KEY=$SANDBOX_EU_KEY $c off"
step "Python: a wrong key" 1 "SENDGRID_API_KEY=SG.wrong $python off"
step "C: a key that may only read" 1 "SENDGRID_API_KEY=$SANDBOX_READ_KEY $c off"
step "C: no such subuser" 1 "$c off nobody"

if [[ $wrong != 0 ]]; then
    printf '\ndemo: %d steps did not come out as they should\n' "$wrong" >&2
    exit 1
fi
printf '\n%sThat is all.%s To go on: bindings/c/update.c and bindings/python/examples/update.py.\n' "$bold" "$plain"
