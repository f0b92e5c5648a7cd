//! Escape sequences in the strings of a document.

use super::error::Failure;
use super::text::run_end;

/// The contents of the string that starts at `start` (behind its opening quote), unescaped, and the position behind its closing
/// quote. `stop` is where its first run of plain bytes ends. `None` if the string is not right.
///
/// `arena` has room for it: what is unescaped is never longer than its source, and [`reserve`] was called for the document. So
/// the bytes of earlier strings stay where they are.
pub fn unescape(
    text: &[u8],
    start: usize,
    mut stop: usize,
    arena: &mut Vec<u8>,
) -> Option<(*const u8, usize, usize)> {
    let begin = arena.len();
    let mut run = start;
    loop {
        arena.extend_from_slice(text.get(run..stop)?);
        match text.get(stop)? {
            b'"' => break,
            b'\\' => {}
            _ => return None,
        }
        run = stop + 2;
        match text.get(stop + 1)? {
            b'"' => arena.push(b'"'),
            b'\\' => arena.push(b'\\'),
            b'/' => arena.push(b'/'),
            b'b' => arena.push(8),
            b'f' => arena.push(12),
            b'n' => arena.push(b'\n'),
            b'r' => arena.push(b'\r'),
            b't' => arena.push(b'\t'),
            b'u' => {
                let (character, end) = unicode(text, stop)?;
                arena.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                run = end;
            }
            _ => return None,
        }
        stop = run_end(text, run);
    }
    Some((arena.as_ptr().wrapping_add(begin), arena.len() - begin, stop + 1))
}

/// Makes sure that `arena` can take every string of a document from position `i` on without moving.
pub fn reserve(arena: &mut Vec<u8>, text: &[u8], i: usize) -> Result<(), Failure> {
    if arena.is_empty() {
        arena.try_reserve(text.len() - i)?;
    }
    Ok(())
}

/// The character of the `\u` escape at `i` (of both, for a surrogate pair) and the position behind it.
pub fn unicode(text: &[u8], i: usize) -> Option<(char, usize)> {
    let first = hex4(text, i)?;
    if !(0xD800..0xE000).contains(&first) {
        return Some((char::from_u32(first)?, i + 6));
    }
    let second = hex4(text, i + 6)?;
    if first >= 0xDC00 || !(0xDC00..0xE000).contains(&second) {
        return None;
    }
    Some((char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))?, i + 12))
}

/// The number in `\uXXXX` at `i`.
fn hex4(text: &[u8], i: usize) -> Option<u32> {
    let escape = text.get(i..i + 6)?;
    if &escape[..2] != b"\\u" {
        return None;
    }
    escape[2..].iter().try_fold(0, |n, &b| Some(n << 4 | (b as char).to_digit(16)?))
}

/// What is wrong with the string whose opening quote is at `quote`, and at which byte.
pub fn diagnose(text: &[u8], quote: usize) -> Failure {
    let mut i = quote + 1;
    loop {
        i = run_end(text, i);
        match text.get(i) {
            None => return Failure::At("unexpected end of the document in a string", text.len()),
            // The caller found something wrong before the end, so this is not reached; but it must be some error.
            Some(b'"') => return Failure::At("invalid string", quote),
            Some(b'\\') => match text.get(i + 1) {
                None => return Failure::At("unexpected end of the document in a string", text.len()),
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => i += 2,
                Some(b'u') => match unicode(text, i) {
                    Some((_, end)) => i = end,
                    None => return diagnose_unicode(text, i),
                },
                Some(_) => return Failure::At("invalid escape in a string", i),
            },
            Some(_) => return Failure::At("control character in a string", i),
        }
    }
}

fn diagnose_unicode(text: &[u8], i: usize) -> Failure {
    for at in i + 2..i + 6 {
        match text.get(at) {
            None => return Failure::At("unexpected end of the document in a string", text.len()),
            Some(b) if b.is_ascii_hexdigit() => {}
            Some(_) => return Failure::At("invalid \\u escape in a string", at),
        }
    }
    // Four digits, so half a pair. Unless the document ends where the other half should be, the pair is what is wrong.
    match (hex4(text, i), text.get(i + 6..)) {
        (Some(0xD800..0xDC00), None | Some([] | [b'\\'])) => {
            Failure::At("unexpected end of the document in a string", text.len())
        }
        (Some(0xD800..0xDC00), Some([b'\\', b'u', ..])) if hex4(text, i + 6).is_none() => {
            diagnose_unicode(text, i + 6)
        }
        _ => Failure::At("unpaired surrogate in a string", i),
    }
}
