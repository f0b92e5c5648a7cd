//! Chunks: Lua source or binary code to run.

use crate::convert::{FromLuaMulti, IntoLua, IntoLuaMulti};
use crate::error::{Error, Result};
use crate::function::Function;
use crate::lua::Lua;
use crate::raw::op::{Code, Op, PLAIN};
use crate::raw::{State, ffi};
use crate::table::Table;
use crate::value::Value;
use crate::vm::types::status;
use std::borrow::Cow;
use std::ffi::{CStr, CString};
use std::os::raw::c_int;
use std::panic::Location;
use std::path::{Path, PathBuf};

/// The form of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkMode {
    /// Source text.
    Text,
    /// Compiled code, from `string.dump` or `Function::dump`. Lua does not check it: wrong code can crash.
    Binary,
}

/// What can be loaded: source text, bytes, or a file by its path.
pub trait AsChunk {
    /// The chunk's name for messages.
    fn name(&self) -> Option<String> {
        None
    }

    /// The table that the chunk sees as its globals.
    ///
    /// # Errors
    /// If it cannot be made.
    fn environment(&self, lua: &Lua) -> Result<Option<Table>> {
        let _ = lua;
        Ok(None)
    }

    /// The form, if it is known.
    fn mode(&self) -> Option<ChunkMode> {
        None
    }

    /// The text or the code.
    ///
    /// # Errors
    /// If it cannot be read.
    fn source<'a>(&self) -> Result<Cow<'a, [u8]>>
    where
        Self: 'a;
}

macro_rules! borrowed_chunk {
    ($($ty:ty, |$this:ident| $bytes:expr;)*) => {$(
        impl<'s> AsChunk for &'s $ty {
            fn source<'a>(&self) -> Result<Cow<'a, [u8]>>
            where
                Self: 'a,
            {
                let $this: &'s $ty = self;
                Ok(Cow::Borrowed($bytes))
            }
        }
    )*};
}

borrowed_chunk! {
    str, |s| s.as_bytes();
    [u8], |s| s;
    String, |s| s.as_bytes();
    Vec<u8>, |s| s;
}

impl AsChunk for String {
    fn source<'a>(&self) -> Result<Cow<'a, [u8]>>
    where
        Self: 'a,
    {
        Ok(Cow::Owned(self.clone().into_bytes()))
    }
}

impl AsChunk for Vec<u8> {
    fn source<'a>(&self) -> Result<Cow<'a, [u8]>>
    where
        Self: 'a,
    {
        Ok(Cow::Owned(self.clone()))
    }
}

/// A file.
impl AsChunk for &Path {
    fn name(&self) -> Option<String> {
        Some(format!("@{}", self.display()))
    }

    fn source<'a>(&self) -> Result<Cow<'a, [u8]>>
    where
        Self: 'a,
    {
        read_file(self)
    }
}

/// A file.
impl AsChunk for PathBuf {
    fn name(&self) -> Option<String> {
        self.as_path().name()
    }

    fn source<'a>(&self) -> Result<Cow<'a, [u8]>>
    where
        Self: 'a,
    {
        read_file(self)
    }
}

/// A file without its first line if that is for the shell, like Lua's own (Lua manual, `luaL_loadfilex`).
fn read_file<'a>(path: &Path) -> Result<Cow<'a, [u8]>> {
    let mut source = std::fs::read(path).map_err(|error| {
        Error::external(std::io::Error::new(error.kind(), format!("{}: {error}", path.display())))
    })?;
    if source.starts_with("\u{feff}".as_bytes()) {
        source.drain(..3);
    }
    if source.first() == Some(&b'#') {
        // The newline stays, so that lines keep their numbers.
        let end = source.iter().position(|&b| b == b'\n').unwrap_or(source.len());
        source.drain(..end);
    }
    Ok(Cow::Owned(source))
}

