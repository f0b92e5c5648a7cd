//! Methods and functions.

use super::constant::meta_name;
use super::param::{Params, This, borrows};
use crate::attr::{self, Words};
use crate::krate;
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, GenericParam, ImplItemFn, Result, ReturnType, Signature};

const KNOWN: &[&str] = &["skip", "name", "infallible", "getter", "setter", "field", "meta"];
/// What a method is instead of a method.
const KINDS: &[&str] = &["getter", "setter", "field"];

pub(super) fn register(method: &ImplItemFn, krate: &TokenStream) -> Result<Option<TokenStream>> {
    let words = attr::read(&method.attrs, "a method", KNOWN)?;
    if words.has("skip") {
        return Ok(None);
    }
    check(&method.sig, &words)?;
    let params = Params::read(&method.sig.inputs, krate, method.sig.asyncness.is_some())?;
    let method = Method { signature: &method.sig, words, params, krate };
    match method.words.among(KINDS).next().map(ToString::to_string).as_deref() {
        Some("getter") => method.getter(),
        Some("setter") => method.setter(),
        Some("field") => method.field(),
        _ if method.signature.asyncness.is_some() => method.async_callable(),
        _ => method.callable(),
    }
    .map(Some)
}

/// What holds for all of them.
fn check(signature: &Signature, words: &Words) -> Result<()> {
    let generic = signature.generics.params.iter().find(|p| !matches!(p, GenericParam::Lifetime(_)));
    if let Some(generic) = generic {
        return Err(Error::new_spanned(
            generic,
            "a method for Lua cannot be generic\nhelp: `#[lua(skip)]` leaves it to Rust",
        ));
    }
    if let Some(unsafety) = &signature.unsafety {
        return Err(Error::new_spanned(
            unsafety,
            "an unsafe function cannot be called from Lua\nhelp: `#[lua(skip)]` leaves it to Rust",
        ));
    }
    let mut kinds = words.among(KINDS);
    if let (Some(first), Some(second)) = (kinds.next(), kinds.next()) {
        return Err(Error::new(second.span(), format!("a method is either a `{first}` or a `{second}`")));
    }
    if let (Some(kind), Some(span)) = (words.among(&["getter", "setter"]).next(), words.span("meta")) {
        return Err(Error::new(span, format!("a `{kind}` cannot be a metamethod as well")));
    }
    if let (Some(kind), Some(asyncness)) = (words.among(KINDS).next(), &signature.asyncness) {
        return Err(Error::new_spanned(asyncness, format!("a `{kind}` cannot be async")));
    }
    if let Some(asyncness) = &signature.asyncness
        && !cfg!(feature = "async")
    {
        return Err(Error::new_spanned(asyncness, "async methods need the feature `async` of oxilua"));
    }
    Ok(())
}

struct Method<'a> {
    signature: &'a Signature,
    words: Words,
    params: Params,
    krate: &'a TokenStream,
}

