//! Coroutines.
use oxilua::prelude::*;
use oxilua::{Variadic, Version};

#[test]
fn resume_and_yield() {
    let lua = Lua::new();
    let f = lua.load("local a, b = ... local c = coroutine.yield(a + b) local d, e = coroutine.yield('two', c) return d, e, 'end'").into_function().unwrap();
    let co = lua.create_thread(f.clone()).unwrap();
    assert_eq!(co.status(), LuaThreadStatus::Resumable);
    assert_eq!(co.resume::<i64>((1, 2)).unwrap(), 3);
    assert_eq!(co.resume::<(String, String)>("c").unwrap(), ("two".into(), "c".into()));
    assert!(co.is_resumable());
    assert_eq!(co.resume::<(LuaValue, bool, String)>((LuaNil, true)).unwrap().2, "end");
    assert!(co.is_finished());
    assert!(matches!(co.resume::<()>(()), Err(LuaError::CoroutineUnresumable)));
    // Many values, both ways.
    let co = lua.create_thread(lua.load("local n = select('#', ...) local t = {...} while true do t = {coroutine.yield((table.unpack or unpack)(t))} end").into_function().unwrap()).unwrap();
    for n in [0, 1, 30, 300, 5000] {
        let values = co.resume::<Variadic<i64>>(Variadic::from_iter(0..n)).unwrap();
        assert_eq!(values.len() as i64, n);
        assert!(values.iter().enumerate().all(|(i, v)| i as i64 == *v));
        let texts =
            co.resume::<Variadic<String>>(Variadic::from_iter((0..n).map(|i| format!("text {i}")))).unwrap();
        assert!(texts.len() as i64 == n && texts.last().is_none_or(|t| *t == format!("text {}", n - 1)));
    }
}

#[test]
fn errors() {
    let lua = Lua::new();
    let co = lua
        .create_thread(
            lua.load("local function inner() error('in here') end coroutine.yield() inner()")
                .set_name("@co.lua")
                .into_function()
                .unwrap(),
        )
        .unwrap();
    co.resume::<()>(()).unwrap();
    let error = co.resume::<()>(()).unwrap_err().to_string();
    assert!(error.contains("co.lua:1: in here") && error.contains("inner"), "{error}");
    assert!(co.is_error());
    assert!(matches!(co.resume::<()>(()), Err(LuaError::CoroutineUnresumable)));
    let f = lua.create_function(|_, ()| Err::<(), _>(LuaError::runtime("of Rust"))).unwrap();
    let co = lua.create_thread(f).unwrap();
    assert!(matches!(co.resume::<()>(()), Err(LuaError::CallbackError { .. })));
    for code in [
        "error()",
        "error({})",
        "error(setmetatable({}, {__tostring = function() error('x') end}))",
        "local function f() return 1 + f() end f()",
    ] {
        let co = lua.create_thread(lua.load(code).into_function().unwrap()).unwrap();
        assert!(co.resume::<()>(()).is_err());
        assert!(co.is_error());
    }
    // Of a conversion: the coroutine goes on.
    let co = lua
        .create_thread(lua.load("while true do coroutine.yield('x') end").into_function().unwrap())
        .unwrap();
    assert!(co.resume::<i64>(()).is_err());
    assert_eq!(co.resume::<String>(()).unwrap(), "x");
}

#[test]
fn running_normal_and_main() {
    let lua = Lua::new();
    let main = lua.current_thread();
    assert!(main.is_running());
    assert!(matches!(main.resume::<()>(()), Err(LuaError::CoroutineUnresumable)));
    let check = lua
        .create_function(|lua, (outer, main): (LuaThread, LuaThread)| {
            let inner = lua.current_thread();
            assert!(
                inner.is_running() && outer.is_normal() && main.is_normal(),
                "{:?} {:?} {:?}",
                inner.status(),
                outer.status(),
                main.status()
            );
            for t in [&inner, &outer, &main] {
                assert!(matches!(t.resume::<()>(1), Err(LuaError::CoroutineUnresumable)));
                assert!(t.reset(lua.load("return 1").into_function()?).is_err());
            }
            Ok(())
        })
        .unwrap();
    lua.globals().set("check", check).unwrap();
    lua.globals().set("main", &main).unwrap();
    let co = lua.create_thread(lua.load("local me = ... local inner = coroutine.create(function() check(me, main) end) local ok, e = coroutine.resume(inner) assert(ok, tostring(e)) return 'done'").into_function().unwrap()).unwrap();
    assert_eq!(co.resume::<String>(&co).unwrap(), "done");
    assert_eq!(lua.current_thread(), main);
}

