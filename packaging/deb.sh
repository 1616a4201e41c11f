#!/usr/bin/env bash
# Makes the Debian packages of what was built, into build/deb.
#
#     packaging/deb.sh [--source]
#
# With --source, the source package of what is committed, with every crate in it, into build/deb-source:
# `dpkg-buildpackage` makes the same of that anywhere, without a network.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh
need dh:debhelper dpkg-buildpackage:dpkg-dev eu-unstrip:elfutils || exit 1

SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Cargo.toml)}
export SOURCE_DATE_EPOCH
version=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)
# The compiler is Rust's, however it came here, so there is nothing to check among the packages.
build=(dpkg-buildpackage --no-check-builddeps --no-sign)
if [[ ${1-} == --source ]]; then
    output=build/deb-source source=$output/libsg-open-tracking-$version
    build+=(--build=source --no-pre-clean --compression=gzip)
else
    output=build/deb source=$output/source
    build+=(--build=binary)
    export TREE=$PWD
fi

rm -rf "$output"
mkdir -p "$source"
[[ ${TREE-} ]] || packaging/vendored.sh "$source"
cp -r packaging/debian "$source/debian"
cp CHANGELOG.md "$source"
maintainer=$(sed -n 's/^Maintainer: //p' packaging/debian/control)
cat >"$source/debian/changelog" <<END
libsg-open-tracking ($version) unstable; urgency=medium

  * Release $version; what is new stands in CHANGELOG.md.

 -- $maintainer  $(date --utc --rfc-email --date="@$SOURCE_DATE_EPOCH")
END
(cd "$source" && "${build[@]}") >"$output/log" 2>&1 || { cat "$output/log" >&2; exit 1; }
rm -rf "$source"
ls -l "$output"/*.d[es][bc]
