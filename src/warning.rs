//! Warnings (Lua 5.4 and later).

use crate::error::Result;
use crate::lua::Lua;
use crate::raw::State;
use crate::raw::callback::Entered;
use crate::raw::failure;
use crate::raw::op::{Code, Op, PLAIN};
use crate::types::MaybeSend;
use crate::vm::types::State as L;
use std::cell::{Cell, RefCell};
use std::ffi::CStr;
use std::os::raw::{c_char, c_int, c_void};
use std::rc::Rc;

type Function = dyn Fn(&Lua, &str, bool) -> Result<()>;

/// What `lua_setwarnf` gets as its data. The state keeps it; Lua has only the address.
pub(crate) struct Warner {
    lua: *const Lua,
    function: Box<Function>,
}

/// The warning function of a state, if it has one of Rust.
#[derive(Default)]
pub(crate) struct Warnings {
    warner: RefCell<Option<Rc<Warner>>>,
    /// What the function runs on. A warning may be given in the middle of anything, where Lua's stacks have no room.
    thread: Cell<Option<L>>,
    running: Cell<bool>,
}

unsafe extern "C-unwind" fn on_warning(data: *mut c_void, text: *const c_char, to_be_continued: c_int) {
    // SAFETY: S-WARN-1, the warner is there for as long as Lua has its address, and Lua passes a C string. The function may
    // set another one, so it is kept here.
    let (warner, text) = unsafe {
        Rc::increment_strong_count(data.cast::<Warner>());
        (Rc::from_raw(data.cast::<Warner>()), CStr::from_ptr(text))
    };
    // SAFETY: S-STATE-1, a warning is given only while the state exists.
    let lua = unsafe { &*warner.lua };
    // A warning has nowhere to report an error or a panic to; the panic hook has told of the latter.
    failure::quietly(move || {
        let state = lua.state();
        let Some(thread) = state.warnings.thread.get() else { return };
        // One that the function itself gives is not for it.
        if state.warnings.running.replace(true) {
            return;
        }
        let _entered = Entered::new(state, thread);
        failure::quietly(|| drop((warner.function)(lua, &text.to_string_lossy(), to_be_continued != 0)));
        state.warnings.running.set(false);
        drop(warner);
    });
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
        if state.warnings.thread.get().is_none() {
            let Ok((thread, l)) = state.new_thread(None) else { return };
            thread.pin();
            state.warnings.thread.set(Some(l));
        }
        let warner = Rc::new(Warner { lua: state.lua(), function: Box::new(callback) });
        let data = Rc::as_ptr(&warner).cast_mut().cast::<c_void>();
        // SAFETY: S-WARN-1, the old one is dropped only when Lua has the new one.
        unsafe { setwarnf(state.base, Some(on_warning), data) };
        drop(state.warnings.warner.replace(Some(warner)));
    }

    /// Removes the warning function: warnings are ignored.
    pub fn remove_warning_function(&self) {
        let state = self.state();
        let Some(setwarnf) = state.api.lua_setwarnf else { return };
        // SAFETY: S-WARN-1.
        unsafe { setwarnf(state.base, None, std::ptr::null_mut()) };
        drop(state.warnings.warner.take());
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

impl State {
    /// Takes a warning function of Rust away from Lua: the state is being closed.
    pub(crate) fn forget_warning_function(&self) {
        let Some(warner) = self.warnings.warner.take() else { return };
        if let (Some(setwarnf), false) = (self.api.lua_setwarnf, self.is_closed()) {
            // SAFETY: S-WARN-1, the state is not closed yet.
            unsafe { setwarnf(self.base, None, std::ptr::null_mut()) };
        }
        drop(warner);
    }
}
