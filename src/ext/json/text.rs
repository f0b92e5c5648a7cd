//! The scans that decoding and encoding share: eight bytes at a time, in plain 64-bit arithmetic, the same on every machine;
//! and where strings end, which takes the most time, sixteen at a time where the machine surely can.

/// A byte repeated in every lane.
pub const fn lanes(byte: u8) -> u64 {
    0x0101_0101_0101_0101 * byte as u64
}

/// The eight bytes at `i`, the first one lowest; `None` when fewer are left.
#[inline(always)]
pub fn word(text: &[u8], i: usize) -> Option<u64> {
    let bytes = text.get(i..)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*bytes))
}

/// The sixteen bytes at `i`, as [`word`].
#[inline(always)]
pub fn two_words(text: &[u8], i: usize) -> Option<(u64, u64)> {
    let bytes = text.get(i..)?.first_chunk::<16>()?;
    let both = u128::from_le_bytes(*bytes);
    Some((both as u64, (both >> 64) as u64))
}

/// Which lanes stop a run of plain string bytes: `"`, `\` and control characters. The high bit of the first such lane is
/// set and no lower lane has one; higher lanes may be wrong, because a borrow runs upwards.
#[inline(always)]
pub fn stops(x: u64) -> u64 {
    let quote = (x ^ lanes(b'"')).wrapping_sub(lanes(1));
    let slash = (x ^ lanes(b'\\')).wrapping_sub(lanes(1));
    let control = x.wrapping_sub(lanes(0x20));
    // A lane with its high bit set is part of a non-ASCII character and never stops a run.
    (quote | slash | control) & !x & lanes(0x80)
}

/// The number of the lowest lane that is marked; `marks` is not zero.
#[inline(always)]
pub fn first_lane(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// The first position at or after `i` of a `"`, a `\` or a control character, or the end of the text.
#[inline(always)]
pub fn run_end(text: &[u8], mut i: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    while let Some(bytes) = text.get(i..).and_then(|rest| rest.first_chunk::<16>()) {
        let marks = stops_sse2(bytes);
        if marks != 0 {
            return i + marks.trailing_zeros() as usize;
        }
        i += 16;
    }
    while let Some(x) = word(text, i) {
        let marks = stops(x);
        if marks != 0 {
            return i + first_lane(marks);
        }
        i += 8;
    }
    while let Some(&b) = text.get(i)
        && b != b'"'
        && b != b'\\'
        && b >= 0x20
    {
        i += 1;
    }
    i
}

/// As [`stops`], for 16 bytes and exactly, one bit for each. Every x86-64 has SSE2.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn stops_sse2(bytes: &[u8; 16]) -> u32 {
    use std::arch::x86_64::*;
    // SAFETY: x86-64 includes SSE2; the load takes 16 bytes from 16 bytes, at any alignment.
    unsafe {
        let x = _mm_loadu_si128(bytes.as_ptr().cast());
        let quote = _mm_cmpeq_epi8(x, _mm_set1_epi8(b'"' as i8));
        let slash = _mm_cmpeq_epi8(x, _mm_set1_epi8(b'\\' as i8));
        let control = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x);
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), control)) as u32
    }
}

/// The first position at or after `i` that is not JSON white space. Written for text that is either compact or indented
/// with spaces.
#[inline(always)]
pub fn skip_white(text: &[u8], mut i: usize) -> usize {
    loop {
        match text.get(i) {
            Some(b' ' | b'\n' | b'\r' | b'\t') => i += 1,
            _ => return i,
        }
        while let Some(x) = word(text, i) {
            let other = x ^ lanes(b' ');
            if other != 0 {
                i += first_lane(other);
                break;
            }
            i += 8;
        }
        if let Some(&b) = text.get(i)
            && b > b' '
        {
            return i;
        }
    }
}

/// Whether the `len` bytes at `a` and at `b` are the same. Inline, because most strings compared are short; `false` when
/// either does not lie in the text.
#[inline(always)]
pub fn same(text: &[u8], a: usize, b: usize, len: usize) -> bool {
    if len < 8 {
        return text.get(a..a + len) == text.get(b..b + len);
    }
    let mut i = 0;
    while i + 8 < len {
        if word(text, a + i) != word(text, b + i) {
            return false;
        }
        i += 8;
    }
    word(text, a + len - 8) == word(text, b + len - 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_end_where_a_byte_loop_says() {
        for stop in [b'"', b'\\', 0x00, 0x1f, b'\n'] {
            for before in [0x20u8, b'!', b'#', b'[', b']', 0x7f, 0x80, 0xff, 0xa2, 0xdc] {
                for len in 0..40 {
                    let mut text = vec![before; len];
                    text.push(stop);
                    text.extend_from_slice(b"\"tail");
                    assert_eq!(run_end(&text, 0), len, "{before:#x} x {len}, then {stop:#x}");
                    assert_eq!(run_end(&text[..len], 0), len);
                }
            }
        }
    }

    #[test]
    fn white_space_is_four_characters() {
        for len in 0..40 {
            let mut text = b"\n".to_vec();
            text.extend(std::iter::repeat_n(b' ', len));
            text.extend_from_slice(b"\t\r\nx");
            assert_eq!(skip_white(&text, 0), len + 4);
        }
        assert_eq!(skip_white(b"\x0b ", 0), 0);
        assert_eq!(skip_white(b" \x0c", 0), 1);
        assert_eq!(skip_white(b"  ", 0), 2);
        assert_eq!(skip_white(b"\xa0", 0), 0);
    }
}
