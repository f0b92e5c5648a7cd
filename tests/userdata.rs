//! Userdata: Rust values that Lua holds.
use oxilua::Version;
use oxilua::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

struct Counter(i64);

impl LuaUserData for Counter {
    fn add_fields<F: LuaUserDataFields<Self>>(fields: &mut F) {
        fields.add_field("KIND", "counter");
        fields.add_field("NULL", LuaValue::NULL);
        fields.add_field_method_get("value", |_, this| Ok(this.0));
        fields.add_field_method_set("value", |_, this, v: i64| {
            this.0 = v;
            Ok(())
        });
        fields.add_field_function_get("address", |_, ud| Ok(ud.to_pointer() as usize as f64));
        fields.add_field_function_set("double", |_, ud, v: i64| {
            ud.borrow_mut::<Counter>()?.0 = 2 * v;
            Ok(())
        });
        fields.add_meta_field("__name", "Counter!");
    }
    fn add_methods<M: LuaUserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("get", |_, this, ()| Ok(this.0));
        methods.add_method_mut("add", |_, this, n: i64| {
            this.0 += n;
            Ok(this.0)
        });
        methods.add_method_once("take", |_, this, ()| Ok(this.0));
        methods.add_function("new", |_, n: i64| Ok(Counter(n)));
        methods.add_function("both", |_, (a, b): (LuaUserDataRef<Counter>, LuaUserDataRef<Counter>)| {
            Ok(a.0 + b.0)
        });
        methods.add_function(
            "both_mut",
            |_, (mut a, mut b): (LuaUserDataRefMut<Counter>, LuaUserDataRefMut<Counter>)| {
                a.0 += 1;
                b.0 += 1;
                Ok(())
            },
        );
        methods.add_method_mut("reenter", |lua, this, f: LuaFunction| {
            let ud: LuaAnyUserData = lua.globals().get("c")?;
            assert!(matches!(ud.borrow::<Counter>(), Err(LuaError::UserDataBorrowError)));
            assert!(matches!(ud.borrow_mut::<Counter>(), Err(LuaError::UserDataBorrowMutError)));
            assert!(matches!(ud.take::<Counter>(), Err(LuaError::UserDataBorrowMutError)));
            assert!(ud.destroy().is_err());
            let r = f.call::<()>(());
            this.0 += 1;
            r
        });
        methods.add_method("read_reenter", |_, this, f: LuaFunction| {
            let r = f.call::<LuaValue>(());
            assert!(this.0 > 0);
            r
        });
        methods.add_meta_method(LuaMetaMethod::ToString, |_, this, ()| Ok(format!("Counter({})", this.0)));
        methods.add_meta_function(LuaMetaMethod::Add, |_, (a, b): (LuaUserDataRef<Counter>, i64)| {
            Ok(Counter(a.0 + b))
        });
        methods.add_meta_method(LuaMetaMethod::Len, |_, this, ()| Ok(this.0));
        methods.add_meta_method(LuaMetaMethod::Call, |_, this, n: i64| Ok(this.0 * n));
        methods.add_meta_method(LuaMetaMethod::Eq, |_, this, o: LuaUserDataRef<Counter>| Ok(this.0 == o.0));
        methods
            .add_meta_method(LuaMetaMethod::Index, |_, _, k: LuaValue| Ok(format!("no {}", k.to_string()?)));
    }
}

