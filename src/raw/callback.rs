//! Rust functions that Lua calls.
//!
//! A Rust function is a C closure over a block in Lua's memory: first what the trampoline needs ([`Callback`]), then the
//! Rust closure itself. The code that reads its arguments and pushes its results is made for each closure type, so nothing
//! is boxed and nothing is looked up.

use super::args::Stack;
use super::calm::LARGEST_STRING;
use super::failure::{self, Failure};
use super::ffi::{
    Anchor, Call, Callback, Cell as ValueCell, Code, Finalize, Function, Pending, kind, slot, tag,
};
use super::op::{Op, PLAIN};
use super::push::Pusher;
use super::refs::ValueRef;
use super::state::State;
use super::tape::Tape;
use crate::convert::{FromLuaMulti, IntoLuaMulti};
use crate::error::{Error, Result};
use crate::lua::Lua;
use crate::vm::types::State as L;
use std::cell::{Cell, UnsafeCell};
use std::mem::{align_of, needs_drop, size_of};
use std::os::raw::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The block: the head, and behind it the closure, or a box of it if it needs more than the 8-byte alignment that Lua gives.
const HEAD: usize = size_of::<Callback>();

const fn is_boxed<F>() -> bool {
    align_of::<F>() > 8
}

const fn block_size<F>() -> usize {
    HEAD + if is_boxed::<F>() { size_of::<Box<F>>() } else { size_of::<F>() }
}

/// The closure in a block.
///
/// # Safety
/// The block was made by `create` with this `F`, and is complete (S-CALLBACK-1).
#[inline]
pub(crate) unsafe fn closure<'a, F>(block: *mut Callback) -> &'a F {
    // SAFETY: the caller's promise; a closure without a size can be anywhere.
    unsafe {
        let place = block.cast::<u8>().add(HEAD);
        if is_boxed::<F>() { &*place.cast::<Box<F>>() } else { &*place.cast::<F>() }
    }
}

unsafe extern "C" fn drop_closure<F>(l: L, block: *mut c_void) {
    // SAFETY: S-CALLBACK-1; the finalizer is taken out first, so this happens once.
    unsafe {
        let head = &mut *block.cast::<Callback>();
        head.finalize = None;
        head.call = Some(destructed);
        let anchor = head.anchor;
        let place = block.cast::<u8>().add(HEAD);
        in_finalizer(l, anchor, || {
            if is_boxed::<F>() {
                drop(place.cast::<Box<F>>().read());
            } else {
                drop(place.cast::<F>().read());
            }
        });
    }
}

/// Runs what a finalizer does: the code of a `Drop` may use the state, on the thread that the collector runs on.
///
/// # Safety
/// `l` is the thread on which Lua runs the finalizer, and `anchor` that of its state.
pub(crate) unsafe fn in_finalizer(l: L, anchor: *mut Anchor, f: impl FnOnce()) {
    // SAFETY: S-ANCHOR-1, finalizers run before Lua frees the anchor.
    let state = unsafe { (*anchor).state.as_ref() };
    let _entered = state.map(|state| Entered::again(state, l));
    // An error here would come out of any allocation.
    failure::quietly(f);
}

/// So many calls of Rust may be one inside the other. Most Luas allow 200 calls of C functions; 5.1 does not count those
/// in coroutines, and LuaJIT none at all, but each one needs its part of the system's stack.
const DEEPEST: u32 = 200;

#[cold]
fn too_deep() -> Error {
    Error::runtime("stack overflow (too many Rust functions called one inside the other)")
}

/// While it exists, operations run on the thread of a callback.
pub(crate) struct Entered<'a> {
    state: &'a State,
    thread: L,
    pushed: u32,
    borrow_mark: usize,
}

