//! States that a host owns: made through the engine's own C API, used by Rust, closed by the host.
//!
//! The engine is the shared library that a new `Lua` would use. A Lua linked at build time exports no symbols to look up, so
//! there these tests have nothing to do.
use oxilua::__private::stack_top;
use oxilua::prelude::*;
use oxilua::{Engine, Version};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

type L = *mut oxilua::lua_State;
type Alloc = unsafe extern "C" fn(*mut c_void, *mut c_void, usize, usize) -> *mut c_void;
type CFunction = unsafe extern "C-unwind" fn(L) -> c_int;

/// The engine's functions that a host needs.
struct Host {
    lib: libloading::Library,
    version: Version,
}

impl Host {
    fn find() -> Option<Host> {
        if Engine::linked().is_some() {
            eprintln!("skipped: the Lua is linked, its symbols cannot be looked up");
            return None;
        }
        let engine = Engine::find().unwrap();
        let path = engine.origin().rsplit_once(" (").map_or(engine.origin(), |(path, _)| path);
        // SAFETY: it is loaded already.
        let lib = unsafe { libloading::Library::new(path) }.unwrap();
        Some(Host { lib, version: engine.version() })
    }

    fn get<T: Copy>(&self, name: &str) -> T {
        // SAFETY: the callers give the functions their types.
        unsafe { *self.lib.get::<T>(name.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}")) }
    }

    fn new_state(&self) -> State<'_> {
        // SAFETY: the signature is the same in all versions.
        let l = unsafe { self.get::<unsafe extern "C" fn() -> L>("luaL_newstate")() };
        assert!(!l.is_null());
        State { host: self, l, open: Cell::new(true) }
    }

    fn new_state_with(&self, alloc: Alloc, ud: *mut c_void) -> Option<State<'_>> {
        // SAFETY: 5.5 has one parameter more, which the others ignore.
        let l = unsafe {
            self.get::<unsafe extern "C" fn(Alloc, *mut c_void, u32) -> L>("lua_newstate")(alloc, ud, 7)
        };
        (!l.is_null()).then(|| State { host: self, l, open: Cell::new(true) })
    }
}

/// A state as its host sees it.
struct State<'a> {
    host: &'a Host,
    l: L,
    open: Cell<bool>,
}

impl State<'_> {
    fn with_libs(self) -> Self {
        // SAFETY: the signatures of the versions.
        unsafe {
            if self.host.version == Version::Lua55 {
                self.host.get::<unsafe extern "C-unwind" fn(L, c_int, c_int)>("luaL_openselectedlibs")(
                    self.l, !0, 0,
                );
            } else {
                self.host.get::<unsafe extern "C-unwind" fn(L)>("luaL_openlibs")(self.l);
            }
        }
        self
    }

    fn lua(&self) -> &Lua {
        // SAFETY: the state is live, and not used after it was closed but where a test wants to see the panic.
        unsafe { Lua::get_or_init_from_ptr(self.l) }
    }

    fn top(&self) -> c_int {
        // SAFETY: the state is live.
        unsafe { self.host.get::<unsafe extern "C" fn(L) -> c_int>("lua_gettop")(self.l) }
    }

    fn set_top(&self, top: c_int) {
        // SAFETY: as above.
        unsafe { self.host.get::<unsafe extern "C" fn(L, c_int)>("lua_settop")(self.l, top) }
    }

    fn push_integer(&self, i: isize) {
        // SAFETY: as above.
        unsafe { self.host.get::<unsafe extern "C" fn(L, isize)>("lua_pushinteger")(self.l, i) }
    }

    fn number_at(&self, index: c_int) -> f64 {
        // SAFETY: as above.
        unsafe {
            if self.host.version == Version::Lua51 || self.host.version == Version::LuaJit {
                self.host.get::<unsafe extern "C" fn(L, c_int) -> f64>("lua_tonumber")(self.l, index)
            } else {
                self.host.get::<unsafe extern "C" fn(L, c_int, *mut c_int) -> f64>("lua_tonumberx")(
                    self.l,
                    index,
                    std::ptr::null_mut(),
                )
            }
        }
    }

    /// Runs code as a host does; the message of the error, whose text is on the stack if it is a string.
    fn run(&self, code: &str) -> Result<(), String> {
        let code = CString::new(code).unwrap();
        // SAFETY: as above.
        unsafe {
            let top = self.top();
            let mut status = self.load(&code);
            if status == 0 {
                status = match self.host.version {
                    Version::Lua51 | Version::LuaJit => {
                        self.host.get::<unsafe extern "C" fn(L, c_int, c_int, c_int) -> c_int>("lua_pcall")(
                            self.l, 0, 0, 0,
                        )
                    }
                    _ => self
                        .host
                        .get::<unsafe extern "C" fn(L, c_int, c_int, c_int, isize, *const c_void) -> c_int>(
                            "lua_pcallk",
                        )(self.l, 0, 0, 0, 0, std::ptr::null()),
                };
            }
            let result =
                if status == 0 {
                    Ok(())
                } else {
                    let text =
                        self.host.get::<unsafe extern "C" fn(L, c_int, *mut usize) -> *const c_char>(
                            "lua_tolstring",
                        )(self.l, -1, std::ptr::null_mut());
                    Err(if text.is_null() {
                        "<object>".into()
                    } else {
                        CStr::from_ptr(text).to_string_lossy().into_owned()
                    })
                };
            self.set_top(top);
            result
        }
    }

    /// LuaJIT collects garbage after it has loaded something, and some raise then what a finalizer raises: a careful host
    /// stops the collector meanwhile.
    unsafe fn load(&self, code: &CStr) -> c_int {
        type Gc = unsafe extern "C" fn(L, c_int, c_int) -> c_int;
        // SAFETY: as above.
        unsafe {
            let jit = self.host.version == Version::LuaJit;
            if jit {
                self.host.get::<Gc>("lua_gc")(self.l, 0, 0);
            }
            let status = self.host.get::<unsafe extern "C" fn(L, *const c_char) -> c_int>("luaL_loadstring")(
                self.l,
                code.as_ptr(),
            );
            if jit {
                self.host.get::<Gc>("lua_gc")(self.l, 1, -1);
            }
            status
        }
    }

    fn close(&self) {
        if self.open.replace(false) {
            // SAFETY: the host's right.
            unsafe { self.host.get::<unsafe extern "C" fn(L)>("lua_close")(self.l) }
        }
    }
}

