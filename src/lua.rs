//! The Lua state.

use crate::convert::{FromLua, FromLuaMulti, IntoLua, IntoLuaMulti};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::multi::MultiValue;
use crate::raw::State;
use crate::stdlib::StdLib;
use crate::string::LuaString;
use crate::table::Table;
use crate::types::lua_State;
use crate::value::Value;
use crate::vm::resolve;
use std::fmt;
use std::ptr::NonNull;

/// A Lua state: where Lua values live and Lua code runs.
///
/// Cloning it gives another handle to the same state. A state made here is closed when the last `Lua` goes; handles to its
/// values do not keep it open, and panic when they are used afterwards.
pub struct Lua(NonNull<State>);

/// How a state behaves.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LuaOptions {
    /// Whether `pcall` and `xpcall` in Lua catch panics of Rust, as an error that goes on as the panic when it comes back to
    /// Rust. On by default.
    pub catch_rust_panics: bool,
    /// How many coroutines are kept for async calls (feature `async`).
    pub thread_pool_size: usize,
}

impl LuaOptions {
    /// The default options.
    pub const fn new() -> Self {
        LuaOptions { catch_rust_panics: true, thread_pool_size: 0 }
    }

    /// Sets [`catch_rust_panics`](LuaOptions::catch_rust_panics).
    pub const fn catch_rust_panics(mut self, enabled: bool) -> Self {
        self.catch_rust_panics = enabled;
        self
    }

    /// Sets [`thread_pool_size`](LuaOptions::thread_pool_size).
    pub const fn thread_pool_size(mut self, size: usize) -> Self {
        self.thread_pool_size = size;
        self
    }
}

impl Default for LuaOptions {
    fn default() -> Self {
        LuaOptions::new()
    }
}

impl Lua {
    /// Makes a state with the safe standard libraries: all but `debug` and, on LuaJIT, `ffi`.
    ///
    /// The Lua is the linked one, or without one a shared Lua; see [`Engine::find`].
    ///
    /// # Panics
    /// If there is no Lua, or not enough memory; [`Lua::new_with`] returns an error instead.
    #[track_caller]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Lua {
        match Lua::new_with(StdLib::ALL_SAFE, LuaOptions::default()) {
            Ok(lua) => lua,
            Err(error) => panic!("{error}"),
        }
    }

    /// Makes a state with all standard libraries.
    ///
    /// # Safety
    /// With `debug` or `ffi`, Lua code can break what Rust relies on: it must not be used to do so.
    ///
    /// # Panics
    /// As [`Lua::new`].
    #[track_caller]
    pub unsafe fn unsafe_new() -> Lua {
        // SAFETY: the caller's promise.
        unsafe { Lua::unsafe_new_with(StdLib::ALL, LuaOptions::default()) }
    }

    /// Makes a state with these standard libraries.
    ///
    /// # Errors
    /// [`Error::SafetyError`] if `debug` or `ffi` is among them; if there is no Lua, or not enough memory.
    pub fn new_with(libs: StdLib, options: LuaOptions) -> Result<Lua> {
        libs.check_safe()?;
        Lua::new_in(Engine::find().map_err(Error::external)?, libs, options)
    }

    /// Makes a state with any standard libraries.
    ///
    /// # Safety
    /// As [`Lua::unsafe_new`].
    ///
    /// # Panics
    /// As [`Lua::new`].
    #[track_caller]
    pub unsafe fn unsafe_new_with(libs: StdLib, options: LuaOptions) -> Lua {
        let made = Engine::find()
            .map_err(Error::external)
            .and_then(|engine| Lua::make(engine, libs, options, false));
        match made {
            Ok(lua) => lua,
            Err(error) => panic!("{error}"),
        }
    }

    /// Makes a state of a particular Lua.
    ///
    /// # Errors
    /// [`Error::SafetyError`] if `debug` or `ffi` is among the libraries; if there is not enough memory.
    pub fn new_in(engine: Engine, libs: StdLib, options: LuaOptions) -> Result<Lua> {
        libs.check_safe()?;
        Lua::make(engine, libs, options, true)
    }

    fn make(engine: Engine, libs: StdLib, options: LuaOptions, safe: bool) -> Result<Lua> {
        let lua = State::create(engine.api())?;
        lua.state().options.set(options);
        lua.state().safe.set(safe);
        lua.open_libs(libs)?;
        Ok(lua)
    }

    /// The Lua of a state that a host owns: what a native module or a C host's plugin works with. The state is set up for
    /// Rust the first time.
    ///
    /// # Safety
    /// `state` is a live state, used on this thread, of a Lua that this process can find ([`Engine`]), and called now or
    /// idle. The reference must not be used after the host has closed the state.
    ///
    /// # Panics
    /// If the state's Lua cannot be found, or memory runs out.
    #[track_caller]
    pub unsafe fn get_or_init_from_ptr<'a>(state: *mut lua_State) -> &'a Lua {
        // SAFETY: the caller's promise.
        let found = unsafe {
            resolve::by_state(state)
                .map_err(|reason| Error::runtime(reason.to_string()))
                .and_then(|api| State::of(api, state))
        };
        match found {
            // SAFETY: S-STATE-1, the anchor keeps the state until the host closes it.
            Ok(state) => unsafe { state.as_ref().lua() },
            Err(error) => panic!("{error}"),
        }
    }

    /// # Safety
    /// The handle is not counted: it must not be dropped, nor used before the state exists.
    pub(crate) unsafe fn from_raw(state: NonNull<State>) -> Lua {
        Lua(state)
    }

    /// # Safety
    /// The state exists.
    pub(crate) unsafe fn new_counted(state: NonNull<State>) -> Lua {
        // SAFETY: the caller's promise.
        unsafe { state.as_ref() }.keep();
        Lua(state)
    }

    pub(crate) fn raw(&self) -> NonNull<State> {
        self.0
    }

    /// The state, which must not be closed.
    ///
    /// # Panics
    /// If a host has closed it.
    #[inline]
    #[track_caller]
    pub(crate) fn state(&self) -> &State {
        // SAFETY: S-STATE-1, a `Lua` keeps the state's memory.
        let state = unsafe { self.0.as_ref() };
        assert!(!state.is_closed(), "the Lua state has been closed by its host");
        state
    }

    /// Which Lua this is.
    pub fn engine(&self) -> Engine {
        Engine::new(self.state().api)
    }

    /// The raw thread that runs now.
    pub fn as_ptr(&self) -> *mut lua_State {
        self.state().current.get()
    }

    /// The table of globals.
    #[inline]
    pub fn globals(&self) -> Table {
        Table(self.state().globals.get().share())
    }

    /// Makes a Lua string (Lua manual, `lua_pushlstring`).
    ///
    /// # Errors
    /// If memory runs out.
    #[inline]
    pub fn create_string(&self, text: impl AsRef<[u8]>) -> Result<LuaString> {
        let state = self.state();
        let _alive = state.alive();
        let mut pusher = crate::raw::push::Pusher::new(state);
        pusher.bytes(text.as_ref())?;
        pusher.onto_stack()?;
        // SAFETY: the string is on the top.
        unsafe { Ok(LuaString(state.pop_ref(state.current.get())?)) }
    }

    /// Converts to a Lua value.
    ///
    /// # Errors
    /// Those of the conversion.
    pub fn pack(&self, value: impl IntoLua) -> Result<Value> {
        value.into_lua(self)
    }

    /// Converts from a Lua value.
    ///
    /// # Errors
    /// Those of the conversion.
    pub fn unpack<T: FromLua>(&self, value: Value) -> Result<T> {
        T::from_lua(value, self)
    }

    /// Converts to a Lua value and from there to another type.
    ///
    /// # Errors
    /// Those of the conversions.
    pub fn convert<U: FromLua>(&self, value: impl IntoLua) -> Result<U> {
        U::from_lua(value.into_lua(self)?, self)
    }

    /// Converts to any number of Lua values.
    ///
    /// # Errors
    /// Those of the conversions.
    pub fn pack_multi(&self, values: impl IntoLuaMulti) -> Result<MultiValue> {
        values.into_lua_multi(self)
    }

    /// Converts from any number of Lua values.
    ///
    /// # Errors
    /// Those of the conversions.
    pub fn unpack_multi<T: FromLuaMulti>(&self, values: MultiValue) -> Result<T> {
        T::from_lua_multi(values, self)
    }

    /// Lua's call stack as text (Lua manual, `luaL_traceback`), from `level` on; 0 is the running function.
    ///
    /// # Errors
    /// If memory runs out.
    pub fn traceback(&self, message: Option<&str>, level: usize) -> Result<LuaString> {
        let state = self.state();
        let level = i32::try_from(level).unwrap_or(i32::MAX);
        // SAFETY: `current` is a live thread of the state.
        let text = unsafe { crate::raw::traceback::traceback(state, state.current.get(), message, level) };
        self.create_string(text)
    }
}

