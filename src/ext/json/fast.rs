//! The fast pass over a document: one loop, no recursion, no backtracking, no allocation but the tape's own.
//!
//! It accepts only what is certainly right, and gives up ([`Failure::Unusual`]) at anything else without saying why: the
//! careful pass does that. Errors can only be found twice, never be missed; what this pass must not do is accept too much, and
//! the tests hold it against the careful pass for that.

use super::error::Failure;
use super::escape::{reserve, unescape};
use super::keys::Keys;
use super::numbers;
use super::options::Options;
use super::tape::{Cell, Level, Tape};
use super::text::{run_end, skip_white};

use Failure::Unusual;

/// Writes the tape of a document whose UTF-8 has been checked as far as the options demand it.
pub fn read(
    text: &[u8],
    rules: &Options,
    tape: &mut Tape,
    keys: &mut Keys,
    arena: &mut Vec<u8>,
) -> Result<(), Failure> {
    let mut top = Level::DOCUMENT;
    let mut i = white(text, 0);
    loop {
        // A value starts at `i`.
        match *text.get(i).ok_or(Unusual)? {
            b'"' => {
                let (start, stop) = (i + 1, run_end(text, i + 1));
                if text.get(stop) == Some(&b'"') {
                    tape.push(Cell::str(text.as_ptr().wrapping_add(start), stop - start))?;
                    i = stop + 1;
                } else {
                    let (cell, end) = escaped(text, start, stop, arena)?;
                    tape.push(cell)?;
                    i = end;
                }
            }
            b'{' => {
                i = white(text, i + 1);
                if text.get(i) == Some(&b'}') {
                    tape.push_empty(true)?;
                    i += 1;
                } else {
                    tape.open(true, &mut top)?;
                    i = key(text, i, tape, keys, arena)?;
                    continue;
                }
            }
            b'[' => {
                i = white(text, i + 1);
                if text.get(i) == Some(&b']') {
                    tape.push_empty(false)?;
                    i += 1;
                } else {
                    tape.open(false, &mut top)?;
                    continue;
                }
            }
            b'-' | b'0'..=b'9' => {
                let (cell, end) = numbers::read(text, i, rules).ok_or(Unusual)?;
                tape.push(cell)?;
                i = end;
            }
            b'n' => i = literal(text, i, b"null", rules.null(), tape)?,
            b't' => i = literal(text, i, b"true", Cell::TRUE, tape)?,
            b'f' => i = literal(text, i, b"false", Cell::FALSE, tape)?,
            _ => return Err(Unusual),
        }
        // A value ends before `i`.
        loop {
            i = white(text, i);
            if top.is_document() {
                return if i == text.len() { Ok(()) } else { Err(Unusual) };
            }
            top.count();
            match *text.get(i).ok_or(Unusual)? {
                b',' => {
                    i = white(text, i + 1);
                    if top.is_object() {
                        i = key(text, i, tape, keys, arena)?;
                    }
                    break;
                }
                b'}' if top.is_object() => {}
                b']' if !top.is_object() => {}
                _ => return Err(Unusual),
            }
            tape.close(&mut top);
            i += 1;
        }
    }
}

/// Skips white space; mostly there is none, or a lot.
#[inline(always)]
fn white(text: &[u8], i: usize) -> usize {
    match text.get(i) {
        Some(&b) if b > b' ' => i,
        _ => skip_white(text, i),
    }
}

/// The key at `i`, the colon and the white space behind it; returns where the value starts.
#[inline(always)]
fn key(
    text: &[u8],
    i: usize,
    tape: &mut Tape,
    keys: &mut Keys,
    arena: &mut Vec<u8>,
) -> Result<usize, Failure> {
    if text.get(i) != Some(&b'"') {
        return Err(Unusual);
    }
    let start = i + 1;
    let mut i = if let Some((cell, end)) = keys.guess(text, start) {
        tape.push(cell)?;
        end
    } else {
        let stop = run_end(text, start);
        if text.get(stop) == Some(&b'"') {
            tape.push(keys.find(text, start, stop - start))?;
            stop + 1
        } else {
            let (cell, end) = escaped(text, start, stop, arena)?;
            tape.push(cell)?;
            end
        }
    };
    if text.get(i) != Some(&b':') {
        i = white(text, i);
        if text.get(i) != Some(&b':') {
            return Err(Unusual);
        }
    }
    i += 1;
    if text.get(i) == Some(&b' ') {
        i += 1;
    }
    Ok(white(text, i))
}

/// A string that has an escape, or something that does not belong there, at `stop`.
#[inline(never)]
fn escaped(text: &[u8], start: usize, stop: usize, arena: &mut Vec<u8>) -> Result<(Cell, usize), Failure> {
    reserve(arena, text, start)?;
    let (begin, len, end) = unescape(text, start, stop, arena).ok_or(Unusual)?;
    Ok((Cell::str(begin, len), end))
}

#[inline(always)]
fn literal(text: &[u8], i: usize, word: &[u8], cell: Cell, tape: &mut Tape) -> Result<usize, Failure> {
    let end = i + word.len();
    if text.get(i..end) != Some(word) {
        return Err(Unusual);
    }
    tape.push(cell)?;
    Ok(end)
}
