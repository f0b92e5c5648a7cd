//! What a call may choose, and how it is said in Lua.

use super::tape::{Cell, Tag};

/// What becomes of an integer that this Lua cannot hold exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Big {
    /// The nearest double.
    Number,
    Error,
    /// Its digits.
    String,
}

/// What becomes of bytes that are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Utf8 {
    Error,
    /// U+FFFD in their place.
    Replace,
    /// They stay as they are.
    Keep,
}

/// What becomes of a table with positive integer keys and holes between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Sparse {
    /// An array with nulls in the holes, if those are not too many.
    Null,
    Error,
    /// An object.
    Object,
}

/// What becomes of NaN and the infinities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Nan {
    Error,
    /// `NaN`, `Infinity`, `-Infinity`, as JavaScript writes them.
    Allow,
    Null,
}

/// What stands for `null`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Null {
    /// Light userdata NULL.
    Standard,
    /// The caller's own value: on the Lua stack, in slot 0 of the tape.
    Given,
    /// Nothing at all: decoding leaves it out.
    Nil,
}

/// The options of one call, with what this Lua can do. `json.h` declares the same layout.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Options {
    pub max_depth: u32,
    /// Lua has a 64-bit integer type.
    pub integers: bool,
    pub bigint: Big,
    pub utf8: Utf8,
    pub nan: Nan,
    pub null: Null,
    pub sparse: Sparse,
    pub sort_keys: bool,
    /// Decoded arrays get `array_mt`.
    pub array_mt: bool,
    /// 0: everything on one line.
    pub indent_len: u8,
    pub indent: [u8; 15],
}

impl Options {
    pub const fn new(integers: bool) -> Options {
        Options {
            max_depth: 1000,
            integers,
            bigint: Big::Number,
            utf8: Utf8::Error,
            nan: Nan::Error,
            null: Null::Standard,
            sparse: Sparse::Null,
            sort_keys: false,
            array_mt: false,
            indent_len: 0,
            indent: [b' '; 15],
        }
    }

    /// The cell of a `null`.
    #[inline(always)]
    pub fn null(&self) -> Cell {
        match self.null {
            Null::Standard => Cell::NULL,
            Null::Given => Cell::slot(0),
            Null::Nil => Cell::NIL,
        }
    }

    /// Sets the option `name`, or says what it takes. (`null` itself takes any value and is C's to set.)
    pub fn set(&mut self, name: &[u8], value: Value, encoding: bool) -> Result<(), &'static str> {
        match (name, encoding) {
            (b"max_depth", _) => match value {
                Value::Number(n) if (1.0..=1e9).contains(&n) && n.fract() == 0.0 => self.max_depth = n as u32,
                _ => return Err("a whole number from 1 to 1e9"),
            },
            (b"invalid_utf8", _) => match value {
                Value::String(b"error") => self.utf8 = Utf8::Error,
                Value::String(b"replace") => self.utf8 = Utf8::Replace,
                Value::String(b"keep") => self.utf8 = Utf8::Keep,
                _ => return Err("\"error\", \"replace\" or \"keep\""),
            },
            (b"nan", _) => match value {
                Value::Boolean(allow) => self.nan = if allow { Nan::Allow } else { Nan::Error },
                Value::String(b"null") if encoding => self.nan = Nan::Null,
                _ if encoding => return Err("a boolean or \"null\""),
                _ => return Err("a boolean"),
            },
            (b"bigint", false) => match value {
                Value::String(b"number") => self.bigint = Big::Number,
                Value::String(b"error") => self.bigint = Big::Error,
                Value::String(b"string") => self.bigint = Big::String,
                _ => return Err("\"error\", \"number\" or \"string\""),
            },
            (b"drop_null", false) => match value {
                Value::Boolean(true) => self.null = Null::Nil,
                Value::Boolean(false) => {}
                _ => return Err("a boolean"),
            },
            (b"array_mt", false) => match value {
                Value::Boolean(mark) => self.array_mt = mark,
                _ => return Err("a boolean"),
            },
            (b"sort_keys", true) => match value {
                Value::Boolean(sort) => self.sort_keys = sort,
                _ => return Err("a boolean"),
            },
            (b"sparse", true) => match value {
                Value::String(b"null") => self.sparse = Sparse::Null,
                Value::String(b"error") => self.sparse = Sparse::Error,
                Value::String(b"object") => self.sparse = Sparse::Object,
                _ => return Err("\"error\", \"null\" or \"object\""),
            },
            (b"indent", true) => return self.set_indent(value),
            _ => return Err(""),
        }
        Ok(())
    }

    fn set_indent(&mut self, value: Value) -> Result<(), &'static str> {
        let whole = [b' '; 15];
        let indent = match value {
            Value::Boolean(true) => &whole[..2],
            Value::Boolean(false) => &whole[..0],
            Value::Number(n) if (0.0..=15.0).contains(&n) && n.fract() == 0.0 => &whole[..n as usize],
            Value::String(s) if s.len() <= 15 && s.iter().all(|b| matches!(b, b' ' | b'\t')) => s,
            _ => return Err("a boolean, a number of spaces from 0 to 15, or up to 15 spaces and tabs"),
        };
        self.indent[..indent.len()].copy_from_slice(indent);
        self.indent_len = indent.len() as u8;
        Ok(())
    }
}

/// The value of an option.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    Boolean(bool),
    Number(f64),
    String(&'a [u8]),
    Other,
}

impl Value<'_> {
    /// # Safety
    /// The bytes of a string cell must be there for as long as the value is used.
    pub unsafe fn from_cell<'a>(cell: &'a Cell) -> Value<'a> {
        match cell.tag {
            Tag::True => Value::Boolean(true),
            Tag::False => Value::Boolean(false),
            Tag::Num => Value::Number(f64::from_bits(cell.bits)),
            // SAFETY: S-JSON-1, the cell holds address and length of bytes of a Lua string.
            Tag::Str => Value::String(unsafe { cell.bytes() }),
            _ => Value::Other,
        }
    }
}
