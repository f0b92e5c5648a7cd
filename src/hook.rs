//! Hooks: Rust functions that Lua calls while it runs code.

use crate::debug::{Debug, DebugEvent};
use crate::error::Result;
use crate::lua::Lua;
use crate::raw::State;
use crate::raw::callback::enter;
use crate::raw::ffi::{self, Anchor, Pending};
use crate::thread::Thread;
use crate::types::MaybeSend;
use crate::vm::types::State as L;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::{BitOr, BitOrAssign};
use std::os::raw::{c_int, c_void};
use std::rc::Rc;

/// What a hook wants to happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VmState {
    /// Go on.
    Continue,
    /// Yield the coroutine, if it can (5.3 and later, in line and count events).
    Yield,
}

/// When a hook is called (Lua manual, `lua_sethook`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HookTriggers {
    /// When a function is called.
    pub on_calls: bool,
    /// When a function returns.
    pub on_returns: bool,
    /// Before each line.
    pub every_line: bool,
    /// After so many instructions.
    pub every_nth_instruction: Option<u32>,
}

impl HookTriggers {
    /// When a function is called.
    pub const ON_CALLS: Self = HookTriggers::new().on_calls();
    /// When a function returns.
    pub const ON_RETURNS: Self = HookTriggers::new().on_returns();
    /// Before each line.
    pub const EVERY_LINE: Self = HookTriggers::new().every_line();

    /// Never.
    pub const fn new() -> Self {
        HookTriggers { on_calls: false, on_returns: false, every_line: false, every_nth_instruction: None }
    }

    /// Also when a function is called.
    pub const fn on_calls(mut self) -> Self {
        self.on_calls = true;
        self
    }

    /// Also when a function returns.
    pub const fn on_returns(mut self) -> Self {
        self.on_returns = true;
        self
    }

    /// Also before each line.
    pub const fn every_line(mut self) -> Self {
        self.every_line = true;
        self
    }

    /// Also after so many instructions.
    pub const fn every_nth_instruction(mut self, n: u32) -> Self {
        self.every_nth_instruction = Some(n);
        self
    }

    /// `LUA_MASK*`, equal in every version.
    fn mask(self) -> c_int {
        c_int::from(self.on_calls)
            | c_int::from(self.on_returns) << 1
            | c_int::from(self.every_line) << 2
            | c_int::from(self.every_nth_instruction.is_some()) << 3
    }

    fn count(self) -> c_int {
        self.every_nth_instruction.map_or(0, |n| c_int::try_from(n).unwrap_or(c_int::MAX))
    }
}

impl BitOr for HookTriggers {
    type Output = HookTriggers;

    fn bitor(mut self, other: Self) -> HookTriggers {
        self.on_calls |= other.on_calls;
        self.on_returns |= other.on_returns;
        self.every_line |= other.every_line;
        self.every_nth_instruction = self.every_nth_instruction.or(other.every_nth_instruction);
        self
    }
}

