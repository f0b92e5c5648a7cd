//! Builds real Luas to test against: for each one an interpreter, a shared and a static library, and its headers.
//!
//! ```text
//! cargo run -p oxilua-interpreters -- [--out DIR] [--odd] [--hidden] [NAME...]
//! ```
//!
//! Without names all six are built (lua51 lua52 lua53 lua54 lua55 luajit), into `target/lua` of the workspace:
//!
//! ```text
//! DIR/<name>/bin/lua               the interpreter: Lua linked statically, its API exported to C modules
//! DIR/<name>/lib/liblua.so         with the SONAME that distributions use (liblua5.4.so.0), also as a link of that name
//! DIR/<name>/lib/liblua.a          position independent
//! DIR/<name>/lib/liblua-hidden.a   with --hidden
//! DIR/<name>/include/              lua.h lauxlib.h lualib.h luaconf.h lua.hpp (luajit.h)
//! ```
//!
//! `--odd` adds Luas that are configured as no distribution does it: a test of what we find out at run time.
//!
//! `--hidden` adds an archive for hosts that export nothing of their Lua, not even when linked with `-Wl,-E`. PUC Lua
//! declares its API plain `extern`, so `-fvisibility=hidden` does it. LuaJIT's `LUA_API` says `visibility("default")`,
//! which wins over the flag, so there luaconf.h is edited before the build. `objcopy --localize-hidden` would be wrong in
//! both: the objects of one archive find each other by these very symbols.
//!
//! What is up to date is left alone: a stamp holds the hash of sources, settings, compiler and of this program's recipes.

mod engine;
mod layout;
mod luajit;
mod options;
mod puc;
mod sources;
mod toolchain;

use std::process::ExitCode;
use std::time::Instant;

use options::Command;

/// What went wrong, in words for the person at the terminal.
type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("oxilua-interpreters: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let options = match options::parse(std::env::args_os().skip(1))? {
        Command::Build(options) => options,
        Command::Help => {
            print!("{}", options::USAGE);
            return Ok(());
        }
    };
    if cfg!(windows) {
        return Err("not supported on Windows; install the Luas that you want to test against".into());
    }
    let sources = sources::Sources::locate()?;
    let toolchain = toolchain::Toolchain::find()?;
    for engine in &options.engines {
        let started = Instant::now();
        let place = layout::Place::new(&options.out, engine);
        let tree = sources.read(engine)?;
        let mut built = place.provide(engine, &tree, &toolchain)?;
        if options.hidden {
            built |= place.provide_hidden(engine, &tree, &toolchain)?;
        }
        if built {
            println!("{}: {}, built in {:.1} s", engine.name, tree.version, started.elapsed().as_secs_f32());
        } else {
            println!("{}: {}, up to date", engine.name, tree.version);
        }
    }
    Ok(())
}
