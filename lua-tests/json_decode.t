-- oxilua.json.decode: the grammar of RFC 8259, and where it is broken.
package.path = (arg[0]:match("^(.*)[/\\]") or ".") .. "/?.lua;" .. package.path
local t = require "tap"
local json = require "oxilua.json"
local safe = require "oxilua.json.safe"
local decode = json.decode

local has_integers = math.type ~= nil
local deep = string.rep

-- Values ---------------------------------------------------------------------------------------------------------------------
for text, want in pairs {
  ["true"] = true, ["false"] = false, ['""'] = "", ['"a"'] = "a", ["[]"] = {}, ["{}"] = {}, ["[1]"] = {1},
  ["[[]]"] = {{}}, ['{"":1}'] = {[""] = 1}, ['{"a":{"b":[]}}'] = {a = {b = {}}}, ["[1,2,3]"] = {1, 2, 3},
  ['["a",true,false]'] = {"a", true, false}, [' \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n'] = {1, 2},
  [' { "a" : 1 , "b" : 2 } '] = {a = 1, b = 2}, ['{"1":"x"}'] = {["1"] = "x"}, ['"\127"'] = "\127",
} do
  t.same(decode(text), want, text)
end
t.is(decode "null", json.null, "null")
t.is(type(json.null), "userdata", "null is light userdata")
t.is(tostring(json.null), tostring(decode "[null]"[1]), "null in an array")
t.same(decode '{"a":null}', {a = json.null}, "null in an object")

-- Numbers --------------------------------------------------------------------------------------------------------------------
local function number(text, want) t.is(decode(text), want, text); t.is(decode("[" .. text .. " ]")[1], want, "[" .. text .. " ]") end
number("0", 0) number("1", 1) number("-1", -1) number("123456789", 123456789) number("-2147483649", -2147483649)
number("12345678", 12345678) number("1234567", 1234567) number("1234567890123456", 1234567890123456)
number("9007199254740992", has_integers and math.tointeger(9007199254740992) or 9007199254740992)
number("-9007199254740992", has_integers and math.tointeger(-9007199254740992) or -9007199254740992)
number("0.5", 0.5) number("-0.5", -0.5) number("1e3", 1e3) number("1E3", 1e3) number("1e+3", 1e3) number("1e-3", 1e-3)
number("1.5e300", 1.5e300) number("0.1", 0.1) number("3.141592653589793", 3.141592653589793)
number("65.613616999999977", 65.613616999999977) number("123456789012345678.0", 123456789012345678.0)
number("1.7976931348623157e308", 1.7976931348623157e308) number("5e-324", 5e-324) number("4.9e-324", 4.9e-324)
number("2.2250738585072011e-308", 2.2250738585072011e-308) number("1e-400", 0.0) number("0e999999999999", 0.0)
number("0.000000000000000000000000000000000000000001", 1e-42) number("1.0", 1.0) number("10.0e-1", 1.0)
number("9007199254740993.0", 9007199254740992.0) number("179769313486231570815e288", 1.7976931348623157e308)
for _, text in ipairs {"-0", "-0.0", "-0e1", "-1e-999"} do
  t.is(1 / decode(text), -math.huge, text .. " keeps its sign")
end
t.is(decode("0." .. deep("0", 400) .. "1e401"), 1.0, "many zeros and a large exponent")
t.is(decode("1" .. deep("0", 308)), 1e308, "an integer of 309 digits")
if has_integers then
  local tointeger = math.tointeger
  for _, digits in ipairs {"9007199254740993", "999999999999999999", "1000000000000000000", "9223372036854775807", "-9007199254740993",
    "-9223372036854775807", "-9223372036854775808", "1234567890123456789"} do
    local n = decode(digits)
    t.is(math.type(n), "integer", digits .. " is an integer")
    t.is(("%d"):format(n), digits, digits .. " is exact")
  end
  t.is(math.type(decode "1"), "integer", "1 is an integer")
  t.is(math.type(decode "1.0"), "float", "1.0 is a float")
  t.is(math.type(decode "1e2"), "float", "1e2 is a float")
  t.is(decode "-0", -0.0, "-0 is a float")
