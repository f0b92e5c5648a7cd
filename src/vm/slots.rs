//! The Lua libraries of this process, each in a slot.
//!
//! A C function that Lua calls gets only its `lua_State`, and nothing in there says to which library it belongs. So the
//! shim has one trampoline for each slot, chosen when a closure is made; slot number N of `oxl_slots` is the table it
//! uses. A slot is given once and never again: the library in it is pinned.

use super::api::{Api, Unusable};
use super::dialect;
use super::types::State;
use std::os::raw::c_int;
use std::sync::Mutex;

/// How many different Lua libraries one process can use. The shim has as many trampolines of each kind.
pub(crate) const SLOTS: usize = 16;

unsafe extern "C" {
    /// Lets the trampolines of a slot use this table (shim.c), of which the shim declares the part it reads.
    #[allow(improper_ctypes)]
    #[link_name = concat!("oxl_", env!("OXILUA_SYMBOL_VERSION"), "_set_slot")]
    fn set_slot(slot: c_int, api: *const Api);
}

static TABLES: Mutex<Vec<&'static Api>> = Mutex::new(Vec::new());

/// The tables made so far.
pub(crate) fn all() -> Vec<&'static Api> {
    TABLES.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
}

/// The table of the library whose `lua_gettop` this is, if it has one already. Two hosts that reach the same library in
/// different ways share it.
pub(crate) fn find(lua_gettop: *const std::os::raw::c_void) -> Option<&'static Api> {
    all().into_iter().find(|api| api.lua_gettop as usize == lua_gettop as usize)
}

/// Measures the library on `l`, gives it a slot and keeps its table for good. The library must not be unloaded from now
/// on: the caller pins it before.
///
/// # Safety
/// `l` is a live state of the library of `api`, used on this thread (S-VM-1, S-STACK-1).
pub(crate) unsafe fn register(mut api: Api, l: State) -> Result<&'static Api, Unusable> {
    // SAFETY: the caller's promise.
    unsafe { dialect::probe(&mut api, l)? };
    let mut tables = TABLES.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(known) = tables.iter().find(|t| t.lua_gettop as usize == api.lua_gettop as usize) {
        return Ok(known);
    }
    if tables.len() == SLOTS {
        return Err(Unusable::TooMany(SLOTS));
    }
    api.slot = tables.len() as c_int;
    let api: &'static Api = Box::leak(Box::new(api));
    // SAFETY: the slot is below SLOTS, and the table lives forever (S-VM-2).
    unsafe { set_slot(api.slot, api) };
    tables.push(api);
    Ok(api)
}
