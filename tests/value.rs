//! Values of any type, and how they compare.
use oxilua::prelude::*;
use std::ptr::null_mut;

#[test]
fn types() {
    let lua = Lua::new();
    let values: LuaTable = lua.load("{[1] = true, [2] = 1, [3] = 1.5, [4] = 's', [5] = {}, [6] = print, [7] = coroutine.create(function() end), [8] = io.stdout}").eval().unwrap();
    let names = ["boolean", "integer", "number", "string", "table", "function", "thread", "userdata"];
    for (i, name) in names.iter().enumerate() {
        let v: LuaValue = values.get(i + 1).unwrap();
        assert_eq!(v.type_name(), *name);
        assert_eq!(v, v.clone());
        assert_eq!(values.get::<LuaValue>(i + 1).unwrap(), v);
        assert!(!format!("{v:?} {v:#?}").is_empty());
        v.to_string().unwrap();
    }
    assert_eq!(LuaNil.type_name(), "nil");
    assert_eq!(LuaValue::NULL, LuaValue::LightUserData(LuaLightUserData(null_mut())));
    assert!(LuaValue::NULL.is_null() && !LuaNil.is_null() && LuaNil.is_nil());
    lua.globals().set("null", LuaValue::NULL).unwrap();
    assert!(
        lua.load("assert(null ~= nil and type(null) == 'userdata') return null")
            .eval::<LuaValue>()
            .unwrap()
            .is_null()
    );
}

#[test]
fn numbers() {
    let lua = Lua::new();
    let is_int = |code: &str| lua.load(code).eval::<LuaValue>().unwrap().is_integer();
    assert!(is_int("1") && is_int("-7") && is_int("2^31 > 0 and 4294967296 or 0"));
    assert!(!is_int("1.5") && !is_int("0/0") && !is_int("1/0") && !is_int("2^63"));
    // -0.0 stays a float, everywhere.
    let zero: LuaValue = lua.load("local z = 0.0 return -z").eval().unwrap();
    assert!(matches!(zero, LuaValue::Number(n) if n == 0.0 && n.is_sign_negative()));
    assert_eq!(is_int("1.0"), !lua.engine().has_integers());
    assert_eq!(LuaValue::Integer(1), LuaValue::Number(1.0));
    assert_ne!(LuaValue::Number(f64::NAN), LuaValue::Number(f64::NAN));
    for n in [
        0.0,
        -0.0,
        1.5,
        f64::MAX,
        f64::MIN_POSITIVE,
        f64::INFINITY,
        f64::NEG_INFINITY,
        9007199254740993.0,
        -9223372036854775808.0,
    ] {
        let f = lua.load("return ...").into_function().unwrap();
        assert_eq!(f.call::<f64>(n).unwrap().to_bits(), n.to_bits());
    }
    assert!(lua.load("0/0").eval::<f64>().unwrap().is_nan());
    let v = LuaValue::Integer(-1);
    assert_eq!((v.as_i32(), v.as_u32(), v.as_f64(), v.as_number()), (Some(-1), None, Some(-1.0), None));
}

#[test]
fn equality() {
    let lua = Lua::new();
    let (a, b): (LuaValue, LuaValue) = lua.load("local mt = {__eq = function() return true end} return setmetatable({}, mt), setmetatable({}, mt)").eval().unwrap();
    assert!(a != b && a.equals(&b).unwrap() && a == a.clone());
    let (a, b): (LuaValue, LuaValue) = lua.load("local mt = {__eq = function() error('no') end} return setmetatable({}, mt), setmetatable({}, mt)").eval().unwrap();
    assert!(a.equals(&b).is_err() && a.equals(&a).unwrap());
    assert_ne!(lua.pack("1").unwrap(), lua.pack(1).unwrap());
    let other = Lua::new();
    let (s, t) = (lua.pack("same").unwrap(), other.pack("same").unwrap());
    assert_eq!(s, t);
    assert_ne!(
        lua.pack(lua.create_table().unwrap()).unwrap(),
        other.pack(other.create_table().unwrap()).unwrap()
    );
}

#[test]
fn addresses() {
    let lua = Lua::new();
    let t = lua.create_table().unwrap();
    assert_eq!(t.to_pointer(), t.clone().to_pointer());
    assert!(!t.to_pointer().is_null());
    for code in [
        "'short'",
        "('x'):rep(100)",
        "print",
        "function() end",
        "coroutine.create(function() end)",
        "io.stdout",
    ] {
        assert!(!lua.load(code).eval::<LuaValue>().unwrap().to_pointer().is_null(), "{code}");
    }
    assert!(LuaValue::Integer(1).to_pointer().is_null());
    let s = lua.create_string("x").unwrap();
    assert_eq!(s.to_pointer(), lua.create_string("x").unwrap().to_pointer());
}

#[test]
fn coercions() {
    let lua = Lua::new();
    assert_eq!(lua.coerce_integer(lua.pack("0x10").unwrap()).unwrap(), Some(16));
    assert_eq!(lua.coerce_integer(LuaValue::Number(2.0)).unwrap(), Some(2));
    assert_eq!(lua.coerce_integer(LuaValue::Number(-0.0)).unwrap(), Some(0));
    assert_eq!(lua.coerce_integer(LuaValue::Number(2.5)).unwrap(), None);
    assert_eq!(lua.coerce_integer(LuaValue::Number(9.3e18)).unwrap(), None);
    assert_eq!(lua.coerce_number(lua.pack("1e1").unwrap()).unwrap(), Some(10.0));
    assert_eq!(lua.coerce_number(LuaValue::Boolean(true)).unwrap(), None);
    assert_eq!(lua.coerce_string(LuaValue::Integer(5)).unwrap().unwrap(), "5");
    assert!(lua.coerce_string(LuaNil).unwrap().is_none());
    let s = lua.create_string("12").unwrap();
    lua.coerce_integer(LuaValue::String(s.clone())).unwrap();
    assert_eq!(lua.pack(&s).unwrap().type_name(), "string");
}

#[test]
fn as_text() {
    let lua = Lua::new();
    let text = |code: &str| lua.load(code).eval::<LuaValue>().unwrap().to_string();
    assert_eq!(text("nil").unwrap(), "nil");
    assert_eq!(text("true").unwrap(), "true");
    assert_eq!(text("12").unwrap(), "12");
    assert_eq!(text("1.5").unwrap(), "1.5");
    assert_eq!(text("'x'").unwrap(), "x");
    assert!(text("'\\255'").is_err());
    assert!(text("{}").unwrap().starts_with("table: 0x"));
    assert_eq!(text("setmetatable({}, {__tostring = function() return 'mine' end})").unwrap(), "mine");
    assert!(text("setmetatable({}, {__tostring = function() return {} end})").is_err());
    assert!(text("setmetatable({}, {__tostring = function() error('x') end})").is_err());
    assert_eq!(LuaValue::NULL.to_string().unwrap(), "null");
    let named = text("setmetatable({}, {__name = 'Named'})").unwrap();
    assert!(named.starts_with("Named: 0x"), "{named}");
}
