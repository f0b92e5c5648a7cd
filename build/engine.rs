//! The Lua that is linked: built from source, found by pkg-config, or named by environment variables.
//!
//! * feature `vendored`: built from the sources in the crates lua-src and luajit-src;
//! * `LUA_LIB` (a folder), `LUA_LIB_NAME` (a library's name without prefix and suffix) and `LUA_LINK` (`static` or
//!   `dylib`) name an installed one; `LUA_INC` is accepted and not needed, since no header is read;
//! * otherwise pkg-config finds it, under any of the names that distributions use.

use std::env;
use std::path::Path;

/// The linked Lua.
pub struct Linked {
    /// Its name in src/vm/list.rs.
    pub engine: &'static str,
    /// What it is, for people.
    pub origin: String,
    pub vendored: bool,
    /// Functions of the list that this release of the version does not have.
    pub lacks: &'static [&'static str],
}

struct Engine {
    feature: &'static str,
    /// Its name in the list of functions.
    engine: &'static str,
    /// The first version and the first one that is too new, for pkg-config.
    versions: [&'static str; 2],
    /// Debian, Alpine, openSUSE and Homebrew; Fedora and FreeBSD; Arch and NetBSD; and where there is only one Lua.
    packages: &'static [&'static str],
    /// Names of the library itself.
    libraries: &'static [&'static str],
}

const ENGINES: &[Engine] = &[
    Engine {
        feature: "lua51",
        engine: "v51",
        versions: ["5.1", "5.2"],
        packages: &["lua5.1", "lua-5.1", "lua51", "lua"],
        libraries: &["lua5.1", "lua-5.1", "lua51", "lua.5.1", "lua"],
    },
    Engine {
        feature: "lua52",
        engine: "v52",
        versions: ["5.2", "5.3"],
        packages: &["lua5.2", "lua-5.2", "lua52", "lua"],
        libraries: &["lua5.2", "lua-5.2", "lua52", "lua.5.2", "lua"],
    },
    Engine {
        feature: "lua53",
        engine: "v53",
        versions: ["5.3", "5.4"],
        packages: &["lua5.3", "lua-5.3", "lua53", "lua"],
        libraries: &["lua5.3", "lua-5.3", "lua53", "lua.5.3", "lua"],
    },
    Engine {
        feature: "lua54",
        engine: "v54",
        versions: ["5.4", "5.5"],
        packages: &["lua5.4", "lua-5.4", "lua54", "lua"],
        libraries: &["lua5.4", "lua-5.4", "lua54", "lua.5.4", "lua"],
    },
    Engine {
        feature: "lua55",
        engine: "v55",
        versions: ["5.5", "5.6"],
        packages: &["lua5.5", "lua-5.5", "lua55", "lua"],
        libraries: &["lua5.5", "lua-5.5", "lua55", "lua.5.5", "lua"],
    },
    Engine {
        feature: "luajit",
        engine: "jit",
        versions: ["2.0", "3"],
        packages: &["luajit"],
        libraries: &["luajit-5.1", "luajit", "lua51"],
    },
];

/// What LuaJIT 2.0 has not yet of the functions that the list gives LuaJIT.
const LUAJIT_20_LACKS: &[&str] =
    &["lua_tonumberx", "lua_tointegerx", "lua_copy", "lua_isyieldable", "lua_version"];

