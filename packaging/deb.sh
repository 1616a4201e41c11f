#!/usr/bin/env bash
# Makes the Debian packages of what was built, into build/deb.
#
#     packaging/deb.sh
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh
need dh:debhelper dpkg-buildpackage:dpkg-dev eu-unstrip:elfutils || exit 1

output=build/deb
export TREE=$PWD
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Cargo.toml)}
export SOURCE_DATE_EPOCH
version=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)

rm -rf "$output"
mkdir -p "$output/source"
cp -r packaging/debian "$output/source/debian"
maintainer=$(sed -n 's/^Maintainer: //p' packaging/debian/control)
cat >"$output/source/debian/changelog" <<END
libsg-open-tracking ($version) unstable; urgency=medium

  * Release $version; what is new stands in CHANGELOG.md.

 -- $maintainer  $(date --utc --rfc-email --date="@$SOURCE_DATE_EPOCH")
END
cp CHANGELOG.md "$output/source/CHANGELOG.md"
for package in sg_open_tracking sg-open-tracking; do
    mkdir -p "$output/source/$package"
    "${PYTHON:-python3}" packaging/third_party.py "$package" >"$output/source/$package/LICENSE-THIRD-PARTY"
done
# The compiler is Rust's, however it came here, so there is nothing to check among the packages.
(cd "$output/source" && dpkg-buildpackage --build=binary --no-check-builddeps --no-sign) >"$output/log" 2>&1 ||
    { cat "$output/log" >&2; exit 1; }
rm -rf "$output/source"
ls -l "$output"/*.deb
