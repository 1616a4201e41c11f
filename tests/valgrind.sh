#!/usr/bin/env bash
# The C programs under valgrind's memcheck: every leak and every invalid access.
#
# Not the use of uninitialised values: valgrind does not follow the assembly of the cipher, and
# takes what it made for such. Left out is what measures memory, what takes all descriptors, of which
# valgrind needs some, and what looks through the memory, where valgrind has a copy of the
# environment. What forks is not searched for leaks: in a child, what the parent's other threads
# held looks leaked.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh

need valgrind || exit 1
# All is twenty times slower.
export FEWER=10 SG_FAULTS_SLACK_MS=2000 BUILD=${BUILD:-build/valgrind}
memcheck="valgrind --quiet --error-exitcode=9 --undef-value-errors=no"
failed=0
RUN="$memcheck --leak-check=full" SKIP="memory descriptors wiped forks callbacks" tests/callers.sh || failed=1
RUN="$memcheck --leak-check=no" SOURCES="tests/c/callers/forks.c tests/c/callers/callbacks.c" tests/callers.sh || failed=1
exit "$failed"
