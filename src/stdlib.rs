//! The standard libraries.

use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::raw::op::{Code, Op, TRACED};
use crate::table::Table;
use crate::value::Value;
use crate::vm::Api;
use std::ops::{BitAnd, BitAndAssign, BitOr, BitOrAssign, BitXor, BitXorAssign, Not};
use std::os::raw::c_void;

/// A set of standard libraries (Lua manual, "The Standard Libraries"). What a Lua does not have is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StdLib(u32);

impl StdLib {
    /// `coroutine`, which in 5.1 and LuaJIT comes with the base library.
    pub const COROUTINE: StdLib = StdLib(1);
    /// `table`
    pub const TABLE: StdLib = StdLib(1 << 1);
    /// `io`
    pub const IO: StdLib = StdLib(1 << 2);
    /// `os`
    pub const OS: StdLib = StdLib(1 << 3);
    /// `string`
    pub const STRING: StdLib = StdLib(1 << 4);
    /// `utf8` (5.3 and later)
    pub const UTF8: StdLib = StdLib(1 << 5);
    /// `bit32` (5.2), `bit` (LuaJIT)
    pub const BIT: StdLib = StdLib(1 << 6);
    /// `math`
    pub const MATH: StdLib = StdLib(1 << 7);
    /// `package` and `require`
    pub const PACKAGE: StdLib = StdLib(1 << 8);
    /// `buffer` (Luau)
    pub const BUFFER: StdLib = StdLib(1 << 9);
    /// `vector` (Luau)
    pub const VECTOR: StdLib = StdLib(1 << 10);
    /// `jit` (LuaJIT): without it LuaJIT only interprets
    pub const JIT: StdLib = StdLib(1 << 11);
    /// `integer` (Luau)
    pub const INTEGER: StdLib = StdLib(1 << 12);
    /// `ffi` (LuaJIT): unsafe
    pub const FFI: StdLib = StdLib(1 << 30);
    /// `debug`: unsafe
    pub const DEBUG: StdLib = StdLib(1 << 31);
    /// Only the base library, which is always there.
    pub const NONE: StdLib = StdLib(0);
    /// All.
    pub const ALL: StdLib = StdLib(u32::MAX);
    /// All that cannot break the safety of Rust.
    pub const ALL_SAFE: StdLib = StdLib((1 << 30) - 1);

    /// Whether all of `other` are in this set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) fn is_safe(self) -> bool {
        self.0 & (StdLib::FFI.0 | StdLib::DEBUG.0) == 0
    }

    pub(crate) fn check_safe(self) -> Result<()> {
        if self.is_safe() {
            return Ok(());
        }
        let name = if self.contains(StdLib::DEBUG) { "debug" } else { "ffi" };
        Err(Error::SafetyError(format!("the unsafe `{name}` library can't be loaded in a safe state")))
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident, $assign:ident $assign_method:ident, $op:tt;)*) => {$(
        impl $trait for StdLib {
            type Output = StdLib;

            fn $method(self, other: Self) -> StdLib {
                StdLib(self.0 $op other.0)
            }
        }

        impl $assign for StdLib {
            fn $assign_method(&mut self, other: Self) {
                *self = StdLib(self.0 $op other.0);
            }
        }
    )*};
}

operators! {
    BitAnd bitand, BitAndAssign bitand_assign, &;
    BitOr bitor, BitOrAssign bitor_assign, |;
    BitXor bitxor, BitXorAssign bitxor_assign, ^;
}

impl Not for StdLib {
    type Output = StdLib;

    fn not(self) -> StdLib {
        StdLib(!self.0)
    }
}

/// The libraries, each with the name of its table and its opener.
fn openers(api: &Api) -> [(StdLib, &'static str, *const c_void); 13] {
    [
        // First, since the others register themselves there.
        (StdLib::NONE, "_G", api.luaopen_base.address()),
        (StdLib::PACKAGE, "package", api.luaopen_package.address()),
        (StdLib::COROUTINE, "coroutine", api.luaopen_coroutine.address()),
        (StdLib::TABLE, "table", api.luaopen_table.address()),
        (StdLib::IO, "io", api.luaopen_io.address()),
        (StdLib::OS, "os", api.luaopen_os.address()),
        (StdLib::STRING, "string", api.luaopen_string.address()),
        (StdLib::UTF8, "utf8", api.luaopen_utf8.address()),
        (
            StdLib::BIT,
            if api.is_jit != 0 { "bit" } else { "bit32" },
            if api.is_jit != 0 { api.luaopen_bit.address() } else { api.luaopen_bit32.address() },
        ),
        (StdLib::MATH, "math", api.luaopen_math.address()),
        (StdLib::JIT, "jit", api.luaopen_jit.address()),
        (StdLib::FFI, "ffi", api.luaopen_ffi.address()),
        (StdLib::DEBUG, "debug", api.luaopen_debug.address()),
    ]
}

impl Lua {
    /// Opens these standard libraries in addition to those that are there.
    ///
    /// # Errors
    /// [`Error::SafetyError`] if `debug` or `ffi` is among them and the state is a safe one; if memory runs out.
    pub fn load_std_libs(&self, libs: StdLib) -> Result<()> {
        if self.state().safe.get() {
            libs.check_safe()?;
        }
        self.open_libs(libs)
    }

    pub(crate) fn open_libs(&self, libs: StdLib) -> Result<()> {
        let state = self.state();
        for (lib, name, opener) in openers(state.api) {
            if opener.is_null() || !libs.contains(lib) {
                continue;
            }
            let mut op = Op::new(state, Code::OpenLib);
            op.p = opener.cast_mut();
            // LuaJIT's ffi is reached through `require` only.
            op.a = i32::from(lib != StdLib::FFI);
            let mut tape = state.tape();
            tape.string(name.as_bytes())?;
            state.room(4)?;
            // SAFETY: the operand is the library's name; it leaves nothing.
            unsafe { state.run_op_on(&mut op, tape, 0, TRACED)? };
        }
        if state.safe.get() && libs.contains(StdLib::PACKAGE) { self.disable_c_modules() } else { Ok(()) }
    }

    /// A safe state does not load C modules: they can do anything.
    pub(crate) fn disable_c_modules(&self) -> Result<()> {
        let Value::Table(package) = self.globals().raw_get("package")? else { return Ok(()) };
        let refuse = |_: &Lua, ()| -> Result<()> {
            Err(Error::SafetyError("package.loadlib is disabled in a safe state".to_owned()))
        };
        package.set("loadlib", self.create_function(refuse)?)?;
        package.set("cpath", "")?;
        let name = if self.state().api.version_number >= 502 { "searchers" } else { "loaders" };
        let searchers: Table = package.get(name)?;
        // The third looks for C modules, the fourth for C modules within others (Lua manual, `package.searchers`).
        let none = self.create_function(|_, ()| Ok("\n\tcan't load C modules in a safe state"))?;
        searchers.raw_set(3, &none)?;
        if searchers.raw_len() >= 4 {
            searchers.raw_remove(4)?;
        }
        Ok(())
    }
}
