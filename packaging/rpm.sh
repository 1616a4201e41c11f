#!/usr/bin/env bash
# Makes the RPM packages and their source package of what is committed, into build/rpm.
#
#     packaging/rpm.sh
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=packaging/tools.sh
source packaging/tools.sh # and tests/needs.sh
need rpmbuild:rpm find-debuginfo:debugedit eu-unstrip:elfutils file || exit 1 # find-debuginfo runs file

output=$PWD/build/rpm
name=libsg_open_tracking-$version
rm -rf "$output"
mkdir -p "$output"/{work/SOURCES,"source/$name"}
packaging/vendored.sh "$output/source/$name"
tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -C "$output/source" -c "$name" |
    gzip --no-name >"$output/work/SOURCES/$name.tar.gz"
rm -rf "$output/source"
sed -e "s/@VERSION@/$version/" -e "s/@DATE@/$(LC_ALL=C date --utc --date="@$SOURCE_DATE_EPOCH" '+%a %b %d %Y')/" \
    packaging/rpm/libsg_open_tracking.spec.in >"$output/libsg_open_tracking.spec"

# The compiler is Rust's, however it came here, so there is nothing to check among the packages.
rpmbuild -ba --nodeps --define "_topdir $output/work" --define "_rpmdir $output" --define "_srcrpmdir $output" \
    --define "_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm" --define "_buildhost localhost" \
    "$output/libsg_open_tracking.spec" >"$output/log" 2>&1 || { tail -n 40 "$output/log" >&2; exit 1; }
rm -rf "$output/work"
ls -l "$output"/*.rpm
