//! `require "oxilua"`: who we are, and the extensions as fields, each opened when it is first asked for.

use super::{ALL, Extension, package};
use crate::{Lua, LuaString, Result, Table, Value};

/// Makes the table.
pub(super) fn open(lua: &Lua) -> Result<Value> {
    let root = lua.create_table()?;
    root.raw_set("_NAME", "oxilua")?;
    root.raw_set("_VERSION", concat!("oxilua ", env!("CARGO_PKG_VERSION")))?;
    let metatable = lua.create_table()?;
    metatable.raw_set("__index", lua.create_function(index)?)?;
    root.set_metatable(Some(metatable))?;
    Ok(Value::Table(root))
}

/// `oxilua.json` is what `require "oxilua.json"` returns.
fn index(lua: &Lua, (root, key): (Table, Value)) -> Result<Value> {
    let Value::String(key) = key else { return Ok(Value::Nil) };
    let Some(extension) = named(&key) else { return Ok(Value::Nil) };
    let module = package::load(lua, extension)?;
    root.raw_set(key, &module)?;
    Ok(module)
}

fn named(field: &LuaString) -> Option<&'static Extension> {
    let field = field.as_bytes();
    ALL.iter().find(|e| e.name.strip_prefix("oxilua.").is_some_and(|name| name.as_bytes() == &*field))
}
