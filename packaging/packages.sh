#!/usr/bin/env bash
# Packs a release into build/dist: the source, the libraries for x86-64 Linux, and a package for each
# language that has a way to carry them; with the bill of materials and SHA256SUMS.
#
#     packaging/packages.sh [PACKAGE...]    of: source binary python javascript ruby java csharp go php
#
# All of them carry the one library that packaging/portable.sh built. With PLATFORM, as it takes one,
# the wheel and the npm package for that alone are packed, into build/dist-PLATFORM.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=packaging/tools.sh
source packaging/tools.sh
tools

platform=${PLATFORM:-}
portable=$PWD/build/portable${platform:+-$platform}
dist=$PWD/build/dist${platform:+-$platform}
stages=$PWD/build/stages
library=libsg_open_tracking.so.1
name=libsg_open_tracking-$version
if [[ ! -e $portable/$library ]]; then
    echo "packages.sh: $portable/$library is missing: run packaging/portable.sh first" >&2
    exit 1
fi

# For whom a package is, as Python's installer and npm have it.
case $platform in
    "") wheel=manylinux_2_17_x86_64 ;;
    aarch64) wheel=manylinux_2_17_aarch64 cpu=arm64 libc=glibc ;;
    musl) wheel=musllinux_1_2_x86_64 cpu=x64 libc=musl ;;
    *) echo "packages.sh: no such platform: $platform" >&2; exit 1 ;;
esac

# stage LANGUAGE [DIRECTORY]: a copy of the binding's files, of one date, in $stage; with the library
# in DIRECTORY of it, and all licences.
stage() {
    stage=$stages/$1
    rm -rf "$stage"
    mkdir -p "$stage"
    git -C "bindings/$1" ls-files -z --cached --others --exclude-standard --deduplicate |
        (cd "bindings/$1" && xargs -0 cp --parents --target-directory="$stage")
    cp LICENSE "$stage"
    if [[ ${2-} ]]; then
        cp "$portable/LICENSE-THIRD-PARTY" "$stage"
        install -D -m 644 "$portable/$library" "$stage/$2/$library"
    fi
    date_all "$stage"
}

date_all() { find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +; }

tar_of() { # FILE DIRECTORY: with nothing of the machine's in it
    date_all "$2"
    tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=ustar \
        -C "${2%/*}" -c "${2##*/}" | gzip --no-name --best >"$1"
}

zip_of() { # FILE DIRECTORY PREFIX: the same
    python - "$@" <<'END'
import os
import pathlib
import sys
import time
import zipfile

file, directory, prefix = sys.argv[1:]
date = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))[:6]
with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
    for path in sorted(path for path in pathlib.Path(directory).rglob("*") if path.is_file()):
        entry = zipfile.ZipInfo(prefix + path.relative_to(directory).as_posix(), date)
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
END
}

# The source, with its dependencies pinned by Cargo.lock rather than copied in: `cargo vendor` does
# that for who builds without a network.
package_source() {
    git archive --prefix="$name/" HEAD | gzip --no-name --best >"$dist/$name.tar.gz"
}