impl Drop for State<'_> {
    fn drop(&mut self) {
        self.close();
    }
}

macro_rules! host {
    ($host:ident) => {
        let Some($host) = Host::find() else { return };
        let $host = &$host;
    };
}

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
    }
    fn add_methods<M: LuaUserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("text", |_, this, n: usize| Ok("x".repeat(n) + &this.0.get().to_string()));
    }
}

fn quiet<R>(f: impl FnOnce() -> R) -> std::thread::Result<R> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = catch_unwind(AssertUnwindSafe(f));
    std::panic::set_hook(hook);
    result
}

/// Some of everything.
fn everything(lua: &Lua, live: &Rc<Cell<isize>>) -> LuaResult<()> {
    let t = lua.create_table()?;
    t.set("name", "a text that is not there yet")?;
    t.set("name", "another one")?;
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
    lua.load("local ud, f = ... ; local n = ud.live; ud:text(100) return f(n, 'two')")
        .call::<LuaMultiValue>((&ud, &f))?;
    let fails = lua.create_function(|_, ()| Err::<(), _>(LuaError::runtime("as it should")))?;
    assert!(fails.call::<()>(()).is_err());
    let co = lua.create_thread(lua.load("local a = ...").into_function()?)?;
    co.resume::<()>("start")?;
    let key = lua.create_registry_value(&t)?;
    lua.registry_value::<LuaTable>(&key)?;
    let many = (0..600).map(|_| t.get::<LuaTable>("sub")).collect::<LuaResult<Vec<_>>>()?;
    assert_eq!(many[599].get::<i64>("a")?, 1);
    Ok(())
}

#[test]
fn adopted_twice() {
    host!(host);
    let state = host.new_state().with_libs();
    let lua = state.lua();
    assert!(std::ptr::eq(lua, state.lua()));
    lua.globals().set("x", 42).unwrap();
    state.run("assert(x == 42) y = x + 1").unwrap();
    assert_eq!(state.lua().globals().get::<i64>("y").unwrap(), 43);
    assert_eq!(lua.engine(), Engine::find().unwrap());
    assert!(matches!(lua.set_memory_limit(1), Err(LuaError::MemoryControlNotAvailable)));
    let other = host.new_state();
    assert!(other.lua().globals().set("t", lua.globals()).is_err());
    everything(lua, &Rc::default()).unwrap();
}

