#!/usr/bin/env bash
# A program with rights that its caller has not heeds no environment, which the caller chose: one that
# is set-user-ID, set-group-ID, or has file capabilities. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh
# shellcheck source=tests/checks.sh
source tests/checks.sh
need cc:gcc setcap:libcap2-bin setpriv:util-linux || exit 1
[[ $EUID == 0 ]] || { echo "elevated: needs root" >&2; [[ ! ${CI:-} ]]; exit; }

build=${BUILD:-build/elevated}
libraries=${LIBRARIES:-target/release}
# Where others may run it, and set-user-ID counts.
place=$(mktemp -d /var/tmp/elevated-XXXXXX)
trap 'rm -rf "$place"' EXIT
chmod 755 "$place"
mkdir -p "$build"
"${CC:-cc}" -std=c11 -Wall -Wextra -Werror -Iinclude -o "$place/plain" tests/elevated/program.c \
    "$libraries/libsg_open_tracking.a" -lpthread -ldl -lm

# as MODE OWNER CAPABILITY: a copy with these.
as() {
    cp "$place/plain" "$place/$1"
    chown "$2" "$place/$1"
    chmod "$3" "$place/$1"
    [[ ! ${4-} ]] || setcap "$4" "$place/$1"
}
as user nobody:nogroup 4755
as group root:nogroup 2755
as root root:root 4755
as capable root:root 755 cap_net_raw+ep

# says EXPECTED COMMAND...
says() { [[ $(SG_OPEN_TRACKING_BASE_URL=nonsense "${@:2}" 2>&1) == "$1" ]]; }
other=(setpriv --reuid=65534 --regid=65534 --clear-groups)

check "a plain program heeds it, or nothing here could fail" says heeded "$place/plain"
check "so it does for another user" says heeded "${other[@]}" "$place/plain"
check "set-user-ID, with ids made equal" says ignored "$place/user"
check "set-group-ID" says ignored "$place/group"
check "set-user-ID root, become root" says ignored "${other[@]}" "$place/root"
check "file capabilities" says ignored "${other[@]}" "$place/capable"
sum_up
