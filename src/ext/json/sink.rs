//! The text that encoding writes: one buffer, shared with C, which appends punctuation to it by itself.

use std::mem::ManuallyDrop;

use super::options::{Nan, Options, Utf8};
use super::text::{first_lane, lanes, stops};

/// Why something cannot be appended; the numbers are `json.h`'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Appended {
    Yes = 0,
    OutOfMemory = 1,
    InvalidUtf8 = 2,
    NotFinite = 3,
}

/// The buffer: the parts of a `Vec<u8>`, in a layout that C knows. `json.h` declares the same.
#[repr(C)]
pub struct Sink {
    start: *mut u8,
    len: usize,
    capacity: usize,
}

impl Default for Sink {
    fn default() -> Sink {
        Sink::adopt(Vec::new())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        drop(self.release());
    }
}

impl Sink {
    fn adopt(bytes: Vec<u8>) -> Sink {
        let mut bytes = ManuallyDrop::new(bytes);
        Sink { start: bytes.as_mut_ptr(), len: bytes.len(), capacity: bytes.capacity() }
    }

    /// The buffer as a vector again; the sink is empty then.
    fn release(&mut self) -> Vec<u8> {
        let Sink { start, len, capacity } = *self;
        std::mem::forget(std::mem::replace(
            self,
            Sink { start: std::ptr::dangling_mut(), len: 0, capacity: 0 },
        ));
        // SAFETY: S-JSON-4, `adopt` took these three from a vector, and `len` bytes have been written since.
        unsafe { Vec::from_raw_parts(start, len, capacity) }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }

    pub fn clear(&mut self) {
        self.len = 0;
    }

    pub fn shrink(&mut self) {
        drop(self.release());
    }

    /// Makes room for `n` more bytes.
    #[inline(always)]
    pub fn reserve(&mut self, n: usize) -> Result<(), Appended> {
        if self.capacity - self.len < n { self.grow(n) } else { Ok(()) }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, n: usize) -> Result<(), Appended> {
        let mut bytes = self.release();
        // At least twice the size, so that a long text is copied a few times only.
        let result = bytes.try_reserve(n.max(bytes.capacity()).max(256)).map_err(|_| Appended::OutOfMemory);
        *self = Sink::adopt(bytes);
        result
    }

