//! One Lua state as Rust sees it.

use super::ffi::{self, Anchor, Code, Function, slot};
use super::heap::{self, Heap};
use super::keys::Keys;
use super::op::Op;
use super::refs::{FIRST, LOOSE, Pinned, Slots};
use super::tape::Tapes;
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::registry::Registry;
use crate::userdata::Types;
use crate::vm::Api;
use crate::vm::types::{CFunction, State as L, status};
use std::cell::{Cell, RefCell, UnsafeCell};
use std::mem::ManuallyDrop;
use std::os::raw::{c_int, c_void};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::Once;

/// A live or closed Lua state. It lives on Rust's heap until Lua has closed the state and nothing in Rust refers to it.
///
/// A state and all that belongs to it are used by one thread (S-STATE-2), so its parts are plain cells.
pub(crate) struct State {
    pub(crate) api: &'static Api,
    /// The thread to run on: that of the innermost running callback, else the base thread.
    pub(crate) current: Cell<L>,
    /// How many values Rust has on the stack frame of `current` just now; see `room`.
    pub(crate) pushed: Cell<u32>,
    /// How many callbacks are running, one inside the other.
    pub(crate) depth: Cell<u32>,
    /// The table of globals.
    pub(crate) globals: Cell<Pinned>,
    /// The first reference thread.
    pub(crate) refs: L,
    /// A thread that lives as long as the state.
    pub(crate) base: L,
    pub(crate) anchor: *mut Anchor,
    /// The metatable of failures, to know one by.
    pub(crate) failure_metatable: Cell<*const c_void>,
    pub(crate) finalizer_errors_escape: bool,
    /// Only of states that are ours.
    pub(crate) heap: Option<Rc<Heap>>,
    /// What callbacks get a reference to. Not counted.
    me: ManuallyDrop<Lua>,
    /// `Lua`s. When the last one of a state that is ours goes, the state is closed.
    strong: Cell<usize>,
    /// What keeps this memory: the Lua side, the `Lua`s, and the slots in use.
    memory: Cell<usize>,
    owned: Cell<bool>,
    /// Whether unsafe libraries and C modules are kept out.
    pub(crate) safe: Cell<bool>,
    closed: Cell<bool>,
    closing: Cell<bool>,
    pub(crate) slots: UnsafeCell<Slots>,
    pub(crate) borrows: super::frame::Borrows,
    pub(crate) keys: Keys,
    /// Memory for values as plain data.
    pub(crate) tapes: RefCell<Tapes>,
    /// How many tapes the shim has.
    pub(crate) lent: Cell<usize>,
    /// What the message handler noted of the error on its way.
    pub(crate) traceback: RefCell<Option<String>>,
    /// How many errors are being described, one inside the other.
    pub(crate) describing: Cell<u32>,
    /// The functions made of Rust functions that capture nothing, by their trampoline.
    pub(crate) plain_functions: RefCell<rustc_hash::FxHashMap<usize, Pinned>>,
    pub(crate) types: Types,
    pub(crate) registry: Registry,
    pub(crate) app_data: crate::app_data::AppData,
    pub(crate) hooks: crate::hook::Hooks,
    pub(crate) warnings: crate::warning::Warnings,
    pub(crate) thread_events: crate::thread_event::ThreadEvents,
    pub(crate) options: Cell<crate::lua::LuaOptions>,
}

/// Its address is the key in Lua's registry of what this copy of the library keeps there. Another copy, also of the same
/// version, has its own.
static KEY: u8 = 0;

/// Pushes the key: the address as a number, since LuaJIT allocates for a light userdata, and so may raise. With a half added,
/// which is exact below 2^52, it is none of the indices that `luaL_ref` uses.
///
/// # Safety
/// There is room on `l`, a thread of a Lua of `api`.
unsafe fn push_key(api: &Api, l: L) {
    // SAFETY: the caller's promise; pushing a number never raises.
    unsafe { (api.lua_pushnumber)(l, (&raw const KEY).addr() as f64 + 0.5) };
}

