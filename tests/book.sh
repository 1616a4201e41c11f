#!/usr/bin/env bash
# The book of `make book`, in a browser.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh

need npm /usr/bin/chromium:chromium || exit 0
browser=build/book-browser
[[ -d $browser/node_modules/playwright-core ]] ||
    npm install --silent --no-audit --no-fund --prefix "$browser" playwright-core@1.65.1 >/dev/null
node tests/book.mjs build/book/html "$browser/node_modules/playwright-core"
