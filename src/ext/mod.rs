//! The Lua extensions.
