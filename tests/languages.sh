#!/usr/bin/env bash
# Every language's own checks and the conformance table, with a matrix at the end.
#
#     tests/languages.sh [--install] [LANGUAGE...]
#
# Without a LANGUAGE, all of them. What a language needs and the machine lacks is installed where
# that may be done (root on Debian or Ubuntu), else named, and the language skipped; with CI set, a
# skip is a failure. --install installs what is needed, and ends there.
#
# SG_OPEN_TRACKING_LIBRARY and SG_OPEN_TRACKING_SANDBOX name the shared library and the sandbox.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
top=$PWD
install_only=
[[ ${1-} != --install ]] || { install_only=yes; shift; }

export SG_OPEN_TRACKING_LIBRARY=${SG_OPEN_TRACKING_LIBRARY:-target/release/libsg_open_tracking.so}
export SG_OPEN_TRACKING_SANDBOX=${SG_OPEN_TRACKING_SANDBOX:-target/debug/sg-open-tracking-sandbox}
for needed in "$SG_OPEN_TRACKING_LIBRARY" "$SG_OPEN_TRACKING_SANDBOX"; do
    [[ -e $needed || $install_only ]] || { echo "languages.sh: $needed is missing: run make build first" >&2; exit 1; }
done
[[ $SG_OPEN_TRACKING_LIBRARY == /* ]] || SG_OPEN_TRACKING_LIBRARY=$top/$SG_OPEN_TRACKING_LIBRARY
[[ $SG_OPEN_TRACKING_SANDBOX == /* ]] || SG_OPEN_TRACKING_SANDBOX=$top/$SG_OPEN_TRACKING_SANDBOX
with_sandbox=$top/tests/conformance/run.sh
build=$top/build/languages
mkdir -p "$build"

# The languages: each a function test_LANGUAGE.
#
#     need THING[:PACKAGE[,PACKAGE]]...   commands, or absolute paths of files, and the Debian packages
#                                         that bring them, if those have other names
#     get COMMAND...                      brings what the language's own registry has
#     check WHAT COMMAND...               runs the command and counts it; or the lines that it prints
#                                         in the form "LANGUAGE VERSION: N passed, N failed"
languages=(c cpp csharp go java javascript php python ruby shell)

test_c() { # the C ABI itself; tests/c holds it to more
    need gcc python3 || return
    check conformance c_conformance
}

c_conformance() {
    mkdir -p "$build/c"
    CONFORMANCE_CASES=tests/conformance/cases.json python3 tests/conformance/cases_to_c.py >"$build/c/cases.h" || return
    gcc -std=c11 -Wall -Wextra -Wpedantic -Werror -I"$build/c" -Iinclude -o "$build/c/conformance" \
        tests/conformance/conformance.c "$SG_OPEN_TRACKING_LIBRARY" "-Wl,-rpath,${SG_OPEN_TRACKING_LIBRARY%/*}" -pthread || return
    "$with_sandbox" "$build/c/conformance"
}

test_cpp() {
    need g++ clang++:clang cmake /usr/include/nlohmann/json.hpp:nlohmann-json3-dev || return
    local standard
    check "warnings (g++, clang++; 17, 20, 23)" cpp_warnings
    for standard in 17 23; do
        check "tests in c++$standard" cpp_tests "$standard"
    done
    check "README, by CMake" cpp_readme
}

cpp_compile() { # STANDARD ARGUMENT...
    "${CXX:-g++}" "-std=c++${1/23/2b}" -O1 -Wall -Wextra -Wpedantic -Werror -Iinclude -Ibindings/cpp/include "${@:2}"
}

cpp_warnings() {
    local standard compiler
    for standard in 17 20 23; do
        for compiler in g++ clang++; do
            CXX=$compiler cpp_compile "$standard" -Wconversion -Wshadow -fsyntax-only bindings/cpp/tests/client.cpp || return
        done
    done
}

cpp_tests() { # STANDARD
    local test link=("$SG_OPEN_TRACKING_LIBRARY" "-Wl,-rpath,${SG_OPEN_TRACKING_LIBRARY%/*}" -pthread)
    for test in client conformance; do
        cpp_compile "$1" -o "$build/cpp-$test-$1" "bindings/cpp/tests/$test.cpp" "${link[@]}" || return
        "$with_sandbox" "$build/cpp-$test-$1" "c++$1" || return
    done
}

cpp_readme() {
    local project=$build/cpp-readme number
    mkdir -p "$project"
    printf '%s\n' 'cmake_minimum_required(VERSION 3.14)' 'project(readme LANGUAGES CXX)' \
        "add_subdirectory($top/bindings/cpp cpp)" >"$project/CMakeLists.txt"
    for number in 1 2 3; do
        snippet bindings/cpp/README.md cpp "$number" >"$project/snippet$number.cpp"
        printf '%s\n' "add_executable(snippet$number snippet$number.cpp)" \
            "target_link_libraries(snippet$number PRIVATE sg_open_tracking::cpp)" >>"$project/CMakeLists.txt"
    done
    cmake -S "$project" -B "$project/build" -DSG_OPEN_TRACKING_LIBRARY="$SG_OPEN_TRACKING_LIBRARY" || return
    cmake --build "$project/build" || return
    for number in 1 2 3; do
        prints "open tracking is off" "$with_sandbox" "$project/build/snippet$number" || return
    done
}

test_csharp() {
    need mcs:mono-mcs mono:mono-runtime /usr/lib/mono/4.5/System.Core.dll:libmono-system-core4.0-cil \
        /usr/lib/mono/4.5/System.Json.dll:libmono-system-json4.0-cil || return
    check "warnings (mcs)" bindings/csharp/tests/build.sh
    check "tests, README" "$with_sandbox" mono bindings/csharp/bin/Tests.exe
    check conformance "$with_sandbox" mono bindings/csharp/bin/Conformance.exe
}

test_java() { # on every JDK that is there
    need javac:default-jdk-headless mvn:maven || return
    local maven=(mvn --batch-mode --quiet --file bindings/java) compiler compilers
    get "${maven[@]}" -DskipTests package exec:help || return
    mapfile -t compilers < <(readlink -f "$(type -P javac)" /usr/lib/jvm/*/bin/javac | sort -u)
    for compiler in "${compilers[@]}"; do
        export JAVA_HOME=${compiler%/bin/javac}
        check "warnings, tests, README (${JAVA_HOME##*/})" "$with_sandbox" "${maven[@]}" clean test
        check conformance "$with_sandbox" "${maven[@]}" exec:exec
    done
    unset JAVA_HOME
}

