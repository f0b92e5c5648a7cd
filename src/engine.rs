//! The Lua that runs: found, opened or linked.

use crate::vm::{Api, link, open};
use std::fmt;
use std::path::Path;

pub use crate::vm::dialect::Version;

/// One Lua library of this process.
///
/// Everything of oxilua works on any Lua; this says which one it is, and opens a particular one.
///
/// ```no_run
/// # use oxilua::Engine;
/// let engine = Engine::find()?;
/// println!("{engine}"); // Lua 5.4: /usr/lib/x86_64-linux-gnu/liblua5.4.so.0 (opened)
/// # Ok::<(), oxilua::EngineError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Engine {
    api: &'static Api,
}

impl Engine {
    /// Opens a Lua that is a shared library, by its path or by a name that the system's loader finds.
    ///
    /// It stays loaded until the process ends. Opening a Lua that is in use already gives the same engine.
    ///
    /// # Errors
    /// If there is no such library, or it is not a Lua 5.1 to 5.5 or LuaJIT with the standard number types.
    pub fn open(path: impl AsRef<Path>) -> Result<Engine, EngineError> {
        open::open(path.as_ref()).map(Engine::new).map_err(EngineError::new)
    }

    /// The Lua that this program was built with by a version feature such as `lua54`; `None` without one, or if
    /// that library cannot be used ([`find`](Engine::find) says why).
    pub fn linked() -> Option<Engine> {
        link::linked()?.ok().map(Engine::new)
    }

    /// The Lua for a new state: the linked one, else the one that the environment variable `OXILUA_LIB` names, else the
    /// first that is installed under a usual name.
    ///
    /// # Errors
    /// If there is none. The message lists everything that was tried.
    pub fn find() -> Result<Engine, EngineError> {
        match link::linked() {
            Some(linked) => {
                linked.map_err(|why| EngineError::new(format!("cannot use the linked Lua: {why}")))
            }
            None => open::find().map_err(EngineError::new),
        }
        .map(Engine::new)
    }

    /// Its version.
    pub fn version(self) -> Version {
        self.api.version
    }

    /// Where it was found, and how: the library or program, and in parentheses the way.
    pub fn origin(self) -> &'static str {
        &self.api.origin
    }

    /// Whether it has integers as a kind of number of their own, as from Lua 5.3 on.
    pub fn has_integers(self) -> bool {
        self.api.has_integers()
    }

    pub(crate) fn new(api: &'static Api) -> Engine {
        Engine { api }
    }

    pub(crate) fn api(self) -> &'static Api {
        self.api
    }
}

impl PartialEq for Engine {
    fn eq(&self, other: &Engine) -> bool {
        std::ptr::eq(self.api, other.api)
    }
}

impl Eq for Engine {}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.version(), self.origin())
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("version", &self.version()).field("origin", &self.origin()).finish()
    }
}

/// Why there is no Lua, or not the wanted one.
#[derive(Clone, Debug)]
pub struct EngineError(String);

impl EngineError {
    pub(crate) fn new(message: impl fmt::Display) -> EngineError {
        EngineError(message.to_string())
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EngineError {}
