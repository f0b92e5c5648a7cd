//! Finds the Lua that owns a state; see the order in the documentation of [`vm`](super).
//!
//! The rule behind all of it: a wrong Lua must never be chosen. A function is accepted only from the library that has
//! its `lua_gettop` too, since programs export stray names of the API, and a search by names alone counts the Luas that
//! hide theirs.

#[cfg(target_vendor = "apple")]
#[path = "resolve/macos.rs"]
mod platform;
#[cfg(all(unix, not(target_vendor = "apple")))]
#[path = "resolve/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "resolve/windows.rs"]
mod platform;

use super::api::{Api, Unusable};
use super::types::State;
use super::{link, slots};
use bstr::ByteSlice;
use platform::Object;
use std::collections::HashMap;
use std::ffi::CStr;
use std::fmt;
use std::os::raw::c_void;
use std::sync::{Mutex, Once};

/// Why the Lua of a state could not be found, in one sentence for the person who runs the program.
#[derive(Clone, Debug)]
pub(crate) struct NotFound(String);

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotFound {}

impl NotFound {
    #[cfg(feature = "capi")]
    pub(super) fn new(message: String) -> NotFound {
        NotFound(message)
    }
}

const ADVICE: &str = "let the host hand over its Lua (oxilua_host.h), or export it (-Wl,-E)";

/// The Lua that calls: `address` is the return address of a C function that Lua called with `l`.
///
/// # Safety
/// `l` is a live state, on the thread that may use it, with the stack slots of a called C function (S-STACK-1);
/// `address` is where the function that got it returns to.
pub(crate) unsafe fn by_return_address(l: State, address: *const c_void) -> Result<&'static Api, NotFound> {
    pin_ourselves();
    let caller = platform::containing(address);
    if let Some(caller) = &caller {
        if let Some(api) = known(caller)? {
            return Ok(api);
        }
        match own_lua(caller) {
            // SAFETY: the caller's promise; the Lua that calls is the one in the object that contains the address.
            Some(lua) => match unsafe { table(lua, l, "it called") } {
                // A program that takes the address of lua_gettop, without being position-independent, has a stub for it.
                Err(Refused::Incomplete(_)) if !holds_lua(caller) => {}
                outcome => return outcome.map_err(|refused| refused.explain(caller)),
            },
            None if holds_lua(caller) => {
                return Err(NotFound(format!(
                    "oxilua cannot reach the Lua that called: it is inside of {}, which does not export it; {ADVICE}",
                    caller.name
                )));
            }
            None => {}
        }
        if let Some(lua) = dependency(caller) {
            // SAFETY: the caller's promise; the calling object has no Lua of its own, so it uses this one.
            return unsafe { table(lua, l, "the calling program uses it") }.map_err(|r| r.explain(caller));
        }
    }
    let caller = caller.map_or_else(|| "code outside of any library".to_owned(), |object| object.name);
    // SAFETY: the caller's promise.
    unsafe { only_lua(l) }.map_err(|why| NotFound(format!("oxilua was called from {caller}, {why}")))
}

/// The Lua of a state of which nothing else is known: the linked one, or the only one of the process.
///
/// # Safety
/// `l` is a live state, of the linked Lua if there is one, on the thread that may use it, with five free stack slots
/// (S-STACK-1).
pub(crate) unsafe fn by_state(l: State) -> Result<&'static Api, NotFound> {
    if let Some(linked) = link::linked() {
        return linked.map_err(|unusable| NotFound(format!("oxilua cannot use the linked Lua: {unusable}")));
    }
    pin_ourselves();
    // SAFETY: the caller's promise.
    unsafe { only_lua(l) }
        .map_err(|why| NotFound(format!("oxilua was given a Lua state of unknown origin, {why}")))
}

/// Keeps the library that contains `address` loaded for good. False: it is in none.
pub(super) fn pin(address: *const c_void) -> bool {
    match platform::containing(address).and_then(|object| object.open()) {
        Some(handle) => {
            handle.pin();
            true
        }
        None => false,
    }
}

/// The name of the library or program that contains `address`.
#[cfg(feature = "capi")]
pub(super) fn name_of(address: *const c_void) -> Option<String> {
    platform::containing(address).map(|object| object.name)
}

/// Keeps this code loaded: hosts close modules together with a state, but the tables, and threads with destructors of
/// ours, may outlive it.
fn pin_ourselves() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        pin(pin_ourselves as *const c_void);
    });
}

/// The table of a Lua that lies in `object`, if there is one already.
fn known(object: &Object) -> Result<Option<&'static Api>, NotFound> {
    let mut inside = slots::all().into_iter().filter(|api| object.contains(api.lua_gettop as *const c_void));
    match (inside.next(), inside.next()) {
        (found, None) => Ok(found),
        _ => Err(NotFound(format!(
            "oxilua cannot tell which Lua called: {} has handed over more than one of its own",
            object.name
        ))),
    }
}

const GETTOP: &CStr = c"lua_gettop";

/// A Lua that was found, still without its table.
pub(super) struct Candidate {
    object: Object,
    handle: platform::Handle,
}

impl Candidate {
    /// The address of one of its functions, NULL if it lacks it. Some programs export stray names of the API, and a
    /// preloaded library may have those of a later version: what is elsewhere does not count.
    pub(super) fn symbol(&self, name: &CStr) -> *const c_void {
        let address = self.handle.symbol(name);
        if self.object.contains(address) { address } else { std::ptr::null() }
    }

    /// The library's or program's name.
    pub(super) fn name(&self) -> &str {
        &self.object.name
    }

    /// Keeps it loaded for good.
    pub(super) fn keep(self) {
        self.handle.pin();
    }
}

