#!/usr/bin/env bash
# The examples of README.md in C and in Lua do what they say. (The one in Rust is a doc test.)
source "$(dirname "$0")/common.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
lua=$luas/lua54

# block LANGUAGE: the first block of it.
block() { awk -v fence="\`\`\`$1" '$0 == fence { on = 1; next } on && /^```/ { exit } on' README.md; }
# prints EXPECTED COMMAND...
prints() {
    local expected=$1 output; shift
    output=$("$@" 2>&1) || { echo "failed: $*"; echo "$output"; exit 1; }
    [ "$output" = "$expected" ] || { printf '%s\nprints %s\nnot    %s\n' "$*" "$output" "$expected"; exit 1; }
    echo "ok: $output"
}

block lua >"$work/example.lua"
for name in lua54 lua55; do
    LUA_CPATH="$modules/?.so" prints '{"id":9007199254740993,"items":["tea","cups","kettle"],"note":"thank you"}' \
        "$luas/$name/bin/lua" "$work/example.lua"
done

block c >"$work/host.c"
"${CC:-cc}" "$work/host.c" -Wall -Wextra -Werror -Iinclude -I"$lua/include" "$lua/lib/liblua.a" -lm -ldl \
    -L"$target/release" -loxilua -Wl,-rpath,"$target/release" -o "$work/host"
prints '[1,2,3]' "$work/host"
