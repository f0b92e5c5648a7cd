//! Opens a shared Lua: a run-time bound program that no Lua has called needs one.

use super::api::Api;
use super::{probe, resolve, slots};
use libloading::Library;
use std::env;
use std::ffi::OsStr;
use std::fmt;
#[cfg(unix)]
use std::os::raw::c_int;
use std::os::raw::c_void;
use std::path::Path;

/// The variable that names a shared Lua, by its path or by a name that the loader finds.
pub(crate) const VARIABLE: &str = "OXILUA_LIB";

/// What was tried, and why it did not do.
#[derive(Clone, Debug)]
pub(crate) struct NotOpened {
    chosen_by: ChosenBy,
    /// Names and reasons.
    tried: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum ChosenBy {
    Caller,
    Variable,
    /// The usual names.
    Convention,
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.chosen_by {
            ChosenBy::Caller => write!(f, "cannot open ")?,
            ChosenBy::Variable => write!(f, "cannot open the Lua that {VARIABLE} names, ")?,
            ChosenBy::Convention => write!(f, "no shared Lua was found; tried ")?,
        }
        // Most reasons are "no such file": each is said once.
        let mut reasons: Vec<&str> = Vec::new();
        for (_, reason) in &self.tried {
            if reasons.contains(&reason.as_str()) {
                continue;
            }
            let same = self.tried.iter().filter(|(_, r)| r == reason);
            let names: Vec<&str> = same.map(|(name, _)| name.as_str()).collect();
            let separator = if reasons.is_empty() { "" } else { "; " };
            write!(f, "{separator}{}: {reason}", names.join(", "))?;
            reasons.push(reason);
        }
        if self.chosen_by == ChosenBy::Convention {
            write!(f, ". Install a Lua as a shared library, or name one in {VARIABLE}")?;
        }
        Ok(())
    }
}

/// The Lua that `OXILUA_LIB` names, else the first of the usual ones.
pub(crate) fn find() -> Result<&'static Api, NotOpened> {
    if let Some(name) = env::var_os(VARIABLE).filter(|name| !name.is_empty()) {
        return open_named(&name, ChosenBy::Variable);
    }
    let mut tried = Vec::new();
    for name in usual_names() {
        match open_one(OsStr::new(&name)) {
            Ok(api) => return Ok(api),
            Err(reason) => tried.push((name, reason)),
        }
    }
    Err(NotOpened { chosen_by: ChosenBy::Convention, tried })
}

/// The shared Lua with this path, or with this name if it has no folder.
pub(crate) fn open(path: &Path) -> Result<&'static Api, NotOpened> {
    open_named(path.as_os_str(), ChosenBy::Caller)
}

fn open_named(name: &OsStr, chosen_by: ChosenBy) -> Result<&'static Api, NotOpened> {
    open_one(name)
        .map_err(|reason| NotOpened { chosen_by, tried: vec![(name.to_string_lossy().into(), reason)] })
}

/// Opens one library. The error is the reason alone, without the name.
fn open_one(name: &OsStr) -> Result<&'static Api, String> {
    let library = load(name)?;
    // SAFETY: S-VM-1, only the address is taken here.
    let gettop = unsafe { library.get::<*const c_void>(c"lua_gettop".to_bytes_with_nul()) };
    let gettop = gettop.map_err(|_| "it is not a Lua library")?;
    // SAFETY: the address outlives the handle that the candidate has of its own.
    let gettop = unsafe { gettop.try_as_raw_ptr() }.unwrap_or_default().cast_const();
    if let Some(api) = slots::find(gettop) {
        return Ok(api);
    }
    let lua = resolve::lua_at(gettop).ok_or("it is not a Lua library")?;
    // SAFETY: S-VM-1, the functions of the Lua that this library is or depends on.
    let api =
        unsafe { Api::from_lookup(&mut |symbol| lua.symbol(symbol), format!("{} (opened)", lua.name())) };
    let api = api.map_err(|unusable| unusable.to_string())?;
    // SAFETY: S-VM-3, the library is loaded now, and below it is kept for good.
    let api = unsafe { probe::register(api) }.map_err(|unusable| unusable.to_string())?;
    lua.keep();
    Ok(api)
}

/// What makes a library's own calls go to its own functions first, where the system has it and it is needed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const OWN_FIRST: Option<c_int> = Some(libc::RTLD_DEEPBIND);
#[cfg(target_os = "freebsd")]
const OWN_FIRST: Option<c_int> = Some(libc::RTLD_DEEPBIND);
/// Apple's linker notes for each call which library it goes to.
#[cfg(target_vendor = "apple")]
const OWN_FIRST: Option<c_int> = Some(0);
#[cfg(all(
    unix,
    not(any(all(target_os = "linux", target_env = "gnu"), target_os = "freebsd", target_vendor = "apple"))
))]
const OWN_FIRST: Option<c_int> = None;

