-- A few lines of TAP for tests that run in every Lua from 5.1 on: local t = require "tap" ... t.done()
local tap = {}

local count, failed = 0, 0

local function show(v)
  if type(v) == "string" then
    return '"' .. v:gsub("[%c\128-\255\"\\]", function(c) return ("\\x%02x"):format(c:byte()) end) .. '"'
  elseif type(v) == "number" then
    return ("%.17g"):format(v) .. (math.type and math.type(v) == "float" and " (float)" or "")
  end
  return tostring(v)
end
tap.show = show

-- The same number, of the same kind, with the same sign of zero; or rawequal.
local function same_scalar(a, b)
  if type(a) == "number" and type(b) == "number" then
    if a ~= a or b ~= b then return a ~= a and b ~= b end
    return a == b and (not math.type or math.type(a) == math.type(b)) and (a ~= 0 or 1 / a == 1 / b or math.type ~= nil and math.type(a) == "integer")
  end
  return rawequal(a, b)
end

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return same_scalar(a, b) end
  for k, v in next, a do
    if not same(v, rawget(b, k)) then return false end
  end
  for k in next, b do
    if rawget(a, k) == nil then return false end
  end
  return true
end

local function dump(v, depth)
  if type(v) ~= "table" or depth > 4 then return show(v) end
  local parts = {}
  for k, e in next, v do parts[#parts + 1] = "[" .. show(k) .. "]=" .. dump(e, depth + 1) end
  return "{" .. table.concat(parts, ", ", 1, math.min(#parts, 20)) .. "}"
end

function tap.ok(good, name, details)
  count = count + 1
  if not good then failed = failed + 1 end
  -- A '#' would begin a directive.
  print((good and "ok " or "not ok ") .. count .. " - " .. tostring(name):gsub("[%c\128-\255]", "?"):gsub("#", "%%"))
  if not good and details then print("# " .. details:gsub("\n", "\n# ")) end
  return good
end

function tap.is(got, want, name)
  return tap.ok(same_scalar(got, want), name, "got " .. show(got) .. ", expected " .. show(want))
end

function tap.same(got, want, name)
  return tap.ok(same(got, want), name, "got " .. dump(got, 0) .. ", expected " .. dump(want, 0))
end

-- f must raise an error whose message contains `part`.
function tap.raises(f, part, name)
  local ok, e = pcall(f)
  return tap.ok(not ok and tostring(e):find(part, 1, true) ~= nil, name,
    ok and "no error" or "error " .. show(tostring(e)) .. " without " .. show(part))
end

function tap.skip(why) count = count + 1; print("ok " .. count .. " # SKIP " .. why) end
function tap.note(text) print("# " .. tostring(text)) end

function tap.done()
  print("1.." .. count)
  if failed > 0 then
    print("# " .. failed .. " of " .. count .. " failed")
    os.exit(1)
  end
end

return tap
