#!/usr/bin/env bash
# The release in build/dist, built once more: from a clone in another directory, with another
# CARGO_HOME and nothing built before. Every file must be the same, bit for bit.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/checks.sh
source tests/checks.sh

if [[ $(git status --porcelain) ]]; then
    git status --short
    echo "repeats.sh: commit that first: a clone has only what is committed" >&2
    exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clone=$work/quite/another/directory
git clone --quiet --shared . "$clone"
mkdir "$work/cargo"
ln -s "${CARGO_HOME:-$HOME/.cargo}/registry" "$work/cargo/registry" # the crates are not fetched again

export TOOLS=${TOOLS:-$PWD/build/tools}
build() {
    cd "$clone"
    export CARGO_HOME=$work/cargo CARGO_NET_OFFLINE=true
    unset CARGO_TARGET_DIR
    packaging/portable.sh && packaging/packages.sh
}
(build) >"$work/log" 2>&1 || { cat "$work/log"; echo "not ok  it builds in another directory"; echo "0 passed, 1 failed"; exit 1; }

while IFS= read -r file; do
    check "the same again: $file" cmp "build/dist/$file" "$clone/build/dist/$file"
done < <({ cd build/dist && find . -type f -printf '%P\n'; cd "$clone/build/dist" && find . -type f -printf '%P\n'; } | LC_ALL=C sort -u)
sum_up
