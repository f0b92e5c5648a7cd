//! A native module: `require "example"`.
//!
//! One library can have any number of modules: there are `example`, `example.failing` and `example.panicking`, each a
//! function with `#[lua_module]`. Lua finds the others in `example.so` too, because it looks for `a.b` in `a.so`.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use oxilua::prelude::*;

/// How many journals are open, in all Lua states of the process.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Something that has to be closed, and is: when it is collected, or when its state is closed.
struct Journal {
    file: File,
    name: String,
}

impl Journal {
    /// Opens a file to append to, and notes there who did.
    fn open(path: &str, name: String) -> LuaResult<Journal> {
        // `into_lua_err` makes an error of any other kind one of Lua.
        let file = OpenOptions::new().create(true).append(true).open(path).into_lua_err()?;
        OPEN.fetch_add(1, Ordering::Relaxed);
        let mut journal = Journal { file, name };
        journal.write("open")?;
        Ok(journal)
    }

    fn write(&mut self, what: &str) -> LuaResult<()> {
        // One call for a line: others may append to the same file.
        self.file.write_all(format!("{what} {}\n", self.name).as_bytes()).into_lua_err()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // There is nobody to tell if it fails.
        let _ = self.write("close");
        OPEN.fetch_sub(1, Ordering::Relaxed);
    }
}

impl LuaUserData for Journal {
    fn add_fields<F: LuaUserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("name", |_, this| Ok(this.name.clone()));
    }

    fn add_methods<M: LuaUserDataMethods<Self>>(methods: &mut M) {
        methods.add_method_mut("write", |_, this, line: String| this.write(&line));
        methods.add_meta_method(LuaMetaMethod::ToString, |_, this, ()| Ok(format!("journal {}", this.name)));
    }
}

/// `require "example"`: a table of functions.
#[oxilua::lua_module]
fn example(lua: &Lua) -> LuaResult<LuaTable> {
    let exports = lua.create_table()?;
    exports.set("hello", lua.create_function(|_, name: String| Ok(format!("Hello, {name}!")))?)?;
    exports.set("fail", lua.create_function(fail)?)?;
    exports.set("panic", lua.create_function(panic)?)?;
    exports.set(
        "journal",
        lua.create_function(|_, (path, name): (String, String)| Journal::open(&path, name))?,
    )?;
    exports.set("open_journals", lua.create_function(|_, ()| Ok(OPEN.load(Ordering::Relaxed)))?)?;
    Ok(exports)
}

/// An error of Rust is one in Lua. The journal that is open here is closed all the same.
fn fail(_: &Lua, (path, name): (String, String)) -> LuaResult<()> {
    let mut journal = Journal::open(&path, name)?;
    journal.write("fail")?;
    Err(LuaError::runtime("it was bound to fail"))
}

/// A panic is an error in Lua, too, and here as well the journal is closed.
fn panic(_: &Lua, (path, name): (String, String)) -> LuaResult<()> {
    let mut journal = Journal::open(&path, name)?;
    journal.write("panic")?;
    panic!("this should not have happened");
}

/// `require "example.failing"` raises the error.
#[oxilua::lua_module(name = "example.failing")]
fn failing(_: &Lua) -> LuaResult<LuaTable> {
    Err(LuaError::runtime("this module cannot be loaded"))
}

/// `require "example.panicking"` raises an error, too.
#[oxilua::lua_module(name = "example.panicking")]
fn panicking(_: &Lua) -> LuaResult<LuaTable> {
    panic!("this module panics");
}
