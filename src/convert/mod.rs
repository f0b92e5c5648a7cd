//! Conversions between Rust and Lua values.
//!
//! The hidden methods of the traits are the direct way between Rust values and a Lua stack; by default they go
//! through [`Value`], so a type needs only the public one.

mod collections;
mod number;
mod object;
mod scalar;
mod text;
mod tuple;

use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::multi::{MultiValue, Variadic};
use crate::raw::args::Stack;
use crate::raw::push::Pusher;
use crate::value::Value;
use crate::vm::types::MULTRET;
use std::os::raw::c_int;

/// What a value is as the key of a table, for the short ways that some keys have.
#[doc(hidden)]
pub enum Key<'a> {
    /// An integer.
    Integer(i64),
    /// A string.
    Bytes(&'a [u8]),
    /// Anything else: ask for the value.
    Other,
}

/// A type whose values can become Lua values.
pub trait IntoLua: Sized {
    /// Converts to a Lua value.
    ///
    /// # Errors
    /// If the value has no counterpart in Lua, or memory runs out.
    fn into_lua(self, lua: &Lua) -> Result<Value>;

    #[doc(hidden)]
    #[inline]
    fn push_to(self, to: &mut Pusher<'_>) -> Result<()> {
        let value = self.into_lua(to.lua())?;
        to.value(&value)
    }

    #[doc(hidden)]
    #[inline]
    fn as_key(&self) -> Key<'_> {
        Key::Other
    }
}

/// A type that Lua values can become.
pub trait FromLua: Sized {
    /// Converts from a Lua value.
    ///
    /// # Errors
    /// [`Error::FromLuaConversionError`] if the value does not fit.
    fn from_lua(value: Value, lua: &Lua) -> Result<Self>;

    /// Whether reading one runs no code but ours, so that it may be done with other values above it.
    #[doc(hidden)]
    const IS_PLAIN: bool = false;

    /// # Safety
    /// `index` is acceptable on the stack (S-ARGS-1).
    #[doc(hidden)]
    #[inline]
    unsafe fn read_from(stack: &Stack<'_>, index: c_int) -> Result<Self> {
        // SAFETY: the caller's promise.
        Self::from_lua(unsafe { stack.value(index)? }, stack.lua())
    }

    /// Reads an argument of the running callback: what borrows from it need not keep it by itself.
    ///
    /// # Safety
    /// `index` is that of an argument, or above them all (S-ARGS-1, S-FRAME-1).
    #[doc(hidden)]
    #[inline]
    unsafe fn read_argument(stack: &Stack<'_>, index: c_int) -> Result<Self> {
        // SAFETY: the caller's promise.
        unsafe { Self::read_from(stack, index) }
    }

    /// Reads the value on the top and pops it. The conversions of other crates run only after it was popped.
    ///
    /// # Safety
    /// There is a value on the stack (S-ARGS-1).
    #[doc(hidden)]
    #[inline]
    unsafe fn pop_from(stack: &Stack<'_>) -> Result<Self> {
        // SAFETY: the caller's promise.
        Self::from_lua(unsafe { stack.pop_value()? }, stack.lua())
    }
}

/// A type whose values can become any number of Lua values: arguments, or results.
pub trait IntoLuaMulti: Sized {
    /// Converts to Lua values.
    ///
    /// # Errors
    /// Those of the conversions of its parts.
    fn into_lua_multi(self, lua: &Lua) -> Result<MultiValue>;

    #[doc(hidden)]
    #[inline]
    fn push_all_to(self, to: &mut Pusher<'_>) -> Result<()> {
        self.into_lua_multi(to.lua())?.iter().try_for_each(|value| to.value(value))
    }
}

/// A type that any number of Lua values can become. Missing values count as nil, and superfluous ones are ignored.
pub trait FromLuaMulti: Sized {
    /// How many results a call is asked for; -1 for all.
    #[doc(hidden)]
    const RESULTS: c_int = MULTRET;

    /// Converts from Lua values.
    ///
    /// # Errors
    /// Those of the conversions of its parts.
    fn from_lua_multi(values: MultiValue, lua: &Lua) -> Result<Self>;

    /// Reads the `count` values from `first` on.
    ///
    /// # Safety
    /// They are on the stack, and stay there meanwhile (S-ARGS-1).
    #[doc(hidden)]
    #[inline]
    unsafe fn read_all(stack: &Stack<'_>, first: c_int, count: c_int) -> Result<Self> {
        // SAFETY: the caller's promise.
        let values = (0..count.max(0)).map(|i| unsafe { stack.value(first + i) });
        Self::from_lua_multi(values.collect::<Result<_>>()?, stack.lua())
    }

