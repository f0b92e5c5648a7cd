//! What is borrowed does not outlive what it is borrowed from.
#![allow(unused)]
use oxilua::{AnyUserData, Function, Lua, LuaString, Result};

fn text(string: &LuaString) -> Result<&str> {
    Ok(&string.to_str()?)
}

fn text_of_a_block(string: LuaString) {
    let text: &str = {
        let borrowed = string.to_str().unwrap();
        &borrowed
    };
    println!("{text}");
}

fn bytes(string: &LuaString) -> &[u8] {
    &string.as_bytes()
}

fn value(userdata: &AnyUserData) -> &i64 {
    &userdata.borrow::<i64>().unwrap()
}

fn callback(lua: &Lua) -> Result<Function> {
    let count = 5;
    lua.create_function(|_, ()| Ok(count + 1))
}

fn captured(lua: &Lua, text: &str) -> Result<()> {
    let function = lua.create_function(move |_, ()| Ok(text.len()))?;
    lua.globals().set("f", function)
}

fn scope(lua: &Lua) -> Result<()> {
    lua.scope(|scope| {
        let inside = String::from("gone before the scope ends");
        let function = scope.create_function(|_, ()| Ok(inside.len()))?;
        function.call::<()>(())
    })
}

fn main() {}
