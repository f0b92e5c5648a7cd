//! Strings: bytes of any kind.
use oxilua::prelude::*;
use oxilua::{BString, BorrowedBytes, BorrowedStr};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::ffi::{CStr, CString, OsString};
use std::path::PathBuf;

#[test]
fn bytes_of_any_kind() {
    let lua = Lua::new();
    for bytes in [&b""[..], b"a", b"\0", b"a\0b\0", b"\xff\xfe\0\x80", &[b'x'; 100_000], "äöü€😀".as_bytes()]
    {
        let s = lua.create_string(bytes).unwrap();
        assert_eq!(&*s.as_bytes(), bytes);
        assert_eq!(s.as_bytes_with_nul().len(), bytes.len() + 1);
        assert_eq!(s.as_bytes_with_nul()[bytes.len()], 0);
        assert_eq!(s.to_str().is_ok(), std::str::from_utf8(bytes).is_ok());
        assert_eq!(s.to_string_lossy(), String::from_utf8_lossy(bytes));
        assert_eq!(s.display().to_string(), String::from_utf8_lossy(bytes));
        lua.globals().set("s", &s).unwrap();
        assert_eq!(lua.load("#s").eval::<usize>().unwrap(), bytes.len());
        lua.globals().set(&s, &s).unwrap();
        assert_eq!(lua.globals().get::<LuaString>(&s).unwrap(), s);
        assert_eq!(lua.globals().get::<BString>(&s).unwrap(), bytes);
    }
    assert!(lua.create_string(b"\xff").unwrap().to_str().is_err());
    assert!(lua.load("'\\255'").eval::<String>().is_err());
}

#[test]
fn compared_and_hashed() {
    let lua = Lua::new();
    let (a, b) = (lua.create_string("a").unwrap(), lua.create_string("b").unwrap());
    assert!(a == "a" && a == b"a" && a == *"a".to_owned() && a != b && a < b);
    assert_eq!(a.cmp(&b), Ordering::Less);
    assert_eq!(a.partial_cmp("A"), Some(Ordering::Greater));
    assert_eq!(a, lua.create_string("a").unwrap());
    assert_eq!(a, Lua::new().create_string("a").unwrap());
    let set: HashSet<LuaString> =
        [a.clone(), b.clone(), lua.create_string("a").unwrap()].into_iter().collect();
    assert_eq!(set.len(), 2);
    // Long strings are not interned.
    let long = "x".repeat(1000);
    assert_eq!(lua.create_string(&long).unwrap(), lua.create_string(&long).unwrap());
    assert!(!a.to_pointer().is_null());
    assert_eq!(format!("{a:?}"), "\"a\"");
}

#[test]
fn every_type_of_text() {
    let lua = Lua::new();
    let f = lua.load("return ...").into_function().unwrap();
    macro_rules! round {
        ($($ty:ty = $value:expr;)*) => {$(
            let value: $ty = $value;
            assert_eq!(f.call::<$ty>(value.clone()).unwrap(), value);
        )*};
    }
    round! {
        String = "text".into();
        Box<str> = "text".into();
        CString = c"text".into();
        BString = b"\xff".into();
        OsString = "text".into();
        PathBuf = "/a/b".into();
    }
    assert_eq!(f.call::<String>(Cow::Borrowed("cow")).unwrap(), "cow");
    assert_eq!(f.call::<String>('ä').unwrap(), "ä");
    assert_eq!(f.call::<char>("ä").unwrap(), 'ä');
    assert_eq!(f.call::<char>(228).unwrap(), 'ä');
    assert!(f.call::<char>("ab").is_err() && f.call::<char>("").is_err() && f.call::<char>(-1).is_err());
    assert_eq!(f.call::<String>(c"c").unwrap(), "c");
    assert_eq!(f.call::<String>(<&CStr>::default()).unwrap(), "");
    assert!(f.call::<CString>("a\0b").is_err());
    // Numbers convert, other values do not, and the number on the stack stays a number.
    assert_eq!(f.call::<String>(12).unwrap(), "12");
    assert_eq!(f.call::<(String, LuaValue)>((12, 12)).unwrap().1, LuaValue::Integer(12));
    assert!(f.call::<String>(true).is_err());
    assert!(f.call::<String>(LuaNil).is_err());
    assert!(f.call::<LuaString>(vec![1]).is_err());
}

#[test]
fn borrowed_arguments() {
    let lua = Lua::new();
    let kept: std::rc::Rc<std::cell::RefCell<Vec<BorrowedStr>>> = Default::default();
    let k = kept.clone();
    let f = lua
        .create_function(move |lua, (a, b, keep): (BorrowedStr, BorrowedBytes, bool)| {
            lua.gc_collect()?;
            let joined = format!("{}{}", &*a, b.len());
            if keep {
                k.borrow_mut().push(a);
            }
            Ok(joined)
        })
        .unwrap();
    lua.globals().set("f", f).unwrap();
    for i in 0..200 {
        let call = format!("f('argument ' .. {i}, ('x'):rep({i}), {i} % 2 == 0)");
        assert_eq!(lua.load(call).eval::<String>().unwrap(), format!("argument {i}{i}"));
    }
    lua.gc_collect().unwrap();
    for (i, text) in kept.borrow().iter().enumerate() {
        assert_eq!(&**text, format!("argument {}", 2 * i));
    }
    // Kept by nobody else, and given back in any order.
    kept.borrow_mut().reverse();
    kept.borrow_mut().truncate(10);
    lua.load("for i = 1, 50 do f('more ' .. i, '', true) end").exec().unwrap();
    drop(lua);
    assert_eq!(&*kept.borrow()[0], "argument 198");
    assert_eq!(&*kept.borrow()[59], "more 50");
    // These keep the state open as long as they are there.
    kept.borrow_mut().clear();
}

#[test]
fn numbers_in_strings() {
    let lua = Lua::new();
    let int = |s: &str| lua.convert::<i64>(s);
    assert_eq!(int("12").unwrap(), 12);
    assert_eq!(int(" 0x10 ").unwrap(), 16);
    assert_eq!(int("0").unwrap(), 0);
    assert_eq!(int("-0").unwrap(), 0);
    assert!(int("").is_err() && int("x").is_err() && int("1x").is_err() && int("inf").is_err());
    assert_eq!(lua.convert::<f64>("1e3").unwrap(), 1000.0);
    assert_eq!(lua.convert::<f64>("0.0").unwrap(), 0.0);
    assert!(lua.convert::<f64>("zero").is_err());
}