/// So many values Rust keeps on a frame without asking Lua for room; the rest of the 20 slots is for single operations.
const CROWDED: u32 = 12;

impl State {
    fn new(api: &'static Api, heap: Option<Rc<Heap>>) -> Box<State> {
        let none = std::ptr::null_mut();
        Box::new(State {
            api,
            current: Cell::new(none),
            pushed: Cell::new(0),
            depth: Cell::new(0),
            globals: Cell::new(Pinned::none()),
            refs: none,
            base: none,
            anchor: std::ptr::null_mut(),
            failure_metatable: Cell::new(std::ptr::null()),
            finalizer_errors_escape: api.finalizer_errors_escape(),
            heap,
            // SAFETY: S-STATE-3, replaced by `set_up` before anybody can see it.
            me: ManuallyDrop::new(unsafe { Lua::from_raw(NonNull::dangling()) }),
            strong: Cell::new(0),
            memory: Cell::new(0),
            owned: Cell::new(false),
            safe: Cell::new(false),
            closed: Cell::new(false),
            closing: Cell::new(false),
            slots: UnsafeCell::new(Slots::new()),
            borrows: super::frame::Borrows::default(),
            keys: Keys::new(),
            tapes: RefCell::default(),
            lent: Cell::new(0),
            traceback: RefCell::new(None),
            describing: Cell::new(0),
            plain_functions: RefCell::default(),
            types: Types::default(),
            registry: Registry::default(),
            app_data: crate::app_data::AppData::default(),
            hooks: crate::hook::Hooks::default(),
            warnings: crate::warning::Warnings::default(),
            thread_events: crate::thread_event::ThreadEvents::default(),
            options: Cell::default(),
        })
    }

