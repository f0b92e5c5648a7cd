#!/usr/bin/env bash
# The Rust tests.
#
#   cargo-tests.sh build              compile those that find their Lua at run time
#   cargo-tests.sh bound LIBRARY      run them, as they are, with this shared Lua
#   cargo-tests.sh linked FEATURE     compile and run them with this Lua linked: lua54, ...
#   cargo-tests.sh doc LIBRARY        the examples in the documentation, and those in README.md
#   cargo-tests.sh tools              the other packages of the workspace
source "$(dirname "$0")/common.sh"

case ${1:-} in
    build) "$cargo" test --no-run --features "$features" --lib --tests ;;
    bound)
        # Nothing is compiled here: it is the same programs for every Lua.
        before=$(ls -l --time-style=full-iso "$target"/debug/deps/oxilua-* "$target"/debug/deps/*.d 2>/dev/null | cksum)
        OXILUA_LIB=$2 "$cargo" test --features "$features" --lib --tests
        after=$(ls -l --time-style=full-iso "$target"/debug/deps/oxilua-* "$target"/debug/deps/*.d 2>/dev/null | cksum)
        [ "$before" = "$after" ] || { echo "the tests were compiled again: not the same programs"; exit 1; }
        ;;
    # With what changes types, too: errors that are Send.
    linked) "$cargo" test --features "$features,anyhow,$2,vendored" --lib --tests ;;
    doc) OXILUA_LIB=$2 "$cargo" test --features "$features" --doc ;;
    tools) "$cargo" test --workspace --exclude oxilua ;;
    *) sed -n '2,/^source/{/^#/p}' "$0"; exit 2 ;;
esac
