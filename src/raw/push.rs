//! From Rust values to a Lua stack.

use super::calm::LARGEST_STRING;
use super::ffi::Code;
use super::keys::Place;
use super::op::{Op, PLAIN};
use super::refs::ValueRef;
use super::state::State;
use super::tape::Tape;
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::value::Value;
use crate::vm::types::{Integer, MULTRET, Number, State as L};
use std::os::raw::{c_int, c_void};

/// Takes the values of one operation, in order.
///
/// They go straight onto the stack for as long as nothing can raise; from the first one on that might (a new string in a
/// state that is not calm), they become plain data on a tape, which the shim turns into values in the protected call that
/// the operation makes anyway, or after the callback has returned.
#[doc(hidden)]
pub struct Pusher<'a> {
    state: &'a State,
    l: L,
    /// Values on the stack.
    direct: u32,
    /// How many more fit there for sure.
    room: u32,
    tape: Option<Box<Tape>>,
}

impl<'a> Pusher<'a> {
    /// Pushes onto `current`.
    #[inline]
    pub(crate) fn new(state: &'a State) -> Pusher<'a> {
        Pusher { state, l: state.current.get(), direct: 0, room: 0, tape: None }
    }

    /// The Lua that the values are for.
    #[inline]
    pub fn lua(&self) -> &'a Lua {
        self.state.lua()
    }

    #[inline]
    fn on_stack(&mut self) -> Result<()> {
        if self.room == 0 {
            self.state.room(4)?;
            self.room = 4;
        }
        self.room -= 1;
        self.direct += 1;
        self.state.pushed.set(self.state.pushed.get() + 1);
        Ok(())
    }

    /// The tape, which takes all values from now on.
    #[inline]
    fn tape(&mut self) -> &mut Tape {
        self.tape.get_or_insert_with(|| self.state.tape())
    }

    /// Pushes nil.
    #[inline]
    pub fn nil(&mut self) -> Result<()> {
        if let Some(tape) = &mut self.tape {
            tape.nil();
            return Ok(());
        }
        self.on_stack()?;
        // SAFETY: S-PUSH-1, there is room.
        unsafe { (self.state.api.lua_pushnil)(self.l) };
        Ok(())
    }

    /// Pushes a boolean.
    #[inline]
    pub fn boolean(&mut self, b: bool) -> Result<()> {
        if let Some(tape) = &mut self.tape {
            tape.boolean(b);
            return Ok(());
        }
        self.on_stack()?;
        // SAFETY: S-PUSH-1.
        unsafe { (self.state.api.lua_pushboolean)(self.l, c_int::from(b)) };
        Ok(())
    }

    /// Pushes an integer, as a number where Lua has no integers.
    #[inline]
    pub fn integer(&mut self, i: Integer) -> Result<()> {
        if let Some(tape) = &mut self.tape {
            tape.integer(i);
            return Ok(());
        }
        self.on_stack()?;
        // SAFETY: S-PUSH-1.
        unsafe { (self.state.api.lua_pushinteger)(self.l, i) };
        Ok(())
    }

    /// Pushes a number.
    #[inline]
    pub fn number(&mut self, n: Number) -> Result<()> {
        if let Some(tape) = &mut self.tape {
            tape.number(n);
            return Ok(());
        }
        self.on_stack()?;
        // SAFETY: S-PUSH-1.
        unsafe { (self.state.api.lua_pushnumber)(self.l, n) };
        Ok(())
    }

    /// Pushes a light userdata.
    pub fn light(&mut self, p: *mut c_void) -> Result<()> {
        // LuaJIT keeps a list of the upper halves of addresses, and refuses too many of them.
        if self.tape.is_some() || self.state.api.is_jit != 0 && !p.is_null() {
            self.tape().light(p);
            return Ok(());
        }
        self.on_stack()?;
        // SAFETY: S-PUSH-1.
        unsafe { (self.state.api.lua_pushlightuserdata)(self.l, p) };
        Ok(())
    }

    /// Pushes a string.
    #[inline]
    pub fn bytes(&mut self, text: &[u8]) -> Result<()> {
        if let Some(tape) = &mut self.tape {
            return tape.string(text);
        }
        if let Some(calm) = self.state.calm_objects()
            && text.len() <= LARGEST_STRING
        {
            self.on_stack()?;
            // SAFETY: S-PUSH-1.
            unsafe { calm.pushlstring(self.l, text) };
            return Ok(());
        }
        match self.state.keys.find(text) {
            Place::Slot(slot) => {
                self.on_stack()?;
                // SAFETY: S-PUSH-1.
                unsafe { self.state.push_slot(self.l, self.state.refs, slot) };
                Ok(())
            }
            _ => self.tape().string(text),
        }
    }

    /// Pushes the value of a reference.
    #[inline]
    pub(crate) fn reference(&mut self, value: &ValueRef) -> Result<()> {
        let state = value.open();
        if !state.is_same(self.state) {
            return Err(Error::runtime("a value of another Lua state was passed"));
        }
        if let Some(tape) = &mut self.tape {
            tape.reference(value.clone());
            return Ok(());
        }
        self.on_stack()?;
        // SAFETY: S-PUSH-1.
        unsafe { self.state.push_ref(self.l, value) };
        Ok(())
    }

