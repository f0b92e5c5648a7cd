//! Tables.

use crate::convert::{FromLua, IntoLua, Key};
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::raw::args::Stack;
use crate::raw::keys::Place;
use crate::raw::op::{Code, Op, PLAIN, TRACED};
use crate::raw::push::Pusher;
use crate::raw::state::Frame;
use crate::raw::{State, ValueRef};
use crate::types::Integer;
use crate::value::Value;
use crate::vm::types::{MULTRET, State as L, ty};
use std::fmt;
use std::marker::PhantomData;
use std::os::raw::{c_int, c_void};

/// A handle to a Lua table.
#[derive(Clone)]
pub struct Table(pub(crate) ValueRef);

/// Pushes the key of a table, which must be one.
pub(crate) fn push_key(key: impl IntoLua, to: &mut Pusher<'_>) -> Result<()> {
    match key.as_key() {
        Key::Integer(i) => to.integer(i),
        Key::Bytes(text) => to.bytes(text),
        Key::Other => {
            let key = key.into_lua(to.lua())?;
            check_key(&key)?;
            to.value(&key)
        }
    }
}

/// Lua raises errors for these keys; so do we, but before the operation.
fn check_key(key: &Value) -> Result<()> {
    match key {
        Value::Nil => Err(Error::runtime("table index is nil")),
        Value::Number(n) if n.is_nan() => Err(Error::runtime("table index is NaN")),
        _ => Ok(()),
    }
}

/// An integer key that every Lua's `lua_rawgeti` takes (before 5.3 it is a C int).
#[inline]
fn short_index(i: i64) -> Option<i64> {
    i32::try_from(i).ok().map(i64::from)
}

