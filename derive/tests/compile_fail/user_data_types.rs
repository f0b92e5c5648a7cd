//! `#[derive(UserData)]`: fields whose types Lua does not know.
#![allow(unused)]
use oxilua::UserData;
use std::thread::Thread;

struct NotClone;

#[derive(UserData)]
struct Fields {
    handle: Thread,
    #[lua(get)]
    not_clone: NotClone,
}

fn main() {}
