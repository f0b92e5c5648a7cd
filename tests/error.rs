//! Errors on their way between Rust and Lua.
use oxilua::Version;
use oxilua::prelude::*;
use std::io;

#[test]
fn from_lua() {
    let lua = Lua::new();
    let error = lua.load("error('text')").set_name("@x.lua").exec().unwrap_err();
    assert!(
        matches!(&error, LuaError::RuntimeError(m) if m.starts_with("x.lua:1: text") && m.contains("stack traceback")),
        "{error}"
    );
    for (code, text) in [
        ("error({})", "table: 0x"),
        ("error()", "nil"),
        ("error(nil)", "nil"),
        ("error(true)", "true"),
        ("error(12)", "12"),
        ("error(print)", "function"),
        ("error(setmetatable({}, {__tostring = function() return 'described' end}))", "described"),
        ("error(setmetatable({}, {__tostring = function() return 5 end}))", "unprintable"),
        ("error(setmetatable({}, {__tostring = function() error('worse') end}))", "unprintable"),
        ("error('a\\0b')", "a\0b"),
        ("error('\\255')", "\u{fffd}"),
        ("local x = nil; x.y = 1", "index"),
        ("local x = {} .. 'x'", "concatenate"),
        ("f()", "call"),
    ] {
        let error = lua.load(code).exec().unwrap_err();
        let newer =
            lua.engine().version() == Version::Lua55 && code.starts_with("error(nil") || code == "error()";
        assert!(error.to_string().contains(text) || newer, "{code}: {error}");
    }
}

#[test]
fn syntax() {
    let lua = Lua::new();
    for (code, incomplete) in [
        ("x = = 1", false),
        ("if true then", true),
        ("x = 'open", true),
        ("function f(", true),
        ("for", true),
        ("return return", false),
    ] {
        match lua.load(code).exec().unwrap_err() {
            LuaError::SyntaxError { incomplete_input, message } => {
                assert_eq!(incomplete_input, incomplete, "{code}: {message}")
            }
            other => panic!("{other:?}"),
        }
        assert!(lua.load(code).eval::<LuaValue>().is_err());
        assert!(lua.load(code).into_function().is_err());
    }
}

#[test]
fn through_lua() {
    let lua = Lua::new();
    let fail = lua
        .create_function(|_, what: i64| -> LuaResult<()> {
            match what {
                1 => Err(LuaError::runtime("one")),
                2 => Err(LuaError::external(io::Error::other("two"))),
                _ => Err("three".into_lua_err()),
            }
        })
        .unwrap();
    lua.globals().set("fail", &fail).unwrap();
    // The same error comes back, whatever Lua did with it.
    for code in [
        "fail(2)",
        "local ok, e = pcall(fail, 2) error(e)",
        "local ok, e = pcall(fail, 2) error(e, 0)",
        "local co = coroutine.wrap(fail) co(2)",
    ] {
        let code = if code.contains("wrap") && lua.engine().version() == Version::Lua51 {
            "coroutine.wrap(function() fail(2) end)()"
        } else {
            code
        };
        let error = lua.load(code).exec().unwrap_err();
        let LuaError::CallbackError { cause, traceback } = &error else { panic!("{code}: {error:?}") };
        assert!(traceback.contains("stack traceback"), "{traceback}");
        assert_eq!(cause.downcast_ref::<io::Error>().unwrap().to_string(), "two");
        assert!(error.downcast_ref::<io::Error>().is_some());
    }
    let (ok, text, kind) = lua
        .load("local ok, e = pcall(fail, 3) return ok, tostring(e), type(e)")
        .eval::<(bool, String, String)>()
        .unwrap();
    assert!(!ok && text.contains("three") && kind == "userdata", "{text}");
    assert!(
        lua.load("local ok, e = pcall(fail, 1) return getmetatable(e)").eval::<LuaValue>().unwrap()
            == LuaValue::Boolean(false)
    );
    // In and out of nested calls, without growing.
    lua.globals()
        .set(
            "again",
            lua.create_function(|lua, n: i64| -> LuaResult<()> {
                let code = if n == 0 { "fail(1)".to_owned() } else { format!("again({})", n - 1) };
                lua.load(code).exec()
            })
            .unwrap(),
        )
        .unwrap();
    let error = lua.load("again(10)").exec().unwrap_err();
    assert!(error.to_string().contains("one"));
    for _ in 0..1000 {
        assert!(fail.call::<()>(1).is_err());
    }
}

#[test]
fn arguments() {
    let lua = Lua::new();
    let f = lua.create_function(|_, (_, _): (String, i64)| Ok(())).unwrap();
    lua.globals().set("f", f).unwrap();
    let error = lua.load("f('x', 'y')").exec().unwrap_err();
    let text = error.to_string();
    assert!(text.contains("#2") && text.contains("string") && text.contains("i64"), "{text}");
    let LuaError::CallbackError { cause, .. } = error else { panic!() };
    assert!(matches!(&*cause, LuaError::BadArgument { pos: 2, .. }));
    assert!(lua.load("f()").exec().is_err());
    assert!(lua.load("f({}, 1)").exec().is_err());
}

#[test]
fn context() {
    let error = LuaError::runtime("inner").context("outer").with_context(|e| format!("{e} and more"));
    assert!(error.to_string().contains("outer"), "{error}");
    let result: LuaResult<()> = Err(io::Error::other("io")).into_lua_err();
    assert!(result.unwrap_err().downcast_ref::<io::Error>().is_some());
    assert!(Result::<(), _>::Err(LuaError::StackError).context("c").is_err());
    let lua = Lua::new();
    let e = lua.pack(LuaError::runtime("packed")).unwrap();
    assert!(e.is_error() && e.as_error().unwrap().to_string().contains("packed"));
    assert!(lua.unpack::<LuaError>(lua.pack("text").unwrap()).unwrap().to_string().contains("text"));
    assert!(lua.unpack::<LuaError>(lua.pack(true).unwrap()).is_ok());
}

#[test]
fn stack_overflow() {
    let lua = Lua::new();
    for code in [
        "local function f() return 1 + f() end f()",
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k .. 'x'] end return t.x",
        "local s = string.rep('(', 5000) .. string.rep(')', 5000) local f = (loadstring or load)('return ' .. s) assert(f)",
        "local function f() local ok, e = pcall(f) if not ok then error(e, 0) end end f() error('end')",
        "local co = coroutine.wrap(function() local function f() return 1 + f() end f() end) co()",
    ] {
        for _ in 0..3 {
            assert!(lua.load(code).exec().is_err(), "{code}");
        }
    }
    assert_eq!(lua.load("1 + 1").eval::<i64>().unwrap(), 2);
}

/// A Rust function called where the stack is nearly full.
#[test]
fn nearly_full_stack() {
    let lua = Lua::new();
    let f = lua
        .create_function(|lua, (): ()| {
            let t = lua.create_table()?;
            t.set("x", vec![1, 2, 3])?;
            let values = lua.load("return ...").call::<LuaMultiValue>(oxilua::Variadic::from_iter(0..40))?;
            Ok(values.len())
        })
        .unwrap();
    lua.globals().set("f", f).unwrap();
    // Deep down, and in the handler of the overflow itself.
    let code = "local function deeper(k) if k % 5000 == 0 then pcall(f) end return 1 + deeper(k + 1) end
        return xpcall(function() deeper(1) end, function(e) pcall(f) pcall(f) return e end)";
    let _ = lua.load(code).exec();
    assert_eq!(lua.load("f()").eval::<i64>().unwrap(), 40);
}
