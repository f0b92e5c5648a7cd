//! Any Lua value.

use crate::error::{Error, Result};
use crate::function::Function;
use crate::lua::{Lua, WeakLua};
use crate::raw::ValueRef;
use crate::raw::args::{Num, Stack};
use crate::raw::op::{Code, Op, PLAIN, TRACED};
use crate::string::LuaString;
use crate::table::Table;
use crate::thread::Thread;
use crate::types::{Integer, LightUserData, Number, OtherRef};
use crate::userdata::AnyUserData;
use std::fmt;
use std::os::raw::c_void;

/// Any Lua value: a plain one, or a handle to an object that Lua manages.
///
/// Cloning a handle is cheap and gives another handle to the same object.
#[derive(Clone, Default)]
pub enum Value {
    /// nil
    #[default]
    Nil,
    /// A boolean.
    Boolean(bool),
    /// A light userdata: a pointer.
    LightUserData(LightUserData),
    /// An integer. Where Lua has only floats (5.1, 5.2, LuaJIT): any float that is one.
    Integer(Integer),
    /// A floating-point number.
    Number(Number),
    /// A string.
    String(LuaString),
    /// A table.
    Table(Table),
    /// A Lua or Rust function.
    Function(Function),
    /// A coroutine.
    Thread(Thread),
    /// A full userdata.
    UserData(AnyUserData),
    /// An error of Rust that Lua passes on.
    Error(Box<Error>),
    /// A value of a type that only some Lua knows.
    Other(OtherRef),
}

pub use Value::Nil;

impl Value {
    /// The null of data formats, as opposed to nil: a light userdata that is NULL.
    pub const NULL: Value = Value::LightUserData(LightUserData(std::ptr::null_mut()));

    /// The name of the value's type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Nil => "nil",
            Value::Boolean(_) => "boolean",
            Value::LightUserData(_) => "lightuserdata",
            Value::Integer(_) => "integer",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Table(_) => "table",
            Value::Function(_) => "function",
            Value::Thread(_) => "thread",
            Value::UserData(_) => "userdata",
            Value::Error(_) => "error",
            Value::Other(_) => "other",
        }
    }

    pub(crate) fn handle(&self) -> Option<&ValueRef> {
        match self {
            Value::String(s) => Some(&s.0),
            Value::Table(t) => Some(&t.0),
            Value::Function(f) => Some(&f.0),
            Value::Thread(t) => Some(&t.0),
            Value::UserData(u) => Some(&u.0),
            Value::Other(r) => Some(&r.0),
            _ => None,
        }
    }

    /// Whether Lua's `==` holds, which may call `__eq` (Lua manual, "Relational Operators").
    ///
    /// # Errors
    /// Those of the metamethod.
    pub fn equals(&self, other: &Self) -> Result<bool> {
        match (self, other) {
            (Value::Table(a), Value::Table(b)) => a.equals(b),
            (Value::UserData(a), Value::UserData(b)) => {
                if a.0 == b.0 {
                    return Ok(true);
                }
                compare(&a.0, &b.0)
            }
            (a, b) => Ok(a == b),
        }
    }

    /// The address of the object, NULL for values that have none.
    pub fn to_pointer(&self) -> *const c_void {
        match self {
            Value::LightUserData(p) => p.0,
            value => value.handle().map_or(std::ptr::null(), ValueRef::to_pointer),
        }
    }

    /// The value as text, like Lua's `tostring`, which may call `__tostring`.
    ///
    /// # Errors
    /// Those of the metamethod.
    pub fn to_string(&self) -> Result<String> {
        match self {
            Value::Nil => Ok("nil".to_owned()),
            Value::Boolean(b) => Ok(b.to_string()),
            Value::LightUserData(p) if p.0.is_null() => Ok("null".to_owned()),
            Value::LightUserData(p) => Ok(format!("lightuserdata: {:p}", p.0)),
            Value::Integer(i) => Ok(i.to_string()),
            Value::Number(n) => Ok(number_text(*n)),
            Value::String(text) => Ok(text.to_str()?.to_owned()),
            Value::Error(error) => Ok(error.to_string()),
            value => match value.handle() {
                Some(handle) => handle.open().value_text(handle),
                None => Ok(value.type_name().to_owned()),
            },
        }
    }

    /// The state of a handle.
    pub fn weak_lua(&self) -> Option<&WeakLua> {
        self.handle().map(|handle| WeakLua::of(&handle.state))
    }

    /// Whether it is nil.
    #[inline]
    pub fn is_nil(&self) -> bool {
        *self == Nil
    }

    /// Whether it is [`Value::NULL`].
    #[inline]
    pub fn is_null(&self) -> bool {
        *self == Value::NULL
    }

    /// Whether it is an error of Rust.
    #[inline]
    pub fn is_error(&self) -> bool {
        self.as_error().is_some()
    }

    /// The error, if it is one, also with context.
    pub fn as_error(&self) -> Option<&Error> {
        match self {
            Value::Error(error) => Some(error),
            _ => None,
        }
    }

    /// The number, whether it is an integer or a float.
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Value::Number(n) => Some(n),
            Value::Integer(i) => Some(i as f64),
            _ => None,
        }
    }

    /// The number, whether it is an integer or a float.
    pub fn as_f32(&self) -> Option<f32> {
        self.as_f64().map(|n| n as f32)
    }

    /// Alias of [`as_f64`](Value::as_f64) for a float value only.
    pub fn as_number(&self) -> Option<Number> {
        match *self {
            Value::Number(n) => Some(n),
            _ => None,
        }
    }

    /// Whether it is a float.
    pub fn is_number(&self) -> bool {
        self.as_number().is_some()
    }

    /// Whether it is an integer.
    pub fn is_integer(&self) -> bool {
        self.as_integer().is_some()
    }
}

