//! Functions as code: their environment, their binary form, copies.

use crate::error::{Error, Result};
use crate::function::Function;
use crate::lua::Lua;
use crate::raw::ffi::Dump;
use crate::raw::op::{Code, Op, PLAIN};
use crate::table::Table;
use crate::types::lua_CFunction;
use crate::vm::types::ty;
use std::ffi::CStr;
use std::os::raw::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

unsafe extern "C" fn collect(context: *mut c_void, data: *const c_void, len: usize) -> c_int {
    // Lua 5.5 ends with a call for nothing.
    if len == 0 {
        return 0;
    }
    // SAFETY: `dump` passes its buffer, and Lua `len` bytes.
    let (out, bytes) =
        unsafe { (&mut *context.cast::<Vec<u8>>(), std::slice::from_raw_parts(data.cast::<u8>(), len)) };
    // Not 0 stops the dump.
    c_int::from(catch_unwind(AssertUnwindSafe(|| out.extend_from_slice(bytes))).is_err())
}

impl Function {
    /// The binary form of a Lua function (Lua manual, `lua_dump`), to be loaded with
    /// [`ChunkMode::Binary`](crate::ChunkMode::Binary) by the same Lua; empty for a Rust or C function. `strip` leaves out
    /// what only messages need (5.3 and later).
    pub fn dump(&self, strip: bool) -> Vec<u8> {
        let state = self.0.open();
        let mut out = Vec::new();
        // Lua 5.5 takes it on trust that the function is one of Lua's.
        // SAFETY: S-REF-1.
        let is_c = unsafe { (state.api.lua_tocfunction)(self.0.thread(), self.0.slot()).is_some() };
        if is_c || state.room(3).is_err() {
            return out;
        }
        let mut dump = Dump { write: collect, context: (&raw mut out).cast() };
        let mut op = Op::new(state, Code::Dump);
        (op.a, op.p) = (c_int::from(strip), (&raw mut dump).cast());
        let mut tape = state.tape();
        tape.reference(self.0.clone());
        // SAFETY: the operand is a function; the buffer outlives the call.
        let done = unsafe { state.run_op_on(&mut op, tape, 0, PLAIN) };
        if done.is_err() || op.out != 0 { Vec::new() } else { out }
    }

    /// The table that the function sees as its globals; `None` if it uses none. For a Rust or C function there is one in
    /// 5.1 and LuaJIT only.
    pub fn environment(&self) -> Option<Table> {
        let state = self.0.open();
        let (api, own) = (state.api, self.0.thread());
        // SAFETY: S-REF-1; none of these raises.
        unsafe {
            match api.lua_getfenv {
                Some(getfenv) => getfenv(own, self.0.slot()),
                None => {
                    self.push_env_upvalue()?;
                }
            }
            if (api.lua_type)(own, -1) != ty::TABLE {
                api.pop(own, 1);
                return None;
            }
            Some(Table(state.pop_ref_infallible(own)))
        }
    }

    /// Pushes the upvalue `_ENV` onto the function's reference thread and gives its number.
    ///
    /// # Safety
    /// The Lua is 5.2 or later.
    unsafe fn push_env_upvalue(&self) -> Option<c_int> {
        let state = self.0.open();
        let (api, own) = (state.api, self.0.thread());
        // SAFETY: S-REF-1; the names are C strings of Lua's.
        unsafe {
            if (api.lua_tocfunction)(own, self.0.slot()).is_some() {
                return None;
            }
            for i in 1.. {
                let name = (api.lua_getupvalue)(own, self.0.slot(), i);
                if name.is_null() {
                    return None;
                }
                if CStr::from_ptr(name) == c"_ENV" {
                    return Some(i);
                }
                api.pop(own, 1);
            }
            None
        }
    }

    /// Gives the function another table as its globals. False if it has no environment of its own to set.
    ///
    /// Functions that share `_ENV` (5.2 and later) keep theirs.
    ///
    /// # Errors
    /// If memory runs out.
    pub fn set_environment(&self, environment: Table) -> Result<bool> {
        let state = self.0.open();
        state.check_same(&environment.0)?;
        let (api, own) = (state.api, self.0.thread());
        // SAFETY: S-REF-1; setting an environment or upvalue that exists allocates nothing.
        unsafe {
            if let Some(setfenv) = api.lua_setfenv {
                if (api.lua_tocfunction)(own, self.0.slot()).is_some() {
                    return Ok(false);
                }
                state.push_ref(own, &environment.0);
                return Ok(setfenv(own, self.0.slot()) != 0);
            }
            let Some(index) = self.push_env_upvalue() else { return Ok(false) };
            api.pop(own, 1);
            // An upvalue that others share must not change for them: a fresh closure lends this one its own.
            let donor = state.load(b"return _ENV", c"=(environment)", c"t", Some(&environment))?;
            let mut tape = state.tape();
            tape.reference(self.0.clone());
            tape.reference(donor.0);
            let mut op = Op::new(state, Code::JoinUpvalue);
            op.a = index;
            state.room(3)?;
            state.run_op_on(&mut op, tape, 0, PLAIN)?;
            Ok(true)
        }
    }

    /// A copy of a Lua function with upvalues of its own, which begin with the values of these; a Rust or C function is
    /// returned as it is.
    ///
    /// # Errors
    /// If memory runs out, or the function cannot be copied.
    pub fn deep_clone(&self) -> Result<Self> {
        let state = self.0.open();
        let (api, own) = (state.api, self.0.thread());
        // SAFETY: S-REF-1.
        if unsafe { (api.lua_tocfunction)(own, self.0.slot()).is_some() } {
            return Ok(self.clone());
        }
        let code = self.dump(false);
        if code.is_empty() {
            return Err(Error::runtime("the function cannot be copied"));
        }
        let copy = state.load(&code, c"=(copy)", c"b", None)?;
        // SAFETY: S-REF-1; an upvalue of the one is moved to the other, on the copy's reference thread.
        unsafe {
            for i in 1.. {
                if (api.lua_getupvalue)(own, self.0.slot(), i).is_null() {
                    break;
                }
                if own != copy.0.thread() {
                    (api.lua_xmove)(own, copy.0.thread(), 1);
                }
                if (api.lua_setupvalue)(copy.0.thread(), copy.0.slot(), i).is_null() {
                    api.pop(copy.0.thread(), 1);
                }
            }
            if let (Some(getfenv), Some(setfenv)) = (api.lua_getfenv, api.lua_setfenv) {
                getfenv(own, self.0.slot());
                if own != copy.0.thread() {
                    (api.lua_xmove)(own, copy.0.thread(), 1);
                }
                setfenv(copy.0.thread(), copy.0.slot());
            }
        }
        Ok(copy)
    }
}

impl Lua {
    /// Makes a Lua function of a C function (Lua manual, `lua_pushcfunction`).
    ///
    /// # Safety
    /// The function does what Lua asks of one, and uses the Lua of this state.
    ///
    /// # Errors
    /// If memory runs out.
    pub unsafe fn create_c_function(&self, function: lua_CFunction) -> Result<Function> {
        let state = self.state();
        state.room(2)?;
        let mut op = Op::new(state, Code::Closure);
        op.p = function as *mut c_void;
        // SAFETY: there are no upvalues; the result is a function.
        unsafe {
            state.run_op(&mut op, 1, PLAIN)?;
            Ok(Function(state.pop_ref(state.current.get())?))
        }
    }
}
