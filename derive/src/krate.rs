//! The name of oxilua where a macro is used.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;

/// `::oxilua`, or what the crate that uses a macro calls it: `::mlua` with `mlua = { package = "oxilua" }`.
///
/// A crate that has oxilua only by way of another one does not name it. It is `::oxilua` there too, for want of better.
pub(crate) fn path() -> TokenStream {
    match crate_name("oxilua") {
        Ok(FoundCrate::Name(name)) => {
            let name = Ident::new(&name, Span::call_site());
            quote!(::#name)
        }
        // Its own tests and examples know it by its name, and so does the library itself, by `extern crate self`.
        Ok(FoundCrate::Itself) | Err(_) => quote!(::oxilua),
    }
}

/// The same tokens at another place: what a message about them points to.
pub(crate) fn at(path: &TokenStream, span: Span) -> TokenStream {
    let token = |mut token: TokenTree| {
        token.set_span(span);
        token
    };
    path.clone().into_iter().map(token).collect()
}
