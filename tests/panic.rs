//! Panics through every border.
use oxilua::prelude::*;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::rc::Rc;

fn quiet<R>(f: impl FnOnce() -> R) -> std::thread::Result<R> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = catch_unwind(AssertUnwindSafe(f));
    std::panic::set_hook(hook);
    result
}

fn text(payload: Box<dyn std::any::Any + Send>) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|s| s.to_string())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

fn with_boom() -> Lua {
    let lua = Lua::new();
    let boom = lua.create_function(|_, n: i64| -> LuaResult<()> { panic!("boom {n}") }).unwrap();
    lua.globals().set("boom", boom).unwrap();
    lua
}

#[test]
fn goes_on_in_rust() {
    let lua = with_boom();
    for code in [
        "boom(1)",
        "return pcall(error, 'x') and boom(1) or boom(1)",
        "local co = coroutine.wrap(function() boom(1) end) co()",
        "setmetatable({}, {__index = function() boom(1) end}).x = boom(1)",
    ] {
        assert_eq!(text(quiet(|| lua.load(code).exec()).unwrap_err()), "boom 1", "{code}");
    }
    let co = lua.create_thread(lua.globals().get("boom").unwrap()).unwrap();
    assert_eq!(text(quiet(|| co.resume::<()>(2)).unwrap_err()), "boom 2");
    assert_eq!(co.status(), LuaThreadStatus::Error);
    assert!(matches!(co.resume::<()>(()), Err(LuaError::CoroutineUnresumable)));
    // The payload stays what it is.
    let any =
        lua.create_function(|_, ()| -> LuaResult<()> { panic_any(Rc::new(5).to_string().len()) }).unwrap();
    assert_eq!(*quiet(|| any.call::<()>(())).unwrap_err().downcast::<usize>().unwrap(), 1);
    // Several levels of Rust and Lua.
    let outer =
        lua.create_function(|lua, n: i64| -> LuaResult<()> { lua.load("boom(...)").call(n) }).unwrap();
    lua.globals().set("outer", outer).unwrap();
    assert_eq!(text(quiet(|| lua.load("outer(3)").exec()).unwrap_err()), "boom 3");
}

#[test]
fn is_an_error_in_lua() {
    let lua = with_boom();
    quiet(|| {
        lua.load("local ok, e = pcall(boom, 4) assert(not ok and tostring(e):find('boom 4')) kept = e").exec().unwrap();
        // It goes on once; then there is an error in its place.
        assert_eq!(text(catch_unwind(AssertUnwindSafe(|| lua.load("error(kept)").exec())).unwrap_err()), "boom 4");
        assert!(matches!(lua.load("error(kept)").exec(), Err(LuaError::PreviouslyResumedPanic)));
        lua.load("assert(tostring(kept))").exec().unwrap();
        assert!(matches!(lua.globals().get::<LuaValue>("kept").unwrap(), LuaValue::Error(e) if matches!(*e, LuaError::PreviouslyResumedPanic)));
        // Never resumed: dropped with the state.
        lua.load("local ok, e = pcall(boom, 5) other = e").exec().unwrap();
        lua.load("local ok, e = xpcall(function() boom(6) end, function(e) return {e} end) assert(not ok)").exec().unwrap();
    })
    .unwrap();
}

#[test]
fn as_an_argument() {
    let lua = with_boom();
    quiet(|| {
        let f = lua.create_function(|_, _: LuaValue| Ok("reached")).unwrap();
        lua.globals().set("f", f).unwrap();
        let g = lua.create_function(|_, _: LuaMultiValue| Ok("reached")).unwrap();
        lua.globals().set("g", g).unwrap();
        let code = |f: &str| format!("local _, e = pcall(boom, 7) return {f}(1, e), {f}(e)");
        assert!(catch_unwind(AssertUnwindSafe(|| lua.load(code("f")).exec())).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| lua.load(code("g")).exec())).is_err());
        // As the result of a call: the call panics.
        assert!(
            catch_unwind(AssertUnwindSafe(|| lua.load("local _, e = pcall(boom, 8) return 1, e").eval::<(
                i64,
                LuaValue
            )>(
            )))
            .is_err()
        );
    })
    .unwrap();
    assert_eq!(oxilua::__private::stack_top(&lua), 0);
}

