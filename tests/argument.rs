//! Arguments that are borrowed from, and kept beyond the call.

use oxilua::{
    BorrowedBytes, BorrowedStr, Error, Function, Lua, Result, UserData, UserDataRef, UserDataRefMut, Value,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

struct Data(String, Rc<Cell<i32>>);

impl UserData for Data {}

impl Drop for Data {
    fn drop(&mut self) {
        self.1.set(self.1.get() + 1);
    }
}

#[test]
fn kept_userdata_lives_and_stays_borrowed() -> Result<()> {
    let lua = Lua::new();
    let drops = Rc::new(Cell::new(0));
    let kept = Rc::new(RefCell::new(Vec::new()));
    let store = kept.clone();
    let keep = lua.create_function(move |_, (a, b): (UserDataRef<Data>, UserDataRef<Data>)| {
        // Dropped in any order, and one of them after the call.
        drop(a);
        store.borrow_mut().push(b);
        Ok(())
    })?;
    lua.globals().set("keep", keep)?;
    for i in 0..10 {
        let make = |text: &str| lua.create_userdata(Data(format!("{text}{i}"), drops.clone()));
        lua.globals().set("a", make("a")?)?;
        lua.globals().set("b", make("b")?)?;
        lua.load("coroutine.wrap(function() keep(a, b) end)() a, b = nil, nil").exec()?;
    }
    for _ in 0..3 {
        lua.gc_collect()?;
    }
    assert_eq!(drops.get(), 10, "those that were not kept");
    for (i, data) in kept.borrow().iter().enumerate() {
        assert_eq!(data.0, format!("b{i}"));
    }
    let middle = kept.borrow_mut().remove(5);
    drop(middle);
    lua.gc_collect()?;
    lua.gc_collect()?;
    assert_eq!(drops.get(), 11);
    // What is kept keeps the state open.
    lua.globals().set("keep", Value::Nil)?;
    let weak = lua.weak();
    drop(lua);
    assert!(weak.try_upgrade().is_some());
    assert_eq!(kept.borrow()[0].0, "b0");
    kept.borrow_mut().clear();
    assert!(weak.try_upgrade().is_none());
    assert_eq!(drops.get(), 20);
    Ok(())
}

#[test]
fn a_kept_mutable_borrow_excludes_others() -> Result<()> {
    let lua = Lua::new();
    let drops = Rc::new(Cell::new(0));
    let kept = Rc::new(RefCell::new(None));
    let store = kept.clone();
    let keep = lua.create_function(move |_, data: UserDataRefMut<Data>| {
        *store.borrow_mut() = Some(data);
        Ok(())
    })?;
    let read = lua.create_function(|_, data: UserDataRef<Data>| Ok(data.0.clone()))?;
    let data = lua.create_userdata(Data("x".into(), drops.clone()))?;
    keep.call::<()>(&data)?;
    assert!(read.call::<String>(&data).unwrap_err().to_string().contains("borrow"));
    assert!(matches!(data.borrow::<Data>(), Err(Error::UserDataBorrowError)));
    if let Some(data) = kept.borrow_mut().as_mut() {
        data.0.push('y');
    }
    kept.borrow_mut().take();
    assert_eq!(read.call::<String>(&data)?, "xy");
    Ok(())
}

#[test]
fn kept_strings() -> Result<()> {
    let lua = Lua::new();
    let kept: Rc<RefCell<Vec<(BorrowedStr, BorrowedBytes)>>> = Rc::default();
    let store = kept.clone();
    let keep = lua.create_function(move |lua, (text, bytes): (BorrowedStr, BorrowedBytes)| {
        // Nested calls have arguments of their own.
        if text.len() < 20 {
            let f: Function = lua.globals().get("keep")?;
            f.call::<()>((format!("{}{}", &*text, &*text), &bytes))?;
        }
        store.borrow_mut().push((text, bytes));
        Ok(())
    })?;
    lua.globals().set("keep", keep)?;
    lua.load(r"coroutine.wrap(function() keep('fresh' .. 1, 'a\0\255' .. 2) end)()").exec()?;
    for _ in 0..3 {
        lua.gc_collect()?;
        lua.load("local t = {} for i = 1, 1000 do t[i] = 'garbage' .. i end").exec()?;
    }
    lua.globals().set("keep", Value::Nil)?;
    drop(lua);
    let kept = kept.borrow();
    let texts: Vec<&str> = kept.iter().map(|(text, _)| &**text).collect();
    assert_eq!(texts, ["fresh1fresh1fresh1fresh1", "fresh1fresh1", "fresh1"]);
    assert!(kept.iter().all(|(_, bytes)| **bytes == *b"a\0\xFF2"));
    Ok(())
}

#[test]
fn a_borrowed_argument_can_be_passed_on() -> Result<()> {
    let lua = Lua::new();
    let echo =
        lua.create_function(|_, (text, bytes): (BorrowedStr, Option<BorrowedBytes>)| Ok((text, bytes)))?;
    let (text, bytes): (String, Option<oxilua::BString>) =
        echo.call(("text", b"\xFE".as_slice().to_vec().len()))?;
    assert_eq!((text.as_str(), bytes.unwrap()), ("text", "1".into()));
    assert!(
        echo.call::<()>((lua.create_string(b"\xFF")?, Value::Nil)).unwrap_err().to_string().contains("utf-8")
    );
    Ok(())
}

#[test]
fn results_are_not_arguments() -> Result<()> {
    // What a call returns leaves the stack at once: references to it are of the lasting kind.
    let lua = Lua::new();
    let drops = Rc::new(Cell::new(0));
    lua.globals().set("data", Data("d".into(), drops.clone()))?;
    let inside = lua.create_function(|lua, ()| {
        let (text, data): (BorrowedStr, UserDataRef<Data>) = lua.load("return 'te' .. 'xt', data").eval()?;
        lua.gc_collect()?;
        Ok(format!("{}{}", &*text, data.0))
    })?;
    assert_eq!(inside.call::<String>(())?, "textd");
    Ok(())
}
