//! Tables and userdata as objects: methods, paths, text; user values, proxies, wrappers; app data; metatables of types.

use oxilua::prelude::*;
use oxilua::{AnyUserData, Error, Lua, Result, Table, UserData, UserDataFields, UserDataMethods, Value};

struct Point(i64, i64);

impl UserData for Point {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field("origin", 0);
        fields.add_field_method_get("x", |_, this| Ok(this.0));
        fields.add_field_method_set("x", |_, this, x: i64| {
            this.0 = x;
            Ok(())
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_function("new", |_, (x, y): (i64, i64)| Ok(Point(x, y)));
        methods.add_method("sum", |_, this, more: Option<i64>| Ok(this.0 + this.1 + more.unwrap_or(0)));
        methods.add_meta_method("__call", |_, this, n: i64| Ok(this.0 * n));
        methods.add_meta_method("__tostring", |_, this, ()| Ok(format!("({}, {})", this.0, this.1)));
    }
}

#[test]
fn tables_as_objects() -> Result<()> {
    let lua = Lua::new();
    let object: Table = lua
        .load("setmetatable({n = 5, add = function(self, i) return self.n + i end, plain = function(i) return i end},
               {__call = function(self, a) return self.n * a end, __tostring = function() return 'object!' end})")
        .eval()?;
    assert_eq!(object.call_method::<i64>("add", 2)?, 7);
    assert_eq!(object.call_function::<i64>("plain", 3)?, 3);
    assert_eq!(object.call::<i64>(3)?, 15);
    assert_eq!(ObjectText::text(&object)?, "object!");
    let error = object.call_method::<()>("nothing", ()).unwrap_err();
    assert!(error.to_string().contains("nothing"), "{error}");
    assert!(lua.create_table()?.call::<()>(()).is_err());
    Ok(())
}

/// `to_string` through the trait, whatever else has a method of that name.
trait ObjectText {
    fn text(&self) -> Result<String>;
}

impl<T: LuaObjectLike> ObjectText for T {
    fn text(&self) -> Result<String> {
        LuaObjectLike::to_string(self)
    }
}

#[test]
fn userdata_as_objects() -> Result<()> {
    let lua = Lua::new();
    let point = lua.create_userdata(Point(1, 2))?;
    assert_eq!(point.get::<i64>("x")?, 1);
    point.set("x", 10)?;
    assert_eq!(point.call_method::<i64>("sum", 5)?, 17);
    assert_eq!(point.call::<i64>(3)?, 30);
    assert_eq!(point.text()?, "(10, 2)");
    assert!(point.set("nope", 1).is_err());
    assert_eq!(point.call_function::<AnyUserData>("new", (3, 4))?.get::<i64>("x")?, 3);
    Ok(())
}

#[test]
fn paths() -> Result<()> {
    let lua = Lua::new();
    lua.load("t = {a = {b = {1, 2, {c = 'deep', ['x y'] = 'odd'}}}}").exec()?;
    let globals = lua.globals();
    globals.set("p", Point(8, 9))?;
    assert_eq!(globals.get_path::<String>("t.a.b[3].c")?, "deep");
    assert_eq!(globals.get_path::<String>(r#"t.a["b"][3]['x y']"#)?, "odd");
    assert_eq!(globals.get_path::<i64>("p.x")?, 8);
    assert_eq!(globals.get_path::<Option<String>>("t.z?.b.c")?, None);
    assert_eq!(globals.get_path::<Table>("")?, globals);
    for wrong in ["t.z.b", "t..a", "t.a[", "t.a[x]", "t.a]", "t['a", "t.a b", "t.a.b[1].c"] {
        assert!(globals.get_path::<Value>(wrong).is_err(), "{wrong}");
    }
    Ok(())
}

#[test]
fn user_values() -> Result<()> {
    let lua = Lua::new();
    let data = lua.create_userdata(Point(1, 2))?;
    assert_eq!(data.user_value::<Value>()?, Value::Nil);
    data.set_user_value("first")?;
    data.set_nth_user_value(65535, lua.create_table()?)?;
    data.set_named_user_value("name", 5)?;
    data.set_named_user_value("1", "text")?;
    assert_eq!(data.user_value::<String>()?, "first");
    assert_eq!(data.nth_user_value::<String>(1)?, "first");
    assert!(data.nth_user_value::<Table>(65535)?.is_empty());
    assert_eq!(
        (data.named_user_value::<i64>("name")?, data.named_user_value::<String>("1")?),
        (5, "text".into())
    );
    assert!(data.nth_user_value::<Value>(2)?.is_nil());
    assert!(data.set_nth_user_value(0, 1).is_err() && data.nth_user_value::<Value>(65536).is_err());
    // A userdata may refer to itself through them.
    data.set_named_user_value("me", &data)?;
    lua.gc_collect()?;
    assert_eq!(data.named_user_value::<AnyUserData>("me")?, data);
    Ok(())
}

#[test]
fn proxies() -> Result<()> {
    let lua = Lua::new();
    let proxy = lua.create_proxy::<Point>()?;
    assert!(proxy.is_proxy::<Point>() && !proxy.is::<Point>() && !proxy.is_proxy::<String>());
    lua.globals().set("Point", proxy)?;
    assert_eq!(lua.load("Point.new(3, 4):sum()").eval::<i64>()?, 7);
    assert_eq!(lua.load("Point.origin").eval::<i64>()?, 0);
    for wrong in
        ["Point:sum()", "return Point.x", "Point.x = 1", "Point.sum(Point)", "Point.new(1, 2).sum(Point)"]
    {
        let error = lua.load(wrong).exec().unwrap_err();
        assert!(error.to_string().contains("expected type"), "{wrong}: {error}");
    }
    Ok(())
}

#[cfg(feature = "userdata-wrappers")]
#[test]
fn wrappers() -> Result<()> {
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::sync::{Arc, Mutex, RwLock};

    let lua = Lua::new();
    let globals = lua.globals();
    let (shared, cell) = (Rc::new(Point(1, 2)), Rc::new(RefCell::new(Point(3, 4))));
    let (mutex, lock) = (Arc::new(Mutex::new(Point(5, 6))), Arc::new(RwLock::new(Point(7, 8))));
    globals.set("shared", shared.clone())?;
    globals.set("arc", Arc::new(Point(0, 1)))?;
    globals.set("cell", cell.clone())?;
    globals.set("mutex", mutex.clone())?;
    globals.set("lock", lock.clone())?;
    globals.set("pmutex", Arc::new(parking_lot::Mutex::new(Point(9, 9))))?;
    globals.set("plock", Arc::new(parking_lot::RwLock::new(Point(9, 9))))?;
    let sums =
        "shared:sum() + arc:sum() + cell:sum() + mutex:sum() + lock:sum() + pmutex:sum() + plock:sum()";
    assert_eq!(lua.load(sums).eval::<i64>()?, 3 + 1 + 7 + 11 + 15 + 18 + 18);
    lua.load("cell.x = 30; mutex.x = 50; lock.x = 70; pmutex.x = 1; plock.x = 1").exec()?;
    assert_eq!((cell.borrow().0, mutex.lock().unwrap().0, lock.read().unwrap().0), (30, 50, 70));
    let error = lua.load("shared.x = 5").exec().unwrap_err();
    assert!(error.to_string().contains("borrow"), "{error}");
    let guard = cell.borrow_mut();
    let error = lua.load("cell:sum()").exec().unwrap_err();
    assert!(error.to_string().contains("borrow"), "{error}");
    drop(guard);
    assert_eq!(lua.load("cell:sum()").eval::<i64>()?, 34);
    lua.load("shared = nil collectgarbage() collectgarbage()").exec()?;
    assert_eq!(Rc::strong_count(&shared), 1);
    Ok(())
}

#[test]
fn app_data() -> Result<()> {
    let lua = Lua::new();
    assert!(lua.app_data_ref::<String>().is_none());
    assert_eq!(lua.set_app_data(String::from("one")), None);
    assert_eq!(lua.set_app_data(String::from("two")).as_deref(), Some("one"));
    lua.set_app_data(5_i32);
    *lua.app_data_mut::<i32>().unwrap() += 1;
    let text = lua.app_data_ref::<String>().unwrap();
    assert_eq!((text.as_str(), *lua.app_data_ref::<i32>().unwrap()), ("two", 6));
    assert!(lua.try_app_data_mut::<String>().is_err());
    assert_eq!(lua.try_set_app_data(String::from("three")), Err(String::from("three")));
    // Others can be added while one is borrowed.
    for i in 0..20_u8 {
        lua.set_app_data([i; 3]);
    }
    lua.set_app_data(1.5_f64);
    assert_eq!(text.as_str(), "two");
    drop(text);
    assert_eq!(lua.remove_app_data::<String>().as_deref(), Some("two"));
    let seen = lua.create_function(|lua, ()| Ok(lua.app_data_ref::<i32>().map(|n| *n)))?;
    assert_eq!(seen.call::<Option<i32>>(())?, Some(6));
    Ok(())
}

#[test]
fn metatables_of_types() -> Result<()> {
    let lua = Lua::new();
    let metatable = lua.create_table()?;
    metatable.set("__call", lua.create_function(|_, (b, n): (bool, i64)| Ok(if b { n } else { -n }))?)?;
    assert!(lua.type_metatable::<bool>().is_none());
    lua.set_type_metatable::<bool>(Some(metatable.clone()));
    assert_eq!(lua.type_metatable::<bool>(), Some(metatable));
    assert_eq!(lua.load("local t, f = true, false return t(3) + f(1)").eval::<i64>()?, 2);
    lua.set_type_metatable::<bool>(None);
    assert!(lua.load("local t = true return t(3)").exec().is_err());
    assert!(lua.type_metatable::<LuaString>().is_some(), "that of the string library");
    Ok(())
}

#[test]
fn weak_handles() -> Result<()> {
    let lua = Lua::new();
    let table = Value::Table(lua.create_table()?);
    assert!(Value::Integer(1).weak_lua().is_none());
    let weak = table.weak_lua().unwrap().clone();
    assert_eq!(weak, lua.weak());
    assert!(weak.try_upgrade().is_some());
    drop(lua);
    assert!(weak.try_upgrade().is_none());
    drop(table);
    assert!(weak.try_upgrade().is_none());
    Ok(())
}

#[test]
fn warnings() -> Result<()> {
    use std::cell::RefCell;
    use std::rc::Rc;
    let lua = Lua::new();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let log = seen.clone();
    lua.set_warning_function(move |_, text, more| {
        log.borrow_mut().push((text.to_owned(), more));
        Err(Error::runtime("nobody hears this"))
    });
    lua.warning("a", true);
    lua.warning("b\0c", false);
    if lua.engine().version() >= oxilua::Version::Lua54 {
        lua.load("warn('from', ' Lua')").exec()?;
        let expected = [("a", true), ("b", false), ("from", true), (" Lua", false)];
        assert_eq!(*seen.borrow(), expected.map(|(text, more)| (text.to_owned(), more)));
        lua.remove_warning_function();
        lua.warning("unheard", false);
        assert_eq!(seen.borrow().len(), 4);
    } else {
        assert!(seen.borrow().is_empty());
    }
    drop(lua);
    assert_eq!(Rc::strong_count(&seen), 1);
    Ok(())
}
