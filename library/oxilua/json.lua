---@meta oxilua.json

---JSON (RFC 8259). Raises errors; `oxilua.json.safe` returns them. docs/JSON.md has it all.
---@class oxilua.json
---@field null lightuserdata  What `null` is: the light userdata NULL, as in other libraries.
---@field empty_array lightuserdata  Is encoded as `[]`.
---@field array_mt metatable  A table that has it is encoded as an array.
---@field empty_array_mt metatable  A table that has it is encoded as `[]` while it is empty. `[]` is decoded to such a table.
local json = {}

---@class oxilua.json.decode_options
---@field null? any  What `null` becomes, instead of `json.null`.
---@field drop_null? boolean  `null` is nil: fields vanish, elements leave holes.
---@field bigint? "number"|"string"|"error"  Integers that this Lua cannot hold exactly: the nearest double (default), their digits, an error.
---@field nan? boolean  `NaN`, `Infinity` and `-Infinity` are numbers, and numbers too large are infinite.
---@field array_mt? boolean  Every array gets `array_mt`.
---@field invalid_utf8? "error"|"replace"|"keep"  Bytes that are not UTF-8: an error (default), U+FFFD, as they are.
---@field max_depth? integer  So many arrays and objects may be inside each other; 1000.

---@class oxilua.json.encode_options
---@field indent? boolean|integer|string  One line for each element, indented by so many spaces (`true`: two) or this text.
---@field sort_keys? boolean  The fields of objects in the order of the bytes of their names.
---@field null? any  Is encoded as `null`, too.
---@field sparse? "null"|"object"|"error"  Holes in arrays: `null` if they are not too many (default), make it an object, an error.
---@field nan? boolean|"null"  NaN and infinities: an error (`false`, default), written as in JavaScript, `null`.
---@field invalid_utf8? "error"|"replace"|"keep"  Bytes that are not UTF-8: an error (default), U+FFFD, as they are.
---@field max_depth? integer  So many tables may be inside each other; 1000.

---The value of a document. Raises what is wrong with it, and at which byte.
---@param text string
---@param options? oxilua.json.decode_options
---@return any value
function json.decode(text, options) end

---The text of a value. Raises why it cannot be encoded, and where in it. A table or userdata whose metatable has
---`__tojson(self)` is encoded as the JSON text that this returns.
---@param value any
---@param options? oxilua.json.encode_options
---@return string text
function json.encode(value, options) end

return json
