//! Which Lua: every Lua library that the process uses, found and described.
//!
//! Nothing of Lua is linked into a run-time bound build. Each Lua library that oxilua meets becomes one [`Api`], a
//! table of its functions together with its dialect, measured once and kept for good. Above this module no code
//! knows where a function comes from, and none asks for a version but through the dialect.
//!
//! # How the Lua of a state is found
//!
//! A C function that Lua calls gets a `lua_State`, and nothing in that says to which library it belongs. Calling
//! a function of another Lua on it would crash, so that a Lua is taken only when it is certain:
//!
//! 1. **A table that is there already** and whose `lua_gettop` lies in the library or program that called. So a Lua that
//!    its host handed over ([`host`]) is found, even if it exports nothing, and so is one that was met before.
//! 2. **The return address.** The library or program that contains it is the Lua that calls: its functions are looked up
//!    there and nowhere else. This needs no linking and works where a host loaded its Lua privately.
//! 3. **What the caller depends on**, if the address lies in a host that wraps its C functions.
//! 4. **The only Lua of the process**, if neither says anything. Hidden Luas count: a program that carries one without
//!    exporting it is recognised by its error messages ([`resolve`]). With two Luas it is refused.
//!
//! Where there is only a state and no address, the linked Lua is meant, or else the only Lua of the process.
//!
//! A build with a version feature has a Lua of its own ([`link`]); without, and without a host, one is opened ([`open`]).
//!
//! # The parts
//!
//! [`list`] is the Lua C API, written down once; [`api`] the table made of it; [`dialect`] what differs between versions;
//! [`slots`] the tables of this process; [`probe`] the state on which a library is measured if there is no other.

pub(crate) mod api;
pub(crate) mod dialect;
#[cfg(feature = "capi")]
pub(crate) mod host;
pub(crate) mod link;
pub(crate) mod list;
pub(crate) mod open;
pub(crate) mod probe;
pub(crate) mod resolve;
pub(crate) mod slots;
pub(crate) mod types;

pub(crate) use api::Api;
