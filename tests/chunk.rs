//! Chunks of code.
use oxilua::prelude::*;
use oxilua::{AsChunk, Chunk, ChunkMode, Version};
use std::io::Write;
use std::path::Path;

#[test]
fn expressions_and_blocks() {
    let lua = Lua::new();
    assert_eq!(lua.load("1 + 1").eval::<i64>().unwrap(), 2);
    assert_eq!(lua.load("return 1 + 1").eval::<i64>().unwrap(), 2);
    assert_eq!(lua.load("local x = 3 return x").eval::<i64>().unwrap(), 3);
    assert_eq!(lua.load("5 -- a comment").eval::<i64>().unwrap(), 5);
    assert_eq!(lua.load("returned or 7").eval::<i64>().unwrap(), 7);
    assert_eq!(lua.load("1, 2, 3").eval::<(i64, i64, i64)>().unwrap(), (1, 2, 3));
    assert!(lua.load("").eval::<LuaValue>().unwrap().is_nil());
    assert!(lua.load("  \n ").eval::<LuaValue>().unwrap().is_nil());
    lua.load("x = 5").exec().unwrap();
    assert!(lua.load("1 + 1").exec().is_err());
    assert_eq!(lua.load("return select('#', ...)").call::<i64>((1, LuaNil, LuaNil)).unwrap(), 3);
    assert_eq!(lua.load(b"'a\0b'" as &[u8]).eval::<String>().unwrap(), "a\0b");
    assert_eq!(lua.load(String::from("6")).eval::<i64>().unwrap(), 6);
}

#[test]
fn names() {
    let lua = Lua::new();
    let line = line!() + 1;
    let error = lua.load("error('here')").exec().unwrap_err().to_string();
    assert!(error.contains(&format!("chunk.rs:{line}")) || error.contains("chunk.rs"), "{error}");
    assert!(lua.load("error('x')").set_name("=name").exec().unwrap_err().to_string().contains("name:1: x"));
    assert!(lua.load("error('x')").set_name("@a\0b").exec().unwrap_err().to_string().contains(" a:1: x"));
    assert!(lua.load("x = = 1").set_name("n".repeat(10_000)).exec().is_err());
    let chunk = lua.load("return 1").set_name("=n").set_mode(ChunkMode::Text);
    assert_eq!((chunk.name(), chunk.mode()), ("=n", ChunkMode::Text));
}

#[test]
fn environments() {
    let lua = Lua::new();
    let env = lua.create_table_from([("x", 1)]).unwrap();
    let f = lua.load("x = x + 1 y = 5 return x").set_environment(env.clone()).into_function().unwrap();
    assert_eq!(f.call::<i64>(()).unwrap(), 2);
    assert_eq!(env.get::<i64>("y").unwrap(), 5);
    assert!(lua.globals().get::<LuaValue>("y").unwrap().is_nil());
    assert!(lua.load("return print").set_environment(env).eval::<LuaValue>().unwrap().is_nil());
    assert!(lua.load("1").set_environment(Lua::new().globals()).eval::<i64>().is_err());
}

#[test]
fn binary() {
    let lua = Lua::new();
    let f = lua.load("local a = ... return a * 2, x").into_function().unwrap();
    lua.globals().set("x", 9).unwrap();
    for strip in [false, true] {
        let code = f.dump(strip);
        assert_eq!(lua.load(&code).mode(), ChunkMode::Binary);
        let g = lua.load(&code).set_mode(ChunkMode::Binary).into_function().unwrap();
        assert_eq!(g.call::<(i64, i64)>(21).unwrap(), (42, 9));
        assert!(lua.load(&code).set_mode(ChunkMode::Text).into_function().is_err());
        // With another environment; cut off; nothing but the signature.
        let env = lua.create_table_from([("x", 3)]).unwrap();
        assert_eq!(lua.load(&code).set_environment(env).call::<(i64, i64)>(1).unwrap(), (2, 3));
        // LuaJIT does not check code at all, and reads beyond the end of this.
        if lua.engine().version() != Version::LuaJit {
            assert!(lua.load(&code[..code.len() / 2]).into_function().is_err());
            assert!(lua.load(&b"\x1b"[..]).into_function().is_err());
        }
    }
    assert!(lua.load("return 1").set_mode(ChunkMode::Binary).into_function().is_err());
    // From a state that is gone.
    let code = Lua::new().load("return 'far away'").into_function().unwrap().dump(true);
    assert_eq!(lua.load(&code).eval::<String>().unwrap(), "far away");
}

#[test]
fn files() {
    let lua = Lua::new();
    let path = std::env::temp_dir().join(format!("oxilua-chunk-{}.lua", std::process::id()));
    let write = |bytes: &[u8]| std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
    for (bytes, line) in [
        (&b"error('x')"[..], 1),
        (b"#!/usr/bin/lua\nerror('x')", 2),
        (b"\xef\xbb\xbferror('x')", 1),
        (b"\xef\xbb\xbf#!shell\n\nerror('x')", 3),
    ] {
        write(bytes);
        let error = lua.load(path.as_path()).exec().unwrap_err().to_string();
        assert!(error.contains(&format!(".lua:{line}: x")), "{error}");
    }
    write(b"#only a comment");
    lua.load(path.clone()).exec().unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(lua.load(Path::new("/nowhere/x.lua")).exec().unwrap_err().to_string().contains("/nowhere/x.lua"));
}

#[test]
fn of_other_kinds() {
    struct Mine;
    impl AsChunk for Mine {
        fn name(&self) -> Option<String> {
            Some("=mine".into())
        }
        fn environment(&self, lua: &Lua) -> LuaResult<Option<LuaTable>> {
            lua.create_table_from([("y", 4)]).map(Some)
        }
        fn source<'a>(&self) -> LuaResult<std::borrow::Cow<'a, [u8]>>
        where
            Self: 'a,
        {
            Ok(b"return y".as_slice().into())
        }
    }
    struct Fails;
    impl AsChunk for Fails {
        fn source<'a>(&self) -> LuaResult<std::borrow::Cow<'a, [u8]>>
        where
            Self: 'a,
        {
            Err(LuaError::runtime("no source"))
        }
    }
    let lua = Lua::new();
    assert_eq!(lua.load(Mine).eval::<i64>().unwrap(), 4);
    assert!(lua.load(Fails).eval::<i64>().unwrap_err().to_string().contains("no source"));
    lua.globals().set("f", Chunk::wrap("return 8")).unwrap();
    assert_eq!(lua.load("f()").eval::<i64>().unwrap(), 8);
    assert!(lua.globals().set("g", Chunk::wrap("x = = 1")).is_err());
}

#[test]
fn long_and_odd() {
    let lua = Lua::new();
    let many = (0..20_000).map(|i| format!("x{} = {i}\n", i % 100)).collect::<String>();
    lua.load(many).exec().unwrap();
    let limit = format!("return {}", vec!["1"; 100_000].join(" + "));
    let _ = lua.load(&limit).eval::<i64>();
    let nested = "(".repeat(100_000);
    assert!(lua.load(&nested).exec().is_err());
    let locals = (0..300).map(|i| format!("local v{i} = {i}\n")).collect::<String>();
    assert!(lua.load(&locals).exec().is_err());
    assert!(lua.load(&b"\xff\xfe\x00"[..]).exec().is_err());
    let goto = lua.load("goto done ::done::").exec();
    assert_eq!(goto.is_err(), lua.engine().version() == Version::Lua51);
}
