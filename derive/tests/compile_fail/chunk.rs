//! `chunk!`: what can stand behind a `$`.
#![allow(unused)]
use oxilua::{Lua, chunk};

fn main() {
    let lua = Lua::new();
    let end = 1;
    let größe = 1;
    lua.load(chunk! { return $5 }).exec().unwrap();
    lua.load(chunk! { return $(x) }).exec().unwrap();
    lua.load(chunk! { return $ }).exec().unwrap();
    lua.load(chunk! { return $end }).exec().unwrap();
    lua.load(chunk! { return $größe }).exec().unwrap();
}
