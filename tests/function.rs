//! Functions: Lua's called by Rust, and Rust's called by Lua.
use oxilua::prelude::*;
use oxilua::{Variadic, Version};
use std::cell::Cell;
use std::rc::Rc;

#[test]
fn arguments_and_results() {
    let lua = Lua::new();
    let f = lua.load("return ...").into_function().unwrap();
    assert_eq!(f.call::<(i64, String, Option<bool>)>((1, "two", LuaNil)).unwrap(), (1, "two".into(), None));
    assert_eq!(f.call::<LuaMultiValue>(()).unwrap().len(), 0);
    assert_eq!(f.call::<LuaMultiValue>((LuaNil, LuaNil)).unwrap().len(), 2);
    assert!(f.call::<LuaValue>(()).unwrap().is_nil());
    f.call::<()>((1, 2, 3)).unwrap();
    assert_eq!(f.call::<(i64, Variadic<i64>)>((1, 2, 3)).unwrap().1.len(), 2);
    assert!(f.call::<(i64, i64)>(1).is_err());
    // 16 of them, and the last ones nested.
    let t = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
    assert_eq!(
        f.call::<(i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64)>(t)
            .unwrap()
            .15,
        16
    );
    let g = lua
        .create_function(|_, (a, b, (c, d, rest)): (i64, i64, (i64, i64, Variadic<i64>))| {
            Ok((a + b, (c + d, rest)))
        })
        .unwrap();
    let (ab, (cd, rest)) =
        g.call::<(i64, (i64, Variadic<i64>))>((1, 2, (3, 4, Variadic::from(vec![5, 6])))).unwrap();
    assert_eq!((ab, cd, rest.len()), (3, 7, 2));
    let strings =
        ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", ("p", "q", "r"));
    assert_eq!(f.call::<Variadic<String>>(strings).unwrap().concat(), "abcdefghijklmnopqr");
}

/// Conversions that call Lua while other arguments are on the stack.
#[test]
fn conversions_that_call_lua() {
    #[derive(Debug)]
    struct Calls(i64);
    impl IntoLua for Calls {
        fn into_lua(self, lua: &Lua) -> LuaResult<LuaValue> {
            if self.0 == 0 {
                return Ok(LuaValue::Integer(0));
            }
            let f = lua.load("return ...").into_function()?;
            let values =
                f.call::<(LuaValue, i64, i64, i64, LuaString)>((Calls(self.0 - 1), 2, 3, 4, "five"))?;
            lua.gc_collect()?;
            assert_eq!((values.1, values.2, values.3), (2, 3, 4));
            Ok(LuaValue::Integer(self.0))
        }
    }
    impl FromLua for Calls {
        fn from_lua(value: LuaValue, lua: &Lua) -> LuaResult<Self> {
            let n = i64::from_lua(value, lua)?;
            if n > 0 {
                let f = lua.load("return ...").into_function()?;
                let (a, b) = f.call::<(Calls, Calls)>((n - 1, 0))?;
                assert_eq!((a.0, b.0), (n - 1, 0));
            }
            Ok(Calls(n))
        }
    }
    let lua = Lua::new();
    let f = lua.load("return ...").into_function().unwrap();
    for _ in 0..5 {
        let r = f
            .call::<(i64, i64, String, i64, i64, i64)>((Calls(20), 1, "text", Calls(3), Calls(4), 5))
            .unwrap();
        assert_eq!(r, (20, 1, "text".into(), 3, 4, 5));
        let r = f.call::<(Calls, Calls, String, Calls)>((6, 5, "x", 4)).unwrap();
        assert_eq!((r.0.0, r.1.0, r.2.as_str(), r.3.0), (6, 5, "x", 4));
        let t = lua.create_table_from([("a", Calls(3)), ("b", Calls(9))]).unwrap();
        assert_eq!(t.get::<Calls>("b").unwrap().0, 9);
        assert_eq!(t.pairs::<String, Calls>().map(|p| p.unwrap().1.0).sum::<i64>(), 12);
        let g = lua.create_function(|_, (a, b): (Calls, Calls)| Ok((b, "between", a))).unwrap();
        assert_eq!(g.call::<(i64, String, i64)>((3, 4)).unwrap(), (4, "between".into(), 3));
    }
}

#[test]
fn captures() {
    let lua = Lua::new();
    let counter = Rc::new(Cell::new(0));
    let c = counter.clone();
    let f = lua.create_function(move |_, n: i64| Ok(c.set(c.get() + n))).unwrap();
    f.call::<()>(2).unwrap();
    f.call::<()>(3).unwrap();
    assert_eq!(counter.get(), 5);
    drop(f);
    lua.gc_collect().unwrap();
    assert_eq!(Rc::strong_count(&counter), 1);
    // Of any alignment and size, with and without a Drop.
    #[repr(align(64))]
    #[derive(Clone)]
    #[allow(dead_code)]
    struct Aligned(u8, Option<Rc<Cell<i64>>>);
    for keep in [None, Some(counter.clone())] {
        let aligned = Aligned(7, keep.clone());
        let f = lua
            .create_function(move |_, ()| {
                assert_eq!((&raw const aligned) as usize % 64, 0);
                Ok(aligned.0)
            })
            .unwrap();
        for _ in 0..10 {
            assert_eq!(f.call::<u8>(()).unwrap(), 7);
        }
    }
    #[repr(align(64))]
    #[derive(Clone, Copy)]
    struct Plain(u8);
    let plain = Plain(9);
    let f = lua.create_function(move |_, ()| Ok({ plain }.0)).unwrap();
    assert_eq!(f.call::<u8>(()).unwrap(), 9);
    let large = [3_u8; 100_000];
    let f = lua.create_function(move |_, i: usize| Ok(large[i])).unwrap();
    assert_eq!(f.call::<u8>(99_999).unwrap(), 3);
    drop(f);
    lua.gc_collect().unwrap();
    lua.gc_collect().unwrap();
    assert_eq!(Rc::strong_count(&counter), 1);
}

