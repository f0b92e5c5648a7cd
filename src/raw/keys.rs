//! A cache of the strings that a program uses as keys.
//!
//! `table.get("name")` needs the key as a Lua string: making it means hashing the text, looking it up among Lua's strings,
//! and, in a state whose memory is not ours, a protected call, since it might allocate. Programs use few keys, again
//! and again. So a few short strings stay in slots of the first reference thread, and a known key costs a comparison.

use super::state::State;
use crate::vm::types::State as L;
use std::cell::UnsafeCell;
use std::os::raw::c_int;

/// The cache's slots on the first reference thread.
pub(crate) const FIRST_SLOT: c_int = super::ffi::slot::FIXED;
pub(crate) const COUNT: usize = 128;
/// Longer keys are rare, and Lua does not intern strings of more than 40 bytes.
const LONGEST: usize = 40;

#[derive(Clone, Copy)]
struct Entry {
    /// The bytes of the string in the slot, which Lua does not move.
    bytes: *const u8,
    len: usize,
    /// The hash of the last key that was not found here: one that misses twice is worth a slot.
    missed: u32,
}

pub(crate) struct Keys(UnsafeCell<[Entry; COUNT]>);

/// Where a key is or could be.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// The string is in this slot of the first reference thread.
    Slot(c_int),
    /// It is not here, but should be put here.
    Wanted(usize),
    /// It is not here, and once is not enough.
    Unknown,
}

impl Keys {
    pub(crate) fn new() -> Keys {
        Keys(UnsafeCell::new([Entry { bytes: std::ptr::null(), len: usize::MAX, missed: 0 }; COUNT]))
    }

    #[inline]
    fn hash(key: &[u8]) -> u32 {
        let n = key.len();
        // The first and the last bytes and the length tell most keys apart; a collision only costs time.
        let word = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let (head, tail) = match n {
            0 => (0, 0),
            1..4 => (u32::from(key[0]) | u32::from(key[n / 2]) << 8, u32::from(key[n - 1])),
            _ => (word(&key[..4]), word(&key[n - 4..])),
        };
        let mixed = (head ^ tail.rotate_left(13) ^ (n as u32) << 24).wrapping_mul(0x9E37_79B1);
        mixed ^ mixed >> 15
    }

    #[inline]
    pub(crate) fn find(&self, key: &[u8]) -> Place {
        if key.len() > LONGEST {
            return Place::Unknown;
        }
        let hash = Keys::hash(key);
        let index = hash as usize % COUNT;
        // SAFETY: S-STATE-2, and no reference to the entries lives longer than this function.
        let entry = unsafe { &mut (*self.0.get())[index] };
        // SAFETY: S-REF-1, the string in the slot keeps its bytes.
        if entry.len == key.len() && unsafe { std::slice::from_raw_parts(entry.bytes, entry.len) } == key {
            return Place::Slot(FIRST_SLOT + index as c_int);
        }
        if entry.missed == hash {
            return Place::Wanted(index);
        }
        entry.missed = hash;
        Place::Unknown
    }
}

impl State {
    /// Keeps the string on the top of `l` at a place that wanted it, and leaves it there.
    ///
    /// # Safety
    /// `l` is a thread of the state; the value on its top is the string that `find` was asked for; one free slot.
    pub(crate) unsafe fn keep_key(&self, l: L, index: usize) {
        // SAFETY: S-REF-1, the slots of the cache are the first reference thread's own.
        unsafe {
            let bytes: &[u8] = self.api.string_bytes(l, -1);
            (self.api.lua_pushvalue)(l, -1);
            if l != self.refs {
                (self.api.lua_xmove)(l, self.refs, 1);
            }
            self.api.replace(self.refs, FIRST_SLOT + index as c_int);
            let entry = &mut (*self.keys.0.get())[index];
            (entry.bytes, entry.len) = (bytes.as_ptr(), bytes.len());
        }
    }
}
