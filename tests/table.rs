//! Tables.
use oxilua::prelude::*;
use oxilua::{Variadic, Version};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

#[test]
fn set_and_get() {
    let lua = Lua::new();
    let t = lua.create_table().unwrap();
    t.set("name", "value").unwrap();
    t.set(1, 10).unwrap();
    t.set(2.5, "float key").unwrap();
    t.set(true, "boolean key").unwrap();
    t.set("a\0b", "key with a NUL").unwrap();
    t.set(oxilua::BString::from(b"\xff\xfe"), "not text").unwrap();
    assert_eq!(t.get::<String>(oxilua::BString::from(b"\xff\xfe")).unwrap(), "not text");
    assert_eq!(t.get::<String>("name").unwrap(), "value");
    assert_eq!(t.get::<i64>(1).unwrap(), 10);
    assert_eq!(t.get::<i64>(1.0).unwrap(), 10);
    assert_eq!(t.get::<String>(2.5).unwrap(), "float key");
    assert_eq!(t.get::<String>(true).unwrap(), "boolean key");
    assert_eq!(t.get::<String>("a\0b").unwrap(), "key with a NUL");
    assert!(t.get::<LuaValue>("a").unwrap().is_nil());
    assert!(t.get::<Option<String>>("missing").unwrap().is_none());
    assert!(t.get::<String>("missing").is_err());
    assert!(t.contains_key("name").unwrap() && !t.contains_key("missing").unwrap());
    t.set("name", LuaNil).unwrap();
    assert!(!t.contains_key("name").unwrap());
}

#[test]
fn integers_at_their_limits_as_keys() {
    let lua = Lua::new();
    let t = lua.create_table().unwrap();
    let exact = [
        0,
        -1,
        i64::from(i32::MAX),
        i64::from(i32::MIN),
        i64::from(i32::MAX) + 1,
        i64::from(i32::MIN) - 1,
        (1 << 53) - 1,
        -(1 << 53) + 1,
    ];
    for i in exact {
        t.set(i, i).unwrap();
        t.raw_set(i, i).unwrap();
    }
    for i in exact {
        assert_eq!(t.get::<i64>(i).unwrap(), i);
        assert_eq!(t.raw_get::<i64>(i).unwrap(), i);
        assert_eq!(t.get::<i64>(i as f64).unwrap(), i);
    }
    for i in [i64::MAX, i64::MIN, i64::MAX - 1] {
        t.set(i, "limit").unwrap();
        assert_eq!(t.get::<String>(i).unwrap(), "limit");
    }
    t.set(f64::INFINITY, "infinity").unwrap();
    assert_eq!(t.get::<String>(f64::INFINITY).unwrap(), "infinity");
    t.set(-0.0, "zero").unwrap();
    assert_eq!(t.get::<String>(0).unwrap(), "zero");
    t.set(u64::MAX, "beyond").unwrap();
    assert_eq!(t.get::<String>(u64::MAX as f64).unwrap(), "beyond");
    t.set(1_u128 << 100, "far beyond").unwrap();
    assert_eq!(t.get::<String>(1_u128 << 100).unwrap(), "far beyond");
}

#[test]
fn keys_that_are_none() {
    let lua = Lua::new();
    let t = lua.create_table().unwrap();
    assert!(t.set(LuaNil, 1).is_err());
    assert!(t.set(f64::NAN, 1).is_err());
    assert!(t.raw_set(LuaNil, 1).is_err());
    assert!(t.raw_set(f64::NAN, 1).is_err());
    assert!(t.set(None::<i64>, 1).is_err());
    assert!(t.get::<LuaValue>(LuaNil).unwrap().is_nil());
    assert!(t.get::<LuaValue>(f64::NAN).unwrap().is_nil());
    assert!(t.raw_get::<LuaValue>(LuaNil).unwrap().is_nil());
    assert!(lua.create_table_from([(None::<i64>, 1)]).is_err());
    assert!(lua.create_table_from([(f64::NAN, 1)]).is_err());
    assert!(t.is_empty());
    if lua.engine().version() == Version::Lua51 {
        return;
    }
    // With a metamethod they are keys like any other, but in 5.1.
    let mt = lua.load("{__newindex = function(t, k, v) rawset(t, 'odd', v) end, __index = function(t, k) return tostring(k) end}").eval::<LuaTable>().unwrap();
    t.set_metatable(Some(mt)).unwrap();
    t.set(LuaNil, 7).unwrap();
    assert_eq!(t.raw_get::<i64>("odd").unwrap(), 7);
    assert_eq!(t.get::<String>(LuaNil).unwrap(), "nil");
}

