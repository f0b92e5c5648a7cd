//! The C compiler and its companions.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::Result;
use crate::engine::Engine;

/// The C compiler for this machine, as the environment (CC, CFLAGS, AR) and `cc` choose it.
pub struct Toolchain {
    compiler: cc::Tool,
    config: cc::Build,
    /// What the compiler says about itself: another one makes other binaries.
    version: String,
}

impl Toolchain {
    pub fn find() -> Result<Toolchain> {
        let mut config = cc::Build::new();
        // Outside of a build script all of this is unknown to cc.
        config.target(env!("TARGET")).host(env!("TARGET")).opt_level(2).debug(false).pic(true);
        config.warnings(false).cargo_metadata(false).cargo_output(false);
        let compiler = config.try_get_compiler().map_err(|error| format!("no C compiler: {error}"))?;
        let version = run(compiler.to_command().arg("--version")).map_err(|error| {
            format!("{error}\na C compiler is needed: install gcc or clang, or name one in CC")
        })?;
        Ok(Toolchain { compiler, config, version })
    }

    /// Whatever of the toolchain shapes what is built.
    pub fn identity(&self) -> String {
        format!("{:?} {:?} {}", self.compiler.path(), self.compiler.args(), self.version)
    }

    /// The compiler as a makefile wants it in CC.
    pub fn command_line(&self) -> OsString {
        let wrapped = self.compiler.cc_env();
        if wrapped.is_empty() { self.compiler.path().into() } else { wrapped }
    }

    /// Compiles `sources` to position independent objects in `out`, on all processors.
    pub fn compile(&self, sources: &[PathBuf], flags: &[String], out: &Path) -> Result<Vec<PathBuf>> {
        let object = |source: &PathBuf| out.join(source.file_name().unwrap_or_default()).with_extension("o");
        let queue = Mutex::new(sources.iter());
        let worker = || -> Result<()> {
            loop {
                let next = queue.lock().map_err(|_| "another compilation panicked")?.next();
                let Some(source) = next else { return Ok(()) };
                let mut compile = self.compiler.to_command();
                run(compile.args(flags).arg("-c").arg(source).arg("-o").arg(object(source)))?;
            }
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..processors()).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a compilation panicked")?)
        })?;
        Ok(sources.iter().map(object).collect())
    }

    /// Makes the static library `archive` of `objects`.
    pub fn archive(&self, objects: &[PathBuf], archive: &Path) -> Result<()> {
        let mut ar = self.config.try_get_archiver().map_err(|error| format!("no archiver: {error}"))?;
        run(ar.arg("crs").arg(archive).args(objects)).map(drop)
    }

    /// Links the interpreter: the driver and `archive` in one, with the API visible to the C modules that it loads.
    pub fn link_interpreter(&self, inputs: &Inputs, driver: &Path, flags: &[&str], out: &Path) -> Result<()> {
        let mut link = self.compiler.to_command();
        link.args(flags).arg("-I").arg(inputs.include).arg(driver).arg(inputs.archive);
        if !cfg!(target_os = "macos") {
            // On macOS executables export what is global.
            link.arg("-Wl,-E");
        }
        inputs.finish(&mut link, false, out)
    }

    /// Makes the shared library `out` of everything in the archive.
    pub fn link_shared(&self, inputs: &Inputs, out: &Path) -> Result<()> {
        let mut link = self.compiler.to_command();
        let soname = inputs.engine.soname();
        if cfg!(target_os = "macos") {
            link.arg("-dynamiclib").arg(format!("-Wl,-install_name,@rpath/{soname}"));
            link.arg("-Wl,-all_load").arg(inputs.archive);
        } else {
            link.arg("-shared").arg(format!("-Wl,-soname,{soname}"));
            link.arg("-Wl,--whole-archive").arg(inputs.archive).arg("-Wl,--no-whole-archive");
        }
        inputs.finish(&mut link, true, out)
    }
}

/// What the interpreter and the shared library are linked from.
pub struct Inputs<'a> {
    pub engine: &'a Engine,
    pub archive: &'a Path,
    pub include: &'a Path,
    /// A folder for what the linker wants in files.
    pub scratch: &'a Path,
}

impl Inputs<'_> {
    fn finish(&self, link: &mut Command, library: bool, out: &Path) -> Result<()> {
        if let Some(script) = self.engine.version_script(library) {
            let path = self.scratch.join("exported.map");
            std::fs::write(&path, script).map_err(|error| format!("{}: {error}", path.display()))?;
            link.arg(format!("-Wl,--version-script={}", path.display()));
        }
        let libraries: &[&str] = if cfg!(target_os = "linux") { &["-lm", "-ldl"] } else { &["-lm"] };
        run(link.arg("-o").arg(out).args(libraries)).map(drop)
    }
}

/// How many things to do at once.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |count| count.get())
}

/// Runs a command and returns what it printed; on failure the error holds what it had to say.
pub fn run(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("`{program}` is not installed, or not in PATH"),
        _ => format!("cannot run {program}: {error}"),
    })?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    if output.status.success() {
        return Ok(stdout.into_owned());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} failed ({})\n{}{}", output.status, excerpt(&stdout), excerpt(&stderr)))
}

/// Begin and end of what a program printed: compilers tell the cause first, make tells it last.
fn excerpt(text: &str) -> String {
    const SHOWN: usize = 15;
    let lines: Vec<_> = text.lines().map(|line| format!("  {line}\n")).collect();
    if lines.len() <= 2 * SHOWN {
        return lines.concat();
    }
    format!("{}  ...\n{}", lines[..SHOWN].concat(), lines[lines.len() - SHOWN..].concat())
}
