//! `#[lua_module]`.
#![allow(unused)]
use oxilua::{Lua, Result, Table, lua_module};

#[lua_module]
fn three(lua: &Lua, name: String, file: String) -> Result<Table> {
    lua.create_table()
}

#[lua_module]
fn by_value(lua: Lua) -> Result<Table> {
    lua.create_table()
}

#[lua_module]
fn no_lua(name: String) -> Result<String> {
    Ok(name)
}

#[lua_module]
async fn waiting(lua: &Lua) -> Result<Table> {
    lua.create_table()
}

#[lua_module]
fn generic<T>(lua: &Lua) -> Result<Table> {
    lua.create_table()
}

#[lua_module]
unsafe fn dangerous(lua: &Lua) -> Result<Table> {
    lua.create_table()
}

#[lua_module]
extern "C" fn external(lua: &Lua) -> Result<Table> {
    lua.create_table()
}

#[lua_module(nmae = "other")]
fn unknown_option(lua: &Lua) -> Result<Table> {
    lua.create_table()
}

#[lua_module(name)]
fn option_without_value(lua: &Lua) -> Result<Table> {
    lua.create_table()
}

#[lua_module(skip_memory_check = true)]
fn option_with_value(lua: &Lua) -> Result<Table> {
    lua.create_table()
}

#[lua_module(name = "not/a/name")]
fn bad_name(lua: &Lua) -> Result<Table> {
    lua.create_table()
}

#[lua_module]
struct NotAFunction;

fn main() {}
