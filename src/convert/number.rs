//! Numbers.

use super::{FromLua, IntoLua, Key};
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::raw::args::{Num, Stack};
use crate::raw::push::Pusher;
use crate::value::Value;
use crate::vm::types::ty;
use std::os::raw::c_int;

const WANTED: &str = "expected number or string coercible to number";
const RANGE: &str = "out of range";

macro_rules! integer {
    ($($int:ident)*) => {$(
        impl IntoLua for $int {
            #[inline]
            fn into_lua(self, _: &Lua) -> Result<Value> {
                Ok(match i64::try_from(self) {
                    Ok(i) => Value::Integer(i),
                    // Beyond Lua's integers: the nearest float.
                    Err(_) => Value::Number(self as f64),
                })
            }

            #[inline]
            fn push_to(self, to: &mut Pusher<'_>) -> Result<()> {
                match i64::try_from(self) {
                    Ok(i) => to.integer(i),
                    Err(_) => to.number(self as f64),
                }
            }

            #[inline]
            fn as_key(&self) -> Key<'_> {
                i64::try_from(*self).map_or(Key::Other, Key::Integer)
            }
        }

        impl FromLua for $int {
            const IS_PLAIN: bool = true;

            #[inline]
            fn from_lua(value: Value, lua: &Lua) -> Result<Self> {
                let from = value.type_name();
                let num = match value {
                    Value::Integer(i) => Num::Int(i),
                    Value::Number(n) => Num::Float(n),
                    value => match lua.coerce_num(&value)? {
                        Some(num) => num,
                        None => return Err(Error::from_lua_conversion(from, stringify!($int), WANTED.to_owned())),
                    },
                };
                <$int>::from_num(num)
                    .ok_or_else(|| Error::from_lua_conversion(from, stringify!($int), RANGE.to_owned()))
            }

            #[inline]
            unsafe fn read_from(stack: &Stack<'_>, index: c_int) -> Result<Self> {
                // SAFETY: the caller's promise.
                unsafe {
                    if let Some(i) = stack.integer(index)
                        && let Ok(i) = <$int>::try_from(i)
                    {
                        return Ok(i);
                    }
                    slow(stack, index, stringify!($int), <$int>::from_num)
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

        impl FromNum for $int {
            #[inline]
            fn from_num(num: Num) -> Option<$int> {
                match num {
                    Num::Int(i) => <$int>::try_from(i).ok(),
                    Num::Float(n) => {
                        // A fraction is cut off. The cast saturates, so what is outside is told by the bounds: the
                        // largest value may not be a float, but one more than it is, a power of two.
                        let n = n.trunc();
                        let end = 2.0 * (<$int>::MAX / 2 + 1) as f64;
                        (n >= <$int>::MIN as f64 && n < end).then_some(n as $int)
                    }
                }
            }
        }
    )*};
}

trait FromNum: Sized {
    fn from_num(num: Num) -> Option<Self>;
}

integer!(i8 u8 i16 u16 i32 u32 i64 u64 i128 u128 isize usize);

/// What is no integer of Lua's: a float, or no number at all.
///
/// # Safety
/// `index` is acceptable (S-ARGS-1).
#[cold]
unsafe fn slow<T>(stack: &Stack<'_>, index: c_int, to: &str, from_num: fn(Num) -> Option<T>) -> Result<T> {
    // SAFETY: the caller's promise.
    unsafe {
        let num = match stack.type_at(index) {
            ty::NUMBER => Some(stack.num(index)),
            ty::STRING => match stack.integer(index) {
                Some(i) => Some(Num::Int(i)),
                None => stack.number(index).map(Num::Float),
            },
            _ => None,
        };
        match num {
            Some(num) => from_num(num).ok_or_else(|| stack.mismatch(index, to, Some(RANGE))),
            None => Err(stack.mismatch(index, to, Some(WANTED))),
        }
    }
}

macro_rules! float {
    ($($float:ident)*) => {$(
        impl IntoLua for $float {
            #[inline]
            fn into_lua(self, _: &Lua) -> Result<Value> {
                Ok(Value::Number(self.into()))
            }

            #[inline]
            fn push_to(self, to: &mut Pusher<'_>) -> Result<()> {
                to.number(self.into())
            }
        }

        impl FromLua for $float {
            const IS_PLAIN: bool = true;

            #[inline]
            fn from_lua(value: Value, lua: &Lua) -> Result<Self> {
                match value {
                    Value::Number(n) => Ok(n as $float),
                    Value::Integer(i) => Ok(i as $float),
                    value => match lua.coerce_num(&value)? {
                        Some(Num::Int(i)) => Ok(i as $float),
                        Some(Num::Float(n)) => Ok(n as $float),
                        None => {
                            let from = value.type_name();
                            Err(Error::from_lua_conversion(from, stringify!($float), WANTED.to_owned()))
                        }
                    },
                }
            }

            #[inline]
            unsafe fn read_from(stack: &Stack<'_>, index: c_int) -> Result<Self> {
                // SAFETY: the caller's promise.
                unsafe {
                    match stack.number(index) {
                        Some(n) => Ok(n as $float),
                        None => Err(stack.mismatch(index, stringify!($float), Some(WANTED))),
                    }
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

float!(f32 f64);
