#!/usr/bin/env bash
# Each package of build/dist, installed into an empty place and used from there, with the checkout out
# of reach: README's first example of its language, against the sandbox.
#
#     tests/packages.sh [SUITE...]    of: library contents c python javascript ruby java csharp go php
#
# That it is the package's library that answers is shown by taking it away: then none must be found.
# SG_OPEN_TRACKING_SANDBOX names the sandbox.
set -euo pipefail
cd "$(dirname "$0")/.."
[[ ${SANDBOX_URL:-} ]] || exec tests/with_sandbox.sh "$0" "$@"
# shellcheck source=packaging/tools.sh
source packaging/tools.sh
# shellcheck source=tests/checks.sh
source tests/checks.sh
plain_path=$PATH
tools
tools_path=$PATH PATH=$plain_path
unset SG_OPEN_TRACKING_LIBRARY SG_OPEN_TRACKING_BASE_URL LD_LIBRARY_PATH PYTHONPATH RUBYLIB NODE_PATH CLASSPATH

top=$PWD
library=libsg_open_tracking.so.1
portable=$top/build/portable/$library
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r build/dist "$work/dist"
cp "$portable" "$SANDBOX_CA_FILE" "$work"
portable=$work/$library
dist=$work/dist

# Is there a way to hide the checkout? In some containers there is none.
hide=(unshare --mount)
[[ $EUID == 0 ]] || hide=(unshare --map-root-user --mount)
hidden=("$top" "$(realpath -m "${CARGO_TARGET_DIR:-target}")")
if ! "${hide[@]}" true 2>/dev/null; then
    echo "nothing is hidden: no mount namespace may be made here"
    hide=(env) hidden=()
fi

# alone COMMAND...: in an environment with nothing of this one, and the checkout hidden.
alone() {
    # shellcheck disable=SC2016 # the inner shell has the variables
    "${hide[@]}" bash -c '
        cd "$1"
        for ((hidden = $2; hidden > 0; hidden--)); do
            [[ ! -d $3 ]] || mount -t tmpfs none "$3"
            shift
        done
        exec "${@:3}"' - "$work" "${#hidden[@]}" "${hidden[@]}" \
        env -i "PATH=$plain_path" "HOME=$work/home" "XDG_CACHE_HOME=$work/cache" LANG=C.UTF-8 NO_PROXY='*' \
        "SENDGRID_API_KEY=$SANDBOX_KEY" "SG_OPEN_TRACKING_BASE_URL=$SANDBOX_URL" \
        "SSL_CERT_FILE=$work/${SANDBOX_CA_FILE##*/}" "$@"
}

# prints TEXT COMMAND...: alone, does it end well and print a line with TEXT?
prints() {
    local output
    if ! output=$(alone "${@:2}" 2>&1) || ! grep -qF -- "$1" <<<"$output"; then
        echo "$output"
        return 1
    fi
}

# refuses TEXT COMMAND...: alone, does it fail and say TEXT?
refuses() {
    local output
    if output=$(alone "${@:2}" 2>&1) || ! grep -qF -- "$1" <<<"$output"; then
        echo "$output"
        return 1
    fi
}

# The first block of a language in a README: snippet FILE LANGUAGE
snippet() { awk -v fence="\`\`\`$2" '$0 == fence { inside = 1; next } /^```/ && inside { exit } inside' "$1"; }

# answers LANGUAGE FILE COMMAND...: the library in FILE is the portable one; the command has an answer
# with it, and says that there is none without it.
answers() {
    local language=$1 file=$2
    shift 2
    check "$language: the library in it is the portable one" cmp "$portable" "$file"
    check "$language: the README's example has an answer" prints "open tracking is off" "$@"
    rm -f "$file"
    check "$language: no other library was in reach" refuses "libsg_open_tracking was not found" "$@"
}

old_enough() { # which glibc each symbol asks for
    local newest
    newest=$(objdump -T "$portable" | grep -o 'GLIBC_[0-9.]*' | sort --version-sort --unique | tail -n 1)
    echo "the newest symbol is of $newest"
    [[ $(printf 'GLIBC_2.17\n%s\n' "$newest" | sort --version-sort | tail -n 1) == GLIBC_2.17 ]]
}

