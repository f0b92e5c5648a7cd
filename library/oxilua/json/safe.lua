---@meta oxilua.json.safe

---JSON (RFC 8259) as `oxilua.json`, but its functions return what is wrong with the data. Wrong arguments and options are raised.
---@class oxilua.json.safe
---@field null lightuserdata  What `null` is: the light userdata NULL, as in other libraries.
---@field empty_array lightuserdata  Is encoded as `[]`.
---@field array_mt metatable  A table that has it is encoded as an array. The one of `oxilua.json`.
---@field empty_array_mt metatable  A table that has it is encoded as `[]` while it is empty. The one of `oxilua.json`.
local json = {}

---The value of a document; or nil, what is wrong with it, and the byte, counted from 1 (none if it is no place in it).
---@param text string
---@param options? oxilua.json.decode_options
---@return any value
---@return string? message
---@return integer? byte
function json.decode(text, options) end

---The text of a value; or nil, and why it cannot be encoded and where in it.
---@param value any
---@param options? oxilua.json.encode_options
---@return string? text
---@return string? message
function json.encode(value, options) end

return json
