# shellcheck shell=bash
# shellcheck disable=SC2154 # of suite.sh
# Sourced by the hosts of the JavaScript binding, after tests/suite.sh: a project in $project with the binding as its
# users have it, a package with the library inside.
need node:nodejs npm || skip

pack() { # once for all hosts; prints the path
    local copy=$top/build/suites/node-binding
    if [[ ! -e $copy/packed || $(find bindings/javascript/{package.json,src} "$SG_OPEN_TRACKING_LIBRARY" -newer "$copy/packed") ]]; then
        rm -rf "$copy"
        mkdir -p "$copy"
        cp -r bindings/javascript/{package.json,README.md,src} "$copy"
        cp "$SG_OPEN_TRACKING_LIBRARY" "$copy/src/libsg_open_tracking.so.1"
        npm pack --silent --pack-destination "$copy" "$copy" >"$copy/packed" || return
    fi
    echo "$copy/$(<"$copy/packed")"
}

npm_install() { npm install --silent --no-audit --no-fund --no-save --prefix "$@"; }

# project [PACKAGE...]: with these packages of the registry too
project() {
    local package=()
    project=$build/project
    mkdir -p "$project"
    [[ -e $project/package.json ]] || echo '{ "private": true }' >"$project/package.json"
    [[ $install_only ]] || package=("$(pack)") || { echo "$name: the package was not packed" >&2; exit 1; }
    get npm_install "$project" "${package[@]}" "$@"
}

# nodes VERSION...: into $nodes the system's, and those of npm of these versions
nodes() {
    local version
    nodes=(node)
    for version; do
        get npm_install "$top/build/node-$version" "node@$version"
        nodes+=("$top/build/node-$version/node_modules/node/bin/node")
    done
}

# with_package COMMAND...: in $project, with a sandbox, and the library in the package alone
with_package() { (cd "$project" && "$with_sandbox" env -u SG_OPEN_TRACKING_LIBRARY "$@"); }
