//! Generates the C header and the list of exported symbols from the sources of the C API.
//!
//! ```text
//! cargo run -p oxilua-header              writes include/oxilua.h and exported.txt
//! cargo run -p oxilua-header -- --check   fails if they are not up to date
//! ```
//!
//! The functions are defined by the macro `entry!` (`src/capi/entry.rs`), which is what guards them. [`source`] reads these
//! definitions, so that a function which is not guarded is not in the header; [`guard`] makes sure that it is not exported
//! either. cbindgen writes the C.

mod guard;
mod header;
mod source;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

/// What went wrong, in words for the person at the terminal.
type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("oxilua-header: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let check = match env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [option] if option == "--check" => true,
        _ => return Err("usage: oxilua-header [--check]".into()),
    };
    let root = root()?;
    guard::check(&root)?;
    let api = source::read(&root)?;
    provide(&root.join("include/oxilua.h"), &header::write(&root, &api)?, check)?;
    provide(&root.join("exported.txt"), &api.exported(), check)
}

/// The folder of the project: that of this tool is two levels below. Cargo names it when it runs the tool, which may have been
/// compiled in another checkout with the same target folder.
fn root() -> Result<PathBuf> {
    let here = env::var_os("CARGO_MANIFEST_DIR").ok_or("run it with `cargo run -p oxilua-header`")?;
    let here = Path::new(&here);
    here.ancestors()
        .nth(2)
        .map(Path::to_owned)
        .ok_or_else(|| format!("{} is not tools/header", here.display()))
}

/// Writes a file, or compares it.
fn provide(path: &Path, text: &str, check: bool) -> Result<()> {
    // A checkout may have other line ends.
    let there = fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    if there == text {
        println!("{}: up to date", path.display());
        return Ok(());
    }
    if check {
        let line = there.lines().zip(text.lines()).take_while(|(a, b)| a == b).count() + 1;
        return Err(format!("{} is not up to date from line {line} on: run `make header`", path.display()));
    }
    fs::write(path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    println!("{}: written", path.display());
    Ok(())
}

/// The text of a source file.
fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}
