//! Proxies: what a type offers without a value of it.

use super::method::Access;
use super::{AnyUserData, UserData};
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::raw::userdata;
use std::any::TypeId;
use std::marker::PhantomData;

/// What the block of a proxy holds.
struct Proxy<T>(PhantomData<fn() -> T>);

impl<T> Proxy<T> {
    /// There is no value to call a method on.
    const ACCESS: Access = Access {
        read: |_, _| Err(Error::UserDataTypeMismatch),
        write: |_, _| Err(Error::UserDataTypeMismatch),
        exclusive: false,
    };
}

impl Lua {
    /// Makes a userdata that shows the functions and fixed fields of a type, but has no value: a place for constructors.
    ///
    /// ```
    /// # use oxilua::{Lua, Result, UserData, UserDataMethods};
    /// struct Point(i64);
    ///
    /// impl UserData for Point {
    ///     fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
    ///         methods.add_function("new", |_, x: i64| Ok(Point(x)));
    ///         methods.add_method("x", |_, point, ()| Ok(point.0));
    ///     }
    /// }
    ///
    /// # fn main() -> Result<()> {
    /// # let Ok(lua) = Lua::new_with(oxilua::StdLib::ALL_SAFE, Default::default()) else { return Ok(()) };
    /// lua.globals().set("Point", lua.create_proxy::<Point>()?)?;
    /// assert_eq!(lua.load("Point.new(7):x()").eval::<i64>()?, 7);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If memory runs out; those of the type's fields.
    pub fn create_proxy<T>(&self) -> Result<AnyUserData>
    where
        T: UserData + 'static,
    {
        let state = self.state();
        let info = state.known_type::<Proxy<T>>(|registry| registry.delegate::<T>(Proxy::<T>::ACCESS))?;
        userdata::create(state, Proxy::<T>(PhantomData), info.metatable).map(AnyUserData)
    }
}

impl AnyUserData {
    /// Whether it is a proxy of `T`.
    pub fn is_proxy<T: 'static>(&self) -> bool {
        self.type_id() == Some(TypeId::of::<Proxy<T>>())
    }
}
