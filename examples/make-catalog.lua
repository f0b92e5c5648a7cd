-- Writes catalog.json, the document that `make run` reads: lua examples/make-catalog.lua > examples/catalog.json
-- Every Lua writes the same one.

local seed = 20
-- A whole number from 0 to n - 1.
local function random(n)
  seed = (seed * 16807) % 2147483647
  return seed % n
end
local function pick(list) return list[random(#list) + 1] end
local function int(n) return ("%d"):format(n) end

local materials = { "Oak", "Walnut", "Steel", "Brass", "Linen", "Wool", "Grès", "Cèdre", "Nußbaum", "竹", "Дуб" }
local things = { "Table", "Lamp", "Chair", "Shelf", "Vase", "Rug", "Bench", "Clock", "棚", "Стул" }
local words = { "hand", "made", "for", "rooms", "with", "light", "from", "the", "north", "and", "a", "view", "of", "trees" }
local names = { "Ada", "José", "Zoë", "Søren", "Łukasz", "Mei 梅", "Ольга", "Noël", "Ifeanyi", "Chloë 🌿" }
local marks = { [[\n]], [[\t]], [[ \"really\" ]], [[\\]], " \226\128\148 ", [[\u00e9]], [[\ud83d\ude00]], [[\/]], " " }

local function text(length)
  local parts = {}
  for i = 1, length do parts[i] = pick(words) .. (i % 6 == 0 and pick(marks) or " ") end
  return '"' .. table.concat(parts) .. '."'
end
local function list(length, item)
  local items = {}
  for i = 1, length do items[i] = item(i) end
  return "[" .. table.concat(items, ", ") .. "]"
end
local function date()
  return ('"20%02d-%02d-%02dT%02d:%02d:%02dZ"'):format(random(27), random(12) + 1, random(28) + 1, random(24), random(60), random(60))
end
local function price() return ("%d.%02d"):format(random(900), random(100)) end

local function review()
  return ('{"by": "%s", "at": %s, "stars": %d, "text": %s, "useful": %s}'):format(
    pick(names), date(), random(5) + 1, text(8 + random(20)), pick({ "true", "false", "null" }))
end

local function product(i)
  local fields = {
    '"id": ' .. int(9007199254000000 + i * 7919),
    ('"name": "%s %s"'):format(pick(materials), pick(things)),
    '"price": ' .. price(),
    '"was": ' .. (random(3) == 0 and price() or "null"),
    '"in_stock": ' .. (random(2) == 0 and "true" or "false"),
    '"quantity": ' .. int(random(2000) - 40),
    '"weight_kg": ' .. pick({ "1.5e1", "2.25E+0", "7e-1", "0.5", "12.125", "3e0" }),
    '"size": ' .. list(3, function() return ("%d.%d"):format(random(250), random(10)) end),
    '"place": {"lat": -' .. random(89) .. "." .. int(100000 + random(900000)) .. ', "lon": ' .. random(179) .. "." .. int(100000 + random(900000)) .. "}",
    '"tags": ' .. list(random(6), function() return '"' .. pick(words) .. '"' end),
    '"description": ' .. text(20 + random(40)),
    '"added": ' .. date(),
    '"reviews": ' .. list(random(4), review),
    '"options": {}',
  }
  return "    {\n      " .. table.concat(fields, ",\n      ") .. "\n    }"
end

local products = {}
for i = 1, 90 do products[i] = product(i) end
io.write('{\n  "title": "Catalog \\u2116 7",\n  "version": 3,\n  "made": ', date(), ',\n  "empty": [],\n  "limits": [0, -1, 9007199254740991, -9007199254740991, 1e-7, 123456789.125],\n  "products": [\n')
io.write(table.concat(products, ",\n"), "\n  ]\n}\n")
