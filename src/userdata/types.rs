//! The userdata types that a state knows.

use crate::error::Result;
use crate::function::Function;
use crate::lua::Lua;
use crate::raw::{Pinned, State};
use crate::table::Table;
use crate::userdata::{UserData, UserDataRegistry};
use rustc_hash::FxHashMap;
use std::any::TypeId;
use std::cell::{Cell, RefCell};
use std::os::raw::c_void;

/// A type's metatable.
#[derive(Clone, Copy)]
pub(crate) struct TypeInfo {
    pub(crate) metatable: Pinned,
    /// Its address, by which a userdata of the type is known.
    pub(crate) pointer: *const c_void,
}

/// The types by their Rust type and by their metatable.
#[derive(Default)]
pub(crate) struct Types {
    by_type: RefCell<FxHashMap<TypeId, TypeInfo>>,
    by_metatable: RefCell<FxHashMap<usize, TypeId>>,
    /// The one that was asked for last: usually the next one, too.
    last: Cell<Option<(TypeId, *const c_void)>>,
}

impl Types {
    /// The metatable's address of a type; NULL if the state has no userdata of it.
    #[inline]
    pub(crate) fn pointer<T: 'static>(&self) -> *const c_void {
        let id = TypeId::of::<T>();
        match self.last.get() {
            Some((last, pointer)) if last == id => pointer,
            _ => self.look_up(id),
        }
    }

    fn look_up(&self, id: TypeId) -> *const c_void {
        let info = self.by_type.borrow().get(&id).copied();
        if let Some(info) = info {
            self.last.set(Some((id, info.pointer)));
        }
        info.map_or(std::ptr::null(), |info| info.pointer)
    }

    /// The type that a metatable belongs to.
    pub(crate) fn type_of(&self, metatable: *const c_void) -> Option<TypeId> {
        self.by_metatable.borrow().get(&(metatable as usize)).copied()
    }

    fn get<T: 'static>(&self) -> Option<TypeInfo> {
        self.by_type.borrow().get(&TypeId::of::<T>()).copied()
    }

    /// Makes this the metatable of the type, and returns the one before.
    fn insert(&self, id: TypeId, info: TypeInfo) -> Option<TypeInfo> {
        self.last.set(None);
        self.by_metatable.borrow_mut().insert(info.pointer as usize, id);
        self.by_type.borrow_mut().insert(id, info)
    }

    /// Takes back what `insert` did. Userdata with that metatable keep it.
    fn restore(&self, id: TypeId, before: Option<TypeInfo>) {
        self.last.set(None);
        let mut types = self.by_type.borrow_mut();
        match before {
            Some(info) => types.insert(id, info),
            None => types.remove(&id),
        };
    }

    pub(crate) fn clear(&self) {
        self.last.set(None);
        self.by_type.borrow_mut().clear();
    }
}

impl State {
    /// The metatable of a type with `UserData`, made the first time.
    #[inline]
    pub(crate) fn type_info<T: UserData + 'static>(&self) -> Result<TypeInfo> {
        self.known_type::<T>(T::register)
    }

    /// The metatable of any type: an empty one if it was not registered.
    pub(crate) fn any_type_info<T: 'static>(&self) -> Result<TypeInfo> {
        self.known_type::<T>(|_| {})
    }

    /// The metatable of a type, made the first time.
    #[inline]
    pub(crate) fn known_type<T: 'static>(
        &self,
        register: impl FnOnce(&mut UserDataRegistry<T>),
    ) -> Result<TypeInfo> {
        match self.types.get::<T>() {
            Some(info) => Ok(info),
            None => self.register_type::<T>(register),
        }
    }

    /// A new metatable for blocks of `T`, and the functions made for it. They take what has a metatable of this address for
    /// a block of `T`: the metatable must live as long as they can be called.
    pub(crate) fn new_metatable<T>(
        &self,
        register: impl FnOnce(&mut UserDataRegistry<T>),
    ) -> Result<(Table, Vec<Function>)> {
        let mut registry = UserDataRegistry::new(self)?;
        let metatable = registry.metatable();
        register(&mut registry);
        let functions = registry.finish(self, &metatable)?;
        Ok((metatable, functions))
    }

    #[cold]
    pub(crate) fn register_type<T: 'static>(
        &self,
        register: impl FnOnce(&mut UserDataRegistry<T>),
    ) -> Result<TypeInfo> {
        struct Restore<'a>(&'a Types, TypeId, Option<TypeInfo>);
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                self.0.restore(self.1, self.2);
            }
        }
        let id = TypeId::of::<T>();
        let mut registry = UserDataRegistry::new(self)?;
        let metatable = registry.metatable();
        let pointer = metatable.to_pointer();
        let info = TypeInfo { metatable: metatable.0.clone().pin(), pointer };
        // Known before it is filled: a field may be a value of the type itself.
        let restore = Restore(&self.types, id, self.types.insert(id, info));
        register(&mut registry);
        registry.finish(self, &metatable)?;
        std::mem::forget(restore);
        Ok(info)
    }
}

impl Lua {
    /// Says what Lua sees of a type that does not have [`UserData`], for [`create_any_userdata`](Lua::create_any_userdata).
    /// Userdata made before keep what they had.
    ///
    /// # Errors
    /// If memory runs out; those of the fields' conversions.
    pub fn register_userdata_type<T: 'static>(&self, f: impl FnOnce(&mut UserDataRegistry<T>)) -> Result<()> {
        self.state().register_type(f).map(drop)
    }
}
