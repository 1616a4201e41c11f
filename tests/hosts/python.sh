# shellcheck shell=bash
# shellcheck disable=SC2154 # of suite.sh
# Sourced by the hosts of Python, after tests/suite.sh: the binding as its users have it, a package with
# the library inside, in a virtual environment.
python=${PYTHON:-python3}
need "$python:python3,python3-venv" || skip
export PYTHONDONTWRITEBYTECODE=1
venv=$build/venv

# packages PACKAGE...: these and the binding, into $venv
packages() {
    local made_of pip=("$venv/bin/python" -m pip --quiet --disable-pip-version-check)
    made_of="$* $("$python" --version) $top"
    if [[ $(cat "$venv/made-of" 2>/dev/null) != "$made_of" ]]; then
        rm -rf "$venv"
        get "$python" -m venv "$venv"
        get "${pip[@]}" install hatchling "$@"
        printf '%s\n' "$made_of" >"$venv/made-of"
    fi
    [[ ! $install_only ]] || return 0
    rm -rf "$build/binding"
    mkdir "$build/binding"
    cp -r bindings/python/{README.md,hatch_build.py,pyproject.toml,src} "$build/binding"
    cp "$SG_OPEN_TRACKING_LIBRARY" "$build/binding/src/sg_open_tracking/libsg_open_tracking.so.1"
    "${pip[@]}" install --no-deps --no-build-isolation --force-reinstall "$build/binding"
}

# with_package PROGRAM...: Python's, with a sandbox, and the library in the package alone
with_package() {
    "$with_sandbox" env -u SG_OPEN_TRACKING_LIBRARY PYTHONPATH="$top/tests/hosts" PATH="$venv/bin:$PATH" \
        "$venv/bin/python" "$@"
}
