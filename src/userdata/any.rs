//! Userdata of any type.

use super::UserData;
use crate::convert::{FromLua, IntoLua};
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::raw::ValueRef;
use crate::raw::args::Stack;
use crate::raw::userdata;
use crate::string::LuaString;
use crate::table::{Table, TablePairs};
use crate::types::{MaybeSend, MaybeSync};
use crate::value::Value;
use std::any::TypeId;
use std::fmt;
use std::os::raw::c_void;

/// A handle to a userdata, which may hold a value of any type.
#[derive(Clone)]
pub struct AnyUserData(pub(crate) ValueRef);

impl AnyUserData {
    /// Whether it holds a `T`.
    pub fn is<T: 'static>(&self) -> bool {
        self.type_id() == Some(TypeId::of::<T>())
    }

    /// The Rust type of the value; `None` if the userdata is not of this library.
    pub fn type_id(&self) -> Option<TypeId> {
        let state = self.0.open();
        let stack = Stack { state, l: self.0.thread() };
        // SAFETY: S-REF-1.
        state.types.type_of(unsafe { stack.metatable_pointer(self.0.slot()) })
    }

    /// The metatable, seen safely.
    ///
    /// # Errors
    /// [`Error::UserDataTypeMismatch`] if it has none.
    pub fn metatable(&self) -> Result<UserDataMetatable> {
        self.raw_metatable().map(UserDataMetatable)
    }

    fn raw_metatable(&self) -> Result<Table> {
        let state = self.0.open();
        // SAFETY: S-REF-1.
        unsafe {
            if (state.api.lua_getmetatable)(self.0.thread(), self.0.slot()) == 0 {
                return Err(Error::UserDataTypeMismatch);
            }
            Ok(Table(state.pop_ref(self.0.thread())?))
        }
    }

    /// The name of the type: the field `__name` of its metatable.
    ///
    /// # Errors
    /// As for [`metatable`](AnyUserData::metatable).
    pub fn type_name(&self) -> Result<LuaString> {
        match self.raw_metatable()?.raw_get::<Value>("__name")? {
            Value::String(name) => Ok(name),
            _ => self.0.open().lua().create_string("userdata"),
        }
    }

    /// The address of the userdata, for comparing and printing.
    pub fn to_pointer(&self) -> *const c_void {
        self.0.to_pointer()
    }

    /// A value that becomes a userdata when it is converted.
    pub fn wrap<T: MaybeSend + MaybeSync + 'static>(data: T) -> impl IntoLua {
        Wrapped(data)
    }
}

struct Wrapped<T>(T);

impl<T: MaybeSend + MaybeSync + 'static> IntoLua for Wrapped<T> {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.create_any_userdata(self.0).map(Value::UserData)
    }
}

impl PartialEq for AnyUserData {
    /// Whether it is the same userdata.
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl fmt::Debug for AnyUserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyUserData({:?})", self.to_pointer())
    }
}

/// The metatable of a userdata, without what must not be changed.
#[derive(Clone, Debug)]
pub struct UserDataMetatable(pub(crate) Table);

/// These keep Rust's side of a userdata intact.
fn check_name(name: &str) -> Result<()> {
    if matches!(name, "__gc" | "__metatable") {
        return Err(Error::MetaMethodRestricted(name.to_owned()));
    }
    Ok(())
}

impl UserDataMetatable {
    /// The value of a metamethod or field.
    ///
    /// # Errors
    /// [`Error::MetaMethodRestricted`] for `__gc` and `__metatable`; those of the conversion.
    pub fn get<V: FromLua>(&self, key: impl AsRef<str>) -> Result<V> {
        check_name(key.as_ref())?;
        self.0.raw_get(key.as_ref())
    }

    /// Sets a metamethod or field. It holds for all values of the type.
    ///
    /// # Errors
    /// [`Error::MetaMethodRestricted`] for `__gc`, `__metatable`, `__index` and `__newindex` of a type with fields; those
    /// of the conversion.
    pub fn set(&self, key: impl AsRef<str>, value: impl IntoLua) -> Result<()> {
        let name = key.as_ref();
        check_name(name)?;
        if matches!(name, "__index" | "__newindex") {
            return Err(Error::MetaMethodRestricted(name.to_owned()));
        }
        self.0.raw_set(name, value)
    }

    /// Whether there is such a metamethod or field.
    ///
    /// # Errors
    /// As for [`get`](UserDataMetatable::get).
    pub fn contains(&self, key: impl AsRef<str>) -> Result<bool> {
        check_name(key.as_ref())?;
        Ok(!self.0.raw_get::<Value>(key.as_ref())?.is_nil())
    }

    /// The metamethods and fields, without the restricted ones.
    pub fn pairs<V: FromLua>(&self) -> UserDataMetatablePairs<'_, V> {
        UserDataMetatablePairs(self.0.pairs())
    }
}

/// An iterator over a userdata's metatable; see [`UserDataMetatable::pairs`].
pub struct UserDataMetatablePairs<'a, V>(TablePairs<'a, String, V>);

impl<V: FromLua> Iterator for UserDataMetatablePairs<'_, V> {
    type Item = Result<(String, V)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.find(|pair| !pair.as_ref().is_ok_and(|(name, _)| check_name(name).is_err()))
    }
}

impl Lua {
    /// Makes a userdata of a value whose type has [`UserData`].
    ///
    /// # Errors
    /// If memory runs out; those of the type's fields, the first time.
    #[inline]
    pub fn create_userdata<T>(&self, data: T) -> Result<AnyUserData>
    where
        T: UserData + MaybeSend + MaybeSync + 'static,
    {
        let state = self.state();
        let info = state.type_info::<T>()?;
        userdata::create(state, data, info.metatable).map(AnyUserData)
    }

    /// Makes a userdata of any value. What Lua sees of it, [`register_userdata_type`](Lua::register_userdata_type) says.
    ///
    /// # Errors
    /// If memory runs out.
    pub fn create_any_userdata<T>(&self, data: T) -> Result<AnyUserData>
    where
        T: MaybeSend + MaybeSync + 'static,
    {
        let state = self.state();
        let info = state.any_type_info::<T>()?;
        userdata::create(state, data, info.metatable).map(AnyUserData)
    }
}
