-- oxilua.json: what goes out comes back, also while the collector works hard and other code gets in between.
package.path = (arg[0]:match("^(.*)[/\\]") or ".") .. "/?.lua;" .. package.path
-- Strict globals: reading or writing an undefined one is an error. The module must not mind, and must leave none behind.
local before = {}
for k in pairs(_G) do before[k] = true end
setmetatable(_G, {__index = function(_, k) error("undefined global " .. tostring(k), 2) end, __newindex = function(_, k) error("new global " .. tostring(k), 2) end})
local t = require "tap"
-- Finalizers that still use the module while the state closes; this one is older than anything of the module's.
local at_exit
local alive = {} -- until the state closes
if rawget(_G, "newproxy") then alive[0] = newproxy(true) getmetatable(alive[0]).__gc = function() at_exit() end
else alive[0] = setmetatable({}, {__gc = function() at_exit() end}) end
local json = require "oxilua.json"
local safe = require "oxilua.json.safe"
local encode, decode = json.encode, json.decode
local newproxy, integer_type, unpack = rawget(_G, "newproxy"), rawget(math, "type"), rawget(table, "unpack") or rawget(_G, "unpack")

at_exit = function() assert(encode(decode '{"a":[1,"b\\n"]}') == '{"a":[1,"b\\n"]}') end
for i = 1, 3 do
  if newproxy then alive[i] = newproxy(true) getmetatable(alive[i]).__gc = at_exit else alive[i] = setmetatable({}, {__gc = at_exit}) end
  at_exit()
end

