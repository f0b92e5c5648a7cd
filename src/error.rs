//! Errors: what can go wrong between Rust and Lua.

use std::error::Error as StdError;
use std::fmt;
use std::net::AddrParseError;
use std::result::Result as StdResult;
use std::str::Utf8Error;
use std::string::String as StdString;
use std::sync::Arc;

/// An error of any other library that travels through Lua.
#[cfg(feature = "error-send")]
pub(crate) type DynStdError = dyn StdError + Send + Sync;
/// An error of any other library that travels through Lua.
#[cfg(not(feature = "error-send"))]
pub(crate) type DynStdError = dyn StdError;

/// A specialised `Result` with [`Error`].
pub type Result<T> = StdResult<T, Error>;

/// What can go wrong between Rust and Lua.
///
/// An error is a Lua value too: returned by a Rust callback, it is raised in Lua, can be caught there with `pcall`,
/// passed around and printed with `tostring`, and arrives in Rust again as what it was.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Error {
    /// Lua could not parse a chunk (Lua manual, `LUA_ERRSYNTAX`).
    SyntaxError {
        /// Lua's message, with the chunk's name and the line.
        message: StdString,
        /// Whether the chunk ended too early, so that more input could complete it: what a console asks.
        incomplete_input: bool,
    },
    /// An error raised by Lua code, or by Rust with [`Error::runtime`] (Lua manual, `LUA_ERRRUN`): its text, and a
    /// traceback if it came out of Lua code.
    RuntimeError(StdString),
    /// Lua ran out of memory, or reached its limit (Lua manual, `LUA_ERRMEM`).
    MemoryError(StdString),
    /// An error in a finalizer, on the versions that raise it (Lua 5.2 and 5.3 manuals, `LUA_ERRGCMM`).
    GarbageCollectorError(StdString),
    /// Something that could break the safety of Rust code was refused.
    SafetyError(StdString),
    /// Memory control was asked of a state whose allocator is not oxilua's.
    MemoryControlNotAvailable,
    /// A mutable Rust callback was called while it was running.
    RecursiveMutCallback,
    /// A callback was called after its scope had ended.
    CallbackDestructed,
    /// Lua's stack cannot hold so many values.
    StackError,
    /// Too many values were bound to a function.
    BindError,
    /// An argument of a Rust callback could not be converted.
    BadArgument {
        /// The function, if it is known.
        to: Option<StdString>,
        /// The position of the argument, from 1.
        pos: usize,
        /// The name of the argument, if it is known.
        name: Option<StdString>,
        /// Why.
        cause: Arc<Error>,
    },
    /// A Lua value could not be converted to a Rust type.
    FromLuaConversionError {
        /// The type of the Lua value.
        from: &'static str,
        /// The Rust type.
        to: StdString,
        /// Why, if there is more to say.
        message: Option<StdString>,
    },
    /// A coroutine was resumed that is not suspended.
    CoroutineUnresumable,
    /// A userdata has another type than asked for.
    UserDataTypeMismatch,
    /// A userdata was used after its value had been taken or destroyed.
    UserDataDestructed,
    /// A userdata was borrowed while it is borrowed mutably.
    UserDataBorrowError,
    /// A userdata was borrowed mutably while it is borrowed.
    UserDataBorrowMutError,
    /// A metamethod that may not be set was set.
    MetaMethodRestricted(StdString),
    /// A metamethod has a value of the wrong type.
    MetaMethodTypeError {
        /// The metamethod.
        method: StdString,
        /// The type of its value.
        type_name: &'static str,
        /// What is expected, if there is more to say.
        message: Option<StdString>,
    },
    /// A [`RegistryKey`](crate::RegistryKey) of another Lua state was used.
    MismatchedRegistryKey,
    /// A Rust callback returned an error.
    CallbackError {
        /// Lua's call stack at that time.
        traceback: StdString,
        /// What the callback returned.
        cause: Arc<Error>,
    },
    /// A panic of a Rust callback was caught in Lua, and has gone on in Rust already.
    PreviouslyResumedPanic,
    /// A value could not be serialized.
    SerializeError(StdString),
    /// A value could not be deserialized.
    DeserializeError(StdString),
    /// An error of another library.
    ExternalError(Arc<DynStdError>),
    /// An error with words about what was being done.
    WithContext {
        /// The words.
        context: StdString,
        /// The error itself.
        cause: Arc<Error>,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::SyntaxError { message, .. } => write!(f, "syntax error: {message}"),
            Error::RuntimeError(message) => write!(f, "runtime error: {message}"),
            Error::MemoryError(message) => write!(f, "memory error: {message}"),
            Error::GarbageCollectorError(message) => write!(f, "error in a finalizer: {message}"),
            Error::SafetyError(message) => write!(f, "safety error: {message}"),
            Error::MemoryControlNotAvailable => {
                f.write_str("memory control is not available: the state's allocator is not oxilua's")
            }
            Error::RecursiveMutCallback => f.write_str("mutable callback called recursively"),
            Error::CallbackDestructed => {
                f.write_str("a destructed callback or destructed userdata method was called")
            }
            Error::StackError => {
                f.write_str("out of Lua stack, too many arguments to a Lua function or too many results")
            }
            Error::BindError => f.write_str("too many arguments to Function::bind"),
            Error::BadArgument { to, pos, name, cause } => {
                write!(f, "bad argument ")?;
                match name {
                    Some(name) => write!(f, "`{name}`")?,
                    None => write!(f, "#{pos}")?,
                }
                if let Some(to) = to {
                    write!(f, " to `{to}`")?;
                }
                write!(f, ": {cause}")
            }
            Error::FromLuaConversionError { from, to, message } => {
                write!(f, "error converting Lua {from} to {to}")?;
                match message {
                    Some(message) => write!(f, " ({message})"),
                    None => Ok(()),
                }
            }
            Error::CoroutineUnresumable => f.write_str("coroutine is non-resumable"),
            Error::UserDataTypeMismatch => f.write_str("userdata is not expected type"),
            Error::UserDataDestructed => f.write_str("userdata has been destructed"),
            Error::UserDataBorrowError => f.write_str("error borrowing userdata: it is mutably borrowed"),
            Error::UserDataBorrowMutError => f.write_str("error mutably borrowing userdata: it is borrowed"),
            Error::MetaMethodRestricted(method) => write!(f, "metamethod {method} is restricted"),
            Error::MetaMethodTypeError { method, type_name, message } => {
                write!(f, "metamethod {method} has unsupported type {type_name}")?;
                match message {
                    Some(message) => write!(f, " ({message})"),
                    None => Ok(()),
                }
            }
            Error::MismatchedRegistryKey => f.write_str("RegistryKey used from different Lua state"),
            Error::CallbackError { traceback, cause } => {
                // Callbacks within callbacks each add a layer: the root tells what went wrong, its traceback where.
                let (mut cause, mut traceback) = (cause, traceback);
                while let Error::CallbackError { cause: inner, traceback: deeper } = &**cause {
                    (cause, traceback) = (inner, deeper);
                }
                write!(f, "{cause}")?;
                if traceback.is_empty() { Ok(()) } else { write!(f, "\n{traceback}") }
            }
            Error::PreviouslyResumedPanic => f.write_str("previously resumed panic returned again"),
            Error::SerializeError(message) => write!(f, "serialize error: {message}"),
            Error::DeserializeError(message) => write!(f, "deserialize error: {message}"),
            Error::ExternalError(error) => error.fmt(f),
            Error::WithContext { context, cause } => {
                writeln!(f, "{context}")?;
                write!(f, "{cause}")
            }
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            // The text of these includes that of their cause; what the cause stands on comes next.
            Error::CallbackError { cause, .. } | Error::BadArgument { cause, .. } => Some(&**cause),
            Error::WithContext { cause, .. } => cause.source(),
            Error::ExternalError(error) => error.source(),
            _ => None,
        }
    }
}

