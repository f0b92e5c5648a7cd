//! Borrowing the value of a userdata.

use super::AnyUserData;
use super::method::{Reading, Writing};
use super::wrapper::{ByMut, ByRef};
use crate::convert::FromLua;
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::raw::ValueRef;
use crate::raw::args::Stack;
use crate::raw::frame::Borrow;
use crate::raw::userdata::{self, Head};
use crate::value::Value;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::os::raw::c_int;

/// A borrow of a block that holds a `T`.
struct Borrowed<T>(Borrow, PhantomData<*mut T>);

impl<T: 'static> Borrowed<T> {
    #[inline]
    fn new(borrow: Borrow) -> Self {
        Borrowed(borrow, PhantomData)
    }

    fn of_value(userdata: ValueRef, head: *mut Head) -> Self {
        let state = userdata.state;
        // SAFETY: S-STATE-1, the reference keeps its state.
        Borrowed::new(unsafe { state.as_ref() }.borrow_value(userdata, head.cast_const().cast(), 0))
    }

    /// The block, unless the host has closed the state: then there is nothing to give back.
    #[inline]
    fn head(&self) -> Option<*mut Head> {
        (!self.0.is_closed()).then(|| self.0.address().cast_mut().cast())
    }

    /// The value's address.
    ///
    /// # Panics
    /// If the host has closed the state, and so has dropped the value.
    #[inline]
    fn get(&self) -> *mut T {
        // SAFETY: S-UD-1, the type was checked when it was borrowed.
        unsafe { userdata::value::<T>(self.0.data().0.cast_mut().cast()) }
    }
}

/// A shared borrow of a userdata's value. While it exists, the value cannot be borrowed mutably.
pub struct UserDataRef<T: 'static>(Borrowed<T>);

/// A mutable borrow of a userdata's value. While it exists, the value cannot be borrowed otherwise.
pub struct UserDataRefMut<T: 'static>(Borrowed<T>);

/// The value of a userdata, taken out of it, as the parameter of a callback.
pub struct UserDataOwned<T>(pub T);

impl<T: 'static> Drop for UserDataRef<T> {
    fn drop(&mut self) {
        if let Some(head) = self.0.head() {
            // SAFETY: S-UD-2, the borrow keeps the userdata.
            unsafe { (*head).end_read() }
        }
    }
}

impl<T: 'static> Drop for UserDataRefMut<T> {
    fn drop(&mut self) {
        if let Some(head) = self.0.head() {
            // SAFETY: S-UD-2.
            unsafe { (*head).end_write() }
        }
    }
}

impl<T> Deref for UserDataRef<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: S-UD-2, the flag keeps writers out.
        unsafe { &*self.0.get() }
    }
}

impl<T> Deref for UserDataRefMut<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: S-UD-2, the flag keeps all others out.
        unsafe { &*self.0.get() }
    }
}

impl<T> DerefMut for UserDataRefMut<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: S-UD-2.
        unsafe { &mut *self.0.get() }
    }
}

