//! Which key comes next. JSON repeats itself: the keys of one object are mostly those of the object before, in the same
//! order. So every known key remembers which key followed it last time; if the text goes on with exactly that, the key needs
//! no scan, and if it came before, it waits on the Lua stack (a [`Tag::Slot`](super::tape::Tag) cell) and needs no interning.

use super::tape::Cell;
use super::text::{same, two_words, word};

const KEYS: usize = 256;
/// Longer keys are neither predicted nor kept.
const MAX_LEN: usize = 64;
const NO_SLOT: u16 = u16::MAX;

/// A key that occurred in this document.
#[derive(Clone, Copy, Default)]
struct Key {
    /// The first 16 bytes of the key and the quote behind it, and which of them count.
    low: u64,
    low_mask: u64,
    high: u64,
    high_mask: u64,
    /// Where it is in the document.
    start: u32,
    len: u32,
    /// The document it belongs to; in any other one this entry is free.
    era: u32,
    /// Its slot on the Lua stack, once it has occurred twice: most keys that occur once never come back.
    slot: u16,
    kept: bool,
    /// The entry of the key that followed last time.
    next: u8,
}

/// The keys of one document: a table with one place per hash value, where a newcomer displaces the old.
pub struct Keys {
    keys: Box<[Key; KEYS]>,
    era: u32,
    /// Slots in use on the Lua stack.
    slots: u16,
    /// The entry of the last known key.
    last: u8,
}

impl Keys {
    pub fn new() -> Keys {
        Keys { keys: Box::new([Key::default(); KEYS]), era: 0, slots: 0, last: 0 }
    }

    /// Forgets all keys. The first `reserved` slots are somebody else's.
    pub fn start(&mut self, reserved: u16) {
        self.era = self.era.wrapping_add(1);
        if self.era == 0 {
            // After four billion documents the eras repeat: start afresh, or old entries would look like new ones.
            self.keys.fill(Key::default());
            self.era = 1;
        }
        self.slots = reserved;
        self.last = 0;
    }

    /// How many slots the tape uses; at most `KEYS` plus the reserved ones.
    pub fn slots(&self) -> u16 {
        self.slots
    }

    /// If the text at `start` (behind the opening quote) is the key that came next last time: its cell and the position
    /// behind its closing quote.
    #[inline(always)]
    pub fn guess(&mut self, text: &[u8], start: usize) -> Option<(Cell, usize)> {
        let next = self.keys[self.last as usize].next;
        let key = &mut self.keys[next as usize];
        let (low, high) = two_words(text, start)?;
        if key.era != self.era || low & key.low_mask != key.low || high & key.high_mask != key.high {
            return None;
        }
        let len = key.len as usize;
        if len >= 16
            && !(text.get(start + len) == Some(&b'"')
                && same(text, key.start as usize + 8, start + 8, len - 8))
        {
            return None;
        }
        self.last = next;
        Some((Self::again(key, &mut self.slots, text, start), start + len + 1))
    }

    /// The cell of the key at `start`, and from now on this key is known.
    #[inline(always)]
    pub fn find(&mut self, text: &[u8], start: usize, len: usize) -> Cell {
        if len > MAX_LEN {
            return Cell::str(text.as_ptr().wrapping_add(start), len);
        }
        let place = hash(text, start, len);
        self.keys[self.last as usize].next = place;
        self.last = place;
        let key = &mut self.keys[place as usize];
        if key.era == self.era && key.len as usize == len && same(text, key.start as usize, start, len) {
            return Self::again(key, &mut self.slots, text, start);
        }
        if key.era != self.era {
            key.slot = NO_SLOT;
        }
        key.kept = false;
        key.start = start as u32;
        key.len = len as u32;
        key.low_mask = mask(len + 1);
        key.high_mask = mask((len + 1).saturating_sub(8));
        // At the very end of a document there are no 16 bytes to remember: then the place stays free.
        key.era = match two_words(text, start) {
            Some((low, high)) => {
                key.low = low & key.low_mask;
                key.high = high & key.high_mask;
                self.era
            }
            None => 0,
        };
        Cell::str(text.as_ptr().wrapping_add(start), len)
    }

    /// The cell of a key that occurred before: the second time it is kept, from then on it is there.
    #[inline(always)]
    fn again(key: &mut Key, slots: &mut u16, text: &[u8], start: usize) -> Cell {
        if key.kept {
            return Cell::slot(key.slot);
        }
        if key.slot == NO_SLOT {
            key.slot = *slots;
            *slots += 1;
        }
        key.kept = true;
        Cell::keep(text.as_ptr().wrapping_add(start), key.len as usize, key.slot)
    }
}

/// The lowest `n` bytes of a word, or all of them.
#[inline(always)]
fn mask(n: usize) -> u64 {
    if n >= 8 { u64::MAX } else { (1 << (8 * n)) - 1 }
}

/// A place for a key, from its length and its first and last eight bytes.
#[inline(always)]
fn hash(text: &[u8], start: usize, len: usize) -> u8 {
    let (first, last) = if len >= 8 {
        (word(text, start).unwrap_or(0), word(text, start + len - 8).unwrap_or(0))
    } else {
        (word(text, start).unwrap_or(0) & mask(len), 0)
    };
    let mixed = first ^ last.rotate_left(23) ^ ((len as u64) << 56);
    (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8
}