#[test]
fn metamethods() {
    let lua = Lua::new();
    let t: LuaTable = lua
        .load(
            "setmetatable({1, 2, present = 'raw'}, {
                __index = function(t, k) return 'index ' .. tostring(k) end,
                __newindex = function(t, k, v) rawset(t, k, v * 2) end,
                __len = function() return 42 end,
                __call = function(t, ...) return select('#', ...) end,
                __eq = function() return true end,
                __tostring = function() return 'a table' end})",
        )
        .eval()
        .unwrap();
    assert_eq!(t.get::<String>("missing").unwrap(), "index missing");
    assert_eq!(t.get::<String>(7).unwrap(), "index 7");
    assert_eq!(t.get::<String>("present").unwrap(), "raw");
    assert!(t.raw_get::<LuaValue>("missing").unwrap().is_nil());
    t.set("new", 21).unwrap();
    assert_eq!(t.raw_get::<i64>("new").unwrap(), 42);
    t.set("new", 5).unwrap();
    assert_eq!(t.raw_get::<i64>("new").unwrap(), 5);
    t.raw_set("other", 1).unwrap();
    assert_eq!(t.raw_get::<i64>("other").unwrap(), 1);
    assert_eq!(t.raw_len(), 2);
    if lua.engine().version() != Version::Lua51 && lua.engine().version() != Version::LuaJit {
        assert_eq!(t.len().unwrap(), 42);
    }
    assert_eq!(LuaValue::Table(t.clone()).to_string().unwrap(), "a table");
    let other = lua.create_table().unwrap();
    other.set_metatable(t.metatable()).unwrap();
    assert!(t.equals(&other).unwrap());
    assert_ne!(t, other);
    other.set_metatable(None).unwrap();
    assert!(other.metatable().is_none());
    // An __index chain, and one that goes in a circle.
    let a = lua.create_table().unwrap();
    a.set_metatable(Some(lua.create_table_from([("__index", &a)]).unwrap())).unwrap();
    assert!(a.get::<LuaValue>("x").is_err());
}

#[test]
fn metamethods_that_fail() {
    let lua = Lua::new();
    let t: LuaTable = lua
        .load("setmetatable({}, {__index = function(_, k) error('no ' .. tostring(k)) end, __newindex = function() error({}) end})")
        .eval()
        .unwrap();
    for _ in 0..100 {
        assert!(t.get::<i64>("x").unwrap_err().to_string().contains("no x"));
        assert!(t.set("x", 1).is_err());
        assert!(t.get::<i64>(1).unwrap_err().to_string().contains("no 1"));
    }
}

#[test]
fn sequences() {
    let lua = Lua::new();
    let t = lua.create_sequence_from([10, 20, 30]).unwrap();
    t.push(40).unwrap();
    t.raw_push(50).unwrap();
    t.raw_insert(1, 5).unwrap();
    t.raw_insert(7, 60).unwrap();
    assert!(t.raw_insert(9, 0).is_err() && t.raw_insert(0, 0).is_err());
    assert_eq!(
        t.sequence_values::<i64>().collect::<LuaResult<Vec<_>>>().unwrap(),
        [5, 10, 20, 30, 40, 50, 60]
    );
    t.raw_remove(1).unwrap();
    t.raw_remove(3).unwrap();
    assert_eq!(t.pop::<i64>().unwrap(), 60);
    assert_eq!(t.raw_pop::<i64>().unwrap(), 50);
    assert_eq!(t.sequence_values::<i64>().collect::<LuaResult<Vec<_>>>().unwrap(), [10, 20, 40]);
    assert!(t.raw_remove(9).is_err());
    t.clear().unwrap();
    assert!(t.is_empty());
    assert!(t.pop::<Option<i64>>().unwrap().is_none());
    // Up to the first nil, and an element of the wrong type ends it.
    let t: LuaTable = lua.load("{1, 2, nil, 4}").eval().unwrap();
    assert_eq!(t.sequence_values::<i64>().count(), 2);
    let t: LuaTable = lua.load("{1, 'x', 3}").eval().unwrap();
    let values: Vec<_> = t.sequence_values::<i64>().collect();
    assert!(values.len() == 2 && values[0].is_ok() && values[1].is_err());
}

