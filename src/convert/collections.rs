//! Collections: sequences and maps become tables, and tables become them.

use super::{FromLua, IntoLua};
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::raw::push::Pusher;
use crate::table::Table;
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

/// Pushes the elements as a sequence.
fn push_sequence<T: IntoLua>(
    items: impl Iterator<Item = T>,
    expected: usize,
    to: &mut Pusher<'_>,
) -> Result<()> {
    to.table(true, expected, |to| {
        let mut count = 0;
        for item in items {
            item.push_to(to)?;
            count += 1;
        }
        Ok(count)
    })
}

fn push_map<K: IntoLua, V: IntoLua>(
    pairs: impl Iterator<Item = (K, V)>,
    expected: usize,
    to: &mut Pusher<'_>,
) -> Result<()> {
    to.table(false, expected, |to| {
        let mut count = 0;
        for (key, value) in pairs {
            crate::table::push_key(key, to)?;
            value.push_to(to)?;
            count += 1;
        }
        Ok(count)
    })
}

macro_rules! sequence_into_lua {
    ($([$($generics:tt)*] $ty:ty, |$this:ident| $iter:expr;)*) => {$(
        impl<$($generics)*> IntoLua for $ty {
            fn into_lua(self, lua: &Lua) -> Result<Value> {
                let $this = self;
                Ok(Value::Table(lua.create_sequence_from($iter)?))
            }

            fn push_to(self, to: &mut Pusher<'_>) -> Result<()> {
                let expected = self.len();
                let $this = self;
                push_sequence($iter, expected, to)
            }
        }
    )*};
}

sequence_into_lua! {
    [T: IntoLua] Vec<T>, |v| v.into_iter();
    [T: IntoLua, const N: usize] [T; N], |v| v.into_iter();
    [T: IntoLua] Box<[T]>, |v| v.into_vec().into_iter();
    ['a, T: IntoLua + Clone] &'a [T], |v| v.iter().cloned();
}

macro_rules! map_into_lua {
    ($([$($generics:tt)*] $ty:ty, |$this:ident| $iter:expr;)*) => {$(
        impl<$($generics)*> IntoLua for $ty {
            fn into_lua(self, lua: &Lua) -> Result<Value> {
                let $this = self;
                Ok(Value::Table(lua.create_table_from($iter)?))
            }

            fn push_to(self, to: &mut Pusher<'_>) -> Result<()> {
                let expected = self.len();
                let $this = self;
                push_map($iter, expected, to)
            }
        }
    )*};
}

// A set is a table whose keys are the elements.
map_into_lua! {
    [K: Eq + Hash + IntoLua, V: IntoLua, S: BuildHasher] HashMap<K, V, S>, |m| m.into_iter();
    [K: Ord + IntoLua, V: IntoLua] BTreeMap<K, V>, |m| m.into_iter();
    [T: Eq + Hash + IntoLua, S: BuildHasher] HashSet<T, S>, |m| m.into_iter().map(|key| (key, true));
    [T: Ord + IntoLua] BTreeSet<T>, |m| m.into_iter().map(|key| (key, true));
}

fn table(value: Value, to: &'static str) -> Result<Table> {
    match value {
        Value::Table(table) => Ok(table),
        value => Err(Error::from_lua_conversion(value.type_name(), to, "expected table".to_owned())),
    }
}

impl<T: FromLua> FromLua for Vec<T> {
    fn from_lua(value: Value, _: &Lua) -> Result<Self> {
        table(value, "Vec")?.sequence_values().collect()
    }
}

impl<T: FromLua> FromLua for Box<[T]> {
    fn from_lua(value: Value, lua: &Lua) -> Result<Self> {
        Vec::<T>::from_lua(value, lua).map(Vec::into_boxed_slice)
    }
}

impl<T: FromLua, const N: usize> FromLua for [T; N] {
    fn from_lua(value: Value, lua: &Lua) -> Result<Self> {
        let to = || format!("[T; {N}]");
        let from = value.type_name();
        if !matches!(value, Value::Table(_)) {
            return Err(Error::from_lua_conversion(from, to(), "expected table".to_owned()));
        }
        Vec::<T>::from_lua(value, lua)?.try_into().map_err(|items: Vec<T>| {
            Error::from_lua_conversion(
                from,
                to(),
                format!("expected table of length {N}, got {}", items.len()),
            )
        })
    }
}

impl<K: Eq + Hash + FromLua, V: FromLua, S: BuildHasher + Default> FromLua for HashMap<K, V, S> {
    fn from_lua(value: Value, _: &Lua) -> Result<Self> {
        table(value, "HashMap")?.pairs().collect()
    }
}

impl<K: Ord + FromLua, V: FromLua> FromLua for BTreeMap<K, V> {
    fn from_lua(value: Value, _: &Lua) -> Result<Self> {
        table(value, "BTreeMap")?.pairs().collect()
    }
}

/// The elements of a sequence, or the keys of any other table.
fn elements<T: FromLua, C: FromIterator<T>>(table: &Table) -> Result<C> {
    if table.raw_len() > 0 {
        table.sequence_values().collect()
    } else {
        table.pairs::<T, Value>().map(|pair| pair.map(|(key, _)| key)).collect()
    }
}

impl<T: Eq + Hash + FromLua, S: BuildHasher + Default> FromLua for HashSet<T, S> {
    fn from_lua(value: Value, _: &Lua) -> Result<Self> {
        elements(&table(value, "HashSet")?)
    }
}

impl<T: Ord + FromLua> FromLua for BTreeSet<T> {
    fn from_lua(value: Value, _: &Lua) -> Result<Self> {
        elements(&table(value, "BTreeSet")?)
    }
}
