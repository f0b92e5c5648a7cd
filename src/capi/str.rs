//! Text for C.

use std::ffi::CStr;
use std::os::raw::c_char;

/// A text that somebody else owns: `len` bytes at `data`, with a NUL behind them that does not count. `data` is never NULL.
/// Bytes may be NUL as well, and need not be UTF-8.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct oxl_str {
    /// The first byte.
    pub data: *const c_char,
    /// The number of bytes.
    pub len: usize,
}

impl oxl_str {
    pub(super) const EMPTY: oxl_str = oxl_str::of(c"");

    /// The text of a literal, or of what lives as long as the header promises.
    pub(super) const fn of(text: &CStr) -> oxl_str {
        oxl_str { data: text.as_ptr(), len: text.count_bytes() }
    }
}

/// The bytes of an owned text, and their NUL.
#[derive(Debug)]
pub(super) struct Text(Box<[u8]>);

impl Text {
    pub(super) fn new(text: impl Into<Vec<u8>>) -> Text {
        let mut bytes: Vec<u8> = text.into();
        bytes.push(0);
        Text(bytes.into())
    }

    /// A view of it, valid for as long as this.
    pub(super) fn view(&self) -> oxl_str {
        oxl_str { data: self.0.as_ptr().cast(), len: self.0.len() - 1 }
    }
}
