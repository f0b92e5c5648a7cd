//! `Api`: one Lua library as a table of its functions and its dialect.
//!
//! There is one `Api` for each Lua library in the process. It is made once, never changes and never goes away
//! (the library is pinned), so `&'static Api` is passed around freely. The C shim reads the same memory: the
//! struct is `repr(C)` and `build.rs` writes the same declaration in C from the same list.

use super::dialect::{self, Version};
use super::list::with_lua_api;
use super::types::*;
use std::ffi::CStr;
use std::fmt;
use std::os::raw::{c_char, c_int, c_void};

/// A function of Lua that may raise an error: Rust can hold and pass it, not call it.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct Raising(*const c_void);

impl Raising {
    /// Whether this Lua has the function.
    pub(crate) fn exists(self) -> bool {
        !self.0.is_null()
    }

    /// The address, for the shim, which calls it where raising is allowed.
    pub(crate) fn address(self) -> *const c_void {
        self.0
    }
}

/// Why a set of symbols is not a Lua that oxilua can use.
#[derive(Debug, Clone)]
pub(crate) enum Unusable {
    /// Functions that every Lua has are missing.
    Missing(Vec<&'static str>),
    /// The number types or the layout are not the standard ones.
    Numbers(String),
    /// More Lua libraries in one process than there are slots.
    TooMany(usize),
    /// It made no state to measure it on: there was no memory (old LuaJITs need it below 2 GB).
    NoState,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unusable::Missing(names) => write!(f, "it lacks {}", names.join(", ")),
            Unusable::Numbers(what) => write!(f, "{what}"),
            Unusable::TooMany(most) => {
                write!(f, "more than {most} different Lua libraries are in use in this process")
            }
            Unusable::NoState => write!(f, "it could not make a state (out of memory)"),
        }
    }
}

