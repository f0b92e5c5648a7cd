//! Memory: limits, an allocator that fails at every request in turn, collections, and finalizers of scripts that fail inside
//! of any allocation.
use oxilua::__private::{fail_allocation, fail_allocation_in_new_states, stack_top};
use oxilua::Version;
use oxilua::prelude::*;
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

/// Counts the live ones.
struct Live(Rc<Cell<isize>>);

impl Live {
    fn new(count: &Rc<Cell<isize>>) -> Live {
        count.set(count.get() + 1);
        Live(count.clone())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl LuaUserData for Live {
    fn add_fields<F: LuaUserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("live", |_, this| Ok(this.0.get()));
        fields.add_field_method_set("live", |_, _, _: i64| Ok(()));
    }
    fn add_methods<M: LuaUserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("text", |_, this, n: usize| Ok("x".repeat(n) + &this.0.get().to_string()));
        methods.add_meta_method("__tostring", |_, _, ()| Ok("a live one"));
    }
}

/// Some of everything. With little memory it fails somewhere.
fn everything(lua: &Lua, live: &Rc<Cell<isize>>) -> LuaResult<()> {
    let t = lua.create_table()?;
    t.set("name", "a text that is not there yet")?;
    t.set(1, vec![1, 2, 3])?;
    t.raw_set("sub", lua.create_table_from([("a", 1), ("b", 2)])?)?;
    t.set("map", HashMap::from([("k".to_owned(), vec!["v"])]))?;
    t.push(lua.create_string(vec![b'x'; 1000])?)?;
    for pair in t.pairs::<LuaValue, LuaValue>() {
        pair?;
    }
    let value = Live::new(live);
    let f = lua.create_function(move |lua, (n, text): (i64, String)| {
        lua.create_table()?.set(n, &*text)?;
        Ok((n, format!("{text} {}", value.0.get()), vec![text; 3]))
    })?;
    f.call::<(i64, String, Vec<String>)>((7, "argument"))?;
    let ud = lua.create_userdata(Live::new(live))?;
    lua.load("local ud, f = ... ; ud.live = ud.live + 1; assert(#ud:text(100) > 100); tostring(ud); return f(1, 'two')")
        .call::<LuaMultiValue>((&ud, &f))?;
    let fails = lua.create_function(|_, ()| Err::<(), _>(LuaError::runtime("as it should")))?;
    let (ok, error) = lua.load("local ok, e = pcall(...) return ok, e").call::<(bool, LuaValue)>(fails)?;
    assert!(!ok && (error.is_error() || error.is_string()));
    let co = lua.create_thread(
        lua.load("local a = ... ; for i = 1, 5 do a = a .. coroutine.yield(a) end").into_function()?,
    )?;
    co.resume::<LuaString>("start")?;
    co.resume::<LuaString>("more")?;
    let key = lua.create_registry_value(&t)?;
    lua.registry_value::<LuaTable>(&key)?;
    let many = (0..600).map(|_| t.get::<LuaTable>("sub")).collect::<LuaResult<Vec<_>>>()?;
    assert_eq!(many[599].get::<i64>("a")?, 1);
    Ok(())
}

#[test]
fn every_allocation_fails_in_turn() {
    let live = Rc::new(Cell::new(0));
    let lua = Lua::new();
    if !fail_allocation(&lua, usize::MAX) {
        return; // A LuaJIT that takes no allocator.
    }
    everything(&lua, &live).unwrap();
    let mut failed = 0;
    for n in 0..100_000 {
        fail_allocation(&lua, n);
        let top = stack_top(&lua);
        let done = everything(&lua, &live);
        assert_eq!(stack_top(&lua), top);
        fail_allocation(&lua, usize::MAX);
        if done.is_ok() {
            break;
        }
        failed += 1;
        lua.gc_collect().unwrap();
    }
    assert!(failed > 20, "{failed}");
    everything(&lua, &live).unwrap();
    drop(lua);
    assert_eq!(live.get(), 0);
}

#[test]
fn every_allocation_of_a_new_state_fails_in_turn() {
    // Some LuaJITs crash if lua_newstate itself runs out of memory.
    let jit = Lua::new().engine().version() == Version::LuaJit;
    let mut failed = 0;
    for n in if jit { 100 } else { 0 }..100_000 {
        fail_allocation_in_new_states(n);
        let made = Lua::new_with(oxilua::StdLib::ALL_SAFE, LuaOptions::default());
        fail_allocation_in_new_states(usize::MAX);
        match made {
            Ok(lua) => {
                fail_allocation(&lua, usize::MAX);
                assert_eq!(lua.load("1 + 1").eval::<i64>().unwrap(), 2);
                break;
            }
            Err(_) => failed += 1,
        }
    }
    assert!(failed > 20 || jit, "{failed}");
}