impl Clone for Lua {
    #[inline]
    fn clone(&self) -> Self {
        // SAFETY: S-STATE-1.
        unsafe { Lua::new_counted(self.0) }
    }
}

impl Drop for Lua {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: S-STATE-1; this gives up what the handle kept.
        unsafe { self.0.as_ref() }.release();
    }
}

impl Default for Lua {
    fn default() -> Self {
        Lua::new()
    }
}

impl fmt::Debug for Lua {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lua({:p})", self.0)
    }
}

/// A handle to a state that does not keep it open.
#[repr(transparent)]
pub struct WeakLua(NonNull<State>);

impl Lua {
    /// A handle that does not keep the state open.
    pub fn weak(&self) -> WeakLua {
        self.state().keep_memory();
        WeakLua(self.0)
    }
}

impl WeakLua {
    /// What a reference holds, seen as the handle that it is: neither is counted for the other.
    pub(crate) fn of(state: &NonNull<State>) -> &WeakLua {
        // SAFETY: the types have the same representation, and the reference keeps the state's memory.
        unsafe { &*(&raw const *state).cast::<WeakLua>() }
    }

    /// The state, if it is still open.
    pub fn try_upgrade(&self) -> Option<Lua> {
        // SAFETY: S-STATE-1, the handle keeps the state's memory.
        unsafe { self.0.as_ref().has_owner().then(|| Lua::new_counted(self.0)) }
    }

    /// The state.
    ///
    /// # Panics
    /// If it is closed.
    #[track_caller]
    pub fn upgrade(&self) -> Lua {
        self.try_upgrade().expect("the Lua state has been closed")
    }
}

impl Clone for WeakLua {
    fn clone(&self) -> Self {
        // SAFETY: as above.
        unsafe { self.0.as_ref() }.keep_memory();
        WeakLua(self.0)
    }
}

impl Drop for WeakLua {
    fn drop(&mut self) {
        // SAFETY: as above; this gives up what the handle kept.
        unsafe { self.0.as_ref() }.release_memory();
    }
}

impl fmt::Debug for WeakLua {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeakLua({:p})", self.0)
    }
}

impl PartialEq for WeakLua {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
