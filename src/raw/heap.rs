//! The memory of the states that oxilua makes: counted, limited on request, and quick for small objects.
//!
//! Lua asks for many small blocks and tells the size of each when it gives it back. So blocks of up to [`SMALL`] bytes come
//! from chunks, cut to sizes in steps of 16 bytes, and go to a list of their size when they are freed; the chunks are given
//! back when the state is closed. Larger blocks are the system's. Builds with debug assertions leave all to the system, so
//! that its tools see every block.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error, realloc};
use std::cell::{Cell, UnsafeCell};
use std::os::raw::c_void;
use std::rc::Rc;

/// What `malloc` promises on 64-bit targets, and more than Lua needs.
const ALIGN: usize = 16;
/// The largest block that is cut from a chunk.
const SMALL: usize = 256;
const CLASSES: usize = SMALL / ALIGN + 1;
/// Whether a block of this size is.
const fn is_small(size: usize) -> bool {
    !cfg!(debug_assertions) && size <= SMALL
}
/// The first chunk is small, for states that live shortly; each further one is larger, up to the last.
const FIRST_CHUNK: usize = 16 << 10;
const LAST_CHUNK: usize = 256 << 10;

/// A free block: it holds the next one of its size.
struct Free(*mut Free);

/// The counters behind `lua_newstate`'s `ud`. Kept by the state and, while it is made, by its maker: freed after `lua_close`.
pub(crate) struct Heap {
    used: Cell<usize>,
    /// 0: no limit.
    limit: Cell<usize>,
    /// For tests: so many more requests are granted, and then none. There is a limit as long as this counts.
    grants: Cell<usize>,
    /// For each size, the blocks that were freed.
    free: [Cell<*mut Free>; CLASSES],
    /// What is left of the newest chunk.
    next: Cell<*mut u8>,
    end: Cell<*mut u8>,
    chunks: UnsafeCell<Vec<(*mut u8, Layout)>>,
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
        let heap = Heap {
            used: Cell::new(0),
            limit: Cell::new(0),
            grants: Cell::new(usize::MAX),
            free: [const { Cell::new(std::ptr::null_mut()) }; CLASSES],
            next: Cell::new(std::ptr::null_mut()),
            end: Cell::new(std::ptr::null_mut()),
            chunks: UnsafeCell::new(Vec::new()),
        };
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

    /// The list of a small block's size.
    #[inline]
    fn class(size: usize) -> usize {
        size.div_ceil(ALIGN)
    }

    #[inline]
    fn take_small(&self, class: usize) -> *mut u8 {
        let block = self.free[class].get();
        if block.is_null() {
            return self.cut(class * ALIGN);
        }
        // SAFETY: S-HEAP-2, a block in a list is free and holds the next one.
        self.free[class].set(unsafe { (*block).0 });
        block.cast()
    }

    /// A new block from the newest chunk.
    fn cut(&self, size: usize) -> *mut u8 {
        let block = self.next.get();
        if (self.end.get() as usize) - (block as usize) < size && !self.new_chunk() {
            return std::ptr::null_mut();
        }
        let block = self.next.get();
        self.next.set(block.wrapping_add(size));
        block
    }

    /// What is left of the old chunk is lost until the state is closed: less than one small block.
    #[cold]
    fn new_chunk(&self) -> bool {
        // SAFETY: S-STATE-2, nobody else has a reference to the list.
        let chunks = unsafe { &mut *self.chunks.get() };
        let size = (FIRST_CHUNK << chunks.len().min(8)).min(LAST_CHUNK);
        let Ok(layout) = Layout::from_size_align(size, ALIGN) else { return false };
        // SAFETY: the size is not 0.
        let chunk = unsafe { alloc(layout) };
        if chunk.is_null() {
            return false;
        }
        chunks.push((chunk, layout));
        self.next.set(chunk);
        self.end.set(chunk.wrapping_add(size));
        true
    }

    /// # Safety
    /// The block came from `take_small` with this class (S-HEAP-2).
    #[inline]
    unsafe fn give_small(&self, block: *mut u8, class: usize) {
        let block = block.cast::<Free>();
        // SAFETY: the caller's promise; every class has room for a pointer.
        unsafe { block.write(Free(self.free[class].get())) };
        self.free[class].set(block);
    }

    /// A new block of `size` bytes, not 0; NULL if there is no memory.
    #[inline]
    fn take(&self, size: usize) -> *mut u8 {
        if is_small(size) {
            return self.take_small(Heap::class(size));
        }
        match Layout::from_size_align(size, ALIGN) {
            // SAFETY: the size is not 0.
            Ok(layout) => unsafe { alloc(layout) },
            Err(_) => std::ptr::null_mut(),
        }
    }

    /// # Safety
    /// The block is one of `take` or `resize` with this size (S-HEAP-1).
    #[inline]
    unsafe fn give(&self, block: *mut u8, size: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            if is_small(size) {
                self.give_small(block, Heap::class(size));
            } else {
                dealloc(block, Layout::from_size_align_unchecked(size, ALIGN));
            }
        }
    }

    /// # Safety
    /// As `give`; the new size is not 0.
    unsafe fn resize(&self, block: *mut u8, old: usize, new: usize) -> *mut u8 {
        // SAFETY: the caller's promise; blocks of different sizes do not overlap.
        unsafe {
            if !is_small(old) && !is_small(new) {
                if Layout::from_size_align(new, ALIGN).is_err() {
                    return std::ptr::null_mut();
                }
                return realloc(block, Layout::from_size_align_unchecked(old, ALIGN), new);
            }
            if is_small(old) && is_small(new) && Heap::class(old) == Heap::class(new) {
                return block;
            }
            let moved = self.take(new);
            if !moved.is_null() {
                std::ptr::copy_nonoverlapping(block, moved, old.min(new));
                self.give(block, old);
            }
            moved
        }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        for (chunk, layout) in self.chunks.get_mut().drain(..) {
            // SAFETY: S-HEAP-2, Lua has closed the state, so nothing in the chunk is in use.
            unsafe { dealloc(chunk, layout) };
        }
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
    let used = heap.used.get() - osize;
    let block = ptr.cast::<u8>();
    if nsize == 0 {
        if osize > 0 {
            heap.used.set(used);
            // SAFETY: S-HEAP-1.
            unsafe { heap.give(block, osize) };
        }
        return std::ptr::null_mut();
    }
    let limit = heap.limit.get();
    if limit != 0 && nsize > osize {
        let grants = heap.grants.get();
        if grants == 0 || used.saturating_add(nsize) > limit {
            return std::ptr::null_mut();
        }
        if grants != usize::MAX {
            heap.grants.set(grants - 1);
        }
    }
    // SAFETY: S-HEAP-1; the new size is not 0.
    let block = unsafe { if osize == 0 { heap.take(nsize) } else { heap.resize(block, osize, nsize) } };
    if block.is_null() {
        if limit == 0 && nsize < HUGE {
            handle_alloc_error(Layout::from_size_align(nsize, ALIGN).unwrap_or(Layout::new::<u8>()));
        }
        return std::ptr::null_mut();
    }
    heap.used.set(used + nsize);
    block.cast()
}
