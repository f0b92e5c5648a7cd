-- Uses oxilua.json on a document, and says in one line how that went. `make run` runs this in every Lua on the machine:
--
--     lua run.lua FILE [how this Lua came to run] [where it is]
--
-- The line ends with a checksum of what was read, the same in every Lua.

local file, how, where = arg[1], arg[2] or "", arg[3] or ""
local json = require("oxilua.json")

local function keys(t)
  local sorted = {}
  for k in pairs(t) do sorted[#sorted + 1] = k end
  table.sort(sorted)
  return sorted
end

-- Adler-32 of a value, whatever this Lua's numbers are, and how many values it is made of.
local function checksum(value)
  local a, b, count = 1, 0, 0
  local function add(text)
    for i = 1, #text do
      a = (a + text:byte(i)) % 65521
      b = (b + a) % 65521
    end
  end
  local function visit(v)
    count = count + 1
    local kind = type(v)
    if kind == "table" then
      if #v > 0 or next(v) == nil then
        add("[")
        for i = 1, #v do visit(v[i]) end
        add("]")
      else
        add("{")
        for _, k in ipairs(keys(v)) do
          add(k .. ":")
          visit(v[k])
        end
        add("}")
      end
    elseif kind == "number" then
      add(("%.17g "):format(v))
    elseif kind == "string" then
      add('"' .. v .. '"')
    elseif kind == "boolean" then
      add(tostring(v))
    else
      assert(v == json.null, "what is this?")
      add("null")
    end
  end
  visit(value)
  return ("%04x%04x"):format(b, a), count
end

local handle = assert(io.open(file, "rb"))
local text = handle:read("*a")
handle:close()

local document = json.decode(text)
local sum, count = checksum(document)
local encoded = json.encode(document)
local round_trip = checksum(json.decode(encoded))
assert(round_trip == sum, "what was encoded is not what was decoded: " .. round_trip .. " instead of " .. sum)

local version = type(jit) == "table" and jit.version:match("^LuaJIT %d+%.%d+") or _VERSION
print(("%-11s  %-7s %-34s  read %d bytes, %d values, wrote %d  checksum %s"):format(version, how, where, #text, count, #encoded, sum))
