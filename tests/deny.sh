#!/usr/bin/env bash
# Licences, bans and sources of all that is depended on, by deny.toml.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v cargo-deny >/dev/null || cargo install --locked --quiet cargo-deny
cargo deny --locked --workspace check --hide-inclusion-graph licenses bans sources
