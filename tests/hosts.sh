#!/usr/bin/env bash
# The library inside other people's processes, under load: tests/hosts.sh [--install] [HOST...]
exec "$(dirname "$0")/matrix.sh" tests/hosts "$@"
