//! Pretty-printing: `{:#?}` of values and tables shows what is inside.

use crate::table::Table;
use crate::value::Value;
use std::collections::HashSet;
use std::fmt;
use std::os::raw::c_void;

pub(crate) fn pretty(value: &Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    Printer { seen: HashSet::new() }.value(value, 0, f)
}

pub(crate) fn pretty_table(table: &Table, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    Printer { seen: HashSet::new() }.table(table, 0, f)
}

/// Tables inside of so many others are printed as their address as well.
const DEEPEST: usize = 100;

struct Printer {
    /// The tables on the way to this one: a table inside itself is printed as its address.
    seen: HashSet<*const c_void>,
}

impl Printer {
    fn value(&mut self, value: &Value, indent: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match value {
            Value::Nil => f.write_str("nil"),
            Value::Boolean(b) => write!(f, "{b}"),
            Value::LightUserData(p) if p.0.is_null() => f.write_str("null"),
            Value::LightUserData(p) => write!(f, "lightuserdata: {:?}", p.0),
            Value::Integer(i) => write!(f, "{i}"),
            Value::Number(n) => write!(f, "{n}"),
            Value::String(s) => write!(f, "{s:?}"),
            Value::Table(t) => self.table(t, indent, f),
            Value::Function(_) | Value::Thread(_) | Value::Other(_) => {
                write!(f, "{}: {:?}", value.type_name(), value.to_pointer())
            }
            Value::UserData(_) => {
                let text = value.to_string();
                f.write_str(text.as_deref().unwrap_or("userdata"))
            }
            Value::Error(e) => write!(f, "{e:?}"),
        }
    }

    fn table(&mut self, table: &Table, indent: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = table.to_pointer();
        if self.seen.len() >= DEEPEST || !self.seen.insert(address) {
            return write!(f, "table: {address:?}");
        }
        let mut pairs: Vec<(Value, Value)> = table.pairs::<Value, Value>().flatten().collect();
        pairs.sort_by(|(a, _), (b, _)| order(a, b));
        let result = self.pairs(&pairs, indent, f);
        self.seen.remove(&address);
        result
    }

    fn pairs(&mut self, pairs: &[(Value, Value)], indent: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if pairs.is_empty() {
            return f.write_str("{}");
        }
        f.write_str("{\n")?;
        for (key, value) in pairs {
            write!(f, "{:1$}", "", indent + 2)?;
            match key {
                Value::String(name) if is_name(&name.as_bytes()) => write!(f, "{}", name.display())?,
                key => {
                    f.write_str("[")?;
                    self.value(key, indent + 2, f)?;
                    f.write_str("]")?;
                }
            }
            f.write_str(" = ")?;
            self.value(value, indent + 2, f)?;
            f.write_str(",\n")?;
        }
        write!(f, "{:1$}}}", "", indent)
    }
}

fn is_name(bytes: &[u8]) -> bool {
    let letter = |b: &u8| b.is_ascii_alphabetic() || *b == b'_';
    bytes.first().is_some_and(letter) && bytes.iter().all(|b| letter(b) || b.is_ascii_digit())
}

/// Numbers first, then strings, then the rest, so that the same table always looks the same.
fn order(a: &Value, b: &Value) -> std::cmp::Ordering {
    let rank = |v: &Value| match v {
        Value::Integer(_) | Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Boolean(_) => 2,
        _ => 3,
    };
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        _ => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => rank(a).cmp(&rank(b)),
        },
    }
}
