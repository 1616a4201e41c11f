#!/usr/bin/env bash
# Writes what comes of the header and of the tool: man pages and completions.
#
#     packaging/pages.sh TOOL DIRECTORY    (into DIRECTORY/man and DIRECTORY/completions)
set -euo pipefail
cd "$(dirname "$0")/.."

tool=$1 directory=$2
mkdir -p "$directory"/man/man1 "$directory"/completions
"${PYTHON:-python3}" packaging/man_pages.py include/sg_open_tracking.h "$directory/man/man3"
"$tool" man >"$directory/man/man1/sg-open-tracking.1"
"$tool" completions bash >"$directory/completions/sg-open-tracking"
"$tool" completions zsh >"$directory/completions/_sg-open-tracking"
"$tool" completions fish >"$directory/completions/sg-open-tracking.fish"
