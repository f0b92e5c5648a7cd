//! `#[derive(FromLua)]` of a type that cannot be cloned.
#![allow(unused)]
use oxilua::{FromLua, UserData};

#[derive(FromLua, UserData)]
struct Single {
    value: i64,
}

#[derive(Clone, FromLua)]
struct Generic<T>(T);

struct NotClone;

fn main() {
    let lua = oxilua::Lua::new();
    let _: Generic<NotClone> = lua.unpack(oxilua::Nil).unwrap();
}