impl BitOrAssign for HookTriggers {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

type Hook = Rc<dyn Fn(&Lua, &Debug<'_>) -> Result<VmState>>;

/// The hooks of a state: of single threads, and that of all.
#[derive(Default)]
pub(crate) struct Hooks {
    threads: RefCell<HashMap<usize, Hook>>,
    global: RefCell<Option<Hook>>,
}

impl Hooks {
    fn of(&self, l: L) -> Option<Hook> {
        self.threads.borrow().get(&(l as usize)).cloned().or_else(|| self.global.borrow().clone())
    }

    fn is_empty(&self) -> bool {
        self.threads.borrow().is_empty() && self.global.borrow().is_none()
    }

    pub(crate) fn clear(&self) {
        drop((self.threads.take(), self.global.take()));
    }
}

impl State {
    fn set_hook(&self, l: L, triggers: HookTriggers) {
        // SAFETY: S-HOOK-1, `l` is a live thread; the shim's hook is this Lua's.
        unsafe {
            let hook = ffi::shim_hook(self.api.slot);
            (self.api.lua_sethook)(l, Some(hook), triggers.mask(), triggers.count());
        }
    }

    fn remove_hook(&self, l: L) {
        // LuaJIT has one hook for all threads: it stays while there is a function for any of them.
        if self.api.is_jit != 0 && !self.hooks.is_empty() {
            return;
        }
        // SAFETY: as above. Somebody else's hook stays.
        unsafe {
            let ours = ffi::shim_hook(self.api.slot);
            if (self.api.lua_gethook)(l).is_some_and(|hook| hook as usize == ours as usize) {
                (self.api.lua_sethook)(l, None, 0, 0);
            }
        }
    }

    fn remove_thread_hook(&self, l: L) {
        let hook = self.hooks.threads.borrow_mut().remove(&(l as usize));
        self.remove_hook(l);
        drop(hook);
    }
}

impl Lua {
    /// Sets the hook of the running thread (Lua manual, `lua_sethook`). An error of it is raised in the code that runs.
    ///
    /// LuaJIT calls no hooks from compiled code: turn its compiler off for code that must not escape them.
    ///
    /// # Errors
    /// None now.
    pub fn set_hook<F>(&self, triggers: HookTriggers, hook: F) -> Result<()>
    where
        F: Fn(&Lua, &Debug<'_>) -> Result<VmState> + MaybeSend + 'static,
    {
        let state = self.state();
        let l = state.current.get();
        let old = state.hooks.threads.borrow_mut().insert(l as usize, Rc::new(hook));
        state.set_hook(l, triggers);
        drop(old);
        Ok(())
    }

    /// Removes the hook of the running thread.
    pub fn remove_hook(&self) {
        let state = self.state();
        state.remove_thread_hook(state.current.get());
    }

    /// Sets the hook of the main thread, the running one, and all that are made from now on by one that has it.
    ///
    /// # Errors
    /// None now.
    pub fn set_global_hook<F>(&self, triggers: HookTriggers, hook: F) -> Result<()>
    where
        F: Fn(&Lua, &Debug<'_>) -> Result<VmState> + MaybeSend + 'static,
    {
        let state = self.state();
        let old = state.hooks.global.replace(Some(Rc::new(hook)));
        for l in [state.base, state.current.get()] {
            state.set_hook(l, triggers);
        }
        drop(old);
        Ok(())
    }

    /// Removes the hook of all threads. One that is suspended now forgets it when it runs again.
    pub fn remove_global_hook(&self) {
        let state = self.state();
        let old = state.hooks.global.take();
        for l in [state.base, state.current.get()] {
            state.remove_hook(l);
        }
        drop(old);
    }
}

impl Thread {
    /// Sets the hook of this coroutine; see [`Lua::set_hook`].
    ///
    /// # Errors
    /// None now.
    pub fn set_hook<F>(&self, triggers: HookTriggers, hook: F) -> Result<()>
    where
        F: Fn(&Lua, &Debug<'_>) -> Result<VmState> + MaybeSend + 'static,
    {
        let state = self.0.open();
        let old = state.hooks.threads.borrow_mut().insert(self.1 as usize, Rc::new(hook));
        state.set_hook(self.1, triggers);
        drop(old);
        Ok(())
    }

    /// Removes the hook of this coroutine.
    pub fn remove_hook(&self) {
        self.0.open().remove_thread_hook(self.1);
    }
}

/// What the shim's hook calls.
pub(crate) unsafe extern "C" fn on_hook(
    l: L,
    debug: *mut c_void,
    anchor: *mut Anchor,
    out: *mut *mut Pending,
) -> c_int {
    // SAFETY: S-ANCHOR-1.
    let Some(state) = (unsafe { (*anchor).state.as_ref() }) else { return 0 };
    let Some(hook) = state.hooks.of(l) else {
        // A coroutine inherits the hook of the one that made it; without a function for it, it goes.
        state.remove_hook(l);
        return 0;
    };
    // SAFETY: S-HOOK-1, `debug` is that of the running function, for as long as the hook runs.
    unsafe {
        enter(state, l, out, || {
            let debug = Debug::of_hook(state, l, debug);
            let may_yield = matches!(debug.event(), DebugEvent::Line | DebugEvent::Count);
            let wanted = hook(state.lua(), &debug)?;
            let can_yield = || state.api.lua_isyieldable.is_some_and(|is_yieldable| is_yieldable(l) != 0);
            Ok(c_int::from(
                wanted == VmState::Yield && may_yield && state.api.version_number >= 503 && can_yield(),
            ))
        })
    }
}
