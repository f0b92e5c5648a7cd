//! The command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::engine::{ALL, Engine};

pub const USAGE: &str = "\
Builds real Luas: interpreter, libraries and headers.

usage: cargo run -p oxilua-interpreters -- [--out DIR] [--odd] [--hidden] [NAME...]

  --out DIR   where to, one folder for each Lua (default: target/lua of the workspace)
  --odd       also the oddly configured ones: lua54-maxstack lua53-32bits
  --hidden    also lib/liblua-hidden.a, from which a host exports nothing
  NAME        lua51 lua52 lua53 lua54 lua55 luajit (default: these six), or an odd one
";

/// What the user asked for.
pub enum Command {
    Build(Options),
    Help,
}

pub struct Options {
    /// Absolute, because `make` runs elsewhere.
    pub out: PathBuf,
    pub hidden: bool,
    pub engines: Vec<&'static Engine>,
}

pub fn parse(args: impl Iterator<Item = OsString>) -> Result<Command> {
    let mut args = args;
    let (mut out, mut odd, mut hidden) = (None, false, false);
    let mut engines: Vec<&Engine> = Vec::new();
    while let Some(arg) = args.next() {
        match arg.to_str() {
            Some("--out") => out = Some(args.next().ok_or("--out needs a directory")?),
            Some("--odd") => odd = true,
            Some("--hidden") => hidden = true,
            Some("-h" | "--help") => return Ok(Command::Help),
            Some(option) if option.starts_with("--out=") => out = Some(option["--out=".len()..].into()),
            _ => {
                let name = arg.to_string_lossy();
                let engine = ALL.iter().find(|engine| engine.name == name);
                engines.push(engine.ok_or_else(|| unknown(&name))?);
            }
        }
    }
    if engines.is_empty() {
        engines.extend(ALL.iter().filter(|engine| !engine.odd));
    }
    if odd {
        engines.extend(ALL.iter().filter(|engine| engine.odd));
    }
    let mut seen = Vec::new();
    engines.retain(|engine| {
        let new = !seen.contains(&engine.name);
        seen.push(engine.name);
        new
    });
    let out = match out {
        Some(dir) => PathBuf::from(dir),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target").join("lua"),
    };
    let out = std::path::absolute(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    Ok(Command::Build(Options { out, hidden, engines }))
}

fn unknown(name: &str) -> String {
    let names: Vec<_> = ALL.iter().map(|engine| engine.name).collect();
    format!("'{name}' is neither an option nor a Lua that can be built; these are: {}", names.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(args: &[&str]) -> Result<Vec<&'static str>> {
        match parse(args.iter().map(OsString::from))? {
            Command::Build(options) => Ok(options.engines.iter().map(|engine| engine.name).collect()),
            Command::Help => Err("help".into()),
        }
    }

    #[test]
    fn six_by_default_and_odd_ones_on_request() {
        assert_eq!(names(&[]).unwrap(), ["lua51", "lua52", "lua53", "lua54", "lua55", "luajit"]);
        assert_eq!(names(&["--odd", "luajit"]).unwrap(), ["luajit", "lua54-maxstack", "lua53-32bits"]);
        assert_eq!(names(&["lua54", "lua54"]).unwrap(), ["lua54"]);
    }

    #[test]
    fn mistakes_are_named() {
        assert!(names(&["lua50"]).unwrap_err().contains("'lua50'"));
        assert!(names(&["--out"]).unwrap_err().contains("--out"));
    }
}
