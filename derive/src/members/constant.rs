//! Constants: fields with a fixed value.

use crate::attr::{self, Words};
use crate::krate;
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Error, Ident, ImplItemConst, Result};

const KNOWN: &[&str] = &["skip", "name", "field", "meta"];

pub(super) fn register(constant: &ImplItemConst, krate: &TokenStream) -> Result<Option<TokenStream>> {
    let words = attr::read(&constant.attrs, "a constant", KNOWN)?;
    if words.has("skip") {
        return Ok(None);
    }
    let ident = &constant.ident;
    let span = Span::call_site().located_at(constant.ty.span());
    let krate = krate::at(krate, span);
    Ok(Some(if words.has("meta") {
        let name = meta_name(&words, ident)?;
        quote_spanned!(span=> #krate::__private::UserDataFields::add_meta_field(registry, #name, Self::#ident);)
    } else {
        let name = words.name_or(ident);
        quote_spanned!(span=> #krate::__private::UserDataFields::add_field(registry, #name, Self::#ident);)
    }))
}

/// The name of a metamethod or field of the metatable: as said, else the item's own if it looks like one.
pub(super) fn meta_name(words: &Words, ident: &Ident) -> Result<String> {
    let name = words.name_or(ident);
    if words.name.is_none() && !name.starts_with("__") {
        return Err(Error::new(
            ident.span(),
            format!(
                "the names of metamethods begin with `__`\n\
                 help: call it `__{name}`, or say which one it is: `#[lua(meta, name = \"__{name}\")]`"
            ),
        ));
    }
    Ok(name)
}
