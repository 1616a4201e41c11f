# shellcheck shell=bash
# Sourced by the test scripts: what a suite needs, and how to come by it.

# need COMMAND PACKAGE: whether COMMAND is there, or could be installed from the distribution's
# PACKAGE, which is said. Elsewhere the missing package is named and the suite is to be skipped;
# under CI nothing may be skipped, so there it ends the run.
need() {
    command -v "$1" >/dev/null && return
    if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
        echo "installing $2, for $1"
        apt_install "$2" && command -v "$1" >/dev/null && return
    fi
    echo "missing: $1 (on Debian or Ubuntu: apt-get install $2)" >&2
    [[ -z ${CI:-} ]] || exit 1
    return 1
}

# apt_install PACKAGE...: as root on Debian or Ubuntu.
apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 ||
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }
}

# cargo_tool NAME: has `cargo NAME` run. What is not installed is taken, ready to run, from what
# tests/cargo_tools.txt names, into build/cargo-tools; or else built.
cargo_tool() {
    local tools=$PWD/build/cargo-tools
    PATH=$PATH:$tools/bin
    command -v "cargo-$1" >/dev/null && return
    echo "fetching cargo-$1"
    { python3 -m venv "$tools" && "$tools/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
        --requirement tests/cargo_tools.txt; } >/dev/null || cargo install --locked --quiet "cargo-$1"
}