#[test]
fn functions_without_captures() {
    let lua = Lua::new();
    let make =
        |n: i64| if n == 0 { lua.create_function(|_, ()| Ok(1)) } else { lua.create_function(|_, ()| Ok(2)) };
    let (a, b, c) = (make(0).unwrap(), make(0).unwrap(), make(1).unwrap());
    assert_eq!(a, b);
    assert_ne!(a, c);
    assert_eq!((a.call::<i64>(()).unwrap(), c.call::<i64>(()).unwrap()), (1, 2));
    struct Guard;
    impl Drop for Guard {
        fn drop(&mut self) {
            DROPS.with(|d| d.set(d.get() + 1));
        }
    }
    thread_local!(static DROPS: Cell<i32> = const { Cell::new(0) });
    let guard = Guard;
    let f = lua
        .create_function(move |_, ()| {
            let _ = &guard;
            Ok(())
        })
        .unwrap();
    f.call::<()>(()).unwrap();
    drop(f);
    lua.gc_collect().unwrap();
    assert_eq!(DROPS.with(Cell::get), 1);
}

#[test]
fn mutable_closures_are_not_entered_twice() {
    let lua = Lua::new();
    let mut depth = 0;
    let f = lua
        .create_function_mut(move |lua, again: bool| {
            depth += 1;
            if again {
                let f: LuaFunction = lua.globals().get("f")?;
                match f.call::<i64>(false) {
                    Err(LuaError::CallbackError { cause, .. })
                        if matches!(*cause, LuaError::RecursiveMutCallback) => {}
                    other => panic!("{other:?}"),
                }
            }
            Ok(depth)
        })
        .unwrap();
    lua.globals().set("f", &f).unwrap();
    assert_eq!(f.call::<i64>(true).unwrap(), 1);
    assert_eq!(f.call::<i64>(false).unwrap(), 2);
    // Also after a panic.
    let g = lua.create_function_mut(|_, fail: bool| if fail { panic!("once") } else { Ok(1) }).unwrap();
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| g.call::<i64>(true))).is_err());
    std::panic::set_hook(hook);
    assert_eq!(g.call::<i64>(false).unwrap(), 1);
}

#[test]
fn bound() {
    let lua = Lua::new();
    let f: LuaFunction = lua.load("function(...) return select('#', ...), ... end").eval().unwrap();
    let g = f.bind((1, "two")).unwrap().bind(LuaNil).unwrap();
    let (n, one, two, nil, four) = g.call::<(i64, i64, String, LuaValue, i64)>(4).unwrap();
    assert_eq!((n, one, two.as_str(), nil.is_nil(), four), (4, 1, "two", true, 4));
    assert_eq!(f.bind(()).unwrap(), f);
}

#[test]
fn what_is_known() {
    let lua = Lua::new();
    let f: LuaFunction =
        lua.load("\n\nfunction(a, b, ...)\n return a, f\n end").set_name("@file.lua").eval().unwrap();
    let info = f.info();
    assert_eq!(info.what, "Lua");
    assert_eq!(info.source.as_deref(), Some("@file.lua"));
    assert_eq!(info.short_src.as_deref(), Some("file.lua"));
    assert_eq!((info.line_defined, info.last_line_defined), (Some(3), Some(5)));
    if !matches!(lua.engine().version(), Version::Lua51 | Version::LuaJit) {
        assert_eq!((info.num_params, info.is_vararg), (2, true));
    }
    let print: LuaFunction = lua.globals().get("print").unwrap();
    assert_eq!(print.info().what, "C");
    // The text outlives the function.
    drop(f);
    lua.gc_collect().unwrap();
    assert_eq!(info.source.unwrap(), "@file.lua");
}

#[test]
fn tracebacks() {
    let lua = Lua::new();
    let trace = lua.create_function(|lua, ()| lua.traceback(Some("message"), 0)).unwrap();
    lua.globals().set("trace", trace).unwrap();
    let text: String = lua
        .load("local function inner() return (trace()) end local t = inner() return t")
        .set_name("@here.lua")
        .eval()
        .unwrap();
    assert!(text.starts_with("message\nstack traceback:") && text.contains("here.lua:1:"), "{text}");
    let deep: String = lua.load("local function f(n) if n == 0 then return (trace()) end local r = f(n - 1) return r end local r = f(150) return r").eval().unwrap();
    assert!(deep.contains("skipping") && deep.lines().count() < 40, "{deep}");
    lua.traceback(None, usize::MAX).unwrap();
}
