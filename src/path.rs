//! Paths into objects: `a.b[1].c["key"]`, and `a?.b` for what may be missing.

use crate::error::{Error, Result};
use crate::value::Value;

/// One step: a key, and whether a nil before it ends the path with nil.
struct Step {
    key: Key,
    optional: bool,
}

enum Key {
    Name(String),
    Integer(i64),
}

/// The value at `path` from `root`.
pub(crate) fn get(root: Value, path: &str) -> Result<Value> {
    let mut value = root;
    for step in parse(path)? {
        if step.optional && value.is_nil() {
            return Ok(Value::Nil);
        }
        let Some(handle) = value.handle() else {
            return Err(Error::runtime(format!("attempt to index a {} value", value.type_name())));
        };
        let lua = handle.open().lua();
        let key = match step.key {
            Key::Integer(i) => Value::Integer(i),
            Key::Name(name) => Value::String(lua.create_string(name)?),
        };
        value = crate::object::index(handle, &key)?;
    }
    Ok(value)
}

fn parse(path: &str) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path;
    let error = |what: String| Error::runtime(format!("invalid path '{path}': {what}"));
    // Whether the part before ended in `?`.
    let mut optional = false;
    let mut first = true;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (key, behind) = bracket(inner).map_err(|what| error(what.to_owned()))?;
            steps.push(Step { key, optional });
            rest = behind;
        } else {
            let name = match rest.strip_prefix('.') {
                Some(name) => name,
                None if first => rest,
                None => return Err(error(format!("unexpected '{}'", rest.chars().next().unwrap_or(' ')))),
            };
            let end = name.find(['.', '[', '?']).unwrap_or(name.len());
            if end == 0 {
                return Err(error("empty name".to_owned()));
            }
            if let Some(c) = name[..end].chars().find(|c| c.is_whitespace() || matches!(c, ']' | '"' | '\''))
            {
                return Err(error(format!("unexpected '{c}'")));
            }
            steps.push(Step { key: Key::Name(name[..end].to_owned()), optional });
            rest = &name[end..];
        }
        optional = rest.starts_with('?');
        if optional {
            rest = &rest[1..];
        }
        first = false;
    }
    Ok(steps)
}

/// An integer or a quoted text, up to the closing bracket.
fn bracket(text: &str) -> std::result::Result<(Key, &str), &'static str> {
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let mut name = String::new();
        let mut chars = text[1..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => name.push(chars.next().ok_or("unfinished text")?.1),
                c if c == quote => {
                    let behind = text[1 + at + 1..].strip_prefix(']').ok_or("expected ']'")?;
                    return Ok((Key::Name(name), behind));
                }
                c => name.push(c),
            }
        }
        return Err("unfinished text");
    }
    let end = text.find(']').ok_or("expected ']'")?;
    let index = text[..end].trim().parse().map_err(|_| "expected an integer or a quoted text in brackets")?;
    Ok((Key::Integer(index), &text[end + 1..]))
}
