//! The enemy's cases: safe code that tries to get at memory that is gone, to lose or repeat a Drop, or to end the process.
use oxilua::prelude::*;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

fn quiet<R>(f: impl FnOnce() -> R) -> std::thread::Result<R> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = catch_unwind(AssertUnwindSafe(f));
    std::panic::set_hook(hook);
    result
}

/// Counts its drops.
#[derive(Clone)]
struct Counted(Rc<Cell<usize>>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

impl LuaUserData for Counted {
    fn add_fields<F: LuaUserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("count", |_, this| Ok(this.0.get()));
    }
}

/// An error whose `__tostring` raises one of its kind, for ever.
#[test]
fn error_that_cannot_be_described() {
    let lua = Lua::new();
    let script = "local mt = {}
        mt.__tostring = function() error(setmetatable({}, mt)) end
        error(setmetatable({}, mt))";
    for _ in 0..100 {
        let error = lua.load(script).exec().unwrap_err();
        assert!(error.to_string().contains("table"), "{error}");
    }
}

/// A panic that comes out of a metamethod must leave nothing on the stack.
#[test]
fn panics_leave_no_stack_slot() {
    let lua = Lua::new();
    let t = lua.create_table().unwrap();
    let mt = lua.create_table().unwrap();
    let boom = lua.create_function(|_, ()| -> LuaResult<()> { panic!("boom") }).unwrap();
    for name in ["__index", "__newindex", "__len", "__eq", "__tostring"] {
        mt.set(name, &boom).unwrap();
    }
    t.set_metatable(Some(mt.clone())).unwrap();
    let other = lua.create_table().unwrap();
    other.set_metatable(Some(mt)).unwrap();
    for _ in 0..300 {
        quiet(|| t.get::<i64>("missing")).unwrap_err();
        quiet(|| t.set("missing", 1)).unwrap_err();
        quiet(|| t.equals(&other)).unwrap_err();
        quiet(|| boom.call::<()>(())).unwrap_err();
        quiet(|| LuaValue::Table(t.clone()).to_string()).unwrap_err();
    }
    assert_eq!(lua.load("1 + 1").eval::<i64>().unwrap(), 2);
}

/// A panic that Lua caught, kept in a table, goes on when Rust reads it; the reader's stack must be as before.
#[test]
fn panics_kept_in_tables() {
    let lua = Lua::new();
    let boom = lua.create_function(|_, ()| -> LuaResult<()> { panic!("kept") }).unwrap();
    lua.globals().set("boom", boom).unwrap();
    let t: LuaTable = quiet(|| {
        lua.load("local t = {} for i = 1, 400 do local _, e = pcall(boom) t[i] = e end return t")
            .eval()
            .unwrap()
    })
    .unwrap();
    for i in 1..=100 {
        quiet(|| t.get::<LuaValue>(i)).unwrap_err();
        // Once it has gone on, it is an error.
        assert!(matches!(t.get::<LuaValue>(i), Ok(LuaValue::Error(_))));
    }
    for i in 101..=200 {
        quiet(|| t.get::<LuaTable>(i)).unwrap_err();
    }
    for i in 201..=300 {
        quiet(|| t.raw_get::<Option<String>>(i)).ok();
    }
    assert!(quiet(|| t.pairs::<LuaValue, LuaValue>().count()).is_err());
    assert!(quiet(|| t.sequence_values::<LuaValue>().skip(300).count()).is_err());
    let thread = lua.create_thread(lua.load("local t = ... return t[350]").into_function().unwrap()).unwrap();
    quiet(|| thread.resume::<LuaValue>(&t)).unwrap_err();
    assert_eq!(t.raw_len(), 400);
    assert_eq!(lua.load("1 + 1").eval::<i64>().unwrap(), 2);
}

