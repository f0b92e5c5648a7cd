//! # oxilua: Rust and Lua, any Lua
//!
//! A safe and fast binding between Rust and Lua 5.1, 5.2, 5.3, 5.4, 5.5 and LuaJIT, for programs that run Lua code and for
//! native modules that Lua programs load. One compiled module works in every Lua: which one it is in, it finds out when
//! it is loaded.
//!
//! ```
//! use oxilua::prelude::*;
//!
//! fn main() -> LuaResult<()> {
//! #   let Ok(lua) = Lua::new_with(LuaStdLib::ALL_SAFE, LuaOptions::default()) else { return Ok(()) };
//! #   let _ = stringify! {
//!     let lua = Lua::new();
//! #   };
//!     let map = lua.create_table()?;
//!     map.set(1, "one")?;
//!     map.set("two", 2)?;
//!     lua.globals().set("map", map)?;
//!     assert_eq!(lua.load("map[1] .. map.two").eval::<String>()?, "one2");
//!     Ok(())
//! }
//! ```
//!
//! # Which Lua
//!
//! With a version feature (`lua51`, `lua52`, `lua53`, `lua54`, `lua55`, `luajit`) the program is linked with that Lua: with
//! `vendored` it is built from source, otherwise an installed one is used. Without one, [`Lua::new`] opens a shared Lua at
//! run time, see [`Engine`]. A module uses the Lua that loads it, whatever it was built with.
//!
//! # Modules
//!
//! A module is a `cdylib` with one function for each `require`; see [`lua_module`](macro@lua_module) (feature `macros`).
//!
//! # Errors and panics
//!
//! An `Err` of a Rust function is an error in Lua, and an error of Lua is an [`Error`] in Rust. A panic becomes an error in
//! Lua as well, and goes on as the panic when it comes back to Rust. Neither ever unwinds through the other's frames, so
//! nothing is skipped, and a library built with `panic = "abort"` works too.
//!
//! What a function documents under "Errors" is in addition to what every operation can meet: a Lua that runs out of
//! memory ([`Error::MemoryError`]).

// The macros' code names the crate.
#[cfg(feature = "macros")]
extern crate self as oxilua;

mod app_data;
pub mod chunk;
mod code;
mod convert;
pub mod debug;
mod engine;
pub mod error;
pub mod function;
mod hook;
mod lua;
#[cfg(feature = "macros")]
mod macros;
mod memory;
mod metatable;
mod module;
mod multi;
mod native;
mod object;
mod path;
pub mod prelude;
mod print;
mod raw;
mod raw_code;
mod registry;
mod scope;
mod stdlib;
pub mod string;
pub mod table;
pub mod thread;
mod thread_event;
mod types;
pub mod userdata;
mod value;
mod vm;
mod warning;

/// The Lua state and what is set for it.
pub mod state {
    pub use crate::hook::VmState;
    pub use crate::lua::{Lua, LuaOptions, WeakLua};
    pub use crate::memory::{GcGenParams, GcIncParams, GcMode};
}

#[cfg(feature = "capi")]
pub mod capi;
#[cfg(feature = "capi")]
mod ext;

pub use app_data::{AppDataRef, AppDataRefMut};
pub use bstr::BString;
pub use chunk::{AsChunk, Chunk, ChunkMode};
pub use convert::{FromLua, FromLuaMulti, IntoLua, IntoLuaMulti};
pub use debug::{Debug, DebugEvent, DebugNames, DebugSource, DebugStack};
pub use either::Either;
pub use engine::{Engine, EngineError, Version};
pub use error::{Error, ErrorContext, ExternalError, ExternalResult, Result};
pub use function::{Function, FunctionInfo};
pub use hook::{HookTriggers, VmState};
pub use lua::{Lua, LuaOptions, WeakLua};
pub use memory::{GcGenParams, GcIncParams, GcMode};
pub use metatable::LuaType;
pub use multi::{MultiValue, Variadic};
pub use native::{LuaNativeFn, LuaNativeFnMut};
pub use object::ObjectLike;
pub use registry::RegistryKey;
pub use scope::Scope;
pub use stdlib::StdLib;
pub use string::{BorrowedBytes, BorrowedStr, LuaString};
pub use table::{Table, TablePairs, TableSequence};
pub use thread::{Thread, ThreadStatus};
pub use thread_event::{ThreadEvent, ThreadTriggers};
pub use types::{Integer, LightUserData, MaybeSend, MaybeSync, Number, OtherRef, lua_CFunction, lua_State};
pub use userdata::{
    AnyUserData, MetaMethod, UserData, UserDataFields, UserDataMetatable, UserDataMetatablePairs,
    UserDataMethods, UserDataOwned, UserDataRef, UserDataRefMut, UserDataRegistry,
};
pub use value::{Nil, Value};

#[cfg(feature = "macros")]
pub use oxilua_derive::{FromLua, UserData, chunk, lua_module, userdata_impl};

/// What the macros refer to.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "macros")]
    pub use crate::macros::*;
    pub use crate::module::require_result;
    pub use crate::raw::ffi::shim_module;
    pub use crate::raw::module::{Init, ModuleArgs, open_module};

    /// For tests: how many values are on the stack that Rust uses now.
    pub fn stack_top(lua: &crate::Lua) -> std::os::raw::c_int {
        let state = lua.state();
        // SAFETY: S-STATE-1, a live thread.
        unsafe { (state.api.lua_gettop)(state.current.get()) }
    }

    /// For tests: the state runs out of memory after so many more requests; `usize::MAX`: never. False if its memory is not
    /// oxilua's.
    pub fn fail_allocation(lua: &crate::Lua, after: usize) -> bool {
        lua.state().heap.as_ref().map(|heap| heap.fail_after(after)).is_some()
    }

    /// The same for the states that this thread makes from now on.
    pub fn fail_allocation_in_new_states(after: usize) {
        crate::raw::heap::fail_in_new_states(after);
    }
}

// The examples of the README are tests, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
