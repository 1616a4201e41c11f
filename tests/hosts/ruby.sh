# shellcheck shell=bash
# shellcheck disable=SC2154 # of suite.sh
# Sourced by the hosts in Ruby, after tests/suite.sh: the binding as its users have it, a gem with the
# library inside, in a folder that `with_gem COMMAND...` adds to those that Ruby looks in.
need ruby || skip

gems=$build/gems

pack() {
    local copy=$build/gem
    rm -rf "$copy" "$gems"
    mkdir -p "$copy"
    cp -r bindings/ruby/{lib,sig,README.md,*.gemspec} LICENSE "$copy"
    cp "$SG_OPEN_TRACKING_LIBRARY" "$copy/lib/sg_open_tracking/libsg_open_tracking.so.1"
    gem build --silent --strict -C "$copy" --output "$copy/built.gem" sg_open_tracking.gemspec &&
        gem install --silent --local --no-document --install-dir "$gems" "$copy/built.gem"
}

[[ $install_only ]] || pack || { echo "$name: the gem was not installed" >&2; exit 1; }

# with_gem COMMAND...: with a sandbox, and the library in the gem alone
with_gem() {
    "$with_sandbox" env -u SG_OPEN_TRACKING_LIBRARY "GEM_PATH=$gems:$(gem environment gempath)" \
        "RUBYLIB=$top/tests/hosts" "$@"
}