/// A chunk that is about to be loaded; see [`Lua::load`].
#[must_use = "a chunk does nothing until it is run or made a function"]
pub struct Chunk<'a> {
    lua: Lua,
    name: String,
    environment: Result<Option<Table>>,
    mode: Option<ChunkMode>,
    source: Result<Cow<'a, [u8]>>,
}

impl Lua {
    /// Begins to load a chunk: text, bytes, or the file of a path.
    ///
    /// ```
    /// # use oxilua::{Lua, Result};
    /// # fn main() -> Result<()> {
    /// # let Ok(lua) = Lua::new_with(oxilua::StdLib::ALL_SAFE, Default::default()) else { return Ok(()) };
    /// lua.load("x = 6 * 7").set_name("answer").exec()?;
    /// assert_eq!(lua.load("x").eval::<i64>()?, 42);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn load<'a>(&self, chunk: impl AsChunk + 'a) -> Chunk<'a> {
        let caller = Location::caller();
        Chunk {
            lua: self.clone(),
            name: chunk.name().unwrap_or_else(|| format!("@{}:{}", caller.file(), caller.line())),
            environment: chunk.environment(self),
            mode: chunk.mode(),
            source: chunk.source(),
        }
    }
}

impl Chunk<'_> {
    /// The name for messages: "@file", "=name", or the text itself (Lua manual, `lua_Debug`).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sets the name for messages.
    pub fn set_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The table that the chunk sees as its globals, if it has its own.
    pub fn environment(&self) -> Option<&Table> {
        self.environment.as_ref().ok()?.as_ref()
    }

    /// Gives the chunk a table as its globals.
    pub fn set_environment(mut self, environment: Table) -> Self {
        self.environment = Ok(Some(environment));
        self
    }

    /// The form: as set, or as the first byte shows.
    pub fn mode(&self) -> ChunkMode {
        self.mode.unwrap_or_else(|| match self.source.as_ref().ok().and_then(|source| source.first()) {
            // What compiled code begins with: LUA_SIGNATURE, also LuaJIT's.
            Some(0x1B) => ChunkMode::Binary,
            _ => ChunkMode::Text,
        })
    }

    /// Sets the form. Text is the only one that Lua checks: binary code from elsewhere should be refused.
    pub fn set_mode(mut self, mode: ChunkMode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Runs the chunk.
    ///
    /// # Errors
    /// [`Error::SyntaxError`]; what the chunk raises.
    pub fn exec(self) -> Result<()> {
        self.call(())
    }

    /// Evaluates the chunk: as an expression if it is one, else as a block with `return`.
    ///
    /// # Errors
    /// [`Error::SyntaxError`]; what the chunk raises; those of the conversion.
    pub fn eval<R: FromLuaMulti>(self) -> Result<R> {
        if self.mode() == ChunkMode::Text
            && let Ok(source) = &self.source
            && !begins_like_a_block(source)
            && let Ok(function) = self.load_source(&expression(source))
        {
            return function.call(());
        }
        self.into_function()?.call(())
    }

    /// Runs the chunk with arguments, which it sees as `...`.
    ///
    /// # Errors
    /// As for [`eval`](Chunk::eval).
    pub fn call<R: FromLuaMulti>(self, args: impl IntoLuaMulti) -> Result<R> {
        self.into_function()?.call(args)
    }

    /// Compiles the chunk to a function.
    ///
    /// # Errors
    /// [`Error::SyntaxError`]; those of reading the source.
    pub fn into_function(mut self) -> Result<Function> {
        let source = std::mem::replace(&mut self.source, Ok(Cow::Borrowed(&[])))?;
        self.load_source(&source)
    }

    /// Something to load later: a chunk as a Lua value, compiled when it is converted.
    pub fn wrap(chunk: impl AsChunk) -> impl IntoLua {
        Wrapped(chunk)
    }

    fn load_source(&self, source: &[u8]) -> Result<Function> {
        let state = self.lua.state();
        let name = c_text(&self.name);
        let environment = match &self.environment {
            Ok(environment) => environment.as_ref(),
            Err(error) => return Err(error.clone()),
        };
        let binary = source.first() == Some(&0x1B);
        // 5.1 has no mode parameter, so the check is ours.
        match self.mode {
            Some(ChunkMode::Text) if binary => {
                return Err(Error::SyntaxError {
                    message: format!("attempt to load chunk {} of mode binary as text", self.name),
                    incomplete_input: false,
                });
            }
            Some(ChunkMode::Binary) if !binary => {
                return Err(Error::SyntaxError {
                    message: format!("attempt to load chunk {} of mode text as binary", self.name),
                    incomplete_input: false,
                });
            }
            _ => {}
        }
        let mode = if binary { c"b" } else { c"t" };
        state.load(source, &name, mode, environment)
    }
}

