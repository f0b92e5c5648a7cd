//! Being told of coroutines.

use oxilua::{Error, Lua, Result, ThreadEvent, ThreadTriggers};
use std::cell::RefCell;
use std::rc::Rc;

#[test]
fn events() -> Result<()> {
    let lua = Lua::new();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let log = seen.clone();
    let all = ThreadTriggers::ON_CREATE | ThreadTriggers::ON_RESUME | ThreadTriggers::ON_YIELD;
    lua.set_thread_event_callback(all, move |_, event| {
        log.borrow_mut().push(match event {
            ThreadEvent::Create(_) => "create",
            ThreadEvent::Resume(_) => "resume",
            ThreadEvent::Yield(_) => "yield",
            _ => "other",
        });
        Ok(())
    });
    let thread = lua.create_thread(lua.load("coroutine.yield(1) return 2").into_function()?)?;
    assert_eq!(thread.resume::<i64>(())?, 1);
    assert_eq!(thread.resume::<i64>(())?, 2);
    assert_eq!(*seen.borrow(), ["create", "resume", "yield", "resume"]);
    lua.remove_thread_event_callback();
    lua.create_thread(lua.load("return").into_function()?)?;
    assert_eq!(seen.borrow().len(), 4);
    Ok(())
}

#[test]
fn an_error_of_the_callback_is_that_of_the_operation() -> Result<()> {
    let lua = Lua::new();
    let thread = lua.create_thread(lua.load("return coroutine.yield(1)").into_function()?)?;
    lua.set_thread_event_callback(ThreadTriggers::ON_RESUME, |_, _| Err(Error::runtime("not now")));
    assert!(thread.resume::<()>(()).unwrap_err().to_string().contains("not now"));
    lua.remove_thread_event_callback();
    assert_eq!(thread.resume::<i64>(())?, 1);
    lua.set_thread_event_callback(ThreadTriggers::ON_YIELD, |_, _| Err(Error::runtime("not back")));
    let again = lua.create_thread(lua.load("coroutine.yield(1, 2, 3) return 4").into_function()?)?;
    assert!(again.resume::<()>(()).unwrap_err().to_string().contains("not back"));
    lua.remove_thread_event_callback();
    assert_eq!(again.resume::<i64>(())?, 4);
    Ok(())
}
