//! Making tables.

use super::{Table, push_key};
use crate::convert::IntoLua;
use crate::error::Result;
use crate::lua::Lua;
use crate::raw::State;
use crate::raw::args::Stack;
use crate::raw::op::{Code, Op, PLAIN};
use crate::raw::push::Pusher;
use crate::raw::state::Frame;
use crate::value::Value;
use crate::vm::types::State as L;
use std::os::raw::c_int;

impl Lua {
    /// Makes an empty table (Lua manual, `lua_newtable`).
    ///
    /// # Errors
    /// If memory runs out.
    #[inline]
    pub fn create_table(&self) -> Result<Table> {
        self.create_table_with_capacity(0, 0)
    }

    /// Makes an empty table with room for so many elements of a sequence and so many other fields (Lua manual,
    /// `lua_createtable`).
    ///
    /// # Errors
    /// If memory runs out.
    pub fn create_table_with_capacity(&self, elements: usize, fields: usize) -> Result<Table> {
        let state = self.state();
        let _alive = state.alive();
        state.room(1)?;
        let l = state.current.get();
        // SAFETY: there is room for the table.
        unsafe {
            match state.calm_objects() {
                Some(calm) if elements.max(fields) < 1 << 20 => {
                    calm.createtable(l, elements as c_int, fields as c_int)
                }
                _ => {
                    let size = |n: usize| c_int::try_from(n).unwrap_or(c_int::MAX);
                    let mut op = Op::new(state, Code::Table);
                    (op.a, op.b) = (size(elements), size(fields));
                    state.run_op(&mut op, 1, PLAIN)?;
                }
            }
            Ok(Table(state.pop_ref(l)?))
        }
    }

    /// Makes a table of keys and values.
    ///
    /// # Errors
    /// If a key is nil or NaN; those of the conversions.
    pub fn create_table_from<K: IntoLua, V: IntoLua>(
        &self,
        iter: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Table> {
        let mut iter = iter.into_iter();
        let expected = iter.size_hint().0;
        if let Some(table) = self.build_calmly(false, expected, |builder| {
            let Some((key, value)) = iter.next() else { return Ok(false) };
            builder.field(key, value)?;
            Ok(true)
        })? {
            // What is left, if the state was not calm up to the end.
            iter.try_for_each(|(key, value)| table.raw_set(key, value))?;
            return Ok(table);
        }
        self.build_table(false, expected, |to| {
            let mut count = 0;
            for (key, value) in iter {
                push_key(key, to)?;
                value.push_to(to)?;
                count += 1;
            }
            Ok(count)
        })
    }

    /// Makes a sequence: a table with these elements from 1 on.
    ///
    /// # Errors
    /// Those of the conversions.
    pub fn create_sequence_from<T: IntoLua>(&self, iter: impl IntoIterator<Item = T>) -> Result<Table> {
        let mut iter = iter.into_iter();
        let expected = iter.size_hint().0;
        if let Some(table) = self.build_calmly(true, expected, |builder| {
            let Some(item) = iter.next() else { return Ok(false) };
            builder.element(item)?;
            Ok(true)
        })? {
            iter.try_for_each(|item| table.raw_push(item))?;
            return Ok(table);
        }
        self.build_table(true, expected, |to| {
            let mut count = 0;
            for item in iter {
                item.push_to(to)?;
                count += 1;
            }
            Ok(count)
        })
    }

    /// Builds a table right on the stack, as long as nothing there can raise; `None` if it can from the start. `next` adds
    /// one element and says whether there was one.
    fn build_calmly(
        &self,
        is_array: bool,
        expected: usize,
        mut next: impl FnMut(&mut Builder<'_>) -> Result<bool>,
    ) -> Result<Option<Table>> {
        let state = self.state();
        let Some(calm) = state.calm_objects().filter(|_| expected < 1 << 20) else { return Ok(None) };
        let _alive = state.alive();
        state.room(4)?;
        let l = state.current.get();
        let size = expected as c_int;
        // SAFETY: S-CALM-1, there is room. The frame takes the table away should the building fail or panic.
        let _frame = unsafe {
            let frame = Frame::above(state.api, l, (state.api.lua_gettop)(l));
            calm.createtable(l, if is_array { size } else { 0 }, if is_array { 0 } else { size });
            frame
        };
        state.with_pushed(1, || -> Result<()> {
            let mut builder = Builder { state, l, pusher: Pusher::new(state), count: 0 };
            while state.calm_memory().is_some() && next(&mut builder)? {}
            Ok(())
        })?;
        // SAFETY: the table is on the top.
        unsafe { Ok(Some(Table(state.pop_ref(l)?))) }
    }

    /// The contents become plain data first, and then one operation makes the table.
    fn build_table(
        &self,
        is_array: bool,
        expected: usize,
        fill: impl FnOnce(&mut Pusher<'_>) -> Result<usize>,
    ) -> Result<Table> {
        let state = self.state();
        let _alive = state.alive();
        let mut pusher = Pusher::new(state);
        pusher.table(is_array, expected, fill)?;
        pusher.onto_stack()?;
        // SAFETY: the table is on the top.
        unsafe { Ok(Table(state.pop_ref(state.current.get())?)) }
    }
}

/// A table that is being built on the top of the stack.
struct Builder<'a> {
    state: &'a State,
    l: L,
    pusher: Pusher<'a>,
    count: i64,
}

impl Builder<'_> {
    /// Adds an element of the sequence.
    #[inline]
    fn element(&mut self, item: impl IntoLua) -> Result<()> {
        item.push_to(&mut self.pusher)?;
        self.pusher.consumed()?;
        self.count += 1;
        match self.state.calm_memory() {
            // SAFETY: S-CALM-1, the element is on the top and the table below it.
            Some(calm) => unsafe { calm.rawseti(self.l, -2, self.count) },
            // The conversion has set a limit to the memory.
            None => return self.store_protected(Value::Integer(self.count)),
        }
        Ok(())
    }

    /// Adds a field.
    #[inline]
    fn field(&mut self, key: impl IntoLua, value: impl IntoLua) -> Result<()> {
        push_key(key, &mut self.pusher)?;
        value.push_to(&mut self.pusher)?;
        self.pusher.consumed()?;
        match self.state.calm_memory() {
            // SAFETY: S-CALM-1, the key was checked, and the two are on the top and the table below them.
            Some(calm) => unsafe { calm.rawset(self.l, -3) },
            None => {
                let stack = Stack { state: self.state, l: self.l };
                // SAFETY: the key is below the value.
                let key = unsafe { stack.value(-2) };
                // SAFETY: the value stays on the top, in the place of the key.
                unsafe { self.state.api.replace(self.l, -2) };
                return self.store_protected(key?);
            }
        }
        Ok(())
    }

    /// Stores the value on the top in the table below it.
    #[cold]
    fn store_protected(&self, key: Value) -> Result<()> {
        let stack = Stack { state: self.state, l: self.l };
        // SAFETY: the value and the table are there.
        unsafe {
            let value = stack.pop_value()?;
            Table(stack.reference(-1)?).raw_set(key, value)
        }
    }
}
