//! What `chunk!` makes.

use crate::chunk::{AsChunk, ChunkMode};
use crate::convert::IntoLua;
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::table::Table;
use crate::value::Value;
use std::borrow::Cow;
use std::cell::Cell;

/// Puts the captured variables into the chunk's environment.
type Capture = fn(&Lua, &Env) -> Result<()>;

/// Lua code in Rust code, with the variables that it captures.
struct MacroChunk<F> {
    source: &'static str,
    /// Taken when the environment is made.
    capture: Captured<F>,
}

enum Captured<F> {
    Nothing,
    Variables(Cell<Option<F>>),
}

/// A chunk without variables.
pub fn chunk(source: &'static str) -> impl AsChunk {
    MacroChunk { source, capture: Captured::<Capture>::Nothing }
}

/// A chunk with variables.
pub fn chunk_with<F: FnOnce(&Lua, &Env) -> Result<()>>(source: &'static str, capture: F) -> impl AsChunk {
    MacroChunk { source, capture: Captured::Variables(Cell::new(Some(capture))) }
}

/// The environment of a chunk that is being made.
pub struct Env {
    table: Table,
    /// The variables that are nil, as keys, if there are any: the table alone does not know them.
    absent: Cell<Option<Table>>,
}

/// Puts a variable into an environment.
///
/// # Errors
/// Those of the conversion.
pub fn capture(lua: &Lua, env: &Env, name: &str, variable: impl IntoLua) -> Result<()> {
    let value = variable.into_lua(lua)?;
    if !value.is_nil() {
        return env.table.raw_set(name, value);
    }
    let absent = env.absent.take().map_or_else(|| lua.create_table(), Ok)?;
    absent.raw_set(name, true)?;
    env.absent.set(Some(absent));
    Ok(())
}

impl<F: FnOnce(&Lua, &Env) -> Result<()>> AsChunk for MacroChunk<F> {
    fn environment(&self, lua: &Lua) -> Result<Option<Table>> {
        let Captured::Variables(capture) = &self.capture else { return Ok(None) };
        let capture = capture
            .take()
            .ok_or_else(|| Error::runtime("the variables of a chunk have been moved into it"))?;
        let env = Env { table: lua.create_table()?, absent: Cell::new(None) };
        capture(lua, &env)?;
        let metatable = match env.absent.take() {
            None => globals(lua)?,
            Some(absent) => globals_without(lua, absent)?,
        };
        env.table.set_metatable(Some(metatable))?;
        Ok(Some(env.table))
    }

    fn mode(&self) -> Option<ChunkMode> {
        Some(ChunkMode::Text)
    }

    fn source<'a>(&self) -> Result<Cow<'a, [u8]>>
    where
        Self: 'a,
    {
        Ok(Cow::Borrowed(self.source.as_bytes()))
    }
}

/// What is no captured variable is a global, for reading and for assigning.
fn globals(lua: &Lua) -> Result<Table> {
    let metatable = lua.create_table_with_capacity(0, 2)?;
    metatable.raw_set("__index", lua.globals())?;
    metatable.raw_set("__newindex", lua.globals())?;
    Ok(metatable)
}

/// The same where some variables are nil: these do not become the globals of their names.
fn globals_without(lua: &Lua, absent: Table) -> Result<Table> {
    let metatable = lua.create_table_with_capacity(0, 2)?;
    let names = absent.clone();
    let index = lua.create_function(move |lua, (_, key): (Value, Value)| {
        if names.raw_get::<bool>(&key)? { Ok(Value::Nil) } else { lua.globals().get(key) }
    })?;
    let newindex = lua.create_function(move |lua, (env, key, value): (Table, Value, Value)| {
        if absent.raw_get::<bool>(&key)? { env.raw_set(key, value) } else { lua.globals().set(key, value) }
    })?;
    metatable.raw_set("__index", index)?;
    metatable.raw_set("__newindex", newindex)?;
    Ok(metatable)
}