needs_glibc_alone() { ! readelf -d "$portable" | grep NEEDED | grep -vE 'lib(c|m|pthread|dl|rt|util)\.so|ld-linux'; }

no_symbol_table() { [[ $(readelf -SW "$portable") != *.symtab* && $(readelf -SW "$portable") != *.debug_* ]]; }

test_library() {
    check "library: no symbol is newer than glibc 2.17" old_enough
    check "library: it exports the header's functions and nothing else" diff tests/abi/exports.txt \
        <(nm -D --defined-only "$portable" | awk '{ print $3 }' | LC_ALL=C sort)
    check "library: its SONAME" grep -F '[libsg_open_tracking.so.1]' <(readelf -d "$portable" | grep SONAME)
    check "library: stripped" no_symbol_table
    check "library: needs nothing but glibc" needs_glibc_alone
}

unpack_all() { # into $work/unpacked, every package with what is packed in it
    local file to
    while IFS= read -r file; do
        to=$work/unpacked/${file#"$dist/"}
        mkdir -p "$to"
        case $file in
            *.whl | *.jar | *.zip) python3 -m zipfile -e "$file" "$to" ;;
            *.gem) tar xf "$file" -C "$to" && tar xzf "$to/data.tar.gz" -C "$to" && gunzip "$to"/*.gz ;;
            *.tar.gz | *.tgz) tar xzf "$file" -C "$to" ;;
            *) cp "$file" "$to" ;;
        esac
    done < <(find "$dist" -type f)
}

# A path of this machine, in any file.
no_path_of_the_builder() {
    local places=("$top/" "$(realpath -m "${CARGO_TARGET_DIR:-target}")/" "${CARGO_HOME:-$HOME/.cargo}/" "$HOME/"
        "$(rustc --print sysroot)/")
    local found
    found=$(grep -raoF "${places[@]/#/--regexp=}" "$work/unpacked" | sort | uniq -c) || return 0
    echo "$found"
    return 1
}

# The crates that the library names in its panics are in the bill; it was made from cargo's word alone.
bill_names_what_is_linked() {
    local crate crates
    crates=$(strings -a "$portable" | grep -oE '/cargo/registry/src/[^/]+/[^/]+/' | cut -d/ -f6 | sort -u)
    [[ $(wc -l <<<"$crates") -gt 5 ]] || { echo "the library names too few crates: $crates"; return 1; }
    for crate in $crates; do
        grep -qF "\"pkg:cargo/${crate%-*}@${crate##*-}\"" "$dist/libsg_open_tracking-$version.cdx.json" ||
            { echo "$crate is not in it"; return 1; }
    done
}

licences_go_along() {
    local file package
    while IFS= read -r file; do
        package=${file#"$work/unpacked/"}
        package=$work/unpacked/${package%%/*}
        [[ $(find "$package" -name LICENSE-THIRD-PARTY -size +100k) ]] || { echo "none in $package"; return 1; }
    done < <(find "$work/unpacked" -name "libsg_open_tracking*" -type f -size +1M)
}

test_contents() {
    unpack_all
    check "contents: SHA256SUMS" env --chdir "$dist" sha256sum --check --strict --quiet SHA256SUMS
    check "contents: every file is in SHA256SUMS" diff <(cut -c67- "$dist/SHA256SUMS") \
        <(cd "$dist" && find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort)
    check "contents: no path of the builder in any file" no_path_of_the_builder
    check "contents: the bill of materials names the crates that the library does" bill_names_what_is_linked
    check "contents: licences go with every library" licences_go_along
}

# Without suppressions, valgrind has something to say of the cipher, and names functions.
names_functions() {
    local output
    output=$(alone env LD_LIBRARY_PATH="$work/installed/lib" valgrind "$work/update" off 2>&1)
    grep -F sg_open_tracking::client:: <<<"$output" || { echo "$output"; return 1; }
}

test_c() {
    need cc:gcc pkg-config cmake valgrind || exit 1
    local installed=$work/installed
    install_binary
    cp "$top/bindings/c/update.c" "$work"
    # shellcheck disable=SC2016 # for the shell in there
    check "c: it builds by pkg-config" alone env PKG_CONFIG_PATH="$installed/lib/pkgconfig" sh -c \
        'cc -o update update.c $(pkg-config --cflags --libs sg_open_tracking)'
    check "c: an answer" prints "open tracking is off" env LD_LIBRARY_PATH="$installed/lib" "$work/update" off
    check "c: valgrind names functions, by the symbols beside the library" names_functions
    check "c: valgrind finds nothing, with the tarball's suppressions" prints "open tracking is off" env \
        LD_LIBRARY_PATH="$installed/lib" valgrind --quiet --error-exitcode=9 \
        --suppressions="$installed/share/sg_open_tracking/valgrind.supp" "$work/update" off
    check "c: no other library was in reach" refuses "libsg_open_tracking.so.1: cannot open shared object file" "$work/update" off
    mkdir "$work/cmake"
    printf '%s\n' 'cmake_minimum_required(VERSION 3.14)' 'project(update C)' 'find_package(sg_open_tracking 1 REQUIRED)' \
        'add_executable(static ../update.c)' 'target_link_libraries(static sg_open_tracking::static)' >"$work/cmake/CMakeLists.txt"
    check "c: CMake finds it" alone cmake -S cmake -B cmake "-DCMAKE_PREFIX_PATH=$installed"
    check "c: it builds with the static library, by CMake" alone cmake --build cmake
    check "c: an answer, statically" prints "open tracking is off" "$work/cmake/static" off
    check "c: the tarball has the man pages" alone test -s "$installed/share/man/man3/sg_client_update.3"
}

install_binary() {
    [[ -d $work/installed ]] || {
        mkdir "$work/installed"
        tar xzf "$dist/libsg_open_tracking-$version-x86_64-linux-gnu.tar.gz" --strip-components=1 -C "$work/installed"
    }
}

test_python() {
    need python3:python3-venv || exit 1
    local wheel=("$dist"/sg_open_tracking-"$version"-py3-none-*manylinux_2_17_x86_64.whl)
    snippet bindings/python/README.md python >"$work/example.py"
    check "python: auditwheel finds what the wheel's name says" grep -F '"manylinux_2_17_x86_64"' \
        <(PATH=$tools_path auditwheel show "${wheel[0]}" | tr '\n' ' ' | grep -o 'consistent with.*platform tag:[^.]*\.')
    python3 -m venv "$work/wheel"
    check "python: the wheel installs without an index" alone "$work/wheel/bin/pip" install --quiet --no-index "${wheel[0]}"
    answers python "$(find "$work/wheel" -name "$library")" "$work/wheel/bin/python" "$work/example.py"

    # From the source: the library is the system's.
    python3 -m venv "$work/sdist"
    check "python: the sdist installs" "$work/sdist/bin/pip" install --quiet "$dist/sg_open_tracking-$version.tar.gz"
    install_binary
    check "python, sdist: an answer by the library of the system" \
        prints "open tracking is off" env LD_LIBRARY_PATH="$work/installed/lib" "$work/sdist/bin/python" "$work/example.py"
    check "python, sdist: without it, the error says what to do" \
        refuses "install it, or set SG_OPEN_TRACKING_LIBRARY" "$work/sdist/bin/python" "$work/example.py"
}

test_javascript() {
    need node:nodejs npm || exit 1
    local project=$work/javascript
    mkdir "$project"
    snippet bindings/javascript/README.md js >"$project/example.mjs"
    check "javascript: npm install" npm install --silent --no-save --prefix "$project" "$dist/sg-open-tracking-$version.tgz"
    answers javascript "$project/node_modules/sg-open-tracking/src/$library" node "$project/example.mjs"
}

test_ruby() {
    need ruby || exit 1
    snippet bindings/ruby/README.md ruby >"$work/example.rb"
    check "ruby: gem install" alone env GEM_HOME="$work/gems" gem install --quiet --local --no-document \
        "$dist/sg_open_tracking-$version-x86_64-linux.gem"
    answers ruby "$(find "$work/gems" -name "$library")" env GEM_HOME="$work/gems" ruby "$work/example.rb"
}

test_java() {
    need javac:default-jdk-headless mvn:maven || exit 1
    local jna jar=$work/java/jar
    mkdir -p "$jar"
    jna=$(awk '/<artifactId>jna</ { getline; gsub(/<[^>]*>| /, ""); print }' bindings/java/pom.xml)
    # Packing the jar brought it.
    cp "$HOME/.m2/repository/net/java/dev/jna/jna/$jna/jna-$jna.jar" "$work/java/jna.jar"
    cp "$dist/sg-open-tracking-$version.jar" "$work/java/sg-open-tracking.jar"
    snippet bindings/java/README.md java >"$work/java/Example.java"
    check "java: it compiles with the jar" alone javac -d "$work/java" \
        -cp "$work/java/sg-open-tracking.jar:$work/java/jna.jar" "$work/java/Example.java"
    check "java: the README's example has an answer, by the jar" prints "open tracking is off" \
        java -cp "$work/java:$work/java/sg-open-tracking.jar:$work/java/jna.jar" Example
    check "java: so it has as a module" prints "open tracking is off" java -p "$work/java/sg-open-tracking.jar:$work/java/jna.jar" \
        --add-modules io.github.sgopentracking -cp "$work/java" Example
    python3 -m zipfile -e "$work/java/sg-open-tracking.jar" "$jar"
    answers java "$jar/linux-x86-64/$library" java -cp "$work/java:$jar:$work/java/jna.jar" Example
}

test_csharp() { # as NuGet lays it out; the package itself takes .NET to make
    need mcs:mono-mcs mono:mono-runtime || exit 1
    [[ -e /usr/lib/mono/4.5/System.Core.dll ]] || apt_install libmono-system-core4.0-cil
    local program=$work/csharp
    mkdir "$program"
    cp -r "$top/build/stages/csharp/runtimes" "$program"
    snippet bindings/csharp/README.md csharp >"$program/Example.cs"
    check "csharp: the binding compiles" "$top/build/stages/csharp/tests/build.sh"
    cp "$top/build/stages/csharp/bin/SgOpenTracking.dll" "$program"
    check "csharp: a program with it does" mcs -r:"$program/SgOpenTracking.dll" -out:"$program/Example.exe" "$program/Example.cs"
    answers csharp "$program/runtimes/linux-x64/native/$library" mono "$program/Example.exe"
}

test_go() {
    need go:golang-go cc:gcc || exit 1
    local program=$work/go module
    install_binary
    mkdir "$program"
    module=$(awk '$1 == "module" { print $2 }' bindings/go/sgopentracking/go.mod)
    snippet bindings/go/README.md go >"$program/main.go"
    printf '%s\n' "module example" "go 1.19" "require $module v$version" >"$program/go.mod"
    check "go: it builds from the proxy" alone env --chdir "$program" GOPROXY="file://$dist/goproxy" GOSUMDB=off \
        GOFLAGS="-mod=mod -modcacherw" GOMODCACHE="$program/cache" GOCACHE="$(go env GOCACHE)" GOTOOLCHAIN=local \
        CGO_CFLAGS="-I$work/installed/include" CGO_LDFLAGS="-L$work/installed/lib" go build -o "$program/example" .
    check "go: the README's example has an answer" prints "open tracking is off" \
        env LD_LIBRARY_PATH="$work/installed/lib" "$program/example"
    check "go: no other library was in reach" refuses "libsg_open_tracking.so.1: cannot open shared object file" "$program/example"
}

test_php() {
    need php:php-cli composer || exit 1
    php --ri zip >/dev/null || apt_install php-zip # for repositories of archives
    local project=$work/php
    install_binary
    mkdir "$project"
    snippet bindings/php/README.md php >"$project/example.php"
    printf '{"repositories": [{"type": "artifact", "url": "%s"}, {"packagist.org": false}]}' "$dist" >"$project/composer.json"
    check "php: composer require" alone env COMPOSER_ALLOW_SUPERUSER=1 composer require --quiet --no-interaction \
        --working-dir "$project" "sg-open-tracking/sg-open-tracking:$version"
    check "php: the README's example has an answer" prints "open tracking is off" env LD_LIBRARY_PATH="$work/installed/lib" \
        php -d auto_prepend_file="$project/vendor/autoload.php" "$project/example.php"
    check "php: no other library was in reach" refuses "libsg_open_tracking was not found" \
        php -d auto_prepend_file="$project/vendor/autoload.php" "$project/example.php"
}

[[ ${#hidden[@]} == 0 ]] || check "the checkout is out of reach" alone test ! -e "$top/Cargo.toml"
[[ $# -gt 0 ]] || set -- library contents c python javascript ruby java csharp go php
for suite; do
    "test_$suite"
done
sum_up