impl Table {
    /// A stack whose top is on the reference thread of the table, where reading it needs no protection.
    #[inline]
    fn own_stack<'a>(&self, state: &'a State) -> Stack<'a> {
        Stack { state, l: self.0.thread() }
    }

    /// Pushes a key onto the table's reference thread. Nothing there may run the collector, so a string that Lua does not
    /// have yet is made on the current thread. `None`: the key needs a protected call; it is given back as a value.
    #[inline]
    fn push_key_here<'k>(&self, state: &State, key: &Key<'k>) -> Result<bool> {
        let (api, own) = (state.api, self.0.thread());
        match key {
            Key::Integer(i) => {
                // SAFETY: S-REF-1, there is room above the slots.
                unsafe { (api.lua_pushinteger)(own, *i) };
                Ok(true)
            }
            Key::Bytes(text) => {
                let place = state.keys.find(text);
                if let Place::Slot(slot) = place {
                    // SAFETY: S-REF-1.
                    unsafe { state.push_slot(own, state.refs, slot) };
                    return Ok(true);
                }
                state.room(2)?;
                let l = state.current.get();
                if let Some(calm) = state.calm_objects()
                    && text.len() <= crate::raw::calm::LARGEST_STRING
                {
                    // SAFETY: S-CALM-1; there is room on both threads.
                    unsafe { calm.pushlstring(l, text) };
                } else if let Place::Wanted(_) = place {
                    let mut tape = state.tape();
                    tape.string(text)?;
                    // SAFETY: it pushes one string.
                    unsafe { state.run_op_on(&mut Op::new(state, Code::Push), tape, 1, PLAIN)? };
                } else {
                    return Ok(false);
                }
                // SAFETY: the string is on the top of `l`.
                unsafe {
                    if let Place::Wanted(index) = place {
                        state.keep_key(l, index);
                    }
                    (api.lua_xmove)(l, own, 1);
                }
                Ok(true)
            }
            Key::Other => Ok(false),
        }
    }

    /// `table[key]`, which may call `__index` (Lua manual, `lua_gettable`). A missing value is nil.
    ///
    /// # Errors
    /// Those of the metamethod and of the conversion.
    #[inline]
    pub fn get<V: FromLua>(&self, key: impl IntoLua) -> Result<V> {
        let state = self.0.open();
        let _alive = state.alive();
        let own = self.own_stack(state);
        let hint = key.as_key();
        // A value that is there needs no metamethod, so the raw access comes first.
        // SAFETY: S-REF-1, raw reading raises nothing and runs no collector.
        unsafe {
            if let Key::Integer(i) = hint
                && let Some(i) = short_index(i)
            {
                (state.api.lua_rawgeti)(own.l, self.0.slot(), i);
            } else if self.push_key_here(state, &hint)? {
                (state.api.lua_rawget)(own.l, self.0.slot());
            } else {
                return self.get_slowly(state, key);
            }
            if !own.is_nil(-1) || !self.has_metatable(state) {
                return V::pop_from(&own);
            }
            own.pop(1);
        }
        self.get_slowly(state, key)
    }

    #[inline]
    fn has_metatable(&self, state: &State) -> bool {
        // SAFETY: S-REF-1.
        unsafe {
            let has = (state.api.lua_getmetatable)(self.0.thread(), self.0.slot()) != 0;
            if has {
                state.api.pop(self.0.thread(), 1);
            }
            has
        }
    }

    /// In a protected call, with metamethods.
    fn get_slowly<V: FromLua>(&self, state: &State, key: impl IntoLua) -> Result<V> {
        let key = key.into_lua(state.lua())?;
        state.room(3)?;
        let mut tape = state.tape();
        tape.reference(self.0.clone());
        tape.value(state, &key)?;
        // SAFETY: the operands are a table and a key; the result is one value.
        unsafe {
            state.run_op_on(&mut Op::new(state, Code::Get), tape, 1, TRACED)?;
            V::pop_from(&Stack { state, l: state.current.get() })
        }
    }

    /// `table[key] = value`, which may call `__newindex` (Lua manual, `lua_settable`).
    ///
    /// # Errors
    /// If the key is nil or NaN; those of the metamethod and of the conversions.
    #[inline]
    pub fn set(&self, key: impl IntoLua, value: impl IntoLua) -> Result<()> {
        self.assign(key, value, Code::Set)
    }

    /// `table[key] = value` without metamethods (Lua manual, `lua_rawset`).
    ///
    /// # Errors
    /// If the key is nil or NaN; those of the conversions.
    #[inline]
    pub fn raw_set(&self, key: impl IntoLua, value: impl IntoLua) -> Result<()> {
        self.assign(key, value, Code::RawSet)
    }

    #[inline]
    fn assign(&self, key: impl IntoLua, value: impl IntoLua, code: Code) -> Result<()> {
        let state = self.0.open();
        let _alive = state.alive();
        // The conversion of the value may do anything, so it comes before the key is pushed.
        let mut pusher = Pusher::new(state);
        value.push_to(&mut pusher)?;
        let (api, own, slot) = (state.api, self.0.thread(), self.0.slot());
        let hint = key.as_key();
        if pusher.is_direct() && (code == Code::RawSet || !self.has_metatable(state)) {
            // SAFETY: S-REF-1; the value moves from the current thread, where it is the top, to the table's.
            unsafe {
                if let Some(memory) = state.calm_memory() {
                    if let Key::Integer(i) = hint
                        && let Some(i) = short_index(i)
                    {
                        pusher.move_one(own);
                        memory.rawseti(own, slot, i);
                        return Ok(());
                    }
                    if self.push_key_here(state, &hint)? {
                        pusher.move_one(own);
                        memory.rawset(own, slot);
                        return Ok(());
                    }
                } else if let Key::Integer(_) | Key::Bytes(_) = hint
                    && self.push_key_here(state, &hint)?
                {
                    // A key that is there already: assigning allocates nothing.
                    (api.lua_pushvalue)(own, -1);
                    (api.lua_rawget)(own, slot);
                    let known = (api.lua_type)(own, -1) != ty::NIL;
                    api.pop(own, 1);
                    if known {
                        pusher.move_one(own);
                        state.assign_known(own, slot);
                        return Ok(());
                    }
                    api.pop(own, 1);
                }
            }
        }
        let value = pusher.into_value()?;
        let key = key.into_lua(state.lua())?;
        if code == Code::RawSet || !self.has_metatable(state) {
            check_key(&key)?;
        }
        state.room(4)?;
        let mut tape = state.tape();
        tape.reference(self.0.clone());
        tape.value(state, &key)?;
        tape.value(state, &value)?;
        // SAFETY: the operands are a table, a key and a value; it leaves nothing.
        unsafe {
            state.run_op_on(
                &mut Op::new(state, code),
                tape,
                0,
                if code == Code::Set { TRACED } else { PLAIN },
            )
        }
    }

    /// `table[key]` without metamethods (Lua manual, `lua_rawget`). A missing value is nil.
    ///
    /// # Errors
    /// Those of the conversion.
    pub fn raw_get<V: FromLua>(&self, key: impl IntoLua) -> Result<V> {
        let state = self.0.open();
        let _alive = state.alive();
        let own = self.own_stack(state);
        let hint = key.as_key();
        // SAFETY: S-REF-1.
        unsafe {
            if let Key::Integer(i) = hint
                && let Some(i) = short_index(i)
            {
                (state.api.lua_rawgeti)(own.l, self.0.slot(), i);
            } else {
                if !self.push_key_here(state, &hint)? {
                    // Any other key is a value, or becomes one: a reference can be pushed without raising.
                    let key = key.into_lua(state.lua())?;
                    own.push_value(&key)?;
                }
                (state.api.lua_rawget)(own.l, self.0.slot());
            }
            V::pop_from(&own)
        }
    }

    /// Whether `table[key]` is not nil; may call `__index`.
    ///
    /// # Errors
    /// Those of the metamethod.
    pub fn contains_key(&self, key: impl IntoLua) -> Result<bool> {
        Ok(!self.get::<Value>(key)?.is_nil())
    }

    /// `#table`, which may call `__len` (Lua manual, `lua_len`).
    ///
    /// # Errors
    /// Those of the metamethod.
    pub fn len(&self) -> Result<Integer> {
        let state = self.0.open();
        if !self.has_metatable(state) {
            return Ok(self.raw_len() as Integer);
        }
        state.room(3)?;
        let mut tape = state.tape();
        tape.reference(self.0.clone());
        // SAFETY: the operand is a table; the result is one value.
        unsafe {
            state.run_op_on(&mut Op::new(state, Code::Len), tape, 1, TRACED)?;
            Integer::pop_from(&Stack { state, l: state.current.get() })
        }
    }

    /// The length without metamethods (Lua manual, `lua_rawlen`).
    pub fn raw_len(&self) -> usize {
        let state = self.0.open();
        // SAFETY: S-REF-1.
        unsafe { state.api.rawlen(self.0.thread(), self.0.slot()) }
    }

    /// Whether it has no fields at all, not regarding metamethods.
    pub fn is_empty(&self) -> bool {
        let state = self.0.open();
        let own = self.own_stack(state);
        // SAFETY: S-REF-1; `next` after nil does not raise.
        unsafe {
            (state.api.lua_pushnil)(own.l);
            if !state.next_known(own.l, self.0.slot()) {
                return true;
            }
            own.pop(2);
            false
        }
    }

    /// Removes all fields, without metamethods.
    ///
    /// # Errors
    /// None now.
    pub fn clear(&self) -> Result<()> {
        let state = self.0.open();
        let own = self.own_stack(state);
        // SAFETY: S-REF-1. The key is there, and setting a field that is there to nil is allowed while traversing.
        unsafe {
            (state.api.lua_pushnil)(own.l);
            while state.next_known(own.l, self.0.slot()) {
                own.pop(1);
                (state.api.lua_pushvalue)(own.l, -1);
                (state.api.lua_pushnil)(own.l);
                state.assign_known(own.l, self.0.slot());
            }
        }
        Ok(())
    }

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

    /// Whether both are equal, by `__eq` if there is one (Lua manual, "Relational Operators").
    ///
    /// # Errors
    /// Those of the metamethod.
    pub fn equals(&self, other: &Self) -> Result<bool> {
        if self == other {
            return Ok(true);
        }
        // One of them must have a metatable for __eq to matter.
        if self.metatable().is_none() && other.metatable().is_none() {
            return Ok(false);
        }
        crate::value::compare(&self.0, &other.0)
    }

    /// The metatable.
    pub fn metatable(&self) -> Option<Table> {
        let state = self.0.open();
        // SAFETY: S-REF-1.
        unsafe {
            if (state.api.lua_getmetatable)(self.0.thread(), self.0.slot()) == 0 {
                return None;
            }
            Some(Table(state.pop_ref_infallible(self.0.thread())))
        }
    }

    /// Sets or removes the metatable.
    ///
    /// # Errors
    /// None now.
    pub fn set_metatable(&self, metatable: Option<Table>) -> Result<()> {
        let state = self.0.open();
        let own = self.own_stack(state);
        // SAFETY: S-REF-1; setting a metatable allocates nothing.
        unsafe {
            match metatable {
                Some(metatable) => {
                    state.check_same(&metatable.0)?;
                    state.push_ref(own.l, &metatable.0);
                }
                None => (state.api.lua_pushnil)(own.l),
            }
            (state.api.lua_setmetatable)(own.l, self.0.slot());
        }
        Ok(())
    }

    /// The address of the table, for comparing and printing.
    pub fn to_pointer(&self) -> *const c_void {
        self.0.to_pointer()
    }

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

