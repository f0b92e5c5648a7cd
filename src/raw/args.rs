//! From a Lua stack to Rust values.

use super::failure::Failure;
use super::push::Pusher;
use super::refs::ValueRef;
use super::state::State;
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::types::{LightUserData, OtherRef};
use crate::value::Value;
use crate::vm::types::{Number, State as L, ty};
use crate::{AnyUserData, Function, LuaString, Table, Thread};
use std::os::raw::{c_int, c_void};

/// A number as Lua holds it, or as Rust sees it where Lua has only floats.
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(hidden)]
pub enum Num {
    /// An integer. Where Lua has none: a float without a fraction, within 64 bits, that is not -0.0.
    Int(i64),
    /// Any other number.
    Float(f64),
}

/// A stack to read values from: the arguments of a callback, or the results of a call.
#[doc(hidden)]
pub struct Stack<'a> {
    pub(crate) state: &'a State,
    pub(crate) l: L,
}

/// Whether a float is an integer in all but its type.
#[inline]
pub(crate) fn float_to_integer(n: Number) -> Option<i64> {
    // The cast saturates, so the bounds are tested: 2^63 itself is not an i64. -0.0 would lose its sign.
    let i = n as i64;
    (i as f64 == n && n < 9_223_372_036_854_775_808.0 && (i != 0 || n.is_sign_positive())).then_some(i)
}

