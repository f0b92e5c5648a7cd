//! Proofs that a function of Lua which may raise does not do so now.
//!
//! Two things make an allocating function raise: memory that runs out, and, before Lua 5.4, a script's finalizer that fails
//! while the allocation runs the collector. Where neither can happen, Rust may call without protection. A value of these
//! types is the proof; only [`State`] makes them.

use super::ffi;
use super::state::State;
use crate::vm::types::{CFunction, State as L};
use std::marker::PhantomData;
use std::os::raw::{c_char, c_int, c_void};

/// Beyond this much memory in use a table could be near its largest size, where it raises "table overflow".
const LARGEST_HEAP: usize = 1 << 30;
/// Beyond this a string or a userdata could be too long for some Lua.
pub(crate) const LARGEST_STRING: usize = 1 << 28;

/// No allocation fails, and no table is near its limit: what only grows a table cannot raise.
#[derive(Clone, Copy)]
pub(crate) struct Memory<'a> {
    state: &'a State,
    _not_send: PhantomData<*mut ()>,
}

/// Besides, the collector runs no finalizer whose error could escape: what makes objects cannot raise either.
#[derive(Clone, Copy)]
pub(crate) struct Objects<'a> {
    state: &'a State,
    _not_send: PhantomData<*mut ()>,
}

impl State {
    /// The proof that memory does not run out: the state is ours, without a limit, and far from any table's limit.
    #[inline]
    pub(crate) fn calm_memory(&self) -> Option<Memory<'_>> {
        let heap = self.heap.as_deref()?;
        (heap.limit() == 0 && heap.used() < LARGEST_HEAP)
            .then_some(Memory { state: self, _not_send: PhantomData })
    }

    /// The proof that `lua_checkstack` does not raise. LuaJIT's does where the stack is near its limit.
    #[inline]
    pub(crate) fn calm_stack(&self) -> Option<Memory<'_>> {
        if self.api.is_jit != 0 { None } else { self.calm_memory() }
    }

    /// The proof that making an object does not raise.
    #[inline]
    pub(crate) fn calm_objects(&self) -> Option<Objects<'_>> {
        let memory = self.calm_memory()?;
        (!self.finalizer_errors_escape).then_some(Objects { state: memory.state, _not_send: PhantomData })
    }
}

/// Makes a callable of the address of a function that may raise. The one place where that happens.
macro_rules! calm_call {
    ($state:expr, $name:ident as fn($($ty:ty),*) $(-> $ret:ty)?, ($($arg:expr),*)) => {{
        let address = $state.api.$name.address();
        debug_assert!(!address.is_null());
        let f = std::mem::transmute::<*const c_void, unsafe extern "C-unwind" fn($($ty),*) $(-> $ret)?>(address);
        f($($arg),*)
    }};
}

/// # Safety
/// For all of them: `l` is a thread of the state, with room on its stack for what is pushed (S-STACK-1).
#[allow(clippy::missing_safety_doc)]
impl Memory<'_> {
    /// `lua_rawset`; the key is neither nil nor NaN.
    #[inline]
    pub(crate) unsafe fn rawset(self, l: L, index: c_int) {
        // SAFETY: S-CALM-1, it only grows a table, which this proof covers.
        unsafe { calm_call!(self.state, lua_rawset as fn(L, c_int), (l, index)) }
    }

    /// `lua_rawseti`.
    #[inline]
    pub(crate) unsafe fn rawseti(self, l: L, index: c_int, key: i64) {
        // SAFETY: as above.
        unsafe { calm_call!(self.state, lua_rawseti as fn(L, c_int, i64), (l, index, key)) }
    }

    /// `lua_checkstack`.
    #[inline]
    pub(crate) unsafe fn checkstack(self, l: L, n: c_int) -> bool {
        // SAFETY: as above; it grows the stack.
        unsafe { calm_call!(self.state, lua_checkstack as fn(L, c_int) -> c_int, (l, n)) != 0 }
    }
}

#[allow(clippy::missing_safety_doc)]
impl<'a> Objects<'a> {
    /// Pushes a string; `bytes` is at most [`LARGEST_STRING`] long.
    #[inline]
    pub(crate) unsafe fn pushlstring(self, l: L, bytes: &[u8]) {
        // SAFETY: S-CALM-1, it makes a string, which this proof covers.
        unsafe {
            calm_call!(
                self.state,
                lua_pushlstring as fn(L, *const c_char, usize),
                (l, bytes.as_ptr().cast(), bytes.len())
            )
        }
    }

    /// `lua_createtable`, with sizes below 2^20.
    #[inline]
    pub(crate) unsafe fn createtable(self, l: L, narr: c_int, nrec: c_int) {
        // SAFETY: as above.
        unsafe { calm_call!(self.state, lua_createtable as fn(L, c_int, c_int), (l, narr, nrec)) }
    }

    /// Pushes a new userdata of `size` bytes, at most [`LARGEST_STRING`], with `user_values` of them (one, before 5.4).
    #[inline]
    pub(crate) unsafe fn newuserdata(self, l: L, size: usize, user_values: c_int) -> *mut c_void {
        // SAFETY: as above.
        unsafe {
            if self.state.api.lua_newuserdatauv.exists() {
                calm_call!(
                    self.state,
                    lua_newuserdatauv as fn(L, usize, c_int) -> *mut c_void,
                    (l, size, user_values)
                )
            } else {
                calm_call!(self.state, lua_newuserdata as fn(L, usize) -> *mut c_void, (l, size))
            }
        }
    }

    /// `lua_pushcclosure`.
    #[inline]
    pub(crate) unsafe fn pushcclosure(self, l: L, f: CFunction, upvalues: c_int) {
        // SAFETY: as above.
        unsafe { calm_call!(self.state, lua_pushcclosure as fn(L, CFunction, c_int), (l, f, upvalues)) }
    }

    /// Pushes the values that the cells begin. They hold no more than 2^20 values and are not nested deeply.
    #[inline]
    pub(crate) unsafe fn push_cells(self, l: L, cells: &mut [ffi::Cell], count: u32) {
        // SAFETY: as above; checkstack inside grows the stack by `count`.
        unsafe { ffi::shim_push_cells(self.state.api, l, self.state.refs, cells.as_mut_ptr(), count) };
    }
}

/// `lua_checkstack` where the stack is known to be large enough already: it grows nothing, and so does not raise.
///
/// # Safety
/// So it is, and `l` is a thread of the state.
pub(crate) unsafe fn checkstack_known(state: &State, l: L, n: c_int) -> bool {
    // SAFETY: S-CALM-4.
    unsafe { calm_call!(state, lua_checkstack as fn(L, c_int) -> c_int, (l, n)) != 0 }
}

/// Pushes a C function without upvalues. From 5.2 on that is a plain value and cannot raise; before, it is an object.
///
/// # Safety
/// `l` is a thread of this Lua, which is 5.2 or later, with a free stack slot.
pub(crate) unsafe fn push_light_function(api: &crate::vm::Api, l: L, f: CFunction) {
    debug_assert!(api.version_number >= 502);
    // SAFETY: S-CALM-2.
    unsafe {
        let push = std::mem::transmute::<*const c_void, unsafe extern "C-unwind" fn(L, CFunction, c_int)>(
            api.lua_pushcclosure.address(),
        );
        push(l, f, 0);
    }
}
