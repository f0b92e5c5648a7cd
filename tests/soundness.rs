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

/// Conversions that recurse through the values of tables, deeper than a stack's spare room.
#[test]
fn conversions_that_recurse() {
    #[derive(Debug)]
    struct Tree(std::collections::HashMap<String, Tree>);
    impl FromLua for Tree {
        fn from_lua(value: LuaValue, lua: &Lua) -> LuaResult<Self> {
            match value {
                LuaValue::Table(_) => FromLua::from_lua(value, lua).map(Tree),
                _ => Ok(Tree(Default::default())),
            }
        }
    }
    impl Tree {
        fn depth(&self) -> usize {
            1 + self.0.values().map(Tree::depth).max().unwrap_or(0)
        }
    }
    let lua = Lua::new();
    let t: LuaTable =
        lua.load("local t = {} for i = 1, 150 do t = {deeper = t, other = 1} end return t").eval().unwrap();
    for _ in 0..20 {
        assert_eq!(t.get::<Tree>("deeper").unwrap().depth(), 150);
    }
}

/// Rust and Lua calling each other for ever: an error in time.
#[test]
fn recursion_through_lua() {
    let lua = Lua::new();
    let f = lua
        .create_function(|lua, n: i64| {
            let again: LuaFunction = lua.globals().get("again")?;
            again.call::<i64>(n + 1)
        })
        .unwrap();
    lua.globals().set("f", &f).unwrap();
    lua.load("function again(n) return f(n) end").exec().unwrap();
    for _ in 0..3 {
        assert!(f.call::<i64>(1).is_err());
    }
    // The same through a coroutine at each level, a metamethod, and a conversion.
    lua.load("function again(n) return coroutine.wrap(f)(n) end").exec().unwrap();
    assert!(f.call::<i64>(1).is_err());
    let index = lua.create_function(|_, (t, k): (LuaTable, i64)| t.get::<i64>(k + 1)).unwrap();
    let t = lua.create_table().unwrap();
    let mt = lua.create_table_from([("__index", index)]).unwrap();
    t.set_metatable(Some(mt)).unwrap();
    assert!(t.get::<i64>(1).is_err());
    let resume = lua
        .create_function(|lua, n: i64| {
            let f: LuaFunction = lua.globals().get("resume")?;
            lua.create_thread(f)?.resume::<i64>(n + 1)
        })
        .unwrap();
    lua.globals().set("resume", &resume).unwrap();
    assert!(resume.call::<i64>(1).is_err());
    assert_eq!(lua.load("1 + 1").eval::<i64>().unwrap(), 2);
}

/// What is thrown has a Drop that throws again.
#[test]
fn panics_that_panic() {
    struct Bomb(u8);
    impl Drop for Bomb {
        fn drop(&mut self) {
            if self.0 > 0 {
                std::panic::panic_any(Bomb(self.0 - 1));
            }
        }
    }
    impl LuaUserData for Bomb {}
    quiet(|| {
        let lua = Lua::new();
        for i in 0..3 {
            lua.create_userdata(Bomb(i)).unwrap();
            let bomb = Bomb(i);
            lua.create_function(move |_, ()| Ok({ &bomb }.0)).unwrap();
        }
        let throw = lua.create_function(|_, ()| -> LuaResult<()> { std::panic::panic_any(Bomb(2)) }).unwrap();
        lua.load("pcall(...)").call::<()>(throw).unwrap();
        lua.gc_collect().unwrap();
        lua.gc_collect().unwrap();
        drop(lua);
    })
    .unwrap();
}

