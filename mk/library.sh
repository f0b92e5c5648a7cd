#!/usr/bin/env bash
# Builds the C library, and the names by which `require` and programs that are linked with it find it.
# Needs nothing but Rust and a C compiler: no sed, no awk.
source "$(dirname "$0")/common.sh"

# The version that programs linked with the library ask for: they keep running with a newer one that is compatible.
while IFS='= "' read -r key _ version _; do
    [ "$key" != version ] || break
done <Cargo.toml
IFS=. read -r major minor _ <<<"$version"
[ "$major" != 0 ] || major=0.$minor

# Never unloaded: hosts close modules together with a state, while threads may still have destructors to run. And a copy that a
# program links and another one that `require` loads must not call into each other.
case $(uname -s) in
    Darwin)
        library=liboxilua.dylib
        arguments=(-C "link-arg=-Wl,-install_name,@rpath/liboxilua.$major.dylib")
        ;;
    *)
        library=liboxilua.so
        arguments=(-C "link-arg=-Wl,-soname,$library.$major" -C link-arg=-Wl,-z,nodelete
            -C link-arg=-Wl,-Bsymbolic-functions)
        ;;
esac

"$cargo" rustc --release --lib --crate-type cdylib,staticlib --features "$library_features" -- "${arguments[@]}"

mkdir -p "$modules"
ln -sf "../release/$library" "$modules/oxilua.so"
[ "$library" != liboxilua.so ] || ln -sf "$library" "$target/release/$library.$major"
