#!/usr/bin/env bash
# The packages of build/dist in root trees of Debian, each with nothing but the language's interpreter:
# installed, one call to the sandbox, uninstalled.
#
#     tests/distributions.sh [SUITE...]   of: bullseye bookworm trixie testing
#
# What comes out is a row for each of a table in docs/platforms.md; a row that the page does not hold,
# word for word, is a failure. Needs root. A tree is made once, in build/distributions; each trial
# works on a layer over it, which is thrown away.
set -euo pipefail
cd "$(dirname "$0")/.."
[[ ${SANDBOX_URL:-} ]] || exec tests/with_sandbox.sh "$0" "$@"
# shellcheck source=packaging/tools.sh
source packaging/tools.sh
# shellcheck source=tests/checks.sh
source tests/checks.sh
# shellcheck source=tests/rows.sh
source tests/rows.sh
need mmdebstrap unshare:util-linux npm || exit 1
tools

dist=$PWD/build/dist trees=$PWD/build/distributions
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$trees" "$work/trial"

tree() { # SUITE
    [[ ! -e $trees/$1/etc/debian_version ]] || return 0
    rm -rf "${trees:?}/$1"
    # A mirror may be older than its index says that it is good for.
    mmdebstrap --quiet --variant=apt --skip=cleanup/apt --aptopt='Acquire::Check-Valid-Until "false"' \
        "$1" "$trees/$1" http://deb.debian.org/debian
}

# trial SUITE FUNCTION: runs it in a layer over the tree, which has the trial's files in /trial, the
# network of this machine, and nothing else of it. What it prints is in $work/output as well.
trial() {
    # shellcheck disable=SC2016 # the inner shell has the variables
    unshare --mount --pid --fork bash -ec '
        mount -t tmpfs layer "$2"
        mkdir "$2"/{upper,work,root}
        mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
        cd "$2/root"
        mount -t proc proc proc
        mount --rbind /dev dev
        mkdir trial
        mount --bind "$3" trial
        cp --dereference /etc/{hosts,resolv.conf} etc/
        exec chroot . "${@:4}"' - "$trees/$1" "$work/layer" "$work/trial" \
        /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        NO_PROXY='*' SENDGRID_API_KEY="$SANDBOX_KEY" SG_OPEN_TRACKING_BASE_URL="$SANDBOX_URL" \
        SSL_CERT_FILE=/trial/ca.pem NODE_EXTRA_CA_CERTS=/trial/ca-certificates.crt \
        bash -euo pipefail -c "$(declare -f bring answers fails "$2"); $2" 2>&1 | tee "$work/output"
}

bring() { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }

# answers COMMAND...: the README's example has an answer.
answers() {
    local output
    output=$("$@" 2>&1) || true
    echo "$output"
    [[ $output == "open tracking is off" ]]
}

# fails TEXT COMMAND...: it does, and says why.
fails() {
    local output
    ! output=$("${@:2}" 2>&1) || { echo "it went well: $output"; return 1; }
    grep -F -- "$1" <<<"$output" || { echo "$output"; return 1; }
}

# The first block of a language in a README: snippet FILE LANGUAGE
snippet() { awk -v fence="\`\`\`$2" '$0 == fence { inside = 1; next } /^```/ && inside { exit } inside' "$1"; }

prepare() { # what all trials find in /trial
    local file
    cp "$SANDBOX_CA_FILE" "$work/trial/ca.pem"
    cp /etc/ssl/certs/ca-certificates.crt "$work/trial" # npm's registry is asked by this machine's word
    for file in "$dist"/{*-x86_64-linux-gnu.tar.gz,*manylinux_2_17_x86_64.whl,*.tgz,*-x86_64-linux.gem}; do
        [[ -e $file ]] || { echo "distributions.sh: $file is missing: run make dist first" >&2; exit 1; }
        cp "$file" "$work/trial"
    done
    snippet bindings/python/README.md python >"$work/trial/example.py"
    snippet bindings/javascript/README.md js >"$work/trial/example.mjs"
    snippet bindings/ruby/README.md ruby >"$work/trial/example.rb"
    # A program for the oldest C library, as the portable library is.
    python -m ziglang cc -target x86_64-linux-gnu.2.17 -Iinclude -o "$work/trial/one_shot" bindings/c/one_shot.c \
        build/portable/libsg_open_tracking.so.1
    # The distribution's npm is hundreds of packages; this one is npm's own, and runs by any node from 18 on.
    npm install --silent --no-save --prefix "$work/trial/npm" npm@10
}

# What is tried, in a layer; each prints the version of what it has met there.

library() {
    mkdir /opt/library
    tar xzf /trial/*-x86_64-linux-gnu.tar.gz --strip-components=1 -C /opt/library
    echo /opt/library/lib >/etc/ld.so.conf.d/sg_open_tracking.conf
    ldconfig
    answers /trial/one_shot
    rm -r /opt/library /etc/ld.so.conf.d/sg_open_tracking.conf
    ldconfig
    fails "libsg_open_tracking.so.1: cannot open shared object file" /trial/one_shot
    echo "version $(ldd --version | sed -n '1s/.* //p')"
}

wheel() {
    bring python3-venv
    python3 -m venv /opt/venv
    /opt/venv/bin/pip install --quiet --no-index /trial/*.whl
    answers /opt/venv/bin/python /trial/example.py
    /opt/venv/bin/pip uninstall --quiet --yes sg-open-tracking
    fails "No module named" /opt/venv/bin/python /trial/example.py
    [[ ! $(find /opt/venv -name "*sg_open_tracking*") ]]
    echo "version $(python3 --version | grep -o '3\.[0-9]*')"
}

npm_package() {
    bring nodejs
    local version
    version=$(node --version | grep -oE '[0-9]+' | head -n 1)
    if ((version < 18)); then
        echo "version $version: too old"
        return
    fi
    npm() { node /trial/npm/node_modules/npm/bin/npm-cli.js --silent --prefix /opt/project "$@"; }
    mkdir /opt/project
    cp /trial/example.mjs /opt/project
    npm install /trial/*.tgz
    answers node /opt/project/example.mjs
    npm uninstall sg-open-tracking
    fails "ERR_MODULE_NOT_FOUND" node /opt/project/example.mjs
    [[ ! $(find /opt/project -name "libsg_open_tracking*") ]]
    echo "version $version"
}

gem_package() {
    bring ruby
    local version install=(gem install --quiet --local --no-document /trial/*.gem)
    version=$(ruby --version | grep -oE '[0-9]+\.[0-9]+' | head -n 1)
    if ((${version%%.*} < 3)); then
        fails "requires Ruby version >= 3.0" "${install[@]}"
        echo "version $version: too old"
        return
    fi
    "${install[@]}"
    answers ruby /trial/example.rb
    gem uninstall --quiet --executables sg_open_tracking
    fails "cannot load such file" ruby /trial/example.rb
    [[ ! $(find / -xdev -name "libsg_open_tracking*" -not -path "/trial/*") ]]
    echo "version $version"
}

mkdir "$work/layer"
prepare
[[ $# -gt 0 ]] || set -- bullseye bookworm trixie testing
for suite; do
    tree "$suite"
    cells=()
    for what in library wheel npm_package gem_package; do
        check "$suite: $what" trial "$suite" "$what"
        cells+=("$(grep -oP '^version \K.*' "$work/output" || echo '**failed**')")
    done
    row "Debian $(sed 's/\..*//; s|.*/sid|testing|' "$trees/$suite/etc/debian_version")" "${cells[@]}"
done
say_rows || count 0 1
sum_up
