//! What Rust and the shim (`shim.h`) share: structures, constants and functions.

use crate::vm::Api;
use crate::vm::types::{Alloc, CFunction, State as L};
use std::os::raw::{c_char, c_int, c_void};

/// Slots of the first reference thread with a fixed meaning (`OXL_SLOT_*`).
pub(crate) mod slot {
    use std::os::raw::c_int;
    pub const NIL: c_int = 1;
    pub const GLOBALS: c_int = 3;
    pub const FAILURE: c_int = 4;
    pub const OP: c_int = 5;
    pub const HANDLER: c_int = 6;
    pub const BLOCK: c_int = 7;
    pub const FIXED: c_int = 8;
}

/// `enum oxl_tag`.
pub(crate) mod tag {
    pub const NIL: u32 = 0;
    pub const FALSE: u32 = 1;
    pub const TRUE: u32 = 2;
    pub const INT: u32 = 3;
    pub const NUM: u32 = 4;
    pub const STR: u32 = 5;
    pub const LIGHT: u32 = 6;
    pub const REF: u32 = 7;
    pub const ARRAY: u32 = 8;
    pub const OBJECT: u32 = 9;
    pub const FAILURE: u32 = 10;
    /// Rust's only: a string whose bytes are at an offset of the tape's buffer until the tape is sealed.
    pub const STR_OFFSET: u32 = 100;
}

/// A Lua value as plain data (`oxl_cell`).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Cell {
    pub tag: u32,
    pub len: u32,
    pub data: u64,
}

/// One for each state, in Lua's memory (`oxl_anchor`).
#[repr(C)]
pub(crate) struct Anchor {
    pub finalize: Option<Finalize>,
    pub state: *mut super::State,
    pub refs: L,
}

/// What the `__gc` of a block calls. Does not raise or unwind.
pub(crate) type Finalize = unsafe extern "C" fn(l: L, block: *mut c_void);

/// `enum oxl_kind`.
pub(crate) mod kind {
    pub const RETURN: i32 = 0;
    pub const RAISE: i32 = 1;
    /// For functions that build what they return in C, as the extensions do.
    #[cfg_attr(not(all(feature = "capi", feature = "json")), allow(dead_code))]
    pub const RUN: i32 = 2;
}

/// What a callback leaves for the shim to do (`oxl_pending`).
#[repr(C)]
#[allow(private_interfaces)]
pub struct Pending {
    pub kind: i32,
    pub nstack: i32,
    pub nvalues: u32,
    pub cells: *mut Cell,
    pub run: Option<unsafe extern "C-unwind" fn(*const Api, L, *mut c_void) -> c_int>,
    pub context: *mut c_void,
    pub release: Option<unsafe extern "C" fn(*mut Pending)>,
}

/// How the block of a Rust function begins (`oxl_callback`).
#[repr(C)]
pub(crate) struct Callback {
    pub finalize: Option<Finalize>,
    pub call: Option<Call>,
    pub anchor: *mut Anchor,
}

/// The number of results on the stack, or -1 after storing what is left to do (NULL: raise the value on the top).
pub(crate) type Call = unsafe extern "C" fn(L, *mut Callback, *mut *mut Pending) -> c_int;

/// `enum oxl_function`.
#[derive(Clone, Copy)]
#[repr(i32)]
pub(crate) enum Function {
    Call = 0,
    Gc = 1,
    Index = 4,
    NewIndex = 5,
    Init = 6,
}

/// `enum oxl_code`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Code {
    Push = 0,
    Call,
    Get,
    Set,
    RawSet,
    Len,
    Compare,
    ToString,
    String,
    Next,
    Table,
    UserData,
    Closure,
    Callback,
    Thread,
    Refs,
    Stack,
    OpenLib,
    Gc,
    Dump,
    JoinUpvalue,
    Warning,
    TypeMetatable,
    Raw,
    Load,
}

