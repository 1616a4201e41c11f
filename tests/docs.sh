#!/usr/bin/env bash
# The documents: their snippets run beside a sandbox, their links lead somewhere, and the references
# of C and Rust are built without a warning, and the book without a dead link.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh
# shellcheck source=tests/checks.sh
source tests/checks.sh

export SG_OPEN_TRACKING_LIBRARY=${SG_OPEN_TRACKING_LIBRARY:-$PWD/target/release/libsg_open_tracking.so}
checker=build/docs/links
mkdir -p "$checker"

# links DOCUMENT...: every relative link and anchor leads to a file or a heading.
links() {
    "$checker/node_modules/.bin/remark" --no-config --quiet --frail \
        --use "./$checker/node_modules/remark-gfm/index.js" \
        --use "./$checker/node_modules/remark-validate-links/index.js=repository:false" "$@"
}

# What is outside can't be reached from here; it should at least be https.
outside() { ! grep -nE '\]\(http:' "$@"; }

mapfile -t documents < <(git ls-files '*.md')
${CARGO:-cargo} build --locked --quiet --package sg-open-tracking
snippets=$(PATH=$PWD/target/debug:$PATH "${PYTHON:-python3}" tests/docs.py README.md CONTRIBUTING.md docs/*.md) || true
sed '$d' <<<"$snippets"
read -r good _ bad _ <<<"$(tail -1 <<<"$snippets")"
count "$good" "$bad"
# shellcheck disable=SC2016 # the inner shell has the variables
check "the C snippet without a key" bash -c '
    awk "/^\`\`\`c\$/ {inside = 1; next} /^\`\`\`/ {if (inside) exit} inside" README.md >build/docs/off.c
    ${CC:-cc} -Iinclude -o build/docs/off build/docs/off.c "$SG_OPEN_TRACKING_LIBRARY" "-Wl,-rpath,${SG_OPEN_TRACKING_LIBRARY%/*}"
    env -u SENDGRID_API_KEY build/docs/off 2>&1 | grep -qx "SENDGRID_API_KEY is not set, or no key"'

if need npm npm; then
    [[ -d $checker/node_modules/remark-validate-links ]] || npm install --silent --no-audit --no-fund --prefix "$checker" \
        remark-cli@12.0.1 remark-gfm@4.0.1 remark-validate-links@13.1.0 >/dev/null
    check "links and anchors of ${#documents[@]} documents" links "${documents[@]}"
    printf '[gone](gone.md) [nowhere](README.md#nowhere)\n' >build/docs/broken.md
    check "a broken link and a broken anchor are seen" bash -c "$(declare -f links); checker=$checker
        ! found=\$(links README.md build/docs/broken.md 2>&1) && grep -q gone.md <<<\"\$found\" && grep -q nowhere <<<\"\$found\""
fi
# shellcheck disable=SC2046 # no name has a space
same "the book has every document, and a page for each binding" \
    "$(git ls-files '*.md' | cat - <(printf '%sREADME.md\n' bindings/*/) | grep -v '^docs/SUMMARY.md$' | sort -u)" \
    "$(realpath -m --relative-to=. $(grep -oP '\]\(\K[^)]+' docs/SUMMARY.md | sed 's|^|docs/|') | sort)"
check "links to the outside are https" outside "${documents[@]}"

if need doxygen doxygen; then
    check "the references of C and Rust, without a warning" make --no-print-directory docs
    check "the book, without a dead link" make --no-print-directory book
fi

sum_up
