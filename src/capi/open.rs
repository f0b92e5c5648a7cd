//! The extensions in a host's state.

use super::{oxl_error, oxl_status};
use crate::Value;
use crate::ext::{self, Extension};
use crate::raw::host::visit;
use crate::vm::host::{HostLua, register_host};
use crate::vm::types::lua_State;
use crate::vm::{Api, resolve};
use std::os::raw::c_char;
use std::ptr::NonNull;

entry! {
    /// Opens an extension in a Lua state: puts it into `package.loaded`, so that `require` finds it, and pushes it onto the stack of
    /// L. If it has been loaded before, it is the one that is there.
    ///
    /// `name`, of `name_len` bytes, is what `require` calls it: "oxilua.json". With NULL and 0 all are opened, and what is pushed
    /// is the table of `require "oxilua"`, which has them as fields.
    ///
    /// `host` is NULL if the state's Lua is the only one of the process and exports its functions, as a shared library does.
    /// Otherwise it is `oxl_host_lua()` of oxilua_host.h, which may be given in any case. It is read during this call only; the
    /// Lua that was handed over is known from then on, and must stay loaded.
    ///
    /// L may be any coroutine that runs now, also inside of a lua_CFunction, or the main thread while it does not run. Five free stack
    /// slots are needed. On failure the stack is as it was, and nothing is raised.
    ///
    /// OXL_ERR_NO_LUA, OXL_ERR_NO_EXTENSION, OXL_ERR_MEMORY; OXL_ERR_LUA if the state is being closed. On the thread that uses the
    /// state.
    fn oxl_open(L: NonNull<lua_State>, host: *const HostLua, name: *const c_char, name_len: usize) -> Result {
        // SAFETY: S-CAPI-1, `name` has this length, and S-CAPI-2.
        unsafe {
            let wanted = wanted(name, name_len)?;
            let api = lua_of(L, host)?;
            Ok(visit(api, L.as_ptr(), |lua| {
                let mut module = Value::Nil;
                for extension in wanted {
                    module = ext::load(lua, extension)?;
                }
                Ok(Some(module))
            })?)
        }
    }
}

entry! {
    /// Makes `require` find an extension in a Lua state, which is opened when a script asks for it: puts its loader into
    /// `package.preload`, in place of another of this name. The stack of L is not changed.
    ///
    /// `name`, `name_len`, `host` and L are those of `oxl_open`; with NULL and 0 it makes `require` find all of them, and "oxilua".
    ///
    /// The errors of `oxl_open`; OXL_ERR_LUA also if the state has no package library, and so no `require`. On the thread that
    /// uses the state.
    fn oxl_preload(L: NonNull<lua_State>, host: *const HostLua, name: *const c_char, name_len: usize) -> Result {
        // SAFETY: S-CAPI-1, `name` has this length, and S-CAPI-2.
        unsafe {
            let wanted = wanted(name, name_len)?;
            let api = lua_of(L, host)?;
            Ok(visit(api, L.as_ptr(), |lua| {
                ext::preload(lua, wanted)?;
                Ok(None)
            })?)
        }
    }
}

/// The table of the state's Lua.
///
/// # Safety
/// S-CAPI-2.
unsafe fn lua_of(l: NonNull<lua_State>, host: *const HostLua) -> Result<&'static Api, oxl_error> {
    // SAFETY: the caller's promise.
    let found = unsafe {
        if host.is_null() { resolve::by_state(l.as_ptr()) } else { register_host(l.as_ptr(), host) }
    };
    Ok(found?)
}

/// The extension of this name, or for no name all of them, the table last.
///
/// # Safety
/// `name` is NULL or has `len` bytes.
unsafe fn wanted(name: *const c_char, len: usize) -> Result<Vec<&'static Extension>, oxl_error> {
    let known = || ext::ALL.iter().chain([&ext::ROOT]);
    if len == 0 {
        return Ok(known().collect());
    }
    if name.is_null() || isize::try_from(len).is_err() {
        let why = format!("name cannot have {len} bytes at {name:p}");
        return Err(oxl_error::new(oxl_status::OXL_ERR_ARGUMENT, why));
    }
    // SAFETY: the caller's promise.
    let name = unsafe { std::slice::from_raw_parts(name.cast::<u8>(), len) };
    match known().find(|extension| extension.name.as_bytes() == name) {
        Some(extension) => Ok(vec![extension]),
        None => {
            let names: Vec<&str> = known().map(|extension| extension.name).collect();
            let name = String::from_utf8_lossy(name);
            let why = format!("this oxilua has no extension '{name}'; it has {}", names.join(", "));
            Err(oxl_error::new(oxl_status::OXL_ERR_NO_EXTENSION, why))
        }
    }
}
