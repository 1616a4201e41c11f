#!/usr/bin/env bash
# Compiles the binding, its tests and its conformance runner into bindings/csharp/bin, by Mono's compiler.
#
#     bindings/csharp/tests/build.sh [FRAMEWORK]
#
# With the folder of CoreCLR's assemblies, the tests are compiled for it too, into bin/core: with what
# .NET Standard 2.1 has and Mono has not.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p bin/core

# Mono's compiler knows no annotations of what may be null: it compiles a copy without.
rm -rf bin/src
mkdir bin/src
for file in src/*.cs; do
    sed -E 's/\b(string|byte\[\]|Result|ClientOptions|OpenTrackingException|LogCallback|Action<LogLevel, string>)\? /\1 /g' "$file" >"bin/$file"
done

compile() { mcs -langversion:7.2 -warnaserror -warn:4 "$@"; }

compile -target:library -doc:bin/SgOpenTracking.xml -out:bin/SgOpenTracking.dll bin/src/*.cs
compile -out:bin/Tests.exe tests/*Tests.cs bin/src/*.cs
compile -r:bin/SgOpenTracking.dll -out:bin/Conformance.exe tests/Conformance.cs tests/Json.cs

if [[ ${1-} ]]; then
    references=()
    for assembly in System.Private.CoreLib System.Runtime System.Runtime.InteropServices.RuntimeInformation System.Collections \
        System.Linq System.Console System.Diagnostics.Process System.ComponentModel.Primitives \
        System.Text.RegularExpressions System.Collections.Specialized System.IO.FileSystem System.Runtime.Extensions; do
        references+=("-r:$1/$assembly.dll")
    done
    compile_core() { compile -nowarn:1702 -nostdlib -noconfig -d:NETSTANDARD2_1 "${references[@]}" "$@"; }
    compile_core -out:bin/core/Tests.exe tests/*Tests.cs bin/src/*.cs
    mkdir -p bin/netstandard2.{0,1} # as a package has them
    cp bin/SgOpenTracking.{dll,xml} bin/netstandard2.0
    compile_core -target:library -doc:bin/netstandard2.1/SgOpenTracking.xml -out:bin/netstandard2.1/SgOpenTracking.dll bin/src/*.cs
    cp bin/SgOpenTracking.dll bin/core # for the README's snippets
fi
