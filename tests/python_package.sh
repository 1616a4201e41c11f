#!/usr/bin/env bash
# The Python binding as a package: lint, types, wheel, tests.
#
#     tests/python_package.sh [VENV]
#
# VENV (build/venv) is made when it is not there or pyproject.toml has changed, by $PYTHON (python3).
# SG_OPEN_TRACKING_LIBRARY and SG_OPEN_TRACKING_SANDBOX name the shared library and the sandbox.
set -euo pipefail
cd "$(dirname "$0")/.."

absolute() { printf '%s/%s\n' "$(cd "$(dirname "$1")" && pwd)" "$(basename "$1")"; }

package=bindings/python
venv=${1:-build/venv}
library=${SG_OPEN_TRACKING_LIBRARY:-target/release/libsg_open_tracking.so}
sandbox=${SG_OPEN_TRACKING_SANDBOX:-target/release/sg-open-tracking-sandbox}
for needed in "$library" "$sandbox"; do
    [[ -e $needed ]] || { echo "python_package: $needed is missing: run make first" >&2; exit 1; }
done
SG_OPEN_TRACKING_LIBRARY=$(absolute "$library")
SG_OPEN_TRACKING_SANDBOX=$(absolute "$sandbox")
export SG_OPEN_TRACKING_LIBRARY SG_OPEN_TRACKING_SANDBOX PYTHONDONTWRITEBYTECODE=1

made_of="$(cksum <"$package/pyproject.toml") $("${PYTHON:-python3}" --version) $PWD"
if [[ $(cat "$venv/made-of" 2>/dev/null) != "$made_of" ]]; then
    rm -rf "$venv"
    "${PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable "${package}[dev]"
    printf '%s\n' "$made_of" >"$venv/made-of"
fi
venv=$(absolute "$venv")
cd "$package"
"$venv/bin/ruff" check --no-cache
"$venv/bin/ruff" format --no-cache --check
"$venv/bin/mypy" --cache-dir "$venv/mypy" --strict

wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT
"$venv/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir "$wheels" .
"$venv/bin/python" - "$wheels"/*.whl <<'END'
import pathlib
import sys
import zipfile

held = {name for name in zipfile.ZipFile(sys.argv[1]).namelist() if ".dist-info/" not in name}
wanted = {str(path.relative_to("src")) for path in pathlib.Path("src").rglob("*") if path.suffix in (".py", ".typed")}
sys.exit(f"the wheel holds {held}, not {wanted}" if held != wanted else 0)
END

"$venv/bin/python" -m pytest -q
