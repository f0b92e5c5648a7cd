//! Strings. Lua strings are bytes: conversions to Rust types that are UTF-8 check that they are.

use super::{FromLua, IntoLua, Key};
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::raw::args::Stack;
use crate::raw::push::Pusher;
use crate::string::{BorrowedBytes, BorrowedStr, LuaString};
use crate::value::Value;
use crate::vm::types::ty;
use bstr::{BStr, BString};
use std::borrow::Cow;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::raw::c_int;
use std::path::{Path, PathBuf};

const WANTED: &str = "expected string or number";

/// The string that the value is or that its number converts to.
fn text(value: Value, lua: &Lua, to: &'static str) -> Result<LuaString> {
    let from = value.type_name();
    lua.coerce_string(value)?.ok_or_else(|| Error::from_lua_conversion(from, to, WANTED.to_owned()))
}

/// The bytes of the string on the stack, or of what its number converts to.
///
/// # Safety
/// `index` is acceptable (S-ARGS-1).
#[cold]
unsafe fn with_bytes<T>(
    stack: &Stack<'_>,
    index: c_int,
    to: &'static str,
    f: impl FnOnce(&[u8]) -> Result<T>,
) -> Result<T> {
    // SAFETY: the caller's promise; the bytes are used while the value is on the stack.
    unsafe {
        if let Some(bytes) = stack.string(index) {
            return f(bytes);
        }
        if stack.type_at(index) != ty::NUMBER {
            return Err(stack.mismatch(index, to, Some(WANTED)));
        }
        let text = text(stack.value(index)?, stack.lua(), to)?;
        f(&text.as_bytes())
    }
}

fn utf8<'a>(bytes: &'a [u8], to: &'static str) -> Result<&'a str> {
    std::str::from_utf8(bytes).map_err(|e| Error::from_lua_conversion("string", to, e.to_string()))
}

/// A type made of a string's bytes.
macro_rules! from_bytes {
    ($($ty:ty, $name:literal, |$bytes:ident| $quick:expr, $convert:expr;)*) => {$(
        impl FromLua for $ty {
            const IS_PLAIN: bool = true;

            #[inline]
            fn from_lua(value: Value, lua: &Lua) -> Result<Self> {
                let convert: fn(&[u8]) -> Result<$ty> = $convert;
                convert(&text(value, lua, $name)?.as_bytes())
            }

            #[inline]
            unsafe fn read_from(stack: &Stack<'_>, index: c_int) -> Result<Self> {
                // SAFETY: the caller's promise.
                unsafe {
                    // What fits is made here and at once, so that it is written where it is wanted.
                    if let Some($bytes) = stack.string(index)
                        && let Some(value) = $quick
                    {
                        return Ok(value);
                    }
                    with_bytes(stack, index, $name, $convert)
                }
            }

            #[inline]
            unsafe fn pop_from(stack: &Stack<'_>) -> Result<Self> {
                // SAFETY: the caller's promise.
                unsafe {
                    let _popped = stack.pop_later(1);
                    Self::read_from(stack, -1)
                }
            }
        }
    )*};
}

