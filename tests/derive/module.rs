//! `#[lua_module]`: the functions that `require` calls.

use oxilua::prelude::*;
use oxilua::{Lua, Result, Table, lua_CFunction, lua_State, lua_module};
use std::os::raw::c_int;

#[lua_module]
fn derive_plain(lua: &Lua) -> Result<Table> {
    lua.create_table_from([("hello", "world")])
}

#[lua_module(name = "derive.named", skip_memory_check)]
pub fn any_name(_lua: &Lua) -> Result<i64> {
    Ok(42)
}

#[lua_module(skip_memory_check, name = "derive_alone")]
fn alone() -> LuaResult<&'static str> {
    Ok("alone")
}

#[lua_module]
fn derive_called(lua: &Lua, name: String) -> Result<Table> {
    lua.create_table_from([("name", name)])
}

#[lua_module]
fn derive_called_more(_: &Lua2, (name, file): (String, Option<String>)) -> Result<String> {
    Ok(format!("{name} {}", file.is_some()))
}

type Lua2 = Lua;

#[lua_module]
fn derive_other_error(_: &Lua) -> std::result::Result<i64, std::num::ParseIntError> {
    "x".parse()
}

#[lua_module]
#[cfg(any())]
fn derive_plain(_: &Nonsense) {}

// What is made by hand, of a function in some module.
mod by_hand {
    pub fn init(_: &oxilua::Lua) -> oxilua::Result<bool> {
        Ok(true)
    }
}
oxilua::luaopen!(luaopen_derive_by_hand, by_hand::init);

macro_rules! extern_modules {
    ($($name:ident),* $(,)?) => {
        unsafe extern "C-unwind" {
            $(fn $name(l: *mut lua_State) -> c_int;)*
        }
        const MODULES: &[(&str, lua_CFunction)] = &[$((stringify!($name), $name)),*];
    };
}

extern_modules! {
    luaopen_derive_plain, luaopen_derive_named, luaopen_derive_alone, luaopen_derive_called,
    luaopen_derive_called_more, luaopen_derive_other_error, luaopen_derive_by_hand,
}

#[test]
fn entry_points() -> Result<()> {
    let lua = Lua::new();
    let preload: Table = lua.load("package.preload").eval()?;
    for (symbol, function) in MODULES {
        let name = symbol.strip_prefix("luaopen_").unwrap();
        // SAFETY: they are what Lua calls to open a module, made for any Lua.
        preload.set(name, unsafe { lua.create_c_function(*function) }?)?;
    }
    lua.load(
        r#"
        assert(require("derive_plain").hello == "world")
        assert(require("derive_named") == 42 and require("derive_alone") == "alone")
        assert(require("derive_called").name == "derive_called")
        assert(require("derive_called_more"):find("^derive_called_more"))
        assert(require("derive_by_hand") == true)
        local ok, message = pcall(require, "derive_other_error")
        assert(not ok and tostring(message):find("invalid digit"), tostring(message))
        "#,
    )
    .exec()?;
    // They are ordinary functions as well.
    assert_eq!(any_name(&lua)?, 42);
    assert_eq!(alone()?, "alone");
    Ok(())
}
