//! References from Rust to Lua values.
//!
//! A value that Rust holds sits in a slot of a reference thread: a coroutine that is never resumed, whose stack is only
//! storage. Reading a table or a string that sits there needs no protection and no move. Nothing that can run the
//! collector is ever called on a reference thread: a finalizer would run there, in a frame of its own, from where the slots
//! cannot be reached (S-REF-2).
//!
//! Slots are counted, so cloning a reference touches no Lua.

use super::ffi::slot;
use super::state::State;
use crate::error::{Error, Result};
use crate::vm::types::{State as L, ty};
use std::os::raw::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

/// Slots of the first reference thread; most programs need no other.
pub(crate) const FIRST: c_int = 400;
/// Slots of each further one. LuaJIT and 5.1 allow a C function about 8,000.
const FURTHER: c_int = 4000;
/// Slots of the first one that are free from the start, for values that cannot settle.
pub(crate) const LOOSE: c_int = 32;
/// As many slots are kept for the functions that hand out a reference and cannot fail.
const RESERVE: usize = 8;

struct Entry {
    thread: L,
    slot: c_int,
    count: u32,
}

/// All slots of a state.
///
/// On the first reference thread the slots end where its stack ends, so that a value on its top becomes a slot by being
/// left there, and the last slot is freed by popping it. Freed slots below are used again like those of other threads.
pub(crate) struct Slots {
    entries: Vec<Entry>,
    free: Vec<u32>,
    /// The reference threads, also those that are being made.
    threads: c_int,
    /// The first reference thread, the first of its slots that is handed out, the last that is in use, and the last there
    /// is room for.
    refs: L,
    first: c_int,
    high: c_int,
    last: c_int,
}

impl Slots {
    pub(crate) fn new() -> Slots {
        let refs = std::ptr::null_mut();
        Slots { entries: Vec::new(), free: Vec::new(), threads: 1, refs, first: 0, high: 0, last: 0 }
    }

    /// Sets the slots of the first reference thread. Its stack ends at `high`, and those up to there are free.
    pub(crate) fn start(&mut self, refs: L, first: c_int, high: c_int, last: c_int) {
        (self.refs, self.first, self.high, self.last) = (refs, first, high, last);
        self.entries.extend((first..=last).map(|slot| Entry { thread: refs, slot, count: 0 }));
        self.free.extend((0..=high - first).rev().map(|id| id as u32));
    }

    /// Adds the slots `from..=to` of a thread.
    pub(crate) fn add(&mut self, thread: L, from: c_int, to: c_int) {
        self.free.reserve((to - from + 1) as usize);
        // The lowest slots are handed out first.
        for slot in (from..=to).rev() {
            self.free.push(self.entries.len() as u32);
            self.entries.push(Entry { thread, slot, count: 0 });
        }
    }
}

/// A slot: its number on its thread, and which of all it is. In one word, so that a reference travels in registers.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place(u64);

impl Place {
    #[inline]
    fn new(id: u32, slot: c_int) -> Place {
        Place(u64::from(id) << 32 | slot as u64)
    }

    #[inline]
    fn id(self) -> usize {
        (self.0 >> 32) as usize
    }

    #[inline]
    fn slot(self) -> c_int {
        self.0 as c_int
    }
}

/// A counted reference to a Lua value.
pub(crate) struct ValueRef {
    pub(crate) state: NonNull<State>,
    place: Place,
}

/// A reference that the state itself holds: it does not keep the state's memory, and is never dropped.
#[derive(Clone, Copy)]
pub(crate) struct Pinned {
    state: NonNull<State>,
    place: Place,
}

impl Pinned {
    /// Stands for nothing: for the moment before a state is set up.
    pub(crate) fn none() -> Pinned {
        Pinned { state: NonNull::dangling(), place: Place(0) }
    }

    /// Another reference, for others. The slot is never freed: the state's own count stays.
    #[inline]
    pub(crate) fn share(self) -> ValueRef {
        // SAFETY: S-STATE-1, only an existing state has a pinned reference.
        let state = unsafe { self.state.as_ref() };
        state.slots().entries[self.place.id()].count += 1;
        state.keep_memory();
        ValueRef { state: self.state, place: self.place }
    }

    /// The reference thread that the value is on.
    pub(crate) fn thread(self) -> L {
        // SAFETY: as above.
        unsafe { self.state.as_ref() }.slots().entries[self.place.id()].thread
    }

    /// The slot on its thread.
    pub(crate) fn slot(self) -> c_int {
        self.place.slot()
    }
}

impl State {
    #[inline]
    #[allow(clippy::mut_from_ref)]
    fn slots(&self) -> &mut Slots {
        // SAFETY: S-STATE-2, a state is used by one thread, and no borrow of its slots lives across another use of them.
        unsafe { &mut *self.slots.get() }
    }

