#!/usr/bin/env bash
# Builds the C library, and the names by which `require` and programs that are linked with it find it.
# Needs nothing but Rust and a C compiler: no sed, no awk.
source "$(dirname "$0")/common.sh"

"$cargo" rustc --release --lib --crate-type cdylib,staticlib --features "$library_features"

case $(uname -s) in
    Darwin) library=liboxilua.dylib ;;
    *) library=liboxilua.so ;;
esac
mkdir -p "$modules"
ln -sf "../release/$library" "$modules/oxilua.so"

# The SONAME that build.rs gives it.
while IFS='= "' read -r key _ version _; do
    [ "$key" != version ] || break
done <Cargo.toml
IFS=. read -r major minor _ <<<"$version"
[ "$major" != 0 ] || major=0.$minor
[ "$library" != liboxilua.so ] || ln -sf "$library" "$target/release/$library.$major"
