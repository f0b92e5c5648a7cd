//! Loaded images on Apple systems: dyld lists them, `dladdr` finds the one of an address.

use libloading::os::unix::Library;
use std::ffi::{CStr, CString, OsStr};
use std::os::raw::{c_char, c_int, c_ulong, c_void};
use std::os::unix::ffi::OsStrExt;

/// A library or program as it was loaded when it was looked at.
#[derive(Clone)]
pub(super) struct Object {
    /// Its path, for people.
    pub(super) name: String,
    path: CString,
    /// Its Mach-O header.
    header: *const MachHeader,
}

/// `struct mach_header_64`, of which only the file type is of interest.
#[repr(C)]
struct MachHeader {
    magic: u32,
    cpu_type: i32,
    cpu_subtype: i32,
    file_type: u32,
}

/// `MH_EXECUTE`: the program itself.
const EXECUTE: u32 = 2;
/// `RTLD_NOLOAD` of Apple's dlfcn.h.
const NOLOAD: c_int = 0x10;

unsafe extern "C" {
    fn _dyld_image_count() -> u32;
    fn _dyld_get_image_header(index: u32) -> *const MachHeader;
    fn _dyld_get_image_name(index: u32) -> *const c_char;
    fn getsectiondata(
        header: *const MachHeader,
        segment: *const c_char,
        section: *const c_char,
        size: *mut c_ulong,
    ) -> *mut u8;
}

impl Object {
    /// Where it begins, which no other object shares.
    pub(super) fn base(&self) -> usize {
        self.header as usize
    }

    pub(super) fn contains(&self, address: *const c_void) -> bool {
        image_of(address).is_some_and(|info| info.dli_fbase as usize == self.base())
    }

    /// A handle for it, if it still is loaded; this loads nothing.
    pub(super) fn open(&self) -> Option<Handle> {
        // SAFETY: S-VM-4, the image was loaded when it was listed.
        if unsafe { (*self.header).file_type } == EXECUTE {
            return Some(Handle(Library::this()));
        }
        let path = OsStr::from_bytes(self.path.as_bytes());
        // SAFETY: S-VM-6, with RTLD_NOLOAD no code of the library runs.
        unsafe { Library::open(Some(path), NOLOAD | libc::RTLD_LAZY).ok().map(Handle) }
    }

    /// Its texts.
    ///
    /// # Safety
    /// The object is still loaded, and stays so while the slices are used (S-VM-4).
    pub(super) unsafe fn constants<'a>(&self) -> Vec<&'a [u8]> {
        // A compiler may put the text of a message among the constants when it does not end in the first NUL.
        let sections = [c"__cstring", c"__const"];
        let section = |name: &CStr| {
            let mut size = 0;
            // SAFETY: S-VM-4, the header is that of a loaded image; the section is mapped readable.
            unsafe {
                let start = getsectiondata(self.header, c"__TEXT".as_ptr(), name.as_ptr(), &mut size);
                (!start.is_null()).then(|| std::slice::from_raw_parts(start.cast_const(), size as usize))
            }
        };
        sections.into_iter().filter_map(section).collect()
    }
}

/// Keeps a library loaded while it exists.
pub(super) struct Handle(Library);

impl Handle {
    /// The address of a function in the library or in what it depends on, NULL if there is none.
    pub(super) fn symbol(&self, name: &CStr) -> *const c_void {
        // SAFETY: S-VM-1, only the address is taken here; who calls it knows its type.
        let symbol = unsafe { self.0.get::<*const c_void>(name.to_bytes_with_nul()) };
        symbol.map_or(std::ptr::null(), |symbol| symbol.into_raw().cast_const())
    }

    /// Keeps the library loaded for good.
    pub(super) fn pin(self) {
        std::mem::forget(self.0);
    }
}

/// The object that contains `address`.
pub(super) fn containing(address: *const c_void) -> Option<Object> {
    let info = image_of(address)?;
    // SAFETY: S-VM-4, dladdr gave a header and a name of an image that is loaded.
    unsafe { object(info.dli_fbase.cast(), info.dli_fname) }
}

/// Everything that is loaded.
pub(super) fn loaded() -> Vec<Object> {
    // SAFETY: S-VM-4; if another thread unloads an image meanwhile, dyld answers NULL for the last ones.
    let image = |index| unsafe { object(_dyld_get_image_header(index), _dyld_get_image_name(index)) };
    // SAFETY: this only reads a number.
    (0..unsafe { _dyld_image_count() }).filter_map(image).collect()
}

/// # Safety
/// Each is NULL or belongs to a loaded image (S-VM-4).
unsafe fn object(header: *const MachHeader, name: *const c_char) -> Option<Object> {
    if header.is_null() || name.is_null() {
        return None;
    }
    // SAFETY: S-VM-4, the caller's promise.
    let path = unsafe { CStr::from_ptr(name) }.to_owned();
    Some(Object { name: path.to_string_lossy().into_owned(), path, header })
}

fn image_of(address: *const c_void) -> Option<libc::Dl_info> {
    let mut info = std::mem::MaybeUninit::uninit();
    // SAFETY: dladdr takes any address, and fills `info` if it answers other than 0.
    unsafe { (libc::dladdr(address, info.as_mut_ptr()) != 0).then(|| info.assume_init()) }
}
