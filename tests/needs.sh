# shellcheck shell=bash
# Sourced by the test scripts: what a suite needs, and how to come by it.

# need THING[:PACKAGE[,PACKAGE]]...: whether each THING, a command or the absolute path of a file,
# is there, or could be installed from the distribution's PACKAGE (of the same name, where none is
# given), which is said. Elsewhere what is missing is named and the suite is to be skipped; under CI
# nothing may be skipped, so there it ends the run.
need() {
    local needed packages missing=
    for needed; do
        is_there "${needed%%:*}" && continue
        IFS=, read -ra packages <<<"${needed#*:}"
        if [[ $EUID == 0 ]] && is_there apt-get; then
            echo "installing ${packages[*]}, for ${needed%%:*}"
            apt_install "${packages[@]}"
        fi
        is_there "${needed%%:*}" && continue
        echo "missing: ${needed%%:*} (on Debian or Ubuntu: apt-get install ${packages[*]})" >&2
        missing=yes
    done
    [[ $missing ]] || return 0
    [[ -z ${CI:-} ]] || exit 1
    return 1
}

is_there() { [[ $1 == /* && -e $1 ]] || type -P "$1" >/dev/null; } # -P: a function may have the name of a command

# apt_install PACKAGE...: as root on Debian or Ubuntu.
apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 ||
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }
}

# cargo_tool PROGRAM: has PROGRAM, such as cargo-deny, on the PATH. What is not installed is taken, ready to run, from what
# tests/cargo_tools.txt names, into build/cargo-tools; or else built.
cargo_tool() {
    local tools=$PWD/build/cargo-tools
    PATH=$PATH:$tools/bin
    command -v "$1" >/dev/null && return
    echo "fetching $1"
    { python3 -m venv "$tools" && "$tools/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
        --requirement tests/cargo_tools.txt; } >/dev/null || cargo install --locked --quiet "$1"
}
