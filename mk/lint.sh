#!/usr/bin/env bash
# Formatting, clippy and the documentation: none of them has a warning to give.
source "$(dirname "$0")/common.sh"

"$cargo" fmt --all --check
"$cargo" fmt --check --manifest-path examples/module/Cargo.toml
"$cargo" clippy --workspace --all-targets --features "$features" -- -D warnings
# The other side of the cfgs: a Lua that is linked, and none of the features.
"$cargo" clippy --all-targets --features "$features,lua54,vendored" -- -D warnings
"$cargo" clippy --all-targets -- -D warnings
"$cargo" clippy --all-targets --features "$features,anyhow" -- -D warnings
RUSTDOCFLAGS="-D warnings" "$cargo" doc --workspace --no-deps --features "$features"
