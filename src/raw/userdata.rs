//! Userdata blocks: a Rust value in Lua's memory, with a borrow flag.
//!
//! ```text
//! | finalize | anchor | borrow | padding to the value's alignment | value |
//! ```
//! What a userdata is, its metatable says: each type has one in each state, which no script can get hold of.

use super::callback::in_finalizer;
use super::calm::LARGEST_STRING;
use super::ffi::{Anchor, Code, Finalize};
use super::op::{Op, PLAIN};
use super::refs::{Pinned, ValueRef};
use super::state::State;
use crate::error::{Error, Result};
use crate::vm::types::State as L;
use std::cell::Cell;
use std::mem::{align_of, needs_drop, size_of};
use std::os::raw::c_void;

#[repr(C)]
pub(crate) struct Head {
    finalize: Option<Finalize>,
    anchor: *mut Anchor,
    borrow: Cell<isize>,
}

/// Values of `borrow`: so many readers, or one of these.
const FREE: isize = 0;
const WRITER: isize = -1;
const DESTRUCTED: isize = isize::MIN;

const fn extra<T>() -> usize {
    // Lua's blocks are aligned to 8 bytes: a stricter type gets room to move.
    if align_of::<T>() > 8 { align_of::<T>() - 8 } else { 0 }
}

/// Where the value is in a block.
///
/// # Safety
/// The block is one of `T` (S-UD-1).
#[inline]
pub(crate) unsafe fn value<T>(block: *mut Head) -> *mut T {
    let after = block.wrapping_add(1).cast::<u8>();
    if align_of::<T>() > 8 {
        let at = (after as usize).next_multiple_of(align_of::<T>());
        after.wrapping_add(at - after as usize).cast()
    } else {
        after.cast()
    }
}

unsafe extern "C" fn drop_value<T>(l: L, block: *mut c_void) {
    // SAFETY: S-UD-1; the finalizer is taken out first, so this happens once. Lua calls it when nothing refers to the
    // userdata, or when the state closes: then it must not be in use (S-UD-3).
    unsafe {
        let head = block.cast::<Head>();
        (*head).finalize = None;
        (*head).borrow.set(DESTRUCTED);
        in_finalizer(l, (*head).anchor, || drop(value::<T>(head).read()));
    }
}

/// Makes a userdata of `T` with that metatable.
pub(crate) fn create<T: 'static>(state: &State, data: T, metatable: Pinned) -> Result<ValueRef> {
    // SAFETY: T is 'static.
    unsafe { create_unchecked(state, data, metatable.thread(), metatable.slot()) }
}

/// The same for types with borrows.
///
/// # Safety
/// The value is destructed before what it borrows ends (S-SCOPE-1).
pub(crate) unsafe fn create_unchecked<T>(
    state: &State,
    data: T,
    thread: L,
    slot: std::os::raw::c_int,
) -> Result<ValueRef> {
    if state.is_closing() && needs_drop::<T>() {
        return Err(Error::runtime("the Lua state is being closed"));
    }
    let _alive = state.alive();
    state.room(2)?;
    let l = state.current.get();
    let size = size_of::<Head>() + extra::<T>() + size_of::<T>();
    // SAFETY: there is room; between making the block and filling it nothing fails or is seen by others.
    unsafe {
        let calm = state.calm_objects().filter(|_| size <= LARGEST_STRING);
        let block = if let Some(calm) = calm {
            let block = calm.newuserdata(l, size, 1);
            // Setting a metatable with __gc makes the block known to the collector: it must be in order by then.
            block.cast::<Head>().write(Head {
                finalize: None,
                anchor: state.anchor,
                borrow: Cell::new(DESTRUCTED),
            });
            state.push_slot(l, thread, slot);
            (state.api.lua_setmetatable)(l, -2);
            block
        } else {
            let mut op = Op::new(state, Code::UserData);
            op.size = size;
            op.b = 1;
            let mut tape = state.tape();
            tape.slot(thread, slot);
            state.run_op_on(&mut op, tape, 1, PLAIN)?;
            op.out_p
        };
        // The reference first: should there be none, no value must stay behind.
        let made = state.pop_ref(l)?;
        let head = block.cast::<Head>();
        value::<T>(head).write(data);
        head.write(Head {
            finalize: needs_drop::<T>().then_some(drop_value::<T> as Finalize),
            anchor: state.anchor,
            borrow: Cell::new(FREE),
        });
        Ok(made)
    }
}

impl Head {
    /// Lets one more reader in.
    #[inline]
    pub(crate) fn read(&self) -> Result<()> {
        if self.try_read() { Ok(()) } else { Err(self.refused(Error::UserDataBorrowError)) }
    }

    #[inline]
    fn try_read(&self) -> bool {
        let borrow = self.borrow.get();
        if borrow >= 0 {
            self.borrow.set(borrow + 1);
        }
        borrow >= 0
    }

    #[inline]
    pub(crate) fn end_read(&self) {
        // A value destructed in between (its state was closed) stays so.
        if self.borrow.get() > 0 {
            self.borrow.set(self.borrow.get() - 1);
        }
    }

    /// Lets a writer in.
    #[inline]
    pub(crate) fn write(&self) -> Result<()> {
        if self.borrow.get() != FREE {
            return Err(self.refused(Error::UserDataBorrowMutError));
        }
        self.borrow.set(WRITER);
        Ok(())
    }

    #[inline]
    pub(crate) fn end_write(&self) {
        if self.borrow.get() == WRITER {
            self.borrow.set(FREE);
        }
    }

    #[cold]
    fn refused(&self, error: Error) -> Error {
        if self.is_destructed() { Error::UserDataDestructed } else { error }
    }

    pub(crate) fn is_destructed(&self) -> bool {
        self.borrow.get() == DESTRUCTED
    }
}

/// Moves the value out, which leaves the userdata destructed.
///
/// # Safety
/// The block is one of `T` (S-UD-1).
pub(crate) unsafe fn take<T>(block: *mut Head) -> Result<T> {
    // SAFETY: the caller's promise; the flag says that nobody uses the value.
    unsafe {
        (*block).write()?;
        (*block).finalize = None;
        (*block).borrow.set(DESTRUCTED);
        Ok(value::<T>(block).read())
    }
}

/// Drops the value now, whatever its type. Whether it was there.
///
/// # Safety
/// The block is a userdata of ours (S-UD-1).
pub(crate) unsafe fn destroy(l: L, block: *mut Head) -> Result<bool> {
    // SAFETY: the caller's promise.
    unsafe {
        if (*block).is_destructed() {
            return Ok(false);
        }
        (*block).write()?;
        match (*block).finalize {
            Some(finalize) => finalize(l, block.cast()),
            None => (*block).borrow.set(DESTRUCTED),
        }
        Ok(true)
    }
}

/// Ends the life of a userdata with its scope. One that is borrowed still (its guard was forgotten) is left alone but marked:
/// its value is not dropped.
///
/// # Safety
/// The value is a userdata of ours (S-UD-1).
pub(crate) unsafe fn abandon(state: &State, userdata: &ValueRef) {
    // SAFETY: S-REF-1, and the caller's promise.
    unsafe {
        let head = (state.api.lua_touserdata)(userdata.thread(), userdata.slot()).cast::<Head>();
        if destroy(state.current.get(), head).is_err() {
            (*head).finalize = None;
            (*head).borrow.set(DESTRUCTED);
        }
    }
}