#[test]
fn pairs() {
    let lua = Lua::new();
    let t = lua.create_table().unwrap();
    for i in 0..1000 {
        t.set(i, i * 2).unwrap();
        t.set(format!("key {i}"), i).unwrap();
    }
    let mut numbers = 0;
    let mut names = HashSet::new();
    for pair in t.pairs::<LuaValue, i64>() {
        match pair.unwrap() {
            (LuaValue::Integer(k), v) => {
                assert_eq!(v, k * 2);
                numbers += 1;
            }
            (LuaValue::String(name), v) => {
                assert_eq!(name.to_str().unwrap(), format!("key {v}"));
                names.insert(v);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((numbers, names.len()), (1000, 1000));
    assert!(t.pairs::<String, i64>().collect::<LuaResult<Vec<_>>>().is_ok());
    assert!(t.pairs::<LuaTable, i64>().collect::<LuaResult<Vec<_>>>().is_err());
    let mut sum = 0;
    t.for_each(|_: LuaValue, v: i64| Ok(sum += v)).unwrap();
    assert_eq!(sum, 3 * 999 * 500);
    assert!(t.for_each(|_: LuaValue, _: i64| Err(LuaError::runtime("stop"))).is_err());
    // A half-done traversal is forgotten, two at a time do not meet.
    let (mut a, mut b) = (t.pairs::<LuaValue, LuaValue>(), t.pairs::<LuaValue, LuaValue>());
    for _ in 0..10 {
        assert_eq!(a.next().unwrap().unwrap().0, b.next().unwrap().unwrap().0);
        b.next();
        a.next();
    }
}

#[test]
fn changed_while_traversed() {
    let lua = Lua::new();
    let t = lua.create_table_from((0..100).map(|i| (format!("k{i}"), i))).unwrap();
    // Removing and changing what is there is allowed; a collection in between must not lose the place.
    let mut seen = 0;
    for pair in t.pairs::<String, i64>() {
        let (k, v) = pair.unwrap();
        seen += 1;
        if v % 2 == 0 {
            t.set(k, LuaNil).unwrap()
        } else {
            t.set(k, -v).unwrap()
        }
        lua.gc_collect().unwrap();
    }
    assert_eq!(seen, 100);
    assert_eq!(t.pairs::<String, i64>().count(), 50);
    // Adding is not, but must come to an end or an error.
    let mut steps = 0;
    for (i, pair) in t.pairs::<LuaValue, LuaValue>().enumerate() {
        steps += 1;
        if pair.is_err() || i > 10_000 {
            break;
        }
        if i < 1000 {
            t.set(format!("new {i}"), i).unwrap();
        }
    }
    assert!(steps <= 10_002);
    // Cleared: the key is gone.
    let mut pairs = t.pairs::<LuaValue, LuaValue>();
    pairs.next().unwrap().unwrap();
    t.clear().unwrap();
    lua.gc_collect().unwrap();
    for i in 0..200 {
        t.set(i, i).unwrap();
    }
    let _ = pairs.next();
    let _ = pairs.count();
}

#[test]
fn made_of_collections() {
    let lua = Lua::new();
    let map = HashMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]);
    let t = lua.create_table_from(map.clone()).unwrap();
    assert_eq!(t.pairs::<String, i32>().collect::<LuaResult<HashMap<_, _>>>().unwrap(), map);
    let g = lua.globals();
    g.set("v", vec![vec![1, 2], vec![], vec![3]]).unwrap();
    g.set("m", BTreeMap::from([(1, "x"), (3, "z")])).unwrap();
    g.set("s", BTreeSet::from(["p", "q"])).unwrap();
    g.set("array", [1.5, 2.5]).unwrap();
    g.set("slice", &[1, 2][..]).unwrap();
    g.set("boxed", vec!["x"].into_boxed_slice()).unwrap();
    lua.load("assert(#v == 3 and #v[1] == 2 and #v[2] == 0 and m[3] == 'z' and s.p and s.q and not s.r and array[2] == 2.5 and #slice == 2 and boxed[1] == 'x')").exec().unwrap();
    assert_eq!(g.get::<Vec<Vec<i32>>>("v").unwrap(), [vec![1, 2], vec![], vec![3]]);
    assert_eq!(g.get::<BTreeMap<i32, String>>("m").unwrap()[&3], "z");
    assert_eq!(g.get::<HashSet<String>>("s").unwrap().len(), 2);
    assert_eq!(g.get::<[f64; 2]>("array").unwrap(), [1.5, 2.5]);
    assert!(g.get::<[f64; 3]>("array").unwrap_err().to_string().contains("length 3"));
    assert!(g.get::<Vec<String>>("v").is_err());
    assert!(lua.load("{1, 2, 3}").eval::<HashSet<i32>>().unwrap().contains(&3));
    assert!(lua.load("5").eval::<Vec<i32>>().is_err());
    // Nested deeply: fine, and too deeply: an error.
    struct Nested(usize);
    impl IntoLua for Nested {
        fn into_lua(self, lua: &Lua) -> LuaResult<LuaValue> {
            if self.0 == 0 { Ok(LuaNil) } else { vec![Nested(self.0 - 1)].into_lua(lua) }
        }
    }
    g.set("nested", Nested(150)).unwrap();
    lua.load("local t, n = nested, 0 while t do t = t[1] n = n + 1 end assert(n == 150)").exec().unwrap();
}

#[test]
fn errors_as_values_and_keys() {
    let lua = Lua::new();
    let t = lua.create_table().unwrap();
    t.set("e", LuaError::runtime("kept")).unwrap();
    t.set(1, LuaValue::Error(Box::new(LuaError::runtime("also")))).unwrap();
    assert!(t.get::<LuaError>("e").unwrap().to_string().contains("kept"));
    assert!(matches!(t.get::<LuaValue>(1).unwrap(), LuaValue::Error(_)));
    t.set(LuaError::runtime("as a key"), 5).unwrap();
    assert_eq!(
        t.pairs::<LuaValue, LuaValue>().filter(|p| matches!(p, Ok((LuaValue::Error(_), _)))).count(),
        1
    );
    // The key is another userdata each time.
    assert!(t.get::<LuaValue>(LuaError::runtime("as a key")).unwrap().is_nil());
    assert!(t.raw_get::<LuaValue>(LuaError::runtime("as a key")).unwrap().is_nil());
    assert!(t.get::<LuaTable>("e").is_err());
    assert!(t.get::<LuaAnyUserData>("e").is_err());
    let v = lua.create_sequence_from([LuaError::runtime("a"), LuaError::runtime("b")]).unwrap();
    assert_eq!(v.sequence_values::<LuaError>().count(), 2);
}

#[test]
fn printed() {
    let lua = Lua::new();
    let t: LuaTable =
        lua.load("local t = {1, 'two', {x = 1.5}, [true] = false} t.self = t return t").eval().unwrap();
    let text = format!("{t:#?}");
    assert!(
        text.contains("self = table: 0x") && text.contains("x = 1.5") && text.contains("\"two\""),
        "{text}"
    );
    assert!(format!("{t:?}").starts_with("Table(0x"));
    // So deep that printing must give up.
    let deep: LuaTable = lua.load("local t = {} for i = 1, 100000 do t = {t} end return t").eval().unwrap();
    assert!(!format!("{deep:#?}").is_empty());
}

#[test]
fn many_fields() {
    let lua = Lua::new();
    let t = lua.create_table_with_capacity(100, 100).unwrap();
    for i in 0..100_000 {
        t.raw_set(i, i).unwrap();
    }
    assert_eq!(t.raw_len(), 99_999);
    assert_eq!(lua.create_sequence_from(0..100_000).unwrap().raw_len(), 100_000);
    let sum = lua.create_function(|_, xs: Variadic<i64>| Ok(xs.iter().sum::<i64>())).unwrap();
    assert_eq!(sum.call::<i64>(Variadic::from_iter(1..=100)).unwrap(), 5050);
}
