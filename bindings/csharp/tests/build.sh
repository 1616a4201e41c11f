#!/usr/bin/env bash
# Compiles the binding, its tests and its conformance runner into bindings/csharp/bin, by Mono's compiler.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p bin

compile() { mcs -langversion:7.2 -warnaserror -warn:4 "$@"; }

compile -target:library -doc:bin/SgOpenTracking.xml -out:bin/SgOpenTracking.dll src/*.cs
compile -out:bin/Tests.exe tests/*Tests.cs src/*.cs
compile -r:bin/SgOpenTracking.dll -r:System.Json -out:bin/Conformance.exe tests/Conformance.cs
