//! Loaded libraries on ELF systems: `dl_iterate_phdr` lists them, and the loader looks symbols up.

use libloading::os::unix::Library;
use std::ffi::{CStr, CString, OsStr};
use std::ops::Range;
use std::os::raw::{c_int, c_void};
use std::os::unix::ffi::OsStrExt;

/// A library or program as it was loaded when it was looked at.
#[derive(Clone)]
pub(super) struct Object {
    /// Its path, for people.
    pub(super) name: String,
    /// Its path as the loader knows it; `None` is the program itself.
    path: Option<CString>,
    segments: Vec<Segment>,
}

#[derive(Clone)]
struct Segment {
    range: Range<usize>,
    constant: bool,
}

impl Object {
    /// Where it begins, which no other object shares.
    pub(super) fn base(&self) -> usize {
        self.segments.iter().map(|s| s.range.start).min().unwrap_or_default()
    }

    pub(super) fn contains(&self, address: *const c_void) -> bool {
        self.segments.iter().any(|s| s.range.contains(&(address as usize)))
    }

    /// A handle for it, if it still is loaded; this loads nothing.
    pub(super) fn open(&self) -> Option<Handle> {
        let library = match &self.path {
            None => Library::this(),
            Some(path) => {
                let path = OsStr::from_bytes(path.as_bytes());
                // SAFETY: S-VM-6, with RTLD_NOLOAD no code of the library runs.
                unsafe { Library::open(Some(path), libc::RTLD_NOLOAD | libc::RTLD_LAZY).ok()? }
            }
        };
        Some(Handle(library))
    }

    /// Its code and constants.
    ///
    /// # Safety
    /// The object is still loaded, and stays so while the slices are used (S-VM-4).
    pub(super) unsafe fn constants<'a>(&self) -> Vec<&'a [u8]> {
        let constant = self.segments.iter().filter(|s| s.constant);
        let bytes = |s: &Segment| {
            // SAFETY: S-VM-4, the loader mapped this segment readable, and nothing writes to it.
            unsafe { std::slice::from_raw_parts(s.range.start as *const u8, s.range.len()) }
        };
        constant.map(bytes).collect()
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
    let mut found = None;
    each(&mut |object| {
        let hit = object.contains(address);
        if hit {
            found = Some(object.to_object());
        }
        hit
    });
    found
}

/// Everything that is loaded, the program first.
pub(super) fn loaded() -> Vec<Object> {
    let mut objects = Vec::new();
    each(&mut |object| {
        objects.push(object.to_object());
        false
    });
    objects
}

/// An entry of the loader's list, valid while it is visited.
struct Entry<'a> {
    info: &'a libc::dl_phdr_info,
    is_program: bool,
}

impl Entry<'_> {
    fn segments(&self) -> impl Iterator<Item = Segment> {
        let base = self.info.dlpi_addr as usize;
        let headers = match self.info.dlpi_phdr.is_null() {
            true => &[][..],
            // SAFETY: S-VM-4, the loader gives this many program headers, for as long as the entry is visited.
            false => unsafe {
                std::slice::from_raw_parts(self.info.dlpi_phdr, self.info.dlpi_phnum as usize)
            },
        };
        headers.iter().filter(|header| header.p_type == libc::PT_LOAD).map(move |header| {
            let start = base.wrapping_add(header.p_vaddr as usize);
            let access = header.p_flags & (libc::PF_R | libc::PF_W);
            Segment {
                range: start..start.wrapping_add(header.p_memsz as usize),
                constant: access == libc::PF_R,
            }
        })
    }

    fn contains(&self, address: *const c_void) -> bool {
        self.segments().any(|s| s.range.contains(&(address as usize)))
    }

    fn to_object(&self) -> Object {
        let path = match self.is_program || self.info.dlpi_name.is_null() {
            true => None,
            // SAFETY: S-VM-4, the loader's name is a C string for as long as the entry is visited.
            false => Some(unsafe { CStr::from_ptr(self.info.dlpi_name) }.to_owned()),
        };
        let name = match &path {
            Some(path) => path.to_string_lossy().into_owned(),
            // The loader has no name for the program, or the one it was called by.
            None => std::env::current_exe().map_or("the program".into(), |path| path.display().to_string()),
        };
        Object { name, path, segments: self.segments().collect() }
    }
}

type Visit<'a> = &'a mut dyn FnMut(Entry<'_>) -> bool;

/// Visits what is loaded until `visit` answers true.
fn each(visit: Visit<'_>) {
    struct Walk<'a> {
        visit: Visit<'a>,
        first: bool,
    }
    unsafe extern "C" fn step(info: *mut libc::dl_phdr_info, _size: usize, data: *mut c_void) -> c_int {
        // SAFETY: S-VM-4, the loader passes a valid entry, and `data` is the walk below.
        let (info, walk) = unsafe { (&*info, &mut *data.cast::<Walk>()) };
        // The program comes first, and on most systems is the only one without a name.
        let is_program = std::mem::replace(&mut walk.first, false);
        (walk.visit)(Entry { info, is_program }) as c_int
    }
    let mut walk = Walk { visit, first: true };
    // SAFETY: S-VM-4, `walk` lives until the call returns, and `step` expects it.
    unsafe { libc::dl_iterate_phdr(Some(step), (&raw mut walk).cast()) };
}
