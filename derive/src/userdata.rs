//! `#[derive(UserData)]`.

use crate::{attr, krate};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Field, Fields, Generics, Result};

const KNOWN: &[&str] = &["get", "set", "skip", "name"];

pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let krate = krate::path();
    let input: DeriveInput = syn::parse2(input)?;
    check_generics(&input.generics)?;
    reject(&input.attrs, "`#[lua(...)]` belongs on fields, or on members of a `#[userdata_impl]` block")?;

    let registrations = match &input.data {
        Data::Struct(data) => fields(&data.fields, &krate)?,
        Data::Enum(data) => {
            for variant in &data.variants {
                let fields = variant.fields.iter().flat_map(|field| &field.attrs);
                let help = "the fields of an enum are not shown to Lua: add methods with `#[userdata_impl]`";
                reject(variant.attrs.iter().chain(fields), help)?;
            }
            Vec::new()
        }
        Data::Union(data) => {
            return Err(Error::new(
                data.union_token.span,
                "`UserData` cannot be derived for a union: nobody knows which of its fields is there",
            ));
        }
    };

    let ident = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl #krate::UserData for #ident {
            fn register(registry: &mut #krate::__private::UserDataRegistry<Self>) {
                #(#registrations)*
                #krate::__private::register_members(registry);
            }
        }
    })
}

/// The methods are found by the type, so there must be one type.
fn check_generics(generics: &Generics) -> Result<()> {
    match generics.params.first() {
        None => Ok(()),
        Some(_) => Err(Error::new_spanned(
            &generics.params,
            "`UserData` cannot be derived for a generic type\n\
             help: wrap it in a type of its own, like `struct MyInts(MyList<i64>);`, or implement `UserData` by hand",
        )),
    }
}

fn reject<'a>(attrs: impl IntoIterator<Item = &'a Attribute>, message: &str) -> Result<()> {
    match attrs.into_iter().find(|attr| attr.path().is_ident("lua")) {
        Some(attr) => Err(Error::new_spanned(attr, message)),
        None => Ok(()),
    }
}

fn fields(fields: &Fields, krate: &TokenStream) -> Result<Vec<TokenStream>> {
    let Fields::Named(named) = fields else {
        for field in fields {
            if !attr::read(&field.attrs, "a field", KNOWN)?.has("skip") {
                let help = "a field without a name is not shown to Lua: add a getter with `#[userdata_impl]`";
                reject(&field.attrs, help)?;
            }
        }
        return Ok(Vec::new());
    };
    let mut registrations = Vec::new();
    let mut errors: Option<Error> = None;
    for one in &named.named {
        match field(one, krate) {
            Ok(registration) => registrations.push(registration),
            Err(error) => match &mut errors {
                Some(errors) => errors.combine(error),
                None => errors = Some(error),
            },
        }
    }
    errors.map_or(Ok(registrations), Err)
}

fn field(field: &Field, krate: &TokenStream) -> Result<TokenStream> {
    let words = attr::read(&field.attrs, "a field", KNOWN)?;
    let Some(ident) = &field.ident else { return Ok(TokenStream::new()) };
    if words.has("skip") {
        return Ok(TokenStream::new());
    }
    let name = words.name_or(ident);
    let ty = &field.ty;
    // What the type lacks is shown at the type.
    let span = Span::call_site().located_at(ty.span());
    let krate = krate::at(krate, span);
    let both = !words.has("get") && !words.has("set");
    let getter = (both || words.has("get")).then(|| {
        quote_spanned!(span=> #krate::__private::add_getter::<_, #ty>(registry, #name, |this| &this.#ident);)
    });
    let setter = (both || words.has("set")).then(|| {
        quote_spanned!(span=> #krate::__private::add_setter::<_, #ty>(registry, #name, |this| &mut this.#ident);)
    });
    Ok(quote!(#getter #setter))
}
