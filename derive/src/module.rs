//! `#[lua_module]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Error, ItemFn, LitStr, Result, parse::Parser};

#[derive(Default)]
struct Options {
    name: Option<LitStr>,
}

fn options(attr: TokenStream) -> Result<Options> {
    let mut options = Options::default();
    let parser = syn::meta::parser(|meta| {
        if meta.path.is_ident("name") {
            options.name = Some(meta.value()?.parse()?);
            Ok(())
        } else if meta.path.is_ident("skip_memory_check") {
            Ok(())
        } else {
            Err(meta.error("unknown option: expected `name = \"...\"` or `skip_memory_check`"))
        }
    });
    parser.parse2(attr)?;
    Ok(options)
}

pub(crate) fn expand(attr: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let options = options(attr)?;
    let function: ItemFn = syn::parse2(item)?;
    let signature = &function.sig;
    if signature.inputs.len() != 1 {
        return Err(Error::new_spanned(
            signature,
            "a Lua module's function takes one parameter, `lua: &Lua`",
        ));
    }
    if let Some(asyncness) = &signature.asyncness {
        return Err(Error::new_spanned(asyncness, "a Lua module's function cannot be async"));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(&signature.generics, "a Lua module's function cannot be generic"));
    }
    let name = match &options.name {
        Some(name) => symbol_part(name)?,
        None => signature.ident.to_string(),
    };
    let luaopen = format_ident!("luaopen_{name}");
    let ident = &signature.ident;
    Ok(quote! {
        #function

        ::oxilua::luaopen!(#luaopen, #ident);
    })
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
