//! Memory and the collector.

use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::raw::op::{Code, Op, PLAIN};

/// `LUA_GC*`, equal in every version (Lua manual, `lua_gc`).
mod what {
    pub const STOP: i32 = 0;
    pub const RESTART: i32 = 1;
    pub const COLLECT: i32 = 2;
    pub const COUNT: i32 = 3;
    pub const COUNTB: i32 = 4;
    pub const STEP: i32 = 5;
}

impl Lua {
    fn gc(&self, what: i32, data: i32) -> Result<i64> {
        let state = self.state();
        state.room(2)?;
        let mut op = Op::new(state, Code::Gc);
        (op.a, op.b) = (what, data);
        // SAFETY: it leaves nothing.
        unsafe { state.run_op(&mut op, 0, PLAIN)? };
        Ok(op.out)
    }

    /// The memory that Lua uses, in bytes (Lua manual, `LUA_GCCOUNT`).
    pub fn used_memory(&self) -> usize {
        if let Some(heap) = &self.state().heap {
            return heap.used();
        }
        let kilobytes = self.gc(what::COUNT, 0).unwrap_or(0);
        let bytes = self.gc(what::COUNTB, 0).unwrap_or(0);
        usize::try_from(kilobytes * 1024 + bytes).unwrap_or(0)
    }

    /// Limits the memory that Lua may use, in bytes; 0 removes the limit. Returns the limit before. What goes beyond it
    /// fails with [`Error::MemoryError`].
    ///
    /// # Errors
    /// [`Error::MemoryControlNotAvailable`] if the state is not oxilua's.
    pub fn set_memory_limit(&self, bytes: usize) -> Result<usize> {
        let heap = self.state().heap.as_ref().ok_or(Error::MemoryControlNotAvailable)?;
        let before = heap.limit();
        heap.set_limit(bytes);
        Ok(before)
    }

    /// Whether the collector runs by itself. Lua 5.1 does not tell; there it is always true.
    pub fn gc_is_running(&self) -> bool {
        let isrunning = self.state().api.gc_isrunning;
        isrunning < 0 || self.gc(isrunning, 0).is_ok_and(|answer| answer != 0)
    }

    /// Stops the collector.
    pub fn gc_stop(&self) {
        let _ = self.gc(what::STOP, 0);
    }

    /// Lets the collector run again.
    pub fn gc_restart(&self) {
        let _ = self.gc(what::RESTART, 0);
    }

    /// Collects all garbage (Lua manual, `LUA_GCCOLLECT`).
    ///
    /// # Errors
    /// Before 5.4, those of finalizers.
    pub fn gc_collect(&self) -> Result<()> {
        self.gc(what::COLLECT, 0).map(drop)
    }

    /// Does a step of collection; true if that finished a cycle (Lua manual, `LUA_GCSTEP`).
    ///
    /// # Errors
    /// Before 5.4, those of finalizers.
    pub fn gc_step(&self) -> Result<bool> {
        self.gc(what::STEP, 0).map(|done| done != 0)
    }
}
