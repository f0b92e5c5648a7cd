//! Errors and panics of Rust as Lua values, and Lua's errors as Rust's.

use super::args::Stack;
use super::callback::in_finalizer;
use super::ffi::{Anchor, Code, Finalize, tag};
use super::op::{Op, PLAIN};
use super::state::State;
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::vm::types::{State as L, status, ty};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::os::raw::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// An error or a panic on its way through Lua: boxed, and owned by a userdata with the metatable of failures.
#[repr(C)]
pub(crate) struct Failure {
    /// Goes into the userdata's block.
    finalize: Finalize,
    anchor: *mut Anchor,
    content: Content,
}

enum Content {
    Error(Error),
    /// Empty once the panic has gone on in Rust.
    Panic(RefCell<Option<Box<dyn Any + Send>>>),
}

/// The userdata's block.
#[repr(C)]
struct Block {
    finalize: Option<Finalize>,
    failure: *mut Failure,
}

impl Failure {
    fn new(state: &State, content: Content) -> Box<Failure> {
        Box::new(Failure { finalize: finalize_failure, anchor: state.anchor, content })
    }

    pub(crate) fn error(state: &State, error: Error) -> Box<Failure> {
        Failure::new(state, Content::Error(error))
    }

    pub(crate) fn panic(state: &State, payload: Box<dyn Any + Send>) -> Box<Failure> {
        Failure::new(state, Content::Panic(RefCell::new(Some(payload))))
    }

    /// The failure of a userdata with the metatable of failures.
    ///
    /// # Safety
    /// `block` is that of such a userdata, which is reachable for as long as the answer is used (S-FAIL-1).
    pub(crate) unsafe fn in_block<'a>(block: *mut c_void) -> Option<&'a Failure> {
        // SAFETY: the caller's promise; the pointer is NULL until the block is complete and after it is finalized.
        unsafe { (*block.cast::<Block>()).failure.as_ref() }
    }

    /// The error.
    ///
    /// # Panics
    /// Goes on with the panic if it is one.
    pub(crate) fn to_error(&self) -> Error {
        match &self.content {
            Content::Error(error) => error.clone(),
            Content::Panic(payload) => match payload.take() {
                Some(payload) => std::panic::resume_unwind(payload),
                None => Error::PreviouslyResumedPanic,
            },
        }
    }

    /// Whether a traceback has been noted already, or makes no sense.
    pub(crate) fn is_traced(&self) -> bool {
        match &self.content {
            Content::Error(error) => matches!(error, Error::CallbackError { .. }),
            Content::Panic(_) => true,
        }
    }

    pub(super) fn describe(&self) -> String {
        match &self.content {
            Content::Error(error) => error.to_string(),
            Content::Panic(payload) => match payload.try_borrow().as_deref() {
                Ok(Some(payload)) => {
                    let text = payload
                        .downcast_ref::<&str>()
                        .copied()
                        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
                    text.map_or_else(|| "<panic>".into(), str::to_owned)
                }
                _ => Error::PreviouslyResumedPanic.to_string(),
            },
        }
    }
}

unsafe extern "C" fn finalize_failure(l: L, block: *mut c_void) {
    // SAFETY: S-FAIL-1, the block owns the box; this runs once, since the finalizer is taken out.
    unsafe {
        let block = &mut *block.cast::<Block>();
        block.finalize = None;
        let failure = std::mem::replace(&mut block.failure, std::ptr::null_mut());
        if !failure.is_null() {
            let failure = Box::from_raw(failure);
            // An error of the user's may have a Drop that uses Lua.
            in_finalizer(l, failure.anchor, move || drop(failure));
        }
    }
}

/// `tostring(error)` gives the error's text.
pub(crate) fn set_up(lua: &Lua) -> Result<()> {
    let state = lua.state();
    let tostring = super::callback::create(state, describe as fn(), super::callback::tostring_failure)?;
    let mut tape = state.tape();
    tape.slot(state.refs, super::ffi::slot::FAILURE);
    tape.string(b"__tostring")?;
    tape.reference(tostring);
    // SAFETY: the operands are a table, a key and a value.
    unsafe { state.run_op_on(&mut Op::new(state, Code::RawSet), tape, 0, PLAIN) }
}

/// Only a name for the type of the callback that `set_up` makes: it captures nothing.
fn describe() {}

/// The text of the failure that is the first argument.
///
/// # Safety
/// As for `Stack`'s methods.
pub(crate) unsafe fn text_of(stack: &Stack<'_>, index: c_int) -> Option<String> {
    // SAFETY: the caller's promise.
    unsafe { stack.failure(index).map(Failure::describe) }
}

