-- oxilua.json.encode: values, arrays and objects, what cannot be encoded.
package.path = (arg[0]:match("^(.*)[/\\]") or ".") .. "/?.lua;" .. package.path
local t = require "tap"
local json = require "oxilua.json"
local safe = require "oxilua.json.safe"
local encode = json.encode
local has_integers = math.type ~= nil
local nan, inf = 0 / 0, 1 / 0

local function is(value, want, name) t.is(encode(value), want, name or want) end

-- Scalars --------------------------------------------------------------------------------------------------------------------
is(nil, "null") is(true, "true") is(false, "false") is(json.null, "null") is(json.empty_array, "[]") is("", '""') is("a", '"a"')
is(0, "0") is(1, "1") is(-1, "-1") is(123456789, "123456789") is(0.5, "0.5") is(-0.25, "-0.25") is(0.1, "0.1") is(1 / 3, "0.3333333333333333")
is(5e-324, "5e-324") is(2 ^ 31, has_integers and "2147483648.0" or "2147483648") is(65.613616999999977, "65.61361699999998")
is(1e15 + 0.5, "1000000000000000.5")
if has_integers then
  is(1.0, "1.0") is(-0.0, "-0.0") is(1e15, "1000000000000000.0") is(math.maxinteger, "9223372036854775807") is(math.mininteger, "-9223372036854775808")
  is(math.tointeger(2 ^ 53) + 1, "9007199254740993")
else
  is(1e15, "1000000000000000") is(2 ^ 53, "9007199254740992") is(-2 ^ 53, "-9007199254740992") is(2 ^ 62, "4611686018427387904")
  t.is(1 / json.decode(encode(-1 / inf)), -inf, "-0 keeps its sign")
end
for _, n in ipairs {1e16, 1e17, 1e21, 1e22, 1e100, 1.7976931348623157e308, 1e-5, 1e-7, 1.5e-10, 123456.789e3, 2 ^ 63, -2 ^ 63, 2 ^ 64, 0.1 + 0.2, 4.35, 9.95, 1e23, 2.2250738585072014e-308} do
  local text = encode(n)
  t.is(tonumber(text), n, text .. " is the same number")
  t.is(json.decode(text) == n, true, text .. " decodes to the same number")
  t.ok(text:find "^%-?%d+%.?%d*e?[+-]?%d*$" and not text:find "%.$" and not text:find "^%-?0%d", text .. " is JSON")
end
for _, n in ipairs {nan, inf, -inf} do
  t.raises(function() encode(n) end, "not finite", tostring(n))
  t.raises(function() encode {a = {n}} end, "not finite at a[1]", tostring(n) .. " inside")
end

-- Strings --------------------------------------------------------------------------------------------------------------------
is("\"\\/\b\f\n\r\t", [["\"\\/\b\f\n\r\t"]]) is("\0\1\31\127", "\"\\u0000\\u0001\\u001f\127\"") is("\195\169", '"\195\169"') is("\240\159\152\128", '"\240\159\152\128"')
is("</script>", '"</script>"') is("\226\128\168", '"\226\128\168"')
for n = 0, 40 do
  local plain = ("x"):rep(n)
  is(plain, '"' .. plain .. '"', n .. " plain bytes")
  is(plain .. "\n", '"' .. plain .. '\\n"', n .. " bytes, then an escape")
  is("\n" .. plain, '"\\n' .. plain .. '"', "an escape, then " .. n .. " bytes")
  is(plain .. "\"" .. plain .. "\0", '"' .. plain .. '\\"' .. plain .. '\\u0000"', n .. " bytes around escapes")
  is(plain .. "\195\169" .. plain, '"' .. plain .. "\195\169" .. plain .. '"', n .. " bytes around a letter")
  t.raises(function() encode(plain .. "\255") end, "not UTF-8", n .. " bytes, then one that is not UTF-8")
  t.raises(function() encode(plain .. "\"\255" .. plain) end, "not UTF-8", n .. " bytes, an escape, and one that is not UTF-8")
  is({[plain] = n}, '{"' .. plain .. '":' .. n .. "}", "a key of " .. n .. " bytes")
end
for c = 0, 127 do
  local s = string.char(c)
  t.is(json.decode(encode(s)), s, "character " .. c)
  t.is(json.decode(encode("12345678" .. s)), "12345678" .. s, "character " .. c .. " behind eight others")
end
for _, s in ipairs {"\128", "\192\128", "\224\128\128", "\237\160\128", "\244\144\128\128", "\195", "a\226\130", "12345678\255"} do
  t.raises(function() encode(s) end, "not UTF-8", "not UTF-8")
  t.raises(function() encode {[s] = 1} end, "not UTF-8", "not UTF-8, as a key")
