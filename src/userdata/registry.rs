//! Collecting what a type shows to Lua, and making its metatable of it.

use super::method::{self, Access, Method};
use super::{AnyUserData, UserData, UserDataFields, UserDataMethods};
use crate::Function;
use crate::convert::{FromLua, FromLuaMulti, IntoLua, IntoLuaMulti};
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::raw::callback::{self, Exclusive};
use crate::raw::ffi::{Call, Function as Trampoline};
use crate::raw::op::{Code, Op, PLAIN};
use crate::raw::{State, ValueRef};
use crate::table::Table;
use crate::types::{LightUserData, MaybeSend};
use crate::value::Value;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::os::raw::c_void;

/// Makes a value of a metatable when the type is registered.
type Make = Box<dyn FnOnce(&Lua) -> Result<Value>>;

/// Collects the methods and fields of a type.
pub struct UserDataRegistry<T> {
    metatable: Table,
    pointer: *const c_void,
    type_name: &'static str,
    getters: Vec<(String, Result<Function>)>,
    setters: Vec<(String, Result<Function>)>,
    methods: Vec<(String, Result<Function>)>,
    statics: Vec<(String, Make)>,
    metas: Vec<(String, Make)>,
    lua: *const Lua,
    access: Option<Access>,
    /// All functions of the type.
    made: RefCell<Vec<Function>>,
    _type: PhantomData<fn(T)>,
}

impl<T> UserDataRegistry<T> {
    pub(crate) fn new(state: &State) -> Result<Self> {
        let metatable = state.lua().create_table()?;
        // From the start, so that a userdata made before the metatable is complete is finalized and out of reach as well.
        if std::mem::needs_drop::<T>() {
            metatable.raw_set("__gc", gc_function(state)?)?;
        }
        metatable.raw_set("__metatable", false)?;
        let pointer = metatable.to_pointer();
        Ok(UserDataRegistry {
            metatable,
            pointer,
            type_name: short_name(std::any::type_name::<T>()),
            getters: Vec::new(),
            setters: Vec::new(),
            methods: Vec::new(),
            statics: Vec::new(),
            metas: Vec::new(),
            lua: state.lua(),
            access: None,
            made: RefCell::default(),
            _type: PhantomData,
        })
    }

    pub(crate) fn metatable(&self) -> Table {
        self.metatable.clone()
    }

    /// Adds what `U` shows to Lua, for a block of `T` that leads to a `U`.
    pub(crate) fn delegate<U: UserData>(&mut self, access: Access) {
        let mut inner = UserDataRegistry::<U> {
            metatable: self.metatable.clone(),
            pointer: self.pointer,
            type_name: short_name(std::any::type_name::<U>()),
            getters: Vec::new(),
            setters: Vec::new(),
            methods: Vec::new(),
            statics: Vec::new(),
            metas: Vec::new(),
            lua: self.lua,
            access: Some(access),
            made: RefCell::default(),
            _type: PhantomData,
        };
        U::register(&mut inner);
        self.type_name = inner.type_name;
        self.getters.append(&mut inner.getters);
        self.setters.append(&mut inner.setters);
        self.methods.append(&mut inner.methods);
        self.statics.append(&mut inner.statics);
        self.metas.append(&mut inner.metas);
        self.made.get_mut().append(inner.made.get_mut());
    }

    fn state(&self) -> &State {
        // SAFETY: S-STATE-1, the registry exists only while `State::register_type` runs.
        unsafe { &*self.lua }.state()
    }

