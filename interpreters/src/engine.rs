//! Which Luas there are to build, and how each one is configured.

/// One Lua: a version in a configuration.
pub struct Engine {
    /// The folder that it is built into, and its name on the command line.
    pub name: &'static str,
    pub family: Family,
    /// The library's name as distributions have it, without prefix and suffix.
    library: &'static str,
    /// The number in the library's SONAME.
    abi: &'static str,
    /// The version that its symbols bear in ELF files, as Debian has it: so a shared Lua that is loaded into another
    /// Lua's interpreter calls itself, not its host. LuaJIT's symbols bear none there either.
    symbol_version: Option<&'static str>,
    /// What the original makefile defines for compatibility with older versions, so that it exports the same names.
    pub compat: Option<&'static str>,
    /// Changes to luaconf.h. It is edited, rather than overruled by a flag, because C modules must see the same.
    pub edits: &'static [Edit],
    /// Built only on request: no distribution has it.
    pub odd: bool,
}

/// Who wrote it decides how it is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// A Lua of PUC-Rio, of this series ("5.4").
    Puc(&'static str),
    LuaJit,
}

/// A passage of luaconf.h, which must be there exactly once, and what takes its place.
pub struct Edit {
    pub from: &'static str,
    pub to: &'static str,
}

const fn puc(
    name: &'static str,
    series: &'static str,
    library: &'static str,
    symbol_version: &'static str,
) -> Engine {
    Engine {
        name,
        family: Family::Puc(series),
        library,
        abi: "0",
        symbol_version: Some(symbol_version),
        compat: None,
        edits: &[],
        odd: false,
    }
}

/// Every Lua that can be built, the ordinary ones first.
pub const ALL: [Engine; 8] = [
    puc("lua51", "5.1", "lua5.1", "LUA_5.1"),
    Engine { compat: Some("LUA_COMPAT_ALL"), ..puc("lua52", "5.2", "lua5.2", "LUA_5.2") },
    Engine { compat: Some("LUA_COMPAT_5_2"), ..puc("lua53", "5.3", "lua5.3", "LUA_5.3") },
    Engine { compat: Some("LUA_COMPAT_5_3"), ..puc("lua54", "5.4", "lua5.4", "LUA_5.4") },
    puc("lua55", "5.5", "lua5.5", "LUA_5.5"),
    Engine {
        name: "luajit",
        family: Family::LuaJit,
        library: "luajit-5.1",
        abi: "2",
        symbol_version: None,
        compat: None,
        edits: &[],
        odd: false,
    },
    // A smaller stack moves the pseudo indices.
    Engine {
        compat: Some("LUA_COMPAT_5_3"),
        edits: &[Edit { from: "#define LUAI_MAXSTACK\t\t1000000", to: "#define LUAI_MAXSTACK\t\t15000" }],
        odd: true,
        ..puc("lua54-maxstack", "5.4", "lua5.4-maxstack", "LUA_5.4_MAXSTACK")
    },
    // int and float instead of long long and double: the same symbols with another ABI.
    Engine {
        compat: Some("LUA_COMPAT_5_2"),
        edits: &[Edit { from: "/* #define LUA_32BITS */", to: "#define LUA_32BITS" }],
        odd: true,
        ..puc("lua53-32bits", "5.3", "lua5.3-32bits", "LUA_5.3_32BITS")
    },
];

impl Engine {
    /// The linker's version script, where it needs one. What is not named stays as it is in an interpreter; a library
    /// exports nothing else.
    pub fn version_script(&self, library: bool) -> Option<String> {
        let version = self.symbol_version.filter(|_| !cfg!(target_os = "macos"))?;
        let local = if library { " local: *;" } else { "" };
        Some(format!("{version} {{ global: lua*;{local} }};\n"))
    }

    /// The name under which the dynamic linker knows the shared library: distinct for each engine, because a process
    /// may load several.
    pub fn soname(&self) -> String {
        if cfg!(target_os = "macos") {
            format!("lib{}.{}.dylib", self.library, self.abi)
        } else {
            format!("lib{}.so.{}", self.library, self.abi)
        }
    }
}