/// What the host has on its stack stays, and so much that there is hardly any room.
#[test]
fn a_crowded_stack() {
    host!(host);
    let state = host.new_state().with_libs();
    for i in 0..15 {
        state.push_integer(1000 + i);
    }
    let lua = state.lua();
    for round in 0..20 {
        everything(lua, &Rc::default()).unwrap();
        let f = lua.load("return ...").into_function().unwrap();
        let values = f.call::<LuaMultiValue>(oxilua::Variadic::from_iter(0..200)).unwrap();
        assert_eq!(values.len(), 200);
        assert!(lua.load("error({})").exec().is_err());
        let _ = lua.gc_collect();
        assert_eq!(state.top(), 15, "{round}");
    }
    for i in 0..15 {
        assert_eq!(state.number_at(1 + i), f64::from(1000 + i));
    }
}

/// The host closes the state, and everything that Rust gave it is dropped, once. Handles are left over.
#[test]
fn closed_by_the_host() {
    host!(host);
    for keep in [false, true] {
        let live = Rc::new(Cell::new(0));
        let state = host.new_state().with_libs();
        let lua = state.lua();
        let t = lua.create_table().unwrap();
        let text = lua.create_string("a text").unwrap();
        let ud = lua.create_userdata(Live::new(&live)).unwrap();
        let borrow = ud.borrow::<Live>().unwrap();
        let value = Live::new(&live);
        let f = lua.create_function(move |_, ()| Ok(value.0.get())).unwrap();
        lua.globals().set("f", &f).unwrap();
        lua.globals().set("ud", Live::new(&live)).unwrap();
        let key = lua.create_registry_value(Live::new(&live)).unwrap();
        lua.set_named_registry_value("name", Live::new(&live)).unwrap();
        lua.set_app_data(Live::new(&live));
        let error = LuaError::external(Hidden(Live::new(&live)));
        lua.globals().set("error_value", error).unwrap();
        assert_eq!(live.get(), 7);
        let (copy, weak) = (lua.clone(), lua.weak());
        let shared = text.as_bytes();
        if !keep {
            drop((copy, weak, t, text, ud, f, key, borrow, shared));
            state.close();
        } else {
            state.close();
            assert!(weak.try_upgrade().is_none());
            assert!(quiet(|| copy.globals()).is_err());
            assert!(quiet(|| t.set("x", 1)).is_err());
            assert!(quiet(|| t == t.clone()).is_err());
            assert!(quiet(|| f.call::<()>(())).is_err());
            assert!(quiet(|| text.to_str().map(drop)).is_err());
            assert!(quiet(|| shared.len()).is_err());
            assert!(quiet(|| borrow.0.get()).is_err());
            assert!(quiet(|| ud.borrow::<Live>().map(drop)).is_err());
            assert!(quiet(|| copy.registry_value::<LuaValue>(&key)).is_err());
            drop((t.clone(), weak.clone(), f.clone()));
            drop((copy, weak, t, text, ud, f, key, borrow, shared));
        }
        assert_eq!(live.get(), 0, "{keep}");
    }
}

/// An error with something to drop.
struct Hidden(#[allow(dead_code)] Live);

// SAFETY: of the test only: it stays on its thread.
unsafe impl Send for Hidden {}
// SAFETY: as above.
unsafe impl Sync for Hidden {}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hidden")
    }
}

impl std::fmt::Display for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hidden")
    }
}

impl std::error::Error for Hidden {}

/// Adopted from a coroutine that is collected soon (5.1 and LuaJIT do not tell which thread is the main one).
#[test]
fn adopted_from_a_coroutine() {
    host!(host);
    for _ in 0..5 {
        let live = Rc::new(Cell::new(0));
        let state = host.new_state().with_libs();
        // SAFETY: the coroutine is on the stack.
        let lua = unsafe {
            let co = host.get::<unsafe extern "C-unwind" fn(L) -> L>("lua_newthread")(state.l);
            Lua::get_or_init_from_ptr(co)
        };
        assert_eq!(state.top(), 1);
        state.set_top(0);
        state.run("for i = 1, 3 do collectgarbage() end local t = {} for i = 1, 100 do t[i] = coroutine.create(function() end) end").unwrap();
        everything(lua, &live).unwrap();
        lua.globals().set("ud", Live::new(&live)).unwrap();
        state.run("collectgarbage() assert(ud.live > 0)").unwrap();
        everything(state.lua(), &live).unwrap();
        state.close();
        assert_eq!(live.get(), 0);
    }
}

