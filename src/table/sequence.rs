//! Tables as sequences.

use super::Table;
use crate::convert::{FromLua, IntoLua};
use crate::error::{Error, Result};
use crate::types::Integer;
use crate::value::Value;

impl Table {
    /// `table[#table + 1] = value`; may call `__len` and `__newindex`.
    ///
    /// # Errors
    /// Those of the metamethods and of the conversion.
    pub fn push(&self, value: impl IntoLua) -> Result<()> {
        let next = self.len()? + 1;
        self.set(next, value)
    }

    /// The same without metamethods.
    ///
    /// # Errors
    /// Those of the conversion.
    pub fn raw_push(&self, value: impl IntoLua) -> Result<()> {
        self.raw_set(self.raw_len() + 1, value)
    }

    /// Removes the last element of the sequence and returns it, nil if there is none; may call metamethods.
    ///
    /// # Errors
    /// Those of the metamethods and of the conversion.
    pub fn pop<V: FromLua>(&self) -> Result<V> {
        let last = self.len()?;
        let value = self.get(last)?;
        if last > 0 {
            self.set(last, Value::Nil)?;
        }
        Ok(value)
    }

    /// The same without metamethods.
    ///
    /// # Errors
    /// Those of the conversion.
    pub fn raw_pop<V: FromLua>(&self) -> Result<V> {
        let last = self.raw_len();
        let value = self.raw_get(last)?;
        if last > 0 {
            self.raw_set(last, Value::Nil)?;
        }
        Ok(value)
    }

    /// Inserts an element at position `index`, moving up those from there on; without metamethods.
    ///
    /// # Errors
    /// If the position is not between 1 and one more than the length; those of the conversion.
    pub fn raw_insert(&self, index: Integer, value: impl IntoLua) -> Result<()> {
        let len = self.raw_len() as Integer;
        if index < 1 || index > len + 1 {
            return Err(Error::runtime("index out of bounds"));
        }
        let value = value.into_lua(self.0.open().lua())?;
        for i in (index..=len).rev() {
            self.raw_set(i + 1, self.raw_get::<Value>(i)?)?;
        }
        self.raw_set(index, value)
    }

    /// Removes a field, without metamethods: for an integer within the sequence, those above move down.
    ///
    /// # Errors
    /// If the key is nil or NaN; those of the conversion.
    pub fn raw_remove(&self, key: impl IntoLua) -> Result<()> {
        match key.into_lua(self.0.open().lua())? {
            Value::Integer(index) => {
                let len = self.raw_len() as Integer;
                if index < 1 || index > len {
                    return Err(Error::runtime("index out of bounds"));
                }
                for i in index..len {
                    self.raw_set(i, self.raw_get::<Value>(i + 1)?)?;
                }
                self.raw_set(len, Value::Nil)
            }
            key => self.raw_set(key, Value::Nil),
        }
    }
}