/// Loads a library without giving its symbols to others.
#[cfg(unix)]
fn load(name: &OsStr) -> Result<Library, String> {
    use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
    let mut flags = RTLD_LOCAL | RTLD_NOW;
    // A library's calls to its own functions go to the first definition in the process, too. If there is a Lua for all,
    // say, in the interpreter that runs us, its functions would be called with the new one's states.
    // SAFETY: S-VM-1, only the address is taken.
    if unsafe { !libc::dlsym(libc::RTLD_DEFAULT, c"lua_gettop".as_ptr()).is_null() } {
        // SAFETY: S-VM-6, with RTLD_NOLOAD no code of the library runs.
        if let Ok(loaded) = unsafe { Library::open(Some(name), flags | NOLOAD) } {
            return Ok(loaded.into());
        }
        flags |=
            OWN_FIRST.ok_or("this process has another Lua, with which its functions would be mixed up")?;
    }
    // SAFETY: S-VM-6, opening a library runs its initialisers; a Lua has none.
    unsafe { Library::open(Some(name), flags) }.map(Into::into).map_err(|e| reason(&e, name))
}

/// Takes a library only if it is loaded already.
#[cfg(all(unix, not(target_vendor = "apple")))]
const NOLOAD: c_int = libc::RTLD_NOLOAD;
#[cfg(target_vendor = "apple")]
const NOLOAD: c_int = 0x10;

/// Loads a library.
#[cfg(windows)]
fn load(name: &OsStr) -> Result<Library, String> {
    // SAFETY: S-VM-6, opening a library runs its initialisers; a Lua has none.
    unsafe { Library::new(name) }.map_err(|e| reason(&e, name))
}

/// What the loader says, without the name that it repeats.
fn reason(error: &libloading::Error, name: &OsStr) -> String {
    let text = match std::error::Error::source(error) {
        Some(source) => source.to_string(),
        None => error.to_string(),
    };
    let name = name.to_string_lossy();
    text.replace(&format!("{name}: "), "").replace(&format!(" {name}"), "")
}

/// The names under which systems install a shared Lua: the version that most programs use first.
fn usual_names() -> Vec<String> {
    let mut names = Vec::new();
    for (major, minor) in [(5, 4), (5, 5), (5, 3)] {
        plain_names(major, minor, &mut names);
    }
    luajit_names(&mut names);
    for (major, minor) in [(5, 2), (5, 1)] {
        plain_names(major, minor, &mut names);
    }
    names
}

#[cfg(all(unix, not(target_vendor = "apple")))]
fn plain_names(major: u32, minor: u32, names: &mut Vec<String>) {
    let v = format!("{major}.{minor}");
    names.extend([
        format!("liblua{v}.so.0"),          // Debian, Ubuntu
        format!("liblua{v}.so.{major}"),    // openSUSE
        format!("liblua{v}.so.{v}"),        // Void, Arch's older versions
        format!("liblua{v}.so"),            // the development packages of these
        format!("liblua.so.{v}"),           // Arch, NixOS
        format!("liblua-{v}.so.0"),         // Alpine
        format!("liblua-{v}.so"),           // Fedora, FreeBSD
        format!("liblua{major}{minor}.so"), // hand-made
    ]);
}

#[cfg(all(unix, not(target_vendor = "apple")))]
fn luajit_names(names: &mut Vec<String>) {
    names.extend(["libluajit-5.1.so.2", "libluajit-5.1.so", "libluajit.so"].map(String::from));
}

/// Homebrew's folder for Apple's processors is not among those that the loader searches.
#[cfg(target_vendor = "apple")]
fn in_folders(files: &[String], names: &mut Vec<String>) {
    for file in files {
        names.push(file.clone());
        names
            .extend(["/opt/homebrew/lib", "/usr/local/lib", "/opt/local/lib"].map(|f| format!("{f}/{file}")));
    }
}

#[cfg(target_vendor = "apple")]
fn plain_names(major: u32, minor: u32, names: &mut Vec<String>) {
    let v = format!("{major}.{minor}");
    let files = [format!("liblua.{v}.dylib"), format!("liblua{v}.dylib"), format!("liblua-{v}.dylib")];
    in_folders(&files, names);
}

#[cfg(target_vendor = "apple")]
fn luajit_names(names: &mut Vec<String>) {
    in_folders(&["libluajit-5.1.2.dylib", "libluajit-5.1.dylib", "libluajit.dylib"].map(String::from), names);
}

#[cfg(windows)]
fn plain_names(major: u32, minor: u32, names: &mut Vec<String>) {
    // A lua51.dll may be a LuaJIT: its functions tell.
    names.extend([format!("lua{major}{minor}.dll"), format!("lua{major}.{minor}.dll")]);
}

#[cfg(windows)]
fn luajit_names(names: &mut Vec<String>) {
    names.extend(["luajit.dll", "luajit-5.1.dll", "libluajit-5.1-2.dll"].map(String::from));
}
