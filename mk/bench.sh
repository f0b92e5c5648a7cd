#!/usr/bin/env bash
# The binding beside its peer, on the same Lua in the same process: `make bench`.
#
#   ENGINES="lua54 luajit"   with these Luas
#   MODES="owned module"     in states of our own, and in those of a host
#   ROUNDS=21                each number is the median of so many rounds
source "$(dirname "$0")/common.sh"

for engine in ${ENGINES:-lua54 luajit}; do
    directory=$target/benches-$engine
    "$cargo" build --quiet --release --manifest-path benches/Cargo.toml --target-dir "$directory" \
        --no-default-features --features "$engine"
    for mode in ${MODES:-owned module}; do
        echo
        echo "$engine, $mode"
        arguments=(--rounds "${ROUNDS:-21}")
        [ "$mode" = owned ] || arguments+=(--module)
        "$directory/release/oxilua-benches" "${arguments[@]}"
    done
done