/// A Drop that uses Lua: through handles it holds, in a collection, as the state closes, and as it closes the state.
#[test]
fn drops_that_use_lua() {
    struct Nosy {
        table: LuaTable,
        function: LuaFunction,
        log: Rc<Cell<usize>>,
    }
    impl Drop for Nosy {
        fn drop(&mut self) {
            self.log.set(self.log.get() + 1);
            let _ = self.table.set("dropped", self.log.get());
            let _ = self.table.get::<LuaTable>("inner").map(|t| t.set(1, "x"));
            let _ = self.function.call::<LuaValue>((self.table.clone(), 1, "two"));
            for pair in self.table.pairs::<LuaValue, LuaValue>() {
                let _ = pair;
            }
        }
    }
    impl LuaUserData for Nosy {}
    for ends in 0..4 {
        let log = Rc::new(Cell::new(0));
        let lua = Lua::new();
        let table = lua.create_table().unwrap();
        table.set("inner", lua.create_table().unwrap()).unwrap();
        let collect = lua
            .create_function(|lua, t: LuaTable| {
                lua.gc_collect()?;
                t.set("again", lua.create_table()?)?;
                // What is made while the state closes may be refused, but not lost.
                let _ = lua.create_userdata(Counted(Rc::default()));
                let _ = lua.create_registry_value(t);
                lua.create_string("text").map(drop)
            })
            .unwrap();
        for i in 0..200 {
            let nosy = Nosy { table: table.clone(), function: collect.clone(), log: log.clone() };
            if i % 2 == 0 {
                lua.create_userdata(nosy).unwrap();
            } else {
                let keep = lua.create_function(move |_, ()| Ok(nosy.log.get())).unwrap();
                if i % 10 == 1 {
                    lua.globals().set(i, keep).unwrap();
                }
            }
        }
        match ends {
            0 => {
                lua.gc_collect().unwrap();
                lua.gc_collect().unwrap();
                assert!(log.get() >= 150, "{}", log.get());
                drop(lua);
            }
            1 => {
                // The state goes inside of a callback, with handles left.
                let f = lua.load("return ...").into_function().unwrap();
                drop(lua);
                assert!(quiet(|| f.call::<()>(())).is_err());
            }
            2 => {
                // The last `Lua` goes in a Drop that the collector runs.
                let holder = Rc::new(RefCell::new(Some(lua.clone())));
                struct Last(Rc<RefCell<Option<Lua>>>);
                impl Drop for Last {
                    fn drop(&mut self) {
                        drop(self.0.take());
                    }
                }
                impl LuaUserData for Last {}
                lua.create_userdata(Last(holder)).unwrap();
                let t = lua.create_table().unwrap();
                let weak = lua.weak();
                drop(lua);
                for i in 0..100_000 {
                    if weak.try_upgrade().is_none() || quiet(|| t.set(i, format!("garbage {i}"))).is_err() {
                        break;
                    }
                }
                drop(table.clone());
            }
            _ => {
                // In a conversion, with values on the stack.
                struct Closing(RefCell<Option<Lua>>);
                impl IntoLua for Closing {
                    fn into_lua(self, _: &Lua) -> LuaResult<LuaValue> {
                        drop(self.0.take());
                        Ok(LuaValue::Nil)
                    }
                }
                let f = lua.load("return ...").into_function().unwrap();
                let _ = quiet(|| f.call::<LuaValue>((1, "two", Closing(RefCell::new(Some(lua))), 3)));
            }
        }
        drop(table);
        drop(collect);
        assert_eq!(log.get(), 200);
    }
}

/// Light userdata are addresses of any kind. LuaJIT takes only some of them.
#[test]
fn light_userdata_of_any_address() {
    let lua = Lua::new();
    let t = lua.create_table().unwrap();
    let f = lua.load("return ...").into_function().unwrap();
    for i in 0..700_usize {
        let p = LuaLightUserData(((i << 38) | 8) as *mut _);
        let _ = t.set(i, p);
        let _ = t.raw_set(p, i);
        let _ = t.raw_get::<LuaValue>(p);
        let _ = t.get::<LuaValue>(p);
        let _ = f.call::<LuaValue>((i, p));
    }
    for p in [usize::MAX, 1 << 63, 1 << 47, (1 << 47) - 1] {
        let p = LuaLightUserData(p as *mut _);
        let _ = f.call::<LuaValue>(p);
        let _ = t.raw_get::<LuaValue>(p);
    }
    assert_eq!(t.get::<LuaLightUserData>(3).unwrap().0 as usize, (3 << 38) | 8);
}

/// A warning function that replaces and removes itself, and uses Lua.
#[test]
fn warnings_that_change_the_warning_function() {
    let lua = Lua::new();
    let seen = Rc::new(Cell::new(0));
    let (s, text) = (seen.clone(), String::from("captured"));
    lua.set_warning_function(move |lua, _, _| {
        s.set(s.get() + text.len() / 8);
        lua.set_warning_function(|lua, _, _| {
            lua.remove_warning_function();
            Ok(())
        });
        lua.load("local t = {} for i = 1, 100 do t[i] = {i} end").exec()?;
        assert_eq!(text, "captured");
        Ok(())
    });
    for i in 0..4 {
        lua.warning(format!("number {i}"), false);
    }
    assert_eq!(
        seen.get(),
        i32::from(matches!(lua.engine().version(), oxilua::Version::Lua54 | oxilua::Version::Lua55)) as usize
    );
    // An error of a finalizer is a warning there, given in the middle of anything.
    lua.set_warning_function(|lua, _, _| {
        let t = lua.create_table()?;
        t.set("x", lua.load("local s = '' for i = 1, 50 do s = s .. i end return s").eval::<String>()?)
    });
    let _ = lua.load("for i = 1, 2000 do setmetatable({}, {__gc = function() error('late') end}) end").exec();
    let _ = lua.gc_collect();
}

