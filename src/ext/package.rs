//! Where Lua keeps the modules that `require` knows.
//!
//! These are tables in the registry, which `package.loaded` and `package.preload` only show: a script that replaces the
//! fields changes nothing for `require`. They are read without metamethods, because a script may have given them some.

use super::Extension;
use crate::{Error, Lua, Result, Table, Value};

/// The modules that have been loaded (Lua manual, `package.loaded`). A state without the package library gets the
/// table now, and the library uses it when it is opened.
fn loaded(lua: &Lua) -> Result<Table> {
    let registry = lua.state().lua_registry()?;
    if let Value::Table(loaded) = registry.raw_get("_LOADED")? {
        return Ok(loaded);
    }
    let loaded = lua.create_table()?;
    registry.raw_set("_LOADED", &loaded)?;
    Ok(loaded)
}

/// The module, from now on in `package.loaded`: the one that is there already, as for `require`.
pub(crate) fn load(lua: &Lua, extension: &Extension) -> Result<Value> {
    let loaded = loaded(lua)?;
    match loaded.raw_get(extension.name)? {
        Value::Nil | Value::Boolean(false) => {}
        module => return Ok(module),
    }
    let module = (extension.open)(lua)?;
    loaded.raw_set(extension.name, &module)?;
    Ok(module)
}

/// Lets `require` open the modules when it is asked for them (Lua manual, `package.preload`).
pub(crate) fn preload(lua: &Lua, extensions: Vec<&'static Extension>) -> Result<()> {
    let Some(preload) = preloaders(lua)? else {
        return Err(Error::runtime(
            "the state has no package library, without which nothing can be required",
        ));
    };
    for extension in extensions {
        preload.raw_set(extension.name, lua.create_function(move |lua, ()| (extension.open)(lua))?)?;
    }
    Ok(())
}

/// The table that `require` looks into first. 5.1 does not have it in the registry, but in the environment of its searchers,
/// where no one else gets at it: its package library shows it.
fn preloaders(lua: &Lua) -> Result<Option<Table>> {
    if let Value::Table(preload) = lua.state().lua_registry()?.raw_get("_PRELOAD")? {
        return Ok(Some(preload));
    }
    let Value::Table(package) = loaded(lua)?.raw_get("package")? else { return Ok(None) };
    match package.raw_get("preload")? {
        Value::Table(preload) => Ok(Some(preload)),
        _ => Ok(None),
    }
}
