//! Proves that the library exports nothing but through the two macros that guard what they export.

use crate::{Result, read};
use std::fs;
use std::path::{Path, PathBuf};

/// Where symbols are exported: `entry!` and `luaopen!`.
const MACROS: [&str; 2] = ["src/capi/entry.rs", "src/module.rs"];

/// The attributes that export.
const EXPORTING: [&str; 2] = ["no_mangle", "export_name"];

/// Fails if any other file exports a symbol.
pub fn check(root: &Path) -> Result<()> {
    for path in sources(&root.join("src"))? {
        if MACROS.iter().any(|allowed| path == root.join(allowed)) {
            continue;
        }
        for (number, line) in read(&path)?.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if let Some(attribute) = EXPORTING.iter().find(|attribute| code.contains(**attribute)) {
                return Err(format!(
                    "{}:{}: {attribute}: only entry! and luaopen! may export, they guard what they export",
                    path.display(),
                    number + 1
                ));
            }
        }
    }
    Ok(())
}

/// The Rust files in a folder and below, in a fixed order.
pub fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    let entries = fs::read_dir(folder).map_err(|e| format!("cannot read {}: {e}", folder.display()))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            paths.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