/// A coroutine resumed again by who is told that it has yielded.
#[test]
fn thread_events_that_resume() {
    let lua = Lua::new();
    let f = lua.load("while true do coroutine.yield(1, 2, 3) end").into_function().unwrap();
    let thread = lua.create_thread(f).unwrap();
    let busy = Rc::new(Cell::new(false));
    lua.set_thread_event_callback(oxilua::ThreadTriggers::ON_YIELD, move |_, event| {
        if let oxilua::ThreadEvent::Yield(thread) = event
            && !busy.replace(true)
        {
            assert_eq!(thread.resume::<(i64, i64, i64)>(()).unwrap(), (1, 2, 3));
            busy.set(false);
        }
        Ok(())
    });
    for _ in 0..100 {
        assert_eq!(thread.resume::<(i64, i64, i64)>(()).unwrap(), (1, 2, 3));
    }
}

/// The functions of a scope's type end with the scope: their type's metatable may be another one's later.
#[test]
fn methods_of_a_scopes_type() {
    struct Number<'a>(&'a Cell<i64>);
    impl LuaUserData for Number<'_> {
        fn add_methods<M: LuaUserDataMethods<Self>>(methods: &mut M) {
            methods.add_method("get", |_, this, ()| Ok(this.0.get()));
        }
    }
    let lua = Lua::new();
    let n = Cell::new(7);
    for _ in 0..200 {
        lua.scope(|scope| {
            lua.globals().set("ud", scope.create_userdata(Number(&n))?)?;
            lua.load("stale = stale or {} stale[#stale + 1] = ud.get assert(ud:get() == 7)").exec()
        })
        .unwrap();
        lua.globals().set("ud", LuaNil).unwrap();
        lua.gc_collect().unwrap();
        lua.globals().set("other", lua.create_userdata(Counted(Rc::default())).unwrap()).unwrap();
        lua.load("for _, f in ipairs(stale) do assert(not pcall(f, other)) end").exec().unwrap();
    }
}

