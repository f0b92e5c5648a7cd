//! The guard: how every function of the C API begins and ends.

use super::{oxl_error, oxl_status, oxl_str};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

/// Defines a function of the C API. Nothing else in this crate exports one: `tools/header` refuses it, and makes the header of
/// these definitions.
///
/// The parameters have Rust types that say whether NULL is allowed, see [`Argument`]. There are two kinds:
///
/// ```text
/// fn oxl_noun_verb(noun: &oxl_noun, n: u32) -> usize { ... }
/// ```
///
/// cannot fail: for a NULL that is not allowed, and for a panic, it gives the fallback of its [`Answer`].
///
/// ```text
/// fn oxl_noun_verb(noun: &oxl_noun) -> Result { ...; Ok(()) }
/// ```
///
/// can fail, with an `oxl_error`. In C it has one parameter more, `oxl_error **error`, and returns an `oxl_status`.
macro_rules! entry {
    ($(#[$attribute:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) -> Result $body:block) => {
        $(#[$attribute])*
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            $($arg: <$type as $crate::capi::entry::Argument>::C,)*
            error: *mut *mut $crate::capi::oxl_error,
        ) -> $crate::capi::oxl_status {
            let body = || -> ::std::result::Result<(), $crate::capi::oxl_error> {
                $(
                    // SAFETY: S-CAPI-1, the caller's promise.
                    let $arg: $type = unsafe { $crate::capi::entry::Argument::receive($arg) }
                        .ok_or_else(|| $crate::capi::oxl_error::null(stringify!($name), stringify!($arg)))?;
                )*
                $body
            };
            // SAFETY: S-CAPI-1, as above.
            unsafe { $crate::capi::entry::fallible(error, body) }
        }
    };
    ($(#[$attribute:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $answer:ty)? $body:block) => {
        $(#[$attribute])*
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            $($arg: <$type as $crate::capi::entry::Argument>::C,)*
        ) $(-> $answer)? {
            let body = || {
                $(
                    // SAFETY: S-CAPI-1, the caller's promise.
                    let $arg: $type = unsafe { $crate::capi::entry::Argument::receive($arg)? };
                )*
                Some($body)
            };
            $crate::capi::entry::infallible(body)
        }
    };
}

/// A parameter: from its C type to what the body gets. `None` is a NULL where none is allowed.
pub trait Argument: Sized {
    /// The type in C.
    type C;

    /// # Safety
    /// S-CAPI-1: what is not NULL is what its type in the header says.
    unsafe fn receive(from: Self::C) -> Option<Self>;
}

/// A handle that is read.
impl<T> Argument for &T {
    type C = *const T;
    unsafe fn receive(from: *const T) -> Option<Self> {
        // SAFETY: the caller's promise.
        unsafe { from.as_ref() }
    }
}

/// A handle that is given up; NULL is allowed.
impl<T> Argument for Option<Box<T>> {
    type C = *mut T;
    unsafe fn receive(from: *mut T) -> Option<Self> {
        // SAFETY: the caller's promise; handles are boxes.
        Some((!from.is_null()).then(|| unsafe { Box::from_raw(from) }))
    }
}

/// A pointer to something that is not ours.
impl<T> Argument for NonNull<T> {
    type C = *mut T;
    unsafe fn receive(from: *mut T) -> Option<Self> {
        NonNull::new(from)
    }
}

/// The same, where NULL is allowed.
impl<T> Argument for *const T {
    type C = *const T;
    unsafe fn receive(from: *const T) -> Option<Self> {
        Some(from)
    }
}

macro_rules! plain_argument {
    ($($type:ty)*) => {$(
        impl Argument for $type {
            type C = $type;
            unsafe fn receive(from: $type) -> Option<$type> {
                Some(from)
            }
        }
    )*};
}

plain_argument!(i32 usize);

/// What a function without a status returns when there is nothing to return: its argument was NULL, or it panicked.
pub trait Answer {
    /// That value.
    const FALLBACK: Self;
}

impl Answer for () {
    const FALLBACK: () = ();
}

impl Answer for u32 {
    const FALLBACK: u32 = 0;
}

impl Answer for usize {
    const FALLBACK: usize = 0;
}

impl<T> Answer for *const T {
    const FALLBACK: *const T = std::ptr::null();
}

impl Answer for oxl_str {
    const FALLBACK: oxl_str = oxl_str::EMPTY;
}

impl Answer for oxl_status {
    const FALLBACK: oxl_status = oxl_status::OXL_ERR_ARGUMENT;
}

/// Runs the body of a function without a status.
pub(super) fn infallible<R: Answer>(body: impl FnOnce() -> Option<R>) -> R {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(answer) => answer.unwrap_or(R::FALLBACK),
        Err(payload) => {
            text_of(payload);
            R::FALLBACK
        }
    }
}

/// Runs the body of a function with a status, and stores its error, or NULL, if the caller wants it.
///
/// # Safety
/// `out` is NULL or can be written to (S-CAPI-1).
pub(super) unsafe fn fallible(
    out: *mut *mut oxl_error,
    body: impl FnOnce() -> Result<(), oxl_error>,
) -> oxl_status {
    let result = catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|payload| Err(oxl_error::new(oxl_status::OXL_PANIC, text_of(payload))));
    let (status, error) = match result {
        Ok(()) => (oxl_status::OXL_OK, None),
        Err(error) => (error.status(), Some(error)),
    };
    if !out.is_null() {
        let error = error.map_or(std::ptr::null_mut(), |error| Box::into_raw(Box::new(error)));
        // SAFETY: the caller's promise.
        unsafe { *out = error };
    }
    status
}

