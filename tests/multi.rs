//! Several values at once.
use oxilua::prelude::*;
use oxilua::{MultiValue, Variadic};

#[test]
fn values() {
    let lua = Lua::new();
    let mut values = lua.pack_multi((1, "two", LuaNil)).unwrap();
    assert_eq!(values.len(), 3);
    assert_eq!(values.pop_front(), Some(LuaValue::Integer(1)));
    values.push_back(LuaValue::Boolean(true));
    assert_eq!(
        lua.unpack_multi::<(String, LuaValue, bool)>(values.clone()).unwrap(),
        ("two".into(), LuaNil, true)
    );
    assert!(lua.unpack_multi::<(i64,)>(values.clone()).is_err());
    assert_eq!(lua.unpack_multi::<(String, Variadic<LuaValue>)>(values.clone()).unwrap().1.len(), 2);
    let vec: Vec<LuaValue> = values.into();
    assert_eq!(MultiValue::from(vec.clone()).into_vec(), vec);
    assert_eq!(vec.into_iter().collect::<MultiValue>().iter().count(), 3);
    assert!(MultiValue::new().is_empty() && MultiValue::with_capacity(10).is_empty());
}

#[test]
fn passed_on() {
    let lua = Lua::new();
    let f = lua
        .create_function(|_, (first, rest): (LuaValue, MultiValue)| Ok((rest.len(), first, rest)))
        .unwrap();
    let values = f.call::<MultiValue>((1, 2, 3)).unwrap();
    assert_eq!(values.iter().filter_map(LuaValue::as_i64).collect::<Vec<_>>(), [2, 1, 2, 3]);
    let all = lua.create_function(|_, args: MultiValue| Ok(args)).unwrap();
    for n in [0, 1, 12, 13, 20, 100, 3000] {
        let args = (0..n).map(LuaValue::Integer).collect::<MultiValue>();
        assert_eq!(all.call::<MultiValue>(&args).unwrap().into_vec(), args.into_vec());
    }
    let texts = lua.create_function(|_, args: Variadic<String>| Ok(args)).unwrap();
    let args = Variadic::from_iter((0..3000).map(|i| format!("a text of its own {i}")));
    assert_eq!(*texts.call::<Variadic<String>>(args.clone()).unwrap(), *args);
    assert!(texts.call::<MultiValue>((1, LuaNil, "x")).is_err());
}