impl State {
    /// Whether a value is this state's.
    pub(crate) fn check_same(&self, value: &ValueRef) -> Result<()> {
        if value.open().is_same(self) {
            return Ok(());
        }
        Err(Error::runtime("a value of another Lua state was passed"))
    }

    /// `lua_next` for a key that is nil or in the table, which cannot raise then.
    ///
    /// # Safety
    /// That is so, and the table at `slot` and the key on the top are on the reference thread `own`.
    unsafe fn next_known(&self, own: L, slot: c_int) -> bool {
        type Next = unsafe extern "C-unwind" fn(L, c_int) -> c_int;
        // SAFETY: S-CALM-3.
        unsafe {
            let next = std::mem::transmute::<*const c_void, Next>(self.api.lua_next.address());
            next(own, slot) != 0
        }
    }

    /// `lua_rawset` for a key that is in the table, which cannot raise then.
    ///
    /// # Safety
    /// That is so, and the table at `slot`, the key and the value on the top are on the reference thread `own`.
    unsafe fn assign_known(&self, own: L, slot: c_int) {
        type RawSet = unsafe extern "C-unwind" fn(L, c_int);
        // SAFETY: S-CALM-3.
        unsafe {
            let rawset = std::mem::transmute::<*const c_void, RawSet>(self.api.lua_rawset.address());
            rawset(own, slot);
        }
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

impl PartialEq for Table {
    /// Whether it is the same table.
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return crate::print::pretty_table(self, f);
        }
        write!(f, "Table({:?})", self.to_pointer())
    }
}

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
