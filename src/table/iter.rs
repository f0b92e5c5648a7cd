//! Going through tables.

use super::Table;
use crate::convert::FromLua;
use crate::error::Result;
use crate::raw::State;
use crate::raw::args::Stack;
use crate::raw::op::{Code, Op, PLAIN};
use crate::types::Integer;
use crate::value::Value;
use crate::vm::types::MULTRET;
use std::marker::PhantomData;

impl Table {
    /// The fields, in no particular order, without metamethods (Lua manual, `next`).
    ///
    /// Fields may be changed and removed meanwhile; after adding one, some may be seen twice or not at all, or an error
    /// may end the traversal.
    pub fn pairs<K: FromLua, V: FromLua>(&self) -> TablePairs<'_, K, V> {
        TablePairs { table: self, key: Cursor::Start, _types: PhantomData }
    }

    /// Calls `f` with each field, in no particular order, without metamethods.
    ///
    /// # Errors
    /// Those of `f` and of the conversions.
    pub fn for_each<K: FromLua, V: FromLua>(&self, mut f: impl FnMut(K, V) -> Result<()>) -> Result<()> {
        self.pairs().try_for_each(|pair| pair.and_then(|(key, value)| f(key, value)))
    }

    /// The elements of the sequence from 1 up to the first nil, without metamethods.
    pub fn sequence_values<V: FromLua>(&self) -> TableSequence<'_, V> {
        TableSequence { table: self, index: 1, _types: PhantomData }
    }

    /// Calls `f` with each element of the sequence, without metamethods.
    ///
    /// # Errors
    /// Those of `f` and of the conversions.
    pub fn for_each_value<V: FromLua>(&self, mut f: impl FnMut(V) -> Result<()>) -> Result<()> {
        self.sequence_values().try_for_each(|value| value.and_then(&mut f))
    }
}

/// Where a traversal is.
enum Cursor {
    Start,
    /// After this key, which is kept as a value so that nothing of the traversal stays on a stack.
    After(Value),
    End,
}

/// An iterator over the fields of a table; see [`Table::pairs`].
pub struct TablePairs<'a, K, V> {
    table: &'a Table,
    key: Cursor,
    _types: PhantomData<fn() -> (K, V)>,
}

impl<K: FromLua, V: FromLua> TablePairs<'_, K, V> {
    fn step(&mut self) -> Result<Option<(K, V)>> {
        let table = self.table;
        let state = table.0.open();
        let _alive = state.alive();
        let own = table.own_stack(state);
        // While a conversion fails or panics, the traversal is over.
        let key = std::mem::replace(&mut self.key, Cursor::End);
        // SAFETY: S-REF-1, S-CALM-3: with a key that is in the table, `next` does not raise.
        unsafe {
            let key = match key {
                Cursor::End => return Ok(None),
                Cursor::Start => Value::Nil,
                Cursor::After(key) => key,
            };
            own.push_value(&key)?;
            if !key.is_nil() {
                (state.api.lua_pushvalue)(own.l, -1);
                (state.api.lua_rawget)(own.l, table.0.slot());
                let known = !own.is_nil(-1);
                own.pop(1);
                if !known {
                    own.pop(1);
                    return self.step_slowly(state, key);
                }
            }
            if !state.next_known(own.l, table.0.slot()) {
                return Ok(None);
            }
            self.take(&own)
        }
    }

    /// The field of the last key was removed: `next` still finds its place, or raises, so it is protected.
    #[cold]
    fn step_slowly(&mut self, state: &State, key: Value) -> Result<Option<(K, V)>> {
        state.room(4)?;
        let mut tape = state.tape();
        tape.reference(self.table.0.clone());
        tape.value(state, &key)?;
        let l = state.current.get();
        // SAFETY: the operands are a table and a key; what comes is a key and a value or nothing.
        unsafe {
            let top = (state.api.lua_gettop)(l);
            state.run_op_on(&mut Op::new(state, Code::Next), tape, MULTRET, PLAIN)?;
            if (state.api.lua_gettop)(l) == top {
                return Ok(None);
            }
            self.take(&Stack { state, l })
        }
    }

    /// Pops the key and the value on the top.
    ///
    /// # Safety
    /// They are there.
    unsafe fn take(&mut self, stack: &Stack<'_>) -> Result<Option<(K, V)>> {
        // SAFETY: the caller's promise. The conversions of other crates run only when both are popped.
        unsafe {
            let both = stack.pop_later(2);
            let direct = K::IS_PLAIN.then(|| K::read_from(stack, -2));
            let key = stack.value(-2)?;
            std::mem::forget(both);
            stack.state.api.replace(stack.l, -2);
            let value = V::pop_from(stack)?;
            let converted = match direct {
                Some(key) => key?,
                None => K::from_lua(key.clone(), stack.lua())?,
            };
            self.key = Cursor::After(key);
            Ok(Some((converted, value)))
        }
    }
}

impl<K: FromLua, V: FromLua> Iterator for TablePairs<'_, K, V> {
    type Item = Result<(K, V)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

/// An iterator over the elements of a sequence; see [`Table::sequence_values`].
pub struct TableSequence<'a, V> {
    table: &'a Table,
    index: Integer,
    _types: PhantomData<fn() -> V>,
}

impl<V: FromLua> Iterator for TableSequence<'_, V> {
    type Item = Result<V>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let state = self.table.0.open();
        let own = self.table.own_stack(state);
        if self.index > Integer::from(i32::MAX) {
            return None;
        }
        // SAFETY: S-REF-1; the index is one that every lua_rawgeti takes.
        unsafe {
            (state.api.lua_rawgeti)(own.l, self.table.0.slot(), self.index);
            if own.is_nil(-1) {
                own.pop(1);
                return None;
            }
            self.index += 1;
            let value = V::pop_from(&own);
            if value.is_err() {
                self.index = Integer::MAX;
            }
            Some(value)
        }
    }
}