/// A coroutine resumed by Rust in the middle of a conversion, which tries to resume the one that converts.
#[test]
fn the_thread_that_waits_is_not_resumed() {
    struct Resumes(LuaThread);
    impl IntoLua for Resumes {
        fn into_lua(self, _: &Lua) -> LuaResult<LuaValue> {
            self.0.resume::<LuaValue>(())
        }
    }
    let lua = Lua::new();
    let main = lua.current_thread();
    let m = main.clone();
    let try_main = lua
        .create_function(move |_, ()| {
            assert!(m.resume::<()>(()).is_err());
            Ok("tried")
        })
        .unwrap();
    let f = lua.load("return ...").into_function().unwrap();
    for _ in 0..50 {
        let co = lua.create_thread(try_main.clone()).unwrap();
        let r = f.call::<(i64, LuaFunction, String, i64)>((1, f.clone(), Resumes(co), 4)).unwrap();
        assert_eq!((r.0, r.2.as_str(), r.3), (1, "tried", 4));
    }
    assert_eq!(oxilua::__private::stack_top(&lua), 0);
}

#[test]
fn rust_functions_in_coroutines() {
    let lua = Lua::new();
    let f = lua
        .create_function(|lua, (n, f): (i64, Option<LuaFunction>)| {
            lua.gc_collect()?;
            let t = lua.create_table()?;
            t.set("n", n)?;
            match f {
                Some(f) => f.call::<LuaValue>(&t),
                None => Ok(LuaValue::Table(t)),
            }
        })
        .unwrap();
    lua.globals().set("f", f).unwrap();
    // Coroutines that are collected half-way, with functions of Rust in them.
    lua.load("
        for i = 1, 300 do
            local co = coroutine.wrap(function() local t = f(i) coroutine.yield(t) f(i) end)
            assert(co().n == i)
        end
        local ok, e = pcall(coroutine.wrap(function() f(1, coroutine.yield) end))
        assert(not ok, 'no yield through Rust')
        local co = coroutine.wrap(function() return f(2, function(t) return coroutine.wrap(function() return f(t.n + 1).n end)() end) end)
        assert(co() == 3)").exec().unwrap();
    let yields = lua.load("coroutine.yield()").into_function().unwrap();
    assert!(yields.call::<()>(()).is_err());
}

#[test]
fn reset() {
    let lua = Lua::new();
    let f = lua.load("local x = ... coroutine.yield(x) return x + 1").into_function().unwrap();
    let co = lua.create_thread(f.clone()).unwrap();
    for i in 0..50 {
        assert_eq!(co.resume::<i64>(i).unwrap(), i);
        assert_eq!(co.resume::<i64>(()).unwrap(), i + 1);
        co.reset(f.clone()).unwrap();
    }
    co.resume::<i64>(1).unwrap();
    let suspended = co.reset(f.clone());
    assert_eq!(suspended.is_ok(), lua.engine().version() >= Version::Lua54 || suspended.is_ok());
    let dead = lua.create_thread(lua.load("error('x')").into_function().unwrap()).unwrap();
    assert!(dead.resume::<()>(()).is_err());
    if dead.reset(f.clone()).is_ok() {
        assert_eq!(dead.resume::<i64>(5).unwrap(), 5);
    }
    // Closing a variable fails.
    if lua.engine().version() >= Version::Lua54 {
        let co = lua.create_thread(lua.load("local x <close> = setmetatable({}, {__close = function() error('closing') end}) coroutine.yield(1)").into_function().unwrap()).unwrap();
        co.resume::<i64>(()).unwrap();
        assert!(co.reset(f.clone()).unwrap_err().to_string().contains("closing"));
        assert_eq!(oxilua::__private::stack_top(&lua), 0);
    }
}

#[test]
fn many() {
    let lua = Lua::new();
    let f = lua.load("local n = ... while true do n = n + coroutine.yield(n) end").into_function().unwrap();
    let all: Vec<_> = (0..10_000).map(|_| lua.create_thread(f.clone()).unwrap()).collect();
    for (i, co) in all.iter().enumerate() {
        assert_eq!(co.resume::<usize>(i).unwrap(), i);
    }
    for (i, co) in all.iter().enumerate().rev() {
        assert_eq!(co.resume::<usize>(1).unwrap(), i + 1);
    }
    assert_ne!(all[0], all[1]);
    assert_eq!(all[0], all[0].clone());
}
