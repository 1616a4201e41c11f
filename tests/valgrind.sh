#!/usr/bin/env bash
# The C programs under valgrind's memcheck: every leak, every invalid access and every use of what was
# never written, but for the cipher's, which packaging/valgrind.supp knows.
#
# Left out is what measures memory, what takes all descriptors, of which valgrind needs some, and what
# looks through the memory, where valgrind has a copy of the environment. What forks is not searched
# for leaks: in a child, what the parent's other threads held looks leaked.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh

need valgrind || exit 1
# All is twenty times slower.
export FEWER=10 SG_FAULTS_SLACK_MS=2000 BUILD=${BUILD:-build/valgrind}
memcheck="valgrind --quiet --error-exitcode=9 --suppressions=packaging/valgrind.supp"
failed=0
RUN="$memcheck --leak-check=full" SKIP="memory descriptors wiped forks callbacks" tests/callers.sh || failed=1
RUN="$memcheck --leak-check=no" SOURCES="tests/c/callers/forks.c tests/c/callers/callbacks.c" tests/callers.sh || failed=1
exit "$failed"
