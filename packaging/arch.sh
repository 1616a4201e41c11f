#!/usr/bin/env bash
# Makes the Arch package of what is committed, into build/arch, beside the PKGBUILD and the archive that it
# is made of.
#
#     packaging/arch.sh
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=packaging/tools.sh
source packaging/tools.sh # and tests/needs.sh
need makepkg bsdtar:libarchive-tools fakeroot || exit 1

output=$PWD/build/arch
name=libsg_open_tracking-$version
rm -rf "$output"
mkdir -p "$output"
git archive --prefix="$name/" HEAD | gzip --no-name >"$output/$name.tar.gz"
sum=$(sha256sum "$output/$name.tar.gz")
sed -e "s/@VERSION@/$version/" -e "s/@SHA256@/${sum%% *}/" packaging/arch/PKGBUILD.in >"$output/PKGBUILD"

# makepkg refuses root, who can be someone else here and still write where root may.
someone=()
[[ $EUID != 0 ]] || someone=(unshare --map-user=1000 --map-group=1000)
cd "$output"
# The compiler is Rust's, however it came here, so there is nothing to check among the packages.
PKGEXT=.pkg.tar.zst "${someone[@]}" makepkg --nodeps >log 2>&1 || { tail -n 40 log >&2; exit 1; }
rm -rf src pkg
ls -l ./*.pkg.tar.zst
