# shellcheck shell=bash
# Sourced by bindings/<language>/check and tests/hosts/<host>/check, which say what the language or
# host needs and what it is held to:
#
#     bindings/<language>/check [--install]
#
#     need THING[:PACKAGE]... || skip     commands, or absolute paths of files, and the Debian packages
#                                         that bring them (see tests/needs.sh)
#     get COMMAND...                      brings what the language's own registry has
#     check WHAT COMMAND...               runs the command and counts it; or the lines that it prints
#                                         in the form "NAME WHAT: N passed, N failed"
#     end                                 the last line
#
# A host also prints what it measured, which the matrix repeats:
#
#     HOST VERSION: requests=N failures=N p99=N.Nms memory=N..NKB     (at the start, at the end)
#
# What is missing is installed where that may be done (root on Debian or Ubuntu), else named, and the
# suite skipped; with CI set, that is a failure. --install installs what is needed, and ends there.
# Exit status: 0, 1 if a check failed, 77 if the suite was skipped.
#
# For the commands: the working directory is the top of the tree; $name is the language or host, $build
# a folder for what it builds, $with_sandbox a command that runs another with a sandbox of its own.
# SG_OPEN_TRACKING_LIBRARY and SG_OPEN_TRACKING_SANDBOX name the shared library and the sandbox.
set -uo pipefail
name=$(basename "$(cd "$(dirname "$0")" && pwd)")
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
top=$PWD
# shellcheck source=tests/needs.sh
source tests/needs.sh
install_only=
[[ ${1-} != --install ]] || install_only=yes

export SG_OPEN_TRACKING_LIBRARY=${SG_OPEN_TRACKING_LIBRARY:-$top/target/release/libsg_open_tracking.so}
export SG_OPEN_TRACKING_SANDBOX=${SG_OPEN_TRACKING_SANDBOX:-$top/target/debug/sg-open-tracking-sandbox}
for needed in "$SG_OPEN_TRACKING_LIBRARY" "$SG_OPEN_TRACKING_SANDBOX"; do
    [[ -e $needed || $install_only ]] || { echo "$name: $needed is missing: run make build first" >&2; exit 1; }
done
# shellcheck disable=SC2034 # for those who source this
with_sandbox=$top/tests/conformance/run.sh
build=$top/build/suites/$name
mkdir -p "$build"

COUNTED='([^ ]+) ([^:]+): ([0-9]+) passed, ([0-9]+) failed'
passed=0 failed=0

skip() {
    echo "$name: skipped: ${1:-what it needs is missing}"
    [[ -z ${CI:-} ]] || exit 1
    exit 77
}

get() {
    echo "$name: $*"
    "$@" >"$build/get.log" 2>&1 || { cat "$build/get.log"; skip "this failed: $*"; }
}

check() {
    local what=$1 log=$build/check.log line counted='' ok=yes
    shift
    [[ ! $install_only ]] || return 0
    printf '\n== %s: %s\n' "$name" "$what"
    "$@" 2>&1 | tee "$log" || ok=
    while read -r line; do
        if [[ $line =~ ^$COUNTED$ ]]; then
            counted=yes
            passed=$((passed + BASH_REMATCH[3])) failed=$((failed + BASH_REMATCH[4]))
            [[ ${BASH_REMATCH[4]} == 0 ]] || ok=counted
        fi
    done <"$log"
    if [[ ! $ok ]]; then
        failed=$((failed + 1))
        echo "$name $what: 0 passed, 1 failed"
    elif [[ ! $counted ]]; then
        passed=$((passed + 1))
        echo "$name $what: 1 passed, 0 failed"
    fi
}

end() {
    [[ $install_only ]] || echo "$passed passed, $failed failed"
    [[ $failed == 0 ]]
    exit
}

# The N-th block of a language in a README: snippet FILE LANGUAGE N
snippet() {
    awk -v fence="\`\`\`$2" -v wanted="$3" '
        $0 == fence { if (++number == wanted) inside = 1; next }
        /^```/ { inside = 0 }
        inside' "$1"
}

# Does a program say which library it needs, when it finds an older one? refuses_older COMMAND...
# That has sg_version() and nothing else, which must not be what is told.
refuses_older() {
    local older=$build/libsg_open_tracking-1.0.0.so needed output
    needed=$(sed -n '0,/^version = "\([0-9]*\.[0-9]*\).*"/s//\1/p' Cargo.toml)
    "${CC:-cc}" -shared -fPIC -o "$older" -x c - <<<'const char *sg_version(void) { return "1.0.0"; }' || return
    # A check that passes prints the message alone, not the traceback around it.
    ! output=$(SG_OPEN_TRACKING_LIBRARY=$older "$@" 2>&1) && grep -m 1 -F <<<"$output" \
        "$older is libsg_open_tracking 1.0.0, and this package needs $needed or a later ${needed%.*}.x: " && return
    echo "$output"
    return 1
}

# Does a command end well and print just this? prints TEXT COMMAND...
prints() {
    local printed
    printed=$("${@:2}") || return
    echo "$printed"
    [[ $printed == "$1" ]]
}
