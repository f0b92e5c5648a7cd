//! The order of an object's keys for `sort_keys`: that of their bytes.

/// A key, as bytes of a Lua string that the C side has anchored.
struct Key {
    start: *const u8,
    len: usize,
    /// What the C side finds it by.
    index: u32,
}

impl Key {
    fn bytes(&self) -> &[u8] {
        // SAFETY: S-JSON-3, `add` was promised that the bytes stay for as long as the key is here.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }
}

/// The keys of all the objects that are open, the innermost object's last.
#[derive(Default)]
pub struct Sorter {
    keys: Vec<Key>,
}

impl Sorter {
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// # Safety
    /// The `len` bytes at `start` must stay until the key is cut off.
    pub unsafe fn add(&mut self, start: *const u8, len: usize, index: u32) -> bool {
        if self.keys.try_reserve(1).is_err() {
            return false;
        }
        self.keys.push(Key { start, len, index });
        true
    }

    /// Sorts the keys from `from` on.
    pub fn sort(&mut self, from: usize) {
        if let Some(keys) = self.keys.get_mut(from..) {
            keys.sort_unstable_by(|a, b| a.bytes().cmp(b.bytes()));
        }
    }

    pub fn get(&self, i: usize) -> Option<(*const u8, usize, u32)> {
        self.keys.get(i).map(|key| (key.start, key.len, key.index))
    }

    pub fn cut(&mut self, len: usize) {
        self.keys.truncate(len);
    }
}
