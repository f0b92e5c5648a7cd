//! The C of the header.

use crate::Result;
use crate::source::Api;
use quote::ToTokens;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

/// The header's text.
pub fn write(root: &Path, api: &Api) -> Result<String> {
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    config.after_includes = Some(version_macros()?);
    // cbindgen reads files.
    let source = Temporary::new(
        &api.items.iter().map(|item| format!("{}\n", item.to_token_stream())).collect::<String>(),
    )?;
    let bindings = cbindgen::Builder::new().with_config(config).with_src(&source.0).generate();
    let mut text = Vec::new();
    bindings.map_err(|e| format!("cbindgen: {e}"))?.write(&mut text);
    String::from_utf8(text).map_err(|e| format!("cbindgen: {e}"))
}

/// The version, and what the header needs of Lua. This tool has the version of the workspace.
fn version_macros() -> Result<String> {
    let text = env!("CARGO_PKG_VERSION");
    let parts =
        [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH")];
    let mut number = 0;
    for part in parts {
        let part: u32 = part.parse().map_err(|e| format!("the version {text}: {e}"))?;
        number = number * 1000 + part;
    }
    let [major, minor, patch] = parts;
    Ok(format!(
        "
/* The version of this header. oxl_version() is that of the library. */
#define OXL_VERSION \"{text}\"
#define OXL_VERSION_MAJOR {major}
#define OXL_VERSION_MINOR {minor}
#define OXL_VERSION_PATCH {patch}
/* major * 1000000 + minor * 1000 + patch */
#define OXL_VERSION_NUMBER {number}

/* Lua's own; <lua.h> is not needed here. */
struct lua_State;
"
    ))
}

/// A file that goes away.
struct Temporary(PathBuf);

impl Temporary {
    fn new(text: &str) -> Result<Temporary> {
        let path = env::temp_dir().join(format!("oxilua-header-{}.rs", process::id()));
        fs::write(&path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
        Ok(Temporary(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
