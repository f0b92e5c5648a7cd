//! The careful pass: the whole grammar by the `jiter` library, for documents that are wrong or have something rare in them. It
//! writes the same tape as the fast pass, or says what is wrong and at which byte.

use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, Peek};

use super::error::Failure;
use super::escape::{diagnose, reserve, unescape};
use super::numbers::{Refused, convert};
use super::options::{Nan, Options};
use super::tape::{Cell, Level, Tape};
use super::text::run_end;

/// Writes the tape of a document. It does not look at its UTF-8: the caller does, as far as the options demand it.
pub fn read(text: &[u8], rules: &Options, tape: &mut Tape, arena: &mut Vec<u8>) -> Result<(), Failure> {
    let json = Jiter::new(text);
    let mut walk =
        Walk { text, json: if rules.nan == Nan::Allow { json.with_allow_inf_nan() } else { json } };
    let mut top = Level::DOCUMENT;
    let mut peek = walk.value()?;
    loop {
        let at = walk.json.current_index();
        match peek {
            Peek::Null => {
                walk.json.known_null().map_err(|e| walk.failure(e))?;
                tape.push(rules.null())?;
            }
            Peek::True | Peek::False => {
                walk.json.known_bool(peek).map_err(|e| walk.failure(e))?;
                tape.push(if peek == Peek::True { Cell::TRUE } else { Cell::FALSE })?;
            }
            Peek::String => {
                walk.json.known_bytes().map(drop).map_err(|e| walk.failure(e))?;
                tape.push(walk.string(at, arena)?)?;
            }
            Peek::Array => match walk.json.known_array() {
                Err(e) => return Err(walk.failure(e)),
                Ok(None) => tape.push_empty(false).map_err(|e| deep(e, at))?,
                Ok(Some(first)) => {
                    tape.open(false, &mut top).map_err(|e| deep(e, at))?;
                    peek = first;
                    continue;
                }
            },
            Peek::Object => match walk.first_key()? {
                None => tape.push_empty(true).map_err(|e| deep(e, at))?,
                Some(quote) => {
                    tape.open(true, &mut top).map_err(|e| deep(e, at))?;
                    tape.push(walk.string(quote, arena)?)?;
                    peek = walk.value()?;
                    continue;
                }
            },
            _ if peek.is_num() => tape.push(walk.number(peek, rules)?)?,
            _ => return Err(Failure::At("expected a value", at)),
        }
        // A value is complete: find the next one, closing what ends before it.
        loop {
            if top.is_document() {
                return walk.json.finish().map_err(|e| walk.failure(e));
            }
            top.count();
            if top.is_object() {
                if let Some(quote) = walk.key()? {
                    tape.push(walk.string(quote, arena)?)?;
                    peek = walk.value()?;
                    break;
                }
            } else if let Some(next) = walk.json.array_step().map_err(|e| walk.failure(e))? {
                peek = next;
                break;
            }
            tape.close(&mut top);
        }
    }
}

/// The library, and the document that it walks.
struct Walk<'a> {
    text: &'a [u8],
    json: Jiter<'a>,
}

impl Walk<'_> {
    fn value(&mut self) -> Result<Peek, Failure> {
        self.json.peek().map_err(|e| self.failure(e))
    }

    /// The next key of an object: where its opening quote is.
    fn key(&mut self) -> Result<Option<usize>, Failure> {
        let key = self.json.next_key_bytes().map(|key| key.map(|k| quote(self.text, k)));
        key.map_err(|e| self.failure(e))
    }

    fn first_key(&mut self) -> Result<Option<usize>, Failure> {
        let key = self.json.next_object_bytes().map(|key| key.map(|k| quote(self.text, k)));
        key.map_err(|e| self.failure(e))
    }

    /// The string at `quote`, which the library has accepted.
    fn string(&self, quote: usize, arena: &mut Vec<u8>) -> Result<Cell, Failure> {
        let start = quote + 1;
        let stop = run_end(self.text, start);
        if self.text.get(stop) == Some(&b'"') {
            return Ok(Cell::str(self.text.as_ptr().wrapping_add(start), stop - start));
        }
        reserve(arena, self.text, start)?;
        match unescape(self.text, start, stop, arena) {
            Some((begin, len, _)) => Ok(Cell::str(begin, len)),
            None => Err(diagnose(self.text, quote)),
        }
    }

    fn number(&mut self, peek: Peek, rules: &Options) -> Result<Cell, Failure> {
        let at = self.json.current_index();
        if let Err(e) = self.json.known_number_bytes(peek) {
            return Err(self.failure(e));
        }
        convert(self.json.slice_to_current(at), rules).map_err(|refused| match refused {
            Refused::TooBig => Failure::At("integer too large for this Lua (see the option bigint)", at),
            Refused::NotFinite => Failure::At("number out of range", at),
        })
    }

    /// The library's error as ours. Its index is the byte that is wrong, except in strings, which we look at ourselves: it
    /// counts there from the start of what it has unescaped so far.
    fn failure(&self, error: JiterError) -> Failure {
        let JiterErrorType::JsonError(kind) = error.error_type else {
            return Failure::At("expected a value", error.index);
        };
        let what = match kind {
            JsonErrorType::EofWhileParsingString
            | JsonErrorType::ControlCharacterWhileParsingString
            | JsonErrorType::InvalidEscape
            | JsonErrorType::LoneLeadingSurrogateInHexEscape
            | JsonErrorType::UnexpectedEndOfHexEscape
            | JsonErrorType::InvalidUnicodeCodePoint => {
                return diagnose(self.text, self.json.current_index());
            }
            JsonErrorType::EofWhileParsingList
            | JsonErrorType::EofWhileParsingObject
            | JsonErrorType::EofWhileParsingValue => {
                return Failure::At("unexpected end of the document", self.text.len());
            }
            JsonErrorType::ExpectedColon => "expected ':'",
            JsonErrorType::ExpectedListCommaOrEnd => "expected ',' or ']'",
            JsonErrorType::ExpectedObjectCommaOrEnd => "expected ',' or '}'",
            JsonErrorType::ExpectedSomeIdent => "invalid literal",
            JsonErrorType::InvalidNumber => "invalid number",
            JsonErrorType::NumberOutOfRange => "number out of range",
            JsonErrorType::KeyMustBeAString => "expected a string as key",
            JsonErrorType::TrailingComma => "nothing follows the ','",
            JsonErrorType::TrailingCharacters => "expected the end of the document",
            _ => "expected a value",
        };
        Failure::At(what, error.index)
    }
}

/// Where the opening quote of a string is, given its contents as a part of the text.
fn quote(text: &[u8], contents: &[u8]) -> usize {
    contents.as_ptr() as usize - text.as_ptr() as usize - 1
}

fn deep(failure: Failure, at: usize) -> Failure {
    match failure {
        Failure::TooDeep => Failure::At("nested deeper than max_depth", at),
        other => other,
    }
}
