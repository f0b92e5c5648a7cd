//! Values kept for Rust.
use oxilua::prelude::*;
use std::collections::HashSet;
use std::rc::Rc;

#[test]
fn keys() {
    let lua = Lua::new();
    let t = lua.create_table().unwrap();
    let mut key = lua.create_registry_value(&t).unwrap();
    assert_eq!(lua.registry_value::<LuaTable>(&key).unwrap(), t);
    lua.replace_registry_value(&mut key, "text").unwrap();
    assert_eq!(lua.registry_value::<String>(&key).unwrap(), "text");
    lua.replace_registry_value(&mut key, LuaNil).unwrap();
    assert!(lua.registry_value::<LuaValue>(&key).unwrap().is_nil());
    assert!(lua.registry_value::<i64>(&key).is_err());
    let other = Lua::new();
    assert!(matches!(other.registry_value::<LuaValue>(&key), Err(LuaError::MismatchedRegistryKey)));
    assert!(matches!(other.replace_registry_value(&mut key, 1), Err(LuaError::MismatchedRegistryKey)));
    assert!(lua.owns_registry_value(&key) && !other.owns_registry_value(&key));
    assert!(matches!(other.remove_registry_value(key), Err(LuaError::MismatchedRegistryKey)));
    let key = lua.create_registry_value(5).unwrap();
    assert_eq!(lua.pack(&key).unwrap(), LuaValue::Integer(5));
    let key2: LuaRegistryKey = lua.unpack(lua.pack("from").unwrap()).unwrap();
    assert_eq!(lua.registry_value::<String>(&key2).unwrap(), "from");
    lua.remove_registry_value(key).unwrap();
    let ids: HashSet<_> = (0..100).map(|i| lua.create_registry_value(i).unwrap()).collect();
    assert_eq!(ids.len(), 100);
}

#[test]
fn dropped_keys_let_go() {
    let lua = Lua::new();
    let rc = Rc::new(());
    let keys: Vec<_> = (0..100)
        .map(|_| lua.create_registry_value(lua.create_any_userdata(rc.clone()).unwrap()).unwrap())
        .collect();
    lua.gc_collect().unwrap();
    assert_eq!(Rc::strong_count(&rc), 101);
    drop(keys);
    lua.expire_registry_values();
    lua.gc_collect().unwrap();
    lua.gc_collect().unwrap();
    assert_eq!(Rc::strong_count(&rc), 1);
    // A number that comes back is another value's.
    let a = lua.create_registry_value("a").unwrap();
    let id = a.id();
    drop(a);
    let b = lua.create_registry_value("b").unwrap();
    assert_eq!(lua.registry_value::<String>(&b).unwrap(), "b");
    let _ = id;
}

#[test]
fn on_other_threads_and_after_the_state() {
    let lua = Lua::new();
    let key = lua.create_registry_value(lua.create_table_from([("x", 1)]).unwrap()).unwrap();
    let key = std::thread::spawn(move || {
        let _ = format!("{key:?}");
        key
    })
    .join()
    .unwrap();
    assert_eq!(lua.registry_value::<LuaTable>(&key).unwrap().get::<i64>("x").unwrap(), 1);
    let more: Vec<_> = (0..10).map(|i| lua.create_registry_value(i).unwrap()).collect();
    std::thread::spawn(move || drop(more)).join().unwrap();
    lua.expire_registry_values();
    drop(lua);
    assert!(!Lua::new().owns_registry_value(&key));
    std::thread::spawn(move || drop(key)).join().unwrap();
}

#[test]
fn named() {
    let lua = Lua::new();
    lua.set_named_registry_value("a\0b", 1).unwrap();
    lua.set_named_registry_value("t", lua.create_table().unwrap()).unwrap();
    assert_eq!(lua.named_registry_value::<i64>("a\0b").unwrap(), 1);
    assert!(lua.named_registry_value::<LuaValue>("a").unwrap().is_nil());
    lua.set_named_registry_value("t", LuaNil).unwrap();
    assert!(lua.named_registry_value::<Option<LuaTable>>("t").unwrap().is_none());
    lua.unset_named_registry_value("a\0b").unwrap();
    assert!(lua.named_registry_value::<LuaValue>("a\0b").unwrap().is_nil());
}
