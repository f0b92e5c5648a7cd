//! Hooks and what they see.

use oxilua::{DebugEvent, Error, HookTriggers, Lua, Result, ThreadStatus, Version, VmState};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// LuaJIT calls no hooks from compiled code.
fn lua() -> Lua {
    let lua = Lua::new();
    lua.enable_jit(false);
    lua
}

#[test]
fn lines() -> Result<()> {
    let lua = lua();
    let lines = Rc::new(RefCell::new(Vec::new()));
    let seen = lines.clone();
    lua.set_hook(HookTriggers::EVERY_LINE, move |_, debug| {
        assert_eq!(debug.event(), DebugEvent::Line);
        assert_eq!(debug.source().short_src.as_deref(), Some("chunk"));
        seen.borrow_mut().push(debug.current_line().unwrap());
        Ok(VmState::Continue)
    })?;
    lua.load("local a = 1\nlocal b = 2\nreturn a + b").set_name("=chunk").exec()?;
    lua.remove_hook();
    lua.load("local c = 3").exec()?;
    assert_eq!(*lines.borrow(), [1, 2, 3]);
    assert_eq!(Rc::strong_count(&lines), 1, "the hook is gone");
    Ok(())
}

#[test]
fn calls_and_names() -> Result<()> {
    let lua = lua();
    let names = Rc::new(RefCell::new(Vec::new()));
    let seen = names.clone();
    lua.set_hook(HookTriggers::ON_CALLS | HookTriggers::ON_RETURNS, move |_, debug| {
        if debug.event() == DebugEvent::Call
            && let Some(name) = debug.names().name
        {
            seen.borrow_mut().push(name.into_owned());
        }
        Ok(VmState::Continue)
    })?;
    lua.load("local function inner() return 1 end function outer() return (inner()) end local x = outer()")
        .exec()?;
    lua.remove_hook();
    assert!(names.borrow().iter().any(|n| n == "inner"), "{names:?}");
    assert!(names.borrow().iter().any(|n| n == "outer"), "{names:?}");
    Ok(())
}

#[test]
fn a_budget_stops_a_loop_and_the_state_goes_on() -> Result<()> {
    let lua = lua();
    for _ in 0..3 {
        lua.set_hook(HookTriggers::new().every_nth_instruction(10_000), |_, _| {
            Err(Error::runtime("out of budget"))
        })?;
        let error = lua.load("while true do end").exec().unwrap_err();
        assert!(error.to_string().contains("out of budget"), "{error}");
        let error =
            lua.load("local f = function() while true do end end return pcall(f)").eval::<(bool, Error)>()?;
        assert!(!error.0 && error.1.to_string().contains("out of budget"));
        lua.remove_hook();
        assert_eq!(lua.load("6 * 7").eval::<i64>()?, 42);
    }
    Ok(())
}

#[test]
fn a_panic_in_a_hook_goes_on_in_rust() -> Result<()> {
    let lua = lua();
    lua.set_hook(HookTriggers::EVERY_LINE, |_, _| panic!("in the hook"))?;
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| lua.load("local a = 1").exec()));
    assert_eq!(*result.unwrap_err().downcast::<&str>().unwrap(), "in the hook");
    lua.remove_hook();
    lua.load("local a = 1").exec()
}

#[test]
fn a_hook_calls_lua_and_replaces_itself() -> Result<()> {
    let lua = lua();
    let count = Rc::new(Cell::new(0));
    let seen = count.clone();
    lua.set_hook(HookTriggers::EVERY_LINE, move |lua, debug| {
        seen.set(seen.get() + 1);
        assert_eq!(lua.load("1 + 1").eval::<i64>()?, 2);
        assert!(!debug.function().info().what.is_empty());
        lua.remove_hook();
        Ok(VmState::Continue)
    })?;
    lua.load("local a = 1\nlocal b = 2").exec()?;
    assert_eq!(count.get(), 1);
    Ok(())
}

#[test]
fn of_a_thread_and_global() -> Result<()> {
    let lua = lua();
    let count = Rc::new(Cell::new(0));
    let hook = |count: &Rc<Cell<i32>>| {
        let count = count.clone();
        move |_: &Lua, _: &oxilua::Debug<'_>| {
            count.set(count.get() + 1);
            Ok(VmState::Continue)
        }
    };
    let thread = lua.create_thread(lua.load("local a = 1\nlocal b = 2\nreturn a").into_function()?)?;
    thread.set_hook(HookTriggers::EVERY_LINE, hook(&count))?;
    lua.load("local a = 1").exec()?;
    assert_eq!(count.get(), 0);
    thread.resume::<()>(())?;
    assert_eq!(count.get(), 3);
    thread.remove_hook();

    count.set(0);
    lua.set_global_hook(HookTriggers::EVERY_LINE, hook(&count))?;
    lua.load("local a = 1").exec()?;
    assert_eq!(count.get(), 1);
    let inherits = lua.create_thread(lua.load("local a = 1\nlocal b = 2").into_function()?)?;
    inherits.resume::<()>(())?;
    assert_eq!(count.get(), 3);
    lua.remove_global_hook();
    lua.load("local a = 1").exec()?;
    assert_eq!(count.get(), 3);
    assert_eq!(Rc::strong_count(&count), 1);
    Ok(())
}

#[test]
fn yielding_between_lines() -> Result<()> {
    let lua = lua();
    if lua.engine().version() < Version::Lua53 {
        return Ok(());
    }
    let thread =
        lua.create_thread(lua.load("local a = 1\nlocal b = a + 1\nreturn a + b").into_function()?)?;
    thread.set_hook(HookTriggers::EVERY_LINE, |_, _| Ok(VmState::Yield))?;
    let mut yields = 0;
    let result = loop {
        let result: Option<i64> = thread.resume(())?;
        if thread.status() == ThreadStatus::Finished {
            break result;
        }
        yields += 1;
    };
    assert_eq!((yields, result), (3, Some(3)));
    Ok(())
}

#[test]
fn looking_at_the_stack() -> Result<()> {
    let lua = lua();
    let caller = lua.create_function(|lua, ()| {
        assert!(lua.inspect_stack(1000, |_| ()).is_none());
        let caller = lua.inspect_stack(1, |debug| {
            (debug.names().name.map(|name| name.into_owned()), debug.current_line(), debug.source().what)
        });
        let (name, line, what) = caller.expect("there is a caller");
        Ok((name, line, what))
    })?;
    lua.globals().set("caller", caller)?;
    let code = "local function outer()\n local n, l, w = caller() return n, l, w end local a, b, c = outer() return a, b, c";
    let (name, line, what): (String, usize, String) = lua.load(code).eval()?;
    assert_eq!((name.as_str(), line, what.as_str()), ("outer", 2, "Lua"));
    let traceback = lua.create_function(|lua, ()| lua.traceback(Some("here"), 0))?;
    lua.globals().set("trace", traceback)?;
    let text: String = lua
        .load("local function f() local t = trace() return t end local t = f() return t")
        .set_name("=c")
        .eval()?;
    assert!(
        text.starts_with("here\nstack traceback:") && text.contains("'f'") && text.contains("c:1:"),
        "{text}"
    );
    Ok(())
}
