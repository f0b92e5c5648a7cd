"""Runs a script in every Lua that lupa has, in one process in which all of them are alive at once.

    lupa_runner.py [--plain] SCRIPT [ARG...]

Each Lua sits in an extension of Python that exports nothing of it: an ordinary C module cannot even be loaded there.

The output of a TAP test is merged into one, its tests renumbered and marked with their Lua: `prove --exec` runs this like an
interpreter. With --plain the output is left alone; a script that raises an error makes the exit status 1.
"""

import ctypes
import gc
import importlib
import os
import pkgutil
import re
import sys
import tempfile

import lupa

# As C's stdio has buffers of its own, which belong before what Python writes.
libc = ctypes.CDLL(None)

PREPARE = """
return function(script, ...)
  -- Lua 5.1 has a local variable `arg` here.
  _G.arg = { [0] = script, ... }
  -- Ends the script, not Python.
  os.exit = function(code)
    error({ exit = code == nil or code == true or code == 0 }, 0)
  end
  local run = assert(loadfile(script))
  local unpack = unpack or table.unpack
  local ok, err = xpcall(function() return run(unpack(_G.arg)) end, function(err)
    if type(err) == "table" and err.exit ~= nil then return err end
    return debug.traceback(tostring(err), 2)
  end)
  if ok or type(err) == "table" and err.exit then return true end
  return false, type(err) == "table" and "exit with a failure" or err
end
"""


def engines():
    """The names of lupa's extensions: lua51 ... lua55, luajit20, luajit21."""
    names = [module.name for module in pkgutil.iter_modules(lupa.__path__)]
    return sorted(name for name in names if re.fullmatch(r"lua(jit)?\d\d", name))


def start(name):
    return importlib.import_module("lupa." + name).LuaRuntime(unpack_returned_tuples=True, encoding="latin-1")


def run(lua, script, arguments):
    """None, or why the script failed."""
    result = lua.execute(PREPARE)(script, *arguments)
    ok, message = result if isinstance(result, tuple) else (result, None)
    return None if ok else message


def captured(action):
    """What an action returns, and what it or C code under it writes to standard output."""
    sys.stdout.flush()
    libc.fflush(None)
    with tempfile.TemporaryFile() as file:
        stdout = os.dup(1)
        os.dup2(file.fileno(), 1)
        try:
            result = action()
        finally:
            libc.fflush(None)
            os.dup2(stdout, 1)
            os.close(stdout)
        file.seek(0)
        return result, file.read().decode("utf-8", "replace")


class Tap:
    """Merges the output of several tests into one."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def test(self, ok, text):
        self.count += 1
        self.failed += not ok
        print(f"{'ok' if ok else 'not ok'} {self.count} - {text}")

    def add(self, name, output, error):
        plan, seen = None, 0
        for line in output.splitlines():
            if found := re.fullmatch(r"1\.\.(\d+)\s*(#.*)?", line):
                plan = int(found[1])
                if plan == 0:
                    self.test(True, f"[{name}] # SKIP {found[2] or ''}")
            elif found := re.fullmatch(r"(not )?ok\b\s*\d*\s*(?:- )?(.*)", line):
                seen += 1
                todo = re.search(r"#\s*(todo|skip)\b", found[2], re.IGNORECASE)
                self.test(not found[1] or todo, f"[{name}] {found[2]}")
            elif line.startswith("Bail out!"):
                error = error or line
            else:
                print(line if line.startswith("#") else f"# [{name}] {line}")
        if error is not None:
            self.test(False, f"[{name}] the script fails")
            print("\n".join(f"# {line}" for line in str(error).splitlines()))
        elif plan != seen:
            self.test(False, f"[{name}] the plan is {plan}, and {seen} tests ran")


def main():
    arguments = sys.argv[1:]
    plain = arguments[:1] == ["--plain"]
    script, *arguments = arguments[plain:]
    # `@lua@` in an argument is the name of the Lua.
    runtimes = {name: start(name) for name in engines()}
    failed, tap = 0, Tap()
    for name, lua in runtimes.items():
        own = [argument.replace("@lua@", name) for argument in arguments]
        if plain:
            if (error := run(lua, script, own)) is not None:
                failed += 1
                libc.fflush(None)
                print(f"{name}: {error}", file=sys.stderr)
        else:
            error, output = captured(lambda: run(lua, script, own))
            tap.add(name, output, error)
    if not plain:
        tap.test(len(runtimes) >= 7, f"lupa has {len(runtimes)} Luas: {' '.join(runtimes)}")
        print(f"1..{tap.count}", flush=True)
    # The states are closed one after the other, while the others are alive.
    for name in list(runtimes):
        del runtimes[name], lua
        gc.collect()
        lua = None
    return 1 if failed or tap.failed else 0


sys.exit(main())
