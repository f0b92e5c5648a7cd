//! The types of the Lua C API, the same in every Lua that oxilua accepts (64-bit targets, standard number types).

use std::os::raw::{c_char, c_int, c_void};

/// The opaque state (thread) of a Lua, as the C API passes it (Lua manual, `lua_State`).
#[allow(non_camel_case_types)]
#[repr(C)]
pub struct lua_State {
    _opaque: [u8; 0],
    _not_send: std::marker::PhantomData<(*mut u8, std::marker::PhantomPinned)>,
}

/// A C function that Lua can call (Lua manual, `lua_CFunction`).
#[allow(non_camel_case_types)]
pub type lua_CFunction = unsafe extern "C-unwind" fn(*mut lua_State) -> c_int;

/// Lua's integers: 64 bits wide. Engines without an integer subtype (5.1, 5.2, LuaJIT) convert them to numbers.
pub type Integer = i64;
/// Lua's floating-point numbers.
pub type Number = f64;

pub(crate) type State = *mut lua_State;
pub(crate) type CFunction = lua_CFunction;
/// `lua_Debug`, whose layout depends on the version: always passed as a buffer of [`DEBUG_SIZE`] bytes.
pub(crate) type Debug = c_void;
pub(crate) type Hook = unsafe extern "C-unwind" fn(State, *mut Debug);
pub(crate) type WarnFunction = unsafe extern "C-unwind" fn(*mut c_void, *const c_char, c_int);
pub(crate) type Alloc = unsafe extern "C" fn(*mut c_void, *mut c_void, usize, usize) -> *mut c_void;

/// Enough for the `lua_Debug` of every version (the largest, 5.5, has 144 bytes).
pub(crate) const DEBUG_SIZE: usize = 256;

/// The basic types, equal in every version (Lua manual, `lua_type`).
pub(crate) mod ty {
    use super::c_int;
    pub const NONE: c_int = -1;
    pub const NIL: c_int = 0;
    pub const BOOLEAN: c_int = 1;
    pub const LIGHTUSERDATA: c_int = 2;
    pub const NUMBER: c_int = 3;
    pub const STRING: c_int = 4;
    pub const TABLE: c_int = 5;
    pub const FUNCTION: c_int = 6;
    pub const USERDATA: c_int = 7;
    pub const THREAD: c_int = 8;
}

/// The statuses that are equal in every version (Lua manual, `lua_pcall`); the others are in the dialect.
pub(crate) mod status {
    use super::c_int;
    pub const OK: c_int = 0;
    pub const YIELD: c_int = 1;
    pub const ERRSYNTAX: c_int = 3;
    pub const ERRMEM: c_int = 4;
}

pub(crate) const MULTRET: c_int = -1;