#[test]
fn fields_and_methods() {
    let lua = Lua::new();
    lua.globals().set("c", Counter(5)).unwrap();
    lua.load("
        assert(c.value == 5 and c:get() == 5 and c:add(2) == 7 and c.KIND == 'counter' and type(c.NULL) == 'userdata')
        c.value = 10 assert(c:get() == 10)
        c.double = 4 assert(c.value == 8)
        assert(tostring(c) == 'Counter(8)' and (c + 2).value == 10 and c(3) == 24)
        assert(c.missing == 'no missing' and c[1] == 'no 1')
        assert(c.new(3):get() == 3 and c.both(c, c.new(1)) == 9 and c.both(c, c) == 16)
        assert(c.new(8) == c and c.new(7) ~= c)
        assert(not pcall(c.both_mut, c, c)) c.both_mut(c, c.new(1)) assert(c.value == 9)
        assert(getmetatable(c) == false and not pcall(setmetatable, c, {}))
    ").exec().unwrap();
    assert_eq!(lua.load("#c").eval::<i64>().unwrap(), 9);
    for code in [
        "c.missing = 1",
        "c.KIND = 1",
        "c.get()",
        "c.get({})",
        "c.get(io.stdout)",
        "c.add(c, 'x')",
        "return c.value.x.y",
        "c.value = 'x'",
    ] {
        assert!(lua.load(code).exec().is_err(), "{code}");
    }
    let ud: LuaAnyUserData = lua.globals().get("c").unwrap();
    assert_eq!(ud.type_name().unwrap(), "Counter!");
    assert_eq!(lua.load("c:take()").eval::<i64>().unwrap(), 9);
    for code in ["c:get()", "c.value = 1", "return c.value", "c:take()", "return tostring(c)"] {
        assert!(lua.load(code).exec().unwrap_err().to_string().contains("destructed"), "{code}");
    }
    assert!(matches!(ud.borrow::<Counter>(), Err(LuaError::UserDataDestructed)));
    assert!(matches!(ud.take::<Counter>(), Err(LuaError::UserDataDestructed)));
}

#[test]
fn borrowed_while_running() {
    let lua = Lua::new();
    lua.globals().set("c", Counter(5)).unwrap();
    lua.load("
        c:reenter(function()
            assert(not pcall(c.get, c)) assert(not pcall(c.add, c, 1)) assert(not pcall(function() return c.value end))
            assert(not pcall(function() c.value = 1 end)) assert(not pcall(c.take, c)) assert(not pcall(c.both, c, c))
            assert(not pcall(c.reenter, c, print)) collectgarbage()
        end)
        assert(c.value == 6)
        c:read_reenter(function()
            assert(c:get() == 6) assert(not pcall(c.add, c, 1)) assert(not pcall(c.take, c)) return c:read_reenter(function() return c.value end)
        end)
        assert(not pcall(c.reenter, c, error))
        c:add(1)
    ").exec().unwrap();
    let ud: LuaAnyUserData = lua.globals().get("c").unwrap();
    let (a, b) = (ud.borrow::<Counter>().unwrap(), ud.borrow::<Counter>().unwrap());
    assert!(lua.load("c:add(1)").exec().is_err());
    drop(a);
    assert!(lua.load("c:add(1)").exec().is_err());
    drop(b);
    lua.load("c:add(1)").exec().unwrap();
    let mut m = ud.borrow_mut::<Counter>().unwrap();
    m.0 = 100;
    assert!(lua.load("c:get()").exec().is_err());
    drop(m);
    assert_eq!(ud.borrow_scoped::<Counter, _>(|c| c.0).unwrap(), 100);
    ud.borrow_mut_scoped::<Counter, _>(|c| c.0 += 1).unwrap();
    assert!(matches!(ud.borrow::<String>(), Err(LuaError::UserDataTypeMismatch)));
    assert!(ud.is::<Counter>() && !ud.is::<String>());
    assert_eq!(ud.take::<Counter>().unwrap().0, 101);
}

/// The borrow keeps the state open.
#[test]
fn a_borrow_outlives_the_lua() {
    let drops = Rc::new(Cell::new(0));
    struct Data(Rc<Cell<i32>>, String);
    impl Drop for Data {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let lua = Lua::new();
    let ud = lua.create_any_userdata(Data(drops.clone(), "here".into())).unwrap();
    let borrow = ud.borrow::<Data>().unwrap();
    drop(ud);
    drop(lua);
    assert_eq!((borrow.1.as_str(), drops.get()), ("here", 0));
    drop(borrow);
    assert_eq!(drops.get(), 1);
}

#[test]
fn of_any_layout() {
    #[repr(align(16))]
    struct A16(u8);
    #[repr(align(128))]
    #[allow(dead_code)]
    struct A128([u8; 3], Rc<Cell<i32>>);
    #[repr(align(64))]
    struct Zero64;
    struct Zero;
    struct Large([u64; 5000]);
    let lua = Lua::new();
    let alive = Rc::new(Cell::new(0));
    let mut all = Vec::new();
    for i in 0..50 {
        all.push((
            lua.create_any_userdata(A16(i)).unwrap(),
            lua.create_any_userdata(A128([i; 3], alive.clone())).unwrap(),
            lua.create_any_userdata(Zero64).unwrap(),
            lua.create_any_userdata(Zero).unwrap(),
            lua.create_any_userdata(Large([u64::from(i); 5000])).unwrap(),
        ));
        lua.gc_collect().unwrap();
    }
    for (i, (a, b, c, d, e)) in all.iter().enumerate() {
        let a = a.borrow::<A16>().unwrap();
        let mut b = b.borrow_mut::<A128>().unwrap();
        assert_eq!(
            (
                (&raw const *a) as usize % 16,
                (&raw const *b) as usize % 128,
                (&raw const *c.borrow::<Zero64>().unwrap()) as usize % 64
            ),
            (0, 0, 0)
        );
        b.0[1] += 1;
        assert_eq!((usize::from(a.0), usize::from(b.0[1]), b.0[2] as usize), (i, i + 1, i));
        assert!(d.is::<Zero>());
        assert_eq!(e.borrow::<Large>().unwrap().0[4999], i as u64);
        assert!(d.borrow::<Zero64>().is_err());
    }
    assert_eq!(all.pop().unwrap().1.take::<A128>().unwrap().0, [49, 50, 49]);
    drop(all);
    lua.gc_collect().unwrap();
    lua.gc_collect().unwrap();
    assert_eq!(Rc::strong_count(&alive), 1);
}

#[test]
fn destroyed() {
    let lua = Lua::new();
    let rc = Rc::new(());
    let ud = lua.create_any_userdata(rc.clone()).unwrap();
    ud.destroy().unwrap();
    assert_eq!(Rc::strong_count(&rc), 1);
    ud.destroy().unwrap();
    assert!(matches!(ud.borrow::<Rc<()>>(), Err(LuaError::UserDataDestructed)));
    // In its own Drop.
    struct Own(Rc<RefCell<Option<LuaAnyUserData>>>);
    impl Drop for Own {
        fn drop(&mut self) {
            if let Some(ud) = self.0.borrow_mut().take() {
                let _ = ud.destroy();
                assert!(ud.borrow::<Own>().is_err() && ud.take::<Own>().is_err());
            }
        }
    }
    let cell = Rc::new(RefCell::new(None));
    let ud = lua.create_any_userdata(Own(cell.clone())).unwrap();
    *cell.borrow_mut() = Some(ud.clone());
    ud.destroy().unwrap();
    let file: LuaAnyUserData = lua.load("io.stdout").eval().unwrap();
    assert!(matches!(file.destroy(), Err(LuaError::UserDataTypeMismatch)));
    assert!(file.borrow::<Own>().is_err() && file.type_id().is_none());
}

/// A userdata that holds a handle to itself, and its state's `Lua`: the one is garbage in the end, the other a leak that
/// only the holder can end.
#[test]
fn in_a_circle() {
    struct Node(RefCell<Option<LuaAnyUserData>>, #[allow(dead_code)] Rc<()>);
    let rc = Rc::new(());
    let lua = Lua::new();
    let ud = lua.create_any_userdata(Node(RefCell::default(), rc.clone())).unwrap();
    *ud.borrow::<Node>().unwrap().0.borrow_mut() = Some(ud.clone());
    drop(ud);
    lua.gc_collect().unwrap();
    assert_eq!(Rc::strong_count(&rc), 2);
    drop(lua);
    assert_eq!(Rc::strong_count(&rc), 1);
}

#[test]
fn metatables() {
    let lua = Lua::new();
    let ud = lua.create_userdata(Counter(1)).unwrap();
    let mt = ud.metatable().unwrap();
    for name in ["__gc", "__metatable"] {
        assert!(matches!(mt.get::<LuaValue>(name), Err(LuaError::MetaMethodRestricted(_))));
        assert!(mt.set(name, 1).is_err() && mt.contains(name).is_err());
    }
    assert!(mt.set("__index", lua.create_table().unwrap()).is_err());
    assert!(mt.contains("__tostring").unwrap());
    mt.set("__unm", lua.create_function(|_, ud: LuaUserDataRef<Counter>| Ok(-ud.0)).unwrap()).unwrap();
    assert!(mt.pairs::<LuaValue>().all(|p| !matches!(p.unwrap().0.as_str(), "__gc" | "__metatable")));
    lua.globals().set("c", ud).unwrap();
    assert_eq!(lua.load("-c").eval::<i64>().unwrap(), -1);
    struct Bad;
    impl LuaUserData for Bad {
        fn add_fields<F: LuaUserDataFields<Self>>(fields: &mut F) {
            fields.add_meta_field("__gc", 1);
        }
    }
    assert!(matches!(lua.create_userdata(Bad), Err(LuaError::MetaMethodRestricted(_))));
    struct Worse;
    impl LuaUserData for Worse {
        fn add_fields<F: LuaUserDataFields<Self>>(fields: &mut F) {
            fields.add_meta_field("__index", 1);
        }
    }
    assert!(lua.create_userdata(Worse).is_err());
}

#[test]
fn finalized_once() {
    let lua = Lua::new();
    let drops = Rc::new(Cell::new(0));
    struct Data(Rc<Cell<i32>>);
    impl Drop for Data {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    impl LuaUserData for Data {
        fn add_methods<M: LuaUserDataMethods<Self>>(methods: &mut M) {
            methods.add_method("drops", |_, this, ()| Ok(this.0.get()));
        }
    }
    lua.globals()
        .set("make", {
            let d = drops.clone();
            lua.create_function(move |_, ()| Ok(Data(d.clone()))).unwrap()
        })
        .unwrap();
    // Brought back to life by a finalizer of the script: the value is there or destructed, never twice dropped.
    lua.load(
        "
        local function dying(ud) return function() saved = ud pcall(ud.drops, ud) end end
        for i = 1, 20 do
            local ud = make()
            if newproxy then local p = newproxy(true) getmetatable(p).__gc = dying(ud) p = nil
            else setmetatable({}, {__gc = dying(ud)}) end
            ud = nil collectgarbage() collectgarbage()
            if saved then pcall(saved.drops, saved) end
        end saved = nil",
    )
    .exec()
    .unwrap();
    for _ in 0..3 {
        lua.gc_collect().unwrap();
    }
    assert_eq!(drops.get(), 20);
    if lua.engine().version() >= Version::Lua54 {
        lua.load("do local x <const> = make() end").exec().unwrap();
    }
}

/// A C library keeps things of its own where the user values go.
#[test]
fn user_values_of_others() {
    let lua = Lua::new();
    let file: LuaAnyUserData = lua.load("io.tmpfile()").eval().unwrap();
    assert!(file.set_user_value(1).is_err());
    assert!(file.user_value::<LuaValue>().unwrap().is_nil());
    lua.globals().set("file", file).unwrap();
    lua.load("file:write('x') file:close()").exec().unwrap();
    let ud = lua.create_userdata(Counter(1)).unwrap();
    ud.set_user_value("mine").unwrap();
    assert_eq!(ud.user_value::<String>().unwrap(), "mine");
}
