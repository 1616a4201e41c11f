#!/usr/bin/env bash
# Builds the shared library that every package carries, for any Linux on x86-64 with glibc 2.17 or
# newer, with its symbols in a file apart, and the static one, into build/portable; beside them what
# they are made of and under which licences.
#
#     packaging/portable.sh [PLATFORM]
#
# PLATFORM is aarch64, with the same glibc, or musl, on x86-64: the shared library alone, into
# build/portable-PLATFORM, by the distribution's compiler, which has the standard library's source.
#
# zig is the linker: it brings the symbols of that old glibc, and an unwinder of its own in place of
# the system's libgcc_s.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=packaging/tools.sh
source packaging/tools.sh

platform=${1-}
output=build/portable${platform:+-$platform}
glibc=.2.17
built_std=()
case $platform in
    "") target=x86_64-unknown-linux-gnu ;;
    aarch64)
        target=aarch64-unknown-linux-gnu
        export OBJCOPY=aarch64-linux-gnu-objcopy
        need $OBJCOPY:binutils-aarch64-linux-gnu || exit 1
        ;;
    musl)
        target=x86_64-unknown-linux-musl glibc=
        export RUSTFLAGS="${RUSTFLAGS:-} -Ctarget-feature=-crt-static" # a shared library can't hold its C library
        ;;
    *) echo "portable.sh: no such platform: $platform" >&2; exit 1 ;;
esac
if [[ $platform ]]; then
    need /usr/bin/cargo:cargo-web /usr/lib/rustlib/src/rust/library/std/Cargo.toml:rustc-web,rust-web-src || exit 1
    # Its cargo and rustc, and the Python that the tools have elsewhere.
    export PYTHON=${PYTHON:-$(type -P python3)} PATH=/usr/bin:$PATH RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
    built_std=(-Zbuild-std=std)
fi
need cargo:rustup ld:binutils objcopy:binutils || exit 1
zig

built=${CARGO_TARGET_DIR:-target}/$target/release
CARGO_ENCODED_RUSTFLAGS=$(packaging/rustflags.sh)
export CARGO_ENCODED_RUSTFLAGS
unset RUSTFLAGS
mkdir -p build
cargo-zigbuild build --locked --release --lib --target "$target$glibc" "${built_std[@]}"

rm -rf "$output"
mkdir -p "$output"
install -m 644 "$built/libsg_open_tracking.so" "$output/libsg_open_tracking.so.1"
# The name by which wheels know it; musl's loader takes it for itself by either.
[[ $platform != musl ]] || patchelf --replace-needed libc.so libc.musl-x86_64.so.1 "$output/libsg_open_tracking.so.1"
# The names of functions, and not their lines: in those of zig's own parts are paths of this machine.
"${OBJCOPY:-objcopy}" --strip-debug "$output/libsg_open_tracking.so.1"
packaging/debug_symbols.sh "$output/libsg_open_tracking.so.1"

if [[ ! $platform ]]; then
    packaging/static_library.sh "$built/libsg_open_tracking.a" "$output/libsg_open_tracking.a"
    packaging/native_libs.sh "$target" >"$output/native-libs"
fi
python packaging/contents.py "$target" "$output"
ls -l "$output"
