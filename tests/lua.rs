//! The life of a state.
use oxilua::prelude::*;
use oxilua::{Engine, WeakLua};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

struct Counted(Rc<Cell<usize>>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

impl LuaUserData for Counted {}

fn panics(f: impl FnOnce()) -> bool {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = catch_unwind(AssertUnwindSafe(f));
    std::panic::set_hook(hook);
    result.is_err()
}

#[test]
fn closed_with_the_last_handle() {
    let drops = Rc::new(Cell::new(0));
    let lua = Lua::new();
    let other = lua.clone();
    lua.globals().set("ud", Counted(drops.clone())).unwrap();
    let t = lua.create_table().unwrap();
    let weak = lua.weak();
    drop(lua);
    assert_eq!(drops.get(), 0);
    other.load("assert(ud)").exec().unwrap();
    assert!(weak.try_upgrade().is_some());
    drop(other);
    assert_eq!(drops.get(), 1);
    assert!(weak.try_upgrade().is_none());
    assert!(panics(|| drop(weak.upgrade())));
    // What is left of the state can be kept, cloned and dropped, but not used.
    let u = t.clone();
    assert!(panics(|| drop(t.get::<i64>(1))));
    assert!(panics(|| {
        let _ = u == t;
    }));
    assert!(panics(|| drop(format!("{t:?}"))));
    drop((t, u, weak.clone(), weak));
}

#[test]
fn handles_of_every_kind_outlive_the_state() {
    let lua = Lua::new();
    let (t, f, s, co): (LuaTable, LuaFunction, LuaString, LuaThread) =
        lua.load("return {}, print, 'x', coroutine.create(function() end)").eval().unwrap();
    let ud = lua.create_any_userdata(1).unwrap();
    let values = lua.pack_multi((&t, &f, &s, 1, "x", true)).unwrap();
    let key = lua.create_registry_value(&t).unwrap();
    let mut pairs = t.pairs::<LuaValue, LuaValue>();
    drop(lua);
    assert!(panics(|| drop(pairs.next())));
    assert!(panics(|| drop(f.call::<()>(()))));
    assert!(panics(|| drop(s.to_str().map(drop))));
    assert!(panics(|| {
        let _ = co.status();
    }));
    assert!(panics(|| drop(co.resume::<()>(()))));
    assert!(panics(|| drop(ud.borrow::<i32>().map(drop))));
    drop((f, s, co, ud, values, key));
}

/// Sent to the state's own functions, and dropped in them.
#[test]
fn dropped_inside_of_a_call() {
    let drops = Rc::new(Cell::new(0));
    let lua = Lua::new();
    let slot: Rc<RefCell<Option<Lua>>> = Rc::default();
    let (s, d) = (slot.clone(), drops.clone());
    let f = lua
        .create_function(move |lua, ()| {
            drop(s.borrow_mut().take());
            let t = lua.create_table()?;
            t.set("x", Counted(d.clone()))?;
            lua.gc_collect()?;
            Ok(t)
        })
        .unwrap();
    lua.globals().set("f", &f).unwrap();
    let g = lua.load("local t = f() assert(t.x) return t").into_function().unwrap();
    let weak: WeakLua = lua.weak();
    *slot.borrow_mut() = Some(lua);
    assert_eq!(drops.get(), 0);
    let t: LuaTable = g.call(()).unwrap();
    assert_eq!(drops.get(), 1);
    assert!(weak.try_upgrade().is_none());
    assert!(panics(|| drop(t.get::<LuaValue>("x"))));
}

#[test]
fn many_states() {
    let states: Vec<Lua> = (0..50).map(|_| Lua::new()).collect();
    for (i, lua) in states.iter().enumerate() {
        lua.globals().set("i", i).unwrap();
    }
    for (i, lua) in states.iter().enumerate().rev() {
        assert_eq!(lua.load("i").eval::<usize>().unwrap(), i);
    }
    drop(states);
    let threads: Vec<_> = (0..4)
        .map(|n| {
            std::thread::spawn(move || {
                let lua = Lua::new();
                (0..200).map(|i| lua.load(format!("{i} * {n}")).eval::<i64>().unwrap()).sum::<i64>()
            })
        })
        .collect();
    let sums: Vec<i64> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    assert_eq!(sums, [0, 19900, 39800, 59700]);
}

#[test]
fn in_thread_locals() {
    thread_local!(static LUA: (Lua, RefCell<Option<LuaTable>>) = (Lua::new(), RefCell::default()));
    std::thread::spawn(|| {
        LUA.with(|(lua, t)| {
            *t.borrow_mut() = Some(lua.create_table().unwrap());
            lua.globals().set("x", Counted(Rc::default())).unwrap();
        });
    })
    .join()
    .unwrap();
}

#[test]
fn engines() {
    let engine = Engine::find().unwrap();
    let lua = Lua::new_in(engine, LuaStdLib::NONE, LuaOptions::new()).unwrap();
    assert_eq!(lua.engine(), engine);
    assert!(!engine.to_string().is_empty() && !lua.as_ptr().is_null());
    assert!(Engine::open("/nowhere/liblua.so").is_err());
}

#[test]
fn app_data() {
    let lua = Lua::new();
    let drops = Rc::new(Cell::new(0));
    assert!(lua.set_app_data(Counted(drops.clone())).is_none());
    assert!(lua.set_app_data(5_i32).is_none());
    {
        let a = lua.app_data_ref::<i32>().unwrap();
        let b = lua.app_data_ref::<i32>().unwrap();
        assert_eq!((*a, *b), (5, 5));
        assert!(lua.try_app_data_mut::<i32>().is_err());
        assert!(lua.try_set_app_data(6_i32).is_err());
        // Other types, also new ones, while some is borrowed.
        for _ in 0..3 {
            lua.set_app_data("text");
            lua.set_app_data(1_u8);
            lua.set_app_data(1_u16);
            lua.set_app_data(vec![1]);
        }
        assert_eq!(*a, 5);
        assert!(panics(|| {
            let _ = lua.remove_app_data::<u8>();
        }));
    }
    *lua.app_data_mut::<i32>().unwrap() += 1;
    assert_eq!(lua.remove_app_data::<i32>(), Some(6));
    assert!(lua.app_data_ref::<i32>().is_none());
    drop(lua);
    assert_eq!(drops.get(), 1);
}

/// A script that ends the process, and closes the state in the middle of a call from Rust.
#[test]
fn ended_by_a_script() {
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "ends_the_process", "--ignored", "--nocapture", "--test-threads=1"])
        .output()
        .unwrap();
    assert_eq!(child.status.code(), Some(3), "{}", String::from_utf8_lossy(&child.stderr));
}

#[test]
#[ignore = "ends the process"]
fn ends_the_process() {
    thread_local!(static KEPT: RefCell<Vec<(Lua, LuaTable, LuaAnyUserData)>> = RefCell::default());
    let lua = Lua::new();
    let drops = Rc::new(Cell::new(0));
    let ud = lua.create_userdata(Counted(drops.clone())).unwrap();
    KEPT.with(|k| k.borrow_mut().push((lua.clone(), lua.create_table().unwrap(), ud.clone())));
    let exit = lua
        .create_function(move |lua, ud: oxilua::UserDataRef<Counted>| {
            lua.load("os.exit(3, true)").exec()?;
            drop(ud);
            Ok(())
        })
        .unwrap();
    exit.call::<()>(ud).unwrap();
}
