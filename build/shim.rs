//! Compiles the C shim: every `.c` in `src/raw`, and in the folders of the extensions that have some.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// The first of the folders has the headers for all.
pub fn compile(folders: &[PathBuf], out: &Path) -> Result<(), String> {
    let mut sources = Vec::new();
    for folder in folders {
        let entries = fs::read_dir(folder).map_err(|e| format!("cannot read {}: {e}", folder.display()))?;
        sources.extend(entries.flatten().map(|entry| entry.path()));
    }
    sources.retain(|path| path.extension().is_some_and(|ext| ext == "c" || ext == "h"));
    sources.sort();
    // Not the folder: a change of the Rust files in there would build a vendored Lua again.
    for path in &sources {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    sources.retain(|path| path.extension().is_some_and(|ext| ext == "c"));

    let mut cc = cc::Build::new();
    cc.files(&sources).include(out).include(&folders[0]).warnings(true).extra_warnings(true);
    // Every call between Lua and Rust goes through the shim, so that debug builds want a fast one too.
    if env::var("OPT_LEVEL").is_ok_and(|level| level != "3") {
        cc.opt_level(2);
    }
    if env::var_os("CARGO_FEATURE_JSON_FLOOR").is_some() {
        cc.define("OXL_JSON_FLOOR", None);
    }
    cc.flag_if_supported("-std=c99");
    cc.flag_if_supported("-fvisibility=hidden");
    // Errors of LuaJIT and of a Lua built as C++ unwind through the frames of the shim.
    cc.flag_if_supported("-fexceptions");
    cc.try_compile("oxilua_shim").map_err(|e| format!("cannot compile the C shim: {e}"))
}
