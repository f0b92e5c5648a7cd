//! The macros of [`oxilua`](https://docs.rs/oxilua).

mod module;

use proc_macro::TokenStream;

/// Makes a function the entry point of a native Lua module: what `require` runs.
///
/// ```ignore
/// use oxilua::prelude::*;
///
/// #[oxilua::lua_module]
/// fn my_module(lua: &Lua) -> LuaResult<LuaTable> {
///     let exports = lua.create_table()?;
///     exports.set("hello", lua.create_function(|_, name: String| Ok(format!("Hello, {name}!")))?)?;
///     Ok(exports)
/// }
/// ```
///
/// The crate is a `cdylib`; `require "my_module"` finds `my_module.so` (or `.dll`) with the function `luaopen_my_module`
/// in it, which this macro writes. It finds out which Lua calls it, so the same file serves every Lua. A library can have
/// any number of entry points.
///
/// Options: `name = "other.name"` for `require "other.name"`. `skip_memory_check` is accepted and has no effect.
#[proc_macro_attribute]
pub fn lua_module(attr: TokenStream, item: TokenStream) -> TokenStream {
    module::expand(attr.into(), item.into()).unwrap_or_else(|error| error.to_compile_error()).into()
}
