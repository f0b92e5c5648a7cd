//! The module's functions: C is their body (`call.c`), Rust makes them and keeps the memory of their calls.

use super::border;
use super::workspace::Workspace;
use crate::raw::State;
use crate::raw::body::{self, RunBlock};
use crate::vm::types::State as L;
use crate::{Result, Table};
use std::os::raw::c_void;

/// What a function does; the numbers are those of `json.h`.
#[derive(Clone, Copy)]
#[repr(i32)]
pub(crate) enum What {
    Decode = 0,
    Encode = 1,
    /// For the benchmark.
    #[cfg(feature = "json-floor")]
    Floor = 2,
}

/// So many calls of one function may run inside each other (through `__tojson` or finalizers): each needs its part of the system's
/// stack, and LuaJIT does not count.
const DEEPEST: u32 = 100;
/// So many workspaces are kept for the next calls. Calls inside calls are rare.
const KEPT: usize = 2;

/// A function, in the block of its closure. `json.h` has the beginning of it.
#[repr(C)]
pub(crate) struct Function {
    what: What,
    safe: i32,
    running: u32,
    /// Lua will not finalize the function again: nothing may be kept.
    finalized: bool,
    /// Boxes, because C has their addresses during a call.
    #[expect(clippy::vec_box)]
    idle: Vec<Box<Workspace>>,
}

/// The block as C knows it.
pub(crate) type Block = RunBlock<Function>;

impl Function {
    /// Makes the Lua function.
    pub(crate) fn create(
        state: &State,
        what: What,
        safe: bool,
        [array, empty_array]: [&Table; 2],
    ) -> Result<crate::Function> {
        let function =
            Function { what, safe: i32::from(safe), running: 0, finalized: false, idle: Vec::new() };
        let made = body::create(state, border::run(), function, finalize, &[&array.0, &empty_array.0])?;
        Ok(crate::Function(made))
    }

    /// A call begins: its workspace, or none if there are too many calls inside each other. `end` must follow.
    pub(crate) fn begin(&mut self) -> Option<Box<Workspace>> {
        if self.running == DEEPEST {
            return None;
        }
        self.running += 1;
        Some(self.idle.pop().unwrap_or_else(|| Box::new(Workspace::new())))
    }

    /// The call is over.
    pub(crate) fn end(&mut self, mut space: Box<Workspace>) {
        self.running -= 1;
        if self.idle.len() < KEPT && !self.finalized {
            space.settle();
            self.idle.push(space);
        }
    }
}

/// The function is garbage, or the state is closing: then other finalizers may still call it.
unsafe extern "C" fn finalize(_: L, block: *mut c_void) {
    // SAFETY: S-JSON-2, Lua calls this with the block that `create` made; no other borrow of it exists.
    let block = unsafe { &mut *block.cast::<Block>() };
    block.finalized();
    block.value.finalized = true;
    block.value.idle = Vec::new();
}
