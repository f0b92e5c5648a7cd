//! `#[userdata_impl]`.
//!
//! The members of the block are registered by an implementation of a hidden trait, one for each block; oxilua finds the
//! blocks of a type when it makes the type's metatable (`src/macros.rs` there).

mod constant;
mod method;
mod param;

use crate::krate;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Error, ImplItem, ItemImpl, Result};

pub(crate) fn expand(attr: TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !attr.is_empty() {
        return Err(Error::new_spanned(attr, "`#[userdata_impl]` has no options"));
    }
    let krate = krate::path();
    let mut block: ItemImpl = syn::parse2(item)?;

    let mut registrations = Vec::new();
    let mut errors = check(&block).err().into_iter().collect::<Vec<_>>();
    // The types in a block that cannot be registered would only add errors that say less.
    if errors.is_empty() {
        for item in &block.items {
            match member(item, &krate) {
                Ok(registration) => registrations.extend(registration),
                Err(error) => errors.push(error),
            }
        }
    }

    block
        .items
        .iter_mut()
        .filter_map(attrs_mut)
        .for_each(|attrs| attrs.retain(|a| !a.path().is_ident("lua")));
    if !errors.is_empty() {
        // The block stays, so that its uses give no errors of their own.
        let errors = errors.iter().map(Error::to_compile_error);
        return Ok(quote!(#block #(#errors)*));
    }
    let this = &block.self_ty;
    let cfgs = cfgs(&block.attrs);
    Ok(quote! {
        #block

        #(#cfgs)*
        const _: () = {
            struct __OxiluaBlock;

            #[automatically_derived]
            impl #krate::__private::Members<__OxiluaBlock> for #this {
                #[allow(deprecated, unused_variables, clippy::all, clippy::pedantic)]
                fn register(registry: &mut #krate::__private::UserDataRegistry<Self>) {
                    #[allow(unused_imports)]
                    use #krate::__private::{UserDataFields as _, UserDataMethods as _};
                    #(#registrations)*
                }
            }

            #krate::__private::inventory::submit! {
                #krate::__private::Entry::of::<#this, __OxiluaBlock>()
            }
        };
    })
}

fn check(block: &ItemImpl) -> Result<()> {
    if let Some((_, path, _)) = &block.trait_ {
        return Err(Error::new_spanned(
            path,
            "`#[userdata_impl]` goes on the type's own methods, not on those of a trait\n\
             help: add a method to an `impl` block without a trait that calls the trait's",
        ));
    }
    if block.generics.params.is_empty() {
        return Ok(());
    }
    Err(Error::new_spanned(
        &block.generics.params,
        "`#[userdata_impl]` cannot be generic\n\
         help: wrap the generic type in a type of its own, like `struct MyInts(MyList<i64>);`",
    ))
}

/// The registration of a member; `None` if there is nothing to register.
fn member(item: &ImplItem, krate: &TokenStream) -> Result<Option<TokenStream>> {
    let registration = match item {
        ImplItem::Fn(method) => method::register(method, krate)?,
        ImplItem::Const(constant) => constant::register(constant, krate)?,
        _ => None,
    };
    let cfgs = attrs(item).map(|attrs| cfgs(attrs)).unwrap_or_default();
    Ok(registration.map(|registration| quote!(#(#cfgs)* { #registration })))
}

fn attrs(item: &ImplItem) -> Option<&Vec<Attribute>> {
    match item {
        ImplItem::Fn(method) => Some(&method.attrs),
        ImplItem::Const(constant) => Some(&constant.attrs),
        _ => None,
    }
}

fn attrs_mut(item: &mut ImplItem) -> Option<&mut Vec<Attribute>> {
    match item {
        ImplItem::Fn(method) => Some(&mut method.attrs),
        ImplItem::Const(constant) => Some(&mut constant.attrs),
        _ => None,
    }
}

fn cfgs(attrs: &[Attribute]) -> Vec<&Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect()
}
