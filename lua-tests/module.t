-- The module of examples/module, as any Lua from 5.1 on sees it. mk/module-tests.sh runs it.
--
-- MODULE_TEST_LOG names a file in which every journal notes that it was opened and closed. Some are open when this ends: the
-- script reads there afterwards that closing the state has closed them, too. MODULE_TEST_PANIC=abort is for the build in which
-- a panic ends the process.

local log = assert(os.getenv("MODULE_TEST_LOG"), "MODULE_TEST_LOG is not set: run mk/module-tests.sh")
local panics = os.getenv("MODULE_TEST_PANIC") ~= "abort"

package.path = (arg[0]:match("^(.*)[/\\]") or ".") .. "/?.lua;" .. package.path
local t = require("tap")
local ok, is = t.ok, t.is
local function has(text, part, name) ok(tostring(text):find(part, 1, true) ~= nil, name, tostring(text)) end

-- Names that no other state uses which writes to the same file.
local state = tostring({}):match("0x(%x+)") or tostring({}):gsub("%W", "")
local names = 0
local function name()
  names = names + 1
  return state .. "-" .. names
end
-- How often a journal has noted something.
local function noted(what, journal)
  local lines = 0
  for line in io.lines(log) do
    if line == what .. " " .. journal then lines = lines + 1 end
  end
  return lines
end
local function collect()
  for _ = 1, 3 do collectgarbage() end
end

local example = require("example")
-- Other states of this process may have some open.
local before = example.open_journals()
local function open_here() return example.open_journals() - before end

-- Functions.
ok(type(example) == "table" and require("example") == example, "require gives the module's table")
is(example.hello("world"), "Hello, world!", "a function returns its result")
is(example.hello("a\0b\195\188"), "Hello, a\0b\195\188!", "strings pass unchanged")

-- Errors.
local done, err = pcall(example.hello)
ok(not done, "a missing argument is an error")
has(err, "bad argument #1", "which says which one")
has(err, "stack traceback:", "and has a traceback")

local n = name()
done, err = pcall(example.fail, log, n)
ok(not done, "a function that fails raises")
has(err, "it was bound to fail", "the error has its message")
has(err, "stack traceback:", "and a traceback")
ok(noted("fail", n) == 1 and noted("close", n) == 1, "what was open in the function is closed, once")

local function calls_fail() example.fail(log, name()) end
done, err = pcall(calls_fail)
has(err, "module.t:", "the traceback names the Lua function's place")

local again, same = pcall(error, err)
ok(not again and same == err, "an error can be raised again, and is the same")

local handled
done = xpcall(calls_fail, function(e) handled = tostring(e) return e end)
ok(not done, "xpcall catches it")
has(handled, "it was bound to fail", "its handler gets the message")

local thread = coroutine.create(calls_fail)
done, err = coroutine.resume(thread)
ok(not done, "an error ends a coroutine")
has(err, "it was bound to fail", "and is what resume returns")

for _ = 1, 200 do pcall(calls_fail) end
is(open_here(), 0, "after 200 errors nothing is open")

done, err = pcall(example.journal, "/nonexistent/folder/file", "x")
ok(not done, "an error of the operating system raises")
has(err, "os error 2", "with its message")

-- Entry points that fail.
done, err = pcall(require, "example.failing")
ok(not done, "a second entry point of the library is found, and its error raised")
has(err, "this module cannot be loaded", "with its message")
done = pcall(require, "example.failing")
ok(not done, "and it does not count as loaded")

-- Panics.
if panics then
  n = name()
  done, err = pcall(example.panic, log, n)
  ok(not done, "a panic is an error")
  has(err, "this should not have happened", "with its message")
  ok(noted("panic", n) == 1 and noted("close", n) == 1, "what was open in the function is closed, once")
  for _ = 1, 5 do pcall(example.panic, log, name()) end
  is(open_here(), 0, "after 5 more nothing is open")
  is(example.hello("you"), "Hello, you!", "the module goes on working")
  done, err = pcall(require, "example.panicking")
  ok(not done, "a panic of an entry point is an error of require")
  has(err, "this module panics", "with its message")
end

-- Userdata.
n = name()
local journal = example.journal(log, n)
is(journal.name, n, "a field")
journal:write("noted")
is(noted("noted", n), 1, "a method")
is(tostring(journal), "journal " .. n, "tostring")
done, err = pcall(function() return journal.write({}, "x") end)
ok(not done, "a method refuses another kind of self")
ok(open_here() == 1 and noted("close", n) == 0, "it is open while it is in use")
journal = nil
collect()
ok(open_here() == 0 and noted("close", n) == 1, "and closed, once, when it is collected")

for _ = 1, 500 do example.journal(log, name()) end
collect()
is(open_here(), 0, "500 more are closed by the collector")

-- Finalizers that run late: the journals are open until the state is closed.
at_exit = { example.journal(log, name()) }
at_exit.itself = at_exit
local upvalue = example.journal(log, name())
function in_upvalue() return upvalue end
suspended = coroutine.create(function()
  local in_thread = example.journal(log, name())
  coroutine.yield()
  return in_thread
end)
coroutine.resume(suspended)
package.loaded["example.journal"] = example.journal(log, name())
for _ = 1, 20 do at_exit[#at_exit + 1] = example.journal(log, name()) end
is(open_here(), 24, "24 stay open until the state is closed")

t.done()
