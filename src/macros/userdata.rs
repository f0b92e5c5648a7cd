//! Userdata: what `FromLua`, `UserData` and `userdata_impl` need.

use crate::convert::{FromLua, IntoLua, IntoLuaMulti};
use crate::error::{Error, ExternalError, Result};
use crate::lua::Lua;
use crate::multi::MultiValue;
use crate::types::MaybeSend;
use crate::userdata::{UserData, UserDataFields, UserDataRegistry};
use crate::value::Value;
use std::any::Any;

/// A copy of the value of a userdata, for `#[derive(FromLua)]`.
///
/// # Errors
/// [`Error::FromLuaConversionError`] if `value` is no userdata; those of borrowing it otherwise.
pub fn clone_out<T: Clone + 'static>(value: Value, name: &str) -> Result<T> {
    match value {
        Value::UserData(userdata) => userdata.borrow_scoped(T::clone),
        value => Err(Error::from_lua_conversion(value.type_name(), name, None)),
    }
}

/// A field that Lua reads, for `#[derive(UserData)]`.
pub fn add_getter<T, V>(
    registry: &mut UserDataRegistry<T>,
    name: &str,
    field: impl Fn(&T) -> &V + MaybeSend + 'static,
) where
    V: Clone + IntoLua,
{
    registry.add_field_method_get(name, move |_, this| Ok(field(this).clone()));
}

/// A field that Lua assigns to, for `#[derive(UserData)]`.
pub fn add_setter<T, V>(
    registry: &mut UserDataRegistry<T>,
    name: &str,
    field: impl Fn(&mut T) -> &mut V + MaybeSend + 'static,
) where
    V: FromLua,
{
    registry.add_field_method_set(name, move |_, this, value| {
        *field(this) = value;
        Ok(())
    });
}

/// The members in a block with `#[userdata_impl]`; `B` stands for the block.
pub trait Members<B>: UserData {
    /// Registers them.
    fn register(registry: &mut UserDataRegistry<Self>);
}

/// A block with `#[userdata_impl]`, of any type. They are collected before the program, or the module, begins.
pub struct Entry {
    register: fn(&mut dyn Any),
}

inventory::collect!(Entry);

impl Entry {
    /// The block `B` of the type `T`.
    pub const fn of<T: Members<B> + 'static, B>() -> Entry {
        Entry {
            register: |registry| {
                if let Some(registry) = registry.downcast_mut::<UserDataRegistry<T>>() {
                    <T as Members<B>>::register(registry);
                }
            },
        }
    }
}

/// Registers what is in the blocks of the type.
pub fn register_members<T: 'static>(registry: &mut UserDataRegistry<T>) {
    for entry in inventory::iter::<Entry> {
        (entry.register)(registry);
    }
}

/// What a method gives that is not marked as infallible.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Result`",
    label = "a method for Lua gives a `Result`, unless it is infallible",
    note = "`#[lua(infallible)]` on the method says that it is"
)]
pub trait Outcome {
    /// What it gives when it succeeds.
    type Value;

    /// As a result for Lua.
    ///
    /// # Errors
    /// The one that it is.
    fn outcome(self) -> Result<Self::Value>;
}

impl<T, E: ExternalError> Outcome for std::result::Result<T, E> {
    type Value = T;

    #[inline]
    fn outcome(self) -> Result<T> {
        self.map_err(ExternalError::into_lua_err)
    }
}

/// The result of a method, converted before what it borrows from goes.
///
/// # Errors
/// The result's, or those of the conversion.
pub fn into_values<R: IntoLuaMulti>(result: Result<R>, lua: &Lua) -> Result<MultiValue> {
    result?.into_lua_multi(lua)
}

/// The same for one value.
///
/// # Errors
/// As above.
pub fn into_value<R: IntoLua>(result: Result<R>, lua: &Lua) -> Result<Value> {
    result?.into_lua(lua)
}

/// A value that is made when it is converted.
pub fn made_with<R: IntoLua>(make: impl FnOnce(&Lua) -> Result<R> + 'static) -> impl IntoLua + 'static {
    MadeWith(make)
}

struct MadeWith<F>(F);

impl<F: FnOnce(&Lua) -> Result<R>, R: IntoLua> IntoLua for MadeWith<F> {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        (self.0)(lua)?.into_lua(lua)
    }
}
