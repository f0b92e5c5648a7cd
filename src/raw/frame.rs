//! Borrows of Lua values: the bytes of a string, the value of a userdata.
//!
//! A borrow is a number in a list of the state, which says what is borrowed and what keeps it. An argument of a callback stays
//! on the stack until the callback returns, so a borrow of it needs nothing else until then, and is usually over by then.
//! The few that are kept longer get a slot when their callback returns; borrows of other values have one from the start.

use super::refs::ValueRef;
use super::state::State;
use crate::lua::Lua;
use crate::vm::types::State as L;
use std::cell::UnsafeCell;
use std::os::raw::c_int;
use std::ptr::NonNull;

struct Entry {
    live: bool,
    index: c_int,
    l: L,
    /// What is borrowed: its address, and for bytes their number.
    data: *const u8,
    len: usize,
    /// The value and its state, unless it is an argument of a callback that runs.
    kept: Option<(ValueRef, Lua)>,
}

/// The borrows of a state: those of the innermost callback last. What is behind `len` is only memory.
#[derive(Default)]
struct List {
    entries: Vec<Entry>,
    len: usize,
}

#[derive(Default)]
pub(crate) struct Borrows(UnsafeCell<List>);

/// A borrow. It is two words, so that it travels in registers.
pub(crate) struct Borrow {
    state: NonNull<State>,
    id: usize,
}

impl State {
    #[inline]
    #[allow(clippy::mut_from_ref)]
    fn borrows(&self) -> &mut List {
        // SAFETY: S-STATE-2, and no borrow of it lives across another use of it.
        unsafe { &mut *self.borrows.0.get() }
    }

    /// How many there are: a callback notes it when it begins.
    #[inline]
    pub(crate) fn borrow_mark(&self) -> usize {
        self.borrows().len
    }

    #[inline]
    fn new_borrow(&self, data: *const u8, len: usize) -> (&mut Entry, Borrow) {
        let list = self.borrows();
        let id = list.len;
        list.len += 1;
        if id == list.entries.len() {
            list.entries.push(Entry {
                live: true,
                index: 0,
                l: std::ptr::null_mut(),
                data: std::ptr::null(),
                len: 0,
                kept: None,
            });
        }
        let entry = &mut list.entries[id];
        entry.live = true;
        (entry.data, entry.len) = (data, len);
        (entry, Borrow { state: NonNull::from(self), id })
    }

    /// Borrows from the argument at the absolute `index` of the running callback.
    ///
    /// # Safety
    /// The callback runs on `l`, and leaves its arguments where they are; `data` is that argument's.
    #[inline]
    pub(crate) unsafe fn borrow_argument(&self, l: L, index: c_int, data: *const u8, len: usize) -> Borrow {
        let (entry, borrow) = self.new_borrow(data, len);
        (entry.l, entry.index) = (l, index);
        borrow
    }

    /// Borrows from a value that Rust refers to; `data` is its.
    pub(crate) fn borrow_value(&self, value: ValueRef, data: *const u8, len: usize) -> Borrow {
        let (entry, borrow) = self.new_borrow(data, len);
        entry.kept = Some((value, self.lua().clone()));
        borrow
    }

    /// Gives the borrows that are kept beyond the end of a callback slots of their own.
    ///
    /// # Safety
    /// The callback that began at `mark` is about to return.
    #[cold]
    pub(crate) unsafe fn keep_borrows(&self, mark: usize) {
        for id in mark..self.borrows().len {
            let entry = &self.borrows().entries[id];
            if entry.live && entry.kept.is_none() {
                let (l, index) = (entry.l, entry.index);
                // SAFETY: S-FRAME-1, the argument is still there, and every frame has room for one more value.
                let value = unsafe {
                    (self.api.lua_pushvalue)(l, index);
                    self.pop_ref_infallible(l)
                };
                self.borrows().entries[id].kept = Some((value, self.lua().clone()));
            }
        }
    }
}

impl Borrow {
    #[inline]
    fn entry(&self) -> &Entry {
        // SAFETY: S-STATE-1, while the callback runs its state is there; afterwards the entry keeps it.
        &unsafe { self.state.as_ref() }.borrows().entries[self.id]
    }

    /// Whether the host has closed the state, so that what is borrowed is gone.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        // SAFETY: as above.
        unsafe { self.state.as_ref() }.is_closed()
    }

    /// What is borrowed.
    ///
    /// # Panics
    /// If the host has closed the state.
    #[inline]
    pub(crate) fn data(&self) -> (*const u8, usize) {
        assert!(!self.is_closed(), "the Lua state of this value has been closed");
        let entry = self.entry();
        (entry.data, entry.len)
    }

    /// What is borrowed, closed or not: only for its address.
    #[inline]
    pub(crate) fn address(&self) -> *const u8 {
        self.entry().data
    }

    /// The value, if Rust refers to it.
    pub(crate) fn value(&self) -> Option<&ValueRef> {
        self.entry().kept.as_ref().map(|(value, _)| value)
    }
}

impl Drop for Borrow {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: as above.
        let list = unsafe { self.state.as_ref() }.borrows();
        let entry = &mut list.entries[self.id];
        entry.live = false;
        let kept = entry.kept.take();
        while list.len > 0 && !list.entries[list.len - 1].live {
            list.len -= 1;
        }
        // Last: it may close the state, or be the last to keep its memory.
        if kept.is_some() {
            drop(kept);
        }
    }
}
