//! The Lua extensions: modules written in Rust, and `oxilua`, the table that has them all.
//!
//! An extension is a row in [`ALL`]. From there a host opens it ([`capi`](crate::capi)), `require "oxilua"` finds it, and it
//! has a C function of its own for `require`:
//!
//! ```text
//! #[cfg(feature = "json")]
//! Extension { name: "oxilua.json", open: json::open },
//! ...
//! #[cfg(feature = "json")]
//! crate::luaopen!(luaopen_oxilua_json, json::open);
//! ```
//!
//! All of this is only in the C library (feature `capi`): a Rust module that uses this crate exports functions of its own.

#[cfg(feature = "json")]
mod json;
mod package;
mod root;

pub(crate) use package::{load, preload};

use crate::{Lua, Result, Value};

/// A module that a program can `require`.
pub(crate) struct Extension {
    /// What `require` calls it: `oxilua.` and its name.
    pub(crate) name: &'static str,
    /// Makes what `require` returns.
    pub(crate) open: fn(&Lua) -> Result<Value>,
}

/// The table of all.
pub(crate) const ROOT: Extension = Extension { name: "oxilua", open: root::open };

/// The extensions of this build.
pub(crate) const ALL: &[Extension] = &[
    #[cfg(feature = "json")]
    Extension { name: "oxilua.json", open: json::open },
    #[cfg(feature = "json")]
    Extension { name: "oxilua.json.safe", open: json::open_safe },
];

crate::luaopen!(luaopen_oxilua, root::open);
#[cfg(feature = "json")]
crate::luaopen!(luaopen_oxilua_json, json::open);
#[cfg(feature = "json")]
crate::luaopen!(luaopen_oxilua_json_safe, json::open_safe);
