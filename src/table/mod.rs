//! Tables.

mod build;
mod iter;
mod sequence;

pub use iter::{TablePairs, TableSequence};

use crate::convert::{FromLua, IntoLua, Key};
use crate::error::{Error, Result};
use crate::raw::args::Stack;
use crate::raw::keys::Place;
use crate::raw::op::{Code, Op, PLAIN, TRACED};
use crate::raw::push::Pusher;
use crate::raw::{State, ValueRef};
use crate::types::Integer;
use crate::value::Value;
use crate::vm::types::{State as L, ty};
use std::fmt;
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
