-- oxilua.json against lua-cjson, in one process, the collector running.
--
--   lua json.lua [FILE...]        or FILES="a.json b.json" lua json.lua; without files it makes documents of three kinds
--   ROUNDS=n                      pairs of measurements of each row (11)
--
-- A round measures both libraries, in changing order, each after a full collection and for a few documents in a row, so that
-- each pays for its own garbage. Printed are the medians and the median of the rounds' ratios, with their range: on a shared
-- machine the ratios hold, the times don't. `floor` is what nobody can beat who decodes through Lua's API: making the same
-- tables from a document that is already parsed (with a library built with the feature json-floor: `make bench-json`).
local json = require "oxilua.json"
local found, cjson = pcall(require, "cjson")
if not found then io.stderr:write("lua-cjson is not installed for this Lua\n") os.exit(1) end
-- By default lua-cjson refuses deep documents earlier and writes 14 digits.
cjson.encode_max_depth(1000)
cjson.decode_max_depth(1000)

local clock = os.clock
local rounds = tonumber(os.getenv "ROUNDS" or 11)
local engine = jit and jit.version:match "^%S+ %d%.%d" or _VERSION

local function made()
  local seed = 1
  local function below(n) seed = (seed * 1103515245 + 12345) % 2147483648 return math.floor(seed / 65536) % n end
  local words = {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "\206\177\206\178\206\179", "with \\\"quotes\\\"", "line\\nbreak"}
  local records, numbers, strings = {}, {}, {}
  for i = 1, 4000 do
    records[i] = ('{"id": %d, "name": "%s %s", "active": %s, "score": %d.%d, "tags": ["%s", "%s"], "parent": null, "place": {"x": %d, "y": %d}}')
      :format(i * 7919, words[below(6) + 1], words[below(9) + 1], below(2) == 0 and "true" or "false", below(100), below(10),
        words[below(6) + 1], words[below(6) + 1], below(1000), below(1000))
  end
  for i = 1, 60000 do numbers[i] = ("[%d.%d%d, %d]"):format(below(180), below(30000), below(30000), below(30000)) end
  for i = 1, 20000 do strings[i] = ('"%s number %d of the list, %s"'):format(words[below(9) + 1], i, words[below(9) + 1]) end
  local function document(parts) return "[\n  " .. table.concat(parts, ",\n  ") .. "\n]\n" end
  return {{"records", document(records)}, {"numbers", document(numbers)}, {"strings", document(strings)}}
end

local function documents()
  local list = {}
  local names = {}
  for i = 1, #arg do names[i] = arg[i] end
  for name in (os.getenv "FILES" or ""):gmatch "%S+" do names[#names + 1] = name end
  for _, name in ipairs(names) do
    local file = assert(io.open(name, "rb"))
    list[#list + 1] = {name:match "([^/\\]+)$", file:read "*a"}
    file:close()
  end
  return #list > 0 and list or made()
end

local function seconds(f, value, times)
  collectgarbage() collectgarbage()
  f(value)
  local start = clock()
  for _ = 1, times do f(value) end
  return (clock() - start) / times
end

local function median(list)
  table.sort(list)
  return list[math.floor((#list + 1) / 2)]
end

local function row(name, what, peer, ours, peer_value, our_value, floor)
  -- About a twentieth of a second for each measurement.
  local times = math.max(1, math.floor(0.05 / seconds(peer, peer_value, 1)))
  local a, b, c, ratios = {}, {}, {}, {}
  for round = 1, rounds do
    if round % 2 == 0 then a[round] = seconds(peer, peer_value, times) end
    b[round] = seconds(ours, our_value, times)
    if round % 2 == 1 then a[round] = seconds(peer, peer_value, times) end
    if floor then c[round] = floor(times) end
    ratios[round] = a[round] / b[round]
  end
  local ratio = median(ratios)
  local peer_time = median(a)
  print(("%-12s %-20s %-7s %10.3f %10.3f %8.2f  %.2f-%.2f  %s"):format(engine, name, what, peer_time * 1e3, median(b) * 1e3, ratio,
    ratios[1], ratios[#ratios], floor and ("%.2f"):format(peer_time / median(c)) or "-"))
end

print(("%-12s %-20s %-7s %10s %10s %8s  %-9s  %s"):format("engine", "document", "", "cjson ms", "oxilua ms", "ratio", "range", "floor"))
for _, document in ipairs(documents()) do
  local name, text = document[1], document[2]
  local floor
  if json._floor then
    local function once(times) return seconds(function() json._floor(text, times) end, nil, 1) end
    floor = function(times) return (once(times + 1) - once(1)) / times end
  end
  row(name, "decode", cjson.decode, json.decode, text, text, floor)
  local value = cjson.decode(text)
  row(name, "encode", cjson.encode, json.encode, value, value)
end
