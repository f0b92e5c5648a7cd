//! Tuples of 0 to 16 parts: several values. The last part may itself be several, like `MultiValue` or `Variadic`.

use super::{FromLua, FromLuaMulti, IntoLua, IntoLuaMulti, read_arg};
use crate::error::Result;
use crate::lua::Lua;
use crate::multi::MultiValue;
use crate::raw::args::Stack;
use crate::raw::push::Pusher;
use crate::value::Value;
use crate::vm::types::MULTRET;
use std::os::raw::c_int;

impl IntoLuaMulti for () {
    #[inline]
    fn into_lua_multi(self, _: &Lua) -> Result<MultiValue> {
        Ok(MultiValue::new())
    }

    #[inline]
    fn push_all_to(self, _: &mut Pusher<'_>) -> Result<()> {
        Ok(())
    }
}

impl FromLuaMulti for () {
    const RESULTS: c_int = 0;

    #[inline]
    fn from_lua_multi(_: MultiValue, _: &Lua) -> Result<Self> {
        Ok(())
    }

    #[inline]
    unsafe fn read_all(_: &Stack<'_>, _: c_int, _: c_int) -> Result<Self> {
        Ok(())
    }
}

macro_rules! count {
    () => { 0 };
    ($head:ident $($tail:ident)*) => { 1 + count!($($tail)*) };
}

macro_rules! impl_tuple {
    ($last:ident $($name:ident)*) => {
        impl<$($name: IntoLua,)* $last: IntoLuaMulti> IntoLuaMulti for ($($name,)* $last,) {
            #[allow(non_snake_case)]
            fn into_lua_multi(self, lua: &Lua) -> Result<MultiValue> {
                let ($($name,)* $last,) = self;
                let mut values = MultiValue::new();
                $(values.push_back($name.into_lua(lua)?);)*
                values.extend($last.into_lua_multi(lua)?);
                Ok(values)
            }

            #[inline]
            #[allow(non_snake_case)]
            fn push_all_to(self, to: &mut Pusher<'_>) -> Result<()> {
                let ($($name,)* $last,) = self;
                $($name.push_to(to)?;)*
                $last.push_all_to(to)
            }
        }

        impl<$($name: FromLua,)* $last: FromLuaMulti> FromLuaMulti for ($($name,)* $last,) {
            const RESULTS: c_int = if $last::RESULTS == MULTRET {
                MULTRET
            } else {
                $last::RESULTS + count!($($name)*)
            };

            #[allow(non_snake_case, unused_mut)]
            fn from_lua_multi(mut values: MultiValue, lua: &Lua) -> Result<Self> {
                $(let $name = $name::from_lua(values.pop_front().unwrap_or(Value::Nil), lua)?;)*
                let $last = $last::from_lua_multi(values, lua)?;
                Ok(($($name,)* $last,))
            }

            #[inline]
            #[allow(non_snake_case, unused_mut, unused_assignments)]
            unsafe fn read_all(stack: &Stack<'_>, first: c_int, count: c_int) -> Result<Self> {
                let mut i = 0;
                // SAFETY: the caller's promise; behind the values that are there, nil is read.
                unsafe {
                    $(
                        let $name = if i < count {
                            $name::read_from(stack, first + i)?
                        } else {
                            $name::from_lua(Value::Nil, stack.lua())?
                        };
                        i += 1;
                    )*
                    let $last = $last::read_all(stack, first + i, count - i)?;
                    Ok(($($name,)* $last,))
                }
            }

            #[inline]
            #[allow(non_snake_case, unused_mut, unused_assignments)]
            unsafe fn read_args(
                stack: &Stack<'_>,
                first: c_int,
                count: c_int,
                name: Option<&str>,
            ) -> Result<Self> {
                let mut i = 0;
                // SAFETY: an index above the top, but within the frame, is acceptable: it reads as none.
                unsafe {
                    $(
                        let $name = read_arg(stack, first + i, name)?;
                        i += 1;
                    )*
                    let $last = $last::read_args(stack, first + i, count - i, name)?;
                    Ok(($($name,)* $last,))
                }
            }
        }
    };
}

macro_rules! impl_tuples {
    ($last:ident) => { impl_tuple!($last); };
    ($last:ident $($name:ident)+) => {
        impl_tuple!($last $($name)+);
        impl_tuples!($($name)+);
    };
}

impl_tuples!(P O N M K J I H G F E D C B A Z);
