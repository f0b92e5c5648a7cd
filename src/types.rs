//! Small types that stand for Lua values or go with them.

use crate::raw::ValueRef;
use std::fmt;
use std::os::raw::c_void;

pub use crate::vm::types::{Integer, Number, lua_CFunction, lua_State};

/// A light userdata: a plain pointer as a Lua value (Lua manual, `lua_pushlightuserdata`).
#[derive(Debug, Copy, Clone, Eq, PartialEq)]
pub struct LightUserData(pub *mut c_void);

/// A value of a type that only some Lua knows, like LuaJIT's cdata. It can be kept and passed on.
#[derive(Clone)]
pub struct OtherRef(pub(crate) ValueRef);

impl fmt::Debug for OtherRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ref({:p})", self.0.to_pointer())
    }
}

impl PartialEq for OtherRef {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

/// A bound of callbacks and userdata: `Send` in builds whose states may move between threads, nothing otherwise.
pub trait MaybeSend {}
impl<T> MaybeSend for T {}

/// A bound of userdata: `Sync` in builds whose states may be shared by threads, nothing otherwise.
pub trait MaybeSync {}
impl<T> MaybeSync for T {}
