//! What C calls: the functions of `struct oxl_json_rust` in `json.h`, which says what they do. None of them touches a Lua state, so
//! none can be jumped over; none unwinds either: a panic would end the process here, and nothing below is meant to panic
//! on any input.

use super::error::Failure;
use super::function::Block;
use super::options::{Options, Value};
use super::sink::{Appended, Sink};
use super::tape::{Cell, Level};
use super::workspace::{Known, Workspace};
use crate::raw::body::Run;
use crate::vm::Api;
use crate::vm::types::State as L;
use std::os::raw::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// `struct tape`.
#[repr(C)]
pub(crate) struct TapeParts {
    cells: *const Cell,
    levels: *mut Level,
    depth: u32,
    slots: u32,
}

/// `struct oxl_json_rust`. C passes what it got from these functions and from Lua: see S-JSON-1.
#[repr(C)]
struct Functions {
    begin: unsafe extern "C" fn(&mut Block) -> *mut Workspace,
    end: unsafe extern "C" fn(&mut Block, *mut Workspace),
    options: unsafe extern "C" fn(&mut Workspace, c_int) -> &mut Options,
    option: unsafe extern "C" fn(&mut Workspace, *const u8, usize, &Cell, c_int, &mut usize) -> *const u8,
    decode: unsafe extern "C" fn(&mut Workspace, *const u8, usize, &mut TapeParts, &mut usize) -> c_int,
    valid: unsafe extern "C" fn(&mut Workspace, *const u8, usize) -> c_int,
    message: unsafe extern "C" fn(&Workspace, &mut usize) -> *const u8,
    sink: unsafe extern "C" fn(&mut Workspace) -> &mut Sink,
    grow: unsafe extern "C" fn(&mut Sink, usize) -> c_int,
    string: unsafe extern "C" fn(&mut Sink, &Options, *const u8, usize) -> c_int,
    number: unsafe extern "C" fn(&mut Sink, &Options, f64) -> c_int,
    integer: unsafe extern "C" fn(&mut Sink, i64) -> c_int,
    path_start: unsafe extern "C" fn(&mut Workspace, *const u8, usize),
    path_key: unsafe extern "C" fn(&mut Workspace, *const u8, usize),
    path_index: unsafe extern "C" fn(&mut Workspace, f64),
    sort_add: unsafe extern "C" fn(&mut Workspace, *const u8, usize, u32) -> c_int,
    sort_len: unsafe extern "C" fn(&Workspace) -> usize,
    sort: unsafe extern "C" fn(&mut Workspace, usize),
    sort_get: unsafe extern "C" fn(&Workspace, usize, &mut *const u8, &mut usize) -> u32,
    sort_cut: unsafe extern "C" fn(&mut Workspace, usize),
    known: unsafe extern "C" fn(&mut Workspace, &mut u32) -> *mut Known,
    frames: unsafe extern "C" fn(&mut Workspace, usize, usize) -> *mut u64,
}

static FUNCTIONS: Functions = Functions {
    begin,
    end,
    options,
    option,
    decode,
    valid,
    message,
    sink,
    grow,
    string,
    number,
    integer,
    path_start,
    path_key,
    path_index,
    sort_add,
    sort_len,
    sort,
    sort_get,
    sort_cut,
    known,
    frames,
};

#[allow(improper_ctypes)]
unsafe extern "C" {
    #[link_name = concat!("oxl_", env!("OXILUA_SYMBOL_VERSION"), "_json_set_rust")]
    safe fn set_rust(functions: &'static Functions);

    #[link_name = concat!("oxl_", env!("OXILUA_SYMBOL_VERSION"), "_json_empty_array")]
    safe fn address_of_empty_array() -> *mut c_void;
}

#[allow(improper_ctypes)]
unsafe extern "C-unwind" {
    #[link_name = concat!("oxl_", env!("OXILUA_SYMBOL_VERSION"), "_json_run")]
    fn json_run(api: *const Api, l: L, block: *mut c_void) -> c_int;
}

/// The body of the module's functions.
pub(crate) fn run() -> Run {
    json_run
}

/// The light userdata `json.empty_array`.
pub(crate) fn empty_array() -> *mut c_void {
    address_of_empty_array()
}

/// Tells C of the functions; before any of the module's functions is made.
pub(crate) fn connect() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| set_rust(&FUNCTIONS));
}

unsafe extern "C" fn begin(block: &mut Block) -> *mut Workspace {
    block.value.begin().map_or(std::ptr::null_mut(), Box::into_raw)
}

unsafe extern "C" fn end(block: &mut Block, space: *mut Workspace) {
    // SAFETY: S-JSON-2, the workspace is one of `begin`'s, and C ends each call once.
    block.value.end(unsafe { Box::from_raw(space) });
}

unsafe extern "C" fn options(space: &mut Workspace, integers: c_int) -> &mut Options {
    space.options = Options::new(integers != 0);
    &mut space.options
}

