//! The memory of the states that oxilua makes: counted, and limited on request.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error, realloc};
use std::cell::Cell;
use std::os::raw::c_void;
use std::rc::Rc;

/// What `malloc` promises on 64-bit targets, and more than Lua needs.
const ALIGN: usize = 16;

/// The counters behind `lua_newstate`'s `ud`. Kept by the state and, while it is made, by its maker: freed after `lua_close`.
pub(crate) struct Heap {
    used: Cell<usize>,
    /// 0: no limit.
    limit: Cell<usize>,
    /// For tests: so many more requests are granted, and then none. There is a limit as long as this counts.
    grants: Cell<usize>,
}

thread_local! {
    /// What the states that this thread makes from now on begin with; see `fail_in_new_states`.
    static GRANTS: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// For tests: lets states made on this thread run out of memory after so many requests; `usize::MAX`: never.
pub(crate) fn fail_in_new_states(after: usize) {
    GRANTS.set(after);
}

/// Larger requests than anything that is done without protection (see calm.rs) may be refused at any time.
const HUGE: usize = 1 << 32;

impl Heap {
    pub(crate) fn new() -> Rc<Heap> {
        let heap = Heap { used: Cell::new(0), limit: Cell::new(0), grants: Cell::new(usize::MAX) };
        heap.fail_after(GRANTS.get());
        Rc::new(heap)
    }

    /// For tests: see `grants`.
    pub(crate) fn fail_after(&self, grants: usize) {
        self.grants.set(grants);
        // No request is near this one, but nothing is taken for granted any more.
        self.limit.set(if grants == usize::MAX { 0 } else { usize::MAX });
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

/// `lua_Alloc` (Lua manual). Without a limit it fails only for huge blocks: running out of memory otherwise ends the process, as
/// it does in Rust.
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
    if limit != 0 && nsize > osize {
        let grants = heap.grants.get();
        if grants == 0 || used - osize + nsize > limit {
            return std::ptr::null_mut();
        }
        if grants != usize::MAX {
            heap.grants.set(grants - 1);
        }
    }
    let block = if ptr.is_null() || osize == 0 {
        // SAFETY: the size is not 0.
        unsafe { alloc(new_layout) }
    } else {
        // SAFETY: S-HEAP-1, the block came from here with this size; the new size is not 0 and fits a layout.
        unsafe { realloc(ptr.cast(), Layout::from_size_align_unchecked(osize, ALIGN), nsize) }
    };
    if block.is_null() {
        if limit == 0 && nsize < HUGE {
            handle_alloc_error(new_layout);
        }
        return std::ptr::null_mut();
    }
    heap.used.set(used - osize + nsize);
    block.cast()
}