macro_rules! as_integer {
    ($($name:ident, $ty:ty;)*) => {
        impl Value {
            $(
                /// The integer, if it is one and in range.
                #[inline]
                pub fn $name(&self) -> Option<$ty> {
                    match *self {
                        Value::Integer(i) => <$ty>::try_from(i).ok(),
                        _ => None,
                    }
                }
            )*
        }
    };
}

as_integer! {
    as_integer, Integer;
    as_i32, i32;
    as_u32, u32;
    as_i64, i64;
    as_u64, u64;
    as_isize, isize;
    as_usize, usize;
}

macro_rules! as_variant {
    ($($what:literal, $is:ident, $as:ident, $variant:ident, $ty:ty, |$x:ident| $get:expr;)*) => {
        impl Value {
            $(
                #[doc = concat!("Whether it is a ", $what, ".")]
                #[inline]
                pub fn $is(&self) -> bool {
                    matches!(self, Value::$variant(_))
                }

                #[doc = concat!("The ", $what, ", if it is one.")]
                #[inline]
                pub fn $as(&self) -> Option<$ty> {
                    match self {
                        Value::$variant($x) => Some($get),
                        _ => None,
                    }
                }
            )*
        }
    };
}

as_variant! {
    "boolean", is_boolean, as_boolean, Boolean, bool, |x| *x;
    "light userdata", is_light_userdata, as_light_userdata, LightUserData, LightUserData, |x| *x;
    "string", is_string, as_string, String, &LuaString, |x| x;
    "table", is_table, as_table, Table, &Table, |x| x;
    "function", is_function, as_function, Function, &Function, |x| x;
    "thread", is_thread, as_thread, Thread, &Thread, |x| x;
    "full userdata", is_userdata, as_userdata, UserData, &AnyUserData, |x| x;
}

/// A float as Lua prints it ("%.14g"), with the ".0" that newer versions add to a whole number.
fn number_text(n: Number) -> String {
    if n.is_nan() {
        return if n.is_sign_negative() { "-nan".into() } else { "nan".into() };
    }
    if n.is_infinite() {
        return if n < 0.0 { "-inf".into() } else { "inf".into() };
    }
    if n == n.trunc() && n.abs() < 1e15 { format!("{n:.1}") } else { n.to_string() }
}

/// Lua's `==` for two objects, with `__eq`.
pub(crate) fn compare(a: &ValueRef, b: &ValueRef) -> Result<bool> {
    let state = a.open();
    if !state.is_same(b.open()) {
        return Ok(false);
    }
    let mut tape = state.tape();
    tape.reference(a.clone());
    tape.reference(b.clone());
    state.room(2)?;
    let mut op = Op::new(state, Code::Compare);
    // SAFETY: the operands are two values; it leaves nothing.
    unsafe { state.run_op_on(&mut op, tape, 0, TRACED)? };
    Ok(op.out != 0)
}

