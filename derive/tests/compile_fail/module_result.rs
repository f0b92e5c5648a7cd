//! What a module's function gives: a `Result`.
#![allow(unused)]
use oxilua::{Lua, Result, Table, lua_module};

#[lua_module]
fn no_result(lua: &Lua) -> Table {
    lua.globals()
}

fn main() {}
