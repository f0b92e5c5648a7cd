//! The numbers of a document as Lua numbers: integers exactly wherever this Lua can hold them, decimal fractions as the
//! nearest double.

use super::options::{Big, Nan, Options};
use super::tape::Cell;
use super::text::{lanes, word};

/// The largest magnitude up to which a double holds every integer.
const EXACT: u64 = 1 << 53;
/// An integer part may have this many digits, as in Python and in jiter, which bounds the work that one number can cause.
const MAX_DIGITS: usize = 4300;

/// Why a number has no cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// An integer that this Lua cannot hold, with `bigint = "error"`.
    TooBig,
    /// Beyond the range of doubles.
    NotFinite,
}

/// The number at `i`, where there is a digit or a minus sign: its cell and where it ends. `None` for what is not a number and
/// for what [`convert`] refuses. The caller must find a delimiter at the end.
#[inline(always)]
pub fn read(text: &[u8], i: usize, rules: &Options) -> Option<(Cell, usize)> {
    let negative = text[i] == b'-';
    let first = i + negative as usize;
    let mut end = first;
    let mut value = 0u64;
    // Eighteen digits cannot overflow.
    if let Some(x) = word(text, first)
        && let Some(digits) = eight_digits(x)
    {
        value = digits;
        end += 8;
    }
    while let Some(digit) = digit(text, end)
        && end - first < 18
    {
        value = value * 10 + digit;
        end += 1;
    }
    if end == first || (text[first] == b'0' && end > first + 1) {
        return None;
    }
    match text.get(end) {
        Some(b'.' | b'e' | b'E' | b'0'..=b'9') => return read_long(text, i, end, rules),
        _ if value == 0 && negative => return Some((Cell::num(-0.0), end)),
        _ if value > EXACT && !rules.integers => return read_long(text, i, end, rules),
        _ => {}
    }
    let value = if negative { -(value as i64) } else { value as i64 };
    Some((Cell::int(value), end))
}

/// The rest of [`read`]: fractions, exponents, many digits.
#[inline(never)]
fn read_long(text: &[u8], i: usize, mut end: usize, rules: &Options) -> Option<(Cell, usize)> {
    while digit(text, end).is_some() {
        end += 1;
    }
    if end - i > MAX_DIGITS {
        return None;
    }
    match text.get(end) {
        Some(b'.') => {
            digit(text, end + 1)?;
        }
        Some(b'e' | b'E') => {}
        _ => return Some((integer(&text[i..end], rules).ok()?, end)),
    }
    // The library takes the longest prefix that is a number; an exponent without digits is left over and the caller meets it.
    let (value, len) = fast_float2::parse_partial::<f64, _>(&text[i..]).ok()?;
    if !value.is_finite() {
        return None;
    }
    Some((Cell::num(value), i + len))
}

/// The number that eight decimal digits are, if they are digits: adds up neighbours, then pairs, then fours.
#[inline(always)]
fn eight_digits(x: u64) -> Option<u64> {
    let digits = x ^ lanes(b'0');
    if (digits | digits.wrapping_add(lanes(6))) & lanes(0xF0) != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_FFFF_0000_FFFF;
    Some(fours.wrapping_mul(10000).wrapping_add(fours >> 32) & 0xFFFF_FFFF)
}

#[inline(always)]
fn digit(text: &[u8], i: usize) -> Option<u64> {
    let value = text.get(i)?.wrapping_sub(b'0');
    (value < 10).then_some(value as u64)
}

/// The cell of a number whose grammar has been checked; also `NaN`, `Infinity` and `-Infinity`.
pub fn convert(number: &[u8], rules: &Options) -> Result<Cell, Refused> {
    if number.iter().all(|b| matches!(b, b'-' | b'0'..=b'9')) {
        return match number {
            b"-0" => Ok(Cell::num(-0.0)),
            _ => integer(number, rules),
        };
    }
    float(number, rules)
}

fn integer(number: &[u8], rules: &Options) -> Result<Cell, Refused> {
    if let Some(value) = std::str::from_utf8(number).ok().and_then(|s| s.parse::<i64>().ok())
        && (rules.integers || value.unsigned_abs() <= EXACT)
    {
        return Ok(Cell::int(value));
    }
    match rules.bigint {
        Big::Error => Err(Refused::TooBig),
        Big::String => Ok(Cell::str(number.as_ptr(), number.len())),
        Big::Number => float(number, rules),
    }
}

fn float(number: &[u8], rules: &Options) -> Result<Cell, Refused> {
    // The grammar was checked, so the library takes it; it also knows NaN and Infinity.
    let value: f64 = fast_float2::parse(number).unwrap_or(f64::NAN);
    if value.is_finite() || rules.nan == Nan::Allow { Ok(Cell::num(value)) } else { Err(Refused::NotFinite) }
}
