//! Tracebacks, made without allocating anything in Lua: so they can be made anywhere, and cost little.

use super::args::Stack;
use super::ffi::Anchor;
use super::state::State;
use crate::vm::Api;
use crate::vm::types::{DEBUG_SIZE, State as L};
use std::ffi::CStr;
use std::fmt::Write;
use std::os::raw::{c_char, c_int};

/// A `lua_Debug` of any version.
#[repr(C, align(8))]
pub(crate) struct DebugBuffer(pub(crate) [u8; DEBUG_SIZE]);

impl DebugBuffer {
    pub(crate) fn new() -> DebugBuffer {
        DebugBuffer([0; DEBUG_SIZE])
    }

    pub(crate) fn int(&self, offset: c_int) -> c_int {
        let at = offset as usize;
        c_int::from_ne_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }

    fn pointer(&self, offset: usize) -> *const c_char {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.0[offset..offset + 8]);
        usize::from_ne_bytes(bytes) as *const c_char
    }

    /// The text that a field points to, copied.
    ///
    /// # Safety
    /// `lua_getinfo` filled the field, and its function is still active.
    pub(crate) unsafe fn text(&self, offset: usize) -> Option<String> {
        let p = self.pointer(offset);
        // SAFETY: S-DEBUG-1, a field that is not NULL is a C string of Lua's.
        (!p.is_null()).then(|| unsafe { CStr::from_ptr(p) }.to_string_lossy().into_owned())
    }

    pub(crate) fn short_src(&self, api: &Api) -> String {
        let from = api.debug_short_src as usize;
        // LUA_IDSIZE is 60 in all standard builds; a longer one still has its NUL within the buffer.
        let text = &self.0[from..];
        let end = text.iter().position(|&b| b == 0).unwrap_or(0);
        String::from_utf8_lossy(&text[..end]).into_owned()
    }
}

/// Offsets that are the same in every version.
pub(crate) const NAME: usize = 8;
pub(crate) const NAMEWHAT: usize = 16;
pub(crate) const WHAT: usize = 24;
pub(crate) const SOURCE: usize = 32;

/// Levels shown from each end of a deep stack, like luaL_traceback.
const HEAD: c_int = 10;
const TAIL: c_int = 11;

/// The traceback of `l` from `level` on, in the form of `luaL_traceback`. It names functions by how they were called, and
/// not by a search through all loaded libraries, which is what makes that of Lua slow.
///
/// # Safety
/// `l` is a live thread of the state.
pub(crate) unsafe fn traceback(state: &State, l: L, message: Option<&str>, level: c_int) -> String {
    let api = state.api;
    let mut out = String::new();
    if let Some(message) = message {
        out.push_str(message);
        out.push('\n');
    }
    out.push_str("stack traceback:");
    let mut debug = DebugBuffer::new();
    // SAFETY: the caller's promise; these two look at the stack only and cannot raise.
    unsafe {
        let last = last_level(api, l, &mut debug);
        let mut level = level;
        let mut skip_from = if last - level > HEAD + TAIL { level + HEAD } else { -1 };
        while (api.lua_getstack)(l, level, debug.0.as_mut_ptr().cast()) != 0 {
            if level == skip_from {
                let skipped = last - level - TAIL + 1;
                let _ = write!(out, "\n\t...\t(skipping {skipped} levels)");
                level += skipped;
                skip_from = -1;
                continue;
            }
            level += 1;
            (api.lua_getinfo)(l, c"Snl".as_ptr(), debug.0.as_mut_ptr().cast());
            let line = debug.int(api.debug_currentline);
            let _ = write!(out, "\n\t{}:", debug.short_src(api));
            if line > 0 {
                let _ = write!(out, "{line}:");
            }
            out.push_str(" in ");
            describe(api, &debug, &mut out);
        }
    }
    out
}

/// What kind of function it is and how it was called.
unsafe fn describe(api: &Api, debug: &DebugBuffer, out: &mut String) {
    // SAFETY: S-DEBUG-1, getinfo has just filled these.
    let (name, namewhat, what) = unsafe { (debug.text(NAME), debug.text(NAMEWHAT), debug.text(WHAT)) };
    let what = what.unwrap_or_default();
    match name {
        Some(name) if namewhat.as_deref().is_some_and(|w| !w.is_empty()) => {
            let kind = namewhat.unwrap_or_default();
            let kind =
                if kind == "global" || kind == "upvalue" || kind == "local" { "function" } else { &kind };
            let _ = write!(out, "{kind} '{name}'");
        }
        _ if what == "main" => out.push_str("main chunk"),
        _ if what == "C" => out.push('?'),
        _ if what == "tail" => out.push_str("a tail call"),
        _ => {
            let _ = write!(out, "function <{}:{}>", debug.short_src(api), debug.int(api.debug_linedefined));
        }
    }
}

/// The highest level of the stack.
unsafe fn last_level(api: &Api, l: L, debug: &mut DebugBuffer) -> c_int {
    // SAFETY: the caller's promise.
    let mut there = |level| unsafe { (api.lua_getstack)(l, level, debug.0.as_mut_ptr().cast()) != 0 };
    let (mut low, mut high) = (0, 1);
    while there(high) {
        low = high;
        high *= 2;
    }
    while low < high - 1 {
        let middle = low + (high - low) / 2;
        if there(middle) { low = middle } else { high = middle }
    }
    low
}

/// The message handler of protected calls: notes where the error came from, and leaves the error value as it is.
pub(crate) unsafe extern "C" fn on_error(l: L, anchor: *mut Anchor) {
    // SAFETY: S-ANCHOR-1, a handler runs only while its state is open.
    let Some(state) = (unsafe { (*anchor).state.as_ref() }) else { return };
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let stack = Stack { state, l };
        // SAFETY: the error value is the handler's argument. Level 0 is the handler itself.
        let traceback = unsafe {
            let traced = stack.failure(1).is_some_and(super::failure::Failure::is_traced);
            (!traced).then(|| traceback(state, l, None, 1))
        };
        *state.traceback.borrow_mut() = traceback;
    }));
}
