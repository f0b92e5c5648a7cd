//! What is known of running functions (Lua manual, "The Debug Interface").

pub use crate::hook::HookTriggers;

use crate::function::Function;
use crate::lua::Lua;
use crate::raw::State;
use crate::raw::traceback::{self, DebugBuffer};
use crate::vm::types::{DEBUG_SIZE, State as L};
use std::borrow::Cow;
use std::cell::RefCell;
use std::os::raw::{c_int, c_void};

/// Why a hook is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DebugEvent {
    /// A function is called.
    Call,
    /// A function returns.
    Ret,
    /// A function is called in the place of its caller.
    TailCall,
    /// A new line begins.
    Line,
    /// So many instructions have run.
    Count,
    /// Something else.
    Unknown(c_int),
}

/// A running function, for as long as it is looked at.
pub struct Debug<'a> {
    state: &'a State,
    l: L,
    /// The `lua_Debug` of the Lua that runs.
    buffer: RefCell<Buffer>,
}

enum Buffer {
    /// A hook's.
    Lent(*mut c_void),
    Own(Box<DebugBuffer>),
}

impl Buffer {
    fn pointer(&mut self) -> *mut c_void {
        match self {
            Buffer::Lent(p) => *p,
            Buffer::Own(buffer) => buffer.0.as_mut_ptr().cast(),
        }
    }
}

/// How a function was called.
#[derive(Clone, Debug)]
pub struct DebugNames<'a> {
    /// The name, if there is a sensible one.
    pub name: Option<Cow<'a, str>>,
    /// What the name is: "global", "local", "method", "field", "upvalue".
    pub name_what: Option<&'static str>,
}

/// Where a function comes from.
#[derive(Clone, Debug)]
pub struct DebugSource<'a> {
    /// "@file", "=name" or the text itself.
    pub source: Option<Cow<'a, str>>,
    /// The source for printing.
    pub short_src: Option<Cow<'a, str>>,
    /// The first line of its definition.
    pub line_defined: Option<usize>,
    /// The last line of its definition.
    pub last_line_defined: Option<usize>,
    /// "Lua", "C", "main" or "tail".
    pub what: &'static str,
}

/// The upvalues and parameters of a function.
#[derive(Copy, Clone, Debug)]
pub struct DebugStack {
    /// The number of its upvalues.
    pub num_upvalues: u8,
    /// The number of its parameters (5.2 and later).
    pub num_params: u8,
    /// Whether it takes any number of arguments (5.2 and later).
    pub is_vararg: bool,
}

impl<'a> Debug<'a> {
    /// # Safety
    /// `debug` is what a hook got on `l`.
    pub(crate) unsafe fn of_hook(state: &'a State, l: L, debug: *mut c_void) -> Debug<'a> {
        Debug { state, l, buffer: RefCell::new(Buffer::Lent(debug)) }
    }

    /// Asks Lua for some of it and gives a copy of all.
    fn ask(&self, what: &std::ffi::CStr) -> DebugBuffer {
        let mut buffer = self.buffer.borrow_mut();
        let p = buffer.pointer();
        let mut copy = DebugBuffer::new();
        // SAFETY: S-DEBUG-1, the function is running while `self` exists. What a hook got may be smaller than the largest
        // `lua_Debug`, and is only as large as this version's.
        unsafe {
            (self.state.api.lua_getinfo)(self.l, what.as_ptr(), p);
            let size = self.state.api.debug_size().min(DEBUG_SIZE);
            std::ptr::copy_nonoverlapping(p.cast::<u8>(), copy.0.as_mut_ptr(), size);
        }
        copy
    }

    /// Why the hook is called.
    pub fn event(&self) -> DebugEvent {
        let p = self.buffer.borrow_mut().pointer();
        // SAFETY: `event` is the first field of every `lua_Debug`.
        match unsafe { p.cast::<c_int>().read() } {
            0 => DebugEvent::Call,
            1 => DebugEvent::Ret,
            2 => DebugEvent::Line,
            3 => DebugEvent::Count,
            n if n == self.state.api.hook_tail_call => DebugEvent::TailCall,
            n => DebugEvent::Unknown(n),
        }
    }

    /// The function.
    pub fn function(&self) -> Function {
        let p = self.buffer.borrow_mut().pointer();
        // SAFETY: S-DEBUG-1; "f" pushes the function, for which every frame has room.
        unsafe {
            (self.state.api.lua_getinfo)(self.l, c"f".as_ptr(), p);
            Function(self.state.pop_ref_infallible(self.l))
        }
    }

    /// How it was called.
    pub fn names(&self) -> DebugNames<'_> {
        let debug = self.ask(c"n");
        // SAFETY: S-DEBUG-1.
        let (name, what) = unsafe { (debug.text(traceback::NAME), debug.text(traceback::NAMEWHAT)) };
        DebugNames { name: name.map(Cow::Owned), name_what: what.as_deref().and_then(known_word) }
    }