    /// A Lua function of a Rust function that belongs to the type.
    fn function<M: 'static>(&self, name: &str, f: M, call: Call) -> Result<Function> {
        let name = format!("{}.{name}", self.type_name).into_boxed_str();
        let method = Method { metatable: self.pointer, name, access: self.access, f };
        let function = callback::create(self.state(), method, call).map(Function)?;
        self.made.borrow_mut().push(function.clone());
        Ok(function)
    }

    fn meta(&mut self, name: String, function: Result<Function>) {
        self.metas.push((name, Box::new(|_| function.map(Value::Function))));
    }

    /// Fills the metatable, which must be the one that the registry was made with. Gives all functions of the type.
    pub(crate) fn finish(self, state: &State, metatable: &Table) -> Result<Vec<Function>> {
        let lua = state.lua();
        if self.metatable != *metatable {
            return Err(Error::runtime("a registry was exchanged for another one"));
        }
        let mut index = Value::Nil;
        let mut newindex = Value::Nil;
        for (name, make) in self.metas {
            let value = make(lua)?;
            match name.as_str() {
                "__gc" | "__metatable" => return Err(Error::MetaMethodRestricted(name)),
                "__index" => index = callable_or_table(&name, value)?,
                "__newindex" => newindex = callable_or_table(&name, value)?,
                _ => metatable.raw_set(name, value)?,
            }
        }

        let members = lua.create_table_with_capacity(0, self.methods.len() + self.getters.len())?;
        let mut getters = Vec::new();
        for (name, make) in self.statics {
            match make(lua)? {
                // In a table of members a light userdata may be a field, so one that is a value is a field, too.
                value @ Value::LightUserData(_) => {
                    getters.push((name, lua.create_function(move |_, ()| Ok(value.clone()))?));
                }
                value => members.raw_set(name, value)?,
            }
        }
        for (name, function) in self.methods {
            members.raw_set(name, function?)?;
        }
        for (name, function) in self.getters {
            getters.push((name, function?));
        }
        if !getters.is_empty() || !index.is_nil() {
            index = dispatcher(state, &INDEX, members, getters, index)?;
        } else {
            index = Value::Table(members);
        }
        metatable.raw_set("__index", index)?;

        if !self.setters.is_empty() {
            let setters = self.setters.into_iter().map(|(name, function)| Ok((name, function?)));
            let setters = setters.collect::<Result<Vec<_>>>()?;
            newindex = dispatcher(state, &NEWINDEX, lua.create_table()?, setters, newindex)?;
        }
        if !newindex.is_nil() {
            metatable.raw_set("__newindex", newindex)?;
        }

        if metatable.raw_get::<Value>("__name")?.is_nil() {
            metatable.raw_set("__name", self.type_name)?;
        }
        Ok(self.made.into_inner())
    }
}

/// How `__index` or `__newindex` finds members: by a C function (`index.c`), and on LuaJIT by a Lua function, which its compiler
/// can inline, while a call of C ends compiled code.
struct Dispatcher {
    function: Trampoline,
    code: &'static str,
}

const INDEX: Dispatcher = Dispatcher {
    function: Trampoline::Index,
    code: "local members, fields, fallback, is_table = ...
        if fallback == nil then
            return function(ud, key)
                local field = fields[key]
                if field ~= nil then return field(ud) end
                return members[key]
            end
        end
        return function(ud, key)
            local field = fields[key]
            if field ~= nil then return field(ud) end
            local member = members[key]
            if member ~= nil then return member end
            if is_table then return fallback[key] end
            return fallback(ud, key)
        end",
};

const NEWINDEX: Dispatcher = Dispatcher {
    function: Trampoline::NewIndex,
    code: "local _, fields, fallback, is_table = ...
        return function(ud, key, value)
            local field = fields[key]
            if field ~= nil then field(ud, value) return end
            if is_table then fallback[key] = value return end
            fallback(ud, key, value)
        end",
};

/// The function that finds members, calls fields, and leaves other keys to `fallback`.
fn dispatcher(
    state: &State,
    dispatcher: &Dispatcher,
    members: Table,
    fields: Vec<(String, Function)>,
    fallback: Value,
) -> Result<Value> {
    let lua = state.lua();
    if state.api.is_jit == 0 {
        // The third upvalue keeps the callbacks of the fields.
        let kept = lua.create_sequence_from(fields.iter().map(|(_, function)| function))?;
        for (name, function) in &fields {
            members.raw_set(name, field(function))?;
        }
        let mut tape = state.tape();
        tape.reference(members.0);
        tape.value(state, &fallback)?;
        tape.reference(kept.0);
        return c_closure(state, dispatcher.function, tape, 3).map(|f| Value::Function(Function(f)));
    }
    let fields = lua.create_table_from(fields)?;
    let is_table = fallback.is_table();
    let fallback = match (fallback, dispatcher.function) {
        (Value::Nil, Trampoline::NewIndex) => Value::Function(lua.create_function(no_field)?),
        (fallback, _) => fallback,
    };
    let chunk = lua.load(dispatcher.code).set_name("=[userdata]");
    chunk.call::<Function>((members, fields, fallback, is_table)).map(Value::Function)
}

