//! The parameters of a method: what they are called in the callback, and how they are passed on.

use crate::krate;
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, FnArg, GenericArgument, PathArguments, Receiver, Result, Type, TypeReference};

/// As many as a callback can have.
const MOST: usize = 16;

/// The parameters as the callback takes them.
#[derive(Default)]
pub(super) struct Params {
    pub(super) receiver: Option<This>,
    /// How the state is passed, if it is asked for.
    pub(super) lua: Option<TokenStream>,
    /// The callback's names for the arguments from Lua, their types there, and how each is passed on.
    pub(super) names: Vec<TokenStream>,
    pub(super) types: Vec<TokenStream>,
    pub(super) passed: Vec<TokenStream>,
}

/// `self`.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum This {
    Shared,
    Mutable,
    Taken,
}

impl Params {
    pub(super) fn read<'a>(
        inputs: impl IntoIterator<Item = &'a FnArg>,
        krate: &TokenStream,
        is_async: bool,
    ) -> Result<Params> {
        let mut params = Params::default();
        let mut seen = 0;
        for input in inputs {
            let ty = match input {
                FnArg::Receiver(receiver) => {
                    params.receiver = Some(this(receiver)?);
                    continue;
                }
                FnArg::Typed(typed) => &*typed.ty,
            };
            seen += 1;
            match lua(ty) {
                Some(reference) if seen == 1 => params.lua = Some(pass_lua(reference, is_async)),
                Some(_) => {
                    return Err(Error::new_spanned(
                        ty,
                        "the Lua state is the first parameter after `self`, if any",
                    ));
                }
                None => params.argument(ty, krate)?,
            }
        }
        Ok(params)
    }

    fn argument(&mut self, ty: &Type, krate: &TokenStream) -> Result<()> {
        if self.types.len() == MOST {
            return Err(Error::new_spanned(
                ty,
                "a method for Lua has 16 parameters at most: take `Variadic` or a table",
            ));
        }
        let name = format_ident!("arg{}", self.types.len() + 1, span = Span::mixed_site());
        let span = Span::call_site().located_at(ty.span());
        let Type::Reference(reference) = unparenthesized(ty) else {
            if let Type::ImplTrait(_) = ty {
                return Err(Error::new_spanned(
                    ty,
                    "a method for Lua cannot be generic: write the type, or `#[lua(skip)]`",
                ));
            }
            self.names.push(quote!(#name));
            self.types.push(quote!(#ty));
            self.passed.push(quote!(#name));
            return Ok(());
        };
        let (wrapper, mutable) = wrapper(reference, span, krate)?;
        self.types.push(wrapper);
        if mutable {
            self.names.push(quote!(mut #name));
            self.passed.push(quote_spanned!(span=> &mut *#name));
        } else {
            self.names.push(quote!(#name));
            self.passed.push(quote_spanned!(span=> &*#name));
        }
        Ok(())
    }
}

fn this(receiver: &Receiver) -> Result<This> {
    let reference = match (&receiver.reference, &receiver.colon_token) {
        (Some(_), _) => return Ok(if receiver.mutability.is_some() { This::Mutable } else { This::Shared }),
        (None, None) => return Ok(This::Taken),
        (None, Some(_)) => unparenthesized(&receiver.ty),
    };
    let is_self = |ty: &Type| matches!(ty, Type::Path(path) if path.path.is_ident("Self"));
    match reference {
        Type::Reference(r) if is_self(&r.elem) => {
            Ok(if r.mutability.is_some() { This::Mutable } else { This::Shared })
        }
        ty if is_self(ty) => Ok(This::Taken),
        ty => Err(Error::new_spanned(
            ty,
            "a method for Lua takes `&self`, `&mut self`, `self`, or none of them; `#[lua(skip)]` leaves it to Rust",
        )),
    }
}

/// Whether a type is the Lua state: by reference, or (`false`) as a handle.
fn lua(ty: &Type) -> Option<bool> {
    match unparenthesized(ty) {
        Type::Reference(reference) if reference.mutability.is_none() => match &*reference.elem {
            Type::Path(path) => path.path.segments.last().is_some_and(|s| s.ident == "Lua").then_some(true),
            _ => None,
        },
        Type::Path(path) => path.path.segments.last().is_some_and(|s| s.ident == "Lua").then_some(false),
        _ => None,
    }
}

/// The callback's `lua` is a reference, or in an async one a handle.
fn pass_lua(reference: bool, is_async: bool) -> TokenStream {
    let lua = format_ident!("lua", span = Span::mixed_site());
    match (reference, is_async) {
        (true, false) => quote!(#lua),
        (true, true) => quote!(&#lua),
        (false, _) => quote!(::core::clone::Clone::clone(&#lua)),
    }
}

/// What the callback takes for a reference, and whether it is mutable.
fn wrapper(reference: &TypeReference, span: Span, krate: &TokenStream) -> Result<(TokenStream, bool)> {
    if let Some(lifetime) = reference.lifetime.as_ref().filter(|lifetime| lifetime.ident == "static") {
        return Err(Error::new_spanned(
            lifetime,
            "an argument from Lua is borrowed for the call only, it cannot be `'static`",
        ));
    }
    let krate = krate::at(krate, span);
    let mutable = reference.mutability.is_some();
    let to = &*reference.elem;
    let wrapper = match unparenthesized(to) {
        Type::Path(path) if path.path.is_ident("str") => {
            if mutable {
                return Err(Error::new_spanned(
                    reference,
                    "a string of Lua cannot be changed: take `&str`, or `String` for a copy",
                ));
            }
            quote_spanned!(span=> #krate::__private::BorrowedStr)
        }
        Type::Slice(slice) => {
            let bytes = matches!(&*slice.elem, Type::Path(path) if path.path.is_ident("u8"));
            if mutable || !bytes {
                let help = if bytes {
                    "a string of Lua cannot be changed: take `&[u8]`, or `Vec<u8>` for a copy"
                } else {
                    "of slices only `&[u8]` can be borrowed from Lua: take `Vec<...>`"
                };
                return Err(Error::new_spanned(reference, help));
            }
            quote_spanned!(span=> #krate::__private::BorrowedBytes)
        }
        Type::TraitObject(_) | Type::ImplTrait(_) => {
            return Err(Error::new_spanned(
                reference,
                "an argument of type `&T` is a userdata that holds a `T`: write that type",
            ));
        }
        _ if mutable => quote_spanned!(span=> #krate::__private::UserDataRefMut<#to>),
        _ => quote_spanned!(span=> #krate::__private::UserDataRef<#to>),
    };
    Ok((wrapper, mutable))
}

fn unparenthesized(ty: &Type) -> &Type {
    match ty {
        Type::Paren(paren) => unparenthesized(&paren.elem),
        Type::Group(group) => unparenthesized(&group.elem),
        ty => ty,
    }
}

/// Whether a result may borrow from the arguments: then it is converted before they go.
pub(super) fn borrows(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => {
            reference.lifetime.as_ref().is_none_or(|lifetime| lifetime.ident != "static")
                || borrows(&reference.elem)
        }
        // It may capture the lifetimes of all parameters.
        Type::ImplTrait(_) => true,
        Type::Paren(paren) => borrows(&paren.elem),
        Type::Group(group) => borrows(&group.elem),
        Type::Tuple(tuple) => tuple.elems.iter().any(borrows),
        Type::Array(array) => borrows(&array.elem),
        Type::Path(path) => path.path.segments.iter().any(|segment| match &segment.arguments {
            PathArguments::AngleBracketed(list) => list.args.iter().any(|argument| match argument {
                GenericArgument::Lifetime(lifetime) => lifetime.ident != "static",
                GenericArgument::Type(ty) => borrows(ty),
                _ => false,
            }),
            _ => false,
        }),
        _ => false,
    }
}