impl Method<'_> {
    /// The call of the method, as a `Result`; `this` is what it gets as `self`.
    fn call(&self, this: Option<TokenStream>) -> TokenStream {
        let Params { lua, passed, .. } = &self.params;
        let ident = &self.signature.ident;
        let output = match &self.signature.output {
            ReturnType::Default => ident.span(),
            ReturnType::Type(_, ty) => ty.span(),
        };
        let span = Span::call_site().located_at(output);
        let krate = krate::at(self.krate, span);
        let arguments = this.into_iter().chain(lua.clone()).chain(passed.iter().cloned());
        let wait = self.signature.asyncness.as_ref().map(|_| quote!(.await));
        let call = quote_spanned!(span=> Self::#ident(#(#arguments),*) #wait);
        if self.words.has("infallible") {
            quote_spanned!(span=> ::core::result::Result::Ok(#call))
        } else {
            quote_spanned!(span=> #krate::__private::Outcome::outcome(#call))
        }
    }

    /// The body of a callback: the call, and if what it gives borrows, its conversion by this function of `__private`.
    fn body(&self, this: Option<TokenStream>, convert: &str) -> TokenStream {
        let call = self.call(this);
        match &self.signature.output {
            ReturnType::Type(_, ty) if borrows(ty) => {
                let convert = format_ident!("{convert}");
                let (krate, lua) = (self.krate, lua());
                let is_async = self.signature.asyncness.as_ref();
                let lua = is_async.map_or_else(|| quote!(#lua), |_| quote!(&#lua));
                quote!(#krate::__private::#convert(#call, #lua))
            }
            _ => call,
        }
    }

    fn callable(&self) -> Result<TokenStream> {
        let Params { names, types, receiver, .. } = &self.params;
        let (krate, lua, this) = (self.krate, lua(), this());
        let meta = self.words.has("meta");
        let name = self.name()?;
        let parameters = quote!((#(#names,)*): (#(#types,)*));
        let passed = receiver.map(|_| quote!(#this));
        let add = match (receiver, meta) {
            (None, false) => "add_function",
            (None, true) | (Some(This::Taken), true) => "add_meta_function",
            (Some(This::Shared), false) => "add_method",
            (Some(This::Shared), true) => "add_meta_method",
            (Some(This::Mutable), false) => "add_method_mut",
            (Some(This::Mutable), true) => "add_meta_method_mut",
            (Some(This::Taken), false) => "add_method_once",
        };
        let add = format_ident!("{add}");
        Ok(match receiver {
            None => {
                let body = self.body(None, "into_values");
                quote!(registry.#add(#name, |#lua, #parameters| #body);)
            }
            // There is no metamethod that takes its value, but a function whose first operand is taken.
            Some(This::Taken) if meta => {
                let owned = quote!(#krate::__private::UserDataOwned);
                let body = self.body(passed, "into_values");
                quote! {
                    registry.#add(#name, |#lua, (#owned(#this), #(#names,)*): (#owned<Self>, #(#types,)*)| #body);
                }
            }
            Some(_) => {
                let body = self.body(passed, "into_values");
                quote!(registry.#add(#name, |#lua, #this, #parameters| #body);)
            }
        })
    }

    fn async_callable(&self) -> Result<TokenStream> {
        let Params { names, types, receiver, .. } = &self.params;
        let (lua, this) = (lua(), this());
        let meta = self.words.has("meta");
        let name = self.name()?;
        let add = match (receiver, meta) {
            (None, false) => "add_async_function",
            (None, true) => "add_async_meta_function",
            (Some(This::Shared), false) => "add_async_method",
            (Some(This::Shared), true) => "add_async_meta_method",
            (Some(This::Mutable), false) => "add_async_method_mut",
            (Some(This::Mutable), true) => "add_async_meta_method_mut",
            (Some(This::Taken), false) => "add_async_method_once",
            (Some(This::Taken), true) => {
                return Err(Error::new_spanned(
                    &self.signature.inputs,
                    "an async metamethod cannot take its value: write `&self` or `&mut self`",
                ));
            }
        };
        let add = format_ident!("{add}");
        let parameters = quote!((#(#names,)*): (#(#types,)*));
        // The future owns the handles, and borrows from them while it runs.
        Ok(match receiver {
            None => {
                let body = self.body(None, "into_values");
                quote!(registry.#add(#name, |#lua, #parameters| async move { #body });)
            }
            Some(kind) => {
                let (pattern, passed) = match kind {
                    This::Shared => (quote!(#this), quote!(&*#this)),
                    This::Mutable => (quote!(mut #this), quote!(&mut *#this)),
                    This::Taken => (quote!(#this), quote!(#this)),
                };
                let body = self.body(Some(passed), "into_values");
                quote!(registry.#add(#name, |#lua, #pattern, #parameters| async move { #body });)
            }
        })
    }

    fn getter(&self) -> Result<TokenStream> {
        if self.params.receiver != Some(This::Shared) || !self.params.types.is_empty() {
            return Err(self.shape("a getter takes `&self`, and `&Lua` if it needs it"));
        }
        let (lua, this, name) = (lua(), this(), self.name()?);
        let body = self.body(Some(quote!(#this)), "into_value");
        Ok(quote!(registry.add_field_method_get(#name, |#lua, #this| #body);))
    }

    fn setter(&self) -> Result<TokenStream> {
        let receiver = self.params.receiver;
        let ([name], [ty], true) = (
            &self.params.names[..],
            &self.params.types[..],
            matches!(receiver, Some(This::Shared | This::Mutable)),
        ) else {
            return Err(
                self.shape("a setter takes `&mut self` or `&self`, `&Lua` if it needs it, and one value")
            );
        };
        let (lua, this, field) = (lua(), this(), self.name()?);
        let call = self.call(Some(quote!(#this)));
        Ok(quote!(registry.add_field_method_set(#field, |#lua, #this, #name: #ty| #call);))
    }

    fn field(&self) -> Result<TokenStream> {
        if self.params.receiver.is_some() || !self.params.types.is_empty() {
            return Err(self.shape(
                "a field belongs to the type, so its function takes nothing but `&Lua` if it needs it\n\
                 help: `#[lua(getter)]` makes a field of each value",
            ));
        }
        let (krate, lua, name) = (self.krate, lua(), self.name()?);
        let body = self.body(None, "into_value");
        Ok(if self.words.has("meta") {
            quote!(registry.add_meta_field_with(#name, |#lua| #body);)
        } else {
            quote!(registry.add_field(#name, #krate::__private::made_with(|#lua| #body));)
        })
    }

    /// The name for Lua.
    fn name(&self) -> Result<String> {
        if self.words.has("meta") {
            meta_name(&self.words, &self.signature.ident)
        } else {
            Ok(self.words.name_or(&self.signature.ident))
        }
    }

    /// The parameters are not what they should be.
    fn shape(&self, message: &str) -> Error {
        let parameters = &self.signature.inputs;
        match parameters.is_empty() {
            true => Error::new(self.signature.paren_token.span.join(), message),
            false => Error::new_spanned(parameters, message),
        }
    }
}

fn lua() -> syn::Ident {
    format_ident!("lua", span = Span::mixed_site())
}

fn this() -> syn::Ident {
    format_ident!("this", span = Span::mixed_site())
}
