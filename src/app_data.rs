//! Rust data that belongs to a state, one value of each type.

use crate::lua::Lua;
use crate::raw::State;
use crate::types::MaybeSend;
use std::any::{Any, TypeId};
use std::cell::{BorrowError, BorrowMutError, Ref, RefCell, RefMut, UnsafeCell};
use std::collections::HashMap;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

type Cells = HashMap<TypeId, Rc<RefCell<Box<dyn Any>>>>;

/// The values, each in a cell of its own. The map is borrowed only for a moment; what is borrowed for long are the cells,
/// which do not move and are not dropped while a borrow counts.
#[derive(Default)]
pub(crate) struct AppData {
    cells: UnsafeCell<Cells>,
    borrows: std::cell::Cell<usize>,
}

/// A shared borrow of app data.
pub struct AppDataRef<'a, T: ?Sized + 'a> {
    data: Ref<'a, T>,
    borrows: &'a std::cell::Cell<usize>,
}

/// A mutable borrow of app data.
pub struct AppDataRefMut<'a, T: ?Sized + 'a> {
    data: RefMut<'a, T>,
    borrows: &'a std::cell::Cell<usize>,
}

impl AppData {
    #[allow(clippy::mut_from_ref)]
    fn cells(&self) -> &mut Cells {
        // SAFETY: S-STATE-2, one thread, and nobody keeps this borrow over a call of foreign code.
        unsafe { &mut *self.cells.get() }
    }

    fn count(&self) -> &std::cell::Cell<usize> {
        self.borrows.set(self.borrows.get() + 1);
        &self.borrows
    }

    fn cell<T: 'static>(&self) -> Option<&RefCell<Box<dyn Any>>> {
        self.cells().get(&TypeId::of::<T>()).map(|cell| &**cell)
    }

    /// Takes all values out, to be dropped by the caller.
    pub(crate) fn take_all(&self) -> Vec<Box<dyn Any>> {
        if self.borrows.get() > 0 {
            return Vec::new();
        }
        std::mem::take(self.cells())
            .into_values()
            .filter_map(Rc::into_inner)
            .map(RefCell::into_inner)
            .collect()
    }
}

fn downcast<T: 'static>(data: Box<dyn Any>) -> Option<T> {
    data.downcast::<T>().ok().map(|data| *data)
}

impl State {
    fn replace<T: 'static>(&self, data: T) -> Result<Option<T>, T> {
        let id = TypeId::of::<T>();
        match self.app_data.cells().get(&id) {
            Some(cell) => match cell.try_borrow_mut() {
                Ok(mut old) => Ok(downcast(std::mem::replace(&mut *old, Box::new(data)))),
                Err(_) => Err(data),
            },
            // A new cell may move the others' pointers, not the cells.
            None => {
                self.app_data.cells().insert(id, Rc::new(RefCell::new(Box::new(data))));
                Ok(None)
            }
        }
    }
}

impl Lua {
    /// Stores a value of a type, and returns the one before.
    ///
    /// # Panics
    /// If the one before is borrowed.
    #[track_caller]
    pub fn set_app_data<T: MaybeSend + 'static>(&self, data: T) -> Option<T> {
        match self.try_set_app_data(data) {
            Ok(old) => old,
            Err(_) => panic!("cannot replace app data while it is borrowed"),
        }
    }

    /// Stores a value of a type, and returns the one before.
    ///
    /// # Errors
    /// The value itself, if the one before is borrowed.
    pub fn try_set_app_data<T: MaybeSend + 'static>(&self, data: T) -> Result<Option<T>, T> {
        self.state().replace(data)
    }

    /// The value of a type.
    ///
    /// # Panics
    /// If it is borrowed mutably.
    #[track_caller]
    pub fn app_data_ref<T: 'static>(&self) -> Option<AppDataRef<'_, T>> {
        match self.try_app_data_ref() {
            Ok(data) => data,
            Err(error) => panic!("app data: {error}"),
        }
    }

    /// The value of a type.
    ///
    /// # Errors
    /// If it is borrowed mutably.
    pub fn try_app_data_ref<T: 'static>(&self) -> Result<Option<AppDataRef<'_, T>>, BorrowError> {
        let app_data = &self.state().app_data;
        let Some(cell) = app_data.cell::<T>() else { return Ok(None) };
        let data = Ref::filter_map(cell.try_borrow()?, |data| data.downcast_ref::<T>()).ok();
        Ok(data.map(|data| AppDataRef { data, borrows: app_data.count() }))
    }

    /// The value of a type, to change it.
    ///
    /// # Panics
    /// If it is borrowed.
    #[track_caller]
    pub fn app_data_mut<T: 'static>(&self) -> Option<AppDataRefMut<'_, T>> {
        match self.try_app_data_mut() {
            Ok(data) => data,
            Err(error) => panic!("app data: {error}"),
        }
    }

    /// The value of a type, to change it.
    ///
    /// # Errors
    /// If it is borrowed.
    pub fn try_app_data_mut<T: 'static>(&self) -> Result<Option<AppDataRefMut<'_, T>>, BorrowMutError> {
        let app_data = &self.state().app_data;
        let Some(cell) = app_data.cell::<T>() else { return Ok(None) };
        let data = RefMut::filter_map(cell.try_borrow_mut()?, |data| data.downcast_mut::<T>()).ok();
        Ok(data.map(|data| AppDataRefMut { data, borrows: app_data.count() }))
    }

    /// Removes the value of a type and returns it.
    ///
    /// # Panics
    /// If any app data is borrowed.
    #[track_caller]
    pub fn remove_app_data<T: 'static>(&self) -> Option<T> {
        let app_data = &self.state().app_data;
        assert!(app_data.borrows.get() == 0, "cannot remove app data while some is borrowed");
        let cell = app_data.cells().remove(&TypeId::of::<T>())?;
        downcast(Rc::into_inner(cell)?.into_inner())
    }
}

impl<T: ?Sized> Drop for AppDataRef<'_, T> {
    fn drop(&mut self) {
        self.borrows.set(self.borrows.get() - 1);
    }
}

impl<T: ?Sized> Drop for AppDataRefMut<'_, T> {
    fn drop(&mut self) {
        self.borrows.set(self.borrows.get() - 1);
    }
}

impl<T: ?Sized> Deref for AppDataRef<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.data
    }
}

impl<T: ?Sized> Deref for AppDataRefMut<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.data
    }
}

impl<T: ?Sized> DerefMut for AppDataRefMut<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.data
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for AppDataRef<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for AppDataRefMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
