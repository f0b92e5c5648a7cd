//! Tapes: Lua values as plain data, for the shim to build where raising is allowed.

use super::ffi::{Cell, Pending, kind, tag};
use super::refs::ValueRef;
use super::state::State;
use crate::error::{Error, Result};
use crate::value::Value;
use crate::vm::types::State as L;
use std::os::raw::c_void;

/// The values of one operation or of one callback's results. Pooled by the state.
#[repr(C)]
pub(crate) struct Tape {
    /// First, so that the shim's pointer to it is one to the tape.
    pub(crate) pending: Pending,
    pub(crate) cells: Vec<Cell>,
    /// How many values the cells begin on the outermost level.
    pub(crate) nvalues: u32,
    /// The text of the strings, found by their offset until the tape is sealed.
    bytes: Vec<u8>,
    /// What the cells refer to.
    kept: Vec<ValueRef>,
    /// Only while the shim has the tape: where it goes back to.
    state: *const State,
    /// Levels of tables that are open: their values are not counted.
    depth: u32,
    deepest: u32,
    has_light: bool,
}

impl Tape {
    fn new() -> Box<Tape> {
        Box::new(Tape {
            pending: Pending {
                kind: kind::RETURN,
                nstack: 0,
                nvalues: 0,
                cells: std::ptr::null_mut(),
                run: None,
                context: std::ptr::null_mut(),
                release: Some(release),
            },
            cells: Vec::new(),
            nvalues: 0,
            bytes: Vec::new(),
            kept: Vec::new(),
            state: std::ptr::null(),
            depth: 0,
            deepest: 0,
            has_light: false,
        })
    }

    #[inline]
    fn cell(&mut self, tag: u32, len: u32, data: u64) {
        self.cells.push(Cell { tag, len, data });
        self.nvalues += u32::from(self.depth == 0);
    }

    #[inline]
    pub(crate) fn nil(&mut self) {
        self.cell(tag::NIL, 0, 0);
    }

    #[inline]
    pub(crate) fn boolean(&mut self, b: bool) {
        self.cell(if b { tag::TRUE } else { tag::FALSE }, 0, 0);
    }

    #[inline]
    pub(crate) fn integer(&mut self, i: i64) {
        self.cell(tag::INT, 0, i as u64);
    }

    #[inline]
    pub(crate) fn number(&mut self, n: f64) {
        self.cell(tag::NUM, 0, n.to_bits());
    }

    pub(crate) fn light(&mut self, p: *mut c_void) {
        self.has_light = true;
        self.cell(tag::LIGHT, 0, p as u64);
    }

    pub(crate) fn string(&mut self, text: &[u8]) -> Result<()> {
        let Ok(len) = u32::try_from(text.len()) else {
            return Err(Error::runtime("a string of 4 GiB or more does not fit into Lua"));
        };
        let offset = self.bytes.len() as u64;
        self.bytes.extend_from_slice(text);
        self.cell(tag::STR_OFFSET, len, offset);
        Ok(())
    }

    /// A value that Rust refers to; the tape keeps the reference.
    pub(crate) fn reference(&mut self, value: ValueRef) {
        self.cell(tag::REF, value.slot() as u32, value.thread() as u64);
        self.kept.push(value);
    }

    /// A value in a slot that stays as it is.
    pub(crate) fn slot(&mut self, thread: L, slot: i32) {
        self.cell(tag::REF, slot as u32, thread as u64);
    }

    /// Any value.
    pub(crate) fn value(&mut self, state: &State, value: &Value) -> Result<()> {
        match value {
            Value::Nil => self.nil(),
            Value::Boolean(b) => self.boolean(*b),
            Value::LightUserData(p) => self.light(p.0),
            Value::Integer(i) => self.integer(*i),
            Value::Number(n) => self.number(*n),
            Value::Error(e) => self.failure(state, super::failure::Failure::error(state, (**e).clone())),
            value => {
                if let Some(handle) = value.handle() {
                    state.check_same(handle)?;
                    self.reference(handle.clone());
                }
            }
        }
        Ok(())
    }

    /// Begins a table: `len` values follow for an array, `len` pairs for an object, then `end_table`.
    pub(crate) fn begin_table(&mut self, is_array: bool, len: u32) {
        self.cell(if is_array { tag::ARRAY } else { tag::OBJECT }, len, 0);
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
    }

    /// Ends what `begin_table` began. `from` is the index of its cell, `len` the true length.
    pub(crate) fn end_table(&mut self, from: usize, len: u32) {
        self.cells[from].len = len;
        self.depth -= 1;
    }

