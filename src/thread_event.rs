//! Being told of what Rust does with coroutines.

use crate::error::Result;
use crate::lua::Lua;
use crate::raw::State;
use crate::thread::Thread;
use crate::types::MaybeSend;
use std::cell::RefCell;
use std::ops::{BitOr, BitOrAssign};
use std::rc::Rc;

/// What happens to a coroutine.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ThreadEvent {
    /// It was made with [`Lua::create_thread`].
    Create(Thread),
    /// It is about to be resumed with [`Thread::resume`].
    Resume(Thread),
    /// It has yielded to [`Thread::resume`].
    Yield(Thread),
}

/// Which events are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadTriggers {
    /// When a coroutine is made.
    pub on_create: bool,
    /// When a coroutine is resumed.
    pub on_resume: bool,
    /// When a coroutine yields.
    pub on_yield: bool,
}

impl ThreadTriggers {
    /// When a coroutine is made.
    pub const ON_CREATE: Self = ThreadTriggers::new().on_create();
    /// When a coroutine is resumed.
    pub const ON_RESUME: Self = ThreadTriggers::new().on_resume();
    /// When a coroutine yields.
    pub const ON_YIELD: Self = ThreadTriggers::new().on_yield();

    /// None.
    pub const fn new() -> Self {
        ThreadTriggers { on_create: false, on_resume: false, on_yield: false }
    }

    /// Also when a coroutine is made.
    pub const fn on_create(mut self) -> Self {
        self.on_create = true;
        self
    }

    /// Also when a coroutine is resumed.
    pub const fn on_resume(mut self) -> Self {
        self.on_resume = true;
        self
    }

    /// Also when a coroutine yields.
    pub const fn on_yield(mut self) -> Self {
        self.on_yield = true;
        self
    }
}

impl BitOr for ThreadTriggers {
    type Output = ThreadTriggers;

    fn bitor(mut self, other: Self) -> ThreadTriggers {
        self.on_create |= other.on_create;
        self.on_resume |= other.on_resume;
        self.on_yield |= other.on_yield;
        self
    }
}

impl BitOrAssign for ThreadTriggers {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

type Callback = Rc<dyn Fn(&Lua, ThreadEvent) -> Result<()>>;

/// The callback of a state.
pub(crate) type ThreadEvents = RefCell<Option<(ThreadTriggers, Callback)>>;

impl State {
    /// Tells of an event, if it is wanted.
    #[inline]
    pub(crate) fn tell(
        &self,
        wanted: fn(ThreadTriggers) -> bool,
        event: impl FnOnce() -> ThreadEvent,
    ) -> Result<()> {
        let callback = match &*self.thread_events.borrow() {
            Some((triggers, callback)) if wanted(*triggers) => callback.clone(),
            _ => return Ok(()),
        };
        callback(self.lua(), event())
    }
}

impl Lua {
    /// Sets what is called when Rust makes or resumes a coroutine, or gets one back that has yielded. An error of it is the
    /// error of that operation. Coroutines that Lua code handles itself are not told of.
    pub fn set_thread_event_callback<F>(&self, triggers: ThreadTriggers, callback: F)
    where
        F: Fn(&Lua, ThreadEvent) -> Result<()> + MaybeSend + 'static,
    {
        let old = self.state().thread_events.replace(Some((triggers, Rc::new(callback))));
        drop(old);
    }

    /// Removes the callback.
    pub fn remove_thread_event_callback(&self) {
        let old = self.state().thread_events.take();
        drop(old);
    }
}
