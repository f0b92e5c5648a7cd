//! How to touch a Lua: the only modules, besides `vm`, that use a Lua stack.
//!
//! * [`state`]: one Lua state as Rust sees it; [`refs`]: references to Lua values from Rust,
//!   [`frame`]: borrows of what they hold.
//! * [`calm`]: proofs that something which may raise cannot do so now; [`op`]: protected calls for when it can.
//! * [`push`] and [`tape`]: Rust values onto a Lua stack, directly or as plain data; [`args`]: back.
//! * `host`: a host's state, entered from C.
//! * [`callback`]: Rust functions that Lua calls; `body`: functions whose body is C; [`failure`]: errors and panics that cross
//!   Lua; [`userdata`]: blocks.
//!
//! docs/SAFETY.md has the invariants that the SAFETY comments name.

pub(crate) mod args;
#[cfg(all(feature = "capi", feature = "json"))]
pub(crate) mod body;
pub(crate) mod callback;
pub(crate) mod calm;
pub(crate) mod failure;
pub(crate) mod ffi;
pub(crate) mod frame;
pub(crate) mod heap;
#[cfg(feature = "capi")]
pub(crate) mod host;
pub(crate) mod keys;
pub(crate) mod module;
pub(crate) mod op;
pub(crate) mod push;
pub(crate) mod refs;
pub(crate) mod state;
pub(crate) mod tape;
pub(crate) mod traceback;
pub(crate) mod userdata;

pub(crate) use refs::{Pinned, ValueRef};
pub(crate) use state::State;
