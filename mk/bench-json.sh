#!/usr/bin/env bash
# Compares oxilua.json with lua-cjson in one process, on lua5.4 and luajit, and both with the floor: what making the same
# tables takes when parsing takes nothing. Arguments: documents; without any, some are made. See benches/json.lua.
source "$(dirname "$0")/common.sh"

# A library of its own: the floor is measured from inside.
mkdir -p "$target/bench-json"
CARGO_TARGET_DIR=$target/bench-json "$cargo" rustc --quiet --release --lib --crate-type cdylib \
    --features "$library_features,json-floor"
for library in "$target"/bench-json/release/liboxilua.{so,dylib}; do
    [ ! -e "$library" ] || ln -sf "release/${library##*/}" "$target/bench-json/oxilua.so"
done
export LUA_CPATH="$target/bench-json/?.so;;"
for lua in lua5.4 luajit; do
    have "$lua" || { left_out "$lua" "not on PATH"; continue; }
    "$lua" -e 'require "cjson"' 2>/dev/null || { left_out lua-cjson "$lua cannot require it"; continue; }
    "$lua" benches/json.lua "$@"
done
