//! Which Lua a set of symbols is, and in what it differs from the others.
//!
//! The numbers below are those of the headers of each version. What a host can configure (the place of the
//! registry, the number types) is not believed but measured on a live state, see [`probe`].

use super::api::{Api, Unusable};
use super::types::*;
use std::ffi::CStr;
use std::os::raw::{c_int, c_void};

/// The version of a Lua, in order of appearance; LuaJIT has 5.1's API with parts of 5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// Lua 5.1
    Lua51,
    /// LuaJIT 2.0 and 2.1, with Lua 5.1's language
    LuaJit,
    /// Lua 5.2
    Lua52,
    /// Lua 5.3
    Lua53,
    /// Lua 5.4
    Lua54,
    /// Lua 5.5
    Lua55,
}

impl Version {
    /// The version that a library's symbols show. Each marker first appeared in its version and was never
    /// backported; LuaJIT comes first because it has many of the later ones.
    pub(super) fn from_symbols(lookup: &mut dyn FnMut(&'static CStr) -> *const c_void) -> Version {
        let mut has = |name| !lookup(name).is_null();
        if has(c"luaJIT_setmode") {
            Version::LuaJit
        } else if has(c"lua_numbertocstring") {
            Version::Lua55
        } else if has(c"lua_newuserdatauv") {
            Version::Lua54
        } else if has(c"lua_rotate") {
            Version::Lua53
        } else if has(c"lua_callk") {
            Version::Lua52
        } else {
            Version::Lua51
        }
    }

    /// The name as its users write it.
    pub fn name(self) -> &'static str {
        match self {
            Version::Lua51 => "Lua 5.1",
            Version::LuaJit => "LuaJIT",
            Version::Lua52 => "Lua 5.2",
            Version::Lua53 => "Lua 5.3",
            Version::Lua54 => "Lua 5.4",
            Version::Lua55 => "Lua 5.5",
        }
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The pseudo-index of a standard build's registry: `-LUAI_MAXSTACK - 1000`, in 5.5 `-(INT_MAX/2 + 1000)`.
const REGISTRY_52: c_int = -1_001_000;
const REGISTRY_55: c_int = -(c_int::MAX / 2 + 1000);

/// Sets the dialect of a standard build of `api.version`.
pub(super) fn fill(api: &mut Api) {
    use Version::*;
    let v = api.version;
    let old = matches!(v, Lua51 | LuaJit);
    api.version_number = match v {
        Lua51 | LuaJit => 501,
        Lua52 => 502,
        Lua53 => 503,
        Lua54 => 504,
        Lua55 => 505,
    };
    api.is_jit = (v == LuaJit) as c_int;
    api.registry_index = match v {
        Lua51 | LuaJit => -10_000,
        Lua52 | Lua53 | Lua54 => REGISTRY_52,
        Lua55 => REGISTRY_55,
    };
    api.globals_index = if old { -10_002 } else { 0 };
    api.upvalue_one = upvalue_one(api);
    api.ridx_mainthread = if old {
        0
    } else if v == Lua55 {
        3
    } else {
        1
    };
    api.ridx_globals = if old { 0 } else { 2 };
    api.has_integers = (v >= Lua53) as c_int;
    api.max_stack = if old { 7_900 } else { 900_000 };
    api.status_errerr = if matches!(v, Lua52 | Lua53) { 6 } else { 5 };
    api.status_errgcmm = if matches!(v, Lua52 | Lua53) { 5 } else { -1 };
    api.hook_tail_call = 4;
    api.gc_setpause = if v == Lua55 { -1 } else { 6 };
    api.gc_setstepmul = if v == Lua55 { -1 } else { 7 };
    api.gc_param = if v == Lua55 { 9 } else { -1 };
    api.gc_isrunning = match v {
        Lua51 => -1,
        Lua55 => 6,
        _ => 9,
    };
    (api.gc_generational, api.gc_incremental) = match v {
        Lua55 => (7, 8),
        Lua54 | Lua52 => (10, 11),
        _ => (-1, -1),
    };
    fill_debug_layout(api);
    // 5.4 turned errors in finalizers into warnings; before, they come out of the allocation that ran the collector.
    // LuaJIT did so until 2023, and nothing tells which one this is: the engines that we build ourselves are new.
    api.finalizer_errors_escape = (v < Lua54) as c_int;
    // 5.2 made lua_checkstack answer 0 instead of raising when memory runs out.
    api.checkstack_raises = old as c_int;
    // `replace`, `insert`, `rawlen`, `tonumber` and `pcall` of Api rely on these; a Lua that lacks them is refused
    // by `usable`.
}

/// Offsets in `lua_Debug` that move between versions; `event` 0, `name` 8, `namewhat` 16, `what` 24 and `source` 32 do
/// not.
fn fill_debug_layout(api: &mut Api) {
    use Version::*;
    let (current, first, last, nups, nparams, vararg, tail, short) = match api.version {
        Lua51 | LuaJit => (40, 48, 52, 44, -1, -1, -1, 56),
        Lua52 | Lua53 => (40, 44, 48, 52, 53, 54, 55, 56),
        Lua54 => (48, 52, 56, 60, 61, 62, 63, 68),
        Lua55 => (48, 52, 56, 60, 61, 62, 64, 76),
    };
    api.debug_currentline = current;
    api.debug_linedefined = first;
    api.debug_lastlinedefined = last;
    api.debug_nups = nups;
    api.debug_nparams = nparams;
    api.debug_isvararg = vararg;
    api.debug_istailcall = tail;
    api.debug_short_src = short;
}

fn upvalue_one(api: &Api) -> c_int {
    match api.globals_index {
        0 => api.registry_index - 1,
        globals => globals - 1,
    }
}

/// Checks that the pairs of functions of which `Api`'s methods need one are there.
fn usable(api: &Api) -> Result<(), Unusable> {
    let mut missing = Vec::new();
    let mut one_of = |there: bool, name| {
        if !there {
            missing.push(name);
        }
    };
    one_of(api.lua_replace.is_some() || api.lua_copy.is_some(), "lua_replace");
    one_of(api.lua_rotate.is_some() || api.lua_insert.is_some(), "lua_insert");
    one_of(api.lua_rawlen.is_some() || api.lua_objlen.is_some(), "lua_rawlen");
    one_of(api.lua_tonumberx.is_some() || api.lua_tonumber.is_some(), "lua_tonumber");
    one_of(api.lua_pcallk.is_some() || api.lua_pcall.is_some(), "lua_pcall");
    one_of(api.lua_newuserdatauv.exists() || api.lua_newuserdata.exists(), "lua_newuserdata");
    one_of(api.lua_compare.exists() || api.lua_equal.exists(), "lua_compare");
    if api.version >= Version::Lua53 && api.lua_isinteger.is_none() {
        one_of(false, "lua_isinteger");
    }
    if missing.is_empty() { Ok(()) } else { Err(Unusable::Missing(missing)) }
}

/// Measures on a live state what a host can configure, and refuses what oxilua cannot work with. Leaves the stack as
/// it was.
///
/// # Safety
/// `l` is a live state of this library with five free stack slots (S-STACK-1).
pub(super) unsafe fn probe(api: &mut Api, l: State) -> Result<(), Unusable> {
    usable(api)?;
    // SAFETY: the caller's promise; only functions that cannot raise are called, and what is pushed is popped.
    unsafe {
        let top = (api.lua_gettop)(l);
        // 3.25 tells a float from a double or an integer; 2^53 - 1 is the largest odd number a double holds.
        let exact = (1_i64 << 53) - 1;
        (api.lua_pushnumber)(l, 3.25);
        (api.lua_pushinteger)(l, exact);
        let float = api.tonumber(l, -2);
        let integer = api.tonumber(l, -1);
        (api.lua_settop)(l, top);
        if float != Some(3.25) || integer != Some(exact as f64) {
            return Err(Unusable::Numbers(
                "its numbers are not 64-bit (built with LUA_32BITS or another number type?)".into(),
            ));
        }
        if api.has_integers() {
            (api.lua_pushinteger)(l, i64::MAX - 1);
            let Some(tointegerx) = api.lua_tointegerx else {
                return Err(Unusable::Missing(vec!["lua_tointegerx"]));
            };
            let read = tointegerx(l, -1, std::ptr::null_mut());
            (api.lua_settop)(l, top);
            if read != i64::MAX - 1 {
                return Err(Unusable::Numbers("its integers are not 64-bit".into()));
            }
        }
        find_registry(api, l)?;
        (api.lua_pushvalue)(l, api.registry_index);
        let is_table = (api.lua_type)(l, -1) == ty::TABLE;
        (api.lua_settop)(l, top);
        if !is_table {
            return Err(Unusable::Numbers("its registry is not where a standard build has it".into()));
        }
    }
    Ok(())
}

/// From 5.2 on the registry's pseudo-index depends on LUAI_MAXSTACK, which hosts change. `lua_absindex(L, i) == i` holds
/// exactly for the pseudo-indices among the negative numbers, so their upper end, the registry, is found by bisection.
///
/// # Safety
/// As `probe`.
unsafe fn find_registry(api: &mut Api, l: State) -> Result<(), Unusable> {
    let Some(absindex) = api.lua_absindex else { return Ok(()) };
    // SAFETY: lua_absindex is arithmetic on the index and the top; it looks at no value.
    let is_pseudo = |i: c_int| unsafe { absindex(l, i) == i };
    let (mut pseudo, mut stack) = (c_int::MIN / 2 - 2000, -1);
    if !is_pseudo(pseudo) || is_pseudo(stack) {
        return Err(Unusable::Numbers("its pseudo-indices are not where a standard build has them".into()));
    }
    while stack - pseudo > 1 {
        let middle = pseudo + (stack - pseudo) / 2;
        if is_pseudo(middle) {
            pseudo = middle;
        } else {
            stack = middle;
        }
    }
    api.registry_index = pseudo;
    api.upvalue_one = upvalue_one(api);
    if api.version != Version::Lua55 {
        // The standard distance is LUAI_MAXSTACK + 1000; some room is left for Lua's own use.
        api.max_stack = (-pseudo - 1000 - 100).clamp(1000, 900_000);
    }
    Ok(())
}

impl Api {
    /// The size of `lua_Debug`: what a hook gets is no larger.
    pub(crate) fn debug_size(&self) -> usize {
        match self.version {
            Version::Lua51 | Version::LuaJit => 120,
            Version::Lua52 | Version::Lua53 => 128,
            Version::Lua54 => 136,
            Version::Lua55 => 144,
        }
    }

    /// Whether the version's collector warns about errors in finalizers instead of raising them.
    pub(crate) fn finalizer_errors_escape(&self) -> bool {
        self.finalizer_errors_escape != 0
    }
}
