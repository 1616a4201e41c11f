#!/usr/bin/env bash
# Every language's own checks and the conformance table: tests/languages.sh [--install] [LANGUAGE...]
exec "$(dirname "$0")/matrix.sh" bindings "$@"
