-- oxilua.json: the options of decode and encode.
package.path = (arg[0]:match("^(.*)[/\\]") or ".") .. "/?.lua;" .. package.path
local t = require "tap"
local json = require "oxilua.json"
local safe = require "oxilua.json.safe"
local encode, decode = json.encode, json.decode
local has_integers = math.type ~= nil

-- bigint ---------------------------------------------------------------------------------------------------------------------
local beyond = {"9223372036854775808", "-9223372036854775809", "18446744073709551615", "123456789012345678901234567890"}
local inexact = {"9007199254740993", "-9007199254740993", "9223372036854775807", "-9223372036854775808", "1152921504606846977"}
if not has_integers then for _, n in ipairs(inexact) do beyond[#beyond + 1] = n end end
for _, n in ipairs(beyond) do
  t.is(decode(n, {bigint = "number"}), tonumber(n .. ".0"), n .. " as a number")
  t.is(decode(n), tonumber(n .. ".0"), n .. " is a number unless told otherwise")
  t.is(decode(n, {bigint = "string"}), n, n .. " as a string")
  t.same(decode("[1," .. n .. ",2]", {bigint = "string"}), {1, n, 2}, n .. " as a string, inside")
  local v, m, at = safe.decode("[" .. n .. "]", {bigint = "error"})
  t.ok(v == nil and at == 2 and m:find("too large", 1, true), n .. " as an error", tostring(m))
end
for _, n in ipairs {"9007199254740992", "-9007199254740992", "0", "1"} do
  for _, policy in ipairs {"number", "string", "error"} do
    t.is(encode(decode(n, {bigint = policy})), n, n .. " is not big: " .. policy)
  end
end
if has_integers then
  for _, n in ipairs(inexact) do t.is(encode(decode(n, {bigint = "error"})), n, n .. " is exact") end
end
t.is(type(decode("1" .. ("0"):rep(30) .. ".0", {bigint = "error"})), "number", "with a point it is no integer")
t.is(type(decode("1e30", {bigint = "error"})), "number", "nor with an exponent")
t.is(decode("1" .. ("0"):rep(399), {bigint = "string"}), "1" .. ("0"):rep(399), "400 digits as a string")
t.raises(function() decode("1" .. ("0"):rep(399), {bigint = "number"}) end, "out of range", "400 digits as a number")

-- nan ------------------------------------------------------------------------------------------------------------------------
t.is(decode("NaN", {nan = true}) ~= decode("NaN", {nan = true}), true, "NaN")
t.same(decode("[Infinity,-Infinity,1]", {nan = true}), {1 / 0, -1 / 0, 1}, "the infinities")
t.is(decode("1e400", {nan = true}), 1 / 0, "1e400 is infinite then")
t.raises(function() decode("NaN", {nan = false}) end, "expected a value", "not unless allowed")
t.raises(function() decode("Infinit", {nan = true}) end, "unexpected end", "half a word")
t.is(encode({1 / 0, -1 / 0, 0.5}, {nan = true}), "[Infinity,-Infinity,0.5]", "encoded")
t.is(encode({0 / 0}, {nan = true}), "[NaN]", "NaN encoded")
t.is(encode({0 / 0, 1 / 0}, {nan = "null"}), "[null,null]", "as null")

-- null -----------------------------------------------------------------------------------------------------------------------
local sentinel = {}
for _, null in ipairs {sentinel, "nil", 0, true, print, io.stdout} do
  t.same(decode('[null,{"a":null,"a":null},1]', {null = null}), {null, {a = null}, 1}, "null is a " .. type(null))
  t.is(decode("null", {null = null}), null, "alone, too")
end
t.is(decode("null", {null = false}), false, "null is false")
t.is(decode("null", {null = json.null}), json.null, "null is what it is")
t.same(decode('[{"id":1,"x":null},{"id":2,"x":null},{"id":3,"x":null},{"id":4,"x":null}]', {null = sentinel}),
  {{id = 1, x = sentinel}, {id = 2, x = sentinel}, {id = 3, x = sentinel}, {id = 4, x = sentinel}}, "and keys do not mind")
t.same(decode('{"a":null,"b":1,"c":[null]}', {drop_null = true}), {b = 1, c = {}}, "drop_null")
t.is(decode("null", {drop_null = true}), nil, "drop_null, alone")
t.same(decode("[null,2]", {drop_null = true}), {nil, 2}, "drop_null leaves holes")
t.same(decode('{"a":1,"a":null}', {drop_null = true}), {}, "the last key wins, also with nothing")
t.is(encode({sentinel, {a = sentinel}, 1}, {null = sentinel}), '[null,{"a":null},1]', "encoded")
t.is(encode({"nil", "x", json.null}, {null = "nil"}), '[null,"x",null]', "a string that stands for null")
t.is(encode(print, {null = print}), "null", "a function that stands for null")
t.is(encode({false, true}, {null = false}), "[null,true]", "false that stands for null")

-- max_depth ------------------------------------------------------------------------------------------------------------------
t.same(decode("[[1]]", {max_depth = 2}), {{1}}, "as deep as allowed")
t.same(decode("[[]]", {max_depth = 2}), {{}}, "empty tables count")
do
  local v, m, at = safe.decode("[1,[2,[]]]", {max_depth = 2})
  t.ok(v == nil and at == 7 and m:find("max_depth", 1, true), "deeper than allowed", tostring(m))
end
t.is(decode("1", {max_depth = 1}), 1, "a number has no depth")
t.is(encode({{}}, {max_depth = 2}), "[{}]", "encode as deep as allowed")
t.raises(function() encode({{{}}}, {max_depth = 2}) end, "max_depth at [1][1]", "encode deeper than allowed")

-- invalid_utf8 ---------------------------------------------------------------------------------------------------------------
local fffd = "\239\191\189"
t.is(decode('"a\255b"', {invalid_utf8 = "replace"}), "a" .. fffd .. "b", "replaced")
t.is(decode('"\226\130"', {invalid_utf8 = "replace"}), fffd, "half a character is replaced by one")
t.same(decode('{"\255":"\\n\254"}', {invalid_utf8 = "replace"}), {[fffd] = "\n" .. fffd}, "in keys, and beside escapes")
t.is(decode('"a\255b"', {invalid_utf8 = "keep"}), "a\255b", "kept")
t.same(decode('{"\255":"\\n\254"}', {invalid_utf8 = "keep"}), {["\255"] = "\n\254"}, "kept in keys, and beside escapes")
t.same(decode('["\255",NaN]', {invalid_utf8 = "keep", nan = true})[1], "\255", "kept in the careful pass")
t.raises(function() decode('"a\255b"', {invalid_utf8 = "error"}) end, "invalid UTF-8 at byte 3", "an error")
for _, policy in ipairs {"replace", "keep"} do
  local v, m, at = safe.decode('["\255",]', {invalid_utf8 = policy})
  t.ok(v == nil and at == 6, "position with " .. policy, tostring(m))
  t.is(select(3, safe.decode("[\255]", {invalid_utf8 = policy})), 2, "outside of strings it is an error with " .. policy)
end
t.is(encode("a\255b\n", {invalid_utf8 = "replace"}), '"a' .. fffd .. 'b\\n"', "encode, replaced")
t.is(encode("a\255b\n", {invalid_utf8 = "keep"}), '"a\255b\\n"', "encode, kept")
t.is(encode({["\255"] = 1}, {invalid_utf8 = "keep"}), '{"\255":1}', "encode, kept in a key")
t.is(encode("\195\169\255\240\159\152\128", {invalid_utf8 = "replace"}), '"\195\169' .. fffd .. '\240\159\152\128"', "what is right stays")

-- array_mt -------------------------------------------------------------------------------------------------------------------
do
  local v = decode('[[],{},[1],{"a":[]}]', {array_mt = true})
  t.is(getmetatable(v), json.array_mt, "the outer array")
  t.is(getmetatable(v[1]), json.array_mt, "an empty one")
  t.is(getmetatable(v[2]), nil, "no object")
  t.is(getmetatable(v[4].a), json.array_mt, "an inner one")
  v = decode "[[],{},[1]]"
  t.is(getmetatable(v), nil, "otherwise arrays have none")
  t.is(getmetatable(v[1]), json.empty_array_mt, "but for empty ones")
  t.is(getmetatable(v[2]), nil, "and not empty objects")
end

-- sort_keys, indent ----------------------------------------------------------------------------------------------------------
t.is(encode({b = 1, a = 2, c = {z = 1, y = {}}}, {sort_keys = true}), '{"a":2,"b":1,"c":{"y":{},"z":1}}', "sorted")
t.is(encode({["\195\169"] = 1, z = 2, Z = 3, [""] = 4}, {sort_keys = true}), '{"":4,"Z":3,"z":2,"\195\169":1}', "by their bytes")
t.is(encode({[10] = 1, [9] = 2, x = 3, [1.5] = 4}, {sort_keys = true}), '{"1.5":4,"10":1,"9":2,"x":3}', "numbers as texts")
t.is(encode({{b = 1, a = {3, 2}}, 5}, {sort_keys = true}), '[{"a":[3,2],"b":1},5]', "arrays keep their order")
do
  local o, want = {}, {}
  for i = 1, 500 do local k = ("k%03d"):format(i * 7 % 500) o[k] = i want[#want + 1] = k end
  table.sort(want)
  local got = {}
  for k in encode(o, {sort_keys = true}):gmatch '"(k%d+)"' do got[#got + 1] = k end
  t.is(table.concat(got), table.concat(want), "500 keys")
end
t.is(encode({a = {1, {}, {b = true}}}, {indent = 2}), '{\n  "a": [\n    1,\n    {},\n    {\n      "b": true\n    }\n  ]\n}', "indented")
t.is(encode({1, {2}}, {indent = "\t"}), "[\n\t1,\n\t[\n\t\t2\n\t]\n]", "with tabs")
t.is(encode({1}, {indent = true}), "[\n  1\n]", "true is two spaces")
t.is(encode({1}, {indent = 0}), "[1]", "0 is none")
t.is(encode({1}, {indent = ""}), "[1]", "an empty string, too")
t.is(encode({1}, {indent = false}), "[1]", "and false")
t.is(encode({}, {indent = 4}), "{}", "an empty table stays on its line")
t.is(encode({{a = 1}, {a = 2}, {a = 3}}, {indent = 1}), '[\n {\n  "a": 1\n },\n {\n  "a": 2\n },\n {\n  "a": 3\n }\n]', "keys that repeat")
t.is(encode({b = 1, a = {}}, {indent = 1, sort_keys = true}), '{\n "a": {},\n "b": 1\n}', "sorted and indented")

-- sparse ---------------------------------------------------------------------------------------------------------------------
t.is(encode({1, nil, 3}, {sparse = "null"}), "[1,null,3]", "holes are null")
t.raises(function() encode({1, nil, 3}, {sparse = "error"}) end, "holes", "holes are an error")
t.same(decode(encode({1, nil, 3}, {sparse = "object"})), {["1"] = 1, ["3"] = 3}, "holes make an object")
t.same(decode(encode({[1000000] = 1}, {sparse = "object"})), {["1000000"] = 1}, "many holes, too")
t.is(encode({1, 2}, {sparse = "object"}), "[1,2]", "no holes")
t.is(encode({1, 2}, {sparse = "error"}), "[1,2]", "no holes, no error")
t.is(encode({[3] = 1}, {sparse = "object", sort_keys = true}), '{"3":1}', "sparse and sorted")

-- Misuse ---------------------------------------------------------------------------------------------------------------------
local function misused(module, name, value, options, part)
  t.raises(function() module[name](value, options) end, part, name .. ": " .. part)
end
for _, module in ipairs {json, safe} do
  misused(module, "decode", "1", {indent = 2}, "unknown option 'indent'")
  misused(module, "decode", "1", {nonsense = 2}, "unknown option 'nonsense'")
  misused(module, "encode", 1, {bigint = "error"}, "unknown option 'bigint'")
  misused(module, "decode", "1", {1}, "options have names")
  misused(module, "decode", "1", {bigint = "big"}, "bad option 'bigint'")
  misused(module, "decode", "1", {bigint = true}, "bad option 'bigint'")
  misused(module, "decode", "1", {nan = "null"}, "bad option 'nan'")
  misused(module, "decode", "1", {max_depth = 0}, "bad option 'max_depth'")
  misused(module, "decode", "1", {max_depth = 1.5}, "bad option 'max_depth'")
  misused(module, "decode", "1", {max_depth = "5"}, "bad option 'max_depth'")
  misused(module, "decode", "1", {max_depth = 0 / 0}, "bad option 'max_depth'")
  misused(module, "decode", "1", {max_depth = 1 / 0}, "bad option 'max_depth'")
  misused(module, "decode", "1", {invalid_utf8 = "ignore"}, "bad option 'invalid_utf8'")
  misused(module, "encode", 1, {indent = 16}, "bad option 'indent'")
  misused(module, "encode", 1, {indent = -1}, "bad option 'indent'")
  misused(module, "encode", 1, {indent = "x"}, "bad option 'indent'")
  misused(module, "encode", 1, {indent = (" "):rep(16)}, "bad option 'indent'")
  misused(module, "encode", 1, {indent = {}}, "bad option 'indent'")
  misused(module, "encode", 1, {sort_keys = 1}, "bad option 'sort_keys'")
  misused(module, "encode", 1, {sparse = "convert"}, "bad option 'sparse'")
end
-- The options table is read raw, and is not changed.
t.is(encode({b = 1, a = 2}, setmetatable({sort_keys = true}, {__index = function() error "never" end, __pairs = error})), '{"a":2,"b":1}', "raw options")
do
  local options = {sort_keys = true, indent = 1}
  encode({1}, options)
  t.same(options, {sort_keys = true, indent = 1}, "options stay as they are")
end
t.is(encode({1}), "[1]", "options end with the call")

t.done()
