//! Reads the list of Lua's functions and writes what is derived from it: the C declaration of the table, and the
//! symbols of a linked Lua.

use std::fmt::Write;
use std::path::Path;

use crate::engine::Linked;

/// What the list says, in its order: that of the table in memory.
pub struct List {
    functions: Vec<Function>,
    dialect: Vec<String>,
}

struct Function {
    name: String,
    /// `None`: the signature depends on the version.
    signature: Option<Signature>,
    engines: Vec<String>,
}

struct Signature {
    arguments: Vec<String>,
    result: Option<String>,
}

/// The lines of the list between `required {` and the end, one entry a line.
pub fn read(path: &Path) -> Result<List, String> {
    println!("cargo::rerun-if-changed={}", path.display());
    let text = std::fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    let mut list = List { functions: Vec::new(), dialect: Vec::new() };
    let mut section = "";
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        match line {
            "required {" | "optional {" | "raising {" | "dialect {" => section = line,
            "}" => section = "",
            _ if section.is_empty() || line.is_empty() || line.starts_with("//") => {}
            _ => {
                let parsed = if section == "dialect {" {
                    line.strip_suffix(": c_int;").map(|name| list.dialect.push(name.to_owned()))
                } else {
                    function(line).map(|f| list.functions.push(f))
                };
                parsed.ok_or_else(|| format!("{}:{}: cannot read this line", path.display(), number + 1))?;
            }
        }
    }
    if list.functions.is_empty() || list.dialect.is_empty() {
        return Err(format!("{}: the list is empty", path.display()));
    }
    Ok(list)
}

/// `name: fn(types) -> type; in [engines];` or `name: any; in [engines];`
fn function(line: &str) -> Option<Function> {
    let (head, engines) = line.split_once("; in [")?;
    let (name, kind) = head.split_once(": ")?;
    let engines = engines.strip_suffix("];")?.split_whitespace().map(str::to_owned).collect();
    let signature = match kind.strip_prefix("fn(") {
        None if kind == "any" => None,
        None => return None,
        Some(rest) => {
            let (arguments, result) = rest.split_once(')')?;
            let arguments = arguments.split(", ").filter(|a| !a.is_empty()).map(str::to_owned).collect();
            Some(Signature { arguments, result: result.trim().strip_prefix("-> ").map(str::to_owned) })
        }
    };
    Some(Function { name: name.to_owned(), signature, engines })
}

const C_HEAD: &str = "\
#include <stddef.h>
#include <stdint.h>

typedef struct lua_State lua_State;
typedef double lua_Number;
typedef int64_t lua_Integer;
typedef int (*lua_CFunction)(lua_State *L);
typedef void *(*lua_Alloc)(void *ud, void *block, size_t old_size, size_t new_size);
typedef void (*lua_Hook)(lua_State *L, void *ar);
typedef void (*lua_WarnFunction)(void *ud, const char *message, int to_be_continued);
";

/// `struct oxl_api`, in the layout of the `repr(C)` struct that vm/api.rs makes of the same list.
pub fn c_header(list: &List, symbol_version: &str) -> Result<String, String> {
    let mut c =
        String::from("/* Made by build.rs from src/vm/list.rs. */\n#ifndef OXL_API_H\n#define OXL_API_H\n\n");
    c += C_HEAD;
    // Two versions of this crate can be in one program.
    let _ = writeln!(c, "\n#define OXL_SYM(name) oxl_{symbol_version}_##name\n\nstruct oxl_api {{");
    for f in &list.functions {
        let _ = match &f.signature {
            None => writeln!(c, "    void (*{})(void);", f.name),
            Some(signature) => {
                let result = signature.result.as_deref().map_or(Ok("void"), c_type)?;
                let arguments: Result<Vec<_>, _> = signature.arguments.iter().map(|a| c_type(a)).collect();
                let arguments = arguments?.join(", ");
                let arguments = if arguments.is_empty() { "void" } else { &arguments };
                writeln!(c, "    {result} (*{})({arguments});", f.name)
            }
        };
    }
    for name in &list.dialect {
        let _ = writeln!(c, "    int {name};");
    }
    c += "};\n\n#endif\n";
    Ok(c)
}

fn c_type(rust: &str) -> Result<&'static str, String> {
    Ok(match rust {
        "State" => "lua_State *",
        "c_int" => "int",
        "*mut c_int" => "int *",
        "usize" => "size_t",
        "isize" => "ptrdiff_t",
        "*mut usize" => "size_t *",
        "Number" => "lua_Number",
        "Integer" => "lua_Integer",
        "*const c_char" => "const char *",
        "*mut c_void" | "*mut Debug" => "void *",
        "*const c_void" => "const void *",
        "*mut *mut c_void" => "void **",
        "CFunction" | "Option<CFunction>" => "lua_CFunction",
        "Option<Alloc>" => "lua_Alloc",
        "Option<Hook>" => "lua_Hook",
        "Option<WarnFunction>" => "lua_WarnFunction",
        _ => return Err(format!("src/vm/list.rs: the type {rust} has no counterpart in build/list.rs")),
    })
}

/// The functions that the linked Lua has, by name, for vm/link.rs.
pub fn linked_symbols(list: &List, linked: &Linked) -> Result<String, String> {
    let there = |f: &&Function| {
        let engines = f.engines.iter().map(String::as_str);
        engines.clone().any(|e| e == "all" || e == linked.engine) && !linked.lacks.contains(&f.name.as_str())
    };
    let names: Vec<&str> = list.functions.iter().filter(there).map(|f| f.name.as_str()).collect();
    if names.is_empty() {
        return Err(format!("src/vm/list.rs: no function is in the engine {}", linked.engine));
    }
    let mut rust = String::from("// Made by build.rs from src/vm/list.rs.\n");
    let _ = writeln!(rust, "pub(super) const ORIGIN: &str = {:?};", linked.origin);
    let _ = writeln!(rust, "pub(super) const VENDORED: bool = {};", linked.vendored);
    rust += "unsafe extern \"C\" {\n";
    for name in &names {
        let _ = writeln!(rust, "    fn {name}();");
    }
    rust += "}\npub(super) static SYMBOLS: &[(&std::ffi::CStr, unsafe extern \"C\" fn())] = &[\n";
    for name in &names {
        let _ = writeln!(rust, "    (c\"{name}\", {name}),");
    }
    rust += "];\n";
    Ok(rust)
}
