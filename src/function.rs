//! Functions: Lua's, and Rust's as Lua sees them.

pub use crate::native::{LuaNativeFn, LuaNativeFnMut};

use crate::convert::{FromLuaMulti, IntoLuaMulti};
use crate::error::Result;
use crate::lua::Lua;
use crate::raw::ValueRef;
use crate::raw::args::Stack;
use crate::raw::callback::{self, Exclusive};
use crate::raw::ffi::slot;
use crate::raw::op::{Code, Op};
use crate::raw::push::Pusher;
use crate::raw::state::Frame;
use crate::raw::traceback::{self, DebugBuffer};
use crate::types::MaybeSend;
use crate::vm::types::{MULTRET, status};
use std::fmt;
use std::os::raw::{c_int, c_void};

/// A handle to a function.
#[derive(Clone)]
pub struct Function(pub(crate) ValueRef);

/// What is known of a function (Lua manual, `lua_getinfo`).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FunctionInfo {
    /// A name, if the function is running and was called by one.
    pub name: Option<String>,
    /// What the name is: "global", "local", "method", "field".
    pub name_what: Option<&'static str>,
    /// "Lua", "C" or "main".
    pub what: &'static str,
    /// The source: "@file", "=name" or the text itself.
    pub source: Option<String>,
    /// The source for printing.
    pub short_src: Option<String>,
    /// The first line of its definition.
    pub line_defined: Option<usize>,
    /// The last line of its definition.
    pub last_line_defined: Option<usize>,
    /// The number of its upvalues.
    pub num_upvalues: u8,
    /// The number of its parameters (5.2 and later).
    pub num_params: u8,
    /// Whether it takes any number of arguments (5.2 and later).
    pub is_vararg: bool,
}

impl Function {
    /// Calls the function (Lua manual, `lua_pcall`).
    ///
    /// ```
    /// # use oxilua::{Lua, Result};
    /// # fn main() -> Result<()> {
    /// # let Ok(lua) = Lua::new_with(oxilua::StdLib::ALL_SAFE, Default::default()) else { return Ok(()) };
    /// let add = lua.load("function(a, b) return a + b end").eval::<oxilua::Function>()?;
    /// assert_eq!(add.call::<i64>((3, 4))?, 7);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the function raises, with a traceback; those of the conversions.
    #[inline]
    pub fn call<R: FromLuaMulti>(&self, args: impl IntoLuaMulti) -> Result<R> {
        let state = self.0.open();
        let _alive = state.alive();
        let api = state.api;
        state.room(6)?;
        let l = state.current.get();
        // SAFETY: S-STACK-1, there is room for the handler and the function, and the pusher sees to its own.
        unsafe {
            state.push_slot(l, state.refs, slot::HANDLER);
            let handler = (api.lua_gettop)(l);
            let _frame = Frame::above(api, l, handler - 1);
            state.push_ref(l, &self.0);
            // These two are on the stack besides what the pusher counts.
            let (direct, tape) = state.with_pushed(2, || -> Result<_> {
                let mut pusher = Pusher::new(state);
                args.push_all_to(&mut pusher)?;
                Ok(pusher.into_parts())
            })?;
            let code = match tape {
                None => api.pcall(l, direct as c_int, R::RESULTS, handler),
                Some(mut tape) => {
                    // The function and the arguments that are there already become arguments of the operation, which
                    // makes the others and calls it.
                    tape.seal();
                    let mut op = Op::new(state, Code::Call);
                    (op.cells, op.nvalues, op.a) = (tape.cells.as_mut_ptr(), tape.nvalues, R::RESULTS);
                    state.push_slot(l, state.refs, slot::OP);
                    api.insert(l, handler + 1);
                    (api.lua_pushlightuserdata)(l, (&raw mut op).cast());
                    api.insert(l, handler + 2);
                    let code = api.pcall(l, direct as c_int + 2, R::RESULTS, handler);
                    state.give_back(tape);
                    code
                }
            };
            if code != status::OK {
                return Err(state.pop_error(l, code));
            }
            let count = if R::RESULTS == MULTRET { (api.lua_gettop)(l) - handler } else { R::RESULTS };
            state.with_pushed(count as u32 + 1, || R::read_all(&Stack { state, l }, handler + 1, count))
        }
    }

