//! Functions and userdata with borrows: they end with their scope, however it ends.

use oxilua::{
    AnyUserData, Error, Function, Lua, Result, Table, UserData, UserDataFields, UserDataMethods, Value,
};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

struct Log<'a>(&'a RefCell<Vec<String>>);

impl UserData for Log<'_> {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("add", |_, this, line: String| {
            this.0.borrow_mut().push(line);
            Ok(())
        });
    }
}

struct Counter(i64);

impl UserData for Counter {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("n", |_, this| Ok(this.0));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("get", |_, this, ()| Ok(this.0));
        methods.add_method_mut("add", |_, this, n: i64| {
            this.0 += n;
            Ok(())
        });
        methods.add_method_once("take", |_, this, ()| Ok(this.0));
    }
}

fn is_destructed(error: &Error) -> bool {
    error.chain().any(|e| {
        let e = e.downcast_ref::<Error>();
        matches!(e, Some(Error::CallbackDestructed | Error::UserDataDestructed))
    })
}

#[test]
fn functions_borrow_and_end() -> Result<()> {
    let lua = Lua::new();
    let seen = Cell::new(0);
    let mut lines = Vec::new();
    let escaped = lua.scope(|scope| {
        let add = scope.create_function(|_, n: i64| {
            seen.set(seen.get() + n);
            Ok(seen.get())
        })?;
        let push = scope.create_function_mut(|_, line: String| Ok(lines.push(line)))?;
        lua.globals().set("add", &add)?;
        lua.load("add(2) add(3)").exec()?;
        lua.load("local push = ... push('a') push('b')").call::<()>(push)?;
        Ok(add)
    })?;
    assert_eq!(seen.get(), 5);
    assert_eq!(lines, ["a", "b"]);
    assert!(is_destructed(&escaped.call::<()>(1).unwrap_err()));
    assert!(is_destructed(&lua.load("add(1)").exec().unwrap_err()));
    assert!(is_destructed(
        &lua.load("local f = coroutine.wrap(function() add(1) end) f()").exec().unwrap_err()
    ));
    assert_eq!(seen.get(), 5);
    Ok(())
}

#[test]
fn a_closure_without_captures_ends_too() -> Result<()> {
    let lua = Lua::new();
    let escaped = lua.scope(|scope| scope.create_function(|_, ()| Ok(1)))?;
    assert!(is_destructed(&escaped.call::<i64>(()).unwrap_err()));
    Ok(())
}

#[test]
fn userdata_with_borrows() -> Result<()> {
    let lua = Lua::new();
    let log = RefCell::new(Vec::new());
    lua.scope(|scope| {
        lua.globals().set("log", scope.create_userdata(Log(&log))?)?;
        lua.load("log:add('one') keep = log.add").exec()
    })?;
    assert_eq!(*log.borrow(), ["one"]);
    assert!(is_destructed(&lua.load("log:add('two')").exec().unwrap_err()));
    assert!(is_destructed(&lua.load("keep(log, 'two')").exec().unwrap_err()));
    assert_eq!(log.borrow().len(), 1);
    Ok(())
}

#[test]
fn references() -> Result<()> {
    let lua = Lua::new();
    let (read, mut write) = (Counter(1), Counter(10));
    lua.scope(|scope| {
        let globals = lua.globals();
        globals.set("read", scope.create_userdata_ref(&read)?)?;
        globals.set("write", scope.create_userdata_ref_mut(&mut write)?)?;
        assert_eq!(lua.load("read:get() + read.n").eval::<i64>()?, 2);
        let error = lua.load("read:add(1)").exec().unwrap_err();
        assert!(error.to_string().contains("borrow"), "{error}");
        assert!(lua.load("write:take()").exec().is_err());
        lua.load("write:add(5)").exec()?;
        let data: AnyUserData = globals.get("write")?;
        assert_eq!(data.borrow_scoped(|c: &Counter| c.0)?, 15);
        data.borrow_mut_scoped(|c: &mut Counter| c.0 += 1)?;
        assert!(data.borrow::<Counter>().is_err(), "a guard could outlive the scope");
        assert!(data.take::<Counter>().is_err());
        Ok(())
    })?;
    assert_eq!((read.0, write.0), (1, 16));
    assert!(is_destructed(&lua.load("write:add(1)").exec().unwrap_err()));
    assert!(is_destructed(&lua.load("return read.n").exec().unwrap_err()));
    assert_eq!(write.0, 16);
    Ok(())
}

