//! Warnings (Lua 5.4 and later).

use crate::error::Result;
use crate::lua::Lua;
use crate::raw::op::{Code, Op, PLAIN};
use crate::types::MaybeSend;
use std::cell::RefCell;
use std::ffi::CStr;
use std::os::raw::{c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

type Function = dyn Fn(&Lua, &str, bool) -> Result<()>;

/// What `lua_setwarnf` gets as its data. The state keeps it; Lua has only the address.
pub(crate) struct Warner {
    lua: *const Lua,
    function: Box<Function>,
}

/// The warning function of a state, if it has one of Rust.
pub(crate) type Warnings = RefCell<Option<Box<Warner>>>;

unsafe extern "C-unwind" fn on_warning(data: *mut c_void, text: *const c_char, to_be_continued: c_int) {
    // SAFETY: S-WARN-1, the warner is there for as long as Lua has its address, and Lua passes a C string.
    let (warner, text) = unsafe { (&*data.cast::<Warner>(), CStr::from_ptr(text)) };
    // SAFETY: S-STATE-1, a warning is given only while the state exists.
    let lua = unsafe { &*warner.lua };
    // A warning has nowhere to report an error or a panic to; the panic hook has told of the latter.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        (warner.function)(lua, &text.to_string_lossy(), to_be_continued != 0)
    }));
}

impl Lua {
    /// Sets what happens with warnings: the text, and whether the next call goes on with the same warning (Lua 5.4 manual,
    /// `lua_setwarnf`). A Lua that has no warnings ignores it. An error of the function is dropped.
    pub fn set_warning_function<F>(&self, callback: F)
    where
        F: Fn(&Lua, &str, bool) -> Result<()> + MaybeSend + 'static,
    {
        let state = self.state();
        let Some(setwarnf) = state.api.lua_setwarnf else { return };
        let warner = Box::new(Warner { lua: state.lua(), function: Box::new(callback) });
        let data = (&raw const *warner).cast_mut().cast::<c_void>();
        // SAFETY: S-WARN-1, the old one is dropped only when Lua has the new one.
        unsafe { setwarnf(state.base, Some(on_warning), data) };
        drop(state.warnings.replace(Some(warner)));
    }

    /// Removes the warning function: warnings are ignored.
    pub fn remove_warning_function(&self) {
        let state = self.state();
        let Some(setwarnf) = state.api.lua_setwarnf else { return };
        // SAFETY: S-WARN-1.
        unsafe { setwarnf(state.base, None, std::ptr::null_mut()) };
        drop(state.warnings.take());
    }

    /// Gives a warning (Lua 5.4 manual, `lua_warning`); with `incomplete` the next one goes on with it. A Lua that has no
    /// warnings ignores it.
    pub fn warning(&self, message: impl AsRef<str>, incomplete: bool) {
        let state = self.state();
        if !state.api.lua_warning.exists() || state.room(2).is_err() {
            return;
        }
        let mut tape = state.tape();
        // A C string: what is behind a NUL would be lost, so it is left out here.
        let text = message.as_ref().split('\0').next().unwrap_or("");
        if tape.string(text.as_bytes()).is_err() {
            return;
        }
        let mut op = Op::new(state, Code::Warning);
        op.a = c_int::from(incomplete);
        // SAFETY: the operand is a string; it leaves nothing.
        let _ = unsafe { state.run_op_on(&mut op, tape, 0, PLAIN) };
    }
}
