//! The memory of the states that oxilua makes: counted, and limited on request.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error, realloc};
use std::cell::Cell;
use std::os::raw::c_void;

/// What `malloc` promises on 64-bit targets, and more than Lua needs.
const ALIGN: usize = 16;

/// The counters behind `lua_newstate`'s `ud`. Boxed by the state, and freed after `lua_close`.
pub(crate) struct Heap {
    used: Cell<usize>,
    /// 0: no limit.
    limit: Cell<usize>,
}

impl Heap {
    pub(crate) fn new() -> Box<Heap> {
        Box::new(Heap { used: Cell::new(0), limit: Cell::new(0) })
    }

    /// Bytes that Lua has.
    pub(crate) fn used(&self) -> usize {
        self.used.get()
    }

    /// The limit in bytes; 0 is none.
    pub(crate) fn limit(&self) -> usize {
        self.limit.get()
    }

    pub(crate) fn set_limit(&self, bytes: usize) {
        self.limit.set(bytes);
    }
}

/// `lua_Alloc` (Lua manual). Without a limit it never fails: running out of memory ends the process, as it does in Rust.
///
/// # Safety
/// `ud` is a live `Heap`; `ptr` is NULL or a block of `osize` bytes from here (the contract of `lua_Alloc`).
pub(crate) unsafe extern "C" fn allocate(
    ud: *mut c_void,
    ptr: *mut c_void,
    osize: usize,
    nsize: usize,
) -> *mut c_void {
    // SAFETY: S-HEAP-1, the state keeps its heap alive for as long as Lua has the state.
    let heap = unsafe { &*ud.cast::<Heap>() };
    // For a new block Lua passes the kind of object in `osize`.
    let osize = if ptr.is_null() { 0 } else { osize };
    let layout = |size| Layout::from_size_align(size, ALIGN);
    let used = heap.used.get();
    if nsize == 0 {
        if !ptr.is_null() && osize > 0 {
            heap.used.set(used - osize);
            // SAFETY: S-HEAP-1, the block came from here with this size.
            unsafe { dealloc(ptr.cast(), Layout::from_size_align_unchecked(osize, ALIGN)) };
        }
        return std::ptr::null_mut();
    }
    let Ok(new_layout) = layout(nsize) else { return std::ptr::null_mut() };
    let limit = heap.limit.get();
    if limit != 0 && nsize > osize && used - osize + nsize > limit {
        return std::ptr::null_mut();
    }
    let block = if ptr.is_null() || osize == 0 {
        // SAFETY: the size is not 0.
        unsafe { alloc(new_layout) }
    } else {
        // SAFETY: S-HEAP-1, the block came from here with this size; the new size is not 0 and fits a layout.
        unsafe { realloc(ptr.cast(), Layout::from_size_align_unchecked(osize, ALIGN), nsize) }
    };
    if block.is_null() {
        if limit == 0 {
            handle_alloc_error(new_layout);
        }
        return std::ptr::null_mut();
    }
    heap.used.set(used - osize + nsize);
    block.cast()
}
