//! Scopes: functions and userdata with borrows, for as long as a scope lasts.

use crate::convert::{FromLuaMulti, IntoLuaMulti};
use crate::error::Result;
use crate::function::Function;
use crate::lua::Lua;
use crate::raw::ValueRef;
use crate::raw::callback::{self, Exclusive};
use crate::raw::userdata;
use crate::userdata::{AnyUserData, ByMut, ByRef, UserData, UserDataRegistry, register_reference};
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

/// Makes Lua functions and userdata of Rust values that live only as long as the scope; see [`Lua::scope`].
pub struct Scope<'scope, 'env: 'scope> {
    lua: Lua,
    made: Rc<Made>,
    // Both lifetimes are invariant: what the scope keeps must live exactly as long as they say.
    _scope: PhantomData<&'scope mut &'scope ()>,
    _env: PhantomData<&'env mut &'env ()>,
}

/// What ends with a scope. It has no lifetime, so that it can be dropped when that of the scope is over.
#[derive(Default)]
struct Made {
    objects: RefCell<Vec<Object>>,
    destructors: RefCell<Vec<Box<dyn FnOnce()>>>,
}

enum Object {
    Function(ValueRef),
    UserData(ValueRef),
}

impl Made {
    /// Destructs everything, the last first: whatever Lua still holds of it fails when used.
    fn end(&self) {
        while let Some(object) = { self.objects.borrow_mut().pop() } {
            let (Object::Function(value) | Object::UserData(value)) = &object;
            if value.raw().is_closed() {
                continue;
            }
            let state = value.open();
            // SAFETY: S-SCOPE-1, the objects are ours; nothing of the scope runs any more.
            unsafe {
                match &object {
                    Object::Function(function) => callback::destroy(state, function),
                    Object::UserData(data) => userdata::abandon(state, data),
                }
            }
        }
        while let Some(destructor) = { self.destructors.borrow_mut().pop() } {
            destructor();
        }
    }
}

/// Ends the scope in any case, also by a panic.
struct End(Rc<Made>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Lua {
    /// Runs `f` with a scope, in which Lua functions and userdata can be made of Rust values with borrows. When `f` returns,
    /// they are destructed: Lua may still hold them, but using them is an error
    /// ([`CallbackDestructed`](crate::Error::CallbackDestructed), [`UserDataDestructed`](crate::Error::UserDataDestructed)).
    ///
    /// ```
    /// # use oxilua::{Lua, Result};
    /// # fn main() -> Result<()> {
    /// # let Ok(lua) = Lua::new_with(oxilua::StdLib::ALL_SAFE, Default::default()) else { return Ok(()) };
    /// let mut lines = Vec::new();
    /// lua.scope(|scope| {
    ///     let print = scope.create_function_mut(|_, line: String| Ok(lines.push(line)))?;
    ///     lua.load("local print = ... print('one') print('two')").call::<()>(print)
    /// })?;
    /// assert_eq!(lines, ["one", "two"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of `f`.
    pub fn scope<'env, R>(
        &self,
        f: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> Result<R>,
    ) -> Result<R> {
        let made = Rc::new(Made::default());
        let _end = End(made.clone());
        f(&Scope { lua: self.clone(), made, _scope: PhantomData, _env: PhantomData })
    }
}

