//! References that live as long as the arguments of a callback, and usually no longer.
//!
//! An argument of a callback stays on the stack until the callback returns. What borrows from one (the bytes of a string, the
//! value of a userdata) needs no slot of its own until then, and is usually dropped before. The few that are kept longer get
//! a slot when their callback returns.

use super::refs::ValueRef;
use super::state::State;
use crate::lua::Lua;
use crate::vm::types::State as L;
use std::cell::UnsafeCell;
use std::os::raw::c_int;
use std::ptr::NonNull;

struct Entry {
    l: L,
    index: c_int,
    live: bool,
    /// Once the callback has returned: the value, and the state kept open.
    kept: Option<(ValueRef, Lua)>,
}

/// The arguments that are borrowed from, those of the innermost callback last.
#[derive(Default)]
pub(crate) struct Frames(UnsafeCell<Vec<Entry>>);

/// A reference to an argument of a callback.
pub(crate) struct FrameRef {
    state: NonNull<State>,
    id: usize,
}

impl State {
    #[inline]
    #[allow(clippy::mut_from_ref)]
    fn frames(&self) -> &mut Vec<Entry> {
        // SAFETY: S-STATE-2, and no borrow of it lives across another use of it.
        unsafe { &mut *self.frames.0.get() }
    }

    /// How many entries there are: a callback notes it when it begins.
    #[inline]
    pub(crate) fn frame_mark(&self) -> usize {
        self.frames().len()
    }

    /// A reference to the argument at the absolute `index` of the running callback.
    ///
    /// # Safety
    /// The callback runs on `l`, and leaves its arguments where they are.
    #[inline]
    pub(crate) unsafe fn frame_ref(&self, l: L, index: c_int) -> FrameRef {
        let frames = self.frames();
        frames.push(Entry { l, index, live: true, kept: None });
        FrameRef { state: NonNull::from(self), id: frames.len() - 1 }
    }

    /// Gives the references that are kept beyond the end of a callback slots of their own.
    ///
    /// # Safety
    /// The callback that began at `mark` is about to return.
    #[cold]
    pub(crate) unsafe fn keep_frame_refs(&self, mark: usize) {
        let mut id = mark;
        // What runs meanwhile may add and remove entries behind this one.
        while let Some(entry) = self.frames().get(id) {
            if entry.live && entry.kept.is_none() {
                let (l, index) = (entry.l, entry.index);
                // SAFETY: S-FRAME-1, the argument is still there, and every frame has room for one more value.
                let value = unsafe {
                    (self.api.lua_pushvalue)(l, index);
                    self.pop_ref_infallible(l)
                };
                match self.frames().get_mut(id) {
                    Some(entry) if entry.live => entry.kept = Some((value, self.lua().clone())),
                    _ => {}
                }
            }
            id += 1;
        }
    }
}

impl FrameRef {
    /// The state.
    #[inline]
    pub(crate) fn state(&self) -> &State {
        // SAFETY: S-STATE-1, while the callback runs its state is there; afterwards the entry keeps it.
        unsafe { self.state.as_ref() }
    }
}

impl Drop for FrameRef {
    #[inline]
    fn drop(&mut self) {
        let state = self.state();
        let frames = state.frames();
        frames[self.id].live = false;
        let kept = frames[self.id].kept.take();
        while frames.last().is_some_and(|entry| !entry.live) {
            frames.pop();
        }
        // Last: it may close the state, or be the last to keep its memory.
        drop(kept);
    }
}