unsafe extern "C" fn option(
    space: &mut Workspace,
    name: *const u8,
    n: usize,
    value: &Cell,
    encoding: c_int,
    len: &mut usize,
) -> *const u8 {
    // SAFETY: S-JSON-1.
    let (name, value) = unsafe { (bytes(name, n), Value::from_cell(value)) };
    let Err(takes) = space.options.set(name, value, encoding != 0) else { return std::ptr::null() };
    let name = String::from_utf8_lossy(name);
    space.message = if takes.is_empty() {
        format!("unknown option '{name}'")
    } else {
        format!("bad option '{name}' (expected {takes})")
    };
    *len = space.message.len();
    space.message.as_ptr()
}

unsafe extern "C" fn decode(
    space: &mut Workspace,
    text: *const u8,
    n: usize,
    out: &mut TapeParts,
    at: &mut usize,
) -> c_int {
    // SAFETY: S-JSON-1.
    let text = unsafe { bytes(text, n) };
    let options = space.options;
    // A panic would be a mistake of ours; it must not take the host with it.
    let result = catch_unwind(AssertUnwindSafe(|| space.reader.decode(text, &options)))
        .unwrap_or(Err(Failure::Unusual));
    if let Err(failure) = result {
        *at = space.fail(failure, text);
        return 0;
    }
    let reader = &mut space.reader;
    *out = TapeParts {
        cells: reader.tape.cells().as_ptr(),
        depth: reader.tape.depth() as u32,
        slots: u32::from(reader.keys.slots()),
        levels: reader.tape.levels(),
    };
    1
}

unsafe extern "C" fn valid(space: &mut Workspace, text: *const u8, n: usize) -> c_int {
    // SAFETY: S-JSON-1.
    let text = unsafe { bytes(text, n) };
    let rules = Options { max_depth: u32::MAX, ..space.options };
    c_int::from(space.reader.decode(text, &rules).is_ok())
}

unsafe extern "C" fn message(space: &Workspace, len: &mut usize) -> *const u8 {
    *len = space.message.len();
    space.message.as_ptr()
}

unsafe extern "C" fn sink(space: &mut Workspace) -> &mut Sink {
    space.sink.clear();
    space.sorter.cut(0);
    &mut space.sink
}

unsafe extern "C" fn grow(sink: &mut Sink, n: usize) -> c_int {
    c_int::from(sink.reserve(n).is_ok())
}

unsafe extern "C" fn string(sink: &mut Sink, options: &Options, s: *const u8, n: usize) -> c_int {
    // SAFETY: S-JSON-1; Lua's strings are not in the sink.
    let string = unsafe { bytes(s, n) };
    code(sink.string(string, options.utf8))
}

unsafe extern "C" fn number(sink: &mut Sink, options: &Options, n: f64) -> c_int {
    code(sink.number(n, options))
}

unsafe extern "C" fn integer(sink: &mut Sink, n: i64) -> c_int {
    code(sink.integer(n))
}

unsafe extern "C" fn path_start(space: &mut Workspace, what: *const u8, n: usize) {
    // SAFETY: S-JSON-1.
    let what = unsafe { bytes(what, n) };
    space.message = String::from_utf8_lossy(what).into_owned();
    space.steps = 0;
}

unsafe extern "C" fn path_key(space: &mut Workspace, s: *const u8, n: usize) {
    // SAFETY: S-JSON-1.
    let key = unsafe { bytes(s, n) };
    let name = !key.is_empty()
        && key.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
        && !key[0].is_ascii_digit();
    let key = String::from_utf8_lossy(key);
    space.step(&if name { format!(".{key}") } else { format!("[{key:?}]") });
}

unsafe extern "C" fn path_index(space: &mut Workspace, i: f64) {
    space.step(&format!("[{i}]"));
}

unsafe extern "C" fn sort_add(space: &mut Workspace, s: *const u8, n: usize, index: u32) -> c_int {
    // SAFETY: S-JSON-3, C keeps the key's string on the stack until the key is cut off.
    c_int::from(unsafe { space.sorter.add(s, n, index) })
}

unsafe extern "C" fn sort_len(space: &Workspace) -> usize {
    space.sorter.len()
}

unsafe extern "C" fn sort(space: &mut Workspace, from: usize) {
    space.sorter.sort(from);
}

unsafe extern "C" fn sort_get(space: &Workspace, i: usize, s: &mut *const u8, n: &mut usize) -> u32 {
    let (start, len, index) = space.sorter.get(i).unwrap_or((std::ptr::dangling(), 0, 0));
    (*s, *n) = (start, len);
    index
}

unsafe extern "C" fn sort_cut(space: &mut Workspace, len: usize) {
    space.sorter.cut(len);
}

unsafe extern "C" fn known(space: &mut Workspace, era: &mut u32) -> *mut Known {
    let (known, now) = space.known();
    *era = now;
    known.as_mut_ptr()
}

unsafe extern "C" fn frames(space: &mut Workspace, n: usize, size: usize) -> *mut u64 {
    space.frames(n, size)
}

/// # Safety
/// `s` has `n` bytes for as long as the result is used (S-JSON-1).
unsafe fn bytes<'a>(s: *const u8, n: usize) -> &'a [u8] {
    // SAFETY: S-JSON-1; Lua's strings are never NULL.
    unsafe { std::slice::from_raw_parts(s, n) }
}

fn code(result: Result<(), Appended>) -> c_int {
    match result {
        Ok(()) => Appended::Yes as c_int,
        Err(e) => e as c_int,
    }
}