/// What goes wrong leaves the stack as it was.
#[test]
fn failures_leave_the_stack_as_it_was() {
    struct Bomb(bool);
    impl IntoLua for Bomb {
        fn into_lua(self, _: &Lua) -> LuaResult<LuaValue> {
            if self.0 { panic!("into") } else { Err(LuaError::runtime("into")) }
        }
    }
    #[derive(Debug)]
    struct Shell<const PANICS: bool>;
    impl<const PANICS: bool> FromLua for Shell<PANICS> {
        fn from_lua(_: LuaValue, _: &Lua) -> LuaResult<Self> {
            if PANICS { panic!("from") } else { Err(LuaError::runtime("from")) }
        }
    }
    let lua = Lua::new();
    let t = lua.create_table_from([("x", 1)]).unwrap();
    let with_metamethods = lua.create_table().unwrap();
    let other = lua.create_table().unwrap();
    let mt = lua.create_table().unwrap();
    for fails in [false, true] {
        let f = lua
            .create_function(move |_, ()| -> LuaResult<()> {
                if fails { panic!("called") } else { Err(LuaError::runtime("called")) }
            })
            .unwrap();
        for name in ["__index", "__newindex", "__len", "__eq", "__tostring", "__call"] {
            mt.set(name, &f).unwrap();
        }
        with_metamethods.set_metatable(Some(mt.clone())).unwrap();
        other.set_metatable(Some(mt.clone())).unwrap();
        let f = &f;
        let m = &with_metamethods;
        let identity = lua.load("return ...").into_function().unwrap();
        let thread = lua
            .create_thread(lua.load("while true do coroutine.yield(1, 2, 3) end").into_function().unwrap())
            .unwrap();
        let cases: Vec<(&str, Box<dyn Fn()>)> = vec![
            ("call", Box::new(|| drop(f.call::<()>((1, "two"))))),
            ("index", Box::new(|| drop(m.get::<i64>("missing")))),
            ("newindex", Box::new(|| drop(m.set("missing", 1)))),
            ("len", Box::new(|| drop(m.len()))),
            ("eq", Box::new(|| drop(m.equals(&other)))),
            ("tostring", Box::new(|| drop(LuaValue::Table(m.clone()).to_string()))),
            ("argument", Box::new(|| drop(identity.call::<()>((1, "two", Bomb(fails)))))),
            ("result", Box::new(|| drop(identity.call::<(i64, Shell<true>)>((1, 2, 3))))),
            ("result 2", Box::new(|| drop(identity.call::<(i64, Shell<false>)>((1, 2, 3))))),
            ("get", Box::new(|| drop(t.get::<Shell<true>>("x")))),
            ("get 2", Box::new(|| drop(t.get::<Shell<false>>("x")))),
            ("set", Box::new(|| drop(t.set("x", Bomb(fails))))),
            ("key", Box::new(|| drop(t.set(Bomb(fails), "x")))),
            ("nil key", Box::new(|| drop(t.set(LuaNil, "x")))),
            ("pairs", Box::new(|| t.pairs::<Shell<true>, i64>().for_each(drop))),
            ("pairs 2", Box::new(|| t.pairs::<String, Shell<true>>().for_each(drop))),
            ("pairs 3", Box::new(|| t.pairs::<Shell<false>, i64>().for_each(drop))),
            ("table", Box::new(|| drop(lua.create_table_from([("a", 1)].map(|(k, _)| (k, Bomb(fails))))))),
            ("keys", Box::new(|| drop(lua.create_table_from([(Bomb(fails), 1)])))),
            ("sequence", Box::new(|| drop(lua.create_sequence_from([Bomb(fails)])))),
            ("nested", Box::new(|| drop(identity.call::<()>((1, vec![vec![Bomb(fails)]]))))),
            ("resume", Box::new(|| drop(thread.resume::<()>((1, 2, Bomb(fails)))))),
            ("yield", Box::new(|| drop(thread.resume::<(i64, Shell<true>)>(())))),
            ("yield 2", Box::new(|| drop(thread.resume::<(i64, Shell<false>)>(())))),
            ("syntax", Box::new(|| drop(lua.load("x = = 1").exec()))),
            ("error", Box::new(|| drop(lua.load("error({})").exec()))),
            ("userdata", Box::new(|| drop(identity.call::<Shell<true>>(Counted(Rc::default()))))),
            ("other state", Box::new(|| drop(identity.call::<()>((1, Lua::new().create_table().unwrap()))))),
        ];
        for (name, case) in &cases {
            let before = oxilua::__private::stack_top(&lua);
            for _ in 0..3 {
                let _ = quiet(case);
                assert_eq!(oxilua::__private::stack_top(&lua), before, "{name} {fails}");
            }
        }
    }
}

/// A type registered twice: values of both can be told apart and used.
#[test]
fn types_registered_twice() {
    struct Plain(i64);
    let lua = Lua::new();
    lua.register_userdata_type::<Plain>(|r| r.add_method("get", |_, this, ()| Ok(this.0))).unwrap();
    let old = lua.create_any_userdata(Plain(1)).unwrap();
    assert_eq!(old.borrow::<Plain>().unwrap().0, 1);
    lua.register_userdata_type::<Plain>(|r| r.add_method("get", |_, this, ()| Ok(-this.0))).unwrap();
    let new = lua.create_any_userdata(Plain(2)).unwrap();
    assert_eq!(new.borrow::<Plain>().unwrap().0, 2);
    let f = lua.load("local a, b = ... return a:get(), b:get(), pcall(a.get, b)").into_function().unwrap();
    assert_eq!(f.call::<(i64, i64, bool)>((&old, &new)).unwrap(), (1, -2, false));
    // One that fails leaves the last one.
    lua.register_userdata_type::<Plain>(|r| r.add_meta_field("__gc", 1)).unwrap_err();
    quiet(|| lua.register_userdata_type::<Plain>(|_| panic!("half-way"))).unwrap_err();
    assert_eq!(lua.create_any_userdata(Plain(3)).unwrap().borrow::<Plain>().unwrap().0, 3);
    assert!(new.borrow::<Plain>().is_ok());
}
