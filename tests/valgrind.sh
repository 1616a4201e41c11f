#!/usr/bin/env bash
# The C programs under valgrind's memcheck: every leak and every invalid access.
#
# Not the use of uninitialised values: valgrind does not follow the assembly of the cipher, and
# takes what it made for such. Left out is what measures time or memory, what takes all descriptors,
# of which valgrind needs some, what forks (in a child, what other threads hold looks leaked), and
# what looks through the memory, some of which is valgrind's.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh

need valgrind valgrind || exit 1
export SKIP="memory signals descriptors threads forks callbacks wiped"
export RUN="valgrind --quiet --error-exitcode=9 --leak-check=full --undef-value-errors=no"
BUILD=${BUILD:-build/valgrind} tests/callers.sh
