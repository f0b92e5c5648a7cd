# What the scripts in this folder share. Sourced, in the root of the repository.
# shellcheck shell=bash

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
target=${CARGO_TARGET_DIR:-$root/target}
cargo=${CARGO:-cargo}
python=${PYTHON:-python3}

# The Luas that `cargo run -p oxilua-interpreters` builds, and where `require` finds what we build.
luas=$target/lua
modules=$target/lua-modules

# Where `make deps` puts Python's lupa.
export PYTHONPATH="$target/python${PYTHONPATH:+:$PYTHONPATH}"

# What a user has set for Lua must not find its way into the tests.
unset LUA_INIT LUA_PATH LUA_CPATH OXILUA_LIB LUA_INC LUA_LIB LUA_LIB_NAME LUA_LINK
for series in 5_2 5_3 5_4 5_5; do
    unset "LUA_INIT_$series" "LUA_PATH_$series" "LUA_CPATH_$series"
done

# What the C library is made of.
library_features=full
# What the Rust tests, clippy and rustdoc are run with.
features=full,macros,userdata-wrappers

have() { command -v "$1" >/dev/null 2>&1; }

# left_out WHAT WHY: something that is not installed. Not an error at home; one in CI, which sets REQUIRE_ALL=1.
left_out() {
    if [ "${REQUIRE_ALL:-0}" = 1 ]; then
        echo "MISSING: $1: $2 (REQUIRE_ALL=1)" >&2
        exit 1
    fi
    echo "left out: $1: $2 (\`make deps\` installs it on Debian)"
}

# The interpreters on this machine, a line each: name, how it came here, command. Separated by tabs.
built_luas() {
    local name
    for name in lua51 lua52 lua53 lua54 lua55 luajit; do
        [ -x "$luas/$name/bin/lua" ] && printf '%s\tbuilt\t%s\n' "$name" "$luas/$name/bin/lua"
    done
    return 0
}
SYSTEM_LUAS="lua5.1 lua5.2 lua5.3 lua5.4 luajit"
system_luas() {
    local name
    for name in $SYSTEM_LUAS; do
        have "$name" && printf '%s\tsystem\t%s\n' "$name" "$(command -v "$name")"
    done
    return 0
}
have_lupa() { have "$python" && "$python" -c 'import lupa' >/dev/null 2>&1; }

# Says which of the system's interpreters are not there.
check_system_luas() {
    local name
    for name in $SYSTEM_LUAS; do
        have "$name" || left_out "$name" "not on PATH"
    done
    have_lupa || left_out lupa "'$python' cannot import it"
}

# The shared Luas on this machine: name and path.
shared_luas() {
    local name file
    for name in lua51 lua52 lua53 lua54 lua55 luajit; do
        for file in "$luas/$name/lib/liblua.so" "$luas/$name/lib/liblua.dylib"; do
            [ -e "$file" ] && printf '%s\t%s\n' "$name" "$file"
        done
    done
    have ldconfig || PATH=$PATH:/sbin:/usr/sbin
    have ldconfig || return 0
    # One of the loader's own architecture comes first.
    for name in liblua5.1.so.0 liblua5.2.so.0 liblua5.3.so.0 liblua5.4.so.0 libluajit-5.1.so.2; do
        file=$(ldconfig -p | awk -v name="$name" '$1 == name && !found { print $NF; found = 1 }')
        [ -n "$file" ] && printf '%s\t%s\n' "${name%%.so.*}" "$file"
    done
    return 0
}

build_luas() { "$cargo" run --quiet -p oxilua-interpreters -- --out "$luas" "$@"; }