impl<'a> Entered<'a> {
    #[inline]
    pub(crate) fn new(state: &'a State, l: L) -> Entered<'a> {
        state.depth.set(state.depth.get() + 1);
        Entered {
            state,
            thread: state.current.replace(l),
            pushed: state.pushed.replace(0),
            borrow_mark: state.borrow_mark(),
        }
    }
}

impl<'a> Entered<'a> {
    /// The same on what may be the frame that runs already, as when a value is destroyed before its time: what Rust has
    /// there still counts.
    fn again(state: &'a State, l: L) -> Entered<'a> {
        let pushed = state.pushed.get();
        let entered = Entered::new(state, l);
        if entered.thread == l {
            state.pushed.set(pushed);
        }
        entered
    }
}

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.state.borrow_mark() > self.borrow_mark {
            // SAFETY: S-FRAME-1, the callback is about to return.
            unsafe { self.state.keep_borrows(self.borrow_mark) };
        }
        self.state.depth.set(self.state.depth.get() - 1);
        self.state.current.set(self.thread);
        self.state.pushed.set(self.pushed);
    }
}

/// What remains of a function whose closure is gone: a scope has ended, or the state is closing.
unsafe extern "C" fn destructed(l: L, block: *mut Callback, out: *mut *mut Pending) -> c_int {
    // SAFETY: S-CALLBACK-1.
    unsafe { run(l, block, out, |_, _| Err(Error::CallbackDestructed)) }
}

/// Drops the closure of a function now: calling it is an error from then on.
///
/// # Safety
/// The function is one of `create`'s, and does not run.
pub(crate) unsafe fn destroy(state: &State, function: &ValueRef) {
    let own = function.thread();
    // SAFETY: S-REF-1, S-CALLBACK-1: the first upvalue is the block.
    unsafe {
        (state.api.lua_getupvalue)(own, function.slot(), 1);
        let block = (state.api.lua_touserdata)(own, -1).cast::<Callback>();
        state.api.pop(own, 1);
        match (*block).finalize {
            Some(finalize) => finalize(state.current.get(), block.cast()),
            None => (*block).call = Some(destructed),
        }
    }
}

/// Makes a Lua function of `f`, called through `call`.
pub(crate) fn create<F: 'static>(state: &State, f: F, call: Call) -> Result<ValueRef> {
    if size_of::<F>() == 0 && !needs_drop::<F>() {
        return plain(state, call);
    }
    // SAFETY: F is 'static.
    unsafe { create_unchecked(state, f, call) }
}

/// The same for closures with borrows.
///
/// # Safety
/// The closure is destroyed before what it borrows ends (S-SCOPE-1).
pub(crate) unsafe fn create_unchecked<F>(state: &State, f: F, call: Call) -> Result<ValueRef> {
    if state.is_closing() && needs_drop::<F>() {
        return Err(Error::runtime("the Lua state is being closed"));
    }
    let _alive = state.alive();
    state.room(3)?;
    let l = state.current.get();
    // SAFETY: there is room; the block is filled before anything else can see it, and with nothing in between that fails.
    unsafe {
        let finalize = needs_drop::<F>() || is_boxed::<F>();
        let block = new_block(state, l, block_size::<F>(), finalize)?;
        // The reference first: should there be none, no closure must stay behind.
        let made = state.pop_ref(l)?;
        let head = block.cast::<Callback>();
        let place = block.cast::<u8>().add(HEAD);
        if is_boxed::<F>() {
            place.cast::<Box<F>>().write(Box::new(f));
        } else {
            place.cast::<F>().write(f);
        }
        head.write(Callback {
            finalize: finalize.then_some(drop_closure::<F> as Finalize),
            call: Some(call),
            anchor: state.anchor,
        });
        Ok(made)
    }
}

/// A function that captures nothing is made once for each state, like Lua's own functions without upvalues.
fn plain(state: &State, call: Call) -> Result<ValueRef> {
    let known = state.plain_functions.borrow().get(&(call as usize)).copied();
    if let Some(function) = known {
        return Ok(function.share());
    }
    let _alive = state.alive();
    state.room(3)?;
    let l = state.current.get();
    // SAFETY: as in `create`.
    let function = unsafe {
        let block = new_block(state, l, HEAD, false)?;
        block.cast::<Callback>().write(Callback { finalize: None, call: Some(call), anchor: state.anchor });
        state.pop_ref(l)?.pin()
    };
    state.plain_functions.borrow_mut().insert(call as usize, function);
    Ok(function.share())
}

