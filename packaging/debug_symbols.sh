#!/usr/bin/env bash
# Takes the symbols and the debugging information out of a program or shared library, into a file
# beside it, which debuggers and valgrind find there by its name, or elsewhere by the build-id.
#
#     packaging/debug_symbols.sh FILE [DEBUG]    (DEBUG is FILE.debug, if left out)
#
# OBJCOPY names the tool, for another target's.
set -euo pipefail

file=$1 debug=${2:-$1.debug}
grep -qF .symtab <(readelf --section-headers --wide "$file") || exit 0 # it is done already
"${OBJCOPY:-objcopy}" --only-keep-debug "$file" "$debug"
chmod a-x "$debug"
"${OBJCOPY:-objcopy}" --strip-all --add-gnu-debuglink="$debug" "$file" "$file.stripped"
chmod --reference="$file" "$file.stripped"
# Put in place at once: cargo's own file may be this one by another name.
mv -f "$file.stripped" "$file"