/// A conversion that panics while results or arguments are on the stack.
#[test]
fn conversions_that_panic() {
    #[derive(Debug)]
    struct Bomb;
    impl IntoLua for Bomb {
        fn into_lua(self, _: &Lua) -> LuaResult<LuaValue> {
            panic!("into")
        }
    }
    impl FromLua for Bomb {
        fn from_lua(_: LuaValue, _: &Lua) -> LuaResult<Self> {
            panic!("from")
        }
    }
    let lua = Lua::new();
    let f = lua.load("return ...").into_function().unwrap();
    let t = lua.create_table().unwrap();
    t.set("x", 1).unwrap();
    let yields = lua.load("while true do coroutine.yield(1, 2, 3) end").into_function().unwrap();
    let thread = lua.create_thread(yields).unwrap();
    for _ in 0..300 {
        quiet(|| f.call::<()>((1, "two", Bomb))).unwrap_err();
        quiet(|| f.call::<(i64, Bomb, i64)>((1, 2, 3))).unwrap_err();
        quiet(|| t.get::<Bomb>("x")).unwrap_err();
        quiet(|| t.set("x", Bomb)).unwrap_err();
        quiet(|| t.set(Bomb, 1)).unwrap_err();
        quiet(|| t.pairs::<String, Bomb>().count()).unwrap_err();
        quiet(|| lua.create_table_from([("a", Bomb)])).unwrap_err();
        quiet(|| lua.create_sequence_from([Bomb])).unwrap_err();
        quiet(|| thread.resume::<Bomb>(())).unwrap_err();
        quiet(|| thread.resume::<()>((1, Bomb))).unwrap_err();
    }
    assert_eq!(f.call::<i64>(7).unwrap(), 7);
    assert_eq!(thread.resume::<i64>(()).unwrap(), 1);
}

/// The text of a borrowed string outlives the last `Lua`.
#[test]
fn borrowed_strings_keep_their_state() {
    let lua = Lua::new();
    let s = lua.create_string("a string that is long enough to be somewhere of its own, and longer").unwrap();
    let text = s.to_str().unwrap();
    let bytes = s.as_bytes();
    let (text, bytes): (&str, &[u8]) = (&text, &bytes);
    let shown = s.display();
    drop(lua);
    assert!(text.starts_with("a string"));
    assert!(bytes.ends_with(b"longer"));
    assert!(shown.to_string().contains("somewhere"));
}

/// A value of another state in the registry must not count for the wrong one.
#[test]
fn registry_refuses_values_of_another_state() {
    let (one, two) = (Lua::new(), Lua::new());
    for _ in 0..10 {
        assert!(one.create_registry_value(two.create_table().unwrap()).is_err());
        assert!(one.set_named_registry_value("x", two.create_table().unwrap()).is_err());
        let mut key = one.create_registry_value(1).unwrap();
        assert!(one.replace_registry_value(&mut key, two.create_table().unwrap()).is_err());
        drop(one.create_table().unwrap());
    }
    drop(two);
    assert_eq!(one.load("1").eval::<i64>().unwrap(), 1);
}

/// Values of another state are refused wherever a value goes in.
#[test]
fn values_of_another_state() {
    let (one, two) = (Lua::new(), Lua::new());
    let alien = two.create_table().unwrap();
    let t = one.create_table().unwrap();
    let f = one.load("return ...").into_function().unwrap();
    assert!(t.set("x", &alien).is_err());
    assert!(t.set(&alien, 1).is_err());
    assert!(t.raw_set(1, &alien).is_err());
    assert!(t.get::<LuaValue>(&alien).is_err());
    assert!(t.raw_get::<LuaValue>(&alien).is_err());
    assert!(t.set_metatable(Some(alien.clone())).is_err());
    assert!(f.call::<LuaValue>(&alien).is_err());
    assert!(f.call::<LuaValue>(("a", 1, vec![alien.clone()])).is_err());
    assert!(one.create_sequence_from([&alien]).is_err());
    assert!(one.create_table_from([(1, &alien)]).is_err());
    assert!(one.create_table_from([(&alien, 1)]).is_err());
    assert!(one.create_thread(two.load("").into_function().unwrap()).is_err());
    assert!(one.load("return x").set_environment(alien.clone()).into_function().is_err());
    assert!(!t.equals(&alien).unwrap());
    assert_ne!(t, alien);
    let give = one.create_function(move |_, ()| Ok(alien.clone())).unwrap();
    assert!(give.call::<LuaValue>(()).is_err());
}