end

-- Strings --------------------------------------------------------------------------------------------------------------------
local function str(text, want) t.is(decode('"' .. text .. '"'), want, text); t.same(decode('{"' .. text .. '":1}'), {[want] = 1}, "key " .. text) end
str([[\"\\\/\b\f\n\r\t]], "\"\\/\b\f\n\r\t") str([[\u0041]], "A") str([[\u0000]], "\0") str([[a\u0000b]], "a\0b") str([[\u00e9]], "\195\169")
str([[\u00E9]], "\195\169") str([[\u20AC]], "\226\130\172") str([[\ud83d\ude00]], "\240\159\152\128") str([[\uD834\uDD1E]], "\240\157\132\158")
str([[\ud800\udc00]], "\240\144\128\128") str([[\udbff\udfff]], "\244\143\191\191") str([[\uffff]], "\239\191\191") str([[\ud7ff\ue000]], "\237\159\191\238\128\128")
str("\195\169", "\195\169") str("\240\159\152\128", "\240\159\152\128") str("\127", "\127") str("/", "/") str([[\u005c\u0022]], "\\\"")
str("\194\128", "\194\128") str("\226\128\168\226\128\169", "\226\128\168\226\128\169") -- U+2028, U+2029
for n = 0, 70 do
  local plain = deep("x", n)
  t.is(decode('"' .. plain .. '"'), plain, n .. " plain bytes")
  t.is(decode('"' .. plain .. '\\n' .. plain .. '"'), plain .. "\n" .. plain, n .. " bytes around an escape")
  t.same(decode('[{"' .. plain .. '":1},{"' .. plain .. '":2},{"' .. plain .. '":3},{"' .. plain .. '":4}]'),
    {{[plain] = 1}, {[plain] = 2}, {[plain] = 3}, {[plain] = 4}}, "a key of " .. n .. " bytes, four times")
end
t.is(#decode('"' .. deep("\\u0001", 100000) .. '"'), 100000, "many escapes")
t.is(#decode('"' .. deep("x", 1000000) .. '"'), 1000000, "a long string")

-- Objects --------------------------------------------------------------------------------------------------------------------
t.same(decode '{"a":1,"a":2}', {a = 2}, "the last of two equal keys wins")
t.same(decode '{"a":1,"b":2,"a":{"a":3,"a":[4]},"b":5}', {a = {a = {4}}, b = 5}, "also in inner objects")
t.same(decode '{"a":1,"\\u0061":2}', {a = 2}, "an escaped key is the same key")
t.same(decode '{"a":1,"a":null}', {a = json.null}, "null wins, too")
do -- more different keys than are remembered, in changing order
  local parts, want = {}, {}
  for i = 1, 1000 do
    local object, fields = {}, {}
    for j = 1, 5 do
      local k, v = "key" .. (i * j * 7919) % 601, i + j
      object[#object + 1] = ('"%s" :%d'):format(k, v)
      fields[k] = v
    end
    parts[i], want[i] = "{" .. table.concat(object, ",") .. "}", fields
  end
  t.same(decode("[" .. table.concat(parts, ", ") .. "]"), want, "601 keys in a thousand objects")
end
do
  local parts, want = {}, {}
  for i = 1, 3000 do parts[i] = ('"k%d":%d'):format(i, i); want["k" .. i] = i end
  t.same(decode("{" .. table.concat(parts, ",") .. "}"), want, "3000 keys in one object")
end

-- Not JSON: what is wrong, and where -----------------------------------------------------------------------------------------
local function bad(text, at, part)
  local name = #text < 60 and text or text:sub(1, 40) .. "..."
  local value, message, position = safe.decode(text)
  t.is(value, nil, "refused: " .. name)
  t.is(position, at, "position in " .. name)
  if part then t.ok(tostring(message):find(part, 1, true), "message for " .. name, tostring(message)) end
  local ok, e = pcall(decode, text)
  t.ok(not ok and tostring(e):find("at byte " .. at .. " ", 1, true), "raised for " .. name, tostring(e))
end
bad("", 1, "unexpected end") bad(" ", 2, "unexpected end") bad("\n\n", 3) bad("[", 2, "unexpected end") bad("[1", 3) bad("[1,", 4) bad("{", 2)
bad('{"a"', 5) bad('{"a":', 6) bad('{"a":1', 7) bad('{"a":1,', 8) bad('"', 2, "in a string") bad('"abc', 5) bad('"abc\\', 6) bad('"\\u', 4)
bad('"\\u12', 6) bad('"\\ud83d', 8, "in a string") bad('"\\ud83d\\u', 10)
bad("nul", 4) bad("tru", 4) bad("fals", 5) bad("nulx", 4, "literal") bad("nULL", 2) bad("True", 1, "expected a value") bad("trueish", 5, "end of the document")
bad("[1 2]", 4, "expected ',' or ']'") bad("[1}", 3) bad('{"a":1]', 7, "expected ',' or '}'") bad("[1,]", 4, "nothing follows") bad("[,1]", 2, "expected a value")
bad("[,]", 2) bad("[1,,2]", 4) bad('{"a":1,}', 8, "nothing follows") bad("{,}", 2, "string as key") bad("{1:1}", 2) bad("{a:1}", 2) bad("{'a':1}", 2)
bad('{"a" 1}', 6, "expected ':'") bad('{"a"::1}', 6) bad('{"a"=1}', 5) bad('{"a":}', 6) bad('{"a",1}', 5) bad("[1]]", 4) bad("[1],", 4) bad("1 2", 3) bad("{}{}", 3)
bad("]", 1) bad("}", 1) bad(",", 1) bad(":", 1) bad("[:]", 2) bad("['a']", 2) bad("// x\n1", 1) bad("1 // x", 3) bad("/**/1", 1) bad("\0", 1) bad("1\0", 2) bad("[1]\0", 4)
bad("[1,\0]", 4) bad("\11 1", 1) bad("1\12", 2) bad("\239\187\191[]", 1, "byte order mark") bad("\194\1601", 1)
-- numbers
bad("-", 2) bad("+1", 1) bad(".5", 1) bad("-.5", 2) bad("1.", 3) bad("[1.]", 4, "invalid number") bad("1.e5", 3) bad("1e", 3) bad("[1e]", 4) bad("1e+", 4) bad("[1e+]", 5) bad("01", 2, "invalid number")
bad("-01", 3) bad("00", 2) bad("0x10", 2) bad("1.2.3", 4) bad("1e5.5", 4) bad("--1", 2) bad("1-", 2) bad("1_000", 2) bad("Infinity", 1) bad("-Infinity", 2) bad("NaN", 1) bad("nan", 2) bad("inf", 1)
bad("1e400", 1, "out of range") bad("-1e400", 1) bad("[1, 1e999]", 5) bad(deep("9", 400), 1) bad("\217\161", 1)
-- strings
bad('"a\nb"', 3, "control character") bad('"\0"', 2) bad('"\31"', 2) bad('"12345678\t"', 10) bad('"123456789012345\1"', 17) bad('["\\x"]', 3, "escape") bad('"\\\'"', 2) bad('"\\U0041"', 2)
bad('"\\u004"', 7) bad('"\\u00g0"', 6) bad('"\\u 041"', 4) bad('"\\u-041"', 4) bad('"\\ud800"', 2, "surrogate") bad('"\\udc00"', 2) bad('"ab\\ud800x"', 4) bad('"\\ud800\\n"', 2)
bad('"\\ud800\\u0041"', 2) bad('"\\ud800\\ud800"', 2) bad('"\\ud83d\\ude00\\udc00"', 14) bad('"\\ud800\\u00zz"', 12) bad('{"\\ud800":1}', 3) bad('{"a\1":1}', 4) bad("{\"a\nb\":1}", 4)
bad('{"abcdefgh":1,"abcdefgh\\q":2}', 24) bad('[{"id":1},{"id":2},{"id":3},{"id" 4}]', 35) bad('[{"id":1},{"id":2},{"id:3}]', 28)
-- UTF-8
for _, case in ipairs {{"\128", 2}, {"\255", 2}, {"a\192\128", 3}, {"\193\191", 2}, {"\224\128\128", 2}, {"\237\160\128", 2}, {"\237\191\191", 2}, {"\240\128\128\128", 2}, {"\244\144\128\128", 2},
  {"\245\128\128\128", 2}, {"\195", 2}, {"\226\130", 2}, {"\240\159\152", 2}, {"ok\195(", 4}, {"\195\169\195", 4}, {"12345678901234567890\254", 22}} do
  bad('"' .. case[1] .. '"', case[2], "UTF-8")
end
bad('["\195\169", "\255"]', 9) bad('[1,]"\255"', 4, "nothing follows") bad('["\255",]', 3, "UTF-8") bad('["\255', 3, "UTF-8") bad("\255", 1) bad("[1] \255", 5)
-- positions are of bytes; lines and columns are counted in bytes, too
do
  local _, message, at = safe.decode('{\n  "\195\169": 1,\n  "b": x\n}')
  t.is(at, 21, "byte")
  t.ok(message:find("at byte 21 (line 3, column 8)", 1, true), "line and column", message)
end
-- every prefix of a document is an error at its end
do
  local text = '{"a":[1,-2.5e3,"x\\u00e9y",true,null],"b":{"c":{}}}'
  for i = 0, #text - 1 do
    local value, _, at = safe.decode(text:sub(1, i))
    t.ok(value == nil and at == i + 1, "prefix of " .. i .. " bytes", tostring(at))
  end
end

-- Depth ----------------------------------------------------------------------------------------------------------------------
local function nested(open, close, n) return deep(open, n) .. close:rep(n) end
t.ok(pcall(decode, nested("[", "]", 1000)), "1000 arrays")
t.ok(pcall(decode, deep('{"a":', 1000) .. "1" .. deep("}", 1000)), "1000 objects")
bad(nested("[", "]", 1001), 1001, "max_depth")
bad(deep("[", 1000000), 1001, "max_depth")
bad(deep('{"a":', 1000000), 5001, "max_depth")
bad(deep("[{\"a\":", 300000), 3001, "max_depth")
bad(deep("[", 1000), 1001, "unexpected end")
t.ok(pcall(decode, nested("[", "]", 3000), {max_depth = 3000}), "3000 arrays by option")
do -- deeper than the stack of some Luas: an error or the value, but nothing worse
  local ok, v = pcall(decode, nested("[", "]", 150000), {max_depth = 1000000})
  local d = 0
  while ok and v do v, d = v[1], d + 1 end
  t.ok(not ok or d == 150000, "150000 arrays")
end

-- Arguments ------------------------------------------------------------------------------------------------------------------
for _, module in ipairs {json, safe} do
  t.raises(function() module.decode() end, "bad argument", "no argument")
  t.raises(function() module.decode(nil) end, "bad argument", "nil")
  t.raises(function() module.decode(1) end, "bad argument", "a number is not a document")
  t.raises(function() module.decode({}) end, "bad argument", "a table is not a document")
  t.raises(function() module.decode("1", 2) end, "bad argument", "options are a table")
end
t.is(decode("1", nil), 1, "options may be nil")
t.is(select("#", decode "[1]"), 1, "one result")
t.is(select("#", safe.decode "null"), 1, "one result when safe")

t.done()