    /// Makes a new Lua state without any library in it.
    pub(crate) fn create(api: &'static Api) -> Result<Lua> {
        let heap = Heap::new();
        let ud = Rc::as_ptr(&heap).cast_mut().cast::<c_void>();
        let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0_u8) as u32;
        // SAFETY: S-VM-1; the heap outlives the state (S-HEAP-1): it is kept here until the state keeps it or is closed.
        let mut l = unsafe { ffi::shim_newstate(api, heap::allocate, ud, seed) };
        let mut heap = Some(heap);
        if l.is_null() && api.is_jit != 0 {
            // A LuaJIT without GC64 refuses memory that is not its own.
            heap = None;
            // SAFETY: S-VM-1.
            l = unsafe { crate::vm::probe::new_state(api.luaL_newstate) }.unwrap_or(std::ptr::null_mut());
        }
        if l.is_null() {
            return Err(Error::MemoryError("not enough memory for a new Lua state".into()));
        }
        // SAFETY: the state is new and ours.
        let made = unsafe { State::set_up(api, l, heap.clone()) };
        match &made {
            Ok(lua) => {
                lua.state().owned.set(true);
                lua.state().pushed.set(0);
            }
            // SAFETY: nothing of it is used any more.
            Err(_) => unsafe { (api.lua_close)(l) },
        }
        made
    }

    /// The state that `l` belongs to, set up if this copy of the library meets it for the first time.
    ///
    /// # Safety
    /// `l` is a live thread of a Lua of `api`, used by this thread only (S-STATE-2), with five free stack slots.
    pub(crate) unsafe fn of(api: &'static Api, l: L) -> Result<NonNull<State>> {
        // SAFETY: the caller's promise; none of these raises.
        let anchor = unsafe {
            let top = (api.lua_gettop)(l);
            push_key(api, l);
            (api.lua_rawget)(l, api.registry_index);
            let mut anchor = std::ptr::null_mut::<Anchor>();
            if (api.lua_type)(l, -1) == crate::vm::types::ty::TABLE {
                (api.lua_rawgeti)(l, -1, 1);
                anchor = (api.lua_touserdata)(l, -1).cast();
            }
            (api.lua_settop)(l, top);
            anchor
        };
        if !anchor.is_null() {
            // SAFETY: S-ANCHOR-1, it stands in the registry, so Lua has not freed it.
            return NonNull::new(unsafe { (*anchor).state })
                .ok_or_else(|| Error::runtime("the Lua state is being closed"));
        }
        // SAFETY: the caller's promise.
        let lua = unsafe { State::set_up(api, l, None)? };
        // The state's host owns it; what this `Lua` kept is kept by the anchor.
        Ok(lua.raw())
    }

    /// # Safety
    /// As `of`; with a heap, the state is new and nobody else's.
    unsafe fn set_up(api: &'static Api, l: L, heap: Option<Rc<Heap>>) -> Result<Lua> {
        static HANDLER: Once = Once::new();
        // SAFETY: the function has the signature that the shim calls it with.
        HANDLER.call_once(|| unsafe {
            ffi::shim_set_on_error(super::traceback::on_error);
            ffi::shim_set_on_hook(crate::hook::on_hook, (&raw const KEY).cast());
        });
        let state = NonNull::from(Box::leak(State::new(api, heap)));
        // LuaJIT's collector shrinks a stack down to what is in use, so there the slots always are; other Luas keep what was
        // asked for.
        let settles = api.is_jit == 0;
        const FIRST_SLOT: c_int = super::keys::FIRST_SLOT + super::keys::COUNT as c_int;
        let mut init = ffi::Init {
            key: (&raw const KEY).cast(),
            state: state.as_ptr(),
            finalize: Some(finalize_anchor),
            room: FIRST,
            slots: if settles { FIRST_SLOT - 1 + LOOSE } else { FIRST },
            anchor: std::ptr::null_mut(),
            refs: std::ptr::null_mut(),
            base: std::ptr::null_mut(),
        };
        let f = api.shim_function(Function::Init);
        let ud = (&raw mut init).cast::<c_void>();
        // SAFETY: the shim's function runs in a protected call; where a C function is an object, lua_cpcall makes it there.
        let code = unsafe {
            match api.lua_cpcall {
                Some(cpcall) => cpcall(l, f, ud),
                None => {
                    super::calm::push_light_function(api, l, f);
                    (api.lua_pushlightuserdata)(l, ud);
                    api.pcall(l, 1, 0, 0)
                }
            }
        };
        if code != status::OK {
            // SAFETY: the message is on the top, and nobody has seen the new state.
            unsafe {
                let message = match (api.lua_type)(l, -1) {
                    crate::vm::types::ty::STRING => {
                        String::from_utf8_lossy(api.string_bytes(l, -1)).into_owned()
                    }
                    _ => "no memory".into(),
                };
                api.pop(l, 1);
                drop(Box::from_raw(state.as_ptr()));
                return Err(Error::MemoryError(format!("cannot set up the Lua state: {message}")));
            }
        }
        // SAFETY: S-STATE-3, nobody else has the state yet.
        unsafe {
            let s = &mut *state.as_ptr();
            s.anchor = init.anchor;
            s.refs = init.refs;
            s.base = init.base;
            s.current = Cell::new(init.base);
            // On the stack of a host there may be anything: an operation outside of callbacks asks for its room.
            s.pushed = Cell::new(if s.heap.is_none() { CROWDED } else { 0 });
            s.me = ManuallyDrop::new(Lua::from_raw(state));
            match settles {
                true => s.slots.get_mut().start(init.refs, FIRST_SLOT, init.slots, FIRST),
                false => s.slots.get_mut().add(init.refs, FIRST_SLOT, FIRST),
            }
            s.memory = Cell::new(1);
            s.failure_metatable.set((api.lua_topointer)(init.refs, slot::FAILURE));
            let lua = Lua::new_counted(state);
            (api.lua_pushvalue)(init.refs, slot::GLOBALS);
            lua.state().globals.set(lua.state().pop_ref(init.refs)?.pin());
            super::failure::set_up(&lua)?;
            Ok(lua)
        }
    }

    /// What callbacks get.
    #[inline]
    pub(crate) fn lua(&self) -> &Lua {
        &self.me
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Whether the state is on its way out, so that finalizers of new objects would not run.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.get() || self.closed.get()
    }

    /// Whether oxilua made the state and will close it.
    pub(crate) fn is_owned(&self) -> bool {
        self.owned.get()
    }

    #[inline]
    pub(crate) fn keep_memory(&self) {
        self.memory.set(self.memory.get() + 1);
    }

    /// Takes one back: a reference that the state itself holds must not keep it.
    pub(crate) fn forget_memory(&self) {
        self.memory.set(self.memory.get() - 1);
    }

    /// Gives up what `keep_memory` took; the last one frees the state.
    #[inline]
    pub(crate) fn release_memory(&self) {
        let left = self.memory.get() - 1;
        self.memory.set(left);
        if left == 0 {
            // SAFETY: S-STATE-1, nothing refers to the state any more; it came from a box.
            drop(unsafe { Box::from_raw((&raw const *self).cast_mut()) });
        }
    }

    /// Keeps the state open while an operation runs that may call Lua or the collector: what runs there can drop the last
    /// `Lua`.
    #[inline]
    pub(crate) fn alive(&self) -> Alive<'_> {
        self.strong.set(self.strong.get() + 1);
        Alive(self, self.lent.get())
    }

    #[inline]
    pub(crate) fn keep(&self) {
        self.strong.set(self.strong.get() + 1);
        self.keep_memory();
    }

    /// Gives up what `keep` took; the last one closes a state that is ours.
    #[inline]
    pub(crate) fn release(&self) {
        self.let_go();
        self.release_memory();
    }

    #[inline]
    fn let_go(&self) {
        let left = self.strong.get() - 1;
        self.strong.set(left);
        if left == 0 && self.is_owned() && !self.is_closing() {
            self.close();
        }
    }

    pub(crate) fn has_owner(&self) -> bool {
        !self.is_closed() && (self.strong.get() > 0 || !self.is_owned())
    }

    #[cold]
    fn close(&self) {
        self.closing.set(true);
        // Finalizers may need some memory, whatever the limit was.
        if let Some(heap) = &self.heap {
            heap.fail_after(usize::MAX);
        }
        // SAFETY: the state is ours, and no call into it is under way: each one keeps it. `base` is its main thread, or
        // in 5.1 and LuaJIT the thread it was made with, which is the same.
        unsafe { (self.api.lua_close)(self.base) };
        self.closed.set(true);
    }

    /// Makes sure that `n` more values fit on the stack frame of `current`, besides the few that an operation needs.
    ///
    /// A C function has 20 free slots. Rust counts what it has there, and asks Lua for more only beyond `CROWDED`.
    #[inline]
    pub(crate) fn room(&self, n: u32) -> Result<()> {
        if self.pushed.get() + n <= CROWDED { Ok(()) } else { self.more_room(self.current.get(), n + 8) }
    }

    /// `lua_checkstack` for any thread of the state.
    #[cold]
    pub(crate) fn more_room(&self, l: L, n: u32) -> Result<()> {
        let n = c_int::try_from(n).ok().filter(|&n| n <= self.api.max_stack).ok_or(Error::StackError)?;
        let grown = match self.calm_stack() {
            Some(calm) => {
                // SAFETY: S-CALM-1, `l` is a thread of this state.
                let there = unsafe { calm.checkstack(l, n) };
                return if there { Ok(()) } else { Err(Error::StackError) };
            }
            None => {
                let mut op = Op::new(self, Code::Stack);
                op.a = n;
                op.p = l.cast();
                // SAFETY: it pushes nothing; the operation itself needs three slots, which `room` always leaves.
                unsafe { self.run_op(&mut op, 0, 0)? };
                op.out != 0
            }
        };
        // The operation has grown the stack, but on `current` it was its own frame that it was granted to. Now there is room
        // for sure, so nothing raises, and this frame learns of it.
        // SAFETY: S-CALM-4.
        if grown && unsafe { super::calm::checkstack_known(self, l, n) } {
            Ok(())
        } else {
            Err(Error::StackError)
        }
    }

    pub(crate) fn new_reference_thread(&self, slots: c_int, index: c_int) -> Result<L> {
        let mut op = Op::new(self, Code::Refs);
        op.a = slots;
        op.b = index + 2;
        // SAFETY: it leaves nothing on the stack.
        unsafe { self.run_op(&mut op, 0, 0)? };
        Ok(op.out_p.cast())
    }

    /// Counts `n` values on the current frame while `f` runs.
    #[inline]
    pub(crate) fn with_pushed<R>(&self, n: u32, f: impl FnOnce() -> R) -> R {
        struct Counted<'a>(&'a State, u32);
        impl Drop for Counted<'_> {
            #[inline]
            fn drop(&mut self) {
                self.0.pushed.set(self.0.pushed.get() - self.1);
            }
        }
        self.pushed.set(self.pushed.get() + n);
        let _counted = Counted(self, n);
        f()
    }

    /// Whether this is the state's Lua and not another one in the process.
    pub(crate) fn is_same(&self, other: &State) -> bool {
        std::ptr::eq(self, other)
    }

    pub(crate) fn shim(&self, which: Function) -> CFunction {
        self.api.shim_function(which)
    }
}

