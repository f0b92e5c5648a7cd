//! The trampolines of methods and fields.

use super::AnyUserData;
use crate::convert::{FromLua, FromLuaMulti, IntoLuaMulti, read_arg};
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::raw::args::Stack;
use crate::raw::callback::{Exclusive, closure, run};
use crate::raw::ffi::{Callback, Pending};
use crate::raw::userdata::{self, Head};
use crate::vm::types::State as L;
use std::os::raw::{c_int, c_void};

/// What the block of a method holds.
pub(crate) struct Method<M> {
    /// The address of the type's metatable: what a userdata must have to be a `T`.
    pub(crate) metatable: *const c_void,
    /// The type and the method, for messages.
    pub(crate) name: Box<str>,
    /// How to get at the `T`, if the block holds something that leads to one.
    pub(crate) access: Option<Access>,
    pub(crate) f: M,
}

/// How to get at the value that a block does not hold itself: through a reference, an `Rc`, a cell, a lock.
#[derive(Clone, Copy)]
pub(crate) struct Access {
    /// Calls the function with the address of the value, borrowed meanwhile.
    pub(crate) read: unsafe fn(*mut Head, &mut dyn FnMut(*const ())) -> Result<()>,
    /// The same, borrowed mutably.
    pub(crate) write: unsafe fn(*mut Head, &mut dyn FnMut(*mut ())) -> Result<()>,
    /// Whether writing needs the block for itself, or what it holds sees to that.
    pub(crate) exclusive: bool,
}

impl Access {
    /// # Safety
    /// The block is one that this leads from to a `T` (S-UD-4).
    pub(crate) unsafe fn with_ref<T, R>(&self, head: *mut Head, f: impl FnOnce(&T) -> R) -> Result<R> {
        let (mut f, mut result) = (Some(f), None);
        // SAFETY: the caller's promise; the address is that of a `T`, borrowed while the function runs.
        unsafe {
            (self.read)(head, &mut |value| result = f.take().map(|f| f(&*value.cast::<T>())))?;
        }
        result.ok_or(Error::UserDataTypeMismatch)
    }

    /// # Safety
    /// As above.
    pub(crate) unsafe fn with_mut<T, R>(&self, head: *mut Head, f: impl FnOnce(&mut T) -> R) -> Result<R> {
        let (mut f, mut result) = (Some(f), None);
        // SAFETY: as above, borrowed mutably.
        unsafe {
            (self.write)(head, &mut |value| result = f.take().map(|f| f(&mut *value.cast::<T>())))?;
        }
        result.ok_or(Error::UserDataTypeMismatch)
    }
}

impl<M> Method<M> {
    /// Calls `f` with the value, borrowed meanwhile.
    ///
    /// # Safety
    /// As for `this`.
    #[inline]
    unsafe fn with_ref<T, R>(&self, head: *mut Head, f: impl FnOnce(&T) -> Result<R>) -> Result<R> {
        // SAFETY: S-UD-2, S-UD-4.
        unsafe {
            (*head).read().map_err(|cause| self.bad_self(cause))?;
            let _reading = Reading(head);
            match &self.access {
                None => f(&*userdata::value::<T>(head)),
                Some(access) => access.with_ref(head, f).map_err(|cause| self.bad_self(cause))?,
            }
        }
    }

    /// Calls `f` with the value, borrowed mutably meanwhile.
    ///
    /// # Safety
    /// As for `this`.
    #[inline]
    unsafe fn with_mut<T, R>(&self, head: *mut Head, f: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        // SAFETY: S-UD-2, S-UD-4.
        unsafe {
            match &self.access {
                Some(access) if !access.exclusive => {
                    (*head).read().map_err(|cause| self.bad_self(cause))?;
                    let _reading = Reading(head);
                    access.with_mut(head, f).map_err(|cause| self.bad_self(cause))?
                }
                access => {
                    (*head).write().map_err(|cause| self.bad_self(cause))?;
                    let _writing = Writing(head);
                    match access {
                        None => f(&mut *userdata::value::<T>(head)),
                        Some(access) => access.with_mut(head, f).map_err(|cause| self.bad_self(cause))?,
                    }
                }
            }
        }
    }
}

impl<M> Method<M> {
    /// The block of the userdata that the method was called on.
    ///
    /// # Safety
    /// The metatable is that of `T` (S-UD-1).
    #[inline]
    unsafe fn this(&self, stack: &Stack<'_>) -> Result<*mut Head> {
        // SAFETY: the first argument's index is acceptable.
        unsafe {
            let block = stack.userdata(1);
            if block.is_null() || stack.metatable_pointer(1) != self.metatable {
                return Err(self.bad_self(Error::UserDataTypeMismatch));
            }
            Ok(block.cast())
        }
    }

    #[cold]
    fn bad_self(&self, cause: Error) -> Error {
        Error::bad_self(&self.name, cause)
    }
}

/// A shared borrow of a block while it exists.
pub(crate) struct Reading(pub(crate) *mut Head);

impl Drop for Reading {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: S-UD-2, the userdata is an argument of the running function, so its block is there.
        unsafe { (*self.0).end_read() }
    }
}

