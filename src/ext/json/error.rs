//! Why a document cannot be decoded.

use std::collections::TryReserveError;
use std::fmt;

/// Why there is no tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The document is not JSON, or not JSON that the options admit: what is wrong, and at which byte, counted from 0.
    At(&'static str, usize),
    /// More containers inside each other than `max_depth`. [`super::careful`] turns it into `At`.
    TooDeep,
    /// The fast pass met something that is not for it.
    Unusual,
    /// The document has 4 GiB or more.
    TooLong,
    OutOfMemory,
}

impl From<TryReserveError> for Failure {
    fn from(_: TryReserveError) -> Failure {
        Failure::OutOfMemory
    }
}

/// A failure as Lua sees it, with the document it belongs to.
pub struct Message<'a>(pub Failure, pub &'a [u8]);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Failure::At(what, at) => {
                let before = self.1.get(..at).unwrap_or(self.1);
                let line = 1 + before.iter().filter(|&&b| b == b'\n').count();
                let column = 1 + before.iter().rev().take_while(|&&b| b != b'\n').count();
                write!(f, "{what} at byte {} (line {line}, column {column})", at + 1)
            }
            Failure::TooLong => f.write_str("document of 4 GiB or more"),
            Failure::OutOfMemory => f.write_str("not enough memory"),
            Failure::TooDeep | Failure::Unusual => f.write_str("document not understood"),
        }
    }
}