t.is(type(json), "table", "the module is a table")
t.is(package.loaded["oxilua.json"], json, "and is in package.loaded")
do
  local new = {}
  for k in next, _G do if not before[k] then new[#new + 1] = tostring(k) end end
  t.is(table.concat(new, " "), "", "no new global")
end

-- Texts that are the same after decoding and encoding.
for _, text in ipairs {"null", "true", "false", "0", "-1", "0.5", "1e+300", "5e-324", '""', '"a"', '"\\n"', '"\\u0000"', '"\195\169"', "[]", "{}", "[[]]", "[{}]", '{"a":[]}', '{"a":{}}',
  "[1,2,3]", "[null]", "[null,null,1]", "[1,null]", "[[],[[]],{}]", '{"":""}', '["\\"\\\\/"]', '[true,false,null]', '{"a":{"b":{"c":[1,[2,[3]]]}}}', "[0.1,0.2,0.3]"} do
  t.is(encode(decode(text)), text, text)
end
for _, text in ipairs {"[]", "[1]", "[[],{}]"} do
  t.is(encode(decode(text, {array_mt = true})), text, text .. " with array_mt")
end

-- Numbers.
do
  local seed = 12345
  local function random() seed = (seed * 1103515245 + 12345) % 2147483648 return seed / 2147483648 end
  local bad
  for i = 1, 20000 do
    local n = (random() - 0.5) * 10 ^ math.floor(random() * 600 - 300)
    if decode(encode(n)) ~= n then bad = n end
    local k = math.floor((random() - 0.5) * 2 ^ math.floor(random() * 54))
    if decode(encode(k)) ~= k then bad = k end
  end
  t.is(bad, nil, "40000 numbers")
  if integer_type then
    for _, n in ipairs {math.maxinteger, math.mininteger, 0, 1, -1, 1.0, -0.0, 2.0 ^ 53, 1e300} do
      t.is(decode(encode(n)), n, encode(n))
    end
  end
end

-- Values made at random.
local seed = 42
local function below(n) seed = (seed * 1103515245 + 12345) % 2147483648 return math.floor(seed / 65536) % n end
local function make(depth)
  local kind = below(depth > 0 and 9 or 6)
  if kind == 0 then return json.null
  elseif kind == 1 then return below(2) == 0
  elseif kind == 2 then return below(100000) - 50000
  elseif kind == 3 then return (below(100000) - 50000) / 1024 + 1 / 2048
  elseif kind < 6 then
    local bytes = {}
    for i = 1, below(30) do local c = below(160) bytes[i] = c < 128 and string.char(c) or ("\195" .. string.char(c)) end
    return table.concat(bytes)
  elseif kind == 6 then
    local a = setmetatable({}, json.empty_array_mt)
    for i = 1, below(8) do a[i] = make(depth - 1) end
    return a
  end
  local o = {}
  for _ = 1, below(8) do o["key " .. below(20)] = make(depth - 1) end
  return o
end
for i = 1, 300 do
  local v = make(5)
  local options = i % 3 == 0 and {indent = i % 5} or i % 3 == 1 and {sort_keys = true} or nil
  local text = encode(v, options)
  local back = decode(text)
  if i % 20 == 0 then t.same(back, v, "a random value, " .. #text .. " bytes") end
  t.is(encode(back, {sort_keys = true}), encode(v, {sort_keys = true}), "the same text again")
end

-- The collector at its hardest, with finalizers that use the module themselves.
do
  local function on_collect(f)
    if newproxy then
      local p = newproxy(true)
      getmetatable(p).__gc = f
    else
      setmetatable({}, {__gc = f})
    end
  end
  local calls, text = 0, encode {a = {1, 2, {b = "c"}}, d = {"e", "f"}}
  local function finalizer()
    calls = calls + 1
    assert(decode(text).a[3].b == "c")
    assert(encode(decode '["x"]') == '["x"]')
    on_collect(function() end)
  end
  collectgarbage "collect"
  -- (5.5 has other names for these.)
  pcall(collectgarbage, "setpause", 100)
  pcall(collectgarbage, "setstepmul", 10000)
  local parts = {}
  for i = 1, 200 do parts[i] = ('{"id":%d,"name":"name %d","tags":["a","b%d",[]],"text":"line\\n%d"}'):format(i, i, i, i) end
  local document = "[" .. table.concat(parts, ",") .. "]"
  local good = true
  for round = 1, 200 do
    on_collect(finalizer)
    local v = decode(document)
    on_collect(finalizer)
    good = good and #v == 200 and v[200].id == 200 and v[100].tags[2] == "b100" and v[7].text == "line\n7" and v[150].name == "name 150"
    local again = encode(v, {sort_keys = round % 2 == 0})
    good = good and #again == #document
    on_collect(finalizer)
    good = good and not safe.decode(document .. "x") and safe.encode {print} == nil
  end
  collectgarbage "collect"
  t.ok(good, "every document came out right")
  t.ok(calls > 0, "finalizers ran: " .. calls)
  pcall(collectgarbage, "setpause", 200)
  pcall(collectgarbage, "setstepmul", 200)
end
do -- an error in a finalizer comes out of whatever allocates, or is swallowed, as this Lua does with it; but nothing breaks
  local function failing() error "in __gc" end
  local function attempt() -- every allocation is in here, because it may raise
    if newproxy then getmetatable(newproxy(true)).__gc = failing else setmetatable({}, {__gc = failing}) end
    decode '[[1],[2],{"a":["b"]}]'
    encode({1, {2}, {a = "b"}}, {sort_keys = true})
  end
  for _ = 1, 50 do pcall(attempt) end
  for _ = 1, 100 do pcall(collectgarbage) end
  t.is(encode(decode '[[1],{"a":[]}]'), '[[1],{"a":[]}]', "after errors in finalizers")
end

-- Errors do not cost memory, nor the next call anything.
do
  collectgarbage() collectgarbage()
  local base = collectgarbage "count"
  for _ = 1, 20000 do
    pcall(decode, "[1,2,{")
    pcall(encode, {1, 2, {print}})
    pcall(encode, setmetatable({}, {__tojson = error}))
    pcall(decode, "[]", {nonsense = 1})
  end
  collectgarbage() collectgarbage()
  local grown = collectgarbage "count" - base
  t.ok(grown < 300, "80000 errors leave nothing behind", grown .. " KiB")
end

-- Coroutines.
do
  local co = coroutine.wrap(function()
    for i = 1, 3 do coroutine.yield(encode(decode("[" .. i .. "]"))) end
    return "end"
  end)
  t.is(co() .. co() .. co() .. co(), "[1][2][3]end", "in a coroutine")
  local v = setmetatable({}, {__tojson = function() return coroutine.wrap(function() return encode {1} end)() end})
  t.is(encode {v}, "[[1]]", "a coroutine in __tojson")
end

-- Large documents.
do
  local big = {}
  for i = 1, 100000 do big[i] = i end
  t.is(#decode(encode(big)), 100000, "100000 integers")
  local long = ("x"):rep(3000000)
  t.is(decode(encode {long})[1], long, "a string of 3 MB")
  t.is(encode {1}, "[1]", "a small one afterwards")
  t.is(#decode("[" .. ("[],"):rep(99999) .. "[]]"), 100000, "100000 empty arrays")
  t.is(select(2, encode(decode("[" .. ("[],"):rep(999) .. "{}]")):gsub("%[%]", "")), 999, "and they stay arrays")
end

t.done()