    /// Where it comes from.
    pub fn source(&self) -> DebugSource<'_> {
        let debug = self.ask(c"S");
        let api = self.state.api;
        // SAFETY: S-DEBUG-1.
        let (source, what) = unsafe { (debug.text(traceback::SOURCE), debug.text(traceback::WHAT)) };
        DebugSource {
            source: source.map(Cow::Owned),
            short_src: Some(Cow::Owned(debug.short_src(api))),
            line_defined: line(&debug, api.debug_linedefined),
            last_line_defined: line(&debug, api.debug_lastlinedefined),
            what: what.as_deref().and_then(known_word).unwrap_or(""),
        }
    }

    /// The line that runs.
    pub fn current_line(&self) -> Option<usize> {
        line(&self.ask(c"l"), self.state.api.debug_currentline)
    }

    /// Whether it was called in the place of its caller.
    pub fn is_tail_call(&self) -> bool {
        let offset = self.state.api.debug_istailcall;
        if offset < 0 {
            // 5.1 shows a tail call as a function of its own.
            return self.source().what == "tail";
        }
        self.ask(c"t").0[offset as usize] != 0
    }

    /// Its upvalues and parameters.
    pub fn stack(&self) -> DebugStack {
        let debug = self.ask(c"u");
        let api = self.state.api;
        let byte = |offset: c_int| if offset < 0 { 0 } else { debug.0[offset as usize] };
        DebugStack {
            num_upvalues: byte(api.debug_nups),
            num_params: byte(api.debug_nparams),
            is_vararg: byte(api.debug_isvararg) != 0,
        }
    }
}

pub(crate) fn line(debug: &DebugBuffer, offset: c_int) -> Option<usize> {
    usize::try_from(debug.int(offset)).ok().filter(|&line| line > 0)
}

impl Lua {
    /// Looks at a running function: 0 is the one that runs now, 1 the one that called it, and so on. `None` if there is no
    /// such level (Lua manual, `lua_getstack`).
    pub fn inspect_stack<R>(&self, level: usize, f: impl FnOnce(&Debug<'_>) -> R) -> Option<R> {
        let state = self.state();
        let l = state.current.get();
        let mut buffer = Box::new(DebugBuffer::new());
        let level = c_int::try_from(level).ok()?;
        // SAFETY: S-DEBUG-1, `current` is a live thread, and its functions run while `f` does.
        if unsafe { (state.api.lua_getstack)(l, level, buffer.0.as_mut_ptr().cast()) } == 0 {
            return None;
        }
        Some(f(&Debug { state, l, buffer: RefCell::new(Buffer::Own(buffer)) }))
    }
}

/// The words that `lua_getinfo` uses, as constants.
pub(crate) fn known_word(word: &str) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "Lua",
        "C",
        "main",
        "tail",
        "global",
        "local",
        "method",
        "field",
        "upvalue",
        "constant",
        "metamethod",
        "for iterator",
        "hook",
        "function",
    ];
    WORDS.iter().find(|known| **known == word).copied()
}
