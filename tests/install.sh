#!/usr/bin/env bash
# The library as its users have it: installed by `make install` or by the Debian packages, with this
# source tree out of reach. Each is put into a root of its own, a layer over this machine's that is
# gone afterwards; tests/install/used.sh is what is done there.
#
# The layer needs root; other users are told so, and see the rest tried.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh
# shellcheck source=tests/checks.sh
source tests/checks.sh
need cc:gcc pkg-config cmake meson man:man-db mandoc dh:debhelper lintian unshare:util-linux valgrind || exit 1

source_tree=$PWD
version=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)
# The README's program, and the command lines that the documents give.
# shellcheck disable=SC2016 # the user's shell runs it
dynamic=$(grep -m1 -F 'cc -o off off.c $(pkg-config' README.md)
# shellcheck disable=SC2016
static=$(grep -m1 -F 'cc -static -o off off.c $(pkg-config' docs/install.md)
functions=$(tr '\n' ' ' <tests/abi/exports.txt)
export SG_OPEN_TRACKING_SANDBOX=${SG_OPEN_TRACKING_SANDBOX:-$source_tree/target/debug/sg-open-tracking-sandbox}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# used HEADING COMMAND [SYMBOLS]: what users do, in a layer over this machine where COMMAND has installed
# the library, and its symbols too if anything is in SYMBOLS, and the source tree is hidden.
used() {
    local checks
    if [[ $(id -u) != 0 ]]; then
        echo "missing: root, to try what $1 has installed" >&2
        [[ -z ${CI:-} ]] || count 0 1
        return
    fi
    echo "$1:"
    rm -rf "$work/demo"
    mkdir "$work/demo"
    cp bindings/c/one_shot.c tests/install/{CMakeLists.txt,meson.build,used.sh} "$work/demo"
    awk '/^```c$/ {inside = 1; next} /^```/ {if (inside) exit} inside' README.md >"$work/demo/off.c"
    # shellcheck disable=SC2016 # the inner shell has the variables
    checks=$(INSTALL=$2 SYMBOLS=${3-} SOURCE_TREE=$source_tree WORK=$work FUNCTIONS=$functions DYNAMIC=$dynamic STATIC=$static \
        tests/with_sandbox.sh \
        unshare --mount bash -ec '
            cp "$SANDBOX_CA_FILE" "$WORK/demo/ca.pem"
            export SANDBOX_CA_FILE=/demo/ca.pem
            mount -t tmpfs layer /mnt
            mkdir /mnt/{upper,work,root}
            mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
            root=/mnt/root
            mkdir -p $root/demo $root/packages
            cp -r "$WORK"/demo/. $root/demo
            cp -r "$WORK"/packages/. $root/packages
            mount --rbind /dev $root/dev
            mount --rbind /proc $root/proc
            mkdir -p "$root$SOURCE_TREE"
            mount --bind "$SOURCE_TREE" "$root$SOURCE_TREE"
            chroot $root sh -ec "$INSTALL" >"$WORK/log" 2>&1 || { cat "$WORK/log"; echo "not ok  install"; exit; }
            umount "$root$SOURCE_TREE"
            mount -t tmpfs none "$root$SOURCE_TREE"
            chroot $root sh -c "cd /demo && exec ./used.sh $0"' "$version" 2>&1) || true
    echo "$checks"
    count "$(grep -c '^ok ' <<<"$checks" || true)" "$(grep -c '^not ok ' <<<"$checks" || true)"
    # Its last check has run, or it broke off.
    grep -q ' it reads what was set$' <<<"$checks" || { echo "not ok  $1 broke off"; count 0 1; }
}

# files ROOT: all but directories.
files() { (cd "$1" && find . ! -type d | LC_ALL=C sort); }

tree=$work/tree
mkdir "$work/packages"
# From a tree where nothing was built: to remove it, nothing needs to be.
nothing_is_left() {
    rm -rf "$work/clean"
    mkdir "$work/clean"
    cp -r Makefile Cargo.toml include packaging "$work/clean"
    make --no-print-directory -C "$work/clean" uninstall DESTDIR="$tree" "$@" &&
        [[ ! $(find "$tree" ! -type d -o -name sg_open_tracking | tee /dev/stderr) ]]
}
keeps() {
    local own=$tree/usr/local/lib/cmake/sg_open_tracking/own
    make --no-print-directory install DESTDIR="$tree"
    touch "$own"
    make --no-print-directory uninstall DESTDIR="$tree"
    [[ $(files "$tree") == ./usr/local/lib/cmake/sg_open_tracking/own ]]
}
settings=(PREFIX=/opt/sg LIBDIR=/opt/sg/lib64 INCLUDEDIR=/opt/include/sg MANDIR=/opt/man BINDIR=/opt/sg/tools DATADIR=/opt/data)
moved_tree_serves() {
    make --no-print-directory install DESTDIR="$tree" "${settings[@]}"
    mv "$tree/opt" "$work/moved"
    cmake -S "$work/demo" -B "$work/elsewhere" -DCMAKE_PREFIX_PATH="$work/moved/sg" &&
        cmake --build "$work/elsewhere" && [[ -x $work/elsewhere/static ]]
    # shellcheck disable=SC2016 # pkg-config expands it
    grep -qx 'libdir=${prefix}/lib64' "$work/moved/sg/lib64/pkgconfig/sg_open_tracking.pc" &&
        grep -qx 'includedir=/opt/include/sg' "$work/moved/sg/lib64/pkgconfig/sg_open_tracking.pc"
}
builds_nothing() { env CARGO=false PYTHON=false make --no-print-directory install DESTDIR="$tree"; }
all_pages() {
    local page
    for page in $functions; do
        [[ -s $tree/usr/local/share/man/man3/$page.3 ]] || { echo "no page for $page"; return 1; }
    done
}
lint_pages() { [[ ! $(mandoc -T lint build/share/man/man3/*.3 2>&1 | tee /dev/stderr) ]]; }
roff_is_clean() { [[ ! $(groff -ww -man -z -Tutf8 build/share/man/man?/* 2>&1 | tee /dev/stderr) ]]; }

# What every newcomer to a C library in Rust tries first.
plain_cargo() {
    local built=build/plain/release
    env -u CARGO_ENCODED_RUSTFLAGS CARGO_TARGET_DIR=build/plain cargo build --locked --release --quiet
    diff tests/abi/exports.txt <(nm -D --defined-only $built/libsg_open_tracking.so | awk '{print $3}' | LC_ALL=C sort) &&
        readelf -d $built/libsg_open_tracking.so | grep -q 'SONAME.*\[libsg_open_tracking.so.1\]' &&
        cc -Iinclude -o build/plain/off bindings/c/one_shot.c $built/libsg_open_tracking.a -lpthread -ldl -lm &&
        runs build/plain/off
}
runs() {
    # shellcheck disable=SC2016 # the inner shell has the variables
    tests/with_sandbox.sh bash -c '
        export SG_OPEN_TRACKING_BASE_URL=$SANDBOX_URL SSL_CERT_FILE=$SANDBOX_CA_FILE SENDGRID_API_KEY=$SANDBOX_KEY
        [[ $("$0") == "open tracking is off" ]]' "$@"
}

check "cargo build --release makes the shared and the static library" plain_cargo
check "make install needs no cargo once all is built" builds_nothing
check "every exported function has its page" all_pages
check "mandoc finds nothing amiss in the pages of section 3" lint_pages
check "groff finds nothing amiss in any page" roff_is_clean
check "make uninstall leaves nothing" nothing_is_left
check "make uninstall leaves what is not its own" keeps
rm -rf "$tree"
mkdir -p "$work/demo"
cp bindings/c/one_shot.c tests/install/CMakeLists.txt "$work/demo"
check "every directory can be set, and CMake finds a tree that was moved" moved_tree_serves
check "make uninstall with the same settings" nothing_is_left "${settings[@]}"
# shellcheck disable=SC2016 # the shell in the layer has the variable
used "make install" 'make -C "$SOURCE_TREE" install CARGO=false PYTHON=false'

mkdir -p "$work/meson/subprojects"
cp bindings/c/one_shot.c tests/install/meson.build "$work/meson"
ln -s "$source_tree" "$work/meson/subprojects/sg_open_tracking"
meson_subproject() {
    meson setup --force-fallback-for=sg_open_tracking "$work/meson/build" "$work/meson" && ninja -C "$work/meson/build" &&
        ! readelf -d "$work/meson/build/demo" | grep -q 'NEEDED.*sg_open_tracking'
}
check "Meson builds it as a subproject" meson_subproject
check "it runs" runs "$work/meson/build/demo"

check "the Debian packages are made" packaging/deb.sh
cp build/deb/*.deb "$work/packages" || true
check "lintian finds nothing that is not explained" lintian --fail-on error,warning,info --allow-root build/deb/*.changes
# What the packages of symbols have is compressed there, and so looked at here.
no_path() {
    ! grep -qF -e "$source_tree" -e "${CARGO_HOME:-$HOME/.cargo}" target/release/*.debug \
        <(for deb in build/deb/*.deb; do dpkg-deb --fsys-tarfile "$deb"; done)
}
check "they name no path of this machine" no_path
used "the Debian packages" 'dpkg --force-unsafe-io -i /packages/*.deb' symbols

sum_up
