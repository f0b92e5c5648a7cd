//! What a function of the C API says of its success.

use super::oxl_str;

/// How a call went: 0, or a negative number that says why not. Numbers are never changed or used again.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum oxl_status {
    /// It worked.
    OXL_OK = 0,
    /// An argument is NULL or otherwise not allowed.
    OXL_ERR_ARGUMENT = -1,
    /// The Lua of the state was not found, or cannot be used. The message says why, and what helps.
    OXL_ERR_NO_LUA = -2,
    /// There is no extension of this name in this build of the library.
    OXL_ERR_NO_EXTENSION = -3,
    /// An error in Lua, or in a function that Lua calls.
    OXL_ERR_LUA = -4,
    /// Lua ran out of memory, or reached its limit.
    OXL_ERR_MEMORY = -5,
    /// A defect of oxilua, caught: please report it. It says more on stderr.
    OXL_PANIC = -99,
}

use oxl_status::*;

/// All of them with their names.
const NAMES: &[(oxl_status, oxl_str)] = &[
    (OXL_OK, oxl_str::of(c"OXL_OK")),
    (OXL_ERR_ARGUMENT, oxl_str::of(c"OXL_ERR_ARGUMENT")),
    (OXL_ERR_NO_LUA, oxl_str::of(c"OXL_ERR_NO_LUA")),
    (OXL_ERR_NO_EXTENSION, oxl_str::of(c"OXL_ERR_NO_EXTENSION")),
    (OXL_ERR_LUA, oxl_str::of(c"OXL_ERR_LUA")),
    (OXL_ERR_MEMORY, oxl_str::of(c"OXL_ERR_MEMORY")),
    (OXL_PANIC, oxl_str::of(c"OXL_PANIC")),
];

entry! {
    /// The name of a status, such as "OXL_ERR_NO_LUA"; an empty text for a number that is none. Valid for as long as the
    /// library is loaded. Any thread.
    fn oxl_status_name(status: i32) -> oxl_str {
        let named = NAMES.iter().find(|(known, _)| *known as i32 == status);
        named.map_or(oxl_str::EMPTY, |(_, name)| *name)
    }
}