test_go() {
    need go:golang-go gcc pkg-config || return
    mkdir -p "$build/go"
    printf '%s\n' "Name: sg_open_tracking" "Description: as built" "Version: 0" "Cflags: -I$top/include" \
        "Libs: -L${SG_OPEN_TRACKING_LIBRARY%/*} -Wl,-rpath,${SG_OPEN_TRACKING_LIBRARY%/*} -lsg_open_tracking" \
        >"$build/go/sg_open_tracking.pc"
    export PKG_CONFIG_PATH=$build/go
    check "gofmt, go vet" go_lint
    check "unit tests, examples (-race)" "$with_sandbox" env --chdir bindings/go go test -race -count=1 ./...
    check README go_readme
    check conformance "$with_sandbox" env --chdir bindings/go go run ./internal/conformance
}

go_lint() {
    local unformatted
    unformatted=$(gofmt -l bindings/go) || return
    [[ ! $unformatted ]] || { echo "run gofmt -w on $unformatted"; return 1; }
    env --chdir bindings/go go vet ./...
}

go_readme() {
    local module program number
    module=$(awk '$1 == "module" { print $2 }' bindings/go/go.mod)
    for number in 1 2; do
        program=$build/go-readme-$number
        mkdir -p "$program"
        snippet bindings/go/README.md go "$number" >"$program/main.go"
        printf '%s\n' "module readme" "go 1.19" "require $module v0.0.0" "replace $module => $top/bindings/go" >"$program/go.mod"
        prints "open tracking is off" "$with_sandbox" env --chdir "$program" go run . || return
    done
}

test_javascript() {
    need node:nodejs npm || return
    local package=bindings/javascript
    get npm ci --ignore-scripts --prefix "$package" || return
    check lint npm run --silent --prefix "$package" lint
    check "types (tsc --strict)" npm run --silent --prefix "$package" types
    check "unit tests, README" "$with_sandbox" npm test --silent --prefix "$package"
    check conformance "$with_sandbox" npm run --silent --prefix "$package" conformance
}

test_php() {
    need php:php-cli || return
    check "tests, README" "$with_sandbox" php -d zend.exception_ignore_args=0 bindings/php/tests/tests.php
    check conformance "$with_sandbox" php bindings/php/tests/conformance.php
}