from_bytes! {
    String, "String", |b| std::str::from_utf8(b).ok().map(str::to_owned), |b| Ok(utf8(b, "String")?.to_owned());
    Box<str>, "Box<str>", |b| std::str::from_utf8(b).ok().map(Box::from), |b| Ok(utf8(b, "Box<str>")?.into());
    BString, "BString", |b| Some(b.into()), |b| Ok(b.into());
    CString, "CString", |b| CString::new(b).ok(), |b| CString::new(b).map_err(|_| {
        Error::from_lua_conversion("string", "CString", "invalid C-style string".to_owned())
    });
    OsString, "OsString", |b| os_string(b).ok(), os_string;
    PathBuf, "PathBuf", |b| os_string(b).ok().map(PathBuf::from), |b| os_string(b).map(PathBuf::from);
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> Result<OsString> {
    use std::os::unix::ffi::OsStrExt;
    Ok(OsStr::from_bytes(bytes).to_owned())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> Result<OsString> {
    Ok(utf8(bytes, "OsString")?.into())
}

#[cfg(unix)]
fn os_bytes(text: &OsStr) -> Result<&[u8]> {
    use std::os::unix::ffi::OsStrExt;
    Ok(text.as_bytes())
}

#[cfg(not(unix))]
fn os_bytes(text: &OsStr) -> Result<&[u8]> {
    let text = text.to_str().ok_or_else(|| Error::runtime("a path or argument is not valid Unicode"))?;
    Ok(text.as_bytes())
}

/// A type that has a string's bytes.
macro_rules! into_bytes {
    ($([$($generics:tt)*] $ty:ty, |$this:ident| $bytes:expr;)*) => {$(
        impl<$($generics)*> IntoLua for $ty {
            #[inline]
            fn into_lua(self, lua: &Lua) -> Result<Value> {
                let $this = &self;
                Ok(Value::String(lua.create_string($bytes)?))
            }

            #[inline]
            fn push_to(self, to: &mut Pusher<'_>) -> Result<()> {
                let $this = &self;
                to.bytes($bytes)
            }

            #[inline]
            fn as_key(&self) -> Key<'_> {
                let bytes = || -> Result<&[u8]> {
                    let $this = self;
                    Ok($bytes)
                };
                bytes().map_or(Key::Other, Key::Bytes)
            }
        }
    )*};
}

into_bytes! {
    [] String, |s| s.as_bytes();
    ['s] &'s String, |s| s.as_bytes();
    ['s] &'s str, |s| s.as_bytes();
    ['s] Cow<'s, str>, |s| s.as_bytes();
    [] Box<str>, |s| s.as_bytes();
    [] CString, |s| s.to_bytes();
    ['s] &'s CStr, |s| s.to_bytes();
    ['s] Cow<'s, CStr>, |s| s.to_bytes();
    [] BString, |s| &s[..];
    ['s] &'s BStr, |s| &s[..];
    [] OsString, |s| os_bytes(s)?;
    ['s] &'s OsStr, |s| os_bytes(s)?;
    [] PathBuf, |s| os_bytes(s.as_os_str())?;
    ['s] &'s Path, |s| os_bytes(s.as_os_str())?;
}

impl FromLua for BorrowedStr {
    fn from_lua(value: Value, lua: &Lua) -> Result<Self> {
        let text = text(value, lua, "BorrowedStr")?;
        BorrowedStr::try_from(&text)
    }

    #[inline]
    unsafe fn read_argument(stack: &Stack<'_>, index: c_int) -> Result<Self> {
        // SAFETY: the caller's promise, S-FRAME-1.
        unsafe {
            if let Some(bytes) = stack.string(index)
                && let Ok(text) = std::str::from_utf8(bytes)
            {
                return Ok(BorrowedStr::of_argument(stack, index, text));
            }
            Self::read_from(stack, index)
        }
    }
}

impl FromLua for BorrowedBytes {
    fn from_lua(value: Value, lua: &Lua) -> Result<Self> {
        Ok(text(value, lua, "BorrowedBytes")?.as_bytes())
    }

    #[inline]
    unsafe fn read_argument(stack: &Stack<'_>, index: c_int) -> Result<Self> {
        // SAFETY: the caller's promise, S-FRAME-1.
        unsafe {
            match stack.string(index) {
                Some(bytes) => Ok(BorrowedBytes::of_argument(stack, index, bytes)),
                None => Self::read_from(stack, index),
            }
        }
    }
}

macro_rules! into_borrowed {
    ($($ty:ident)*) => {$(
        impl IntoLua for $ty {
            fn into_lua(self, lua: &Lua) -> Result<Value> {
                self.string(lua).map(Value::String)
            }
        }

        impl IntoLua for &$ty {
            fn into_lua(self, lua: &Lua) -> Result<Value> {
                self.string(lua).map(Value::String)
            }
        }
    )*};
}

into_borrowed!(BorrowedStr BorrowedBytes);