    /// Binds the first arguments: the result calls this function with them and its own.
    ///
    /// # Errors
    /// Those of the conversions.
    pub fn bind(&self, args: impl IntoLuaMulti) -> Result<Function> {
        let lua = self.0.open().lua();
        let bound = args.into_lua_multi(lua)?;
        if bound.is_empty() {
            return Ok(self.clone());
        }
        // What a callback keeps is dropped with it: the handles of the function and the values refer to the state that
        // drops them, which is in order.
        let function = self.clone();
        lua.create_function(move |_, args: crate::MultiValue| {
            let mut all = bound.clone();
            all.extend(args);
            function.call::<crate::MultiValue>(all)
        })
    }

    /// What is known of the function.
    pub fn info(&self) -> FunctionInfo {
        let state = self.0.open();
        let api = state.api;
        let mut debug = DebugBuffer::new();
        // SAFETY: S-DEBUG-1; ">" takes the function from the top of its own reference thread and raises nothing.
        unsafe {
            (api.lua_pushvalue)(self.0.thread(), self.0.slot());
            (api.lua_getinfo)(self.0.thread(), c">Snu".as_ptr(), debug.0.as_mut_ptr().cast());
            let line = |offset| crate::debug::line(&debug, offset);
            let name_what = debug.text(traceback::NAMEWHAT).unwrap_or_default();
            let short_src = debug.short_src(api);
            FunctionInfo {
                name: debug.text(traceback::NAME),
                name_what: crate::debug::known_word(&name_what),
                what: debug
                    .text(traceback::WHAT)
                    .and_then(|what| crate::debug::known_word(&what))
                    .unwrap_or(""),
                source: debug.text(traceback::SOURCE),
                short_src: (!short_src.is_empty()).then_some(short_src),
                line_defined: line(api.debug_linedefined),
                last_line_defined: line(api.debug_lastlinedefined),
                num_upvalues: debug.0[api.debug_nups as usize],
                num_params: if api.debug_nparams < 0 { 0 } else { debug.0[api.debug_nparams as usize] },
                is_vararg: api.debug_isvararg >= 0 && debug.0[api.debug_isvararg as usize] != 0,
            }
        }
    }

    /// The address of the function, for comparing and printing.
    pub fn to_pointer(&self) -> *const c_void {
        self.0.to_pointer()
    }
}

impl PartialEq for Function {
    /// Whether it is the same function.
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({:?})", self.to_pointer())
    }
}

impl Lua {
    /// Makes a Lua function of a Rust closure.
    ///
    /// The arguments and results are any types that convert; missing arguments are nil, superfluous ones are ignored. An
    /// `Err` is raised in Lua, a panic too, and goes on in Rust when it comes back there.
    ///
    /// ```
    /// # use oxilua::{Lua, Result};
    /// # fn main() -> Result<()> {
    /// # let Ok(lua) = Lua::new_with(oxilua::StdLib::ALL_SAFE, Default::default()) else { return Ok(()) };
    /// let greet = lua.create_function(|_, name: String| Ok(format!("Hello, {name}!")))?;
    /// lua.globals().set("greet", greet)?;
    /// assert_eq!(lua.load("greet('Lua')").eval::<String>()?, "Hello, Lua!");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A closure that captures nothing gives the same Lua function each time, as such functions do in Lua.
    ///
    /// # Errors
    /// If memory runs out.
    pub fn create_function<F, A, R>(&self, f: F) -> Result<Function>
    where
        F: Fn(&Lua, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        Ok(Function(callback::create(self.state(), f, callback::call_fn::<F, A, R>)?))
    }

    /// The same for a closure that changes what it captured. Called while it is running, it fails with
    /// [`Error::RecursiveMutCallback`](crate::Error::RecursiveMutCallback).
    ///
    /// # Errors
    /// If memory runs out.
    pub fn create_function_mut<F, A, R>(&self, f: F) -> Result<Function>
    where
        F: FnMut(&Lua, A) -> Result<R> + MaybeSend + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        let f = Exclusive::new(f);
        Ok(Function(callback::create(self.state(), f, callback::call_fn_mut::<F, A, R>)?))
    }
}
