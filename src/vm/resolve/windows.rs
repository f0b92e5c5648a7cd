//! Loaded modules on Windows: the loader gives the one of an address, and all of the process.

use std::ffi::{CStr, OsString};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::raw::{c_char, c_void};
use std::os::windows::ffi::OsStringExt;

/// A library or program as it was loaded when it was looked at.
#[derive(Clone)]
pub(super) struct Object {
    /// Its path, for people.
    pub(super) name: String,
    range: Range<usize>,
}

/// `HMODULE`, the address at which a module begins.
type Module = *mut c_void;

#[repr(C)]
struct ModuleInfo {
    base: *mut c_void,
    size: u32,
    entry: *mut c_void,
}

/// `MEMORY_BASIC_INFORMATION` of 64-bit Windows.
#[repr(C)]
struct MemoryInfo {
    base: *mut c_void,
    allocation_base: *mut c_void,
    allocation_protect: u32,
    partition: u16,
    size: usize,
    state: u32,
    protect: u32,
    kind: u32,
}

const FROM_ADDRESS: u32 = 4;
const PIN: u32 = 1;
const UNCHANGED_COUNT: u32 = 2;
const COMMITTED: u32 = 0x1000;
const READ_ONLY: u32 = 0x02;
const EXECUTE_READ: u32 = 0x20;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn GetModuleHandleExW(flags: u32, name: *const u16, module: *mut Module) -> i32;
    fn GetModuleFileNameW(module: Module, name: *mut u16, size: u32) -> u32;
    fn GetProcAddress(module: Module, name: *const c_char) -> *const c_void;
    fn GetCurrentProcess() -> *mut c_void;
    fn FreeLibrary(module: Module) -> i32;
    fn K32EnumProcessModules(process: *mut c_void, modules: *mut Module, size: u32, needed: *mut u32) -> i32;
    fn K32GetModuleInformation(process: *mut c_void, module: Module, info: *mut ModuleInfo, size: u32)
    -> i32;
    fn VirtualQuery(address: *const c_void, info: *mut MemoryInfo, size: usize) -> usize;
}

impl Object {
    /// Where it begins, which no other object shares.
    pub(super) fn base(&self) -> usize {
        self.range.start
    }

    pub(super) fn contains(&self, address: *const c_void) -> bool {
        self.range.contains(&(address as usize))
    }

    /// A handle for it, if it still is loaded; this loads nothing.
    pub(super) fn open(&self) -> Option<Handle> {
        module_at(self.range.start as *const c_void, 0).map(Handle)
    }

    /// Its code and constants.
    ///
    /// # Safety
    /// The object is still loaded, and stays so while the slices are used (S-VM-4).
    pub(super) unsafe fn constants<'a>(&self) -> Vec<&'a [u8]> {
        let mut parts = Vec::new();
        let mut at = self.range.start;
        while at < self.range.end {
            let mut info = MaybeUninit::<MemoryInfo>::uninit();
            // SAFETY: VirtualQuery takes any address, and fills `info` if it answers its size.
            let info = unsafe {
                if VirtualQuery(at as *const c_void, info.as_mut_ptr(), size_of::<MemoryInfo>()) == 0 {
                    break;
                }
                info.assume_init()
            };
            let end = (info.base as usize).saturating_add(info.size).min(self.range.end);
            if end <= at {
                break;
            }
            if info.state == COMMITTED && matches!(info.protect, READ_ONLY | EXECUTE_READ) {
                // SAFETY: S-VM-4, these pages are there, readable, and not writable.
                parts.push(unsafe { std::slice::from_raw_parts(at as *const u8, end - at) });
            }
            at = end;
        }
        parts
    }
}

/// Keeps a library loaded while it exists.
pub(super) struct Handle(Module);

impl Handle {
    /// The address of a function of the library, which may forward to another one; NULL if there is none.
    pub(super) fn symbol(&self, name: &CStr) -> *const c_void {
        // SAFETY: S-VM-1, the module is loaded; only the address is taken here.
        unsafe { GetProcAddress(self.0, name.as_ptr()) }
    }

    /// Keeps the library loaded for good.
    pub(super) fn pin(self) {
        module_at(self.0, PIN);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: S-VM-3, the handle is ours, and given back once.
        unsafe { FreeLibrary(self.0) };
    }
}

/// The object that contains `address`.
pub(super) fn containing(address: *const c_void) -> Option<Object> {
    object(module_at(address, UNCHANGED_COUNT)?)
}

/// Everything that is loaded.
pub(super) fn loaded() -> Vec<Object> {
    let mut modules: Vec<Module> = vec![std::ptr::null_mut(); 256];
    loop {
        let size = (modules.len() * size_of::<Module>()) as u32;
        let mut needed = 0;
        // SAFETY: there is room for `size` bytes, and `needed` is set on success.
        let done =
            unsafe { K32EnumProcessModules(GetCurrentProcess(), modules.as_mut_ptr(), size, &mut needed) };
        if done == 0 {
            return Vec::new();
        }
        let count = needed as usize / size_of::<Module>();
        if count <= modules.len() {
            modules.truncate(count);
            return modules.into_iter().filter_map(object).collect();
        }
        modules.resize(count + 16, std::ptr::null_mut());
    }
}

fn module_at(address: *const c_void, flags: u32) -> Option<Module> {
    let mut module = std::ptr::null_mut();
    // SAFETY: with this flag the name is an address, any one.
    let found = unsafe { GetModuleHandleExW(FROM_ADDRESS | flags, address.cast(), &mut module) };
    (found != 0).then_some(module)
}

fn object(module: Module) -> Option<Object> {
    let mut info = MaybeUninit::<ModuleInfo>::uninit();
    let size = size_of::<ModuleInfo>() as u32;
    // SAFETY: S-VM-4, a module that is gone meanwhile is an error; `info` is filled on success.
    let info = unsafe {
        if K32GetModuleInformation(GetCurrentProcess(), module, info.as_mut_ptr(), size) == 0 {
            return None;
        }
        info.assume_init()
    };
    let start = info.base as usize;
    Some(Object { name: name(module), range: start..start + info.size as usize })
}

fn name(module: Module) -> String {
    // As long as a path can be.
    let mut text = vec![0; 32_768];
    // SAFETY: there is room for that many characters; a module that is gone meanwhile gives 0.
    let len = unsafe { GetModuleFileNameW(module, text.as_mut_ptr(), text.len() as u32) };
    OsString::from_wide(&text[..len as usize]).to_string_lossy().into_owned()
}