/// A type whose field is a value of the type itself.
#[test]
fn types_that_contain_themselves() {
    struct Point(i64);
    impl LuaUserData for Point {
        fn add_fields<F: LuaUserDataFields<Self>>(fields: &mut F) {
            fields.add_field("ORIGIN", Point(0));
            fields.add_field_method_get("x", |_, this| Ok(this.0));
        }
    }
    let lua = Lua::new();
    lua.globals().set("p", Point(3)).unwrap();
    assert_eq!(lua.load("p.x + p.ORIGIN.x").eval::<i64>().unwrap(), 3);
}

/// A finalizer that runs while references are being made makes references itself.
#[test]
fn references_made_while_making_references() {
    struct Maker(LuaTable, Rc<RefCell<Vec<LuaTable>>>);
    impl Drop for Maker {
        fn drop(&mut self) {
            // Through a handle: a Drop has no `Lua` of its own.
            for _ in 0..50 {
                if let Ok(t) = self.0.get::<LuaTable>("inner") {
                    self.1.borrow_mut().push(t);
                }
            }
        }
    }
    impl LuaUserData for Maker {}
    let lua = Lua::new();
    let made = Rc::new(RefCell::new(Vec::new()));
    let t = lua.create_table().unwrap();
    t.set("inner", lua.create_table_from([("x", 42)]).unwrap()).unwrap();
    let mut kept = Vec::new();
    for i in 0..30_000 {
        kept.push(t.get::<LuaTable>("inner").unwrap());
        if i % 7 == 0 {
            lua.create_userdata(Maker(t.clone(), made.clone())).unwrap();
        }
        if made.borrow().len() > 20_000 {
            made.borrow_mut().clear();
        }
    }
    lua.gc_collect().unwrap();
    for t in kept.iter().chain(made.borrow().iter()) {
        assert_eq!(t.get::<i64>("x").unwrap(), 42);
    }
}

/// A script's finalizer, run at the very end, uses Rust values that are gone already.
#[test]
fn scripts_finalizers_at_the_end() {
    for _ in 0..20 {
        let drops = Rc::new(Cell::new(0));
        let log = Rc::new(RefCell::new(Vec::new()));
        {
            let lua = Lua::new();
            let log = log.clone();
            let note = lua.create_function(move |_, text: String| Ok(log.borrow_mut().push(text))).unwrap();
            lua.globals().set("note", note).unwrap();
            // Made first, so it is finalized last.
            let script = "local p
                local function finalizer()
                    local ok, e = pcall(function() return ud.count end)
                    pcall(function() ud.count = 1 end)
                    pcall(function() return ud() end)
                    pcall(note, 'late')
                    pcall(fresh)
                end
                if newproxy then p = newproxy(true) getmetatable(p).__gc = finalizer
                else p = setmetatable({}, {__gc = finalizer}) end
                keep = p";
            lua.load(script).exec().unwrap();
            lua.globals().set("ud", Counted(drops.clone())).unwrap();
            let d = drops.clone();
            let fresh = lua.create_function(move |_, ()| Ok(Counted(d.clone()))).unwrap();
            lua.globals().set("fresh", fresh).unwrap();
            assert_eq!(lua.load("ud.count").eval::<i64>().unwrap(), 0);
        }
        // The userdata, and the closure's.
        assert!(drops.get() >= 1, "{}", drops.get());
    }
}
