//! The Lua that this build is linked with, if any.
//!
//! `build.rs` chooses it and writes the names of the functions that it has; here they become a table like that of any
//! other Lua.

use super::api::{Api, Unusable};

/// The table of the linked Lua. `None`: this build finds its Lua at run time.
#[cfg(not(oxilua_linked))]
pub(crate) fn linked() -> Option<Result<&'static Api, Unusable>> {
    None
}

/// The table of the linked Lua. `None`: this build finds its Lua at run time.
#[cfg(oxilua_linked)]
pub(crate) fn linked() -> Option<Result<&'static Api, Unusable>> {
    use std::sync::OnceLock;
    static LINKED: OnceLock<Result<&'static Api, Unusable>> = OnceLock::new();
    Some(LINKED.get_or_init(table).clone())
}

#[cfg(oxilua_linked)]
mod symbols {
    include!(concat!(env!("OUT_DIR"), "/linked.rs"));
}

#[cfg(oxilua_linked)]
fn table() -> Result<&'static Api, Unusable> {
    use super::dialect::Version;
    use super::probe;
    use std::ffi::CStr;
    use std::os::raw::c_void;

    let mut lookup = |name: &'static CStr| {
        let found = symbols::SYMBOLS.iter().find(|(known, _)| *known == name);
        found.map_or(std::ptr::null(), |(_, function)| *function as *const c_void)
    };
    // SAFETY: S-VM-1, the linker took these functions from the one Lua that build.rs names.
    let mut api = unsafe { Api::from_lookup(&mut lookup, format!("linked, {}", symbols::ORIGIN))? };
    if symbols::VENDORED && api.version == Version::LuaJit {
        // An old LuaJIT throws the errors of finalizers out of the allocation that ran the collector, and none says
        // which it is. The one in luajit-src reports them as an event: `gc_call_finalizer` in its lj_gc.c, tried.
        api.finalizer_errors_escape = 0;
    }
    // SAFETY: S-VM-1, and S-VM-3: a linked library is never unloaded before this code.
    unsafe { probe::register(api) }
}