    /// At most 32 bytes, such as a number: a few overlapping copies of fixed size are faster than a call of memcpy.
    #[inline(always)]
    fn short(&mut self, bytes: &[u8]) -> Result<(), Appended> {
        self.reserve(32)?;
        // SAFETY: S-JSON-4, there is room for 32 bytes.
        let out = unsafe { std::slice::from_raw_parts_mut(self.start.add(self.len), 32) };
        let n = bytes.len();
        if let (Some(first), Some(last)) = (bytes.first_chunk::<16>(), bytes.last_chunk::<16>()) {
            out[..16].copy_from_slice(first);
            out[n - 16..n].copy_from_slice(last);
        } else if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            out[..8].copy_from_slice(first);
            out[n - 8..n].copy_from_slice(last);
        } else {
            for (to, from) in out.iter_mut().zip(bytes) {
                *to = *from;
            }
        }
        self.len += n;
        Ok(())
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Appended> {
        self.reserve(bytes.len())?;
        // SAFETY: S-JSON-4, there is room for them, and they are not in the spare part of the buffer.
        unsafe { self.start.add(self.len).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        self.len += bytes.len();
        Ok(())
    }

    /// A string with its quotes.
    #[inline(always)]
    pub fn string(&mut self, string: &[u8], utf8: Utf8) -> Result<(), Appended> {
        let begin = self.len;
        self.reserve(1)?;
        self.put(b'"');
        let seen = self.contents(string)?;
        if seen & lanes(0x80) != 0 && utf8 != Utf8::Keep && simdutf8::basic::from_utf8(string).is_err() {
            self.len = begin;
            return self.repaired(string, utf8);
        }
        self.put(b'"');
        Ok(())
    }

    /// A string that is not UTF-8.
    #[cold]
    fn repaired(&mut self, string: &[u8], utf8: Utf8) -> Result<(), Appended> {
        if utf8 == Utf8::Error {
            return Err(Appended::InvalidUtf8);
        }
        self.bytes(b"\"")?;
        for chunk in string.utf8_chunks() {
            self.contents(chunk.valid().as_bytes())?;
            if !chunk.invalid().is_empty() {
                self.bytes("\u{FFFD}".as_bytes())?;
            }
        }
        self.bytes(b"\"")
    }

    /// The contents of a string, escaped; room for one more byte is left behind them. Returns its bytes, or-ed eight by eight.
    ///
    /// Copies eight bytes at a time and looks at them on the way.
    #[inline(always)]
    fn contents(&mut self, string: &[u8]) -> Result<u64, Appended> {
        let mut seen = 0;
        let mut rest = string;
        loop {
            // The last copy may write up to seven bytes too far; and a byte is to be left.
            self.reserve(rest.len() + 16)?;
            let plain = self.plain(rest, &mut seen);
            self.len += plain;
            let Some((&special, behind)) = rest[plain..].split_first() else { return Ok(seen) };
            self.escape(special)?;
            rest = behind;
        }
    }

    /// Copies the plain bytes at the beginning of a string to the spare room, which is larger than it by eight, and returns their
    /// number. What it looks at goes into `seen`.
    #[inline(always)]
    fn plain(&mut self, string: &[u8], seen: &mut u64) -> usize {
        debug_assert!(self.capacity - self.len >= string.len() + 8);
        // SAFETY: S-JSON-4, inside the buffer, or at its end.
        let mut out = unsafe { self.start.add(self.len) };
        let mut copy = |x: u64, n: usize| {
            // SAFETY: S-JSON-4, `out` is at most `string.len()` behind where it began, and there is room for eight bytes more.
            unsafe {
                out.cast::<[u8; 8]>().write(x.to_le_bytes());
                out = out.add(n);
            }
        };
        let (words, rest) = string.as_chunks::<8>();
        for (i, bytes) in words.iter().enumerate() {
            let x = u64::from_le_bytes(*bytes);
            copy(x, 8);
            *seen |= x;
            let marks = stops(x);
            if marks != 0 {
                return 8 * i + first_lane(marks);
            }
        }
        if !rest.is_empty() {
            let x = tail(string, rest.len());
            copy(x, rest.len());
            *seen |= x;
            // The lanes behind the end are zero, which would look like control characters.
            let marks = stops(x | lanes(b'0') << (8 * rest.len()));
            if marks != 0 {
                return string.len() - rest.len() + first_lane(marks);
            }
        }
        string.len()
    }

    #[inline(never)]
    fn escape(&mut self, special: u8) -> Result<(), Appended> {
        let short = match special {
            b'"' => b'"',
            b'\\' => b'\\',
            8 => b'b',
            9 => b't',
            10 => b'n',
            12 => b'f',
            13 => b'r',
            _ => {
                let digit = |n: u8| b"0123456789abcdef"[(n & 15) as usize];
                return self.short(&[b'\\', b'u', b'0', b'0', digit(special >> 4), digit(special)]);
            }
        };
        self.reserve(2)?;
        self.put(b'\\');
        self.put(short);
        Ok(())
    }

    /// One byte, for which there is room.
    #[inline(always)]
    fn put(&mut self, byte: u8) {
        debug_assert!(self.len < self.capacity);
        // SAFETY: S-JSON-4, the caller made room.
        unsafe { self.start.add(self.len).write(byte) };
        self.len += 1;
    }

    pub fn integer(&mut self, value: i64) -> Result<(), Appended> {
        self.short(itoa::Buffer::new().format(value).as_bytes())
    }

    /// The shortest decimal that reads back as the same double. Where Lua has no integer type, whole numbers look like integers;
    /// where it has one, they keep their point, and so stay floats.
    pub fn number(&mut self, value: f64, options: &Options) -> Result<(), Appended> {
        if !value.is_finite() {
            return match options.nan {
                Nan::Error => Err(Appended::NotFinite),
                Nan::Null => self.bytes(b"null"),
                Nan::Allow if value.is_nan() => self.bytes(b"NaN"),
                Nan::Allow if value > 0.0 => self.bytes(b"Infinity"),
                Nan::Allow => self.bytes(b"-Infinity"),
            };
        }
        let whole = value as i64;
        if whole as f64 == value && whole != i64::MAX && (whole != 0 || value.is_sign_positive()) {
            if !options.integers {
                return self.integer(whole);
            }
            if whole.unsigned_abs() < 1_000_000_000_000_000 {
                self.integer(whole)?;
                return self.short(b".0");
            }
        }
        self.short(zmij::Buffer::new().format_finite(value).as_bytes())
    }
}

/// The last one to seven bytes of a string as a word, with zeros behind them. (Byte by byte into memory and from there as a
/// word would make the processor wait for its own stores.)
#[inline(always)]
fn tail(string: &[u8], n: usize) -> u64 {
    if let Some(last) = string.last_chunk::<8>() {
        return u64::from_le_bytes(*last) >> (8 * (8 - n));
    }
    // The string is shorter than a word: its beginning and its end overlap, where they are the same.
    if let (Some(first), Some(last)) = (string.first_chunk::<4>(), string.last_chunk::<4>()) {
        return u32::from_le_bytes(*first) as u64 | (u32::from_le_bytes(*last) as u64) << (8 * (n - 4));
    }
    if let (Some(first), Some(last)) = (string.first_chunk::<2>(), string.last_chunk::<2>()) {
        return u16::from_le_bytes(*first) as u64 | (u16::from_le_bytes(*last) as u64) << (8 * (n - 2));
    }
    string.first().map_or(0, |&b| b as u64)
}