#[test]
fn any_references_are_only_for_rust() -> Result<()> {
    let lua = Lua::new();
    let (text, mut list) = (String::from("text"), vec![1]);
    lua.scope(|scope| {
        let text = scope.create_any_userdata_ref(&text)?;
        let list = scope.create_any_userdata_ref_mut(&mut list)?;
        assert_eq!(text.borrow_scoped(|s: &String| s.len())?, 4);
        assert!(matches!(
            text.borrow_mut_scoped(|s: &mut String| s.clear()),
            Err(Error::UserDataBorrowMutError)
        ));
        list.borrow_mut_scoped(|l: &mut Vec<i32>| l.push(2))
    })?;
    assert_eq!(list, [1, 2]);
    Ok(())
}

#[test]
fn everything_is_dropped_however_the_scope_ends() -> Result<()> {
    struct Dropped<'a>(&'a Cell<i32>);
    impl Drop for Dropped<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    impl UserData for Dropped<'_> {}

    for way in 0..3 {
        let lua = Lua::new();
        let count = Cell::new(0);
        let ended = Cell::new(0);
        let result = catch_unwind(AssertUnwindSafe(|| {
            lua.scope(|scope| {
                let in_function = Dropped(&count);
                let f = scope.create_function(move |_, ()| Ok(in_function.0.get()))?;
                lua.globals().set("f", f)?;
                lua.globals().set("u", scope.create_userdata(Dropped(&count))?)?;
                scope.add_destructor(|| ended.set(count.get()));
                lua.gc_collect()?;
                assert_eq!(count.get(), 0);
                match way {
                    0 => Ok(()),
                    1 => Err(Error::runtime("no")),
                    _ => panic!("away"),
                }
            })
        }));
        assert_eq!(result.is_err(), way == 2);
        assert_eq!((count.get(), ended.get()), (2, 2), "way {way}");
        lua.globals().set("f", Value::Nil)?;
        lua.globals().set("u", Value::Nil)?;
        lua.gc_collect()?;
        drop(lua);
        assert_eq!(count.get(), 2, "way {way}");
    }
    Ok(())
}

#[test]
fn collected_before_the_end() -> Result<()> {
    let lua = Lua::new();
    let count = Cell::new(0);
    let count = &count;
    lua.scope(|scope| {
        for i in 0..100 {
            let _: Function = scope.create_function(move |_, ()| Ok(count.set(count.get() + i)))?;
            if i % 10 == 0 {
                lua.gc_collect()?;
            }
        }
        Ok(())
    })
}

#[test]
fn nested_scopes() -> Result<()> {
    let lua = Lua::new();
    let outer_count = Cell::new(0);
    let outer: Table = lua.create_table()?;
    lua.scope(|scope| {
        outer.set("f", scope.create_function(|_, ()| Ok(outer_count.set(outer_count.get() + 1)))?)?;
        let inner_count = Cell::new(0);
        lua.scope(|scope| {
            outer.set("g", scope.create_function(|_, ()| Ok(inner_count.set(inner_count.get() + 1)))?)?;
            lua.load("local t = ... t.f() t.g()").call::<()>(&outer)
        })?;
        assert_eq!(inner_count.get(), 1);
        assert!(is_destructed(&lua.load("local t = ... t.g()").call::<()>(&outer).unwrap_err()));
        lua.load("local t = ... t.f()").call::<()>(&outer)
    })?;
    assert_eq!(outer_count.get(), 2);
    Ok(())
}
