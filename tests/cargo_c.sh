#!/usr/bin/env bash
# `cargo cinstall` (cargo-c) gives what `make install` does. What differs by nature is told:
# cargo-c knows nothing of man pages, completions, CMake and the tool, its static library has all of
# Rust's symbols, and its Libs.private names libgcc_s and libc too, which the compiler adds itself.
#
# Not in `make test`: to build cargo-c takes minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/checks.sh
source tests/checks.sh

wanted=0.10.24+cargo-0.98.0
cargo cbuild --version 2>/dev/null | grep -qF "${wanted%+*}" || {
    echo "installing cargo-c $wanted, which takes some minutes"
    cargo install --locked --quiet "cargo-c@$wanted"
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ours=$work/make theirs=$work/cargo-c
make --no-print-directory install DESTDIR="$ours" >/dev/null
CARGO_TARGET_DIR=build/cargo-c cargo cinstall --locked --release --destdir "$theirs" --prefix /usr/local --libdir lib >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

# listed ROOT: its files, and links with what they point to, but for what only `make install` has.
listed() {
    (cd "$1/usr/local" && find include lib ! -type d ! -path 'lib/cmake/*' -printf '%p %l\n' | LC_ALL=C sort)
}
# symbols LIBRARY: what it exports.
symbols() { nm -D --defined-only "$1" | awk '{print $3}' | LC_ALL=C sort; }
dynamic() { readelf -d "$1" | sed -nE 's/.*\((NEEDED|SONAME|FLAGS|FLAGS_1)\) *(.*)/\1 \2/p' | sort; }
# shellcheck disable=SC2016 # pkg-config expands it
pc() { grep -v '^Libs.private' "$1/usr/local/lib/pkgconfig/sg_open_tracking.pc" | grep . | sed 's/\${exec_prefix}/${prefix}/' | sort; }
private() { sed -n 's/^Libs.private: //p' "$1/usr/local/lib/pkgconfig/sg_open_tracking.pc" | tr ' ' '\n' | grep -vxE -- '-lgcc_s|-lc|' | sort -u; }
library=usr/local/lib/libsg_open_tracking.so

same "the same files and links, but for the tool, its completions, the pages and CMake's" "$(listed "$ours")" "$(listed "$theirs")"
same "the same header" "$(cat "$ours"/usr/local/include/*.h)" "$(cat "$theirs"/usr/local/include/*.h)"
same "the shared library exports the same" "$(symbols "$ours/$library")" "$(symbols "$theirs/$library")"
same "and has the same name, needs and flags" "$(dynamic "$ours/$library")" "$(dynamic "$theirs/$library")"
same "pkg-config's file says the same" "$(pc "$ours")" "$(pc "$theirs")"
same "and names the same libraries for --static, but for the compiler's own" "$(private "$ours")" "$(private "$theirs")"

sum_up