    /// The same for the arguments of the function `name`: an error tells which argument it is about. `first` is the
    /// position of the first one.
    ///
    /// # Safety
    /// As above.
    #[doc(hidden)]
    #[inline]
    unsafe fn read_args(stack: &Stack<'_>, first: c_int, count: c_int, name: Option<&str>) -> Result<Self> {
        let _ = name;
        // SAFETY: the caller's promise.
        unsafe { Self::read_all(stack, first, count) }
    }
}

/// Reads one argument; position `i` on the stack is also its number for the user.
///
/// # Safety
/// `i` is acceptable on the stack (S-ARGS-1).
#[inline]
pub(crate) unsafe fn read_arg<T: FromLua>(stack: &Stack<'_>, i: c_int, name: Option<&str>) -> Result<T> {
    // SAFETY: the caller's promise.
    unsafe {
        match T::read_argument(stack, i) {
            Ok(value) => Ok(value),
            Err(cause) => Err(Error::bad_argument(name, i as usize, cause)),
        }
    }
}

impl<T: IntoLua> IntoLuaMulti for T {
    #[inline]
    fn into_lua_multi(self, lua: &Lua) -> Result<MultiValue> {
        Ok(MultiValue(std::iter::once(self.into_lua(lua)?).collect()))
    }

    #[inline]
    fn push_all_to(self, to: &mut Pusher<'_>) -> Result<()> {
        self.push_to(to)
    }
}

impl<T: FromLua> FromLuaMulti for T {
    const RESULTS: c_int = 1;

    #[inline]
    fn from_lua_multi(mut values: MultiValue, lua: &Lua) -> Result<Self> {
        T::from_lua(values.pop_front().unwrap_or(Value::Nil), lua)
    }

    #[inline]
    unsafe fn read_all(stack: &Stack<'_>, first: c_int, count: c_int) -> Result<Self> {
        if count <= 0 {
            return T::from_lua(Value::Nil, stack.lua());
        }
        // SAFETY: the caller's promise.
        unsafe { T::read_from(stack, first) }
    }

    #[inline]
    unsafe fn read_args(stack: &Stack<'_>, first: c_int, _count: c_int, name: Option<&str>) -> Result<Self> {
        // SAFETY: an index above the top, but within the frame, is acceptable: it reads as none.
        unsafe { read_arg(stack, first, name) }
    }
}

/// The result of a function that may fail like Lua's own: the value, or nil and the error.
impl<T: IntoLua, E: IntoLua> IntoLuaMulti for std::result::Result<T, E> {
    fn into_lua_multi(self, lua: &Lua) -> Result<MultiValue> {
        match self {
            Ok(value) => (value,).into_lua_multi(lua),
            Err(error) => (Value::Nil, error).into_lua_multi(lua),
        }
    }
}

impl<E: IntoLua> IntoLuaMulti for std::result::Result<(), E> {
    fn into_lua_multi(self, lua: &Lua) -> Result<MultiValue> {
        match self {
            Ok(()) => Ok(MultiValue::new()),
            Err(error) => (Value::Nil, error).into_lua_multi(lua),
        }
    }
}

impl IntoLuaMulti for MultiValue {
    fn into_lua_multi(self, _: &Lua) -> Result<MultiValue> {
        Ok(self)
    }
}

impl IntoLuaMulti for &MultiValue {
    fn into_lua_multi(self, _: &Lua) -> Result<MultiValue> {
        Ok(self.clone())
    }

    fn push_all_to(self, to: &mut Pusher<'_>) -> Result<()> {
        self.iter().try_for_each(|value| to.value(value))
    }
}

impl FromLuaMulti for MultiValue {
    fn from_lua_multi(values: MultiValue, _: &Lua) -> Result<Self> {
        Ok(values)
    }
}

impl<T: IntoLua> IntoLuaMulti for Variadic<T> {
    fn into_lua_multi(self, lua: &Lua) -> Result<MultiValue> {
        self.0.into_iter().map(|value| value.into_lua(lua)).collect()
    }

    fn push_all_to(self, to: &mut Pusher<'_>) -> Result<()> {
        self.0.into_iter().try_for_each(|value| value.push_to(to))
    }
}

impl<T: FromLua> FromLuaMulti for Variadic<T> {
    fn from_lua_multi(values: MultiValue, lua: &Lua) -> Result<Self> {
        values.into_iter().map(|value| T::from_lua(value, lua)).collect()
    }

    unsafe fn read_all(stack: &Stack<'_>, first: c_int, count: c_int) -> Result<Self> {
        // SAFETY: the caller's promise.
        (0..count.max(0)).map(|i| unsafe { T::read_from(stack, first + i) }).collect()
    }

    unsafe fn read_args(stack: &Stack<'_>, first: c_int, count: c_int, name: Option<&str>) -> Result<Self> {
        // SAFETY: the caller's promise.
        (0..count.max(0)).map(|i| unsafe { read_arg(stack, first + i, name) }).collect()
    }
}
