//! Any number of values: arguments and results.

use crate::value::Value;
use std::collections::VecDeque;
use std::collections::vec_deque::{IntoIter, Iter};
use std::ops::{Deref, DerefMut};

/// Any number of Lua values: the arguments or the results of a function.
#[derive(Default, Debug, Clone)]
pub struct MultiValue(pub(crate) VecDeque<Value>);

impl MultiValue {
    /// No values.
    pub const fn new() -> MultiValue {
        MultiValue(VecDeque::new())
    }

    /// No values yet, with room for `capacity`.
    pub fn with_capacity(capacity: usize) -> MultiValue {
        MultiValue(VecDeque::with_capacity(capacity))
    }

    /// The values of a vector, in their order.
    pub fn from_vec(values: Vec<Value>) -> MultiValue {
        MultiValue(values.into())
    }

    /// The values as a vector.
    pub fn into_vec(self) -> Vec<Value> {
        self.0.into()
    }
}

impl From<Vec<Value>> for MultiValue {
    fn from(values: Vec<Value>) -> Self {
        MultiValue::from_vec(values)
    }
}

impl From<MultiValue> for Vec<Value> {
    fn from(values: MultiValue) -> Self {
        values.into_vec()
    }
}

impl Deref for MultiValue {
    type Target = VecDeque<Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for MultiValue {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl FromIterator<Value> for MultiValue {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Self {
        MultiValue(values.into_iter().collect())
    }
}

impl IntoIterator for MultiValue {
    type Item = Value;
    type IntoIter = IntoIter<Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a MultiValue {
    type Item = &'a Value;
    type IntoIter = Iter<'a, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Any number of values of one type: as the last parameter of a callback it takes all remaining arguments.
///
/// ```
/// # use oxilua::{Lua, Result, Variadic};
/// # fn main() -> Result<()> {
/// # let Ok(lua) = Lua::new_with(oxilua::StdLib::ALL_SAFE, Default::default()) else { return Ok(()) };
/// let sum = lua.create_function(|_, xs: Variadic<i64>| Ok(xs.iter().sum::<i64>()))?;
/// assert_eq!(sum.call::<i64>((3, 4, 5))?, 12);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Variadic<T>(pub(crate) Vec<T>);

impl<T> Variadic<T> {
    /// No values.
    pub const fn new() -> Variadic<T> {
        Variadic(Vec::new())
    }

    /// No values yet, with room for `capacity`.
    pub fn with_capacity(capacity: usize) -> Variadic<T> {
        Variadic(Vec::with_capacity(capacity))
    }
}

impl<T> Default for Variadic<T> {
    fn default() -> Self {
        Variadic::new()
    }
}

impl<T> From<Vec<T>> for Variadic<T> {
    fn from(values: Vec<T>) -> Self {
        Variadic(values)
    }
}

impl<T> From<Variadic<T>> for Vec<T> {
    fn from(values: Variadic<T>) -> Self {
        values.0
    }
}

impl<T> FromIterator<T> for Variadic<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Variadic(values.into_iter().collect())
    }
}

impl<T> IntoIterator for Variadic<T> {
    type Item = T;
    type IntoIter = <Vec<T> as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<T> Deref for Variadic<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T> DerefMut for Variadic<T> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}