#[test]
fn limit() {
    let lua = Lua::new();
    let before = lua.used_memory();
    assert!(before > 1000);
    if lua.set_memory_limit(0).is_err() {
        return;
    }
    assert_eq!(lua.set_memory_limit(before + 200_000).unwrap(), 0);
    let error = lua.load("local t = {} for i = 1, 1e7 do t[i] = {i} end").exec().unwrap_err();
    assert!(matches!(error, LuaError::MemoryError(_)), "{error}");
    // What Rust asks for directly fails as well.
    assert!(matches!(lua.create_string(vec![b'x'; 1 << 20]), Err(LuaError::MemoryError(_))));
    assert!(matches!(lua.create_table_with_capacity(1 << 20, 0), Err(LuaError::MemoryError(_))));
    assert!(lua.create_table_from((0..1_000_000).map(|i| (i, i))).is_err());
    let t = lua.create_table().unwrap();
    assert!((0..1_000_000).try_for_each(|i| t.set(i, i)).is_err());
    drop(t);
    lua.gc_collect().unwrap();
    // There is room again.
    lua.load("local t = {} for i = 1, 100 do t[i] = i end").exec().unwrap();
    assert_eq!(lua.set_memory_limit(0).unwrap(), before + 200_000);
    lua.load("local t = {} for i = 1, 1e5 do t[i] = {i} end").exec().unwrap();
    // A limit below what is in use: everything new fails until there is less.
    lua.set_memory_limit(1).unwrap();
    assert!(lua.load("return {}, {}, ('x'):rep(1000)").exec().is_err());
    lua.set_memory_limit(usize::MAX).unwrap();
    lua.load("return {}").exec().unwrap();
}

/// A state closed while its limit is reached still drops everything.
#[test]
fn closed_at_the_limit() {
    let live = Rc::new(Cell::new(0));
    let lua = Lua::new();
    for i in 0..100 {
        let value = Live::new(&live);
        lua.globals().set(i, lua.create_function(move |_, ()| Ok(value.0.get())).unwrap()).unwrap();
        lua.globals().set(1000 + i, Live::new(&live)).unwrap();
    }
    let _ = lua.set_memory_limit(1);
    drop(lua);
    assert_eq!(live.get(), 0);
}

#[test]
fn too_large() {
    let lua = Lua::new();
    assert!(
        lua.create_table_with_capacity(usize::MAX, 0).is_err()
            || lua.create_table_with_capacity(0, usize::MAX).is_err()
    );
    if lua.engine().has_integers() {
        assert!(lua.load("return ('x'):rep(1 << 50)").exec().is_err());
    }
    let f = lua.load("return ...").into_function().unwrap();
    assert!(f.call::<LuaMultiValue>(oxilua::Variadic::from(vec![1; 2_000_000])).is_err());
    let many = lua.create_function(|_, ()| Ok(oxilua::Variadic::from(vec!["x"; 2_000_000]))).unwrap();
    assert!(many.call::<()>(()).is_err());
    let many = lua.create_function(|_, ()| Ok(oxilua::Variadic::from(vec![1; 2_000_000]))).unwrap();
    assert!(many.call::<()>(()).is_err());
    // Several thousand are fine everywhere.
    let values = f.call::<oxilua::Variadic<i64>>(oxilua::Variadic::from_iter(0..5000)).unwrap();
    assert_eq!(values.len(), 5000);
    assert_eq!(values[4999], 4999);
    let values =
        f.call::<LuaMultiValue>(oxilua::Variadic::from_iter((0..5000).map(|i| format!("text {i}")))).unwrap();
    assert_eq!(values.len(), 5000);
    assert_eq!(lua.load("select('#', (table.unpack or unpack)({}, 1, 6000))").eval::<i64>().unwrap(), 6000);
}

#[test]
fn many_handles() {
    let lua = Lua::new();
    let mut tables = Vec::new();
    for i in 0..50_000 {
        tables.push(lua.create_table_from([("i", i)]).unwrap());
    }
    lua.gc_collect().unwrap();
    // Freed in any order, and made again.
    let mut kept: Vec<_> =
        tables.into_iter().enumerate().filter(|(i, _)| i % 3 == 0).map(|(_, t)| t).collect();
    kept.reverse();
    for i in 0..20_000 {
        kept.push(lua.create_table_from([("i", i)]).unwrap());
    }
    lua.gc_collect().unwrap();
    for (n, t) in kept.iter().enumerate() {
        let i: usize = t.get("i").unwrap();
        if n < 16_667 {
            assert_eq!(i, 49_998 - 3 * n);
        } else {
            assert_eq!(i, n - 16_667);
        }
    }
    let copies: Vec<_> = (0..100_000).map(|i| kept[i % kept.len()].clone()).collect();
    drop(kept);
    assert!(copies[16_666].get::<i64>("i").unwrap() == 0);
}

