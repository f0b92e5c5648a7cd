#!/usr/bin/env bash
# The C library exports exactly what exported.txt lists, and asks for no function of Lua.
# Argument: the library.
source "$(dirname "$0")/common.sh"

library=${1:-$target/release/liboxilua.so}
[ -e "$library" ] || { echo "$library is not there: run \`make\`" >&2; exit 1; }

exported=$(nm -D --defined-only --format=posix "$library" | awk '{ sub(/@.*/, "", $1); print $1 }' | LC_ALL=C sort)
if ! diff <(LC_ALL=C sort exported.txt) <(printf '%s\n' "$exported") >&2; then
    echo "$library does not export what exported.txt lists (< listed, > exported)" >&2
    exit 1
fi
wanted=$(nm -D --undefined-only --format=posix "$library" | awk '$1 ~ /^lua/ { print $1 }')
if [ -n "$wanted" ]; then
    echo "$library is linked with a Lua, it asks for" $wanted >&2
    exit 1
fi
echo "$library exports the $(wc -l <exported.txt) symbols of exported.txt, and asks for none of Lua"