/// An operation in a protected call (`oxl_op`).
#[repr(C)]
pub(crate) struct Op {
    pub api: *const Api,
    pub refs: L,
    pub cells: *mut Cell,
    pub nvalues: u32,
    pub code: Code,
    pub a: i32,
    pub b: i32,
    pub size: usize,
    pub p: *mut c_void,
    pub out_p: *mut c_void,
    pub out: i64,
}

/// What setting up a state needs and yields (`oxl_init`).
#[repr(C)]
pub(crate) struct Init {
    pub key: *const c_void,
    pub state: *mut super::State,
    pub finalize: Option<Finalize>,
    pub room: i32,
    pub slots: i32,
    pub anchor: *mut Anchor,
    pub refs: L,
    pub base: L,
}

/// What is to be compiled (`oxl_source`).
#[repr(C)]
pub(crate) struct Source {
    pub data: *const c_char,
    pub len: usize,
    pub name: *const c_char,
    pub mode: *const c_char,
}

/// `struct dump` of `ops.c`.
#[repr(C)]
pub(crate) struct Dump {
    pub write: unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> c_int,
    pub context: *mut c_void,
}

/// What opens a module: finds the Lua, runs the module's function; see `module.rs`. Named by the code of other crates, so its
/// type is made of public ones: the last two parameters are for an [`Api`] and a [`Pending`].
pub type Open =
    unsafe extern "C" fn(L, *const c_void, *mut c_void, *mut *const c_void, *mut *mut c_void) -> c_int;

/// What the shim calls from a hook: 0 to go on, 1 to yield, -1 to raise what is pending.
pub(crate) type OnHook = unsafe extern "C" fn(L, *mut c_void, *mut Anchor, *mut *mut Pending) -> c_int;

macro_rules! shim {
    ($($name:literal $vis:vis fn $rust:ident($($arg:ident: $ty:ty),*) $(-> $ret:ty)?;)*) => {
        // `Api` has fields behind those that the shim knows; the shim only reads through pointers to it.
        #[allow(improper_ctypes)]
        unsafe extern "C" {
            $(#[link_name = concat!("oxl_", env!("OXILUA_SYMBOL_VERSION"), "_", $name)]
            $vis fn $rust($($arg: $ty),*) $(-> $ret)?;)*
        }
    };
}

shim! {
    "function" pub(crate) fn shim_function(slot: c_int, which: c_int) -> CFunction;
    "set_on_error" pub(crate) fn shim_set_on_error(f: unsafe extern "C" fn(L, *mut Anchor));
    "set_on_hook" pub(crate) fn shim_set_on_hook(f: OnHook, key: *const c_void);
    "hook" pub(crate) fn shim_hook(slot: c_int) -> crate::vm::types::Hook;
    "newstate" pub(crate) fn shim_newstate(api: *const Api, alloc: Alloc, ud: *mut c_void, seed: u32) -> L;
    "load" pub(crate) fn shim_load(api: *const Api, l: L, source: *const Source) -> c_int;
    "resume" pub(crate) fn shim_resume(api: *const Api, l: L, from: L, nargs: c_int, nresults: *mut c_int) -> c_int;
    "closethread" pub(crate) fn shim_closethread(api: *const Api, l: L, from: L) -> c_int;
}

#[allow(improper_ctypes, private_interfaces)]
unsafe extern "C-unwind" {
    /// The body of every `luaopen_*`: raises what `open` asks for, with no Rust frame alive.
    #[link_name = concat!("oxl_", env!("OXILUA_SYMBOL_VERSION"), "_module")]
    pub fn shim_module(l: L, address: *const c_void, init: *mut c_void, open: Open) -> c_int;

    #[link_name = concat!("oxl_", env!("OXILUA_SYMBOL_VERSION"), "_push_cells_calm")]
    pub(crate) fn shim_push_cells(api: *const Api, l: L, refs: L, cells: *mut Cell, count: u32) -> c_int;
}

impl Api {
    /// The shim's C function of this kind for this Lua's slot.
    pub(crate) fn shim_function(&self, which: Function) -> CFunction {
        // SAFETY: the slot is one that vm::slots gave, and the kind is one of the shim's (S-VM-2).
        unsafe { shim_function(self.slot, which as c_int) }
    }
}