impl State {
    /// Pops what a protected call left of an error: the error value, with a message noted by the handler.
    ///
    /// # Panics
    /// Goes on with a panic of Rust that comes back through Lua.
    ///
    /// # Safety
    /// `l` is a thread of this state, and the error value is on its top.
    #[cold]
    pub(crate) unsafe fn pop_error(&self, l: L, code: c_int) -> Error {
        let traceback = self.traceback.take();
        let stack = Stack { state: self, l };
        // SAFETY: the caller's promise. What is read is copied before the value is popped.
        unsafe {
            if let Some(failure) = stack.failure(-1) {
                // The panic must not go on with the value still on the stack.
                let failure: &Failure = failure;
                let error = match &failure.content {
                    Content::Error(error) => Ok(error.clone()),
                    Content::Panic(payload) => Err(payload.take()),
                };
                stack.pop(1);
                return match error {
                    Ok(error) => error,
                    Err(Some(payload)) => std::panic::resume_unwind(payload),
                    Err(None) => Error::PreviouslyResumedPanic,
                };
            }
            let mut message = {
                let _popped = stack.pop_later(1);
                self.error_text(&stack)
            };
            match code {
                status::ERRMEM => Error::MemoryError(message),
                status::ERRSYNTAX => {
                    // The lexer's words for the end of the source, the same in every version.
                    let incomplete_input = message.ends_with("<eof>") || message.ends_with("'<eof>'");
                    Error::SyntaxError { message, incomplete_input }
                }
                code if code == self.api.status_errgcmm => Error::GarbageCollectorError(message),
                _ => {
                    if let Some(traceback) = traceback {
                        message.push('\n');
                        message.push_str(&traceback);
                    }
                    Error::RuntimeError(message)
                }
            }
        }
    }

    /// The text of the error value on the top.
    unsafe fn error_text(&self, stack: &Stack<'_>) -> String {
        /// An error whose __tostring raises an error whose __tostring ...: at some point only the type is told.
        const DEEPEST: u32 = 8;
        struct Deeper<'a>(&'a Cell<u32>);
        impl Drop for Deeper<'_> {
            fn drop(&mut self) {
                self.0.set(self.0.get() - 1);
            }
        }
        self.describing.set(self.describing.get() + 1);
        let deeper = Deeper(&self.describing);
        // SAFETY: the caller's promise.
        unsafe {
            match stack.type_at(-1) {
                ty::STRING => String::from_utf8_lossy(self.api.string_bytes(stack.l, -1)).into_owned(),
                ty::NIL => "nil".into(),
                ty::BOOLEAN => stack.boolean(-1).to_string(),
                _ => {
                    // A number, or what has a __tostring. Should that fail as well, only the type is told.
                    let type_name = stack.type_name(-1);
                    let unprintable = || format!("<unprintable error: a {type_name} value>");
                    if deeper.0.get() > DEEPEST {
                        return unprintable();
                    }
                    // The error and the handler below it stay on the stack meanwhile.
                    self.with_pushed(2, || match self.ref_at(stack.l, -1) {
                        Ok(value) => self.value_text(&value).unwrap_or_else(|_| unprintable()),
                        Err(_) => unprintable(),
                    })
                }
            }
        }
    }

    /// The text of a value, like `tostring`.
    pub(crate) fn value_text(&self, value: &super::ValueRef) -> Result<String> {
        let text = self.value_string(value)?;
        Ok(text.to_string_lossy())
    }

    pub(crate) fn value_string(&self, value: &super::ValueRef) -> Result<crate::LuaString> {
        self.room(2)?;
        let mut tape = self.tape();
        tape.reference(value.clone());
        // SAFETY: the operand is a value; the result is a string.
        unsafe {
            self.run_op_on(&mut Op::new(self, Code::ToString), tape, 1, super::op::TRACED)?;
            Ok(crate::LuaString(self.pop_ref(self.current.get())?))
        }
    }
}

/// Wraps the error that a callback returned, with the traceback of where it was called.
#[cold]
pub(crate) fn callback_error(state: &State, l: L, error: Error) -> Box<Failure> {
    // SAFETY: `l` is the thread on which the callback runs.
    let traceback = unsafe { super::traceback::traceback(state, l, None, 0) };
    Failure::error(state, Error::CallbackError { traceback, cause: Arc::new(error) })
}

/// The tag of a cell that holds a failure, checked here because the shim's declaration is by hand.
const _: () = assert!(tag::FAILURE == 10);

/// Runs `f`, whose panic, reported by the panic hook already, must go no further.
pub(crate) fn quietly(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        // What was thrown may have a Drop that panics too.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(payload);
        }
    }
}
