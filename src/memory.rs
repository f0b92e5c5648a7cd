//! Memory and the collector.

use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::raw::op::{Code, Op, PLAIN};
use std::os::raw::c_int;

/// `LUA_GC*`, equal in every version (Lua manual, `lua_gc`).
mod what {
    pub const STOP: i32 = 0;
    pub const RESTART: i32 = 1;
    pub const COLLECT: i32 = 2;
    pub const COUNT: i32 = 3;
    pub const COUNTB: i32 = 4;
    pub const STEP: i32 = 5;
}

/// How the collector works (Lua manual, "Garbage Collection").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GcMode {
    /// In small steps.
    Incremental(GcIncParams),
    /// Young objects more often than old ones (5.2, 5.4 and later).
    Generational(GcGenParams),
}

/// The parameters of an incremental collector, in percent; what is not set stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GcIncParams {
    /// How much memory may grow before a new cycle.
    pub pause: Option<c_int>,
    /// How fast it works, relative to allocation.
    pub step_multiplier: Option<c_int>,
    /// The size of a step: on 5.4 the logarithm to base 2 of bytes, on 5.5 bytes.
    pub step_size: Option<c_int>,
    /// Luau's goal.
    pub goal: Option<c_int>,
}

/// The parameters of a generational collector, in percent; what is not set stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GcGenParams {
    /// How much memory may grow before a minor collection.
    pub minor_multiplier: Option<c_int>,
    /// How much memory may grow before a major collection.
    pub minor_to_major: Option<c_int>,
}

macro_rules! setters {
    ($type:ident: $($(#[$doc:meta])* $field:ident),*) => {
        impl $type {
            $($(#[$doc])*
            pub fn $field(mut self, value: c_int) -> Self {
                self.$field = Some(value);
                self
            })*
        }
    };
}

setters! { GcIncParams:
    /// Sets how much memory may grow before a new cycle.
    pause,
    /// Sets how fast it works, relative to allocation.
    step_multiplier,
    /// Sets the size of a step.
    step_size,
    /// Sets Luau's goal.
    goal
}

setters! { GcGenParams:
    /// Sets how much memory may grow before a minor collection.
    minor_multiplier,
    /// Sets how much memory may grow before a major collection.
    minor_to_major
}

/// `LUA_GCP*` of 5.5.
mod param {
    pub const MINORMUL: i32 = 0;
    pub const MINORMAJOR: i32 = 2;
    pub const PAUSE: i32 = 3;
    pub const STEPMUL: i32 = 4;
    pub const STEPSIZE: i32 = 5;
}

impl Lua {
    /// Sets a parameter of 5.5's collector.
    fn gc_param(&self, which: i32, value: Option<c_int>) {
        if let Some(value) = value {
            let _ = self.gc_with(self.state().api.gc_param, which, value, 0);
        }
    }

    /// Sets how the collector works, and returns how it worked before. A mode that this Lua does not have is the
    /// incremental one.
    pub fn gc_set_mode(&self, mode: GcMode) -> GcMode {
        let api = self.state().api;
        let (generational, incremental) = (api.gc_generational, api.gc_incremental);
        let before = match mode {
            GcMode::Generational(params) if generational >= 0 => {
                if api.gc_param >= 0 {
                    let before = self.gc(generational, 0);
                    self.gc_param(param::MINORMUL, params.minor_multiplier);
                    self.gc_param(param::MINORMAJOR, params.minor_to_major);
                    before
                } else {
                    let (minor, major) = (params.minor_multiplier, params.minor_to_major);
                    self.gc_with(generational, minor.unwrap_or(0), major.unwrap_or(0), 0)
                }
            }
            GcMode::Generational(_) => Ok(i64::from(incremental)),
            GcMode::Incremental(params) if api.gc_param >= 0 => {
                let before = self.gc(incremental, 0);
                self.gc_param(param::PAUSE, params.pause);
                self.gc_param(param::STEPMUL, params.step_multiplier);
                self.gc_param(param::STEPSIZE, params.step_size);
                before
            }
            GcMode::Incremental(params) if api.version_number >= 504 => {
                let of = |value: Option<c_int>| value.unwrap_or(0);
                self.gc_with(incremental, of(params.pause), of(params.step_multiplier), of(params.step_size))
            }
            GcMode::Incremental(params) => {
                let before = if incremental >= 0 { self.gc(incremental, 0) } else { Ok(-1) };
                for (what, value) in
                    [(api.gc_setpause, params.pause), (api.gc_setstepmul, params.step_multiplier)]
                {
                    if let Some(value) = value {
                        let _ = self.gc(what, value);
                    }
                }
                before
            }
        };
        match before {
            Ok(before) if generational >= 0 && before == i64::from(generational) => {
                GcMode::Generational(GcGenParams::default())
            }
            _ => GcMode::Incremental(GcIncParams::default()),
        }
    }

    /// With the further parameters that `lua_gc` has from 5.4 on.
    fn gc_with(&self, what: i32, first: c_int, second: c_int, third: c_int) -> Result<i64> {
        let state = self.state();
        // Before 5.4 a collection in a finalizer that runs while the state is closed may never end.
        if state.is_closing() && matches!(what, what::COLLECT | what::STEP) {
            return Ok(0);
        }
        state.room(2)?;
        let mut op = Op::new(state, Code::Gc);
        (op.a, op.b, op.size, op.p) = (what, first, second as usize, third as isize as *mut _);
        // SAFETY: it leaves nothing.
        unsafe { state.run_op(&mut op, 0, PLAIN)? };
        Ok(op.out)
    }

    fn gc(&self, what: i32, data: i32) -> Result<i64> {
        self.gc_with(what, data, 0, 0)
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
