//! `oxilua.json`: RFC 8259 for Lua. docs/JSON.md is what a user reads.
//!
//! Decoding is three steps. [`fast`] reads the document once and writes a [`tape`]: the value as plain cells, with the exact
//! size of every table. Whatever it does not like (an error, or something rare) it leaves to [`careful`], which walks the same
//! document with the `jiter` library and either writes the tape or says where and why it cannot. Then C executes the tape
//! (`build.c`): no Lua function that can raise is ever called with a Rust frame below it.
//!
//! Encoding is the other way round: C walks the value (`walk.c`), because `lua_next` may raise, and calls leaf functions
//! ([`border`]) that append to one buffer ([`sink`]) and never raise.
//!
//! A call is one protected call (`call.c`), which borrows a [`workspace`] of its [`function`].
//!
//! Why there is a parser of our own: the aim is twice the speed of lua-cjson on LuaJIT too, where building the tables alone
//! takes a third of lua-cjson's time. The libraries leave too little of the rest (docs/JSON.md has the numbers). So [`fast`]
//! does only what they cannot know: it predicts the next key from the one before, and thereby neither scans nor hashes nor
//! interns most keys. Nothing in it is `unsafe`, and every error is the library's to report.

mod border;
mod careful;
mod decode;
mod error;
mod escape;
mod fast;
mod function;
mod keys;
mod numbers;
mod options;
mod sink;
mod sort;
mod tape;
#[cfg(test)]
mod tests;
mod text;
mod workspace;

use crate::{LightUserData, Lua, Result, Table, Value};
use function::{Function, What};

/// What `require "oxilua.json"` returns: its functions raise errors.
pub(crate) fn open(lua: &Lua) -> Result<Value> {
    module(lua, false)
}

/// What `require "oxilua.json.safe"` returns: its functions return nil and the message for what is wrong with the data.
pub(crate) fn open_safe(lua: &Lua) -> Result<Value> {
    module(lua, true)
}

fn module(lua: &Lua, safe: bool) -> Result<Value> {
    border::connect();
    let array = shared(lua, "oxilua.json.array_mt")?;
    let empty_array = shared(lua, "oxilua.json.empty_array_mt")?;
    let function = |what| Function::create(lua.state(), what, safe, [&array, &empty_array]);
    let module = lua.create_table()?;
    module.raw_set("decode", function(What::Decode)?)?;
    module.raw_set("encode", function(What::Encode)?)?;
    module.raw_set("null", LightUserData(std::ptr::null_mut()))?;
    module.raw_set("empty_array", LightUserData(border::empty_array()))?;
    #[cfg(feature = "json-floor")]
    module.raw_set("_floor", function(What::Floor)?)?;
    module.raw_set("array_mt", array)?;
    module.raw_set("empty_array_mt", empty_array)?;
    Ok(Value::Table(module))
}

/// A metatable that marks arrays: one for both modules of a state, so that each knows the other's arrays.
fn shared(lua: &Lua, name: &str) -> Result<Table> {
    if let Value::Table(known) = lua.named_registry_value(name)? {
        return Ok(known);
    }
    let made = lua.create_table()?;
    lua.set_named_registry_value(name, &made)?;
    Ok(made)
}
