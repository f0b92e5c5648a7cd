//! Builds the C shim and decides which Lua is linked, if any.
//!
//! Without a version feature, or with `module`, no Lua is linked: it is found at run time (see `src/vm/mod.rs`).
//! This script and `src/vm/link.rs` are the only places where a Lua version is chosen at build time.

#[path = "build/engine.rs"]
mod engine;
#[path = "build/list.rs"]
mod list;
#[path = "build/shim.rs"]
mod shim;

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(oxilua_linked)");
    if let Err(message) = run() {
        for line in message.lines() {
            println!("cargo::error={line}");
        }
    }
}

fn run() -> Result<(), String> {
    let width = var("CARGO_CFG_TARGET_POINTER_WIDTH");
    if width != "64" {
        return Err(format!("oxilua needs a 64-bit target, this one ({}) has {width} bits", var("TARGET")));
    }
    let root = PathBuf::from(var("CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(var("OUT_DIR"));
    let symbol_version = var("CARGO_PKG_VERSION").replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    println!("cargo::rustc-env=OXILUA_SYMBOL_VERSION={symbol_version}");

    let list = list::read(&root.join("src/vm/list.rs"))?;
    write(&out.join("oxl_api.h"), &list::c_header(&list, &symbol_version)?)?;
    let has = |feature: &str| env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    let mut folders = vec![root.join("src/raw")];
    if has("CAPI") && has("JSON") {
        folders.push(root.join("src/ext/json"));
    }
    shim::compile(&folders, &out)?;

    if let Some(linked) = engine::link()? {
        println!("cargo::rustc-cfg=oxilua_linked");
        write(&out.join("linked.rs"), &list::linked_symbols(&list, &linked)?)?;
    }
    Ok(())
}

/// A variable that cargo sets, empty if it does not.
fn var(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))
}