/// Tells cargo what to link. `None`: nothing, the Lua is found at run time.
pub fn link() -> Result<Option<Linked>, String> {
    for name in ["LUA_INC", "LUA_LIB", "LUA_LIB_NAME", "LUA_LINK"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    if feature("module") {
        return Ok(None);
    }
    let wanted: Vec<&Engine> = ENGINES.iter().filter(|e| feature(e.feature)).collect();
    let engine = match wanted[..] {
        [] if feature("vendored") => {
            return Err(
                "the feature `vendored` needs one of lua51, lua52, lua53, lua54, lua55, luajit, luajit52: \
                        the Lua to build"
                    .into(),
            );
        }
        [] => return Ok(None),
        [engine] => engine,
        _ => {
            let names: Vec<&str> = wanted.iter().map(|e| e.feature).collect();
            return Err(format!(
                "the features {} name different Lua versions, and only one Lua can be linked: keep one of them, or \
                 none to find the Lua at run time",
                names.join(", ")
            ));
        }
    };
    if feature("vendored") {
        return vendored(engine).map(Some);
    }
    match (set("LUA_LIB"), set("LUA_LIB_NAME")) {
        (None, None) => packaged(engine).map(Some),
        (folder, name) => named(engine, folder.as_deref(), name).map(Some),
    }
}

fn feature(name: &str) -> bool {
    env::var_os(format!("CARGO_FEATURE_{}", name.to_uppercase())).is_some()
}

fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether `LUA_LINK` asks for a static library.
fn link_statically() -> Result<bool, String> {
    match set("LUA_LINK").as_deref() {
        None | Some("dylib" | "dynamic") => Ok(false),
        Some("static") => Ok(true),
        Some(other) => Err(format!("LUA_LINK is {other:?}, it can be \"static\" or \"dylib\"")),
    }
}

#[cfg(feature = "vendored")]
fn vendored(engine: &Engine) -> Result<Linked, String> {
    let origin = if engine.engine == "jit" {
        let artifacts = luajit_src::Build::new()
            .lua52compat(feature("luajit52"))
            .try_build()
            .map_err(|e| format!("cannot build LuaJIT: {e}"))?;
        artifacts.print_cargo_metadata();
        "built from luajit-src".to_owned()
    } else {
        let version = match engine.engine {
            "v51" => lua_src::Lua51,
            "v52" => lua_src::Lua52,
            "v53" => lua_src::Lua53,
            "v54" => lua_src::Lua54,
            _ => lua_src::Lua55,
        };
        let artifacts =
            lua_src::Build::new().try_build(version).map_err(|e| format!("cannot build Lua: {e}"))?;
        artifacts.print_cargo_metadata();
        "built from lua-src".to_owned()
    };
    Ok(Linked { engine: engine.engine, origin, vendored: true, lacks: &[] })
}

#[cfg(not(feature = "vendored"))]
fn vendored(_: &Engine) -> Result<Linked, String> {
    unreachable!("called only with the feature `vendored`")
}

/// The library that the environment names.
fn named(engine: &Engine, folder: Option<&str>, name: Option<String>) -> Result<Linked, String> {
    let statically = link_statically()?;
    let name = match (name, folder) {
        (Some(name), _) => name,
        (None, Some(folder)) => find_library(engine, Path::new(folder), statically)?,
        (None, None) => unreachable!("called with one of the two"),
    };
    if let Some(folder) = folder {
        println!("cargo::rustc-link-search=native={folder}");
    }
    link_library(&name, statically);
    let folder = folder.map(|f| format!(" in {f}")).unwrap_or_default();
    Ok(Linked { engine: engine.engine, origin: format!("{name}{folder}"), vendored: false, lacks: &[] })
}

/// The usual name under which a library of this engine is in `folder`.
fn find_library(engine: &Engine, folder: &Path, statically: bool) -> Result<String, String> {
    let suffixes: &[&str] = if statically { &["a", "lib"] } else { &["so", "dylib", "dll.a", "lib"] };
    let there = |name: &str| {
        suffixes.iter().any(|suffix| {
            folder.join(format!("lib{name}.{suffix}")).exists()
                || folder.join(format!("{name}.{suffix}")).exists()
        })
    };
    let found = engine.libraries.iter().find(|name| there(name));
    found.map(|name| name.to_string()).ok_or_else(|| {
        format!(
            "LUA_LIB is {}, which has no {} library named {}; set LUA_LIB_NAME",
            folder.display(),
            if statically { "static" } else { "shared" },
            engine.libraries.join(", ")
        )
    })
}

/// The library that pkg-config finds.
fn packaged(engine: &Engine) -> Result<Linked, String> {
    let statically = link_statically()?;
    let [first, end] = engine.versions;
    let mut tried = Vec::new();
    for package in engine.packages {
        let found = pkg_config::Config::new()
            .range_version(first..end)
            .statik(statically)
            .cargo_metadata(false)
            .probe(package);
        let library = match found {
            Ok(library) => library,
            Err(pkg_config::Error::Failure { .. } | pkg_config::Error::ProbeFailure { .. }) => {
                tried.push(*package);
                continue;
            }
            // The same for every name.
            Err(e) => return Err(format!("cannot ask pkg-config for the feature `{}`: {e}", engine.feature)),
        };
        for folder in &library.link_paths {
            println!("cargo::rustc-link-search=native={}", folder.display());
        }
        for name in &library.libs {
            // Only Lua itself is wanted as a static library, not the C library's parts it needs.
            link_library(name, statically && name.contains("lua"));
        }
        let lacks: &[&str] = match (engine.engine, library.version.starts_with("2.0")) {
            ("jit", true) => LUAJIT_20_LACKS,
            _ => &[],
        };
        let origin = format!("pkg-config {package} {}", library.version);
        return Ok(Linked { engine: engine.engine, origin, vendored: false, lacks });
    }
    Err(format!(
        "no installed Lua for the feature `{}`: pkg-config knows no {} of version {first}. Install its development \
         package, or add the feature `vendored` to build it, or set LUA_LIB and LUA_LIB_NAME, or use no version \
         feature to find the Lua at run time",
        engine.feature,
        tried.join(", ")
    ))
}

fn link_library(name: &str, statically: bool) {
    // A static library that is not ours stays outside of the rlib: the program's linker takes what it needs.
    let kind = if statically { "static:-bundle" } else { "dylib" };
    println!("cargo::rustc-link-lib={kind}={name}");
}
