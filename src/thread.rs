//! Coroutines.

pub use crate::thread_event::{ThreadEvent, ThreadTriggers};

use crate::convert::{FromLuaMulti, IntoLuaMulti};
use crate::error::{Error, Result};
use crate::function::Function;
use crate::lua::Lua;
use crate::raw::args::Stack;
use crate::raw::op::{Code, Op, PLAIN};
use crate::raw::push::Pusher;
use crate::raw::state::Frame;
use crate::raw::{State, ValueRef, ffi};
use crate::types::lua_State;
use crate::vm::dialect::Version;
use crate::vm::types::{State as L, status};
use std::fmt;
use std::os::raw::{c_int, c_void};

/// A handle to a coroutine.
#[derive(Clone)]
pub struct Thread(pub(crate) ValueRef, pub(crate) L);

/// What a coroutine is doing.
#[derive(Debug, Copy, Clone, Eq, PartialEq)]
pub enum ThreadStatus {
    /// It has not started, or it has yielded: it can be resumed.
    Resumable,
    /// It is running now.
    Running,
    /// It has resumed another coroutine and waits for it.
    Normal,
    /// It has run to its end.
    Finished,
    /// It was ended by an error.
    Error,
}

impl Thread {
    /// The raw thread.
    pub fn state(&self) -> *mut lua_State {
        self.1
    }

    /// Starts or goes on with the coroutine (Lua manual, `lua_resume`): the arguments are those of its function, or what
    /// its `yield` returns. What it yields or returns is the result.
    ///
    /// # Errors
    /// [`Error::CoroutineUnresumable`] if it is not suspended; what it raises; those of the conversions.
    pub fn resume<R: FromLuaMulti>(&self, args: impl IntoLuaMulti) -> Result<R> {
        let state = self.0.open();
        let _alive = state.alive();
        if self.status() != ThreadStatus::Resumable {
            return Err(Error::CoroutineUnresumable);
        }
        state.tell(|t| t.on_resume, || ThreadEvent::Resume(self.clone()))?;
        let mut pusher = Pusher::new(state);
        args.push_all_to(&mut pusher)?;
        let count = pusher.onto_stack()?;
        let (api, l, co) = (state.api, state.current.get(), self.1);
        let mut results = 0;
        // The conversion of the arguments may have run anything.
        if self.status() != ThreadStatus::Resumable {
            // SAFETY: they are on the top.
            unsafe { api.pop(l, count) };
            return Err(Error::CoroutineUnresumable);
        }
        // SAFETY: S-THREAD-1, the coroutine is suspended; there is room for the arguments and later for the results.
        unsafe {
            // In 5.1 the function that yielded has room for a few, and asking for more could raise on the coroutine, where nothing
            // catches it.
            let roomy = api.version == Version::Lua51 && count <= 10;
            if !roomy && let Err(error) = state.more_room(co, count as u32 + 2) {
                api.pop(l, count);
                return Err(error);
            }
            (api.lua_xmove)(l, co, count);
            let code = ffi::shim_resume(api, co, l, count, &mut results);
            if code != status::OK && code != status::YIELD {
                return Err(self.failed(state, code));
            }
            if let Err(error) = state.room(results as u32 + 1) {
                api.pop(co, results);
                return Err(error);
            }
            let top = (api.lua_gettop)(l);
            let _frame = Frame::above(api, l, top);
            // At once: from here on others may do with the coroutine what they like.
            (api.lua_xmove)(co, l, results);
            state.with_pushed(results as u32, || {
                if code == status::YIELD {
                    state.tell(|t| t.on_yield, || ThreadEvent::Yield(self.clone()))?;
                }
                R::read_all(&Stack { state, l }, top + 1, results)
            })
        }
    }

    /// Makes the coroutine new again, with another function: whatever it was doing is given up, and on 5.4 and later its
    /// pending to-be-closed variables are closed (Lua manual, `lua_closethread`).
    ///
    /// # Errors
    /// If it is running; what closing raises. Before 5.4 only a coroutine that has finished or not started can be reset.
    pub fn reset(&self, function: Function) -> Result<()> {
        let state = self.0.open();
        let _alive = state.alive();
        state.check_same(&function.0)?;
        let co = self.1;
        let thread_status = self.status();
        if matches!(thread_status, ThreadStatus::Running | ThreadStatus::Normal) {
            return Err(Error::runtime("cannot reset a running thread"));
        }
        // SAFETY: S-THREAD-1, the coroutine does not run.
        unsafe {
            let code = ffi::shim_closethread(state.api, co, state.current.get());
            if code > status::OK {
                let l = state.current.get();
                (state.api.lua_xmove)(co, l, 1);
                (state.api.lua_settop)(co, 0);
                return Err(state.pop_error(l, code));
            }
            if code < 0 && (state.api.lua_status)(co) != status::OK {
                return Err(Error::runtime(
                    "this Lua can only reset a thread that has finished or not started",
                ));
            }
            (state.api.lua_settop)(co, 0);
            state.push_ref(co, &function.0);
        }
        Ok(())
    }