/// What `index.c` says as well.
fn no_field(_: &Lua, (_, key): (Value, Value)) -> Result<()> {
    let key = key.as_string().map_or("?".to_owned(), crate::LuaString::to_string_lossy);
    Err(Error::runtime(format!("attempt to set an unknown field '{key}'")))
}

/// What stands for a field in a table of members: the address of its callback's block.
fn field(function: &Function) -> Value {
    let state = function.0.open();
    let own = function.0.thread();
    // SAFETY: S-REF-1, S-CALLBACK-1: a Rust function's first upvalue is its block, which the function keeps.
    let block = unsafe {
        (state.api.lua_getupvalue)(own, function.0.slot(), 1);
        let block = (state.api.lua_touserdata)(own, -1);
        state.api.pop(own, 1);
        block
    };
    Value::LightUserData(LightUserData(block))
}

fn gc_function(state: &State) -> Result<Function> {
    c_closure(state, Trampoline::Gc, state.tape(), 0).map(Function)
}

fn c_closure(
    state: &State,
    which: Trampoline,
    tape: Box<crate::raw::tape::Tape>,
    upvalues: i32,
) -> Result<ValueRef> {
    let mut op = Op::new(state, Code::Closure);
    op.p = state.shim(which) as *mut c_void;
    op.a = upvalues;
    state.room(upvalues as u32 + 2)?;
    // SAFETY: the operands are the upvalues; the result is a function.
    unsafe {
        state.run_op_on(&mut op, tape, 1, PLAIN)?;
        state.pop_ref(state.current.get())
    }
}

fn callable_or_table(name: &str, value: Value) -> Result<Value> {
    match value {
        Value::Nil | Value::Function(_) | Value::Table(_) => Ok(value),
        value => Err(Error::MetaMethodTypeError {
            method: name.to_owned(),
            type_name: value.type_name(),
            message: Some("expected function or table".to_owned()),
        }),
    }
}

/// `a::b::Name<c::D>` as `Name`.
fn short_name(full: &'static str) -> &'static str {
    let path = full.split('<').next().unwrap_or(full);
    path.rsplit("::").next().unwrap_or(path)
}

impl<T> UserDataFields<T> for UserDataRegistry<T> {
    fn add_field<V>(&mut self, name: impl Into<String>, value: V)
    where
        V: IntoLua + 'static,
    {
        self.statics.push((name.into(), Box::new(|lua| value.into_lua(lua))));
    }

    fn add_field_method_get<M, R>(&mut self, name: impl Into<String>, method: M)
    where
        M: Fn(&Lua, &T) -> Result<R> + MaybeSend + 'static,
        R: IntoLua,
    {
        let name = name.into();
        let f = move |lua: &Lua, this: &T, ()| method(lua, this);
        let function = self.method_function(&name, f);
        self.getters.push((name, function));
    }

    fn add_field_method_set<M, A>(&mut self, name: impl Into<String>, mut method: M)
    where
        M: FnMut(&Lua, &mut T, A) -> Result<()> + MaybeSend + 'static,
        A: FromLua,
    {
        let name = name.into();
        let f = move |lua: &Lua, this: &mut T, value: A| method(lua, this, value);
        let function = self.method_mut_function(&name, f);
        self.setters.push((name, function));
    }

    fn add_field_function_get<F, R>(&mut self, name: impl Into<String>, function: F)
    where
        F: Fn(&Lua, AnyUserData) -> Result<R> + MaybeSend + 'static,
        R: IntoLua,
    {
        let name = name.into();
        let function = self.function(&name, function, method::function::<F, AnyUserData, R>);
        self.getters.push((name, function));
    }

    fn add_field_function_set<F, A>(&mut self, name: impl Into<String>, function: F)
    where
        F: FnMut(&Lua, AnyUserData, A) -> Result<()> + MaybeSend + 'static,
        A: FromLua,
    {
        let name = name.into();
        let function = self.function(&name, Exclusive::new(function), method::function_set::<F, A>);
        self.setters.push((name, function));
    }

    fn add_meta_field<V>(&mut self, name: impl Into<String>, value: V)
    where
        V: IntoLua + 'static,
    {
        self.metas.push((name.into(), Box::new(|lua| value.into_lua(lua))));
    }

    fn add_meta_field_with<F, R>(&mut self, name: impl Into<String>, f: F)
    where
        F: FnOnce(&Lua) -> Result<R> + 'static,
        R: IntoLua,
    {
        self.metas.push((name.into(), Box::new(|lua| f(lua)?.into_lua(lua))));
    }
}

impl<T> UserDataRegistry<T> {
    fn method_function<M, A, R>(&self, name: &str, f: M) -> Result<Function>
    where
        M: Fn(&Lua, &T, A) -> Result<R> + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        self.function(name, f, method::method::<T, M, A, R>)
    }

    fn method_mut_function<M, A, R>(&self, name: &str, f: M) -> Result<Function>
    where
        M: FnMut(&Lua, &mut T, A) -> Result<R> + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        self.function(name, Exclusive::new(f), method::method_mut::<T, M, A, R>)
    }
}

