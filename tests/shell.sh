#!/usr/bin/env bash
# Lints every shell script.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh

need shellcheck shellcheck || exit 0
mapfile -t scripts < <(git ls-files '*.sh' .ci/run benches/run benches/counters benches/profile)
shellcheck --external-sources "${scripts[@]}"
