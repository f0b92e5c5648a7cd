#!/usr/bin/env bash
# `make run`: examples/run.lua in every Lua on this machine, all with the one liboxilua.so. Argument: the document to read.
# Needs no more than coreutils: no sed, no grep.
source "$(dirname "$0")/common.sh"

file=${1:-examples/catalog.json}
export LUA_CPATH="$modules/?.so"
results=$(mktemp)
trap 'rm -f "$results"' EXIT
failed=0

# use WHAT COMMAND...: one line of output for each Lua, or a failure.
use() {
    local what=$1; shift
    if ! "$@" >>"$results"; then
        echo "FAILED: $what"
        failed=$((failed + 1))
    fi
}

echo
echo "The Luas on this machine, and $file in each of them:"
while IFS=$'\t' read -r name how lua; do
    use "$name ($lua)" "$lua" examples/run.lua "$file" "$how" "${lua#"$root/"}"
done < <(built_luas; system_luas)
if have_lupa; then
    use lupa "$python" lua-tests/lupa_runner.py --plain examples/run.lua "$file" lupa "Python's lupa.@lua@"
fi

cat "$results"
count=$(wc -l <"$results")
sums=$(while read -r line; do echo "${line##*checksum }"; done <"$results" | sort -u | wc -l)
if [ "$failed" -gt 0 ] || [ "$sums" -ne 1 ]; then
    [ "$sums" -gt 1 ] && echo "The checksums differ."
    echo "$failed failed"
    exit 1
fi
echo "$count Luas, one library, the same checksum."
