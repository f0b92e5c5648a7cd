//! Rust functions as Lua values before there is a Lua: `Function::wrap` and friends.

use crate::convert::{FromLuaMulti, IntoLua, IntoLuaMulti};
use crate::error::{Error, ExternalError, Result};
use crate::function::Function;
use crate::lua::Lua;
use crate::types::MaybeSend;
use crate::value::Value;
use std::cell::RefCell;

/// A function of 0 to 16 parameters that Lua can call. Closures and functions have it.
pub trait LuaNativeFn<A: FromLuaMulti> {
    /// What it returns.
    type Output;

    /// Calls it.
    fn call(&self, args: A) -> Self::Output;
}

/// The same for a closure that changes what it captured.
pub trait LuaNativeFnMut<A: FromLuaMulti> {
    /// What it returns.
    type Output;

    /// Calls it.
    fn call(&mut self, args: A) -> Self::Output;
}

macro_rules! native {
    ($($name:ident)*) => {
        impl<Func, $($name,)* R> LuaNativeFn<($($name,)*)> for Func
        where
            Func: Fn($($name,)*) -> R + MaybeSend + 'static,
            ($($name,)*): FromLuaMulti,
        {
            type Output = R;

            #[allow(non_snake_case)]
            fn call(&self, args: ($($name,)*)) -> R {
                let ($($name,)*) = args;
                self($($name,)*)
            }
        }

        impl<Func, $($name,)* R> LuaNativeFnMut<($($name,)*)> for Func
        where
            Func: FnMut($($name,)*) -> R + MaybeSend + 'static,
            ($($name,)*): FromLuaMulti,
        {
            type Output = R;

            #[allow(non_snake_case)]
            fn call(&mut self, args: ($($name,)*)) -> R {
                let ($($name,)*) = args;
                self($($name,)*)
            }
        }
    };
}

macro_rules! natives {
    () => { native!(); };
    ($head:ident $($tail:ident)*) => {
        native!($head $($tail)*);
        natives!($($tail)*);
    };
}

natives!(A B C D E F G H I J K L M N O P);

/// A value that is made when it is converted.
struct Wrapped<F>(F);

impl<F: FnOnce(&Lua) -> Result<Value>> IntoLua for Wrapped<F> {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        (self.0)(lua)
    }
}

impl Function {
    /// A Rust function as a value that becomes a Lua function when it is converted. Its errors are raised in Lua.
    ///
    /// ```
    /// # use oxilua::{Function, Lua, Result};
    /// # fn main() -> Result<()> {
    /// # let Ok(lua) = Lua::new_with(oxilua::StdLib::ALL_SAFE, Default::default()) else { return Ok(()) };
    /// fn divide(a: i64, b: i64) -> std::result::Result<i64, &'static str> {
    ///     a.checked_div(b).ok_or("division by zero")
    /// }
    /// lua.globals().set("divide", Function::wrap(divide))?;
    /// assert_eq!(lua.load("divide(42, 6)").eval::<i64>()?, 7);
    /// assert!(lua.load("divide(1, 0)").exec().is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn wrap<F, A, R, E>(f: F) -> impl IntoLua
    where
        F: LuaNativeFn<A, Output = std::result::Result<R, E>> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
        E: ExternalError,
    {
        Wrapped(move |lua: &Lua| {
            let function =
                lua.create_function(move |_, args| f.call(args).map_err(ExternalError::into_lua_err))?;
            Ok(Value::Function(function))
        })
    }

    /// The same for a closure that changes what it captured.
    pub fn wrap_mut<F, A, R, E>(f: F) -> impl IntoLua
    where
        F: LuaNativeFnMut<A, Output = std::result::Result<R, E>> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
        E: ExternalError,
    {
        let f = RefCell::new(f);
        Wrapped(move |lua: &Lua| {
            let function = lua.create_function(move |_, args| {
                let mut f = f.try_borrow_mut().map_err(|_| Error::RecursiveMutCallback)?;
                f.call(args).map_err(ExternalError::into_lua_err)
            })?;
            Ok(Value::Function(function))
        })
    }

    /// The same for a function that returns anything: a `Result` becomes the value, or nil and the error.
    pub fn wrap_raw<F, A>(f: F) -> impl IntoLua
    where
        F: LuaNativeFn<A> + MaybeSend + 'static,
        F::Output: IntoLuaMulti,
        A: FromLuaMulti,
    {
        Wrapped(move |lua: &Lua| {
            let function = lua.create_function(move |_, args| Ok(f.call(args)))?;
            Ok(Value::Function(function))
        })
    }

    /// The same for a closure that changes what it captured.
    pub fn wrap_raw_mut<F, A>(f: F) -> impl IntoLua
    where
        F: LuaNativeFnMut<A> + MaybeSend + 'static,
        F::Output: IntoLuaMulti,
        A: FromLuaMulti,
    {
        let f = RefCell::new(f);
        Wrapped(move |lua: &Lua| {
            let function = lua.create_function(move |_, args| {
                let mut f = f.try_borrow_mut().map_err(|_| Error::RecursiveMutCallback)?;
                Ok(f.call(args))
            })?;
            Ok(Value::Function(function))
        })
    }
}