/// A panic's message. Its value may panic itself when it is dropped.
fn text_of(payload: Box<dyn Any + Send>) -> String {
    let text = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without a message".to_owned(),
    };
    if let Err(another) = catch_unwind(AssertUnwindSafe(move || drop(payload))) {
        std::mem::forget(another);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capi::{oxl_error_free, oxl_error_message};

    entry! {
        /// Fails as it is told.
        fn oxl_test_fallible(how: i32, handle: &i32) -> Result {
            match how {
                0 => Ok(()),
                1 => Err(oxl_error::new(oxl_status::OXL_ERR_LUA, format!("failed with {handle}"))),
                2 => panic!("panicked with {handle}"),
                _ => std::panic::panic_any(Evil),
            }
        }
    }

    entry! {
        /// Panics.
        fn oxl_test_infallible(handle: &usize) -> usize {
            if *handle == 0 { panic!("panicked") } else { *handle }
        }
    }

    struct Evil;

    impl Drop for Evil {
        fn drop(&mut self) {
            panic!("panicked in a drop");
        }
    }

    /// What it returned, and the message.
    fn call(how: i32, handle: *const i32) -> (oxl_status, Option<String>) {
        let mut error = NonNull::dangling().as_ptr();
        // SAFETY: all pointers are what they should be.
        unsafe {
            let status = oxl_test_fallible(how, handle, &raw mut error);
            assert_eq!(oxl_test_fallible(how, handle, std::ptr::null_mut()), status);
            let message = (!error.is_null()).then(|| {
                let text = oxl_error_message(error);
                let bytes = std::slice::from_raw_parts(text.data.cast::<u8>(), text.len + 1);
                assert_eq!(bytes.last(), Some(&0));
                String::from_utf8_lossy(&bytes[..text.len]).into_owned()
            });
            oxl_error_free(error);
            (status, message)
        }
    }

    #[test]
    fn a_status_and_an_error() {
        assert_eq!(call(0, &7), (oxl_status::OXL_OK, None));
        assert_eq!(call(1, &7), (oxl_status::OXL_ERR_LUA, Some("failed with 7".into())));
    }

    #[test]
    fn no_panic_gets_out() {
        assert_eq!(call(2, &7), (oxl_status::OXL_PANIC, Some("panicked with 7".into())));
        assert_eq!(call(3, &7), (oxl_status::OXL_PANIC, Some("a panic without a message".into())));
        // SAFETY: the pointers are those of numbers.
        unsafe {
            assert_eq!(oxl_test_infallible(&0), 0);
            assert_eq!(oxl_test_infallible(&3), 3);
        }
    }

    #[test]
    fn null_is_refused() {
        let message = "oxl_test_fallible: handle is NULL".to_owned();
        assert_eq!(call(0, std::ptr::null()), (oxl_status::OXL_ERR_ARGUMENT, Some(message)));
        // SAFETY: NULL is checked.
        assert_eq!(unsafe { oxl_test_infallible(std::ptr::null()) }, 0);
    }
}
