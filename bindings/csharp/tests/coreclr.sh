# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # of suite.sh; for those who source this
# Sourced after tests/suite.sh by what runs on CoreCLR.

# coreclr: has the runtime, from PyPI; the command for a program in $dotnet, its assemblies in $framework
coreclr() {
    local place=$top/build/coreclr version=3.1.23
    [[ -x $place/dotnetcore2/bin/dotnet ]] || get python3 -m pip install --quiet --disable-pip-version-check \
        --root-user-action ignore --no-deps --target "$place" "dotnetcore2==$version"
    chmod +x "$place/dotnetcore2/bin/dotnet"
    printf '{"runtimeOptions": {"framework": {"name": "Microsoft.NETCore.App", "version": "%s"}}}\n' "$version" \
        >"$place/runtime.json"
    export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 # without ICU
    dotnet=("$place/dotnetcore2/bin/dotnet" exec --runtimeconfig "$place/runtime.json")
    framework=$place/dotnetcore2/bin/shared/Microsoft.NETCore.App/$version
}
