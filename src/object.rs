//! What tables and userdata have in common: they can be indexed and called.

use crate::convert::{FromLua, FromLuaMulti, IntoLua, IntoLuaMulti};
use crate::error::{Error, Result};
use crate::function::Function;
use crate::raw::ValueRef;
use crate::raw::args::Stack;
use crate::raw::op::{Code, Op, TRACED};
use crate::table::Table;
use crate::userdata::AnyUserData;
use crate::value::Value;

mod private {
    pub trait Sealed {}
    impl Sealed for super::Table {}
    impl Sealed for super::AnyUserData {}
}

/// What can be indexed and called: tables and userdata. Metamethods are called as Lua does.
pub trait ObjectLike: private::Sealed {
    /// `object[key]`
    ///
    /// # Errors
    /// Those of the metamethod and of the conversions.
    fn get<V: FromLua>(&self, key: impl IntoLua) -> Result<V>;

    /// `object[key] = value`
    ///
    /// # Errors
    /// Those of the metamethod and of the conversions.
    fn set(&self, key: impl IntoLua, value: impl IntoLua) -> Result<()>;

    /// `object(...)`
    ///
    /// # Errors
    /// What is raised, also if the object cannot be called; those of the conversions.
    fn call<R>(&self, args: impl IntoLuaMulti) -> Result<R>
    where
        R: FromLuaMulti,
    {
        call_handle(self.handle(), args)
    }

    /// `object:name(...)`
    ///
    /// # Errors
    /// What is raised, also if there is no such method; those of the conversions.
    fn call_method<R>(&self, name: &str, args: impl IntoLuaMulti) -> Result<R>
    where
        R: FromLuaMulti,
    {
        call_member(self, name, (self.to_value(), Rest(args)))
    }

    /// `object.name(...)`
    ///
    /// # Errors
    /// What is raised, also if there is no such function; those of the conversions.
    fn call_function<R>(&self, name: &str, args: impl IntoLuaMulti) -> Result<R>
    where
        R: FromLuaMulti,
    {
        call_member(self, name, args)
    }

    /// The value at a path like `a.b[1].c["key"]`; with `?` behind a part, like `a?.b`, nil if that is nil.
    ///
    /// # Errors
    /// If the path cannot be read; those of the metamethods and of the conversion.
    fn get_path<V: FromLua>(&self, path: &str) -> Result<V> {
        V::from_lua(crate::path::get(self.to_value(), path)?, self.handle().open().lua())
    }

    /// The object as text, like Lua's `tostring`.
    ///
    /// # Errors
    /// Those of `__tostring`.
    fn to_string(&self) -> Result<String> {
        self.handle().open().value_text(self.handle())
    }

    /// The object as a value.
    fn to_value(&self) -> Value;

    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn handle(&self) -> &ValueRef;
}

/// Calls a member of an object, if it is a function or can be called.
fn call_member<R: FromLuaMulti>(
    object: &(impl ObjectLike + ?Sized),
    name: &str,
    args: impl IntoLuaMulti,
) -> Result<R> {
    match object.get::<Value>(name)? {
        Value::Function(function) => function.call(args),
        member => {
            let Some(handle) = member.handle() else {
                let type_name = member.type_name();
                return Err(Error::runtime(format!(
                    "attempt to call a {type_name} value (function '{name}')"
                )));
            };
            call_handle(handle, args)
        }
    }
}

/// Calls any value, as Lua does: a function, or what has `__call`.
pub(crate) fn call_handle<R: FromLuaMulti>(handle: &ValueRef, args: impl IntoLuaMulti) -> Result<R> {
    // lua_pcall takes whatever can be called.
    Function(handle.clone()).call(args)
}

/// `value[key]` for a value of any type.
pub(crate) fn index(handle: &ValueRef, key: &Value) -> Result<Value> {
    let state = handle.open();
    state.room(3)?;
    let mut tape = state.tape();
    tape.reference(handle.clone());
    tape.value(state, key)?;
    // SAFETY: the operands are a value and a key; the result is one value.
    unsafe {
        state.run_op_on(&mut Op::new(state, Code::Get), tape, 1, TRACED)?;
        Stack { state, l: state.current.get() }.pop_value()
    }
}

impl ObjectLike for Table {
    fn get<V: FromLua>(&self, key: impl IntoLua) -> Result<V> {
        self.get(key)
    }

    fn set(&self, key: impl IntoLua, value: impl IntoLua) -> Result<()> {
        self.set(key, value)
    }

    fn to_value(&self) -> Value {
        Value::Table(self.clone())
    }

    #[allow(private_interfaces)]
    fn handle(&self) -> &ValueRef {
        &self.0
    }
}

impl ObjectLike for AnyUserData {
    fn get<V: FromLua>(&self, key: impl IntoLua) -> Result<V> {
        let lua = self.0.open().lua();
        V::from_lua(index(&self.0, &key.into_lua(lua)?)?, lua)
    }

    fn set(&self, key: impl IntoLua, value: impl IntoLua) -> Result<()> {
        let state = self.0.open();
        let (key, value) = (key.into_lua(state.lua())?, value.into_lua(state.lua())?);
        state.room(4)?;
        let mut tape = state.tape();
        tape.reference(self.0.clone());
        tape.value(state, &key)?;
        tape.value(state, &value)?;
        // SAFETY: the operands are a userdata, a key and a value; it leaves nothing.
        unsafe { state.run_op_on(&mut Op::new(state, Code::Set), tape, 0, TRACED) }
    }

    fn to_value(&self) -> Value {
        Value::UserData(self.clone())
    }

    #[allow(private_interfaces)]
    fn handle(&self) -> &ValueRef {
        &self.0
    }
}

/// Arguments behind others.
struct Rest<A>(A);

impl<A: IntoLuaMulti> IntoLuaMulti for Rest<A> {
    fn into_lua_multi(self, lua: &crate::Lua) -> Result<crate::MultiValue> {
        self.0.into_lua_multi(lua)
    }

    fn push_all_to(self, to: &mut crate::raw::push::Pusher<'_>) -> Result<()> {
        self.0.push_all_to(to)
    }
}
