//! Values that belong to a userdata: numbered and named ones, in a table that goes with it.

use super::AnyUserData;
use crate::convert::{FromLua, IntoLua};
use crate::error::{Error, Result};
use crate::table::Table;
use crate::value::Value;
use crate::vm::types::ty;

/// Marks the table as ours where a userdata has some table anyway: its environment, in 5.1 and LuaJIT.
static MARK: u8 = 0;

fn mark() -> Value {
    Value::LightUserData(crate::LightUserData((&raw const MARK).cast_mut().cast()))
}

impl AnyUserData {
    /// The table of the values, if there is one.
    fn values(&self) -> Result<Option<Table>> {
        let state = self.0.open();
        let (api, own) = (state.api, self.0.thread());
        // SAFETY: S-REF-1; asking for the user value or environment raises nothing and pushes one value.
        let table = unsafe {
            match (api.lua_getiuservalue, api.lua_getuservalue, api.lua_getfenv) {
                (Some(getiuservalue), _, _) => {
                    getiuservalue(own, self.0.slot(), 1);
                }
                (_, Some(getuservalue), _) => getuservalue(own, self.0.slot()),
                (_, _, Some(getfenv)) => getfenv(own, self.0.slot()),
                _ => return Ok(None),
            }
            if (api.lua_type)(own, -1) != ty::TABLE {
                api.pop(own, 1);
                return Ok(None);
            }
            Table(state.pop_ref(own)?)
        };
        let ours = table.raw_get::<bool>(mark())?;
        Ok(ours.then_some(table))
    }

    /// The table of the values, made if there is none.
    fn values_to_change(&self) -> Result<Table> {
        if let Some(table) = self.values()? {
            return Ok(table);
        }
        if self.type_id().is_none() {
            // The functions of a C library rely on what they keep there.
            return Err(Error::UserDataTypeMismatch);
        }
        let state = self.0.open();
        let table = state.lua().create_table()?;
        table.raw_set(mark(), true)?;
        let (api, own) = (state.api, self.0.thread());
        // SAFETY: S-REF-1; setting the user value or environment of a userdata allocates nothing and pops one value.
        let done = unsafe {
            state.push_ref(own, &table.0);
            match (api.lua_setiuservalue, api.lua_setuservalue, api.lua_setfenv) {
                (Some(setiuservalue), _, _) => setiuservalue(own, self.0.slot(), 1) != 0,
                (_, Some(setuservalue), _) => {
                    setuservalue(own, self.0.slot());
                    true
                }
                (_, _, Some(setfenv)) => setfenv(own, self.0.slot()) != 0,
                _ => {
                    api.pop(own, 1);
                    false
                }
            }
        };
        if done { Ok(table) } else { Err(Error::runtime("this userdata has no room for user values")) }
    }

    fn get_value<V: FromLua>(&self, key: impl IntoLua) -> Result<V> {
        match self.values()? {
            Some(table) => table.raw_get(key),
            None => V::from_lua(Value::Nil, self.0.open().lua()),
        }
    }

    /// Sets the first user value (Lua manual, `lua_setiuservalue`).
    ///
    /// # Errors
    /// If the userdata is not of Rust and has no room for one; those of the conversion.
    pub fn set_user_value(&self, value: impl IntoLua) -> Result<()> {
        self.set_nth_user_value(1, value)
    }

    /// The first user value, nil if it was not set.
    ///
    /// # Errors
    /// Those of the conversion.
    pub fn user_value<V: FromLua>(&self) -> Result<V> {
        self.nth_user_value(1)
    }

    /// Sets the `n`-th user value, from 1 to 65535. Any Lua can have that many.
    ///
    /// # Errors
    /// If `n` is out of range; as for [`set_user_value`](AnyUserData::set_user_value).
    pub fn set_nth_user_value(&self, n: usize, value: impl IntoLua) -> Result<()> {
        check(n)?;
        self.values_to_change()?.raw_set(n, value)
    }

    /// The `n`-th user value, nil if it was not set.
    ///
    /// # Errors
    /// If `n` is out of range; those of the conversion.
    pub fn nth_user_value<V: FromLua>(&self, n: usize) -> Result<V> {
        check(n)?;
        self.get_value(n)
    }

    /// Sets the user value of that name.
    ///
    /// # Errors
    /// As for [`set_user_value`](AnyUserData::set_user_value).
    pub fn set_named_user_value(&self, name: &str, value: impl IntoLua) -> Result<()> {
        self.values_to_change()?.raw_set(name, value)
    }

    /// The user value of that name, nil if it was not set.
    ///
    /// # Errors
    /// Those of the conversion.
    pub fn named_user_value<V: FromLua>(&self, name: &str) -> Result<V> {
        self.get_value(name)
    }
}

fn check(n: usize) -> Result<()> {
    if (1..=65535).contains(&n) {
        return Ok(());
    }
    Err(Error::runtime(format!("user value index {n} is out of bounds: it must be between 1 and 65535")))
}