impl<T> Deref for UserDataOwned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for UserDataOwned<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for UserDataRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Debug> fmt::Debug for UserDataRefMut<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for UserDataRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for UserDataRefMut<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl AnyUserData {
    /// The block, if the userdata is a `T`.
    fn head<T: 'static>(&self) -> Result<*mut Head> {
        let state = self.0.open();
        let stack = Stack { state, l: self.0.thread() };
        // SAFETY: S-REF-1.
        unsafe { head_at::<T>(&stack, self.0.slot()).ok_or(Error::UserDataTypeMismatch) }
    }

    /// Borrows the value.
    ///
    /// # Errors
    /// [`Error::UserDataTypeMismatch`] if it is no `T`; [`Error::UserDataBorrowError`] if it is borrowed mutably;
    /// [`Error::UserDataDestructed`] if it was taken or destroyed.
    pub fn borrow<T: 'static>(&self) -> Result<UserDataRef<T>> {
        let head = self.head::<T>()?;
        // SAFETY: S-UD-1, `head` checked the type.
        unsafe { (*head).read()? };
        Ok(UserDataRef(Borrowed::of_value(self.0.clone(), head)))
    }

    /// Borrows the value mutably.
    ///
    /// # Errors
    /// As for [`borrow`](AnyUserData::borrow), and [`Error::UserDataBorrowMutError`] if it is borrowed at all.
    pub fn borrow_mut<T: 'static>(&self) -> Result<UserDataRefMut<T>> {
        let head = self.head::<T>()?;
        // SAFETY: S-UD-1.
        unsafe { (*head).write()? };
        Ok(UserDataRefMut(Borrowed::of_value(self.0.clone(), head)))
    }

    /// Borrows the value while `f` runs.
    ///
    /// # Errors
    /// As for [`borrow`](AnyUserData::borrow).
    pub fn borrow_scoped<T: 'static, R>(&self, f: impl FnOnce(&T) -> R) -> Result<R> {
        if let Ok(value) = self.borrow::<T>() {
            return Ok(f(&value));
        }
        // A reference that a scope has lent.
        for (head, access) in
            [(self.head::<ByRef<T>>(), ByRef::<T>::ACCESS), (self.head::<ByMut<T>>(), ByMut::<T>::ACCESS)]
        {
            if let Ok(head) = head {
                // SAFETY: S-UD-2, S-UD-4, S-SCOPE-1: the block is one of the reference, borrowed while `f` runs.
                unsafe {
                    (*head).read()?;
                    let _reading = Reading(head);
                    return access.with_ref(head, f);
                }
            }
        }
        self.borrow::<T>().map(|value| f(&value))
    }

    /// Borrows the value mutably while `f` runs.
    ///
    /// # Errors
    /// As for [`borrow_mut`](AnyUserData::borrow_mut).
    pub fn borrow_mut_scoped<T: 'static, R>(&self, f: impl FnOnce(&mut T) -> R) -> Result<R> {
        if let Ok(head) = self.head::<ByMut<T>>() {
            // SAFETY: as above.
            unsafe {
                (*head).write()?;
                let _writing = Writing(head);
                return ByMut::<T>::ACCESS.with_mut(head, f);
            }
        }
        if self.head::<ByRef<T>>().is_ok() {
            return Err(Error::UserDataBorrowMutError);
        }
        self.borrow_mut::<T>().map(|mut value| f(&mut value))
    }

    /// Takes the value out, which leaves the userdata destructed.
    ///
    /// # Errors
    /// As for [`borrow_mut`](AnyUserData::borrow_mut).
    pub fn take<T: 'static>(&self) -> Result<T> {
        let head = self.head::<T>()?;
        // SAFETY: S-UD-1.
        unsafe { userdata::take(head) }
    }

    /// Drops the value now, which leaves the userdata destructed.
    ///
    /// # Errors
    /// [`Error::UserDataBorrowMutError`] if it is borrowed; [`Error::UserDataTypeMismatch`] if it is not of Rust.
    pub fn destroy(&self) -> Result<()> {
        let state = self.0.open();
        let stack = Stack { state, l: self.0.thread() };
        // SAFETY: S-REF-1; a metatable that the state knows is that of a block of ours (S-UD-1).
        unsafe {
            if state.types.type_of(stack.metatable_pointer(self.0.slot())).is_none() {
                return Err(Error::UserDataTypeMismatch);
            }
            let head = stack.userdata(self.0.slot()).cast::<Head>();
            userdata::destroy(state.current.get(), head).map(drop)
        }
    }
}

/// The block of the userdata at `index`, if it is a `T`.
///
/// # Safety
/// `index` is acceptable (S-ARGS-1).
#[inline]
unsafe fn head_at<T: 'static>(stack: &Stack<'_>, index: c_int) -> Option<*mut Head> {
    // SAFETY: the caller's promise.
    unsafe {
        let block = stack.userdata(index);
        let metatable = stack.metatable_pointer(index);
        if block.is_null() || metatable.is_null() || metatable != stack.state.types.pointer::<T>() {
            return None;
        }
        Some(block.cast())
    }
}

fn conversion(value: &Value) -> Error {
    Error::from_lua_conversion(value.type_name(), "userdata", None)
}

impl<T: 'static> FromLua for UserDataRef<T> {
    fn from_lua(value: Value, _: &Lua) -> Result<Self> {
        match &value {
            Value::UserData(userdata) => userdata.borrow(),
            value => Err(conversion(value)),
        }
    }

    #[inline]
    unsafe fn read_argument(stack: &Stack<'_>, index: c_int) -> Result<Self> {
        // SAFETY: the caller's promise; S-UD-1, the type is checked, and S-FRAME-1, the argument stays.
        unsafe {
            let Some(head) = head_at::<T>(stack, index) else {
                return Self::from_lua(stack.value(index)?, stack.lua());
            };
            (*head).read()?;
            let argument = stack.state.borrow_argument(stack.l, index, head.cast_const().cast(), 0);
            Ok(UserDataRef(Borrowed::new(argument)))
        }
    }
}

impl<T: 'static> FromLua for UserDataRefMut<T> {
    fn from_lua(value: Value, _: &Lua) -> Result<Self> {
        match &value {
            Value::UserData(userdata) => userdata.borrow_mut(),
            value => Err(conversion(value)),
        }
    }

    #[inline]
    unsafe fn read_argument(stack: &Stack<'_>, index: c_int) -> Result<Self> {
        // SAFETY: as above.
        unsafe {
            let Some(head) = head_at::<T>(stack, index) else {
                return Self::from_lua(stack.value(index)?, stack.lua());
            };
            (*head).write()?;
            let argument = stack.state.borrow_argument(stack.l, index, head.cast_const().cast(), 0);
            Ok(UserDataRefMut(Borrowed::new(argument)))
        }
    }
}

impl<T: 'static> FromLua for UserDataOwned<T> {
    fn from_lua(value: Value, _: &Lua) -> Result<Self> {
        match &value {
            Value::UserData(userdata) => userdata.take().map(UserDataOwned),
            value => Err(conversion(value)),
        }
    }
}
