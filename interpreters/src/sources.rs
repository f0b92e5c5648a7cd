//! The C sources of the Luas, as the crates `lua-src` and `luajit-src` carry them.
//!
//! We compile these sources ourselves, since the crates' own builders make one static archive in one configuration. The
//! crates do not say where their sources lie, but cargo does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::Result;
use crate::engine::{Edit, Engine, Family};

/// Where the crates with the sources lie.
pub struct Sources {
    lua: PathBuf,
    luajit: PathBuf,
}

/// The sources of one engine, in memory: one to three megabytes.
#[derive(Clone)]
pub struct Tree {
    /// The release, as its users write it.
    pub version: String,
    /// Path within the tree and contents, sorted by path.
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Sources {
    /// Asks cargo which versions this workspace uses, and where they are.
    pub fn locate() -> Result<Sources> {
        // Without --offline cargo may ask the network for packages that other members need on this platform. That is
        // wanted only if it cannot be helped.
        let metadata = cargo_metadata(&["--offline"]).or_else(|_| cargo_metadata(&[]))?;
        Ok(Sources { lua: dependency(&metadata, "lua-src")?, luajit: dependency(&metadata, "luajit-src")? })
    }

    /// Reads what is needed to build `engine`, configured as it wants to be.
    pub fn read(&self, engine: &Engine) -> Result<Tree> {
        let mut tree = match engine.family {
            Family::Puc(series) => read_puc(&self.lua, series)?,
            Family::LuaJit => read_luajit(&self.luajit)?,
        };
        for edit in engine.edits {
            tree.edit(edit)?;
        }
        Ok(tree)
    }
}

impl Tree {
    pub fn files(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        self.files.iter().map(|(path, contents)| (path.as_path(), contents.as_slice()))
    }

    /// Changes luaconf.h.
    pub fn edit(&mut self, edit: &Edit) -> Result<()> {
        let luaconf = self.files.iter_mut().find(|(path, _)| path.ends_with("luaconf.h"));
        let (_, contents) = luaconf.ok_or("these sources have no luaconf.h")?;
        let text = String::from_utf8_lossy(contents);
        if text.matches(edit.from).count() != 1 {
            return Err(format!("luaconf.h of {} does not have '{}' exactly once", self.version, edit.from));
        }
        *contents = text.replace(edit.from, edit.to).into_bytes();
        Ok(())
    }

    /// Writes the tree out. Copies, not links: registries may be read-only, and LuaJIT builds in its own tree.
    pub fn write(&self, dir: &Path) -> Result<()> {
        for (path, contents) in &self.files {
            let path = dir.join(path);
            let parent = path.parent().unwrap_or(dir);
            fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
            fs::write(&path, contents).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }
}

fn cargo_metadata(options: &[&str]) -> Result<Value> {
    // `cargo run` sets CARGO.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version=1",
            "--filter-platform",
            env!("TARGET"),
            "--manifest-path",
            manifest,
        ])
        .args(options)
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))
}

/// The folder of the dependency `name` of this package. Another version of it may be in the workspace as well.
fn dependency(metadata: &Value, name: &str) -> Result<PathBuf> {
    let elements = |value: &'_ Value| value.as_array().cloned().unwrap_or_default();
    let package =
        |matches: &dyn Fn(&Value) -> bool| elements(&metadata["packages"]).into_iter().find(matches);
    package(&|package| package["name"] == env!("CARGO_PKG_NAME"))
        .and_then(|this| {
            elements(&metadata["resolve"]["nodes"]).into_iter().find(|node| node["id"] == this["id"])
        })
        .and_then(|node| {
            let ids = elements(&node["dependencies"]);
            package(&|package| package["name"] == name && ids.contains(&package["id"]))
        })
        .and_then(|found| Some(Path::new(found["manifest_path"].as_str()?).parent()?.to_path_buf()))
        .ok_or_else(|| format!("cargo metadata does not know the package {name}"))
}

fn read_puc(lua_src: &Path, series: &str) -> Result<Tree> {
    // The folder is named after the release, which changes with the crate's version.
    let prefix = format!("lua-{series}.");
    let folders = list(lua_src)?;
    let found =
        folders.iter().find_map(|path| Some((path, path.file_name()?.to_str()?.strip_prefix(&prefix)?)));
    let (root, release) =
        found.ok_or_else(|| format!("{}: no sources of Lua {series}", lua_src.display()))?;
    let mut files = Vec::new();
    read_all(root, Path::new(""), &mut files)?;
    Ok(Tree { version: format!("Lua {series}.{release}"), files })
}

fn read_luajit(luajit_src: &Path) -> Result<Tree> {
    let mut files = Vec::new();
    for folder in ["dynasm", "src"] {
        read_all(&luajit_src.join("luajit2").join(folder), Path::new(folder), &mut files)?;
    }
    // A rolling release is named by the time of its last commit. The makefile looks for it in this file where there is
    // no git repository.
    let relver = luajit_src.join("luajit_relver.txt");
    let relver = fs::read(&relver).map_err(|error| format!("{}: {error}", relver.display()))?;
    let version = format!("LuaJIT 2.1.{}", String::from_utf8_lossy(&relver).trim());
    files.push((PathBuf::from(".relver"), relver));
    Ok(Tree { version, files })
}

fn read_all(dir: &Path, within: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) -> Result<()> {
    for path in list(dir)? {
        let within = within.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            read_all(&path, &within, files)?;
        } else {
            let contents = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            files.push((within, contents));
        }
    }
    Ok(())
}

fn list(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|error| format!("{}: {error}", dir.display()))?.path());
    }
    paths.sort();
    Ok(paths)
}