impl Error {
    /// A [`RuntimeError`](Error::RuntimeError) with this text.
    #[inline]
    pub fn runtime<S: fmt::Display>(message: S) -> Self {
        Error::RuntimeError(message.to_string())
    }

    /// Wraps an error of another library, or a text.
    ///
    /// ```
    /// let error = oxilua::Error::external("out of paper");
    /// assert_eq!(error.to_string(), "out of paper");
    /// ```
    #[inline]
    pub fn external<T: Into<Box<DynStdError>>>(error: T) -> Self {
        let error: Box<DynStdError> = error.into();
        match error.downcast::<Self>() {
            Ok(error) => *error,
            Err(error) => Error::ExternalError(error.into()),
        }
    }

    /// The first error of type `T` in the chain of causes.
    pub fn downcast_ref<T: StdError + 'static>(&self) -> Option<&T> {
        self.chain().find_map(|error| error.downcast_ref::<T>())
    }

    /// The error and its causes, the outermost first.
    pub fn chain(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        Chain { next: Some(self) }
    }

    /// A failed conversion from a Lua value of type `from`.
    pub(crate) fn from_lua_conversion(
        from: &'static str,
        to: impl Into<StdString>,
        message: impl Into<Option<StdString>>,
    ) -> Self {
        Error::FromLuaConversionError { from, to: to.into(), message: message.into() }
    }

    /// A failed conversion of an argument, from 1 on.
    #[cold]
    pub(crate) fn bad_argument(to: Option<&str>, pos: usize, cause: Error) -> Self {
        Error::BadArgument { to: to.map(str::to_owned), pos, name: None, cause: Arc::new(cause) }
    }

    /// A userdata of another type as `self`.
    pub(crate) fn bad_self(to: &str, cause: Error) -> Self {
        Error::BadArgument {
            to: Some(to.to_owned()),
            pos: 1,
            name: Some("self".to_owned()),
            cause: Arc::new(cause),
        }
    }
}