end

-- Arrays and objects ---------------------------------------------------------------------------------------------------------
is({}, "{}") is({1}, "[1]") is({1, 2, 3}, "[1,2,3]") is({{}}, "[{}]") is({{1}, {2}}, "[[1],[2]]") is({a = 1}, '{"a":1}') is({a = {}}, '{"a":{}}') is({{a = {1}}}, '[{"a":[1]}]')
is({[""] = 1}, '{"":1}') is({["1"] = 2}, '{"1":2}') is({json.null, json.null}, "[null,null]") is({a = json.null}, '{"a":null}') is({false}, "[false]")
is({[1] = "a", [2] = "b", [3] = "c"}, '["a","b","c"]')
do local a = {} for i = 10, 1, -1 do a[i] = i end is(a, "[1,2,3,4,5,6,7,8,9,10]", "an array made backwards") end
do local a = {} for i = 1, 100 do a[i] = i end for i = 100, 4, -1 do a[i] = nil end is(a, "[1,2,3]", "an array made shorter") end
do local a = {x = 1, 1, 2, 3} a.x = nil is(a, "[1,2,3]", "an array that had a name") end
do
  local a = {1, 2, 3, x = 4}
  t.same(json.decode(encode(a)), {["1"] = 1, ["2"] = 2, ["3"] = 3, x = 4}, "a mixed table is an object")
  t.same(json.decode(encode({a})), {{["1"] = 1, ["2"] = 2, ["3"] = 3, x = 4}}, "also inside an array")
  t.same(json.decode(encode({[0] = 1})), {["0"] = 1}, "zero is a name")
  t.same(json.decode(encode({[-1] = 1, [1] = 2})), {["-1"] = 1, ["1"] = 2}, "negative numbers are names")
  t.same(json.decode(encode({[1.5] = 1})), {["1.5"] = 1}, "fractions are names")
  t.same(json.decode(encode({[0] = 1, 2, 3})), {["0"] = 1, ["1"] = 2, ["2"] = 3}, "0, 1, 2 are names")
  t.same(json.decode(encode({[2 ^ 53] = 1})), {[has_integers and "9007199254740992" or "9007199254740992"] = 1}, "a large number is a name")
end
t.raises(function() encode {[inf] = 1} end, "key is not finite", "an infinite key")
t.raises(function() encode {[true] = 1} end, "key is neither", "a boolean key")
t.raises(function() encode {[{}] = 1} end, "key is neither", "a table as key")
t.raises(function() encode {[json.null] = 1} end, "key is neither", "userdata as key")
-- holes
is({1, nil, 3}, "[1,null,3]") is({[3] = 1}, "[null,null,1]") is({[10] = 1}, "[" .. ("null,"):rep(9) .. "1]") is({1, 2, nil, nil, 5}, "[1,2,null,null,5]")
t.raises(function() encode {[11] = 1} end, "too many holes", "ten holes")
t.raises(function() encode {[1] = 1, [1000000000] = 2} end, "too many holes", "a thousand million holes")
t.raises(function() encode {a = {1, [100] = 2}} end, "too many holes at a", "and where")
do local a = {} for i = 1, 100, 2 do a[i] = i end t.is(select(2, encode(a):gsub("null", "")), 49, "half the elements") end

-- Metatables -----------------------------------------------------------------------------------------------------------------
local function mark(v, mt) return setmetatable(v, mt) end
is(mark({}, json.array_mt), "[]", "array_mt, empty") is(mark({1, 2}, json.array_mt), "[1,2]", "array_mt") is(mark({x = 1}, json.array_mt), "[]", "array_mt counts elements only")
is(mark({1, x = 2}, json.array_mt), "[1]", "array_mt leaves names out") is(mark({}, json.empty_array_mt), "[]", "empty_array_mt, empty")
is(mark({1}, json.empty_array_mt), "[1]", "empty_array_mt, not empty") is(mark({x = 1}, json.empty_array_mt), '{"x":1}', "empty_array_mt, an object")
is({mark({}, json.empty_array_mt), {}}, "[[],{}]") is({a = json.empty_array}, '{"a":[]}')
t.is(json.array_mt, safe.array_mt, "both modules have the same metatables")
t.is(json.empty_array_mt, safe.empty_array_mt, "... both of them")
is(mark({1, 2}, {__index = {3, 4, 5}, __len = function() return 9 end, __pairs = error}), "[1,2]", "tables are read raw")
is(mark({a = 1}, {__index = function() error "never" end}), '{"a":1}', "__index is not called")