package_binary() {
    local root=$stages/$name-x86_64-linux-gnu
    rm -rf "$root"
    mkdir -p "$root"/{include,lib/pkgconfig,share/sg_open_tracking}
    cp include/sg_open_tracking.h "$root/include"
    cp "$portable/libsg_open_tracking.a" "$root/lib"
    cp "$portable/$library" "$root/lib/libsg_open_tracking.so.$version"
    cp "$portable/$library.debug" "$root/lib" # where the library's own note of its name leads
    cp packaging/*.supp "$root/share/sg_open_tracking"
    ln -s "libsg_open_tracking.so.$version" "$root/lib/$library"
    ln -s "$library" "$root/lib/libsg_open_tracking.so"
    cp LICENSE "$portable"/{LICENSE-THIRD-PARTY,sg_open_tracking.cdx.json} "$root"
    # Both find the rest from where they are, so the tree may be put anywhere.
    filled sg_open_tracking.pc "$root/lib/pkgconfig"
    filled sg_open_tracking-config.cmake "$root/lib/cmake/sg_open_tracking"
    filled sg_open_tracking-config-version.cmake "$root/lib/cmake/sg_open_tracking"
    python packaging/man_pages.py include/sg_open_tracking.h "$root/share/man/man3"
    tar_of "$dist/$name-x86_64-linux-gnu.tar.gz" "$root"
}

filled() { # TEMPLATE DIRECTORY: as packaging/install.sh does it
    local private description
    private=$(<"$portable/native-libs")
    description=$(sed -n 's/^description = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
    mkdir -p "$2"
    sed -e "s|@VERSION@|$version|g" -e "s|@MAJOR@|${version%%.*}|g" -e "s|@PREFIX@|\${pcfiledir}/../..|" \
        -e "s|@LIBDIR@|\${prefix}/lib|" -e "s|@INCLUDEDIR@|\${prefix}/include|" \
        -e "s|@TO_INCLUDE@|../../../include|" -e "s|@TO_LIB@|../..|" -e "s|@PRIVATE@|$private|" \
        -e "s|@PRIVATE_LIST@|${private// /;}|" -e "s|@DESCRIPTION@|$description|" "packaging/$1.in" >"$2/$1"
}

# A wheel for every Python on a C library that old, which auditwheel makes sure of; and the source,
# which installs anywhere and binds the library that is on the system.
package_python() {
    stage python src/sg_open_tracking
    local names=$wheel
    # It takes the names of this machine's platforms alone, and finds those of others.
    [[ ! $platform ]] || names=auto
    _PYTHON_HOST_PLATFORM=linux-${wheel#*linux_*_*_} \
        python -m build --no-isolation --wheel --outdir "$stage/wheel" "$stage" >"$stage.log" 2>&1
    auditwheel repair --plat "$names" --wheel-dir "$dist" "$stage"/wheel/*.whl >>"$stage.log" 2>&1
    [[ ! $platform ]] || return 0
    stage python
    python -m build --no-isolation --sdist --outdir "$dist" "$stage" >>"$stage.log" 2>&1
}

package_javascript() {
    need npm || exit 1
    stage javascript src
    if [[ $platform ]]; then
        (cd "$stage" && npm pkg set --json 'os=["linux"]' "cpu=[\"$cpu\"]" "libc=[\"$libc\"]")
        date_all "$stage"
    fi
    npm pack --silent --pack-destination "$dist" "$stage" >"$stage.log" 2>&1
    # npm names it by its version alone.
    [[ ! $platform ]] || mv "$dist/sg-open-tracking-$version"{,"-linux-$cpu-$libc"}.tgz
}

package_ruby() {
    need gem:ruby || exit 1
    stage ruby lib/sg_open_tracking
    gem build --silent --strict -C "$stage" --output "$dist/sg_open_tracking-$version-x86_64-linux.gem" \
        sg_open_tracking.gemspec
}

package_java() { # JNA extracts what is in a folder of the platform's name
    need mvn:maven || exit 1
    stage java src/main/resources/linux-x86-64
    mkdir -p "$stage/src/main/resources/META-INF"
    mv "$stage"/LICENSE* "$stage/src/main/resources/META-INF"
    mvn --batch-mode --quiet --file "$stage" -Dmaven.test.skip=true \
        "-Dproject.build.outputTimestamp=$(date --utc --date="@$SOURCE_DATE_EPOCH" +%FT%TZ)" package
    # With the POM, what Central takes, but for the signatures.
    cp "$stage/target/sg-open-tracking-$version"{,-sources,-javadoc}.jar "$dist"
    cp "$stage/pom.xml" "$dist/sg-open-tracking-$version.pom"
}

package_csharp() { # .NET's own tools alone make it
    stage csharp runtimes/linux-x64/native
    if command -v dotnet >/dev/null; then
        dotnet pack --configuration Release --output "$dist" "$stage/SgOpenTracking.csproj"
    else
        echo "not packed for want of dotnet: build/stages/csharp, by dotnet pack"
    fi
}

# As a GOPROXY serves it. The library is installed apart.
package_go() {
    stage go
    cp "$stage"/{LICENSE,README.md} "$stage/sgopentracking"
    local module proxy
    module=$(awk '$1 == "module" { print $2 }' "$stage/sgopentracking/go.mod")
    proxy=$dist/goproxy/$module/@v
    mkdir -p "$proxy"
    echo "v$version" >"$proxy/list"
    printf '{"Version":"v%s","Time":"%s"}\n' "$version" "$(date --utc --date="@$SOURCE_DATE_EPOCH" +%FT%TZ)" \
        >"$proxy/v$version.info"
    cp "$stage/sgopentracking/go.mod" "$proxy/v$version.mod"
    zip_of "$proxy/v$version.zip" "$stage/sgopentracking" "$module@v$version/"
}

# For a Composer repository of the type artifact. The library is installed apart.
package_php() {
    stage php
    sed -i "0,/^{/s//{\n    \"version\": \"$version\",/" "$stage/composer.json" # which a tag says otherwise
    zip_of "$dist/sg-open-tracking-php-$version.zip" "$stage" ""
}

if [[ $# == 0 ]]; then
    rm -rf "$dist"
    set -- python javascript
    [[ $platform ]] || set -- source binary "$@" ruby java csharp go php
fi
mkdir -p "$dist" "$stages"
for package; do
    echo "packing $package"
    "package_$package"
done
cp "$portable/sg_open_tracking.cdx.json" "$dist/$name${platform:+-$platform}.cdx.json"
rm -f "$dist/SHA256SUMS"
sums=$(cd "$dist" && find . -type f -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum)
tee "$dist/SHA256SUMS" <<<"$sums"