    /// An error or panic; the tape owns it until Lua does.
    pub(crate) fn failure(&mut self, state: &State, failure: Box<super::failure::Failure>) {
        // While it closes a state, Lua finalizes nothing new, so the box would be lost: then the text must do.
        if state.is_closing() && self.string(failure.describe().as_bytes()).is_ok() {
            return;
        }
        self.cell(tag::FAILURE, 0, Box::into_raw(failure) as u64);
    }

    /// Turns the offsets of strings into addresses: nothing is added from now on.
    pub(crate) fn seal(&mut self) {
        if self.bytes.is_empty() && !self.cells.iter().any(|c| c.tag == tag::STR_OFFSET) {
            return;
        }
        let start = self.bytes.as_ptr() as u64;
        for cell in self.cells.iter_mut().filter(|c| c.tag == tag::STR_OFFSET) {
            cell.tag = tag::STR;
            cell.data += start;
        }
    }

    /// Whether building it outside a protected call is safe where objects are: no table near its limits, no deep nesting, and
    /// no address that LuaJIT could refuse as a light userdata.
    pub(crate) fn is_modest(&self) -> bool {
        !self.has_light && self.cells.len() <= 10_000 && self.bytes.len() <= 1 << 24 && self.deepest < 20
    }

    fn clear(&mut self) {
        for cell in self.cells.iter_mut().filter(|c| c.tag == tag::FAILURE && c.data != 0) {
            // SAFETY: S-TAPE-1, the shim sets the cell to NULL when Lua takes the box over; this one is still ours.
            drop(unsafe { Box::from_raw(cell.data as *mut super::failure::Failure) });
        }
        self.cells.clear();
        self.bytes.clear();
        self.kept.clear();
        self.nvalues = 0;
        self.depth = 0;
        self.deepest = 0;
        self.has_light = false;
        self.state = std::ptr::null();
    }

    /// Hands the tape to the shim as what a callback left to do; it comes back through `release`.
    pub(crate) fn into_pending(mut self: Box<Self>, state: &State, kind: i32, nstack: i32) -> *mut Pending {
        self.seal();
        self.state = state;
        self.pending.kind = kind;
        self.pending.nstack = nstack;
        self.pending.nvalues = self.nvalues;
        self.pending.cells = self.cells.as_mut_ptr();
        state.lend(self)
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The shim is done with a tape.
unsafe extern "C" fn release(pending: *mut Pending) {
    // SAFETY: S-TAPE-1, it came from `into_pending`, whose state is open: this is called from one of its callbacks.
    unsafe {
        let state = &*(*pending.cast::<Tape>()).state;
        if let Some(tape) = state.reclaim(pending) {
            state.give_back(tape);
        }
    }
}

/// The tapes of a state.
#[derive(Default)]
#[allow(clippy::vec_box)] // The shim has the addresses of those that are lent.
pub(crate) struct Tapes {
    free: Vec<Box<Tape>>,
    /// Those that the shim has. One whose values could not be built (no memory, a failing finalizer) stays here until the
    /// call of Rust's that it was lent in is over, or a tape lent before it comes back: they are nested like calls.
    lent: Vec<Box<Tape>>,
}

impl State {
    /// An empty tape.
    pub(crate) fn tape(&self) -> Box<Tape> {
        self.tapes.borrow_mut().free.pop().unwrap_or_else(Tape::new)
    }

    pub(crate) fn give_back(&self, mut tape: Box<Tape>) {
        tape.clear();
        // What one large operation needed is not kept for good.
        if tape.cells.capacity() <= 4096 && tape.bytes.capacity() <= 65536 {
            self.tapes.borrow_mut().free.push(tape);
        }
    }

    fn lend(&self, mut tape: Box<Tape>) -> *mut Pending {
        let pending = &raw mut tape.pending;
        self.tapes.borrow_mut().lent.push(tape);
        self.lent.set(self.lent.get() + 1);
        pending
    }

    fn reclaim(&self, pending: *mut Pending) -> Option<Box<Tape>> {
        let mut lost = Vec::new();
        let found = {
            let mut tapes = self.tapes.borrow_mut();
            let at = tapes.lent.iter().rposition(|t| std::ptr::eq(&raw const t.pending, pending))?;
            lost.extend(tapes.lent.drain(at + 1..));
            let found = tapes.lent.pop();
            self.lent.set(tapes.lent.len());
            found
        };
        // Outside the borrow: dropping what they hold may use the state.
        drop(lost);
        found
    }

    /// Drops those lent that came after the first `kept`: the calls in which they were lent are over.
    #[cold]
    pub(crate) fn drop_lost_tapes(&self, kept: usize) {
        let lost = self.tapes.borrow_mut().lent.split_off(kept);
        self.lent.set(kept);
        super::failure::quietly(move || drop(lost));
    }

    /// Drops all tapes; the state is being closed.
    pub(crate) fn drop_tapes(&self) {
        let tapes = self.tapes.take();
        self.lent.set(0);
        drop(tapes);
    }
}
