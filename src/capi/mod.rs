//! The C API: `include/oxilua.h`, which `tools/header` makes of these files, one noun each.
//!
//! It is thin: what a function does is the business of the binding, here it gets its C face. Every function is an
//! `entry!` (entry.rs), which exports it, checks its pointers and lets nothing unwind into C; what it promises and asks for is in its
//! documentation and in docs/C-API.md. Types and constants have their C names, so that a search finds both sides.
//!
//! Rust programs have no use for it.

// C's names, and its contract instead of a "# Safety" section: whoever calls must pass what the header says (S-CAPI-1).
#![allow(non_camel_case_types, non_snake_case, clippy::missing_safety_doc)]

#[macro_use]
mod entry;

// In the order of the header.
mod version;

mod str;

mod status;

mod error;

mod engine;

mod extension;

mod open;

pub use engine::*;
pub use error::*;
pub use extension::*;
pub use open::*;
pub use status::*;
pub use str::*;
pub use version::*;
