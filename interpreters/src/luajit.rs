//! Building LuaJIT, with its own makefile: it assembles its interpreter with a program that it builds first.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::engine::Edit;
use crate::sources::Tree;
use crate::toolchain::{self, Toolchain};

/// The API is declared with a visibility, and a declaration wins over `-fvisibility`.
const HIDE: Edit = Edit { from: "visibility(\"default\")", to: "visibility(\"hidden\")" };

/// The sources to build; `hidden` keeps the API out of the host's dynamic symbol table.
pub fn configure(tree: &Tree, hidden: bool) -> Result<Cow<'_, Tree>> {
    let mut tree = Cow::Borrowed(tree);
    if hidden {
        tree.to_mut().edit(&HIDE)?;
    }
    Ok(tree)
}

/// Builds the tree that lies in `dir` to `archive`.
pub fn build(dir: &Path, archive: &Path, toolchain: &Toolchain) -> Result<()> {
    // BSD's make does not understand the makefile.
    let program = if cfg!(any(target_os = "linux", target_os = "macos")) { "make" } else { "gmake" };
    let src = dir.join("src");
    let mut cc = OsString::from("CC=");
    cc.push(toolchain.command_line());
    let mut make = Command::new(program);
    make.arg("-C").arg(&src).arg(format!("-j{}", toolchain::processors())).arg(cc);
    make.args(["BUILDMODE=static", "XCFLAGS=-fPIC", "libluajit.a"]);
    // Started by a make that has a jobserver of its own, this one would look for it in vain.
    make.env_remove("MAKEFLAGS").env_remove("MFLAGS").env_remove("MAKELEVEL");
    if cfg!(target_os = "macos") && std::env::var_os("MACOSX_DEPLOYMENT_TARGET").is_none() {
        // The makefile insists on one; this is the first system with 64-bit Arm.
        make.env("MACOSX_DEPLOYMENT_TARGET", "11.0");
    }
    toolchain::run(&mut make)?;
    let built = src.join("libluajit.a");
    fs::copy(&built, archive).map(drop).map_err(|error| format!("{}: {error}", built.display()))
}