/// Finalizers that the host made before Rust came run after Rust has gone.
#[test]
fn finalizers_after_rust_has_gone() {
    host!(host);
    let live = Rc::new(Cell::new(0));
    let state = host.new_state().with_libs();
    state
        .run(
            "function at_end()
                for _, name in ipairs {'plain', 'closure', 'make', 'fails'} do
                    local ok, e = pcall(_G[name])
                    if not ok then tostring(e) end
                end
                pcall(function() return ud.live end)
                pcall(function() return ud:text(3) end)
                pcall(function() return tostring(ud) end)
                pcall(function() ud.live = 3 end)
            end
            if newproxy then keep = newproxy(true) getmetatable(keep).__gc = at_end
            else keep = setmetatable({}, {__gc = at_end}) end",
        )
        .unwrap();
    let lua = state.lua();
    let value = Live::new(&live);
    let g = lua.globals();
    g.set("closure", lua.create_function(move |_, ()| Ok(value.0.get())).unwrap()).unwrap();
    g.set("plain", lua.create_function(|lua, ()| lua.create_table()).unwrap()).unwrap();
    g.set("fails", lua.create_function(|_, ()| Err::<(), _>(LuaError::runtime("x"))).unwrap()).unwrap();
    let l = live.clone();
    g.set("make", lua.create_function(move |_, ()| Ok(Live::new(&l))).unwrap()).unwrap();
    g.set("ud", Live::new(&live)).unwrap();
    state.run("at_end()").unwrap();
    drop(g);
    state.close();
    assert_eq!(live.get(), 0);
}

/// The host calls Rust functions itself; no Rust frame is below them.
#[test]
fn called_by_the_host() {
    host!(host);
    let state = host.new_state().with_libs();
    let lua = state.lua();
    let g = lua.globals();
    g.set("echo", lua.create_function(|_, args: LuaMultiValue| Ok(args)).unwrap()).unwrap();
    g.set("text", lua.create_function(|_, n: usize| Ok("x".repeat(n))).unwrap()).unwrap();
    g.set("fail", lua.create_function(|_, ()| Err::<(), _>(LuaError::runtime("failed"))).unwrap()).unwrap();
    g.set("boom", lua.create_function(|_, ()| -> LuaResult<()> { panic!("panicked") }).unwrap()).unwrap();
    let kept: Rc<RefCell<Vec<oxilua::BorrowedStr>>> = Rc::default();
    let k = kept.clone();
    g.set("keep", lua.create_function(move |_, s: oxilua::BorrowedStr| Ok(k.borrow_mut().push(s))).unwrap())
        .unwrap();
    for i in 0..100 {
        state.run("assert(select('#', echo(1, nil, 'x', {}, nil)) == 5) assert(#text(10) == 10)").unwrap();
        state
            .run("local co = coroutine.wrap(function() return echo(text(3)) end) assert(co() == 'xxx')")
            .unwrap();
        assert_eq!(state.run("fail()").unwrap_err(), "<object>");
        state.run("local ok, e = pcall(fail) assert(not ok and tostring(e):find('failed'))").unwrap();
        assert!(quiet(|| state.run("boom()")).unwrap().is_err());
        quiet(|| state.run("local ok, e = pcall(boom) assert(not ok and tostring(e):find('panicked'))"))
            .unwrap()
            .unwrap();
        state.run(&format!("keep('kept ' .. {i})")).unwrap();
        assert_eq!(state.top(), 0);
    }
    state.run("collectgarbage()").unwrap();
    for (i, text) in kept.borrow().iter().enumerate() {
        assert_eq!(&**text, format!("kept {i}"));
    }
    state.close();
    assert!(quiet(|| kept.borrow()[0].len()).is_err());
}

/// Rust is used by a function of the host's, which is called with its frame nearly full, on a coroutine.
#[test]
fn used_by_a_function_of_the_host() {
    unsafe extern "C-unwind" fn function(l: L) -> c_int {
        // SAFETY: called by Lua with its thread.
        let lua = unsafe { Lua::get_or_init_from_ptr(l) };
        let result = everything(lua, &Rc::default());
        let n: i64 = lua.globals().get("calls").unwrap();
        lua.globals().set("calls", n + i64::from(result.is_ok())).unwrap();
        0
    }
    host!(host);
    let state = host.new_state().with_libs();
    let lua = state.lua();
    // SAFETY: the function is one.
    let f = unsafe { lua.create_c_function(function as CFunction) }.unwrap();
    lua.globals().set("f", f).unwrap();
    lua.globals().set("calls", 0).unwrap();
    state.run("local function g(...) f(...) end f(1, 2, 3) coroutine.wrap(g)() coroutine.wrap(function() coroutine.wrap(g)(1) f() end)()").unwrap();
    assert_eq!(lua.globals().get::<i64>("calls").unwrap(), 4);
    assert_eq!(state.top(), 0);
}