    /// Makes the value on the top of the first reference thread a slot where it is, if it is just above the last one. Only
    /// while there are slots left there, and not many freed ones below.
    #[inline]
    fn settle(&self) -> Option<ValueRef> {
        let slots = self.slots();
        let slot = slots.high + 1;
        // SAFETY: S-REF-1.
        if slot > slots.last || unsafe { (self.api.lua_gettop)(slots.refs) } != slot {
            return None;
        }
        slots.high = slot;
        let id = (slot - slots.first) as u32;
        slots.entries[id as usize].count = 1;
        self.keep_memory();
        Some(ValueRef { state: NonNull::from(self), place: Place::new(id, slot) })
    }

    /// Whether the next reference should be made by `settle`.
    #[inline]
    fn can_settle(&self) -> bool {
        let slots = self.slots();
        slots.high < slots.last && slots.free.len() < 2 * LOOSE as usize
    }

    /// A free slot, for the one value that is moved into it at once.
    #[inline]
    fn take_slot(&self) -> Result<u32> {
        if self.slots().free.len() <= RESERVE {
            self.more_slots()?;
        }
        match self.slots().free.pop() {
            Some(id) => Ok(id),
            None => Err(no_more_references()),
        }
    }

    #[cold]
    fn more_slots(&self) -> Result<()> {
        // A finalizer that runs meanwhile may need more slots itself: its thread gets another place.
        let index = self.slots().threads + 2;
        self.slots().threads += 1;
        // Who needs a slot has values on a stack. So what comes out of a finalizer here is an error, also if it is a panic.
        let made = catch_unwind(AssertUnwindSafe(|| self.new_reference_thread(FURTHER, index)));
        let thread = made.unwrap_or_else(|_| Err(Error::runtime("a finalizer panicked")))?;
        self.slots().add(thread, 2, FURTHER);
        Ok(())
    }

    #[inline]
    fn fill_slot(&self, id: u32, l: L) -> ValueRef {
        let entry = &mut self.slots().entries[id as usize];
        entry.count = 1;
        let (thread, slot) = (entry.thread, entry.slot);
        // SAFETY: S-REF-1, the slot exists and is free; the value is on the top of `l`.
        unsafe {
            if l != thread {
                (self.api.lua_xmove)(l, thread, 1);
            }
            self.api.replace(thread, slot);
        }
        self.keep_memory();
        ValueRef { state: NonNull::from(self), place: Place::new(id, slot) }
    }

    /// Pops the value on the top of `l` into a reference.
    ///
    /// # Safety
    /// `l` is a thread of this state and has a value on its top. On an error the value is popped as well.
    #[inline]
    pub(crate) unsafe fn pop_ref(&self, l: L) -> Result<ValueRef> {
        // The value is returned in registers; only the rare error goes through memory.
        // SAFETY: the caller's promise.
        match unsafe { self.try_pop_ref(l) } {
            Some(value) => Ok(value),
            None => Err(no_more_references()),
        }
    }

    /// # Safety
    /// As above.
    #[inline]
    unsafe fn try_pop_ref(&self, l: L) -> Option<ValueRef> {
        let mut l = l;
        if self.can_settle() {
            if l != self.refs {
                // SAFETY: the value is there, says the caller; reference threads have room for it.
                unsafe { (self.api.lua_xmove)(l, self.refs, 1) };
                l = self.refs;
            }
            if let Some(value) = self.settle() {
                return Some(value);
            }
        }
        match self.take_slot() {
            Ok(id) => Some(self.fill_slot(id, l)),
            Err(_) => {
                // SAFETY: the value is there, says the caller.
                unsafe { self.api.pop(l, 1) };
                None
            }
        }
    }

    /// The same for functions that cannot fail: it may use the reserve.
    ///
    /// # Panics
    /// If memory for more slots was refused so often that the reserve is used up.
    ///
    /// # Safety
    /// As for `pop_ref`.
    pub(crate) unsafe fn pop_ref_infallible(&self, l: L) -> ValueRef {
        let id = self.take_slot().ok().or_else(|| self.slots().free.pop());
        match id {
            Some(id) => self.fill_slot(id, l),
            None => {
                // SAFETY: the value is there, says the caller.
                unsafe { self.api.pop(l, 1) };
                panic!("no memory for a reference to a Lua value")
            }
        }
    }

    /// Copies the value at `index` of `l` into a reference.
    ///
    /// # Safety
    /// `l` is a thread of this state, `index` is valid, and there is a free stack slot.
    #[inline]
    pub(crate) unsafe fn ref_at(&self, l: L, index: c_int) -> Result<ValueRef> {
        // SAFETY: the caller's promise.
        unsafe {
            (self.api.lua_pushvalue)(l, index);
            self.pop_ref(l)
        }
    }

    /// Pushes the value of a reference.
    ///
    /// # Safety
    /// `l` is a thread of this state with a free stack slot.
    #[inline]
    pub(crate) unsafe fn push_ref(&self, l: L, value: &ValueRef) {
        // SAFETY: S-REF-1.
        unsafe { self.push_slot(l, value.thread(), value.slot()) }
    }

