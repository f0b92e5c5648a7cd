#!/usr/bin/env bash
# Compares oxilua.json with lua-cjson in one process, on lua5.4 and luajit. Arguments: documents.
source "$(dirname "$0")/common.sh"

[ $# -gt 0 ] || set -- examples/catalog.json
export LUA_CPATH="$modules/?.so;;"
for lua in lua5.4 luajit; do
    have "$lua" || { left_out "$lua" "not on PATH"; continue; }
    "$lua" -e 'require "cjson"' 2>/dev/null || { left_out lua-cjson "$lua cannot require it"; continue; }
    "$lua" benches/json.lua "$@"
done
