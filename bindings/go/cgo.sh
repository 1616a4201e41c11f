# shellcheck shell=bash
# shellcheck disable=SC2154 # of suite.sh
# Sourced by the suites in Go, after tests/suite.sh.

# find_library: has cgo find the header and the library that is under test, shared and static.
find_library() {
    local place=$top/build/suites/go-library
    mkdir -p "$place"
    ln -sfn "$SG_OPEN_TRACKING_LIBRARY" "$place/libsg_open_tracking.so"
    ln -sfn libsg_open_tracking.so "$place/libsg_open_tracking.so.1"
    ln -sfn "${SG_OPEN_TRACKING_LIBRARY%.so}.a" "$place/libsg_open_tracking.a"
    export CGO_CFLAGS="-O2 -g -I$top/include" CGO_LDFLAGS="-L$place -Wl,-rpath,$place"
}