/// A mutable borrow of a block while it exists.
pub(crate) struct Writing(pub(crate) *mut Head);

impl Drop for Writing {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: S-UD-2.
        unsafe { (*self.0).end_write() }
    }
}

/// The number of arguments, the userdata included.
unsafe fn top(stack: &Stack<'_>) -> c_int {
    // SAFETY: only the top is asked for.
    unsafe { (stack.state.api.lua_gettop)(stack.l) }
}

pub(crate) unsafe extern "C" fn method<T, M, A, R>(
    l: L,
    block: *mut Callback,
    out: *mut *mut Pending,
) -> c_int
where
    M: Fn(&Lua, &T, A) -> Result<R>,
    A: FromLuaMulti,
    R: IntoLuaMulti,
{
    // SAFETY: S-CALLBACK-1, S-UD-1, S-UD-2.
    unsafe {
        run(l, block, out, |stack, results| {
            let this = closure::<Method<M>>(block);
            let head = this.this(stack)?;
            let result = this.with_ref(head, |value: &T| {
                let args = A::read_args(stack, 2, top(stack) - 1, Some(&this.name))?;
                (this.f)(stack.lua(), value, args)
            })?;
            result.push_all_to(results)
        })
    }
}

pub(crate) unsafe extern "C" fn method_mut<T, M, A, R>(
    l: L,
    block: *mut Callback,
    out: *mut *mut Pending,
) -> c_int
where
    M: FnMut(&Lua, &mut T, A) -> Result<R>,
    A: FromLuaMulti,
    R: IntoLuaMulti,
{
    // SAFETY: S-CALLBACK-1, S-UD-1, S-UD-2.
    unsafe {
        run(l, block, out, |stack, results| {
            let this = closure::<Method<Exclusive<M>>>(block);
            let head = this.this(stack)?;
            let result = this.with_mut(head, |value: &mut T| {
                let args = A::read_args(stack, 2, top(stack) - 1, Some(&this.name))?;
                this.f.enter(|f| f(stack.lua(), value, args))
            })?;
            result.push_all_to(results)
        })
    }
}

pub(crate) unsafe extern "C" fn method_once<T, M, A, R>(
    l: L,
    block: *mut Callback,
    out: *mut *mut Pending,
) -> c_int
where
    M: Fn(&Lua, T, A) -> Result<R>,
    A: FromLuaMulti,
    R: IntoLuaMulti,
{
    // SAFETY: S-CALLBACK-1, S-UD-1.
    unsafe {
        run(l, block, out, |stack, results| {
            let this = closure::<Method<M>>(block);
            let head = this.this(stack)?;
            if this.access.is_some() {
                // What is only borrowed or shared cannot be taken.
                return Err(this.bad_self(Error::UserDataTypeMismatch));
            }
            // The arguments first: if they do not fit, the value stays.
            let args = A::read_args(stack, 2, top(stack) - 1, Some(&this.name))?;
            let value = userdata::take::<T>(head).map_err(|cause| this.bad_self(cause))?;
            (this.f)(stack.lua(), value, args)?.push_all_to(results)
        })
    }
}

/// A function of a type: it is called with all its arguments.
pub(crate) unsafe extern "C" fn function<F, A, R>(l: L, block: *mut Callback, out: *mut *mut Pending) -> c_int
where
    F: Fn(&Lua, A) -> Result<R>,
    A: FromLuaMulti,
    R: IntoLuaMulti,
{
    // SAFETY: S-CALLBACK-1.
    unsafe {
        run(l, block, out, |stack, results| {
            let this = closure::<Method<F>>(block);
            let args = A::read_args(stack, 1, top(stack), Some(&this.name))?;
            (this.f)(stack.lua(), args)?.push_all_to(results)
        })
    }
}

/// A function that changes what it captured, and that is not entered twice.
pub(crate) unsafe extern "C" fn function_mut<F, A, R>(
    l: L,
    block: *mut Callback,
    out: *mut *mut Pending,
) -> c_int
where
    F: FnMut(&Lua, A) -> Result<R>,
    A: FromLuaMulti,
    R: IntoLuaMulti,
{
    // SAFETY: S-CALLBACK-1.
    unsafe {
        run(l, block, out, |stack, results| {
            let this = closure::<Method<Exclusive<F>>>(block);
            let args = A::read_args(stack, 1, top(stack), Some(&this.name))?;
            this.f.enter(|f| f(stack.lua(), args))?.push_all_to(results)
        })
    }
}

/// Assigning to a field: the userdata and the value.
pub(crate) unsafe extern "C" fn function_set<F, A>(
    l: L,
    block: *mut Callback,
    out: *mut *mut Pending,
) -> c_int
where
    F: FnMut(&Lua, AnyUserData, A) -> Result<()>,
    A: FromLua,
{
    // SAFETY: S-CALLBACK-1.
    unsafe {
        run(l, block, out, |stack, _| {
            let this = closure::<Method<Exclusive<F>>>(block);
            let userdata = AnyUserData::read_from(stack, 1)?;
            let value = read_arg(stack, 2, Some(&this.name))?;
            this.f.enter(|f| f(stack.lua(), userdata, value))
        })
    }
}