    /// Pushes what a slot holds.
    ///
    /// # Safety
    /// As above; the slot exists.
    #[inline]
    pub(crate) unsafe fn push_slot(&self, l: L, thread: L, slot: c_int) {
        // SAFETY: S-REF-1; reference threads have room for a few values above their slots.
        unsafe {
            (self.api.lua_pushvalue)(thread, slot);
            if l != thread {
                (self.api.lua_xmove)(thread, l, 1);
            }
        }
    }
}

#[cold]
fn no_more_references() -> Error {
    Error::MemoryError("no memory for more references to Lua values".to_owned())
}

impl ValueRef {
    /// The reference thread that the value is on.
    #[inline]
    pub(crate) fn thread(&self) -> L {
        self.raw().slots().entries[self.place.id()].thread
    }

    /// The slot on its thread.
    #[inline]
    pub(crate) fn slot(&self) -> c_int {
        self.place.slot()
    }

    #[inline]
    pub(crate) fn raw(&self) -> &State {
        // SAFETY: S-STATE-1, a reference keeps the memory of its state.
        unsafe { self.state.as_ref() }
    }

    /// The state, which must not be closed.
    ///
    /// # Panics
    /// If the Lua state has been closed: what the reference stood for is gone.
    #[inline]
    #[track_caller]
    pub(crate) fn open(&self) -> &State {
        let state = self.raw();
        assert!(!state.is_closed(), "the Lua state of this value has been closed");
        state
    }

    /// Gives the reference to the state itself, for good.
    pub(crate) fn pin(self) -> Pinned {
        let pinned = Pinned { state: self.state, place: self.place };
        self.raw().release_memory();
        std::mem::forget(self);
        pinned
    }
}

impl Clone for ValueRef {
    #[inline]
    fn clone(&self) -> Self {
        let state = self.raw();
        state.slots().entries[self.place.id()].count += 1;
        state.keep_memory();
        ValueRef { state: self.state, place: self.place }
    }
}

impl Drop for ValueRef {
    #[inline]
    fn drop(&mut self) {
        let state = self.raw();
        let entry = &mut state.slots().entries[self.place.id()];
        entry.count -= 1;
        let last = entry.count == 0;
        if last && (state.is_closed() || !state.drop_last(self.thread(), self.slot())) {
            if !state.is_closed() {
                // SAFETY: S-REF-1; the slot becomes nil, so that the collector can have the value.
                unsafe { state.clear_slot(self.thread(), self.slot()) };
            }
            state.slots().free.push(self.place.id() as u32);
        }
        state.release_memory();
    }
}

impl State {
    /// Frees the last slot of the first reference thread, if this is it and nothing is above.
    #[inline]
    fn drop_last(&self, thread: L, slot: c_int) -> bool {
        let slots = self.slots();
        // SAFETY: S-REF-1.
        if slot != slots.high || thread != slots.refs || unsafe { (self.api.lua_gettop)(thread) } != slot {
            return false;
        }
        slots.high = slot - 1;
        // SAFETY: S-REF-1, the top is the slot.
        unsafe { (self.api.lua_settop)(thread, slot - 1) };
        true
    }

    /// Sets a slot to nil.
    ///
    /// # Safety
    /// The slot exists and the state is open.
    #[inline]
    pub(crate) unsafe fn clear_slot(&self, thread: L, index: c_int) {
        // SAFETY: S-REF-1; slot 1 of every reference thread is always nil.
        unsafe {
            match self.api.lua_copy {
                Some(copy) => copy(thread, slot::NIL, index),
                None => {
                    (self.api.lua_pushnil)(thread);
                    self.api.replace(thread, index);
                }
            }
        }
    }
}

impl ValueRef {
    /// The address that identifies the object (Lua manual, `lua_topointer`); for a string, that of its bytes.
    pub(crate) fn to_pointer(&self) -> *const c_void {
        let state = self.open();
        // SAFETY: S-REF-1. Before 5.4 lua_topointer knows no strings, but their bytes have an address of their own.
        unsafe {
            if (state.api.lua_type)(self.thread(), self.slot()) == ty::STRING {
                return state.api.string_bytes(self.thread(), self.slot()).as_ptr().cast();
            }
            let p = (state.api.lua_topointer)(self.thread(), self.slot());
            if p.is_null() { (state.api.lua_touserdata)(self.thread(), self.slot()) } else { p }
        }
    }
}

impl PartialEq for ValueRef {
    /// Whether both are the same value (Lua manual, `lua_rawequal`).
    fn eq(&self, other: &Self) -> bool {
        let state = self.open();
        if !state.is_same(other.open()) {
            return false;
        }
        if self.thread() == other.thread() && self.slot() == other.slot() {
            return true;
        }
        // SAFETY: S-REF-1; comparing in one thread needs one value moved there, which reference threads have room for.
        unsafe {
            state.push_ref(self.thread(), other);
            let equal = (state.api.lua_rawequal)(self.thread(), self.slot(), -1) != 0;
            state.api.pop(self.thread(), 1);
            equal
        }
    }
}