struct Chain<'a> {
    next: Option<&'a (dyn StdError + 'static)>,
}

impl<'a> Iterator for Chain<'a> {
    type Item = &'a (dyn StdError + 'static);

    fn next(&mut self) -> Option<Self::Item> {
        let error = self.next?;
        self.next = match error.downcast_ref::<Error>() {
            Some(Error::ExternalError(inner)) => {
                let inner: &'a (dyn StdError + 'static) = &**inner;
                Some(inner)
            }
            Some(Error::WithContext { cause, .. }) => Some(&**cause),
            _ => error.source(),
        };
        Some(error)
    }
}

/// Turns any error into an [`Error`].
pub trait ExternalError {
    /// Wraps the error.
    fn into_lua_err(self) -> Error;
}

impl<E: Into<Box<DynStdError>>> ExternalError for E {
    fn into_lua_err(self) -> Error {
        Error::external(self)
    }
}

/// Turns the error of any result into an [`Error`].
pub trait ExternalResult<T> {
    /// Wraps the error, if it is one.
    fn into_lua_err(self) -> Result<T>;
}

impl<T, E: ExternalError> ExternalResult<T> for StdResult<T, E> {
    fn into_lua_err(self) -> Result<T> {
        self.map_err(|error| error.into_lua_err())
    }
}

mod private {
    pub trait Sealed {}
    impl Sealed for super::Error {}
    impl<T> Sealed for super::Result<T> {}
}

/// Adds words about what was being done.
pub trait ErrorContext: private::Sealed {
    /// Adds `context`.
    fn context<C: fmt::Display>(self, context: C) -> Self;

    /// Adds what `f` says, which is asked only if there is an error.
    fn with_context<C: fmt::Display>(self, f: impl FnOnce(&Error) -> C) -> Self;
}

impl ErrorContext for Error {
    fn context<C: fmt::Display>(self, context: C) -> Self {
        let context = context.to_string();
        match self {
            Error::WithContext { cause, .. } => Error::WithContext { context, cause },
            _ => Error::WithContext { context, cause: Arc::new(self) },
        }
    }

    fn with_context<C: fmt::Display>(self, f: impl FnOnce(&Error) -> C) -> Self {
        let context = f(&self);
        self.context(context)
    }
}

impl<T> ErrorContext for Result<T> {
    fn context<C: fmt::Display>(self, context: C) -> Self {
        self.map_err(|error| error.context(context))
    }

    fn with_context<C: fmt::Display>(self, f: impl FnOnce(&Error) -> C) -> Self {
        self.map_err(|error| error.with_context(f))
    }
}

impl From<AddrParseError> for Error {
    fn from(error: AddrParseError) -> Self {
        Error::external(error)
    }
}

impl From<Utf8Error> for Error {
    fn from(error: Utf8Error) -> Self {
        Error::external(error)
    }
}

#[cfg(feature = "anyhow")]
impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(error) => error,
            Err(error) => Error::ExternalError(Arc::from(Box::<DynStdError>::from(error))),
        }
    }
}
