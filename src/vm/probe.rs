//! A state of our own on which a library is measured that has none yet: one that was linked or opened.

use super::api::{Api, Raising, Unusable};
use super::slots;
use super::types::State;

/// Measures the library of `api` on a new state, which is closed again, and gives it a slot.
///
/// # Safety
/// The functions are those of one Lua library (S-VM-1), which stays loaded (S-VM-3).
pub(super) unsafe fn register(api: Api) -> Result<&'static Api, Unusable> {
    // SAFETY: S-VM-1, the caller's promise.
    let l = unsafe { new_state(api.luaL_newstate)? };
    let close = api.lua_close;
    // SAFETY: S-VM-5, the state is new, so that it is live and has the free slots of a new one.
    let registered = unsafe { slots::register(api, l) };
    // SAFETY: S-VM-5, the state is ours, and nothing refers to it.
    unsafe { close(l) };
    registered
}

/// Calls `luaL_newstate`, the one function of the raising kind that is called from Rust. It stands there because it
/// allocates, but outside of any Lua: there is no one to raise to, and it answers NULL when memory runs out.
///
/// # Safety
/// It is the `luaL_newstate` of a Lua library (S-VM-1).
pub(crate) unsafe fn new_state(function: Raising) -> Result<State, Unusable> {
    if !function.exists() {
        return Err(Unusable::Missing(vec!["luaL_newstate"]));
    }
    // SAFETY: S-VM-1, `lua_State *luaL_newstate(void)` in every version; it is not NULL.
    let l = unsafe {
        let new_state: unsafe extern "C" fn() -> State = std::mem::transmute(function.address());
        new_state()
    };
    if l.is_null() { Err(Unusable::NoState) } else { Ok(l) }
}