/// A script's finalizer that fails, inside of any allocating call: an error or nothing, but never the end of the process.
#[test]
fn failing_finalizers() {
    let live = Rc::new(Cell::new(0));
    let lua = Lua::new();
    lua.load(
        "function litter()
            for i = 1, 20 do
                if newproxy then getmetatable(newproxy(true)).__gc = function() error('from a finalizer') end
                else setmetatable({}, {__gc = function() error(setmetatable({}, {__tostring = function() return 'late' end})) end}) end
            end
        end
        pcall(collectgarbage, 'setpause', 50) pcall(collectgarbage, 'setstepmul', 1000)",
    )
    .exec()
    .unwrap();
    let litter: LuaFunction = lua.globals().get("litter").unwrap();
    let (mut ok, mut failed) = (0, 0);
    for _ in 0..300 {
        let _ = litter.call::<()>(());
        let top = stack_top(&lua);
        match everything(&lua, &live) {
            Ok(()) => ok += 1,
            Err(_) => failed += 1,
        }
        assert_eq!(stack_top(&lua), top);
    }
    if lua.engine().version() >= Version::Lua54 {
        assert_eq!(failed, 0);
    }
    assert_eq!(ok + failed, 300);
    // Single operations.
    // These may meet a finalizer's error, too.
    let table = || lua.create_table();
    let t = std::iter::repeat_with(table).find_map(Result::ok).unwrap();
    let function = || lua.create_function(|_, n: i64| Ok(format!("result {n}")));
    let f = std::iter::repeat_with(function).find_map(Result::ok).unwrap();
    for i in 0..3000 {
        if i % 20 == 0 {
            let _ = litter.call::<()>(());
        }
        let _ = lua.create_table();
        let _ = lua.create_string(format!("string {i}"));
        let _ = lua.create_function(move |_, ()| Ok(i));
        let _ = lua.create_userdata(Live::new(&live));
        let _ = lua.create_thread(f.clone());
        let _ = t.set(format!("key {i}"), i);
        let _ = t.get::<LuaValue>(format!("other key {i}"));
        let _ = t.raw_set(i, vec![i]);
        let _ = f.call::<String>(i);
        let _ = lua.load(format!("return {i}")).eval::<i64>();
        let _ = lua.load("x = = ").exec();
        let _ = lua.coerce_string(LuaValue::Integer(i));
        let _ = LuaValue::Table(t.clone()).to_string();
        let _ = lua.gc_step();
        assert_eq!(stack_top(&lua), 0);
    }
    for _ in 0..50 {
        let _ = lua.gc_collect();
    }
    drop((t, f, litter));
    drop(lua);
    assert_eq!(live.get(), 0);
}

/// The same with a finalizer that calls a Rust function that panics.
#[test]
fn panicking_finalizers() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let lua = Lua::new();
    let boom = lua.create_function(|_, ()| -> LuaResult<()> { panic!("in a finalizer") }).unwrap();
    lua.globals().set("boom", boom).unwrap();
    lua.load(
        "function litter()
            for i = 1, 20 do
                if newproxy then getmetatable(newproxy(true)).__gc = function() boom() end
                else setmetatable({}, {__gc = function() boom() end}) end
            end
        end",
    )
    .exec()
    .unwrap();
    let live = Rc::new(Cell::new(0));
    for _ in 0..200 {
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _ = lua.globals().get::<LuaFunction>("litter").and_then(|f| f.call::<()>(()));
            let _ = everything(&lua, &live);
            let _ = lua.gc_collect();
        }));
        assert_eq!(stack_top(&lua), 0);
    }
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(lua)));
    std::panic::set_hook(hook);
    assert_eq!(live.get(), 0);
}

#[test]
fn collector() {
    let lua = Lua::new();
    assert!(lua.gc_is_running());
    lua.gc_stop();
    if lua.engine().version() != Version::Lua51 {
        assert!(!lua.gc_is_running());
    }
    let before = lua.used_memory();
    lua.load("for i = 1, 10000 do x = {i} end").exec().unwrap();
    assert!(lua.used_memory() > before + 100_000);
    lua.gc_restart();
    assert!(lua.gc_is_running());
    lua.gc_collect().unwrap();
    lua.gc_collect().unwrap();
    assert!(lua.used_memory() < before + 100_000);
    assert!((0..100_000).any(|_| lua.gc_step().unwrap()));
}