impl<'scope, 'env: 'scope> Scope<'scope, 'env> {
    fn keep(&self, object: Object) {
        self.made.objects.borrow_mut().push(object);
    }

    /// Makes a Lua function of a Rust closure, as [`Lua::create_function`] does.
    ///
    /// # Errors
    /// If memory runs out.
    pub fn create_function<F, A, R>(&'scope self, f: F) -> Result<Function>
    where
        F: Fn(&Lua, A) -> Result<R> + 'scope,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        // SAFETY: S-SCOPE-1, the scope's end destroys it.
        let function =
            unsafe { callback::create_unchecked(self.lua.state(), f, callback::call_fn::<F, A, R>)? };
        self.keep(Object::Function(function.clone()));
        Ok(Function(function))
    }

    /// Makes a Lua function of a Rust closure, as [`Lua::create_function_mut`] does.
    ///
    /// # Errors
    /// If memory runs out.
    pub fn create_function_mut<F, A, R>(&'scope self, f: F) -> Result<Function>
    where
        F: FnMut(&Lua, A) -> Result<R> + 'scope,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        let call = callback::call_fn_mut::<F, A, R>;
        // SAFETY: S-SCOPE-1.
        let function = unsafe { callback::create_unchecked(self.lua.state(), Exclusive::new(f), call)? };
        self.keep(Object::Function(function.clone()));
        Ok(Function(function))
    }

    /// Makes a userdata of a value with borrows. Its Rust type cannot be asked for: only its methods and fields reach it.
    ///
    /// # Errors
    /// If memory runs out; those of the type's fields.
    pub fn create_userdata<T>(&'scope self, data: T) -> Result<AnyUserData>
    where
        T: UserData + 'env,
    {
        self.create_any_userdata(data, T::register)
    }

    /// The same with what Lua sees of it given here.
    ///
    /// # Errors
    /// If memory runs out; those of the fields.
    pub fn create_any_userdata<T>(
        &'scope self,
        data: T,
        register: impl FnOnce(&mut UserDataRegistry<T>),
    ) -> Result<AnyUserData>
    where
        T: 'env,
    {
        let state = self.lua.state();
        let (metatable, functions) = state.new_metatable(register)?;
        // The metatable goes with the scope, so its functions must as well.
        functions.into_iter().for_each(|function| self.keep(Object::Function(function.0)));
        self.create(data, &metatable)
    }

    /// Makes a userdata of a shared reference. Methods that change the value fail with
    /// [`UserDataBorrowMutError`](crate::Error::UserDataBorrowMutError).
    ///
    /// # Errors
    /// If memory runs out; those of the type's fields.
    pub fn create_userdata_ref<T>(&'scope self, data: &'env T) -> Result<AnyUserData>
    where
        T: UserData + 'static,
    {
        let state = self.lua.state();
        let register = |registry: &mut _| register_reference::<ByRef<T>, T>(registry, ByRef::<T>::ACCESS);
        let info = state.known_type::<ByRef<T>>(register)?;
        self.create(ByRef(data), &crate::Table(info.metatable.share()))
    }

    /// Makes a userdata of a mutable reference.
    ///
    /// # Errors
    /// If memory runs out; those of the type's fields.
    pub fn create_userdata_ref_mut<T>(&'scope self, data: &'env mut T) -> Result<AnyUserData>
    where
        T: UserData + 'static,
    {
        let state = self.lua.state();
        let register = |registry: &mut _| register_reference::<ByMut<T>, T>(registry, ByMut::<T>::ACCESS);
        let info = state.known_type::<ByMut<T>>(register)?;
        self.create(ByMut(data), &crate::Table(info.metatable.share()))
    }

    /// Makes a userdata of a shared reference to a value of any type, that Lua can only pass on to
    /// [`borrow_scoped`](AnyUserData::borrow_scoped).
    ///
    /// # Errors
    /// If memory runs out.
    pub fn create_any_userdata_ref<T>(&'scope self, data: &'env T) -> Result<AnyUserData>
    where
        T: 'static,
    {
        let info = self.lua.state().any_type_info::<ByRef<T>>()?;
        self.create(ByRef(data), &crate::Table(info.metatable.share()))
    }

    /// Makes a userdata of a mutable reference to a value of any type, that Lua can only pass on to
    /// [`borrow_mut_scoped`](AnyUserData::borrow_mut_scoped).
    ///
    /// # Errors
    /// If memory runs out.
    pub fn create_any_userdata_ref_mut<T>(&'scope self, data: &'env mut T) -> Result<AnyUserData>
    where
        T: 'static,
    {
        let info = self.lua.state().any_type_info::<ByMut<T>>()?;
        self.create(ByMut(data), &crate::Table(info.metatable.share()))
    }

    fn create<T>(&'scope self, data: T, metatable: &crate::Table) -> Result<AnyUserData> {
        // SAFETY: S-SCOPE-1, the scope's end destructs it.
        let made = unsafe {
            userdata::create_unchecked(self.lua.state(), data, metatable.0.thread(), metatable.0.slot())?
        };
        self.keep(Object::UserData(made.clone()));
        Ok(AnyUserData(made))
    }

    /// Adds something to do when the scope has ended and its functions and userdata are destructed. The last added is done
    /// first.
    pub fn add_destructor(&'scope self, destructor: impl FnOnce() + 'env) {
        let destructor: Box<dyn FnOnce() + 'env> = Box::new(destructor);
        // SAFETY: S-SCOPE-1, it is called or dropped when the scope ends, which is within 'env.
        let destructor =
            unsafe { std::mem::transmute::<Box<dyn FnOnce() + 'env>, Box<dyn FnOnce()>>(destructor) };
        self.made.destructors.borrow_mut().push(destructor);
    }
}
