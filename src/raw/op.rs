//! Protected calls: operations that may raise, run by the shim (`ops.c`).

use super::ffi::{Cell, slot};
pub(crate) use super::ffi::{Code, Op};
use super::state::{Frame, State};
use super::tape::Tape;
use crate::error::Result;
use crate::vm::types::{State as L, status};
use std::os::raw::c_int;

impl Op {
    #[inline]
    pub(crate) fn new(state: &State, code: Code) -> Op {
        Op {
            api: state.api,
            refs: state.refs,
            cells: std::ptr::null_mut::<Cell>(),
            nvalues: 0,
            code,
            a: 0,
            b: 0,
            size: 0,
            p: std::ptr::null_mut(),
            out_p: std::ptr::null_mut(),
            out: 0,
        }
    }
}

/// Whether an error's traceback is wanted: where Lua code can run, and not where only memory can fail.
pub(crate) const TRACED: c_int = 1;
pub(crate) const PLAIN: c_int = 0;

impl State {
    /// Runs an operation whose operands are in its cells, and leaves its results on `current`.
    ///
    /// # Safety
    /// The op's fields are what its code asks for, and there is room for four values and the results (S-STACK-1).
    pub(crate) unsafe fn run_op(&self, op: &mut Op, nresults: c_int, traced: c_int) -> Result<()> {
        let _alive = self.alive();
        let api = self.api;
        let l = self.current.get();
        // SAFETY: the caller's promise; none of these raises.
        unsafe {
            let mut handler = 0;
            if traced == TRACED {
                self.push_slot(l, self.refs, slot::HANDLER);
                handler = (api.lua_gettop)(l);
            }
            self.push_slot(l, self.refs, slot::OP);
            (api.lua_pushlightuserdata)(l, (&raw mut *op).cast());
            let code = api.pcall(l, 1, nresults, handler);
            if code != status::OK {
                // Also if the error is a panic that goes on here, the handler goes.
                let _frame = (traced == TRACED).then(|| Frame::above(api, l, handler - 1));
                return Err(self.pop_error(l, code));
            }
            if traced == TRACED {
                self.remove(l, handler);
            }
        }
        Ok(())
    }

    /// The same with operands from a tape, which goes back to the pool.
    ///
    /// # Safety
    /// As above.
    pub(crate) unsafe fn run_op_on(
        &self,
        op: &mut Op,
        mut tape: Box<Tape>,
        nresults: c_int,
        traced: c_int,
    ) -> Result<()> {
        tape.seal();
        op.cells = tape.cells.as_mut_ptr();
        op.nvalues = tape.nvalues;
        // SAFETY: the caller's promise.
        let result = unsafe { self.run_op(op, nresults, traced) };
        self.give_back(tape);
        result
    }

    /// Removes the value at the absolute `index`, moving down what is above (Lua manual, `lua_remove`).
    ///
    /// # Safety
    /// `index` is valid on `l`.
    pub(crate) unsafe fn remove(&self, l: L, index: c_int) {
        // SAFETY: the caller's promise.
        unsafe {
            match (self.api.lua_rotate, self.api.lua_remove) {
                (Some(rotate), _) => {
                    rotate(l, index, -1);
                    self.api.pop(l, 1);
                }
                (None, Some(remove)) => remove(l, index),
                (None, None) => unreachable!("checked when the Lua was bound"),
            }
        }
    }
}