impl<T> UserDataMethods<T> for UserDataRegistry<T> {
    fn add_method<M, A, R>(&mut self, name: impl Into<String>, method: M)
    where
        M: Fn(&Lua, &T, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        let name = name.into();
        let function = self.method_function(&name, method);
        self.methods.push((name, function));
    }

    fn add_method_mut<M, A, R>(&mut self, name: impl Into<String>, method: M)
    where
        M: FnMut(&Lua, &mut T, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        let name = name.into();
        let function = self.method_mut_function(&name, method);
        self.methods.push((name, function));
    }

    fn add_method_once<M, A, R>(&mut self, name: impl Into<String>, method: M)
    where
        T: 'static,
        M: Fn(&Lua, T, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        let name = name.into();
        let function = self.function(&name, method, method::method_once::<T, M, A, R>);
        self.methods.push((name, function));
    }

    fn add_function<F, A, R>(&mut self, name: impl Into<String>, function: F)
    where
        F: Fn(&Lua, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        let name = name.into();
        let function = self.function(&name, function, method::function::<F, A, R>);
        self.methods.push((name, function));
    }

    fn add_function_mut<F, A, R>(&mut self, name: impl Into<String>, function: F)
    where
        F: FnMut(&Lua, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        let name = name.into();
        let function = self.function(&name, Exclusive::new(function), method::function_mut::<F, A, R>);
        self.methods.push((name, function));
    }

    fn add_meta_method<M, A, R>(&mut self, name: impl Into<String>, method: M)
    where
        M: Fn(&Lua, &T, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        let name = name.into();
        let function = self.method_function(&name, method);
        self.meta(name, function);
    }

    fn add_meta_method_mut<M, A, R>(&mut self, name: impl Into<String>, method: M)
    where
        M: FnMut(&Lua, &mut T, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        let name = name.into();
        let function = self.method_mut_function(&name, method);
        self.meta(name, function);
    }

    fn add_meta_function<F, A, R>(&mut self, name: impl Into<String>, function: F)
    where
        F: Fn(&Lua, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        let name = name.into();
        let function = self.function(&name, function, method::function::<F, A, R>);
        self.meta(name, function);
    }

    fn add_meta_function_mut<F, A, R>(&mut self, name: impl Into<String>, function: F)
    where
        F: FnMut(&Lua, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        let name = name.into();
        let function = self.function(&name, Exclusive::new(function), method::function_mut::<F, A, R>);
        self.meta(name, function);
    }
}
