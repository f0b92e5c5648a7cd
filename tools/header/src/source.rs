//! What the C API consists of, read from the sources.

use crate::{Result, guard};
use quote::quote;
use std::path::Path;
use syn::{Item, ItemFn, ReturnType, Type, Visibility, parse_quote};

/// The C API.
pub struct Api {
    /// Types, constants and functions as plain Rust, in the order of the header.
    pub items: Vec<Item>,
    /// The names of the functions.
    functions: Vec<String>,
    /// The functions that `require` calls.
    openers: Vec<String>,
}

impl Api {
    /// `exported.txt`: every symbol that the library exports, a line each.
    pub fn exported(&self) -> String {
        let mut names: Vec<&String> = self.functions.iter().chain(&self.openers).collect();
        names.sort();
        names.iter().map(|name| format!("{name}\n")).collect()
    }
}

/// Reads the sources.
pub fn read(root: &Path) -> Result<Api> {
    let mut api = Api { items: Vec::new(), functions: Vec::new(), openers: Vec::new() };
    let host = parse(&root.join("src/vm/host.rs"))?;
    api.items
        .extend(host.items.into_iter().filter(|item| matches!(item, Item::Struct(s) if is_public(&s.vis))));
    let capi = root.join("src/capi");
    for item in parse(&capi.join("mod.rs"))?.items {
        // What is written into mod.rs itself would be missed.
        match item {
            Item::Mod(module) if module.content.is_none() => {
                api.add_file(&capi.join(format!("{}.rs", module.ident)))?;
            }
            Item::Use(_) => {}
            _ => return Err("src/capi/mod.rs has more than modules and their re-exports".into()),
        }
    }
    for path in guard::sources(&root.join("src/ext"))? {
        for item in parse(&path)?.items {
            let Item::Macro(item) = item else { continue };
            if item.mac.path.segments.last().is_some_and(|segment| segment.ident == "luaopen") {
                let name = item.mac.tokens.into_iter().next().map(|name| name.to_string());
                api.openers.push(name.ok_or("luaopen! without a name")?);
            }
        }
    }
    Ok(api)
}

impl Api {
    fn add_file(&mut self, path: &Path) -> Result<()> {
        for item in parse(path)?.items {
            match item {
                Item::Macro(item) if item.mac.path.is_ident("entry") => {
                    let function = syn::parse2::<ItemFn>(item.mac.tokens)
                        .map_err(|e| format!("{}: an entry! that is no function: {e}", path.display()))?;
                    self.add_function(path, function)?;
                }
                Item::Struct(s) if is_public(&s.vis) => self.items.push(Item::Struct(s)),
                Item::Enum(e) if is_public(&e.vis) => self.items.push(Item::Enum(e)),
                Item::Const(c) if is_public(&c.vis) => self.items.push(Item::Const(c)),
                _ => {}
            }
        }
        Ok(())
    }

    /// The function as C sees it: what `entry!` makes of it.
    fn add_function(&mut self, path: &Path, function: ItemFn) -> Result<()> {
        let name = function.sig.ident.to_string();
        if !name.starts_with("oxl_") {
            return Err(format!("{}: {name} does not begin with oxl_", path.display()));
        }
        if !function.attrs.iter().any(|attribute| attribute.path().is_ident("doc")) {
            return Err(format!("{}: {name} is not documented", path.display()));
        }
        let (attributes, ident, inputs) = (function.attrs, function.sig.ident, function.sig.inputs);
        let can_fail = matches!(&function.sig.output, ReturnType::Type(_, ty) if is_result(ty));
        let (error, output) = match can_fail {
            true => (Some(quote!(error: *mut *mut oxl_error)), parse_quote!(-> oxl_status)),
            false => (None, function.sig.output),
        };
        let inputs = inputs.iter();
        self.items.push(parse_quote! {
            #(#attributes)*
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn #ident(#(#inputs,)* #error) #output {}
        });
        self.functions.push(name);
        Ok(())
    }
}

/// Whether a type is plain `Result`, the mark of a function that can fail.
fn is_result(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("Result"))
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn parse(path: &Path) -> Result<syn::File> {
    syn::parse_file(&crate::read(path)?).map_err(|e| format!("{}: {e}", path.display()))
}