impl PartialEq for Value {
    /// Whether both are the same value, without metamethods.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Nil, Value::Nil) => true,
            (Value::Boolean(a), Value::Boolean(b)) => a == b,
            (Value::LightUserData(a), Value::LightUserData(b)) => a == b,
            (Value::Integer(a), Value::Integer(b)) => a == b,
            (Value::Integer(a), Value::Number(b)) | (Value::Number(b), Value::Integer(a)) => {
                *a as Number == *b
            }
            (Value::Number(a), Value::Number(b)) => a == b,
            (Value::String(a), Value::String(b)) => a == b,
            (Value::Table(a), Value::Table(b)) => a == b,
            (Value::Function(a), Value::Function(b)) => a == b,
            (Value::Thread(a), Value::Thread(b)) => a == b,
            (Value::UserData(a), Value::UserData(b)) => a == b,
            (Value::Other(a), Value::Other(b)) => a == b,
            _ => false,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return crate::print::pretty(self, f);
        }
        match self {
            Value::Nil => f.write_str("Nil"),
            Value::Boolean(b) => write!(f, "Boolean({b})"),
            Value::LightUserData(p) => write!(f, "{p:?}"),
            Value::Integer(i) => write!(f, "Integer({i})"),
            Value::Number(n) => write!(f, "Number({n})"),
            Value::String(s) => write!(f, "String({s:?})"),
            Value::Table(t) => write!(f, "{t:?}"),
            Value::Function(x) => write!(f, "{x:?}"),
            Value::Thread(t) => write!(f, "{t:?}"),
            Value::UserData(u) => write!(f, "{u:?}"),
            Value::Error(e) => write!(f, "Error({e:?})"),
            Value::Other(r) => write!(f, "Other({r:?})"),
        }
    }
}

impl Lua {
    /// The number that Lua's own rules see in a value: a number, or a numeric string.
    pub(crate) fn coerce_num(&self, value: &Value) -> Result<Option<Num>> {
        match value {
            Value::Integer(i) => Ok(Some(Num::Int(*i))),
            Value::Number(n) => Ok(Some(Num::Float(*n))),
            Value::String(text) => {
                let state = text.0.open();
                let stack = Stack { state, l: text.0.thread() };
                // SAFETY: S-REF-1, the slot holds the string, and reading a number from it changes nothing.
                unsafe {
                    if let Some(i) = stack.integer(text.0.slot()) {
                        return Ok(Some(Num::Int(i)));
                    }
                    Ok(stack.number(text.0.slot()).map(Num::Float))
                }
            }
            _ => Ok(None),
        }
    }

    /// The string that a value is, or that its number converts to; `None` for other types (Lua manual, "Coercions").
    ///
    /// # Errors
    /// If memory runs out.
    pub fn coerce_string(&self, value: Value) -> Result<Option<LuaString>> {
        let state = self.state();
        let mut tape = match value {
            Value::String(text) => return Ok(Some(text)),
            Value::Integer(_) | Value::Number(_) => state.tape(),
            _ => return Ok(None),
        };
        match value {
            Value::Integer(i) => tape.integer(i),
            Value::Number(n) => tape.number(n),
            _ => {}
        }
        state.room(2)?;
        // SAFETY: the operand is a number; the result is a string.
        unsafe {
            state.run_op_on(&mut Op::new(state, Code::String), tape, 1, PLAIN)?;
            Ok(Some(LuaString(state.pop_ref(state.current.get())?)))
        }
    }

    /// The integer that a value is or converts to without loss; `None` otherwise (Lua manual, "Coercions").
    ///
    /// # Errors
    /// None now.
    pub fn coerce_integer(&self, value: Value) -> Result<Option<Integer>> {
        Ok(match self.coerce_num(&value)? {
            Some(Num::Int(i)) => Some(i),
            Some(Num::Float(n)) => crate::raw::args::float_to_integer(n).or((n == 0.0).then_some(0)),
            None => None,
        })
    }

    /// The number that a value is or converts to; `None` otherwise (Lua manual, "Coercions").
    ///
    /// # Errors
    /// None now.
    pub fn coerce_number(&self, value: Value) -> Result<Option<Number>> {
        Ok(match self.coerce_num(&value)? {
            Some(Num::Int(i)) => Some(i as Number),
            Some(Num::Float(n)) => Some(n),
            None => None,
        })
    }
}
