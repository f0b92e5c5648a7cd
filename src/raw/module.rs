//! Entry points of native modules: what happens behind `luaopen_*`.

use super::args::Stack;
use super::callback::run_in;
use super::ffi::{Pending, kind};
use super::state::State;
use crate::convert::{FromLuaMulti, IntoLua};
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::vm::types::State as L;
use crate::vm::{Api, resolve};
use std::os::raw::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A module's function: gives what `require` returns.
#[doc(hidden)]
pub type Init = fn(&Lua, &ModuleArgs<'_>) -> Result<crate::Value>;

/// What `require` calls a module's function with: the module's name and, from 5.2 on, the file's.
#[doc(hidden)]
pub struct ModuleArgs<'a>(&'a Stack<'a>);

impl ModuleArgs<'_> {
    /// Reads them.
    ///
    /// # Errors
    /// Those of the conversions.
    pub fn read<A: FromLuaMulti>(&self) -> Result<A> {
        // SAFETY: S-ARGS-1, they are the arguments of the running C function.
        unsafe { A::read_args(self.0, 1, (self.0.state.api.lua_gettop)(self.0.l), None) }
    }
}

/// Finds the Lua that calls by the return address, and runs the module's function in it.
///
/// # Safety
/// Called by the shim: `l` is the state on which Lua called a `luaopen_*`, `address` where it returns to, `init` an
/// [`Init`], and the others are the shim's to write to.
#[doc(hidden)]
pub unsafe extern "C" fn open_module(
    l: L,
    address: *const c_void,
    init: *mut c_void,
    api_out: *mut *const c_void,
    out: *mut *mut c_void,
) -> c_int {
    let out = out.cast::<*mut Pending>();
    // SAFETY: the caller's promise; a function pointer travels as a data pointer.
    let init: Init = unsafe { std::mem::transmute(init) };
    // SAFETY: as above.
    let found = catch_unwind(AssertUnwindSafe(|| unsafe { resolve::by_return_address(l, address) }));
    let api = match found {
        Ok(Ok(api)) => api,
        // Without a Lua nothing can be raised or returned: all that is left is to say why.
        Ok(Err(reason)) => {
            eprintln!("oxilua: {reason}");
            return 0;
        }
        Err(_) => return 0,
    };
    // SAFETY: the caller's promise.
    unsafe {
        *api_out.cast::<*const Api>() = api;
        match State::of(api, l) {
            Ok(state) => run_in(state.as_ref(), l, out, |stack, results| {
                init(stack.lua(), &ModuleArgs(stack))?.push_to(results)
            }),
            Err(error) => raise_text(&error, out),
        }
    }
}

/// Raises an error's text where there is no state to make an error object in.
///
/// # Safety
/// `out` is the shim's.
#[cold]
unsafe fn raise_text(error: &Error, out: *mut *mut Pending) -> c_int {
    use super::ffi::{Cell, tag};
    struct Text {
        pending: Pending,
        cell: Cell,
        _text: String,
    }
    unsafe extern "C" fn release(pending: *mut Pending) {
        // SAFETY: made below, with the pending first in use and the box as its context.
        unsafe { drop(Box::from_raw((*pending).context.cast::<Text>())) };
    }
    let text = error.to_string();
    let cell = Cell { tag: tag::STR, len: text.len() as u32, data: text.as_ptr() as u64 };
    let made = Box::into_raw(Box::new(Text {
        pending: Pending {
            kind: kind::RAISE,
            nstack: 0,
            nvalues: 1,
            cells: std::ptr::null_mut(),
            run: None,
            context: std::ptr::null_mut(),
            release: Some(release),
        },
        cell,
        _text: text,
    }));
    // SAFETY: the box is alive until `release`; `out` is the shim's.
    unsafe {
        (*made).pending.cells = &raw mut (*made).cell;
        (*made).pending.context = made.cast();
        *out = &raw mut (*made).pending;
    }
    -1
}
