//! Errors as C sees them.

use super::str::Text;
use super::{oxl_status, oxl_str};
use crate::Error;
use crate::vm::resolve::NotFound;

/// Why a call failed. It does not change, and does not depend on the state where it happened: it may be kept for as long as
/// you like, read on any thread, and freed on any one. `oxl_error_free` it.
#[derive(Debug)]
pub struct oxl_error {
    status: oxl_status,
    message: Text,
    traceback: Text,
    cause: Option<Box<oxl_error>>,
}

impl oxl_error {
    pub(super) fn new(status: oxl_status, message: impl Into<Vec<u8>>) -> oxl_error {
        oxl_error { status, message: Text::new(message), traceback: Text::new(""), cause: None }
    }

    /// A pointer that must not be NULL is.
    pub(super) fn null(function: &str, argument: &str) -> oxl_error {
        oxl_error::new(oxl_status::OXL_ERR_ARGUMENT, format!("{function}: {argument} is NULL"))
    }

    pub(super) fn status(&self) -> oxl_status {
        self.status
    }
}

impl From<NotFound> for oxl_error {
    fn from(why: NotFound) -> oxl_error {
        oxl_error::new(oxl_status::OXL_ERR_NO_LUA, why.to_string())
    }
}

impl From<Error> for oxl_error {
    fn from(error: Error) -> oxl_error {
        let out_of_memory =
            error.chain().any(|link| matches!(link.downcast_ref(), Some(Error::MemoryError(_))));
        let status = if out_of_memory { oxl_status::OXL_ERR_MEMORY } else { oxl_status::OXL_ERR_LUA };
        // Each callback on the way added a layer that says the same as its cause. Its traceback goes with the first message:
        // that of the innermost tells most.
        let mut traceback = String::new();
        let mut messages = Vec::new();
        for link in error.chain() {
            let text = text_of(link);
            let (message, trace) = split(&text);
            if !trace.is_empty() {
                trace.clone_into(&mut traceback);
            }
            if !matches!(link.downcast_ref(), Some(Error::CallbackError { .. })) {
                messages.push(message.to_owned());
            }
        }
        let mut cause = None;
        for message in messages.into_iter().rev() {
            let outer = oxl_error { cause, ..oxl_error::new(status, message) };
            cause = Some(Box::new(outer));
        }
        let mut outermost = cause.map_or_else(|| oxl_error::new(status, ""), |cause| *cause);
        outermost.traceback = Text::new(traceback);
        outermost
    }
}

/// The text of one error. The status says of which kind Lua's own are.
fn text_of(link: &(dyn std::error::Error + 'static)) -> String {
    match link.downcast_ref() {
        Some(Error::RuntimeError(message) | Error::MemoryError(message)) => message.clone(),
        _ => link.to_string(),
    }
}

/// A message and the traceback behind it.
fn split(text: &str) -> (&str, &str) {
    match text.find("\nstack traceback:") {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    }
}

entry! {
    /// The status that the failed call returned.
    fn oxl_error_code(error: &oxl_error) -> oxl_status {
        error.status
    }
}

entry! {
    /// What went wrong, in words for a person. Valid until the error is freed.
    fn oxl_error_message(error: &oxl_error) -> oxl_str {
        error.message.view()
    }
}

entry! {
    /// Where in Lua it went wrong, as `debug.traceback` writes it; an empty text if no Lua code was running. Valid until the
    /// error is freed.
    fn oxl_error_traceback(error: &oxl_error) -> oxl_str {
        error.traceback.view()
    }
}

entry! {
    /// The error that led to this one, or NULL. It belongs to this one: do not free it, and do not use it once this one has
    /// been freed.
    fn oxl_error_cause(error: &oxl_error) -> *const oxl_error {
        error.cause.as_deref().map_or(std::ptr::null(), std::ptr::from_ref)
    }
}

entry! {
    /// Frees an error with its causes. NULL is allowed and does nothing.
    fn oxl_error_free(error: Option<Box<oxl_error>>) {
        drop(error)
    }
}

#[cfg(test)]
#[allow(clippy::arc_with_non_send_sync)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn text(view: oxl_str) -> String {
        // SAFETY: the error that is looked at is alive.
        let bytes = unsafe { std::slice::from_raw_parts(view.data.cast::<u8>(), view.len) };
        String::from_utf8_lossy(bytes).into_owned()
    }

    #[test]
    fn a_traceback_is_no_part_of_the_message() {
        let error = oxl_error::from(Error::runtime("boom\nstack traceback:\n\tx:1: in ?"));
        assert_eq!(text(error.message.view()), "boom");
        assert_eq!(text(error.traceback.view()), "stack traceback:\n\tx:1: in ?");
        assert!(error.cause.is_none() && error.status == oxl_status::OXL_ERR_LUA);
    }

    #[test]
    fn callbacks_on_the_way_are_no_causes() {
        let layer = |cause, traceback: &str| Error::CallbackError {
            traceback: format!("stack traceback:\n\t{traceback}"),
            cause: Arc::new(cause),
        };
        let io = std::io::Error::other("no disk");
        let inner = Error::WithContext { context: "saving".into(), cause: Arc::new(Error::external(io)) };
        let error = oxl_error::from(layer(layer(inner, "deep"), "shallow"));
        assert_eq!(text(error.message.view()), "saving\nno disk");
        assert_eq!(text(error.traceback.view()), "stack traceback:\n\tdeep");
        let cause = error.cause.expect("there is one");
        assert_eq!(text(cause.message.view()), "no disk");
    }

    #[test]
    fn memory_has_its_own_status() {
        let error = Error::BadArgument {
            to: None,
            pos: 1,
            name: None,
            cause: Arc::new(Error::MemoryError("not enough memory".into())),
        };
        assert_eq!(oxl_error::from(error).status, oxl_status::OXL_ERR_MEMORY);
    }
}