/// # Safety
/// For all of them: `index` is acceptable on this stack, and absolute or from the top (S-ARGS-1).
#[allow(clippy::missing_safety_doc)]
impl<'a> Stack<'a> {
    /// The Lua of the values.
    #[inline]
    pub fn lua(&self) -> &'a Lua {
        self.state.lua()
    }

    #[inline]
    pub(crate) unsafe fn type_at(&self, index: c_int) -> c_int {
        // SAFETY: S-ARGS-1.
        unsafe { (self.state.api.lua_type)(self.l, index) }
    }

    /// Whether there is nothing, or nil.
    #[inline]
    pub unsafe fn is_nil(&self, index: c_int) -> bool {
        // SAFETY: S-ARGS-1.
        unsafe { self.type_at(index) <= ty::NIL }
    }

    #[inline]
    pub(crate) unsafe fn boolean(&self, index: c_int) -> bool {
        // SAFETY: S-ARGS-1.
        unsafe { (self.state.api.lua_toboolean)(self.l, index) != 0 }
    }

    /// The value if it is an integer or converts to one without loss, as Lua itself does (Lua manual, `lua_tointegerx`),
    /// for the engines that have integers; the caller tries floats otherwise.
    #[inline]
    pub(crate) unsafe fn integer(&self, index: c_int) -> Option<i64> {
        let api = self.state.api;
        // SAFETY: S-ARGS-1.
        unsafe {
            if api.has_integers()
                && let Some(tointegerx) = api.lua_tointegerx
            {
                let mut is_integer = 0;
                let i = tointegerx(self.l, index, &mut is_integer);
                return (is_integer != 0).then_some(i);
            }
            api.tonumber(self.l, index).filter(|n| n.is_finite()).and_then(|n| {
                let i = n as i64;
                (i as f64 == n && n < 9_223_372_036_854_775_808.0).then_some(i)
            })
        }
    }

    /// The number at `index`, or that of a numeric string.
    #[inline]
    pub(crate) unsafe fn number(&self, index: c_int) -> Option<f64> {
        // SAFETY: S-ARGS-1.
        unsafe { self.state.api.tonumber(self.l, index) }
    }

    /// The number at `index`, whose type was checked.
    #[inline]
    pub(crate) unsafe fn num(&self, index: c_int) -> Num {
        let api = self.state.api;
        // SAFETY: S-ARGS-1.
        unsafe {
            if let (Some(is_integer), Some(tointegerx)) = (api.lua_isinteger, api.lua_tointegerx) {
                if is_integer(self.l, index) != 0 {
                    return Num::Int(tointegerx(self.l, index, std::ptr::null_mut()));
                }
                return Num::Float(api.tonumber(self.l, index).unwrap_or(f64::NAN));
            }
            let n = api.tonumber(self.l, index).unwrap_or(f64::NAN);
            float_to_integer(n).map_or(Num::Float(n), Num::Int)
        }
    }

    /// The bytes of the value if it is a string; they are there for as long as the stack slot holds it.
    #[inline]
    pub(crate) unsafe fn string(&self, index: c_int) -> Option<&'a [u8]> {
        // SAFETY: S-ARGS-1, S-STR-1.
        unsafe {
            if self.type_at(index) != ty::STRING {
                return None;
            }
            Some(self.state.api.string_bytes(self.l, index))
        }
    }

    #[inline]
    pub(crate) unsafe fn userdata(&self, index: c_int) -> *mut c_void {
        // SAFETY: S-ARGS-1.
        unsafe { (self.state.api.lua_touserdata)(self.l, index) }
    }

    /// A reference to the value at `index`.
    #[inline]
    pub(crate) unsafe fn reference(&self, index: c_int) -> Result<ValueRef> {
        // SAFETY: S-ARGS-1; a callback and an operation leave free slots for this.
        unsafe { self.state.ref_at(self.l, index) }
    }

    /// The value at `index`.
    ///
    /// # Errors
    /// If there is no memory for another reference.
    ///
    /// # Panics
    /// Goes on with the panic if the value is a panic of Rust that passed through Lua.
    #[inline]
    pub unsafe fn value(&self, index: c_int) -> Result<Value> {
        // SAFETY: S-ARGS-1.
        unsafe {
            Ok(match self.type_at(index) {
                ty::NIL | ty::NONE => Value::Nil,
                ty::BOOLEAN => Value::Boolean(self.boolean(index)),
                ty::NUMBER => match self.num(index) {
                    Num::Int(i) => Value::Integer(i),
                    Num::Float(n) => Value::Number(n),
                },
                ty::STRING => Value::String(LuaString(self.reference(index)?)),
                ty::TABLE => Value::Table(Table(self.reference(index)?)),
                ty::FUNCTION => Value::Function(Function(self.reference(index)?)),
                ty::LIGHTUSERDATA => Value::LightUserData(LightUserData(self.userdata(index))),
                ty::USERDATA => match self.failure(index) {
                    None => Value::UserData(AnyUserData(self.reference(index)?)),
                    Some(failure) => Value::Error(Box::new(failure.to_error())),
                },
                ty::THREAD => {
                    let thread = (self.state.api.lua_tothread)(self.l, index);
                    Value::Thread(Thread(self.reference(index)?, thread))
                }
                _ => Value::Other(OtherRef(self.reference(index)?)),
            })
        }
    }

    /// The error or panic of Rust at `index`, if it is one.
    #[inline]
    pub(crate) unsafe fn failure(&self, index: c_int) -> Option<&'a Failure> {
        // SAFETY: S-ARGS-1; what has our metatable is ours (S-FAIL-1).
        unsafe {
            if self.metatable_pointer(index) != self.state.failure_metatable.get() {
                return None;
            }
            Failure::in_block(self.userdata(index))
        }
    }

    /// The address of the value's metatable, NULL without one.
    #[inline]
    pub(crate) unsafe fn metatable_pointer(&self, index: c_int) -> *const c_void {
        let api = self.state.api;
        // SAFETY: S-ARGS-1.
        unsafe {
            if (api.lua_getmetatable)(self.l, index) == 0 {
                return std::ptr::null();
            }
            let p = (api.lua_topointer)(self.l, -1);
            api.pop(self.l, 1);
            p
        }
    }

    /// Pops `n` values.
    #[inline]
    pub(crate) unsafe fn pop(&self, n: c_int) {
        // SAFETY: S-ARGS-1.
        unsafe { self.state.api.pop(self.l, n) }
    }

    /// Pops the `n` values on the top once they have been read, also if reading them panics.
    #[inline]
    pub(crate) unsafe fn pop_later(&self, n: c_int) -> PopLater<'_> {
        PopLater(self, n)
    }

    /// Pops the value on the top.
    ///
    /// # Errors
    /// If there is no memory for another reference; the value is popped all the same.
    pub unsafe fn pop_value(&self) -> Result<Value> {
        // SAFETY: S-ARGS-1.
        unsafe {
            let _popped = self.pop_later(1);
            self.value(-1)
        }
    }

    /// Pushes a value, which may not be an error, onto a reference thread: a key.
    ///
    /// # Errors
    /// If it is a value of another state.
    pub(crate) unsafe fn push_value(&self, value: &Value) -> Result<()> {
        let api = self.state.api;
        // SAFETY: S-REF-1, there is room; nothing is allocated.
        unsafe {
            match value {
                Value::Boolean(b) => (api.lua_pushboolean)(self.l, c_int::from(*b)),
                // LuaJIT may raise; see `Pusher::light`. It is made on the current thread, and moves from there.
                Value::LightUserData(p) if api.is_jit != 0 => {
                    let mut pusher = Pusher::new(self.state);
                    pusher.light(p.0)?;
                    let l = self.state.current.get();
                    pusher.onto_stack()?;
                    (api.lua_xmove)(l, self.l, 1);
                }
                Value::LightUserData(p) => (api.lua_pushlightuserdata)(self.l, p.0),
                Value::Integer(i) => (api.lua_pushinteger)(self.l, *i),
                Value::Number(n) => (api.lua_pushnumber)(self.l, *n),
                // The userdata of an error is made anew each time, so it is never in a table as this key.
                Value::Nil | Value::Error(_) => (api.lua_pushnil)(self.l),
                value => {
                    if let Some(handle) = value.handle() {
                        self.state.check_same(handle)?;
                        self.state.push_ref(self.l, handle);
                    }
                }
            }
        }
        Ok(())
    }

    /// What a conversion that failed says of the value at `index`.
    #[cold]
    pub unsafe fn mismatch(&self, index: c_int, to: impl Into<String>, message: Option<&str>) -> Error {
        // SAFETY: S-ARGS-1.
        let from = unsafe { self.type_name(index) };
        Error::FromLuaConversionError { from, to: to.into(), message: message.map(String::from) }
    }

    /// The name of the value's type as `Value::type_name` gives it.
    pub(crate) unsafe fn type_name(&self, index: c_int) -> &'static str {
        // SAFETY: S-ARGS-1.
        unsafe {
            match self.type_at(index) {
                ty::BOOLEAN => "boolean",
                ty::LIGHTUSERDATA => "lightuserdata",
                ty::NUMBER => match self.num(index) {
                    Num::Int(_) => "integer",
                    Num::Float(_) => "number",
                },
                ty::STRING => "string",
                ty::TABLE => "table",
                ty::FUNCTION => "function",
                ty::USERDATA => match self.failure(index) {
                    Some(_) => "error",
                    None => "userdata",
                },
                ty::THREAD => "thread",
                ty::NIL | ty::NONE => "nil",
                _ => "other",
            }
        }
    }
}

/// See [`Stack::pop_later`].
pub(crate) struct PopLater<'a>(&'a Stack<'a>, c_int);

impl Drop for PopLater<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: S-ARGS-1, the values are on the top again, whatever was done above them.
        unsafe { self.0.pop(self.1) }
    }
}
