#!/usr/bin/env bash
# Installs what was built, or removes it again. It builds nothing, so root needs no Rust.
#
#     packaging/install.sh install|uninstall
#
# PREFIX, LIBDIR and the like say where the files are to be found, DESTDIR what to put before that
# (for a package, say).
set -euo pipefail
cd "$(dirname "$0")/.."

verb=${1:?install or uninstall}
DESTDIR=${DESTDIR:-}
PREFIX=${PREFIX:-/usr/local}
LIBDIR=${LIBDIR:-$PREFIX/lib}
INCLUDEDIR=${INCLUDEDIR:-$PREFIX/include}
BINDIR=${BINDIR:-$PREFIX/bin}
DATADIR=${DATADIR:-$PREFIX/share}
MANDIR=${MANDIR:-$DATADIR/man}
BASHCOMPDIR=${BASHCOMPDIR:-$DATADIR/bash-completion/completions}
ZSHCOMPDIR=${ZSHCOMPDIR:-$DATADIR/zsh/site-functions}
FISHCOMPDIR=${FISHCOMPDIR:-$DATADIR/fish/vendor_completions.d}

for directory in "$PREFIX" "$LIBDIR" "$INCLUDEDIR" "$BINDIR" "$DATADIR" "$MANDIR"; do
    [[ $directory == /* ]] || { echo "install: $directory is not an absolute path" >&2; exit 2; }
done

built=target/release
# A fact of the package, which stands in Cargo.toml alone.
field() { sed -n "0,/^$1 = \"\(.*\)\"/s//\1/p" Cargo.toml; }
version=$(field version)
soname=libsg_open_tracking.so.${version%%.*}
cmake=$LIBDIR/cmake/sg_open_tracking
data=$DATADIR/sg_open_tracking

# file MODE SOURCE DESTINATION
file() {
    if [[ $verb == uninstall ]]; then
        rm -f "$DESTDIR$3"
        return
    fi
    [[ -e $2 ]] || { echo "install: $2 is missing: run make first" >&2; exit 1; }
    mkdir -p "$(dirname "$DESTDIR$3")"
    install -m "$1" "$2" "$DESTDIR$3"
}

# link TARGET DESTINATION
link() {
    if [[ $verb == uninstall ]]; then
        rm -f "$DESTDIR$2"
    else
        mkdir -p "$(dirname "$DESTDIR$2")"
        ln -sf "$1" "$DESTDIR$2"
    fi
}

# filled TEMPLATE DESTINATION: with its @NAME@s replaced.
filled() {
    [[ $verb == uninstall ]] || sed "${settings[@]}" "packaging/$1.in" >"$work/$1"
    file 644 "$work/$1" "$2"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ $verb == install ]]; then
    [[ -e $built/native-libs ]] || { echo "install: nothing is built: run make first" >&2; exit 1; }
    private=$(<$built/native-libs)
    # In terms of the prefix, so that a tree that was moved needs one line changed.
    settings=(-e "s|@VERSION@|$version|g" -e "s|@MAJOR@|${version%%.*}|g" -e "s|@DESCRIPTION@|$(field description)|"
        -e "s|@PREFIX@|$PREFIX|" -e "s|@LIBDIR@|${LIBDIR/#"$PREFIX"\//\$\{prefix\}/}|"
        -e "s|@INCLUDEDIR@|${INCLUDEDIR/#"$PREFIX"\//\$\{prefix\}/}|" -e "s|@PRIVATE@|$private|"
        -e "s|@PRIVATE_LIST@|${private// /;}|"
        -e "s|@TO_INCLUDE@|$(realpath --canonicalize-missing --relative-to="$cmake" "$INCLUDEDIR")|"
        -e "s|@TO_LIB@|$(realpath --canonicalize-missing --relative-to="$cmake" "$LIBDIR")|")
fi

file 755 $built/libsg_open_tracking.so "$LIBDIR/libsg_open_tracking.so.$version"
link "libsg_open_tracking.so.$version" "$LIBDIR/$soname"
link "libsg_open_tracking.so.$version" "$LIBDIR/libsg_open_tracking.so"
file 644 $built/libsg_open_tracking.a "$LIBDIR/libsg_open_tracking.a"
file 644 include/sg_open_tracking.h "$INCLUDEDIR/sg_open_tracking.h"
filled sg_open_tracking.pc "$LIBDIR/pkgconfig/sg_open_tracking.pc"
filled sg_open_tracking-config.cmake "$cmake/sg_open_tracking-config.cmake"
filled sg_open_tracking-config-version.cmake "$cmake/sg_open_tracking-config-version.cmake"
for tool in valgrind tsan; do
    file 644 packaging/$tool.supp "$data/$tool.supp"
done
for own in "$cmake" "$data"; do
    [[ $verb == install ]] || [[ ! -d $DESTDIR$own ]] || rmdir --ignore-fail-on-non-empty "$DESTDIR$own"
done

file 755 $built/sg-open-tracking "$BINDIR/sg-open-tracking"
file 644 build/share/man/man1/sg-open-tracking.1 "$MANDIR/man1/sg-open-tracking.1"
# To remove them, they need not be built: each has the name of something in the header.
pages=build/share/man/man3
if [[ $verb == install ]]; then
    names=$(cd $pages 2>/dev/null && ls) || { echo "install: $pages is missing: run make first" >&2; exit 1; }
else
    names=$(grep -oE '\bsg_[a-z_]+' include/sg_open_tracking.h | sort -u | sed 's/$/.3/')
fi
for page in $names; do
    if [[ -L $pages/$page ]]; then
        link "$(readlink "$pages/$page")" "$MANDIR/man3/$page"
    else
        file 644 "$pages/$page" "$MANDIR/man3/$page"
    fi
done
file 644 build/share/completions/sg-open-tracking "$BASHCOMPDIR/sg-open-tracking"
file 644 build/share/completions/_sg-open-tracking "$ZSHCOMPDIR/_sg-open-tracking"
file 644 build/share/completions/sg-open-tracking.fish "$FISHCOMPDIR/sg-open-tracking.fish"

# The loader finds a new library by its cache.
if [[ ! $DESTDIR && $(id -u) == 0 ]] && PATH=$PATH:/sbin:/usr/sbin command -v ldconfig >/dev/null; then
    PATH=$PATH:/sbin:/usr/sbin ldconfig
fi
[[ $verb == uninstall ]] || echo "installed libsg_open_tracking $version under $DESTDIR$PREFIX"
