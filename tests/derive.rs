//! The macros: `FromLua`, `UserData` with `userdata_impl`, `chunk!`, `lua_module`.
#![cfg(feature = "macros")]

#[path = "derive/chunk.rs"]
mod chunk;
#[path = "derive/from_lua.rs"]
mod from_lua;
#[path = "derive/members.rs"]
mod members;
#[path = "derive/module.rs"]
mod module;
#[path = "derive/user_data.rs"]
mod user_data;
