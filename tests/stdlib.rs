//! The standard libraries, and states with few of them.
use oxilua::prelude::*;
use oxilua::{StdLib, Version};

fn with(libs: StdLib) -> Lua {
    Lua::new_with(libs, LuaOptions::default()).unwrap()
}

#[test]
fn few() {
    let lua = with(StdLib::NONE);
    assert!(
        lua.load(
            "assert(print and pcall and not string and not table and not io and not package and not debug)"
        )
        .exec()
        .is_ok()
    );
    // Everything of Rust's works without them.
    let t = lua.create_table().unwrap();
    t.set("x", vec![1, 2]).unwrap();
    let f = lua.create_function(|_, s: String| Ok(s.len())).unwrap();
    assert_eq!(f.call::<usize>("four").unwrap(), 4);
    assert!(lua.load("error({})").exec().is_err());
    assert!(LuaValue::Table(t).to_string().unwrap().starts_with("table"));
    lua.load_std_libs(StdLib::STRING | StdLib::TABLE).unwrap();
    assert_eq!(lua.load("('x'):rep(3)").eval::<String>().unwrap(), "xxx");
    lua.load_std_libs(StdLib::STRING).unwrap();
    let lua = with(StdLib::PACKAGE);
    assert_eq!(lua.load("type(require)").eval::<String>().unwrap(), "function");
    assert!(lua.load("require 'nothing.of.this.name'").exec().is_err());
    lua.load_std_libs(StdLib::MATH).unwrap();
    assert!(lua.load("package.loaded.math == math and require 'math' == math").eval::<bool>().unwrap());
}

#[test]
fn safe_states() {
    let lua = Lua::new();
    assert!(lua.load("debug == nil and (package.loaded.debug == nil)").eval::<bool>().unwrap());
    assert!(matches!(lua.load_std_libs(StdLib::DEBUG), Err(LuaError::SafetyError(_))));
    assert!(matches!(Lua::new_with(StdLib::ALL, LuaOptions::default()), Err(LuaError::SafetyError(_))));
    assert!(matches!(Lua::new_with(StdLib::FFI, LuaOptions::default()), Err(LuaError::SafetyError(_))));
    assert!(lua.load("pcall(require, 'debug')").eval::<bool>().is_ok_and(|ok| !ok));
    assert!(lua.load("pcall(require, 'ffi')").eval::<bool>().is_ok_and(|ok| !ok));
    assert!(lua.load("package.loadlib('x', '*')").exec().unwrap_err().to_string().contains("disabled"));
    // However the script looks for a C module.
    lua.load("package.cpath = '/usr/lib/x86_64-linux-gnu/lua/5.1/?.so;/usr/lib/x86_64-linux-gnu/lua/5.4/?.so;/usr/lib/x86_64-linux-gnu/lua/5.3/?.so'").exec().unwrap();
    assert!(!lua.load("(pcall(require, 'cjson'))").eval::<bool>().unwrap());
    assert!(!lua.load("(pcall(require, 'cjson.safe'))").eval::<bool>().unwrap());
    // SAFETY: only looked at.
    let lua = unsafe { Lua::unsafe_new() };
    assert_eq!(lua.load("type(debug.getinfo)").eval::<String>().unwrap(), "function");
    if lua.engine().version() == Version::LuaJit {
        assert!(lua.load("(pcall(require, 'ffi'))").eval::<bool>().unwrap());
    }
}

/// A script changes what Rust might rely on.
#[test]
fn changed_by_scripts() {
    let lua = Lua::new();
    lua.load(
        "local g, next, error, keys = _G, next, error, {}
        setmetatable(_G, {__index = function(_, k) error('read ' .. k) end, __newindex = function(_, k) error('write ' .. k) end})
        for k in next, g do keys[#keys + 1] = k end
        for i = 1, #keys do g[keys[i]] = nil end",
    )
    .exec()
    .unwrap();
    let t = lua.create_table().unwrap();
    t.set("x", 1).unwrap();
    let f = lua.create_function(|lua, ()| lua.create_string("x")).unwrap();
    assert_eq!(f.call::<String>(()).unwrap(), "x");
    assert!(lua.load("return x.y").exec().is_err());
    assert!(LuaValue::Table(t).to_string().is_ok());
    let lua = Lua::new();
    lua.load("local mt = getmetatable('') mt.__index = nil mt.__tostring = function() error('no') end mt.__len = 5 mt.__name = {} mt.__eq = error").exec().unwrap();
    let s = lua.create_string("text").unwrap();
    assert_eq!(s.to_str().unwrap(), "text");
    lua.globals().set("s", &s).unwrap();
    assert_eq!(lua.globals().get::<String>("s").unwrap(), "text");
    assert_eq!(
        lua.load("error('message')").set_name("=x").exec().unwrap_err().to_string().lines().next().unwrap(),
        "runtime error: x:1: message"
    );
    if lua.engine().version() > Version::LuaJit {
        lua.load("package.loaded._G = nil package.loaded.string = nil package.searchers = nil package.preload = nil").exec().unwrap();
        lua.load_std_libs(StdLib::ALL_SAFE).unwrap();
    }
}
