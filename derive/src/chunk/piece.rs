//! Tokens as a flat list of pieces of text with their places.

use proc_macro::{Delimiter, Group, Spacing, Span, TokenStream, TokenTree};

/// A place in a file: line and column, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// From the first character up to behind the last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) start: Place,
    pub(super) end: Place,
}

pub(super) struct Piece {
    pub(super) text: String,
    pub(super) kind: Kind,
    /// For messages; of an opening bracket all up to the closing one.
    pub(super) span: Span,
    /// Where it is; `None` if it is not from where the chunk is: another macro may have put it in.
    pub(super) range: Option<Range>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Literal,
    /// A character of its own, or (`true`) one that stands directly before another.
    Mark(bool),
    Open,
    Close,
}

impl Piece {
    pub(super) fn is(&self, mark: &str) -> bool {
        matches!(self.kind, Kind::Mark(_) | Kind::Open | Kind::Close) && self.text == mark
    }

    /// Whether `next` follows without a space.
    pub(super) fn touches(&self, next: &Piece) -> bool {
        match (self.range, next.range) {
            (Some(this), Some(next)) => this.end == next.start,
            _ => self.kind == Kind::Mark(true),
        }
    }

    fn new(text: String, kind: Kind, span: Span) -> Piece {
        let [start, end] =
            [span.start(), span.end()].map(|span| Place { line: span.line(), column: span.column() });
        Piece { text, kind, span, range: Some(Range { start, end }) }
    }
}

pub(super) fn flatten(tokens: TokenStream) -> Vec<Piece> {
    let mut pieces = Vec::new();
    add(tokens, &mut pieces);
    forget_foreign(&mut pieces);
    pieces
}

fn add(tokens: TokenStream, pieces: &mut Vec<Piece>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(ident) => pieces.push(Piece::new(ident.to_string(), Kind::Word, ident.span())),
            TokenTree::Literal(literal) => {
                pieces.push(Piece::new(literal.to_string(), Kind::Literal, literal.span()));
            }
            TokenTree::Punct(mark) if mark.as_char() == '#' && is_comment(mark.span()) => {
                // A documentation comment arrives as `#[doc = "..."]` or `#![doc = "..."]`.
                tokens.next_if(|next| matches!(next, TokenTree::Punct(mark) if mark.as_char() == '!'));
                tokens.next();
            }
            TokenTree::Punct(mark) => {
                let joint = mark.spacing() == Spacing::Joint;
                pieces.push(Piece::new(mark.as_char().to_string(), Kind::Mark(joint), mark.span()));
            }
            TokenTree::Group(group) => add_group(group, pieces),
        }
    }
}

fn add_group(group: Group, pieces: &mut Vec<Piece>) {
    let (open, close) = match group.delimiter() {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => return add(group.stream(), pieces),
    };
    let opening = Piece::new(open.to_owned(), Kind::Open, group.span_open());
    pieces.push(Piece { span: group.span(), ..opening });
    add(group.stream(), pieces);
    pieces.push(Piece::new(close.to_owned(), Kind::Close, group.span_close()));
}

fn is_comment(span: Span) -> bool {
    span.source_text().is_some_and(|text| text.starts_with("//") || text.starts_with("/*"))
}

/// Forgets the places of pieces that are not between the first and the last one of the chunk, in order.
fn forget_foreign(pieces: &mut [Piece]) {
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else { return };
    let file = first.span.file();
    let home = first.range.zip(last.range).map(|(first, last)| first.start..last.end);
    let mut behind = None;
    for piece in pieces {
        let at_home = piece.range.filter(|range| {
            home.as_ref().is_some_and(|home| home.start <= range.start && range.end <= home.end)
                // What another macro made of nothing has the place of that macro's call, all of it the same one.
                && behind.is_none_or(|behind| behind <= range.start)
                && range.start < range.end
                && piece.span.file() == file
        });
        match at_home {
            Some(range) => behind = Some(range.end),
            None => piece.range = None,
        }
    }
}
