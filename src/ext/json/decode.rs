//! A document becomes a tape.

use super::error::Failure;
use super::options::{Null, Options, Utf8};
use super::workspace::Reader;
use super::{careful, fast};

impl Reader {
    /// Writes the tape of `text`. The tape refers to `text` and to this reader's memory.
    pub fn decode(&mut self, text: &[u8], rules: &Options) -> Result<(), Failure> {
        if text.len() >= u32::MAX as usize {
            return Err(Failure::TooLong);
        }
        if rules.utf8 == Utf8::Keep || simdutf8::basic::from_utf8(text).is_ok() {
            return self.read(text, rules);
        }
        match rules.utf8 {
            Utf8::Replace => self.decode_replacing(text, rules),
            _ => Err(self.diagnose(text, rules)),
        }
    }

    fn read(&mut self, text: &[u8], rules: &Options) -> Result<(), Failure> {
        self.start(rules);
        match fast::read(text, rules, &mut self.tape, &mut self.keys, &mut self.arena) {
            Err(Failure::Unusual | Failure::TooDeep) => self.read_carefully(text, rules),
            result => result,
        }
    }

    fn read_carefully(&mut self, text: &[u8], rules: &Options) -> Result<(), Failure> {
        self.start(rules);
        careful::read(text, rules, &mut self.tape, &mut self.arena).map_err(|failure| match failure {
            Failure::At(_, 0) if text.starts_with(b"\xEF\xBB\xBF") => Failure::At("byte order mark", 0),
            other => other,
        })
    }

    fn start(&mut self, rules: &Options) {
        self.tape.start(rules.max_depth as usize);
        self.keys.start((rules.null == Null::Given) as u16);
        self.arena.clear();
    }

    /// The first error of a document that is not UTF-8: what is not UTF-8, unless something is wrong before.
    fn diagnose(&mut self, text: &[u8], rules: &Options) -> Failure {
        let valid = std::str::from_utf8(text).err().map_or(text.len(), |e| e.valid_up_to());
        match self.read_carefully(text, rules) {
            Err(Failure::At(what, at)) if at < valid => Failure::At(what, at),
            Err(failure @ (Failure::OutOfMemory | Failure::TooLong)) => failure,
            _ => Failure::At("invalid UTF-8", valid),
        }
    }

    /// Decodes a copy with U+FFFD in place of what is not UTF-8.
    fn decode_replacing(&mut self, text: &[u8], rules: &Options) -> Result<(), Failure> {
        let mut copy = std::mem::take(&mut self.copy);
        copy.clear();
        for chunk in text.utf8_chunks() {
            copy.try_reserve(chunk.valid().len() + 3)?;
            copy.extend_from_slice(chunk.valid().as_bytes());
            if !chunk.invalid().is_empty() {
                copy.extend_from_slice("\u{FFFD}".as_bytes());
            }
        }
        let result =
            if copy.len() >= u32::MAX as usize { Err(Failure::TooLong) } else { self.read(&copy, rules) };
        self.copy = copy;
        match result {
            // The position is one of the copy; the original has the same error.
            Err(Failure::At(..)) => match self.read_carefully(text, rules) {
                Err(failure) => Err(failure),
                Ok(()) => result,
            },
            result => result,
        }
    }
}