macro_rules! define_api {
    (
        required { $($r:ident : fn($($ra:ty),*) $(-> $rr:ty)?; in [$($re:ident)*];)* }
        optional { $($o:ident : fn($($oa:ty),*) $(-> $or:ty)?; in [$($oe:ident)*];)* }
        raising { $($x:ident : $xk:tt $(($($xa:tt)*) $(-> $xr:ty)?)?; in [$($xe:ident)*];)* }
        dialect { $($d:ident : $dt:ty;)* }
    ) => {
        /// The functions of one Lua library, and its dialect.
        #[repr(C)]
        #[allow(non_snake_case)]
        pub(crate) struct Api {
            $(pub(crate) $r: unsafe extern "C" fn($($ra),*) $(-> $rr)?,)*
            $(pub(crate) $o: Option<unsafe extern "C" fn($($oa),*) $(-> $or)?>,)*
            $(pub(crate) $x: Raising,)*
            $(pub(crate) $d: $dt,)*
            /// Not seen by the shim: what the numbers above were derived from.
            pub(crate) version: Version,
            pub(crate) origin: String,
        }

        /// The names of all functions in the list.
        #[cfg(all(test, feature = "capi"))]
        pub(crate) const NAMES: &[&CStr] = &[
            $(c_name(concat!(stringify!($r), "\0")),)*
            $(c_name(concat!(stringify!($o), "\0")),)*
            $(c_name(concat!(stringify!($x), "\0")),)*
        ];

        impl Api {
            /// Fills a table from `lookup` (NULL where there is no such symbol). The dialect is that of the
            /// version that the symbols show, still without what only a live state tells; see `probe`.
            ///
            /// # Safety
            /// What `lookup` returns must be the functions of one Lua library with these names (S-VM-1).
            pub(crate) unsafe fn from_lookup(
                lookup: &mut dyn FnMut(&'static CStr) -> *const c_void,
                origin: String,
            ) -> Result<Api, Unusable> {
                let mut missing = Vec::new();
                $(let $r = lookup(c_name(concat!(stringify!($r), "\0")));
                if $r.is_null() { missing.push(stringify!($r)); })*
                if !missing.is_empty() {
                    return Err(Unusable::Missing(missing));
                }
                let version = Version::from_symbols(lookup);
                #[allow(clippy::missing_transmute_annotations)]
                let mut api = Api {
                    // SAFETY: S-VM-1, the address is that of the function with this name, not NULL, and the
                    // list gives its signature.
                    $($r: unsafe { std::mem::transmute($r) },)*
                    // SAFETY: S-VM-1; NULL becomes `None`.
                    $($o: unsafe { std::mem::transmute(lookup(c_name(concat!(stringify!($o), "\0")))) },)*
                    $($x: Raising(lookup(c_name(concat!(stringify!($x), "\0")))),)*
                    $($d: 0,)*
                    version,
                    origin,
                };
                dialect::fill(&mut api);
                Ok(api)
            }
        }
    };
}

/// A name from the list as a C string, at compile time.
const fn c_name(name: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(name.as_bytes()) {
        Ok(name) => name,
        Err(_) => panic!("a name in the list of functions has a NUL"),
    }
}

with_lua_api!(define_api);

// SAFETY: S-VM-2, the table is never written after it was made; the functions may be called on the thread that owns
// the state they are given, which their callers ensure.
unsafe impl Sync for Api {}
// SAFETY: as above.
unsafe impl Send for Api {}

/// Operations that some Lua lacks, made of what it has. None of them raises.
///
/// # Safety
/// As the Lua function of the same name: `l` is a live state of this library, used on its thread, with the stack
/// slots that the manual asks for (S-STACK-1).
#[allow(clippy::missing_safety_doc)]
impl Api {
    /// Pops `n` values.
    #[inline]
    pub(crate) unsafe fn pop(&self, l: State, n: c_int) {
        // SAFETY: S-STACK-1.
        unsafe { (self.lua_settop)(l, -n - 1) }
    }

    /// Moves the top value into `index` and pops it (Lua manual, `lua_replace`).
    #[inline]
    pub(crate) unsafe fn replace(&self, l: State, index: c_int) {
        // SAFETY: S-STACK-1; a Lua without lua_replace has lua_copy.
        unsafe {
            match (self.lua_replace, self.lua_copy) {
                (Some(replace), _) => replace(l, index),
                (None, Some(copy)) => {
                    copy(l, -1, index);
                    (self.lua_settop)(l, -2);
                }
                (None, None) => unreachable!("checked by dialect::fill"),
            }
        }
    }

    /// Moves the top value to the absolute `index`, shifting up what is above (Lua manual, `lua_insert`).
    #[inline]
    pub(crate) unsafe fn insert(&self, l: State, index: c_int) {
        // SAFETY: S-STACK-1.
        unsafe {
            match (self.lua_rotate, self.lua_insert) {
                (Some(rotate), _) => rotate(l, index, 1),
                (None, Some(insert)) => insert(l, index),
                (None, None) => unreachable!("checked by dialect::fill"),
            }
        }
    }

    /// The length without metamethods (Lua manual, `lua_rawlen`).
    #[inline]
    pub(crate) unsafe fn rawlen(&self, l: State, index: c_int) -> usize {
        // SAFETY: S-STACK-1.
        unsafe {
            match (self.lua_rawlen, self.lua_objlen) {
                (Some(rawlen), _) => rawlen(l, index),
                (None, Some(objlen)) => objlen(l, index),
                (None, None) => unreachable!("checked by dialect::fill"),
            }
        }
    }

    /// The number at `index`, which may be a numeric string, or `None` (Lua manual, `lua_tonumberx`).
    #[inline]
    pub(crate) unsafe fn tonumber(&self, l: State, index: c_int) -> Option<Number> {
        // SAFETY: S-STACK-1.
        unsafe {
            if let Some(tonumberx) = self.lua_tonumberx {
                let mut is_number = 0;
                let n = tonumberx(l, index, &mut is_number);
                return (is_number != 0).then_some(n);
            }
            let Some(tonumber) = self.lua_tonumber else { unreachable!("checked by dialect::fill") };
            let n = tonumber(l, index);
            // It answers 0 for what is no number; a numeric string "0" is told apart by its text.
            if n != 0.0 || (self.lua_type)(l, index) == ty::NUMBER {
                return Some(n);
            }
            ((self.lua_type)(l, index) == ty::STRING && self.string_is_zero(l, index)).then_some(n)
        }
    }

    /// Whether the string at `index`, which Lua converted to 0, really is a numeral.
    #[cold]
    unsafe fn string_is_zero(&self, l: State, index: c_int) -> bool {
        let mut len = 0;
        // SAFETY: S-STACK-1; the value is a string, so nothing is converted, and it lives while it is on the stack.
        let text = unsafe {
            let p = (self.lua_tolstring)(l, index, &mut len);
            std::slice::from_raw_parts(p.cast::<u8>(), len)
        };
        let text = text.trim_ascii();
        let text = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
        let hex = text.strip_prefix(b"0x").or(text.strip_prefix(b"0X"));
        match hex {
            Some(digits) => {
                !digits.is_empty() && digits.iter().all(|b| matches!(b, b'0' | b'.' | b'p' | b'P'))
            }
            None => std::str::from_utf8(text).is_ok_and(|t| {
                t.parse::<f64>().is_ok() && t.bytes().next().is_some_and(|b| b != b'i' && b != b'n')
            }),
        }
    }

    /// Calls in protected mode (Lua manual, `lua_pcall`): this one returns, whatever happens inside.
    #[inline]
    pub(crate) unsafe fn pcall(&self, l: State, nargs: c_int, nresults: c_int, handler: c_int) -> c_int {
        // SAFETY: S-STACK-1; a context of 0 and no continuation make lua_pcallk the plain lua_pcall.
        unsafe {
            match (self.lua_pcallk, self.lua_pcall) {
                (Some(pcallk), _) => pcallk(l, nargs, nresults, handler, 0, None),
                (None, Some(pcall)) => pcall(l, nargs, nresults, handler),
                (None, None) => unreachable!("checked by dialect::fill"),
            }
        }
    }

    /// The bytes of the string at `index`. The value must be a string: a number would be converted in place.
    ///
    /// # Safety
    /// As above, and the slice is used only while the string is reachable from Lua.
    #[inline]
    pub(crate) unsafe fn string_bytes<'a>(&self, l: State, index: c_int) -> &'a [u8] {
        let mut len = 0;
        // SAFETY: S-STACK-1, S-STR-1: the type was checked, so the pointer is not NULL and has `len` bytes.
        unsafe {
            let p = (self.lua_tolstring)(l, index, &mut len);
            std::slice::from_raw_parts(p.cast::<u8>(), len)
        }
    }

    /// What the dialect says about integers: whether they are a subtype of their own.
    #[inline]
    pub(crate) fn has_integers(&self) -> bool {
        self.has_integers != 0
    }
}
