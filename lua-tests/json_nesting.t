-- oxilua.json inside of itself: __tojson and finalizers that encode and decode, without end or while the state is closing.
package.path = (arg[0]:match("^(.*)[/\\]") or ".") .. "/?.lua;" .. package.path
local t = require "tap"
local json = require "oxilua.json"
local safe = require "oxilua.json.safe"
local function on_collect(f)
  if newproxy then local p = newproxy(true) getmetatable(p).__gc = f return p end
  return setmetatable({}, {__gc = f})
end

-- Without end.
local endless = {}
setmetatable(endless, {__tojson = function(self) return json.encode(self) end})
local ok, e = pcall(json.encode, endless)
t.ok(not ok and type(e) == "string", "a __tojson that encodes itself is an error", tostring(e))
local value, message = safe.encode(endless)
t.ok(value == nil and type(message) == "string", "also in the safe module", tostring(message))
local co = coroutine.wrap(function() return pcall(json.encode, endless) end)
ok, e = co()
t.ok(not ok and type(e) == "string", "in a coroutine", tostring(e))
t.is(json.encode {1}, "[1]", "and the next call is as good as any")
local depth = 0
local function nested(n)
  return setmetatable({}, {__tojson = function() depth = depth + 1 return json.encode {n > 1 and nested(n - 1) or 0} end})
end
t.is(json.encode(nested(40)), ("["):rep(40) .. "0" .. ("]"):rep(40), "40 inside each other are fine")

-- A __tojson may yield nowhere, and may change what is encoded.
co = coroutine.create(function() return json.encode(setmetatable({}, {__tojson = function() coroutine.yield() return "1" end})) end)
ok, e = coroutine.resume(co)
t.ok(not ok, "a __tojson cannot yield", tostring(e))
local list = {}
for i = 1, 10 do list[i] = setmetatable({}, {__tojson = function() for j = 1, 100 do list["k" .. j] = j end return "1" end}) end
pcall(json.encode, list)
list = {a = 1, b = 2, c = setmetatable({}, {__tojson = function() for k in pairs(list) do list[k] = nil end collectgarbage() return "1" end}), d = {e = 4}}
pcall(json.encode, list)
t.is(json.encode {2}, "[2]", "a document that changes while it is encoded breaks nothing")
local busy = setmetatable({}, {__tojson = function() collectgarbage() return json.encode(json.decode '{"a":[1,{"b":null}]}') end})
t.is(json.encode {busy, busy}, '[{"a":[1,{"b":null}]},{"a":[1,{"b":null}]}]', "a call inside has its own memory")

-- While the state is closing: some of these run after the module's own memory has gone.
local result = {}
late = {}
for i = 1, 20 do
  late[i] = on_collect(function()
    collectgarbage()
    local again = setmetatable({}, {__tojson = function() collectgarbage() return json.encode {i} end})
    local fine, text = pcall(json.encode, {again, json.decode '{"a":[1,2,{"b":"c"}]}'.a})
    if fine and text ~= '[[' .. i .. '],[1,2,{"b":"c"}]]' then io.stderr:write("wrong: ", text, "\n") os.exit(3) end
    pcall(json.decode, "[1,2")
    pcall(json.encode, {setmetatable({}, {__tojson = error})})
  end)
end
t.done()
