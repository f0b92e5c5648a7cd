#!/usr/bin/env bash
# Crates outside of this tree that depend on oxilua by its path, as a user's does: mk/outside/program.rs, which is written for
# mlua and not changed, with every way of linking a Lua.
source "$(dirname "$0")/common.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# One place to build in for all of them: oxilua's own dependencies are built once.
export CARGO_TARGET_DIR=$target/outside
# Nobody will debug these.
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0
failures=0

fail() { echo "not ok: $1"; failures=$((failures + 1)); }

# crate NAME FEATURES [AS]: makes $work/NAME, a program that knows oxilua as AS.
crate() {
    local name=$1 features=$2 as=${3:-mlua} package='package = "oxilua", '
    [ "$as" = oxilua ] && package=
    mkdir -p "$work/$name/src"
    cat >"$work/$name/Cargo.toml" <<TOML
[package]
name = "outside-$name"
version = "0.1.0"
edition = "2021"

[dependencies]
$as = { ${package}path = "$root", features = [$features] }

[workspace]
TOML
    # The versions of the dependencies that oxilua itself is tested with.
    cp Cargo.lock "$work/$name/"
    if [ "$as" = mlua ]; then
        cp mk/outside/program.rs "$work/$name/src/main.rs"
    else
        sed "s/\\bmlua::/$as::/" mk/outside/program.rs >"$work/$name/src/main.rs"
    fi
}

# build NAME: the log is beside the crate.
build() { (cd "$work/$1" && "$cargo" build --quiet) >"$work/$1/log" 2>&1; }

# runs NAME PRINTS [LINKED]: builds and runs it. It prints PRINTS; and LINKED is among the libraries it needs, or with
# `nothing` no Lua is.
runs() {
    local name=$1 prints=$2 linked=${3:-} program=$CARGO_TARGET_DIR/debug/outside-$1 output status libraries
    if ! build "$name"; then
        fail "$name does not build"
        tail -n 40 "$work/$name/log"
        return
    fi
    status=0
    output=$("$program" 2>&1) || status=$?
    if [ $status -ne 0 ] || [ "$output" != "$prints" ]; then
        fail "$name does not print '$prints' but (exit status $status):"
        echo "$output"
        return
    fi
    libraries=$(ldd "$program")
    case $linked in
        '') ;;
        nothing) if grep -q lua <<<"${libraries//"$program"/}"; then fail "$name needs a shared Lua: $libraries"; return; fi ;;
        *) grep -q "$linked" <<<"$libraries" || { fail "$name does not need $linked: $libraries"; return; } ;;
    esac
    echo "ok: $name: $output"
}

# refused NAME MESSAGE: it does not build, and the log has the message.
refused() {
    if build "$1"; then
        fail "$1 builds"
    elif ! grep -qF "$2" "$work/$1/log"; then
        fail "$1 is not refused with '$2'"
        tail -n 20 "$work/$1/log"
    else
        echo "ok: $1: refused: $(grep -F "$2" "$work/$1/log" | head -n 1 | cut -c 1-150)"
    fi
}

build_luas lua51 lua54 >/dev/null

# Built from source.
for engine in lua51:'Lua 5.1' lua52:'Lua 5.2' lua53:'Lua 5.3' lua54:'Lua 5.4' lua55:'Lua 5.5' luajit:LuaJIT luajit52:LuaJIT; do
    feature=${engine%%:*}
    crate "$feature" "\"$feature\", \"vendored\""
    runs "$feature" "ran in ${engine#*:}" nothing
done
crate own-name '"lua54", "vendored"' oxilua
runs own-name "ran in Lua 5.4" nothing

# Named by the environment.
crate static '"lua54"'
LUA_LIB=$luas/lua54/lib LUA_LIB_NAME=lua LUA_LINK=static runs static "ran in Lua 5.4" nothing
crate dylib '"lua54"'
LUA_LIB=$luas/lua54/lib LUA_LIB_NAME=lua LUA_LINK=dylib LD_LIBRARY_PATH=$luas/lua54/lib runs dylib "ran in Lua 5.4" liblua5.4.so.0
# The usual name is found in the folder.
crate folder '"lua54"'
LUA_LIB=$luas/lua54/lib LD_LIBRARY_PATH=$luas/lua54/lib runs folder "ran in Lua 5.4" liblua5.4.so.0

# Found at run time.
crate run-time ''
OXILUA_LIB=$luas/lua54/lib/liblua.so runs run-time "ran in Lua 5.4" nothing
OXILUA_LIB=$luas/lua51/lib/liblua.so runs run-time "ran in Lua 5.1" nothing
if output=$(OXILUA_LIB=/nonexistent/liblua.so "$CARGO_TARGET_DIR/debug/outside-run-time" 2>&1); then
    fail "run-time works without a Lua"
elif ! grep -q "OXILUA_LIB" <<<"$output" || ! grep -q "/nonexistent/liblua.so" <<<"$output"; then
    fail "run-time does not say what is missing, but:"
    echo "$output"
else
    echo "ok: run-time: without a Lua: $(grep OXILUA_LIB <<<"$output" | head -n 1 | cut -c 1-150)"
fi

# Installed, found by pkg-config.
if have pkg-config && pkg-config --exists lua5.3; then
    crate packaged '"lua53"'
    runs packaged "ran in Lua 5.3" liblua5.3.so.0
    folder=$(pkg-config --variable=libdir lua5.3)
    # Debian's own archive.
    if [ -e "$folder/liblua5.3.a" ]; then
        crate packaged-static '"lua53"'
        LUA_LIB=$folder LUA_LIB_NAME=lua5.3 LUA_LINK=static runs packaged-static "ran in Lua 5.3" nothing
    fi
else
    left_out liblua5.3-dev "pkg-config knows no lua5.3"
fi

# A module, as for mlua.
crate module '"module", "macros"'
rm "$work/module/src/main.rs"
cat >>"$work/module/Cargo.toml" <<'TOML'

[lib]
name = "outside_module"
crate-type = ["cdylib"]
TOML
cat >"$work/module/src/lib.rs" <<'RUST'
use mlua::prelude::*;

#[mlua::lua_module]
fn outside_module(lua: &Lua) -> LuaResult<LuaTable> {
    let exports = lua.create_table()?;
    exports.set("hello", lua.create_function(|_, name: String| Ok(format!("hello, {name}")))?)?;
    Ok(exports)
}
RUST
if build module; then
    cp "$CARGO_TARGET_DIR/debug/liboutside_module.so" "$work/outside_module.so"
    script='io.write(require("outside_module").hello(_VERSION))'
    for name in lua51 lua54; do
        output=$(LUA_CPATH="$work/?.so" "$luas/$name/bin/lua" -e "$script" 2>&1) || true
        case $output in
            "hello, Lua 5."?) echo "ok: module: $output" ;;
            *) fail "the module in $name: $output" ;;
        esac
    done
else
    fail "module does not build"
    tail -n 20 "$work/module/log"
fi

# Mistakes.
crate two-versions '"lua53", "lua54", "vendored"'
refused two-versions "the features lua53, lua54 name different Lua versions"
crate no-version '"vendored"'
refused no-version "the feature \`vendored\` needs one of"

[ $failures -eq 0 ] || { echo "$failures of the crates outside of the tree failed"; exit 1; }