    /// Pushes any value.
    #[inline]
    pub fn value(&mut self, value: &Value) -> Result<()> {
        match value {
            Value::Nil => self.nil(),
            Value::Boolean(b) => self.boolean(*b),
            Value::LightUserData(p) => self.light(p.0),
            Value::Integer(i) => self.integer(*i),
            Value::Number(n) => self.number(*n),
            Value::String(s) => self.reference(&s.0),
            Value::Table(t) => self.reference(&t.0),
            Value::Function(f) => self.reference(&f.0),
            Value::Thread(t) => self.reference(&t.0),
            Value::UserData(u) => self.reference(&u.0),
            Value::Other(r) => self.reference(&r.0),
            // Only the shim makes the userdata of an error.
            Value::Error(_) => {
                let state = self.state;
                self.tape().value(state, value)
            }
        }
    }

    /// Pushes a table whose `values` values or pairs follow, pushed by `fill`, which returns how many there were.
    ///
    /// # Errors
    /// Those of `fill`.
    pub fn table(
        &mut self,
        is_array: bool,
        expected: usize,
        fill: impl FnOnce(&mut Self) -> Result<usize>,
    ) -> Result<()> {
        let from = self.tape().cells.len();
        let expected = u32::try_from(expected).unwrap_or(u32::MAX);
        self.tape().begin_table(is_array, expected);
        let len = fill(self)?;
        let Ok(len) = u32::try_from(len) else {
            return Err(Error::runtime("too many values for a Lua table"));
        };
        self.tape().end_table(from, len);
        Ok(())
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> u32 {
        self.direct + self.tape.as_ref().map_or(0, |t| t.nvalues)
    }

    /// Leaves the values on the stack, those on the tape built in a protected call. The caller takes over the count of
    /// what it finds there.
    pub(crate) fn onto_stack(mut self) -> Result<c_int> {
        let count = self.len();
        if let Some(tape) = self.tape.take() {
            self.build(tape)?;
        }
        self.state.pushed.set(self.state.pushed.get() - self.direct);
        self.direct = 0;
        Ok(count as c_int)
    }

    #[cold]
    fn build(&mut self, mut tape: Box<Tape>) -> Result<()> {
        let count = tape.nvalues;
        self.state.room(count)?;
        if let Some(calm) = self.state.calm_objects()
            && tape.is_modest()
        {
            tape.seal();
            // SAFETY: S-PUSH-1, and the tape is neither large nor deep.
            unsafe { calm.push_cells(self.l, &mut tape.cells, count) };
            self.state.give_back(tape);
            return Ok(());
        }
        let mut op = Op::new(self.state, Code::Push);
        // SAFETY: S-PUSH-1.
        unsafe { self.state.run_op_on(&mut op, tape, MULTRET, PLAIN) }
    }

    /// Whether all values so far are on the stack.
    #[inline]
    pub(crate) fn is_direct(&self) -> bool {
        self.tape.is_none()
    }

    /// Leaves what was pushed so far on the stack, to be consumed by the caller at once, and starts anew.
    #[inline]
    pub(crate) fn consumed(&mut self) -> Result<()> {
        if let Some(tape) = self.tape.take() {
            self.build(tape)?;
        }
        self.state.pushed.set(self.state.pushed.get() - self.direct);
        self.room += self.direct;
        self.direct = 0;
        Ok(())
    }

    /// Moves the one value that was pushed to another thread.
    ///
    /// # Safety
    /// There is one, on the stack, and room for it on `to`.
    #[inline]
    pub(crate) unsafe fn move_one(mut self, to: L) {
        debug_assert!(self.direct == 1 && self.tape.is_none());
        self.direct = 0;
        self.state.pushed.set(self.state.pushed.get() - 1);
        // SAFETY: the caller's promise.
        unsafe { (self.state.api.lua_xmove)(self.l, to, 1) };
    }

    /// The one value that was pushed.
    #[cold]
    pub(crate) fn into_value(self) -> Result<Value> {
        let state = self.state;
        let l = self.l;
        self.onto_stack()?;
        // SAFETY: the value is on the top.
        unsafe { super::args::Stack { state, l }.pop_value() }
    }

    /// What is on the stack, and what is on the tape for the shim to build.
    #[inline]
    pub(crate) fn into_parts(mut self) -> (u32, Option<Box<Tape>>) {
        let direct = std::mem::take(&mut self.direct);
        self.state.pushed.set(self.state.pushed.get() - direct);
        (direct, self.tape.take())
    }
}

impl Drop for Pusher<'_> {
    /// An operation that failed half-way leaves nothing behind.
    #[inline]
    fn drop(&mut self) {
        if self.direct > 0 {
            self.state.pushed.set(self.state.pushed.get() - self.direct);
            // SAFETY: S-PUSH-1, they are the topmost values: whoever pushed others above has popped them.
            unsafe { self.state.api.pop(self.l, self.direct as c_int) };
        }
        if let Some(tape) = self.tape.take() {
            self.state.give_back(tape);
        }
    }
}
