//! `chunk!`: variables that are not there, are not for Lua, or have been moved.
#![allow(unused)]
use oxilua::{Lua, chunk};

struct NotForLua;

fn main() {
    let lua = Lua::new();
    lua.load(chunk! { return $unknown }).exec().unwrap();

    let value = NotForLua;
    lua.load(chunk! { return $value }).exec().unwrap();

    let text = String::new();
    lua.load(chunk! { return $text }).exec().unwrap();
    println!("{text}");
}