-- __tojson -------------------------------------------------------------------------------------------------------------------
local function text(s) return mark({}, {__tojson = function() return s end}) end
is(text '{"raw":[1, 2]}', '{"raw":[1, 2]}', "__tojson gives text") is({text "1", text '"x"'}, '[1,"x"]') is({a = text "null"}, '{"a":null}')
t.raises(function() encode(text "[1,") end, "not JSON", "__tojson must give JSON")
t.raises(function() encode(text "") end, "not JSON", "... and not nothing")
t.raises(function() encode(text '"\255"') end, "not JSON", "... and UTF-8")
t.raises(function() encode {a = {text(12)}} end, "no string at a[1]", "... and a string")
t.raises(function() encode(text(nil)) end, "no string", "... and not nil")
do
  local seen
  local v = mark({x = 1}, {__tojson = function(self) seen = self; return encode(self.x) end})
  is({v, v}, "[1,1]", "__tojson may encode")
  t.is(seen, v, "it gets the value")
  local function failing() error({code = 7}) end
  local ok, e = pcall(encode, {mark({}, {__tojson = failing})})
  t.ok(not ok and type(e) == "table" and e.code == 7, "its errors go through")
  local r, m = safe.encode {mark({}, {__tojson = function() error("failing", 0) end})}
  t.ok(r == nil and tostring(m):find "failing", "... and are messages when safe", tostring(m))
  is({1}, "[1]", "all is well afterwards")
  -- keys that go while __tojson runs
  local keys = {}
  for i = 1, 50 do keys["key" .. i] = mark({}, {__tojson = function() collectgarbage() return encode {["new" .. i] = i} end}) end
  local decoded = json.decode(encode {keys, keys})
  local good = true
  for i = 1, 50 do good = good and decoded[1]["key" .. i]["new" .. i] == i and decoded[2]["key" .. i]["new" .. i] == i end
  t.ok(good, "__tojson that collects garbage")
end
do -- userdata
  local u = newproxy and newproxy(true) or io.stdout
  if newproxy then
    getmetatable(u).__tojson = function() return '"proxy"' end
    is({u}, '["proxy"]', "__tojson of userdata")
  else
    t.raises(function() encode {u} end, "cannot encode a userdata at [1]", "userdata")
  end
end

-- What cannot be encoded -----------------------------------------------------------------------------------------------------
t.raises(function() encode(print) end, "cannot encode a function", "a function")
t.raises(function() encode {a = {b = {1, 2, print}}} end, "cannot encode a function at a.b[3]", "a function, and where")
t.raises(function() encode {["odd key"] = {["x.y"] = coroutine.create(function() end)}} end, 'cannot encode a thread at ["odd key"]["x.y"]', "a thread, and where")
t.raises(function() encode {[5] = print, x = 1} end, "at [5]", "a number as name")
do
  local loop = {} loop.x = {y = loop}
  t.raises(function() encode(loop) end, "contains itself at x.y", "a cycle")
  local array = {1} array[2] = array
  t.raises(function() encode(array) end, "contains itself at [2]", "a cycle of arrays")
  local twice = {1}
  is({twice, twice}, "[[1],[1]]", "the same table twice is no cycle")
end
do
  local function nested(n) local v = {} for _ = 2, n do v = {v} end return v end
  is(nested(1000), ("["):rep(999) .. "{}" .. ("]"):rep(999), "1000 tables")
  t.raises(function() encode(nested(1001)) end, "max_depth", "1001 tables")
  t.raises(function() encode(nested(11), {max_depth = 10}) end, "max_depth", "11 tables, 10 allowed")
  t.is(encode(nested(10), {max_depth = 10}), ("["):rep(9) .. "{}" .. ("]"):rep(9), "10 tables, 10 allowed")
  local ok, v = pcall(encode, nested(200000), {max_depth = 1000000})
  t.ok(not ok or #v == 400000, "200000 tables: an error or the text")
end
for _, v in ipairs {print, {print}, nan} do
  local r, m, n = safe.encode(v)
  t.ok(r == nil and type(m) == "string" and n == nil, "safe gives nil and a message")
end

-- Arguments ------------------------------------------------------------------------------------------------------------------
for _, module in ipairs {json, safe} do
  t.raises(function() module.encode() end, "bad argument", "no argument")
  t.raises(function() module.encode(1, 2) end, "bad argument", "options are a table")
  t.is(module.encode(nil), "null", "nil is null")
end
t.is(select("#", encode {}), 1, "one result")
t.is(encode({1}, nil), "[1]", "options may be nil")

t.done()
