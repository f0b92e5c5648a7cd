//! The text of a chunk, put together from its pieces.

use super::piece::{Kind, Piece, Place};
use proc_macro2::Ident;
use syn::{Error, Result};

#[derive(Default)]
pub(super) struct Text {
    pub(super) source: String,
    /// The variables with a `$`, each one once.
    pub(super) captured: Vec<Ident>,
    /// Where the last piece with a place ended, or the chunk begins.
    end: Option<Place>,
    /// What the last piece was, if anything has been written.
    last: Option<Last>,
}

/// What decides whether there must be a space.
struct Last {
    at_home: bool,
    joint: bool,
}

pub(super) fn write(pieces: &[Piece]) -> Result<Text> {
    let begin = pieces.first().and_then(|piece| piece.range).map(|range| range.start);
    let mut text = Text { end: begin, ..Text::default() };
    // Lines begin where the one furthest to the left does.
    let margin = margin(pieces);
    let mut i = 0;
    while let Some(piece) = pieces.get(i) {
        let rest = &pieces[i..];
        if is_comment(rest) {
            i += comment_length(rest);
        } else if let Some((string, length)) = long_string(rest) {
            text.gap(piece, margin);
            text.add(&string, &rest[length - 1]);
            i += length;
        } else if piece.is("$") {
            text.gap(piece, margin);
            text.capture(piece, rest.get(1))?;
            i += 2;
        } else {
            text.gap(piece, margin);
            text.add(&piece.text, piece);
            i += 1;
        }
    }
    Ok(text)
}

impl Text {
    /// The space before a piece.
    fn gap(&mut self, piece: &Piece, margin: usize) {
        match (self.end, piece.range, &self.last) {
            (Some(end), Some(range), _) if end.line < range.start.line => {
                self.source.extend(std::iter::repeat_n('\n', range.start.line - end.line));
                self.source.extend(std::iter::repeat_n(' ', range.start.column.saturating_sub(margin)));
            }
            (_, _, None) => {}
            (Some(end), Some(range), Some(Last { at_home: true, .. })) => {
                self.source.extend(std::iter::repeat_n(' ', range.start.column.saturating_sub(end.column)));
            }
            // Something from elsewhere is here: all that is known is which characters stood together.
            (_, _, Some(last)) if !last.joint => self.source.push(' '),
            _ => {}
        }
    }

    fn add(&mut self, text: &str, piece: &Piece) {
        self.source.push_str(text);
        self.last = Some(Last { at_home: piece.range.is_some(), joint: piece.kind == Kind::Mark(true) });
        self.end = piece.range.map(|range| range.end).or(self.end);
    }

    fn capture(&mut self, dollar: &Piece, name: Option<&Piece>) -> Result<()> {
        let message = "`$` is followed by the name of a Rust variable, like `$name`";
        let Some(name) = name else { return Err(Error::new(dollar.span.into(), message)) };
        if name.kind != Kind::Word || name.text == "_" {
            return Err(Error::new(name.span.into(), message));
        }
        let (text, span) = match name.text.strip_prefix("r#") {
            Some(plain) => (plain, Ident::new_raw(plain, name.span.into())),
            None => (&*name.text, Ident::new(&name.text, name.span.into())),
        };
        if !self.captured.contains(&span) {
            self.captured.push(span);
        }
        self.add(text, name);
        Ok(())
    }
}

fn margin(pieces: &[Piece]) -> usize {
    let mut line = 0;
    let firsts = pieces.iter().filter_map(|piece| piece.range).filter(|range| {
        let first = range.start.line > line;
        line = line.max(range.end.line);
        first
    });
    // The first line of all begins behind the macro's bracket, perhaps.
    firsts.skip(1).map(|range| range.start.column).min().unwrap_or(1)
}

/// Whether a comment begins here: `--`.
fn is_comment(pieces: &[Piece]) -> bool {
    matches!(pieces, [a, b, ..] if a.is("-") && b.is("-") && a.touches(b))
}

/// How many pieces a comment has: those of a long string behind the `--`, or the rest of the line.
fn comment_length(pieces: &[Piece]) -> usize {
    if let [_, b, rest @ ..] = pieces
        && rest.first().is_some_and(|next| b.touches(next))
        && let Some(level) = long_bracket(rest)
        && let Some(length) = long_length(rest, level)
    {
        return 2 + length;
    }
    let Some(line) = pieces[1].range.map(|range| range.start.line) else { return 2 };
    2 + pieces[2..]
        .iter()
        .take_while(|piece| piece.range.is_some_and(|range| range.start.line == line))
        .count()
}

/// A long string: its text as it stands in the file, where also what is a comment in Rust belongs to it; and how many pieces
/// that are.
fn long_string(pieces: &[Piece]) -> Option<(String, usize)> {
    let level = long_bracket(pieces)?;
    let length = long_length(pieces, level)?;
    if pieces[..length].iter().any(|piece| piece.range.is_none()) {
        return None;
    }
    // The text that is to be had is that of the group in Rust's brackets. Where Lua's end elsewhere, it is of no use.
    let text = pieces[0].span.source_text()?;
    let equals = "=".repeat(level);
    let (open, close) = (format!("[{equals}["), format!("]{equals}]"));
    (text.starts_with(&open) && text.find(&close)? + close.len() == text.len()).then_some((text, length))
}

/// How many `=` are between the two brackets, if a long string begins here.
fn long_bracket(pieces: &[Piece]) -> Option<usize> {
    bracket(pieces, "[")
}

fn bracket(pieces: &[Piece], which: &str) -> Option<usize> {
    let (first, rest) = pieces.split_first()?;
    let level = rest.iter().take_while(|piece| piece.is("=")).count();
    let second = rest.get(level)?;
    let together = pieces[..level + 2].windows(2).all(|pair| pair[0].touches(&pair[1]));
    (first.is(which) && second.is(which) && together).then_some(level)
}

/// How many pieces a long string has, from the first opening bracket to the last closing one.
fn long_length(pieces: &[Piece], level: usize) -> Option<usize> {
    let inside = level + 2;
    let close = (inside..pieces.len()).find(|&i| bracket(&pieces[i..], "]") == Some(level))?;
    Some(close + level + 2)
}
