//! Lua strings: bytes, usually text, never changed.

use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::raw::ValueRef;
use crate::raw::args::Stack;
use crate::raw::frame::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::os::raw::{c_int, c_void};

/// A handle to a Lua string. Lua strings hold any bytes; the methods say what they do with those that are not UTF-8.
#[derive(Clone)]
pub struct LuaString(pub(crate) ValueRef);

impl LuaString {
    /// The text, if it is valid UTF-8. The bytes are Lua's: nothing is copied.
    ///
    /// # Errors
    /// [`Error::FromLuaConversionError`] if it is not UTF-8.
    #[inline]
    pub fn to_str(&self) -> Result<BorrowedStr> {
        BorrowedStr::try_from(self)
    }

    /// The text, with U+FFFD in the place of what is not UTF-8.
    pub fn to_string_lossy(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// The text for printing, with U+FFFD in the place of what is not UTF-8.
    pub fn display(&self) -> impl fmt::Display + '_ {
        Display(self.as_bytes())
    }

    /// The bytes. They are Lua's: nothing is copied.
    #[inline]
    pub fn as_bytes(&self) -> BorrowedBytes {
        BorrowedBytes::from(self)
    }

    /// The bytes and the NUL that Lua keeps behind them.
    pub fn as_bytes_with_nul(&self) -> BorrowedBytes {
        let bytes = self.bytes();
        // SAFETY: S-STR-1, Lua has a NUL behind the bytes of every string.
        let bytes = unsafe { std::slice::from_raw_parts(bytes.as_ptr(), bytes.len() + 1) };
        BorrowedBytes::new(bytes, self.clone())
    }

    /// An address that is the same for the same string object, for comparing and printing.
    pub fn to_pointer(&self) -> *const c_void {
        self.0.to_pointer()
    }

    /// The bytes, for as long as the handle and the state are there: no code of others may run meanwhile.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        let state = self.0.open();
        // SAFETY: S-STR-1, the slot holds a string and keeps it; Lua does not move its bytes.
        unsafe { state.api.string_bytes(self.0.thread(), self.0.slot()) }
    }
}

impl fmt::Debug for LuaString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bstr::BStr::new(&*self.as_bytes()).fmt(f)
    }
}

impl<T: AsRef<[u8]> + ?Sized> PartialEq<T> for LuaString {
    fn eq(&self, other: &T) -> bool {
        // First, since it is code of others.
        let other = other.as_ref();
        self.bytes() == other
    }
}

impl PartialEq for LuaString {
    fn eq(&self, other: &LuaString) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for LuaString {}

impl<T: AsRef<[u8]> + ?Sized> PartialOrd<T> for LuaString {
    fn partial_cmp(&self, other: &T) -> Option<std::cmp::Ordering> {
        let other = other.as_ref();
        self.bytes().partial_cmp(other)
    }
}

impl PartialOrd for LuaString {
    fn partial_cmp(&self, other: &LuaString) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for LuaString {
    fn cmp(&self, other: &LuaString) -> std::cmp::Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl Hash for LuaString {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

/// The bytes of a Lua string, which it keeps alive, and with it its state.
pub struct BorrowedBytes(Borrow);

/// See [`LuaString::display`].
struct Display(BorrowedBytes);

impl fmt::Display for Display {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(bstr::BStr::new(&*self.0), f)
    }
}

/// The text of a Lua string, which it keeps alive.
pub struct BorrowedStr(BorrowedBytes);

impl BorrowedBytes {
    #[inline]
    fn new(bytes: &[u8], string: LuaString) -> Self {
        let state = string.0.state;
        // SAFETY: S-STATE-1, the string's reference keeps its state.
        BorrowedBytes(unsafe { state.as_ref() }.borrow_value(string.0, bytes.as_ptr(), bytes.len()))
    }

    /// Those of a callback's argument, which is a string.
    ///
    /// # Safety
    /// That is so, and `index` is absolute (S-FRAME-1).
    #[inline]
    pub(crate) unsafe fn of_argument(stack: &Stack<'_>, index: c_int, bytes: &[u8]) -> BorrowedBytes {
        // SAFETY: the caller's promise.
        BorrowedBytes(unsafe { stack.state.borrow_argument(stack.l, index, bytes.as_ptr(), bytes.len()) })
    }

    /// The string.
    pub(crate) fn string(&self, lua: &Lua) -> Result<LuaString> {
        match self.0.value() {
            Some(string) => Ok(LuaString(string.clone())),
            None => lua.create_string(&**self),
        }
    }
}

impl BorrowedStr {
    /// As for bytes, which are valid UTF-8.
    ///
    /// # Safety
    /// As for bytes.
    #[inline]
    pub(crate) unsafe fn of_argument(stack: &Stack<'_>, index: c_int, text: &str) -> BorrowedStr {
        // SAFETY: the caller's promise.
        BorrowedStr(unsafe { BorrowedBytes::of_argument(stack, index, text.as_bytes()) })
    }

    /// The string.
    pub(crate) fn string(&self, lua: &Lua) -> Result<LuaString> {
        self.0.string(lua)
    }
}

impl Deref for BorrowedBytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        let (bytes, len) = self.0.data();
        // SAFETY: S-STR-1, S-FRAME-1, the string is kept, and does not move its bytes.
        unsafe { std::slice::from_raw_parts(bytes, len) }
    }
}

impl Deref for BorrowedStr {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        // SAFETY: checked when it was made; a Lua string does not change.
        unsafe { std::str::from_utf8_unchecked(&self.0) }
    }
}

impl From<&LuaString> for BorrowedBytes {
    #[inline]
    fn from(string: &LuaString) -> Self {
        BorrowedBytes::new(string.bytes(), string.clone())
    }
}

impl TryFrom<&LuaString> for BorrowedStr {
    type Error = Error;

    #[inline]
    fn try_from(string: &LuaString) -> Result<Self> {
        std::str::from_utf8(string.bytes())
            .map_err(|e| Error::from_lua_conversion("string", "&str", e.to_string()))?;
        Ok(BorrowedStr(BorrowedBytes::from(string)))
    }
}

macro_rules! like_its_target {
    ($($ty:ident, $target:ty;)*) => {$(
        impl AsRef<$target> for $ty {
            #[inline]
            fn as_ref(&self) -> &$target {
                self
            }
        }

        impl std::borrow::Borrow<$target> for $ty {
            fn borrow(&self) -> &$target {
                self
            }
        }

        impl<T: AsRef<$target> + ?Sized> PartialEq<T> for $ty {
            fn eq(&self, other: &T) -> bool {
                **self == *other.as_ref()
            }
        }

        impl Eq for $ty {}

        impl<T: AsRef<$target> + ?Sized> PartialOrd<T> for $ty {
            fn partial_cmp(&self, other: &T) -> Option<std::cmp::Ordering> {
                (**self).partial_cmp(other.as_ref())
            }
        }

        impl Ord for $ty {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                (**self).cmp(&**other)
            }
        }

        impl Hash for $ty {
            fn hash<H: Hasher>(&self, state: &mut H) {
                (**self).hash(state);
            }
        }
    )*};
}

like_its_target! {
    BorrowedBytes, [u8];
    BorrowedStr, str;
}

impl fmt::Debug for BorrowedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl fmt::Debug for BorrowedStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl fmt::Display for BorrowedStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl AsRef<[u8]> for BorrowedStr {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl<'a> IntoIterator for &'a BorrowedBytes {
    type Item = &'a u8;
    type IntoIter = std::slice::Iter<'a, u8>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
