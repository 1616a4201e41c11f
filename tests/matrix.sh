#!/usr/bin/env bash
# Runs the checks of each language or host, with a matrix at the end.
#
#     tests/matrix.sh FOLDER [--install] [NAME...]
#
# A NAME is a folder in FOLDER that has a `check`; without one, all are run. tests/suite.sh says what
# a check may do. --install installs what they need, and ends there.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
folder=${1:?which folder}
shift
install=()
[[ ${1-} != --install ]] || { install=(--install); shift; }
names=("$@")
[[ ${names[*]} ]] || mapfile -t names < <(cd "$folder" && printf '%s\n' */check | xargs -n 1 dirname)

rows=()     # of the matrix: name|what|passed|failed
measured=() # what hosts tell of themselves
skipped=()  # names
passed=0 failed=0

mkdir -p build/suites
for name in "${names[@]}"; do
    if [[ ! -x $folder/$name/check ]]; then
        echo "matrix.sh: there is no $folder/$name/check" >&2
        exit 2
    fi
    log=build/suites/$name.log
    "$folder/$name/check" "${install[@]}" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]} counted=0
    [[ $status != 77 ]] || { skipped+=("$name"); continue; }
    while read -r line; do
        if [[ $line =~ ^([^ ]+)\ ([^:]+):\ ([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
            rows+=("$(IFS='|'; echo "${BASH_REMATCH[*]:1:4}")")
            passed=$((passed + BASH_REMATCH[3])) failed=$((failed + BASH_REMATCH[4]))
            counted=$((counted + BASH_REMATCH[4]))
        elif [[ $line == *': requests='* ]]; then
            measured+=("$line")
        fi
    done <"$log"
    if [[ $status != 0 && $counted == 0 ]]; then
        rows+=("$name|ended with $status|0|1")
        failed=$((failed + 1))
    fi
done

if [[ ! ${install[*]-} ]]; then
    printf '\n%-20s %-52s %8s %8s\n' name what passed failed
    for row in "${rows[@]}"; do
        IFS='|' read -r name what good bad <<<"$row"
        printf '%-20s %-52s %8d %8d\n' "$name" "$what" "$good" "$bad"
    done
    [[ ${#measured[@]} == 0 ]] || printf '\n%s\n' "${measured[@]}"
    printf '%d passed, %d failed\n' "$passed" "$failed"
fi
[[ ${#skipped[@]} == 0 ]] || echo "skipped: ${skipped[*]}"
[[ $failed == 0 ]]
