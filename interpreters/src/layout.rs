//! What is built where, and whether it has to be built at all.
//!
//! Everything is built in a folder beside its place and moved there in one piece, so that neither an interrupted build
//! nor two builds at once leave a half.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::engine::{Engine, Family};
use crate::sources::Tree;
use crate::toolchain::{Inputs, Toolchain};
use crate::{luajit, puc};

const DRIVER: &str = include_str!("../driver.c");

/// PUC Lua's own lua.hpp is not among the sources.
const LUA_HPP: &str = "\
// lua.hpp
// Lua header files for C++
// <<extern \"C\">> not supplied automatically because Lua also compiles as C++

extern \"C\" {
#include \"lua.h\"
#include \"lualib.h\"
#include \"lauxlib.h\"
}
";

/// How things are built is an input as well.
const RECIPES: [&str; 6] = [
    include_str!("engine.rs"),
    include_str!("layout.rs"),
    include_str!("luajit.rs"),
    include_str!("puc.rs"),
    include_str!("toolchain.rs"),
    DRIVER,
];

const SHARED: &str = if cfg!(target_os = "macos") { "liblua.dylib" } else { "liblua.so" };

/// Where one engine is installed.
pub struct Place {
    dir: PathBuf,
}

impl Place {
    pub fn new(out: &Path, engine: &Engine) -> Place {
        Place { dir: out.join(engine.name) }
    }

    /// Sees to it that interpreter, libraries and headers are there. Tells whether they had to be built.
    pub fn provide(&self, engine: &Engine, tree: &Tree, toolchain: &Toolchain) -> Result<bool> {
        let hash = hash(engine, tree, toolchain);
        if self.has("stamp", &hash) {
            return Ok(false);
        }
        let workshop = Workshop::open(&self.dir)?;
        let [source, product] = ["source", "product"].map(|name| workshop.dir.join(name));
        let [bin, lib, include] = ["bin", "lib", "include"].map(|name| product.join(name));
        for dir in [&source, &bin, &lib, &include] {
            create_dir(dir)?;
        }
        let archive = lib.join("liblua.a");
        compile(engine, tree, &source, &archive, false, toolchain)?;
        install_headers(engine, &source, &include)?;
        let driver = source.join("driver.c");
        write(&driver, DRIVER)?;
        let flags: &[&str] = if engine.family == Family::LuaJit { &["-DDRIVER_LUAJIT"] } else { &[] };
        let inputs = Inputs { engine, archive: &archive, include: &include, scratch: &source };
        toolchain.link_interpreter(&inputs, &driver, flags, &bin.join("lua"))?;
        toolchain.link_shared(&inputs, &lib.join(SHARED))?;
        link_soname(&lib, &engine.soname())?;
        write(&product.join("stamp"), &hash)?;
        self.replace_by(&product).or_else(|error| {
            // Another process may have been quicker, with the same result.
            if self.has("stamp", &hash) { Ok(()) } else { Err(error) }
        })?;
        Ok(true)
    }

    /// Sees to it that the archive is there from which a host exports nothing. Tells whether it had to be built.
    pub fn provide_hidden(&self, engine: &Engine, tree: &Tree, toolchain: &Toolchain) -> Result<bool> {
        let hash = hash(engine, tree, toolchain);
        if self.has("stamp-hidden", &hash) {
            return Ok(false);
        }
        let workshop = Workshop::open(&self.dir)?;
        let source = workshop.dir.join("source");
        create_dir(&source)?;
        let archive = workshop.dir.join("liblua-hidden.a");
        compile(engine, tree, &source, &archive, true, toolchain)?;
        let target = self.dir.join("lib/liblua-hidden.a");
        fs::rename(&archive, &target).map_err(|error| format!("{}: {error}", target.display()))?;
        write(&self.dir.join("stamp-hidden"), &hash)?;
        Ok(true)
    }

    fn has(&self, stamp: &str, hash: &str) -> bool {
        fs::read_to_string(self.dir.join(stamp)).is_ok_and(|found| found == hash)
    }

    fn replace_by(&self, product: &Path) -> Result<()> {
        if self.dir.exists() {
            fs::remove_dir_all(&self.dir).map_err(|error| format!("{}: {error}", self.dir.display()))?;
        }
        fs::rename(product, &self.dir).map_err(|error| format!("{}: {error}", self.dir.display()))
    }
}

/// A folder to build in, beside the place of the product, gone when dropped.
struct Workshop {
    dir: PathBuf,
}

impl Workshop {
    fn open(place: &Path) -> Result<Workshop> {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let dir = place.with_file_name(format!(".building-{name}-{}", std::process::id()));
        create_dir(&dir)?;
        Ok(Workshop { dir })
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // Nobody is hurt by what remains if this fails.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Writes the sources to `dir` and compiles them to `archive`.
fn compile(
    engine: &Engine,
    tree: &Tree,
    dir: &Path,
    archive: &Path,
    hidden: bool,
    toolchain: &Toolchain,
) -> Result<()> {
    let outcome = match engine.family {
        Family::Puc(_) => {
            tree.write(dir).and_then(|()| puc::build(engine, tree, dir, archive, hidden, toolchain))
        }
        Family::LuaJit => luajit::configure(tree, hidden)
            .and_then(|tree| tree.write(dir))
            .and_then(|()| luajit::build(dir, archive, toolchain)),
    };
    outcome.map_err(|error| format!("{} ({}): {error}", engine.name, tree.version))
}

fn install_headers(engine: &Engine, source: &Path, include: &Path) -> Result<()> {
    let (from, more): (PathBuf, &[&str]) = match engine.family {
        Family::Puc(_) => {
            write(&include.join("lua.hpp"), LUA_HPP)?;
            (source.to_path_buf(), &[])
        }
        Family::LuaJit => (source.join("src"), &["luajit.h", "lua.hpp"]),
    };
    for name in ["lua.h", "lauxlib.h", "lualib.h", "luaconf.h"].iter().chain(more) {
        fs::copy(from.join(name), include.join(name)).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// Programs linked with the shared library look for its SONAME when they start.
fn link_soname(lib: &Path, soname: &str) -> Result<()> {
    let link = lib.join(soname);
    #[cfg(unix)]
    let outcome = std::os::unix::fs::symlink(SHARED, &link);
    #[cfg(not(unix))]
    let outcome = fs::copy(lib.join(SHARED), &link);
    outcome.map(drop).map_err(|error| format!("{}: {error}", link.display()))
}

/// Of everything that shapes what is built: FNV-1a, whose values do not change with the Rust release.
fn hash(engine: &Engine, tree: &Tree, toolchain: &Toolchain) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut add = |bytes: &[u8]| {
        // The length keeps neighbours apart.
        for byte in bytes.len().to_le_bytes().iter().chain(bytes) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    add(engine.name.as_bytes());
    add(toolchain.identity().as_bytes());
    for recipe in RECIPES {
        add(recipe.as_bytes());
    }
    for (path, contents) in tree.files() {
        add(path.to_string_lossy().as_bytes());
        add(contents);
    }
    format!("{hash:016x}\n")
}

fn create_dir(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
