//! Types whose userdata lead to the value instead of holding it: references of a scope, and with the feature
//! `userdata-wrappers` the usual pointers and locks.

use super::method::Access;
use crate::error::Error;
use crate::raw::userdata;
use crate::userdata::{UserData, UserDataRegistry};

/// A scope's shared reference, as a block holds it.
pub(crate) struct ByRef<T>(pub(crate) *const T);

/// A scope's mutable reference, as a block holds it.
pub(crate) struct ByMut<T>(pub(crate) *mut T);

impl<T> ByRef<T> {
    pub(crate) const ACCESS: Access = Access {
        read: |head, f| {
            // SAFETY: S-SCOPE-1, the reference is valid until the scope ends, which destructs the userdata.
            f(unsafe { (*userdata::value::<ByRef<T>>(head)).0.cast() });
            Ok(())
        },
        write: |_, _| Err(Error::UserDataBorrowMutError),
        exclusive: true,
    };
}

impl<T> ByMut<T> {
    pub(crate) const ACCESS: Access = Access {
        read: |head, f| {
            // SAFETY: S-SCOPE-1, and the block's flag keeps writers out.
            f(unsafe { (*userdata::value::<ByMut<T>>(head)).0.cast_const().cast() });
            Ok(())
        },
        write: |head, f| {
            // SAFETY: S-SCOPE-1, and the block's flag keeps all others out.
            f(unsafe { (*userdata::value::<ByMut<T>>(head)).0.cast() });
            Ok(())
        },
        exclusive: true,
    };
}

/// A block of `ByRef` or `ByMut` shows what `T` shows.
pub(crate) fn register_reference<B, T: UserData>(registry: &mut UserDataRegistry<B>, access: Access) {
    registry.delegate::<T>(access);
}

/// A pointer to a value, shared or guarded: the userdata shows what the value shows.
#[cfg(feature = "userdata-wrappers")]
macro_rules! wrapper {
    ($wrapper:ty, |$this:ident| $read:expr, |$that:ident| $write:expr) => {
        impl<T: UserData + 'static> UserData for $wrapper {
            fn register(registry: &mut UserDataRegistry<Self>) {
                registry.delegate::<T>(Access {
                    read: |head, f| {
                        // SAFETY: S-UD-4, the block is one of the wrapper, borrowed while this runs.
                        let $this = unsafe { &*userdata::value::<$wrapper>(head) };
                        let value = $read;
                        f((&raw const *value).cast());
                        Ok(())
                    },
                    write: |head, f| {
                        // SAFETY: as above.
                        #[allow(unused_variables)]
                        let $that = unsafe { &*userdata::value::<$wrapper>(head) };
                        #[allow(unused_mut)]
                        let mut value = $write;
                        f((&raw mut *value).cast());
                        Ok(())
                    },
                    exclusive: false,
                });
            }
        }
    };
}

#[cfg(feature = "userdata-wrappers")]
mod wrappers {
    use super::{Access, Error, UserData, UserDataRegistry, userdata};
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::sync::{Arc, Mutex, RwLock};

    /// What is shared without a lock can only be read.
    fn read_only<T>() -> Result<Box<T>, Error> {
        Err(Error::UserDataBorrowMutError)
    }

    wrapper!(Rc<T>, |this| &**this, |this| read_only::<T>()?);
    wrapper!(Arc<T>, |this| &**this, |this| read_only::<T>()?);
    wrapper!(Rc<RefCell<T>>, |this| this.try_borrow().map_err(|_| Error::UserDataBorrowError)?, |this| this
        .try_borrow_mut()
        .map_err(|_| Error::UserDataBorrowMutError)?);
    wrapper!(Arc<Mutex<T>>, |this| this.try_lock().map_err(|_| Error::UserDataBorrowError)?, |this| this
        .try_lock()
        .map_err(|_| Error::UserDataBorrowMutError)?);
    wrapper!(Arc<RwLock<T>>, |this| this.try_read().map_err(|_| Error::UserDataBorrowError)?, |this| this
        .try_write()
        .map_err(|_| Error::UserDataBorrowMutError)?);
    wrapper!(Arc<parking_lot::Mutex<T>>, |this| this.try_lock().ok_or(Error::UserDataBorrowError)?, |this| {
        this.try_lock().ok_or(Error::UserDataBorrowMutError)?
    });
    wrapper!(
        Arc<parking_lot::RwLock<T>>,
        |this| this.try_read().ok_or(Error::UserDataBorrowError)?,
        |this| this.try_write().ok_or(Error::UserDataBorrowMutError)?
    );
}
