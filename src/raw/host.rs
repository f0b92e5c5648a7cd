//! A host's state, entered from C: a host calls Rust outside of any callback.

use super::callback::Entered;
use super::push::Pusher;
use super::state::State;
use crate::error::Result;
use crate::lua::Lua;
use crate::table::Table;
use crate::value::Value;
use crate::vm::Api;
use crate::vm::types::State as L;
use std::os::raw::c_int;

/// The stack slots that a called C function has (Lua manual, `LUA_MINSTACK`).
const MINSTACK: u32 = 20;

/// Runs `f` on the host's thread `l`, which may be any coroutine, and leaves the value that it gives on the top of `l`. An error
/// or a panic leaves the stack as it was.
///
/// # Safety
/// `l` is a live thread of a Lua of `api` that runs now or has not started yet, used by this thread only (S-STATE-2), with
/// five free stack slots (S-STACK-1).
pub(crate) unsafe fn visit(
    api: &'static Api,
    l: L,
    f: impl FnOnce(&Lua) -> Result<Option<Value>>,
) -> Result<()> {
    // SAFETY: the caller's promise.
    let state = unsafe { State::of(api, l)? };
    // SAFETY: S-STATE-1, it is open, and `alive` keeps it.
    let state = unsafe { state.as_ref() };
    let _alive = state.alive();
    let _entered = Entered::new(state, l);
    // SAFETY: S-VM-1.
    let mut frame = Frame { api, l, top: unsafe { (api.lua_gettop)(l) } };
    state.more_room(l, MINSTACK)?;
    if let Some(value) = f(state.lua())? {
        let mut pusher = Pusher::new(state);
        pusher.value(&value)?;
        frame.top += pusher.onto_stack()?;
    }
    Ok(())
}

/// Leaves only what is below `top` on the stack.
struct Frame {
    api: &'static Api,
    l: L,
    top: c_int,
}

impl Drop for Frame {
    fn drop(&mut self) {
        // SAFETY: S-VM-1; what lies above is ours, and nothing of it is to be closed.
        unsafe { (self.api.lua_settop)(self.l, self.top) };
    }
}

impl State {
    /// Lua's own registry, where its C libraries keep what they share (Lua manual, "Registry").
    pub(crate) fn lua_registry(&self) -> Result<Table> {
        self.room(1)?;
        let l = self.current.get();
        // SAFETY: there is room; the registry is a table.
        unsafe {
            (self.api.lua_pushvalue)(l, self.api.registry_index);
            Ok(Table(self.pop_ref(l)?))
        }
    }
}
