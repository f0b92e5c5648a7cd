//! The memory of one call, kept for the next. Lua owns it: it is in a userdata with a finalizer, which the C side anchors on the
//! stack while it works. So an error that jumps out of C loses nothing, whatever it jumps over.

use super::error::{Failure, Message};
use super::keys::Keys;
use super::options::Options;
use super::sink::Sink;
use super::sort::Sorter;
use super::tape::Tape;

/// After a call, memory beyond this is given back, unless recent calls needed it too.
const KEEP: usize = 1 << 20;

/// What decoding needs.
pub struct Reader {
    pub tape: Tape,
    pub keys: Keys,
    /// The strings that have escapes.
    pub arena: Vec<u8>,
    /// A document with U+FFFD in place of what was not UTF-8.
    pub copy: Vec<u8>,
}

const KNOWN: usize = 256;

/// `struct known` of `json.h`: a key that C has written.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct Known {
    string: usize,
    at: u32,
    era_len: u32,
}

/// What one call needs. C knows the address only.
pub struct Workspace {
    pub options: Options,
    pub reader: Reader,
    pub sink: Sink,
    pub sorter: Sorter,
    /// The error message of a call that failed.
    pub message: String,
    /// What C remembers of the keys that it wrote.
    known: Box<[Known; KNOWN]>,
    /// Which of that holds: a number of 24 bits.
    era: u32,
    /// How many steps of the way to a value are in `message`.
    pub steps: u32,
    /// C's records of the containers that are open while encoding; words, so that they are aligned.
    frames: Vec<u64>,
    /// How many bytes calls needed recently; falls slowly.
    recent: usize,
}

impl Workspace {
    pub fn new() -> Workspace {
        Workspace {
            options: Options::new(false),
            reader: Reader { tape: Tape::default(), keys: Keys::new(), arena: Vec::new(), copy: Vec::new() },
            sink: Sink::default(),
            sorter: Sorter::default(),
            message: String::new(),
            known: Box::new([Known::default(); KNOWN]),
            era: 0,
            steps: 0,
            frames: Vec::new(),
            recent: 0,
        }
    }

    /// Puts the message of a failure into `message`, and tells its position: the byte, counted from 1, or 0.
    pub fn fail(&mut self, failure: Failure, text: &[u8]) -> usize {
        self.message = Message(failure, text).to_string();
        match failure {
            Failure::At(_, at) => at + 1,
            _ => 0,
        }
    }

    /// One more step of the way to the value that cannot be encoded; a long way is cut short.
    pub fn step(&mut self, step: &str) {
        match self.steps {
            0 => self.message.push_str(" at "),
            20 => self.message.push_str("..."),
            _ => {}
        }
        if self.steps < 20 {
            self.message.push_str(if self.steps == 0 { step.trim_start_matches('.') } else { step });
        }
        self.steps += 1;
    }

    /// Begins a new era of known keys.
    pub fn known(&mut self) -> (&mut [Known; KNOWN], u32) {
        self.era += 1;
        if self.era == 1 << 24 {
            self.known.fill(Known::default());
            self.era = 1;
        }
        (&mut self.known, self.era)
    }

    /// Room for at least `n` records of `size` bytes; null if there is no memory.
    pub fn frames(&mut self, n: usize, size: usize) -> *mut u64 {
        let words = n * size.div_ceil(8);
        if words > self.frames.len() {
            if self.frames.try_reserve(words - self.frames.len()).is_err() {
                return std::ptr::null_mut();
            }
            self.frames.resize(words, 0);
        }
        self.frames.as_mut_ptr()
    }

    /// The call is over: give back what a large one needed once.
    pub fn settle(&mut self) {
        let used =
            self.reader.tape.bytes() + self.reader.arena.len() + self.reader.copy.len() + self.sink.len();
        self.recent = used.max(self.recent - self.recent / 8);
        if self.sink.capacity() + self.reader.bytes() > KEEP + 8 * self.recent {
            self.reader.tape.shrink();
            self.reader.arena = Vec::new();
            self.reader.copy = Vec::new();
            self.sink.shrink();
            self.sorter = Sorter::default();
            self.frames = Vec::new();
        }
    }
}

impl Reader {
    fn bytes(&self) -> usize {
        self.tape.capacity() + self.arena.capacity() + self.copy.capacity()
    }
}
