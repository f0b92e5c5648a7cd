//! Lua's own values: handles to tables, functions, strings, threads, userdata.

use super::{FromLua, IntoLua, Key};
use crate::error::{Error, Result};
use crate::function::Function;
use crate::lua::Lua;
use crate::raw::ValueRef;
use crate::raw::args::Stack;
use crate::raw::push::Pusher;
use crate::registry::RegistryKey;
use crate::string::LuaString;
use crate::table::Table;
use crate::thread::Thread;
use crate::types::{MaybeSend, MaybeSync};
use crate::userdata::{AnyUserData, UserData};
use crate::value::Value;
use crate::vm::types::ty;
use std::os::raw::c_int;

impl IntoLua for Value {
    #[inline]
    fn into_lua(self, _: &Lua) -> Result<Value> {
        Ok(self)
    }

    #[inline]
    fn push_to(self, to: &mut Pusher<'_>) -> Result<()> {
        to.value(&self)
    }

    #[inline]
    fn as_key(&self) -> Key<'_> {
        match self {
            Value::Integer(i) => Key::Integer(*i),
            _ => Key::Other,
        }
    }
}

impl IntoLua for &Value {
    #[inline]
    fn into_lua(self, _: &Lua) -> Result<Value> {
        Ok(self.clone())
    }

    #[inline]
    fn push_to(self, to: &mut Pusher<'_>) -> Result<()> {
        to.value(self)
    }

    #[inline]
    fn as_key(&self) -> Key<'_> {
        (**self).as_key()
    }
}

impl FromLua for Value {
    #[inline]
    fn from_lua(value: Value, _: &Lua) -> Result<Self> {
        Ok(value)
    }
}

macro_rules! handle {
    ($($name:ident, $lua:literal, $type:expr, $wrap:expr, $make:expr;)*) => {$(
        impl IntoLua for $name {
            #[inline]
            fn into_lua(self, _: &Lua) -> Result<Value> {
                Ok(Value::from(self))
            }

            #[inline]
            fn push_to(self, to: &mut Pusher<'_>) -> Result<()> {
                to.reference(&self.0)
            }
        }

        impl IntoLua for &$name {
            #[inline]
            fn into_lua(self, _: &Lua) -> Result<Value> {
                Ok(Value::from(self.clone()))
            }

            #[inline]
            fn push_to(self, to: &mut Pusher<'_>) -> Result<()> {
                to.reference(&self.0)
            }
        }

        impl FromLua for $name {
            #[inline]
            unsafe fn read_from(stack: &Stack<'_>, index: c_int) -> Result<Self> {
                // SAFETY: the caller's promise.
                unsafe {
                    if stack.type_at(index) != $type {
                        return Self::from_lua(stack.value(index)?, stack.lua());
                    }
                    $make(stack, index)
                }
            }

            #[inline]
            unsafe fn pop_from(stack: &Stack<'_>) -> Result<Self> {
                // SAFETY: the caller's promise. A value of the type moves to the reference's slot.
                unsafe {
                    if stack.type_at(-1) == $type
                        && let Some(wrap) = $wrap
                    {
                        return stack.state.pop_ref(stack.l).map(wrap);
                    }
                    let _popped = stack.pop_later(1);
                    Self::read_from(stack, -1)
                }
            }

            #[inline]
            fn from_lua(value: Value, lua: &Lua) -> Result<Self> {
                $name::from_value(value, lua)
            }
        }
    )*};
}

/// A type whose handle needs more than the reference.
type NoWrap<T> = Option<fn(ValueRef) -> T>;

handle! {
    Table, "table", ty::TABLE, Some(Table), |stack: &Stack<'_>, index| Ok(Table(stack.reference(index)?));
    Function, "function", ty::FUNCTION, Some(Function), |stack: &Stack<'_>, index| Ok(Function(stack.reference(index)?));
    LuaString, "string", ty::STRING, Some(LuaString), |stack: &Stack<'_>, index| Ok(LuaString(stack.reference(index)?));
    Thread, "thread", ty::THREAD, NoWrap::<Thread>::None, |stack: &Stack<'_>, index| {
        let thread = (stack.state.api.lua_tothread)(stack.l, index);
        Ok(Thread(stack.reference(index)?, thread))
    };
    AnyUserData, "userdata", ty::USERDATA, NoWrap::<AnyUserData>::None, |stack: &Stack<'_>, index| {
        match stack.failure(index) {
            None => Ok(AnyUserData(stack.reference(index)?)),
            Some(_) => Err(stack.mismatch(index, "userdata", None)),
        }
    };
}

macro_rules! from_value {
    ($($name:ident, $variant:ident, $lua:literal;)*) => {$(
        impl $name {
            fn from_value(value: Value, _: &Lua) -> Result<Self> {
                match value {
                    Value::$variant(handle) => Ok(handle),
                    value => Err(Error::from_lua_conversion(value.type_name(), $lua, None)),
                }
            }
        }
    )*};
}

from_value! {
    Table, Table, "table";
    Function, Function, "function";
    Thread, Thread, "thread";
    AnyUserData, UserData, "userdata";
}

macro_rules! value_from {
    ($($name:ident, $variant:ident;)*) => {$(
        impl From<$name> for Value {
            fn from(handle: $name) -> Value {
                Value::$variant(handle)
            }
        }
    )*};
}

value_from! {
    Table, Table;
    Function, Function;
    LuaString, String;
    Thread, Thread;
    AnyUserData, UserData;
}

impl LuaString {
    /// Numbers convert to strings.
    fn from_value(value: Value, lua: &Lua) -> Result<Self> {
        let from = value.type_name();
        lua.coerce_string(value)?
            .ok_or_else(|| Error::from_lua_conversion(from, "string", "expected string or number".to_owned()))
    }
}

impl IntoLua for Error {
    #[inline]
    fn into_lua(self, _: &Lua) -> Result<Value> {
        Ok(Value::Error(Box::new(self)))
    }
}

#[cfg(feature = "anyhow")]
impl IntoLua for anyhow::Error {
    fn into_lua(self, _: &Lua) -> Result<Value> {
        Ok(Value::Error(Box::new(Error::from(self))))
    }
}

/// An error that Lua passes on, or any other value as the text of a runtime error.
impl FromLua for Error {
    fn from_lua(value: Value, lua: &Lua) -> Result<Error> {
        match value {
            Value::Error(error) => Ok(*error),
            value => match lua.coerce_string(value)? {
                Some(text) => Ok(Error::runtime(text.to_str()?)),
                None => Ok(Error::runtime("<unprintable error>")),
            },
        }
    }
}

impl IntoLua for RegistryKey {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.registry_value(&self)
    }
}

impl IntoLua for &RegistryKey {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.registry_value(self)
    }
}

impl FromLua for RegistryKey {
    fn from_lua(value: Value, lua: &Lua) -> Result<RegistryKey> {
        lua.create_registry_value(value)
    }
}

/// A value of a type with [`UserData`] becomes a userdata.
impl<T: UserData + MaybeSend + MaybeSync + 'static> IntoLua for T {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        Ok(Value::UserData(lua.create_userdata(self)?))
    }
}
