# shellcheck shell=bash
# Sourced by the scripts of packaging/ and their tests, at the top of the checkout: the tools, pinned,
# in build/tools (or TOOLS); the version; and the one date that everything packed bears.

# shellcheck source=tests/needs.sh
source tests/needs.sh

# shellcheck disable=SC2034 # for who sources this
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
umask 022

tools() {
    need "${PYTHON:-python3}:python3-venv" || exit 1
    local made_of tools=${TOOLS:-$PWD/build/tools}
    made_of="$(cksum <packaging/requirements.txt) $("${PYTHON:-python3}" --version)"
    if [[ $(cat "$tools/made-of" 2>/dev/null) != "$made_of" ]]; then
        rm -rf "$tools"
        "${PYTHON:-python3}" -m venv "$tools"
        "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --requirement packaging/requirements.txt
        printf '%s\n' "$made_of" >"$tools/made-of"
    fi
    PATH=$tools/bin:$PATH
}

# zig: the tools, and cargo-zigbuild finds its linker, whatever else is first in PATH.
zig() {
    tools
    CARGO_ZIGBUILD_ZIG_PATH=$(python -c 'import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), "zig"))')
    export CARGO_ZIGBUILD_ZIG_PATH
}