/// The anchor's finalizer: Lua closes the state. From now on nothing in Rust may touch it.
unsafe extern "C" fn finalize_anchor(_l: L, block: *mut c_void) {
    // SAFETY: S-ANCHOR-1, Lua calls this once with the anchor, whose state is there until now.
    unsafe {
        let anchor = &mut *block.cast::<Anchor>();
        anchor.finalize = None;
        let state = std::mem::replace(&mut anchor.state, std::ptr::null_mut());
        if let Some(state) = state.as_ref() {
            state.closing.set(true);
            // Rust values that the state kept for Lua are dropped while Lua still is in order.
            super::failure::quietly(|| state.drop_contents());
            state.closed.set(true);
            // What the last Drops have stored meanwhile.
            super::failure::quietly(|| state.drop_contents());
            state.release_memory();
        }
    }
}

impl State {
    fn drop_contents(&self) {
        self.drop_tapes();
        self.clear_registry();
        drop(self.app_data.take_all());
        self.hooks.clear();
        drop(self.thread_events.take());
        self.forget_warning_function();
        self.types.clear();
    }
}

/// Clears a stack down to `top` when it goes, also by a panic.
pub(crate) struct Frame {
    api: &'static Api,
    l: L,
    top: c_int,
}

impl Frame {
    /// # Safety
    /// `l` is a thread of this Lua that has `top` values when the frame goes, and perhaps others above them.
    #[inline]
    pub(crate) unsafe fn above(api: &'static Api, l: L, top: c_int) -> Frame {
        Frame { api, l, top }
    }
}

impl Drop for Frame {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the promise of `above`; what is above is plain values, nothing to be closed.
        unsafe { (self.api.lua_settop)(self.l, self.top) }
    }
}

/// See [`State::alive`].
pub(crate) struct Alive<'a>(&'a State, usize);

impl Drop for Alive<'_> {
    #[inline]
    fn drop(&mut self) {
        // A tape lent since then can have no shim's frame that would give it back: it is lost to an error.
        if self.0.lent.get() > self.1 {
            self.0.drop_lost_tapes(self.1);
        }
        self.0.let_go();
    }
}
