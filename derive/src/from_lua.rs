//! `#[derive(FromLua)]`.

use crate::krate;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{DeriveInput, Result, parse_quote_spanned};

pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let krate = krate::path();
    let DeriveInput { ident, mut generics, .. } = syn::parse2(input)?;
    let name = ident.to_string();

    // The type's name is the place for the compiler to point at if it cannot be cloned.
    let span = Span::call_site().located_at(ident.span());
    if !generics.params.is_empty() {
        let (_, arguments, _) = generics.split_for_impl();
        let this = quote_spanned!(span=> #ident #arguments);
        let clone = parse_quote_spanned!(span=> #this: ::core::clone::Clone + 'static);
        generics.make_where_clause().predicates.push(clone);
    }
    let here = krate::at(&krate, span);
    let copy = quote_spanned!(span=> #here::__private::clone_out::<Self>(value, #name));
    let (parameters, arguments, conditions) = generics.split_for_impl();

    Ok(quote! {
        #[automatically_derived]
        impl #parameters #krate::FromLua for #ident #arguments #conditions {
            #[inline]
            fn from_lua(value: #krate::Value, _: &#krate::Lua) -> #krate::Result<Self> {
                #copy
            }
        }
    })
}