/// The Lua whose `lua_gettop` this is.
pub(super) fn lua_at(gettop: *const c_void) -> Option<Candidate> {
    own_lua(&platform::containing(gettop)?)
}

/// The Lua inside of `object`, if it exports one.
fn own_lua(object: &Object) -> Option<Candidate> {
    let lua = Candidate { handle: object.open()?, object: object.clone() };
    (!lua.symbol(GETTOP).is_null()).then_some(lua)
}

/// The Lua that `object` is linked with.
fn dependency(object: &Object) -> Option<Candidate> {
    let gettop = object.open()?.symbol(GETTOP);
    if gettop.is_null() || object.contains(gettop) { None } else { lua_at(gettop) }
}

/// The Lua of the process if there is exactly one. The error says what is there, as the second half of a sentence.
///
/// # Safety
/// As [`by_state`].
unsafe fn only_lua(l: State) -> Result<&'static Api, String> {
    let mut luas = platform::loaded();
    luas.retain(holds_lua);
    let lua = match &luas[..] {
        [] => return Err(format!("and no Lua is loaded in this process; {ADVICE}")),
        [lua] => lua,
        many => {
            let names: Vec<&str> = many.iter().map(|object| object.name.as_str()).collect();
            return Err(format!(
                "and cannot tell which of the Luas of this process that is: {}; let the host hand over its Lua \
                 (oxilua_host.h)",
                names.join(", ")
            ));
        }
    };
    if let Some(api) = known(lua).map_err(|e| e.to_string())? {
        return Ok(api);
    }
    let Some(candidate) = own_lua(lua) else {
        return Err(format!(
            "and the only Lua is inside of {}, which does not export it; {ADVICE}",
            lua.name
        ));
    };
    // SAFETY: the caller's promise; there is no other Lua to which the state could belong.
    unsafe { table(candidate, l, "the only Lua of the process") }.map_err(|refused| refused.to_string())
}

/// Why a library that has `lua_gettop` is not taken.
enum Refused {
    Incomplete(String),
    Unusable(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Incomplete(why) | Refused::Unusable(why) => f.write_str(why),
        }
    }
}

impl Refused {
    fn explain(self, object: &Object) -> NotFound {
        NotFound(format!("oxilua cannot use the Lua of {}: {self}", object.name))
    }
}

/// The table of a Lua that was found, which is pinned for it.
///
/// # Safety
/// `l` is a live state of this Lua (S-VM-1), and the rest is as in [`by_state`].
unsafe fn table(lua: Candidate, l: State, how: &str) -> Result<&'static Api, Refused> {
    if let Some(api) = slots::find(lua.symbol(GETTOP)) {
        return Ok(api);
    }
    let origin = format!("{} ({how})", lua.name());
    // SAFETY: S-VM-1, all come from the one library that has this lua_gettop.
    let api = unsafe { Api::from_lookup(&mut |name| lua.symbol(name), origin) };
    let api = api.map_err(|unusable| match unusable {
        Unusable::Missing(_) => Refused::Incomplete(unusable.to_string()),
        _ => Refused::Unusable(unusable.to_string()),
    })?;
    // SAFETY: the caller's promise; the candidate's handle keeps the library loaded, then for good (S-VM-3).
    let api =
        unsafe { slots::register(api, l) }.map_err(|unusable| Refused::Unusable(unusable.to_string()))?;
    lua.keep();
    Ok(api)
}

/// Whether there is a Lua inside of `object`, exported or hidden: each has the text of this error message. What was found
/// is kept, since a large program takes some milliseconds.
fn holds_lua(object: &Object) -> bool {
    static SEEN: Mutex<Option<HashMap<(usize, String), bool>>> = Mutex::new(None);
    let key = (object.base(), object.name.clone());
    let mut seen = SEEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let seen = seen.get_or_insert_default();
    if let Some(&holds) = seen.get(&key) {
        return holds;
    }
    let _loaded = object.open();
    if platform::containing(object.base() as *const c_void).is_none_or(|there| there.name != object.name) {
        return false;
    }
    let text = error_message();
    // SAFETY: S-VM-4, the object is still there, and is kept meanwhile; those that cannot be kept are the system's.
    let holds = unsafe { object.constants() }.into_iter().any(|part| part.find(&text).is_some());
    seen.insert(key, holds);
    holds
}

/// `luaG_ordererror`'s message, the same from 5.1 to 5.5 and in LuaJIT. It is put together here so that a library that
/// contains this function does not look like a Lua itself.
fn error_message() -> Vec<u8> {
    let shift = std::hint::black_box(1);
    b"buufnqu!up!dpnqbsf!uxp!&t!wbmvft".iter().map(|byte| byte - shift).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_found_by_address() {
        let code = objects_are_found_by_address as *const c_void;
        let program = platform::containing(code).expect("a test is in the program");
        assert!(program.contains(code) && program.contains(program.base() as *const c_void));
        assert!(platform::loaded().iter().any(|object| object.base() == program.base()));
        assert!(platform::containing(std::ptr::null()).is_none());
    }

    #[test]
    fn a_library_is_searched_alone() {
        // The C library is another object than the program, which depends on it.
        let program = platform::containing(a_library_is_searched_alone as *const c_void).unwrap();
        let abort = program.open().unwrap().symbol(c"abort");
        assert!(cfg!(windows) || !abort.is_null() && !program.contains(abort));
        assert!(program.open().unwrap().symbol(c"lua_of_no_library").is_null());
    }

    #[test]
    fn the_text_of_a_lua_is_put_together() {
        // Written down in one piece it would be in this program as well.
        let text = error_message();
        assert!(
            text.starts_with(b"attempt to compare two") && text.ends_with(b" values") && text.len() == 32
        );
    }
}
