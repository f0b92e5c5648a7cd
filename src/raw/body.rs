//! Lua functions whose body is C: what is hot and may raise at any point, as the extensions' builders, runs with no Rust frame
//! below it.

use super::ffi::{Callback, Code, Finalize, Function, Pending, kind, slot};
use super::op::{Op, PLAIN};
use super::refs::ValueRef;
use super::state::State;
use crate::error::{Error, Result};
use crate::vm::Api;
use crate::vm::types::State as L;
use std::os::raw::{c_int, c_void};

/// What a function whose body is C runs, once the trampoline has called it: `block` is its [`RunBlock`].
pub(crate) type Run = unsafe extern "C-unwind" fn(api: *const Api, l: L, block: *mut c_void) -> c_int;

/// The block of such a function (`oxl_run_block`), with what it is about.
#[repr(C)]
pub(crate) struct RunBlock<T> {
    head: Callback,
    pending: Pending,
    pub(crate) value: T,
}

/// Makes a Lua function whose body is C, which may raise. Its upvalues are, from the second on, `upvalues`. Its block is
/// the state's until `finalize` is called with it: once, when the function is garbage or the state is closing; in the second
/// case it may be called later all the same. `finalize` must leave a value that needs no dropping.
pub(crate) fn create<T: 'static>(
    state: &State,
    run: Run,
    value: T,
    finalize: Finalize,
    upvalues: &[&ValueRef],
) -> Result<ValueRef> {
    const { assert!(align_of::<RunBlock<T>>() <= 8) }
    unsafe extern "C" fn call(_: L, block: *mut Callback, out: *mut *mut Pending) -> c_int {
        // SAFETY: S-CALLBACK-1, the block is one of these, whose beginning does not depend on T; `out` is the shim's.
        unsafe { *out = &raw mut (*block.cast::<RunBlock<()>>()).pending };
        -1
    }
    unsafe extern "C" fn release(_: *mut Pending) {}

    if state.is_closing() {
        return Err(Error::runtime("the Lua state is being closed"));
    }
    let _alive = state.alive();
    state.room(3)?;
    let l = state.current.get();
    let mut op = Op::new(state, Code::Callback);
    op.size = size_of::<RunBlock<T>>();
    op.p = state.shim(Function::Call) as *mut c_void;
    op.a = upvalues.len() as i32;
    let mut tape = state.tape();
    tape.slot(state.refs, slot::BLOCK);
    for upvalue in upvalues {
        state.check_same(upvalue)?;
        tape.reference((*upvalue).clone());
    }
    // SAFETY: the operands are a metatable and the upvalues; the block is filled before anything else can see it.
    unsafe {
        state.run_op_on(&mut op, tape, 1, PLAIN)?;
        let made = state.pop_ref(l)?;
        op.out_p.cast::<RunBlock<T>>().write(RunBlock {
            head: Callback { finalize: Some(finalize), call: Some(call), anchor: state.anchor },
            pending: Pending {
                kind: kind::RUN,
                nstack: 0,
                nvalues: 0,
                cells: std::ptr::null_mut(),
                run: Some(run),
                context: op.out_p,
                release: Some(release),
            },
            value,
        });
        Ok(made)
    }
}

impl<T> RunBlock<T> {
    /// Lets the finalizer run only once.
    pub(crate) fn finalized(&mut self) {
        self.head.finalize = None;
    }
}