impl State {
    /// Compiles a chunk.
    pub(crate) fn load(
        &self,
        source: &[u8],
        name: &CStr,
        mode: &CStr,
        environment: Option<&Table>,
    ) -> Result<Function> {
        let _alive = self.alive();
        self.room(3)?;
        let (api, l) = (self.api, self.current.get());
        let mut source = ffi::Source {
            data: source.as_ptr().cast(),
            len: source.len(),
            name: name.as_ptr(),
            mode: mode.as_ptr(),
        };
        // SAFETY: S-LOAD-1, lua_load parses in a protected call of its own; LuaJIT's collects garbage after it, which may raise.
        // Setting an upvalue or environment that exists allocates nothing.
        unsafe {
            let code = if api.is_jit != 0 {
                let mut op = Op::new(self, Code::Load);
                op.p = (&raw mut source).cast();
                self.run_op(&mut op, 1, PLAIN)?;
                op.out as c_int
            } else {
                ffi::shim_load(api, l, &source)
            };
            if code != status::OK {
                return Err(self.pop_error(l, code));
            }
            let function = Function(self.pop_ref(l)?);
            if let Some(environment) = environment {
                self.check_same(&environment.0)?;
                let own = function.0.thread();
                self.push_ref(own, &environment.0);
                match api.lua_setfenv {
                    Some(setfenv) => {
                        setfenv(own, function.0.slot());
                    }
                    None => {
                        // The first upvalue of a chunk is _ENV (Lua 5.2 manual, `lua_load`). A binary one may have none.
                        if (api.lua_setupvalue)(own, function.0.slot(), 1).is_null() {
                            api.pop(own, 1);
                        }
                    }
                }
            }
            Ok(function)
        }
    }
}

/// `return` before the source, on the same line, and a newline behind it, in case it ends in a comment.
fn expression(source: &[u8]) -> Vec<u8> {
    [b"return ".as_slice(), source, b"\n"].concat()
}

/// Whether the first word can only begin a statement, so that the chunk is no expression.
fn begins_like_a_block(source: &[u8]) -> bool {
    const WORDS: &[&[u8]] =
        &[b"return", b"local", b"if", b"for", b"while", b"do", b"repeat", b"break", b"goto"];
    let source = source.trim_ascii_start();
    let end = source.iter().position(|b| !b.is_ascii_alphabetic()).unwrap_or(source.len());
    // A longer name like "format" is cut at a digit or underscore only.
    let next = source.get(end).copied().unwrap_or(b' ');
    WORDS.contains(&&source[..end]) && next != b'_' && !next.is_ascii_digit()
}

fn c_text(text: &str) -> CString {
    // A name ends at its first NUL: Lua's names are C strings.
    let bytes = text.bytes().take_while(|&b| b != 0).collect::<Vec<_>>();
    CString::new(bytes).unwrap_or_default()
}

struct Wrapped<C>(C);

impl<C: AsChunk> IntoLua for Wrapped<C> {
    #[track_caller]
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.load(self.0).into_function().map(Value::Function)
    }
}