/// Pushes a closure of the trampoline over a new block, with the finalizer's metatable if asked for.
///
/// # Safety
/// There is room for three values.
unsafe fn new_block(state: &State, l: L, size: usize, finalizer: bool) -> Result<*mut c_void> {
    let trampoline = state.shim(Function::Call);
    if let Some(calm) = state.calm_objects().filter(|_| size <= LARGEST_STRING) {
        // SAFETY: S-CALM-1.
        unsafe {
            let block = calm.newuserdata(l, size, 0);
            block.cast::<u8>().write_bytes(0, size);
            if finalizer {
                state.push_slot(l, state.refs, slot::BLOCK);
                (state.api.lua_setmetatable)(l, -2);
            }
            calm.pushcclosure(l, trampoline, 1);
            return Ok(block);
        }
    }
    let mut op = Op::new(state, Code::Callback);
    op.size = size;
    op.p = trampoline as *mut c_void;
    let mut tape = state.tape();
    if finalizer {
        tape.slot(state.refs, slot::BLOCK);
    } else {
        tape.nil();
    }
    // SAFETY: the operand is a metatable or nil.
    unsafe { state.run_op_on(&mut op, tape, 1, PLAIN)? };
    Ok(op.out_p)
}

/// The body of every trampoline: enters the state, runs `body`, and leaves its results or its error for Lua.
///
/// # Safety
/// Called by the shim's trampoline with what it got (S-CALLBACK-1).
#[inline]
pub(crate) unsafe fn run(
    l: L,
    block: *mut Callback,
    out: *mut *mut Pending,
    body: impl FnOnce(&Stack<'_>, &mut Pusher<'_>) -> Result<()>,
) -> c_int {
    // SAFETY: S-ANCHOR-1, the anchor is there for as long as Lua runs code.
    let Some(state) = (unsafe { (*(*block).anchor).state.as_ref() }) else {
        // SAFETY: `out` is the shim's.
        return unsafe { closed(out) };
    };
    // SAFETY: as the caller promises.
    unsafe { run_in(state, l, out, body) }
}

/// The same where the state is known.
///
/// # Safety
/// `l` is a thread of the state on which a C function runs, `out` the shim's.
#[inline]
pub(crate) unsafe fn run_in(
    state: &State,
    l: L,
    out: *mut *mut Pending,
    body: impl FnOnce(&Stack<'_>, &mut Pusher<'_>) -> Result<()>,
) -> c_int {
    let entered = Entered::new(state, l);
    let result = catch_unwind(AssertUnwindSafe(|| {
        if state.depth.get() > DEEPEST {
            return Err(too_deep());
        }
        let mut pusher = Pusher::new(state);
        body(&Stack { state, l }, &mut pusher)?;
        Ok(pusher.into_parts())
    }));
    let pending = match result {
        Ok(Ok((direct, None))) => {
            drop(entered);
            return direct as c_int;
        }
        Ok(Ok((direct, Some(tape)))) => tape.into_pending(state, kind::RETURN, direct as i32),
        Ok(Err(error)) => raise(state, failure::callback_error(state, l, error)),
        Err(payload) => raise(state, Failure::panic(state, payload)),
    };
    drop(entered);
    // SAFETY: `out` is the shim's.
    unsafe { *out = pending };
    -1
}

/// Runs a hook's function: what it answers, or -1 with its error pending.
///
/// # Safety
/// `l` is the thread on which a hook runs, `out` the shim's.
pub(crate) unsafe fn enter(
    state: &State,
    l: L,
    out: *mut *mut Pending,
    body: impl FnOnce() -> Result<c_int>,
) -> c_int {
    let entered = Entered::new(state, l);
    let pending = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(answer)) => return answer,
        Ok(Err(error)) => raise(state, failure::callback_error(state, l, error)),
        Err(payload) => raise(state, Failure::panic(state, payload)),
    };
    drop(entered);
    // SAFETY: `out` is the shim's.
    unsafe { *out = pending };
    -1
}

