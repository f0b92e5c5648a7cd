//! Booleans, characters, light userdata, options and alternatives.

use super::{FromLua, IntoLua, Key};
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::raw::args::Stack;
use crate::raw::push::Pusher;
use crate::types::LightUserData;
use crate::value::Value;
use crate::vm::types::ty;
use either::Either;
use std::os::raw::c_int;

impl IntoLua for bool {
    #[inline]
    fn into_lua(self, _: &Lua) -> Result<Value> {
        Ok(Value::Boolean(self))
    }

    #[inline]
    fn push_to(self, to: &mut Pusher<'_>) -> Result<()> {
        to.boolean(self)
    }
}

/// Like a condition in Lua: only nil and false are false.
impl FromLua for bool {
    const IS_PLAIN: bool = true;

    #[inline]
    fn from_lua(value: Value, _: &Lua) -> Result<Self> {
        Ok(!matches!(value, Value::Nil | Value::Boolean(false)))
    }

    #[inline]
    unsafe fn read_from(stack: &Stack<'_>, index: c_int) -> Result<Self> {
        // SAFETY: the caller's promise.
        Ok(unsafe { stack.boolean(index) })
    }

    #[inline]
    unsafe fn pop_from(stack: &Stack<'_>) -> Result<Self> {
        // SAFETY: the caller's promise.
        unsafe {
            let b = stack.boolean(-1);
            stack.pop(1);
            Ok(b)
        }
    }
}

impl IntoLua for char {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        self.encode_utf8(&mut [0; 4]).into_lua(lua)
    }

    fn push_to(self, to: &mut Pusher<'_>) -> Result<()> {
        to.bytes(self.encode_utf8(&mut [0; 4]).as_bytes())
    }
}

/// From a string of one character, or an integer that is a code point.
impl FromLua for char {
    fn from_lua(value: Value, _: &Lua) -> Result<Self> {
        let from = value.type_name();
        let error = |message: &str| Error::from_lua_conversion(from, "char", message.to_owned());
        match value {
            Value::Integer(i) => u32::try_from(i)
                .ok()
                .and_then(char::from_u32)
                .ok_or_else(|| error("integer out of range when converting to char")),
            Value::String(text) => {
                let text = text.to_str()?;
                let mut chars = text.chars();
                match (chars.next(), chars.next()) {
                    (Some(c), None) => Ok(c),
                    _ => Err(error("expected string to have exactly one char when converting to char")),
                }
            }
            _ => Err(error("expected string or integer")),
        }
    }
}

impl IntoLua for LightUserData {
    #[inline]
    fn into_lua(self, _: &Lua) -> Result<Value> {
        Ok(Value::LightUserData(self))
    }

    #[inline]
    fn push_to(self, to: &mut Pusher<'_>) -> Result<()> {
        to.light(self.0)
    }
}

impl FromLua for LightUserData {
    fn from_lua(value: Value, _: &Lua) -> Result<Self> {
        match value {
            Value::LightUserData(p) => Ok(p),
            value => Err(Error::from_lua_conversion(value.type_name(), "lightuserdata", None)),
        }
    }

    unsafe fn read_from(stack: &Stack<'_>, index: c_int) -> Result<Self> {
        // SAFETY: the caller's promise.
        unsafe {
            if stack.type_at(index) == ty::LIGHTUSERDATA {
                Ok(LightUserData(stack.userdata(index)))
            } else {
                Err(stack.mismatch(index, "lightuserdata", None))
            }
        }
    }
}

impl<T: IntoLua> IntoLua for Option<T> {
    #[inline]
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        self.map_or(Ok(Value::Nil), |value| value.into_lua(lua))
    }

    #[inline]
    fn push_to(self, to: &mut Pusher<'_>) -> Result<()> {
        match self {
            Some(value) => value.push_to(to),
            None => to.nil(),
        }
    }

    #[inline]
    fn as_key(&self) -> Key<'_> {
        self.as_ref().map_or(Key::Other, IntoLua::as_key)
    }
}

impl<T: FromLua> FromLua for Option<T> {
    #[inline]
    fn from_lua(value: Value, lua: &Lua) -> Result<Self> {
        match value {
            Value::Nil => Ok(None),
            value => T::from_lua(value, lua).map(Some),
        }
    }

    #[inline]
    unsafe fn read_from(stack: &Stack<'_>, index: c_int) -> Result<Self> {
        // SAFETY: the caller's promise.
        unsafe { if stack.is_nil(index) { Ok(None) } else { T::read_from(stack, index).map(Some) } }
    }

    #[inline]
    unsafe fn read_argument(stack: &Stack<'_>, index: c_int) -> Result<Self> {
        // SAFETY: the caller's promise.
        unsafe { if stack.is_nil(index) { Ok(None) } else { T::read_argument(stack, index).map(Some) } }
    }

    #[inline]
    unsafe fn pop_from(stack: &Stack<'_>) -> Result<Self> {
        // SAFETY: the caller's promise.
        unsafe {
            if stack.is_nil(-1) {
                stack.pop(1);
                Ok(None)
            } else {
                T::pop_from(stack).map(Some)
            }
        }
    }
}

impl<L: IntoLua, R: IntoLua> IntoLua for Either<L, R> {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        match self {
            Either::Left(left) => left.into_lua(lua),
            Either::Right(right) => right.into_lua(lua),
        }
    }

    fn push_to(self, to: &mut Pusher<'_>) -> Result<()> {
        match self {
            Either::Left(left) => left.push_to(to),
            Either::Right(right) => right.push_to(to),
        }
    }
}

/// The left alternative if it fits, else the right one.
impl<L: FromLua, R: FromLua> FromLua for Either<L, R> {
    fn from_lua(value: Value, lua: &Lua) -> Result<Self> {
        let from = value.type_name();
        match L::from_lua(value.clone(), lua) {
            Ok(left) => Ok(Either::Left(left)),
            Err(_) => R::from_lua(value, lua).map(Either::Right).map_err(|_| {
                let name = |full: &'static str| full.rsplit("::").next().unwrap_or(full);
                let to = format!(
                    "Either<{}, {}>",
                    name(std::any::type_name::<L>()),
                    name(std::any::type_name::<R>())
                );
                Error::from_lua_conversion(from, to, None)
            }),
        }
    }
}
