//! `#[lua(...)]` on fields and on members of an `impl`.

use proc_macro2::Span;
use syn::{Attribute, Error, Ident, LitStr, Result};

/// What the attributes of one item say.
#[derive(Default)]
pub(crate) struct Words {
    words: Vec<Ident>,
    pub(crate) name: Option<LitStr>,
}

impl Words {
    /// Whether `word` is there.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.span(word).is_some()
    }

    /// Where `word` is.
    pub(crate) fn span(&self, word: &str) -> Option<Span> {
        self.words.iter().find(|w| *w == word).map(Ident::span)
    }

    /// The words of `set` that are there.
    pub(crate) fn among<'a>(&'a self, set: &'a [&str]) -> impl Iterator<Item = &'a Ident> {
        self.words.iter().filter(|w| set.iter().any(|s| *w == s))
    }

    /// The name for Lua: as said, else the item's own.
    pub(crate) fn name_or(&self, ident: &Ident) -> String {
        self.name.as_ref().map_or_else(|| plain(ident), LitStr::value)
    }

    /// `skip` goes alone: with other words it would not be clear what is meant.
    fn check_skip(&self) -> Result<()> {
        match self.span("skip") {
            Some(span) if self.words.len() > 1 || self.name.is_some() => {
                Err(Error::new(span, "`skip` leaves the item out: it goes with nothing else"))
            }
            _ => Ok(()),
        }
    }
}

/// An identifier without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    let text = ident.to_string();
    match text.strip_prefix("r#") {
        Some(plain) => plain.to_owned(),
        None => text,
    }
}

/// Reads the `#[lua(...)]` among the attributes of `what`, which knows the words of `known`.
pub(crate) fn read(attrs: &[Attribute], what: &str, known: &[&str]) -> Result<Words> {
    let mut words = Words::default();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("lua")) {
        attr.parse_nested_meta(|meta| {
            let Some(word) = meta.path.get_ident() else { return Err(meta.error(unknown(what, known))) };
            if word == "name" && known.contains(&"name") {
                if words.name.is_some() {
                    return Err(meta.error("`name` is there twice"));
                }
                if !meta.input.peek(syn::Token![=]) {
                    return Err(meta.error("`name` takes a value: `name = \"...\"`"));
                }
                let name: LitStr = meta.value()?.parse()?;
                if name.value().is_empty() {
                    return Err(Error::new(name.span(), "a name cannot be empty"));
                }
                words.name = Some(name);
                return Ok(());
            }
            if !known.iter().any(|k| word == k) {
                return Err(meta.error(unknown(what, known)));
            }
            if !meta.input.is_empty() && !meta.input.peek(syn::Token![,]) {
                return Err(meta.error(format!("`{word}` takes no value")));
            }
            if words.has(&word.to_string()) {
                return Err(meta.error(format!("`{word}` is there twice")));
            }
            words.words.push(word.clone());
            Ok(())
        })?;
    }
    words.check_skip()?;
    Ok(words)
}

fn unknown(what: &str, known: &[&str]) -> String {
    let known = known
        .iter()
        .map(|word| if *word == "name" { "`name = \"...\"`".to_owned() } else { format!("`{word}`") })
        .collect::<Vec<_>>();
    match known.split_last() {
        Some((last, rest)) if !rest.is_empty() => {
            format!("unknown word: {what} knows {} and {last}", rest.join(", "))
        }
        Some((only, _)) => format!("unknown word: {what} knows {only}"),
        None => format!("{what} knows no words"),
    }
}
