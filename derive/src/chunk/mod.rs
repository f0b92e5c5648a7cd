//! `chunk!`.
//!
//! Rust has cut the Lua code into tokens of its own. Their places in the file tell how they stood there, so the text is put
//! together again line by line (`text`), from the flat list of what has a place (`piece`).

mod piece;
mod text;

use crate::{attr, krate};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Error, Result};

/// The words of Lua and LuaJIT, of any version, which no variable can be called.
const RESERVED: &[&str] = &[
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local",
    "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
];

pub(crate) fn expand(input: proc_macro::TokenStream) -> Result<TokenStream> {
    let krate = krate::path();
    let text = text::write(&piece::flatten(input))?;
    let source = text.source;
    if text.captured.is_empty() {
        return Ok(quote!(#krate::__private::chunk(#source)));
    }
    let [lua, env] = ["lua", "env"].map(|name| format_ident!("{name}", span = Span::mixed_site()));
    let names = text.captured.iter().map(lua_name).collect::<Result<Vec<_>>>()?;
    let variables = &text.captured;
    Ok(quote! {
        #krate::__private::chunk_with(#source, move |#lua, #env| {
            #(#krate::__private::capture(#lua, #env, #names, #variables)?;)*
            ::core::result::Result::Ok(())
        })
    })
}

/// What Lua calls a captured variable.
fn lua_name(variable: &Ident) -> Result<String> {
    let name = attr::plain(variable);
    let refuse = |why: &str| {
        let help = format!(
            "{why}\nhelp: give it another name first, like `let value = {variable};`, and write `$value`"
        );
        Err(Error::new(variable.span(), help))
    };
    if RESERVED.contains(&name.as_str()) {
        return refuse(&format!("`{name}` is a word of Lua's, no variable there can be called so"));
    }
    if !name.is_ascii() {
        return refuse(&format!("`{name}` cannot be a name in Lua: names there have ASCII letters only"));
    }
    Ok(name)
}
