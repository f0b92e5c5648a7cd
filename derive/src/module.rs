//! `#[lua_module]`.

use crate::krate;
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, FnArg, GenericParam, ItemFn, LitStr, Result, ReturnType, Signature, Type, parse::Parser};

#[derive(Default)]
struct Options {
    name: Option<LitStr>,
    skip_memory_check: bool,
}

fn options(attr: TokenStream) -> Result<Options> {
    let mut options = Options::default();
    let parser = syn::meta::parser(|meta| {
        if meta.path.is_ident("name") {
            if options.name.is_some() {
                return Err(meta.error("`name` is there twice"));
            }
            if !meta.input.peek(syn::Token![=]) {
                return Err(meta.error("`name` takes a value: `name = \"...\"`"));
            }
            options.name = Some(meta.value()?.parse()?);
            Ok(())
        } else if meta.path.is_ident("skip_memory_check") {
            if meta.input.peek(syn::Token![=]) {
                return Err(meta.error("`skip_memory_check` takes no value"));
            }
            if options.skip_memory_check {
                return Err(meta.error("`skip_memory_check` is there twice"));
            }
            options.skip_memory_check = true;
            Ok(())
        } else {
            Err(meta.error("unknown option: expected `name = \"...\"` or `skip_memory_check`"))
        }
    });
    parser.parse2(attr)?;
    Ok(options)
}

pub(crate) fn expand(attr: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let function: ItemFn = syn::parse2(item)?;
    // The function stays in any case, so that its uses give no errors of their own.
    let entry = entry(attr, &function).unwrap_or_else(|error| error.to_compile_error());
    Ok(quote!(#function #entry))
}

fn entry(attr: TokenStream, function: &ItemFn) -> Result<TokenStream> {
    let krate = krate::path();
    let options = options(attr)?;
    let signature = &function.sig;
    check(signature)?;
    let name = match &options.name {
        Some(name) => symbol_part(name)?,
        None => default_name(signature)?,
    };
    let luaopen = format_ident!("luaopen_{name}", span = signature.ident.span());

    let ident = &signature.ident;
    let [lua, args] = ["lua", "args"].map(|name| format_ident!("{name}", span = Span::mixed_site()));
    let parameters = match signature.inputs.len() {
        0 => quote!(),
        1 => quote!(#lua),
        _ => quote!(#lua, #args.read()?),
    };
    let output = match &signature.output {
        ReturnType::Default => ident.span(),
        ReturnType::Type(_, ty) => ty.span(),
    };
    let span = Span::call_site().located_at(output);
    let here = krate::at(&krate, span);
    let result = quote_spanned!(span=> #here::__private::require_result(#lua, #ident(#parameters)));
    let cfgs = function.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    Ok(quote! {
        #(#cfgs)*
        const _: () = {
            fn init(
                #lua: &#krate::Lua,
                #args: &#krate::__private::ModuleArgs<'_>,
            ) -> #krate::Result<#krate::Value> {
                #result
            }

            #krate::luaopen!(@c #luaopen, init);
        };
    })
}

fn check(signature: &Signature) -> Result<()> {
    if let Some(asyncness) = &signature.asyncness {
        return Err(Error::new_spanned(
            asyncness,
            "a Lua module's function cannot be async: `require` waits for its result",
        ));
    }
    if let Some(unsafety) = &signature.unsafety {
        return Err(Error::new_spanned(unsafety, "a Lua module's function cannot be unsafe"));
    }
    if let Some(abi) = &signature.abi {
        return Err(Error::new_spanned(
            abi,
            "a Lua module's function is an ordinary Rust function: the `extern` one is made for it",
        ));
    }
    if let Some(generic) = signature.generics.params.iter().find(|p| !matches!(p, GenericParam::Lifetime(_)))
    {
        return Err(Error::new_spanned(
            generic,
            "a Lua module's function cannot be generic: Lua could not say for which type",
        ));
    }
    let mut parameters = signature.inputs.iter();
    match parameters.next() {
        None => {}
        Some(FnArg::Receiver(receiver)) => {
            return Err(Error::new_spanned(receiver, "a Lua module's function is not a method"));
        }
        Some(FnArg::Typed(first)) if !is_reference(&first.ty) => {
            return Err(Error::new_spanned(
                &first.ty,
                "the first parameter of a Lua module's function is `lua: &Lua`",
            ));
        }
        Some(FnArg::Typed(_)) => {}
    }
    match parameters.nth(1) {
        Some(third) => Err(Error::new_spanned(
            third,
            "a Lua module's function takes `lua: &Lua` and, if it wants them, the arguments of `require` as one more \
             parameter, like `name: String`",
        )),
        None => Ok(()),
    }
}

fn is_reference(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => reference.mutability.is_none(),
        Type::Paren(paren) => is_reference(&paren.elem),
        Type::Group(group) => is_reference(&group.elem),
        _ => false,
    }
}

fn default_name(signature: &Signature) -> Result<String> {
    let name = crate::attr::plain(&signature.ident);
    if name.is_ascii() {
        return Ok(name);
    }
    Err(Error::new(
        signature.ident.span(),
        "a module's name has ASCII letters only: say it with `name = \"...\"`",
    ))
}

/// Lua looks for `luaopen_` and the module's name with dots replaced by underscores (Lua manual, `package.searchers`).
fn symbol_part(name: &LitStr) -> Result<String> {
    let symbol = name.value().replace('.', "_");
    let valid = !symbol.is_empty() && symbol.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !valid {
        return Err(Error::new_spanned(
            name,
            "a module's name has letters, digits, underscores and dots only",
        ));
    }
    Ok(symbol)
}
