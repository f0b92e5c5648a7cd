//! The Luas of this process, as oxilua met them.

use super::oxl_str;
use super::str::Text;
use crate::vm::{Api, slots};
use std::sync::{Mutex, PoisonError};

/// A Lua library, or a program with a Lua in it, that oxilua works with. It stays valid, and the same, for as long as
/// the process runs; any thread may read it.
pub struct oxl_engine {
    api: &'static Api,
    name: Text,
    origin: Text,
}

/// Those that C has asked for, in the order in which they were met.
static KNOWN: Mutex<Vec<&'static oxl_engine>> = Mutex::new(Vec::new());

/// The engines of all tables, which never go away.
fn engines() -> Vec<&'static oxl_engine> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    for api in slots::all().into_iter().skip(known.len()) {
        let (name, origin) = (Text::new(api.version.name()), Text::new(api.origin.as_str()));
        known.push(Box::leak(Box::new(oxl_engine { api, name, origin })));
    }
    known.clone()
}

entry! {
    /// How many different Luas oxilua has met in this process. It only grows. Any thread.
    fn oxl_engine_count() -> usize {
        slots::all().len()
    }
}

entry! {
    /// A Lua, from 0 on in the order in which they were met; NULL if there are not so many. Any thread.
    fn oxl_engine_at(index: usize) -> *const oxl_engine {
        engines().get(index).map_or(std::ptr::null(), |engine| std::ptr::from_ref(*engine))
    }
}

entry! {
    /// "Lua 5.4", or "LuaJIT". Valid for as long as the process runs.
    fn oxl_engine_name(engine: &oxl_engine) -> oxl_str {
        engine.name.view()
    }
}

entry! {
    /// Where it is, and in parentheses how it was found: "/usr/bin/lua5.4 (it called)". Valid for as long as the process
    /// runs.
    fn oxl_engine_origin(engine: &oxl_engine) -> oxl_str {
        engine.origin.view()
    }
}

entry! {
    /// Its LUA_VERSION_NUM: 501 to 505, 501 for LuaJIT.
    fn oxl_engine_version_number(engine: &oxl_engine) -> u32 {
        engine.api.version_number.unsigned_abs()
    }
}
