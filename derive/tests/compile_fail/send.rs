//! A state stays in its thread. (The message shows what is in a `Lua`, so that of its handles is checked without words, in
//! `tests/not_send.rs`.)
#![allow(unused)]
use oxilua::Lua;

fn send<T: Send>(_: T) {}

fn main() {
    send(Lua::new());
}