#[cold]
fn raise(state: &State, failure: Box<Failure>) -> *mut Pending {
    let mut tape: Box<Tape> = state.tape();
    tape.failure(state, failure);
    tape.into_pending(state, kind::RAISE, 0)
}

/// The state is closed for Rust, but Lua still runs finalizers that call functions of ours.
#[cold]
unsafe fn closed(out: *mut *mut Pending) -> c_int {
    static TEXT: &[u8] = b"the Lua state is being closed";
    unsafe extern "C" fn release(pending: *mut Pending) {
        // SAFETY: made below; the cell first.
        unsafe {
            drop(Box::from_raw((*pending).cells));
            drop(Box::from_raw(pending));
        }
    }
    let cell = Box::new(ValueCell { tag: tag::STR, len: TEXT.len() as u32, data: TEXT.as_ptr() as u64 });
    let pending = Box::new(Pending {
        kind: kind::RAISE,
        nstack: 0,
        nvalues: 1,
        cells: Box::into_raw(cell),
        run: None,
        context: std::ptr::null_mut(),
        release: Some(release),
    });
    // SAFETY: `out` is the shim's.
    unsafe { *out = Box::into_raw(pending) };
    -1
}

/// The trampoline of `Lua::create_function`.
pub(crate) unsafe extern "C" fn call_fn<F, A, R>(l: L, block: *mut Callback, out: *mut *mut Pending) -> c_int
where
    F: Fn(&Lua, A) -> Result<R>,
    A: FromLuaMulti,
    R: IntoLuaMulti,
{
    // SAFETY: S-CALLBACK-1; the arguments are 1 to gettop.
    unsafe {
        run(l, block, out, |stack, results| {
            let f = closure::<F>(block);
            let args = A::read_args(stack, 1, (stack.state.api.lua_gettop)(l), None)?;
            f(stack.lua(), args)?.push_all_to(results)
        })
    }
}

/// A closure that changes what it captured, and so must not run twice at a time.
pub(crate) struct Exclusive<F> {
    running: Cell<bool>,
    f: UnsafeCell<F>,
}

impl<F> Exclusive<F> {
    pub(crate) fn new(f: F) -> Self {
        Exclusive { running: Cell::new(false), f: UnsafeCell::new(f) }
    }

    /// Runs with the closure, or fails if it is running.
    pub(crate) fn enter<R>(&self, run: impl FnOnce(&mut F) -> Result<R>) -> Result<R> {
        struct Leave<'a>(&'a Cell<bool>);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.set(false);
            }
        }
        if self.running.replace(true) {
            return Err(Error::RecursiveMutCallback);
        }
        let _leave = Leave(&self.running);
        // SAFETY: S-CALLBACK-2, the flag lets only one in.
        run(unsafe { &mut *self.f.get() })
    }
}

/// The trampoline of `Lua::create_function_mut`.
pub(crate) unsafe extern "C" fn call_fn_mut<F, A, R>(
    l: L,
    block: *mut Callback,
    out: *mut *mut Pending,
) -> c_int
where
    F: FnMut(&Lua, A) -> Result<R>,
    A: FromLuaMulti,
    R: IntoLuaMulti,
{
    // SAFETY: S-CALLBACK-1.
    unsafe {
        run(l, block, out, |stack, results| {
            let results_of_call = closure::<Exclusive<F>>(block).enter(|f| {
                let args = A::read_args(stack, 1, (stack.state.api.lua_gettop)(l), None)?;
                f(stack.lua(), args)
            })?;
            results_of_call.push_all_to(results)
        })
    }
}

/// `__tostring` of failures.
pub(crate) unsafe extern "C" fn tostring_failure(
    l: L,
    block: *mut Callback,
    out: *mut *mut Pending,
) -> c_int {
    // SAFETY: S-CALLBACK-1; a missing argument is no failure.
    unsafe {
        run(l, block, out, |stack, results| {
            let text = failure::text_of(stack, 1).unwrap_or_else(|| "<error>".into());
            results.bytes(text.as_bytes())
        })
    }
}