    /// The error that ended the coroutine, with a traceback of where it was.
    #[cold]
    fn failed(&self, state: &State, code: c_int) -> Error {
        let (api, co) = (state.api, self.1);
        // SAFETY: the error value is on the top of the coroutine, whose stack is as it was when the error was raised. The
        // value moves to the current thread, since a dead coroutine has no room to look at it.
        unsafe {
            let l = state.current.get();
            (api.lua_xmove)(co, l, 1);
            let traced = Stack { state, l }.failure(-1).is_some_and(crate::raw::failure::Failure::is_traced);
            *state.traceback.borrow_mut() =
                (!traced).then(|| crate::raw::traceback::traceback(state, co, None, 0));
            state.pop_error(l, code)
        }
    }

    /// What the coroutine is doing.
    pub fn status(&self) -> ThreadStatus {
        let state = self.0.open();
        let (api, co) = (state.api, self.1);
        if co == state.current.get() {
            return ThreadStatus::Running;
        }
        // What Rust runs on outside of callbacks may have values on its stack, but it is no coroutine.
        if co == state.base {
            return ThreadStatus::Normal;
        }
        // SAFETY: S-THREAD-1, the handle keeps the thread.
        unsafe {
            match (api.lua_status)(co) {
                status::YIELD => ThreadStatus::Resumable,
                status::OK => {
                    let mut debug = crate::raw::traceback::DebugBuffer::new();
                    if (api.lua_getstack)(co, 0, debug.0.as_mut_ptr().cast()) != 0 {
                        ThreadStatus::Normal
                    } else if (api.lua_gettop)(co) == 0 {
                        ThreadStatus::Finished
                    } else {
                        ThreadStatus::Resumable
                    }
                }
                _ => ThreadStatus::Error,
            }
        }
    }

    /// Whether it can be resumed.
    pub fn is_resumable(&self) -> bool {
        self.status() == ThreadStatus::Resumable
    }

    /// Whether it is running now.
    pub fn is_running(&self) -> bool {
        self.status() == ThreadStatus::Running
    }

    /// Whether it waits for another coroutine.
    pub fn is_normal(&self) -> bool {
        self.status() == ThreadStatus::Normal
    }

    /// Whether it has run to its end.
    pub fn is_finished(&self) -> bool {
        self.status() == ThreadStatus::Finished
    }

    /// Whether it was ended by an error.
    pub fn is_error(&self) -> bool {
        self.status() == ThreadStatus::Error
    }

    /// The address of the coroutine, for comparing and printing.
    pub fn to_pointer(&self) -> *const c_void {
        self.0.to_pointer()
    }
}

impl State {
    /// Makes a thread, with a function to run or without.
    pub(crate) fn new_thread(&self, function: Option<ValueRef>) -> Result<(ValueRef, L)> {
        let _alive = self.alive();
        self.room(3)?;
        let mut tape = self.tape();
        match function {
            Some(function) => tape.reference(function),
            None => tape.nil(),
        }
        let mut op = Op::new(self, Code::Thread);
        // SAFETY: the operand is a function or nil; the result is a thread.
        unsafe {
            self.run_op_on(&mut op, tape, 1, PLAIN)?;
            Ok((self.pop_ref(self.current.get())?, op.out_p.cast()))
        }
    }
}

impl PartialEq for Thread {
    /// Whether it is the same coroutine.
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thread({:?})", self.to_pointer())
    }
}

impl Lua {
    /// Makes a coroutine that will run the function (Lua manual, `lua_newthread`).
    ///
    /// # Errors
    /// If memory runs out.
    pub fn create_thread(&self, function: Function) -> Result<Thread> {
        let state = self.state();
        state.check_same(&function.0)?;
        let (value, thread) = state.new_thread(Some(function.0))?;
        let thread = Thread(value, thread);
        state.tell(|t| t.on_create, || ThreadEvent::Create(thread.clone()))?;
        Ok(thread)
    }

    /// The coroutine that is running, or the main one.
    pub fn current_thread(&self) -> Thread {
        let state = self.state();
        let l = state.current.get();
        // SAFETY: pushing a thread onto itself needs one slot, which every frame has, and allocates nothing.
        unsafe {
            (state.api.lua_pushthread)(l);
            Thread(state.pop_ref_infallible(l), l)
        }
    }
}