test_python() {
    need "${PYTHON:-python3}:python3,python3-venv" || return
    check "lint, types, wheel, tests" tests/python_package.sh "$build/venv"
    check conformance "$with_sandbox" "$build/venv/bin/python" bindings/python/tests/conformance.py
}

test_ruby() {
    need ruby rake || return
    command ruby -e 'require "minitest"' 2>/dev/null || need /usr/share/doc/ruby-minitest:ruby-minitest || return
    check "warnings, tests, README" "$with_sandbox" rake --silent -C bindings/ruby
    check conformance "$with_sandbox" rake --silent -C bindings/ruby conformance
}

test_shell() { # the command-line tool
    need jq cargo || return
    export SG_OPEN_TRACKING_TOOL=${SG_OPEN_TRACKING_TOOL:-$top/target/debug/sg-open-tracking}
    get cargo build --locked --quiet --package sg-open-tracking || return
    check conformance "$with_sandbox" bindings/cli/tests/conformance.sh
}

# The N-th block of a language in a README: snippet FILE LANGUAGE N
snippet() {
    awk -v fence="\`\`\`$2" -v wanted="$3" '
        $0 == fence { if (++number == wanted) inside = 1; next }
        /^```/ { inside = 0 }
        inside' "$1"
}

# Does a command end well and print just this? prints TEXT COMMAND...
prints() {
    local printed
    printed=$("${@:2}") || return
    echo "$printed"
    [[ $printed == "$1" ]]
}

rows=()    # of the matrix: language|version|passed|failed
skipped=() # language: why
passed=0
failed=0
updated=

row() {
    rows+=("$1|$2|$3|$4")
    passed=$((passed + $3))
    failed=$((failed + $4))
}

there() { [[ -e $1 ]] || type -P "$1" >/dev/null; } # -P: a language here may have the name of a command

need() {
    local needed thing packages lacking=()
    for needed in "$@"; do
        thing=${needed%%:*}
        IFS=, read -ra packages <<<"${needed#*:}"
        there "$thing" && continue
        if [[ $EUID == 0 ]] && there apt-get; then
            apt_install "${packages[@]}"
        fi
        there "$thing" || lacking+=("$thing (Debian: ${packages[*]})")
    done
    [[ ${#lacking[@]} == 0 ]] || skip "install ${lacking[*]}"
}

apt_install() {
    echo "$language: installing Debian's $*"
    [[ $updated ]] || { apt-get update -qq && updated=yes; }
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >"$build/apt.log" 2>&1 ||
        cat "$build/apt.log"
}

get() {
    echo "$language: $*"
    "$@" >"$build/get.log" 2>&1 || { cat "$build/get.log"; skip "this failed: $*"; }
}

skip() {
    skipped+=("$language: $1")
    echo "$language: skipped: $1"
    return 1
}

check() {
    local what=$1 log=$build/$language.log line counted='' ok=yes
    shift
    [[ ! $install_only ]] || return 0
    printf '\n== %s: %s\n' "$language" "$what"
    "$@" 2>&1 | tee "$log" || ok=
    while read -r line; do
        if [[ $line =~ ^([^ ]+)\ ([^ ]+):\ ([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
            row "${BASH_REMATCH[@]:1:4}"
            counted=yes
            [[ ${BASH_REMATCH[4]} == 0 ]] || ok=counted
        fi
    done <"$log"
    if [[ ! $ok ]]; then
        row "$language" "$what" 0 1
    elif [[ ! $counted ]]; then
        row "$language" "$what" 1 0
    fi
}

for language in "${@:-${languages[@]}}"; do
    if [[ " ${languages[*]} " != *" $language "* ]]; then
        echo "languages.sh: no such language: $language; there are ${languages[*]}" >&2
        exit 2
    fi
    "test_$language"
done
if [[ ! $install_only ]]; then
    printf '\n%-12s %-34s %8s %8s\n' language version passed failed
    for line in "${rows[@]}"; do
        IFS='|' read -r language version good bad <<<"$line"
        printf '%-12s %-34s %8d %8d\n' "$language" "$version" "$good" "$bad"
    done
    printf '%d passed, %d failed\n' "$passed" "$failed"
fi
[[ ${#skipped[@]} == 0 ]] || printf 'skipped: %s\n' "${skipped[@]}"
[[ $failed == 0 && (${#skipped[@]} == 0 || ! ${CI-}) ]]
