//! Building a Lua of PUC-Rio: one static archive of every C file. There is no main program among them.

use std::path::{Path, PathBuf};

use crate::Result;
use crate::engine::Engine;
use crate::sources::Tree;
use crate::toolchain::Toolchain;

/// Compiles `tree`, which lies in `dir`, to `archive`; `hidden` keeps its API out of the host's dynamic symbol table.
pub fn build(
    engine: &Engine,
    tree: &Tree,
    dir: &Path,
    archive: &Path,
    hidden: bool,
    toolchain: &Toolchain,
) -> Result<()> {
    let units =
        tree.files().map(|(path, _)| path).filter(|path| path.extension().is_some_and(|ext| ext == "c"));
    let units: Vec<PathBuf> = units.map(|path| dir.join(path)).collect();
    let mut flags = vec![format!("-D{}", platform(engine))];
    flags.extend(engine.compat.map(|compat| format!("-D{compat}")));
    if hidden {
        flags.push("-fvisibility=hidden".into());
    }
    let objects = toolchain.compile(&units, &flags, dir)?;
    toolchain.archive(&objects, archive)
}

/// What switches on dlopen, mkstemp, popen and the like.
fn platform(engine: &Engine) -> &'static str {
    match std::env::consts::OS {
        // LUA_USE_MACOSX of Lua 5.1 wants an API of the dynamic linker that is gone.
        "macos" if engine.name != "lua51" => "LUA_USE_MACOSX",
        _ => "LUA_USE_LINUX",
    }
}
