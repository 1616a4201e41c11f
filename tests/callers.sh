#!/usr/bin/env bash
# Programs that use the library wrongly, hard or unluckily: each of tests/c/callers/ against a
# sandbox of its own.
#
# BUILD is where they are put; LIBRARIES is the directory of the shared library. For other tools,
# SOURCES are the programs, SKIP names some to leave out, FLAGS and LINK are more options of the
# compiler and of the linker, and RUN is a command to run each by, such as valgrind.
set -euo pipefail
cd "$(dirname "$0")/.."

build=${BUILD:-build/callers}
libraries=$(cd "${LIBRARIES:-target/release}" && pwd)
export SG_OPEN_TRACKING_LIBRARY=${SG_OPEN_TRACKING_LIBRARY:-$libraries/libsg_open_tracking.so}
strict=(-std=c11 -Iinclude -Itests/c -O1 -g -Wall -Wextra -Wpedantic -Werror -Wshadow)
mkdir -p "$build"

passed=0 failed=0
for source in ${SOURCES:-tests/c/callers/*.c}; do
    name=$(basename "$source" .c)
    [[ " ${SKIP:-} " != *" $name "* ]] || continue
    # shellcheck disable=SC2086 # compiler, options and the command to run by are words
    if output=$(${CC:-cc} "${strict[@]}" ${FLAGS:-} -c -o "$build/$name.o" "$source" 2>&1 &&
        ${CC:-cc} -o "$build/$name" "$build/$name.o" "-L$libraries" -lsg_open_tracking "-Wl,-rpath,$libraries" \
            ${LINK:-} -lpthread -ldl 2>&1 &&
        tests/with_sandbox.sh ${RUN:-} "$build/$name" 2>&1); then
        echo "ok      $name: ${output##*$'\n'}"
        passed=$((passed + 1))
    else
        printf '%s\nnot ok  %s\n' "$output" "$name"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
