//! A Lua that its host hands over.
//!
//! A host whose Lua is linked statically and exports nothing cannot be searched: it says itself where its functions are.
//! `include/oxilua_host.h` fills these structs, compiled by the host with its own `lua.h`. They hold names with
//! addresses and no fixed layout of functions, so that a host and a library of different age understand each other.

use super::api::Api;
use super::resolve::{self, NotFound};
use super::slots;
use super::types::State;
use std::collections::HashMap;
use std::ffi::CStr;
use std::os::raw::{c_char, c_void};

/// A function of the host's Lua.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct HostFunction {
    /// Its name, as in the Lua manual.
    pub name: *const c_char,
    /// Its address.
    pub address: Option<unsafe extern "C" fn()>,
}

/// A host's Lua: the functions of its C API. Made by `oxl_host_lua()` of `oxilua_host.h`.
///
/// Fields are only ever added at the end, and `size` says which are there.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct HostLua {
    /// The size of this struct in bytes, as the host was compiled.
    pub size: u32,
    /// `LUA_VERSION_NUM` of the host's `lua.h`: 501 for Lua 5.1 and LuaJIT, up to 505.
    pub lua_version_num: u32,
    /// How many functions follow.
    pub count: u32,
    /// Always 0 for now.
    pub flags: u32,
    /// The functions, in any order.
    pub functions: *const HostFunction,
}

/// More functions than any Lua has: a count above this was not made by our header.
const MOST_FUNCTIONS: u32 = 4096;

/// The table of the Lua that a host handed over.
///
/// # Safety
/// `host` is NULL or points to at least 4 bytes, and to as many as its `size` says (S-VM-7); its functions are those of one
/// Lua library, of which `l` is a live state on the thread that may use it, with five free stack slots (S-VM-1, S-STACK-1).
pub(crate) unsafe fn register_host(l: State, host: *const HostLua) -> Result<&'static Api, NotFound> {
    let refuse = |why: String| {
        Err(NotFound::new(format!("oxilua cannot use the Lua that the host hands over: {why}")))
    };
    // SAFETY: S-VM-7.
    let functions = match unsafe { functions(host) } {
        Ok(functions) => functions,
        Err(why) => return refuse(why),
    };
    let mut lookup = |name: &'static CStr| functions.get(name).copied().unwrap_or(std::ptr::null());
    let gettop = lookup(c"lua_gettop");
    if let Some(api) = slots::find(gettop) {
        return Ok(api);
    }
    let place = resolve::name_of(gettop).unwrap_or_else(|| "a place outside of any library".into());
    // SAFETY: S-VM-1, the caller's promise.
    let api = match unsafe { Api::from_lookup(&mut lookup, format!("{place} (its host handed it over)")) } {
        Ok(api) => api,
        Err(unusable) => return refuse(unusable.to_string()),
    };
    // SAFETY: S-VM-7, `functions` has checked the pointer and the size.
    let stated = unsafe { (*host).lua_version_num };
    if stated != api.version_number as u32 {
        return refuse(format!("it is {} and its lua.h says {stated}", api.version));
    }
    // A Lua in no library (made by a tool that loads code itself) stays where it is, so far as the loader knows.
    resolve::pin(gettop);
    // SAFETY: the caller's promise; the library is pinned (S-VM-3).
    unsafe { slots::register(api, l) }.or_else(|unusable| refuse(unusable.to_string()))
}

/// The functions by name. Names that this version does not know are there as well, and are not asked for.
///
/// # Safety
/// As [`register_host`].
unsafe fn functions<'a>(host: *const HostLua) -> Result<HashMap<&'a CStr, *const c_void>, String> {
    if host.is_null() {
        return Err("it is NULL".into());
    }
    // SAFETY: S-VM-7, the size is there in any case.
    let size = unsafe { (&raw const (*host).size).read() } as usize;
    if size < size_of::<HostLua>() {
        return Err(format!(
            "it says that it has {size} bytes, at least {} are needed",
            size_of::<HostLua>()
        ));
    }
    // SAFETY: S-VM-7, the size says that the whole struct is there.
    let host = unsafe { host.read() };
    if host.functions.is_null() || host.count > MOST_FUNCTIONS {
        return Err(format!("it has {} functions at {:p}", host.count, host.functions));
    }
    // SAFETY: S-VM-7, this many entries are there, and each name is a C string or NULL.
    unsafe {
        let entries = std::slice::from_raw_parts(host.functions, host.count as usize);
        let named = entries.iter().filter(|entry| !entry.name.is_null());
        Ok(named
            .filter_map(|entry| Some((CStr::from_ptr(entry.name), entry.address? as *const c_void)))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::api::NAMES;

    /// The header names every function of the list, but those that a host may not have: it need not link the standard
    /// libraries, and makes its states itself.
    #[test]
    fn the_header_has_all_functions() {
        let header = include_str!("../../include/oxilua_host.h");
        for name in NAMES.iter().map(|name| name.to_str().unwrap()) {
            let there = header.contains(&format!("OXL_HOST_FUNCTION({name})\n"));
            assert_eq!(there, !name.starts_with("luaopen_") && !name.starts_with("luaL_"), "{name}");
        }
    }

    #[test]
    fn bad_structs_are_refused() {
        let l = std::ptr::null_mut();
        let function = HostFunction { name: c"lua_gettop".as_ptr(), address: None };
        let good = HostLua { size: 24, lua_version_num: 504, count: 1, flags: 0, functions: &function };
        let refused = |host: *const HostLua, why: &str| {
            // SAFETY: S-VM-7, the pointer is NULL or good; without functions nothing is called on the state.
            let message = unsafe { register_host(l, host) }.err().unwrap().to_string();
            assert!(message.contains(why), "{message}");
        };
        refused(std::ptr::null(), "NULL");
        refused(&HostLua { size: 16, ..good }, "16 bytes");
        refused(&HostLua { functions: std::ptr::null(), ..good }, "1 functions");
        refused(&HostLua { count: u32::MAX, ..good }, "4294967295 functions");
        refused(&good, "lacks lua_gettop, lua_settop");
    }
}