#[test]
fn in_a_drop() {
    struct Bomb(Rc<Cell<usize>>);
    impl Drop for Bomb {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
            panic!("in a drop");
        }
    }
    impl LuaUserData for Bomb {}
    let drops = Rc::new(Cell::new(0));
    quiet(|| {
        let lua = Lua::new();
        for i in 0..20 {
            let ud = lua.create_userdata(Bomb(drops.clone())).unwrap();
            let bomb = Bomb(drops.clone());
            lua.create_function(move |_, ()| {
                let _ = &bomb;
                Ok(())
            })
            .unwrap();
            if i < 5 {
                lua.globals().set(i, ud).unwrap();
            }
        }
        lua.gc_collect().unwrap();
        lua.gc_collect().unwrap();
        assert_eq!(lua.load("1 + 1").eval::<i64>().unwrap(), 2);
        drop(lua);
    })
    .unwrap();
    assert_eq!(drops.get(), 40);
}

#[test]
fn in_every_kind_of_function() {
    struct Data;
    impl LuaUserData for Data {
        fn add_fields<F: LuaUserDataFields<Self>>(fields: &mut F) {
            fields.add_field_method_get("get", |_, _| -> LuaResult<i64> { panic!("get") });
            fields.add_field_method_set("set", |_, _, _: i64| -> LuaResult<()> { panic!("set") });
        }
        fn add_methods<M: LuaUserDataMethods<Self>>(methods: &mut M) {
            methods.add_method("method", |_, _, ()| -> LuaResult<()> { panic!("method") });
            methods.add_method_mut("method_mut", |_, _, ()| -> LuaResult<()> { panic!("method_mut") });
            methods.add_function("function", |_, ()| -> LuaResult<()> { panic!("function") });
            methods.add_meta_method("__tostring", |_, _, ()| -> LuaResult<String> { panic!("tostring") });
            methods.add_meta_method("__call", |_, _, ()| -> LuaResult<()> { panic!("call") });
            methods.add_meta_function("__add", |_, (_, _): (LuaValue, LuaValue)| -> LuaResult<()> {
                panic!("add")
            });
            methods.add_meta_method("__len", |_, _, ()| -> LuaResult<()> { panic!("len") });
            methods.add_method("fine", |_, _, ()| Ok(1));
        }
    }
    let lua = Lua::new();
    lua.globals().set("ud", Data).unwrap();
    for (code, what) in [
        ("return ud.get", "get"),
        ("ud.set = 1", "set"),
        ("ud:method()", "method"),
        ("ud:method_mut()", "method_mut"),
        ("ud.function()", "function"),
        ("return tostring(ud)", "tostring"),
        ("ud()", "call"),
        ("return ud + 1", "add"),
        ("return #ud", "len"),
        ("for x in ud do end", "call"),
        ("table.sort({3, 2, 1}, function() ud:method() end)", "method"),
        ("string.gsub('x', 'x', ud.function)", "function"),
    ] {
        let code =
            if what == "function" { code.replace("ud.function", "ud['function']") } else { code.to_owned() };
        for _ in 0..3 {
            assert_eq!(text(quiet(|| lua.load(&code).exec()).unwrap_err()), what, "{code}");
        }
        // The borrow has ended.
        assert_eq!(lua.load("ud:fine()").eval::<i64>().unwrap(), 1);
    }
    let mt = lua.globals().get::<LuaAnyUserData>("ud").unwrap();
    assert_eq!(text(quiet(|| LuaValue::UserData(mt.clone()).to_string()).unwrap_err()), "tostring");
    assert_eq!(text(quiet(|| format!("{:#?}", LuaValue::UserData(mt.clone()))).unwrap_err()), "tostring");
}
