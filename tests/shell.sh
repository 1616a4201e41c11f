#!/usr/bin/env bash
# Lints every shell script.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh

need shellcheck || exit 0
mapfile -t scripts < <(git ls-files '*.sh' '*/check' tests/managers/{arch,conan,deb,nix,nuget,rpm} .ci/run benches/run benches/counters benches/profile)
# SC2317: it takes functions that are handed to `check` for dead code.
shellcheck --external-sources --exclude=SC2317 "${scripts[@]}"