/// Hosts change things: strict globals, no libraries, a collector that is stopped.
#[test]
fn unusual_hosts() {
    host!(host);
    let live = Rc::new(Cell::new(0));
    let state = host.new_state();
    let lua = state.lua();
    lua.globals().set("x", 1).unwrap();
    everything_without_libs(lua, &live);
    drop(state);
    assert_eq!(live.get(), 0);

    let state = host.new_state().with_libs();
    state
        .run(
            "debug, package, string, table = nil collectgarbage('stop')
            setmetatable(_G, {__index = function(_, k) error('no global ' .. k) end, __newindex = function() error('strict') end})",
        )
        .unwrap();
    let lua = state.lua();
    everything(lua, &live).unwrap();
    assert!(lua.globals().get::<LuaValue>("nothing").is_err());
    assert!(lua.globals().set("nothing", 1).is_err());
    assert!(lua.globals().raw_get::<LuaValue>("nothing").unwrap().is_nil());
    drop(state);
    assert_eq!(live.get(), 0);
}

fn everything_without_libs(lua: &Lua, live: &Rc<Cell<isize>>) {
    everything(lua, live).unwrap();
    assert_eq!(LuaValue::Table(lua.create_table().unwrap()).to_string().unwrap().find("table: 0x"), Some(0));
}

/// What the host's allocator may do: fail.
struct Memory {
    left: Cell<usize>,
    live: Cell<isize>,
}

unsafe extern "C" fn allocate(ud: *mut c_void, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
    // SAFETY: `ud` outlives the state.
    let memory = unsafe { &*ud.cast::<Memory>() };
    // SAFETY: the contract of lua_Alloc.
    unsafe {
        if new == 0 {
            if !block.is_null() {
                memory.live.set(memory.live.get() - 1);
            }
            libc::free(block);
            return std::ptr::null_mut();
        }
        if block.is_null() || new > old {
            if memory.left.get() == 0 {
                return std::ptr::null_mut();
            }
            memory.left.set(memory.left.get() - 1);
        }
        if block.is_null() {
            memory.live.set(memory.live.get() + 1);
        }
        libc::realloc(block, new)
    }
}

/// In somebody else's state every allocation may fail, and nothing is known of it.
#[test]
fn every_allocation_fails_in_turn() {
    host!(host);
    let mut failed = 0;
    let mut n = 0;
    loop {
        let live = Rc::new(Cell::new(0));
        let memory = Memory { left: Cell::new(usize::MAX), live: Cell::new(0) };
        let Some(state) = host.new_state_with(allocate, (&raw const memory).cast_mut().cast()) else {
            return; // A LuaJIT that takes no allocator.
        };
        let state = state.with_libs();
        memory.left.set(n);
        let done = quiet(|| {
            let lua = state.lua();
            let top = stack_top(lua);
            let done = everything(lua, &live);
            assert_eq!(stack_top(lua), top);
            done
        });
        memory.left.set(usize::MAX);
        // To adopt it may fail as well, which is a panic; the next time it works.
        everything(state.lua(), &live).unwrap();
        state.close();
        assert_eq!(live.get(), 0, "{n}");
        assert_eq!(memory.live.get(), 0, "{n}");
        if matches!(done, Ok(Ok(()))) {
            break;
        }
        failed += 1;
        n += 1;
    }
    assert!(failed > 50, "{failed}");
}

/// The script's finalizers fail in any of Rust's allocations.
#[test]
fn failing_finalizers() {
    host!(host);
    let live = Rc::new(Cell::new(0));
    let state = host.new_state().with_libs();
    state
        .run(
            "function litter()
                for i = 1, 20 do
                    if newproxy then getmetatable(newproxy(true)).__gc = function() error('from a finalizer') end
                    else setmetatable({}, {__gc = function() error({}) end}) end
                end
            end
            pcall(collectgarbage, 'setpause', 50) pcall(collectgarbage, 'setstepmul', 1000)",
        )
        .unwrap();
    let lua = state.lua();
    let g = lua.globals();
    g.set("text", lua.create_function(|_, n: usize| Ok(vec!["x".repeat(n); 3])).unwrap()).unwrap();
    for i in 0..200 {
        let _ = state.run("litter()");
        let _ = everything(lua, &live);
        // Results that cannot be made: what was to become of them is given up.
        let _ = state.run(&format!("for i = 1, 50 do pcall(text, i + {i}) end"));
        let _ = lua.load("for i = 1, 50 do pcall(text, i) end").exec();
        assert_eq!(state.top(), 0);
    }
    drop(g);
    state.close();
    assert_eq!(live.get(), 0);
}
