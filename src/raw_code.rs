//! Working with the raw Lua API from Rust, at one's own risk.

use crate::convert::{FromLuaMulti, IntoLuaMulti};
use crate::error::Result;
use crate::lua::Lua;
use crate::raw::args::Stack;
use crate::raw::op::{Code, Op, TRACED};
use crate::raw::state::Frame;
use crate::types::lua_State;
use crate::vm::types::MULTRET;
use std::os::raw::{c_int, c_void};

/// Calls the closure that `context` points to.
unsafe extern "C-unwind" fn call<F: FnOnce(*mut lua_State)>(l: *mut lua_State, context: *mut c_void) {
    // SAFETY: `exec_raw` passes a filled option of this type, and this is called once.
    let f = unsafe { (*context.cast::<Option<F>>()).take() };
    if let Some(f) = f {
        f(l);
    }
}

impl Lua {
    /// Calls `f` with the raw state in a protected call: it finds the arguments on the stack, from 1 on, and leaves its
    /// results there, and nothing else.
    ///
    /// # Safety
    /// `f` may call functions of Lua that raise errors only where no Rust frame below it has anything to drop: an error jumps
    /// over them. It must not panic, and must use the functions of this state's Lua.
    ///
    /// # Errors
    /// What is raised inside; those of the conversions.
    pub unsafe fn exec_raw<R: FromLuaMulti>(
        &self,
        args: impl IntoLuaMulti,
        f: impl FnOnce(*mut lua_State),
    ) -> Result<R> {
        fn caller<F: FnOnce(*mut lua_State)>(
            _: &Option<F>,
        ) -> unsafe extern "C-unwind" fn(*mut lua_State, *mut c_void) {
            call::<F>
        }
        let state = self.state();
        let _alive = state.alive();
        let values = args.into_lua_multi(self)?;
        let mut tape = state.tape();
        for value in &values {
            tape.value(state, value)?;
        }
        let mut f = Some(f);
        let mut op = Op::new(state, Code::Raw);
        op.p = caller(&f) as *mut c_void;
        op.out_p = (&raw mut f).cast();
        state.room(4)?;
        let l = state.current.get();
        // SAFETY: the caller's promise about `f`; the operands are its arguments, and the results what it leaves.
        unsafe {
            let top = (state.api.lua_gettop)(l);
            state.run_op_on(&mut op, tape, MULTRET, TRACED)?;
            let _frame = Frame::above(state.api, l, top);
            let count: c_int = (state.api.lua_gettop)(l) - top;
            state.with_pushed(count as u32, || R::read_all(&Stack { state, l }, top + 1, count))
        }
    }

    /// Turns LuaJIT's compiler on or off for the whole state; without one it does nothing.
    pub fn enable_jit(&self, enabled: bool) {
        const MODE_ENGINE: c_int = 0;
        const MODE_ON: c_int = 0x0100;
        let state = self.state();
        if let Some(setmode) = state.api.luaJIT_setmode {
            let on = if enabled { MODE_ON } else { 0 };
            // SAFETY: setting the engine's mode raises nothing.
            unsafe { setmode(state.base, 0, MODE_ENGINE | on) };
        }
    }
}
