//! Conversions between Rust's types and Lua's.
use either::Either;
use oxilua::prelude::*;

#[test]
fn integers_at_their_limits() {
    let lua = Lua::new();
    let f = lua.load("return ...").into_function().unwrap();
    macro_rules! limits {
        ($($ty:ident)*) => {$(
            for n in [0, 1, $ty::MAX, $ty::MIN, $ty::MAX / 2, $ty::MIN / 2] {
                let back = f.call::<$ty>(n);
                let exact = i64::try_from(n).is_ok_and(|i| i.unsigned_abs() < 1 << 53 || lua.engine().has_integers());
                if exact {
                    assert_eq!(back.unwrap(), n, stringify!($ty));
                } else if let Ok(back) = back {
                    assert_eq!(back as f64, n as f64, stringify!($ty));
                }
            }
            for n in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300] {
                assert!(f.call::<$ty>(n).is_err(), "{n} {}", stringify!($ty));
                assert!(lua.convert::<$ty>(n).is_err());
            }
            assert_eq!(f.call::<$ty>(3.7).unwrap(), 3);
            assert_eq!(f.call::<$ty>(-0.0).unwrap(), 0);
            assert_eq!(f.call::<$ty>("12").unwrap(), 12);
            assert!(f.call::<$ty>(true).is_err() && f.call::<$ty>(LuaNil).is_err() && f.call::<$ty>("x").is_err());
        )*};
    }
    limits!(i8 u8 i16 u16 i32 u32 i64 u64 i128 u128 isize usize);
    assert!(
        f.call::<u8>(256).is_err()
            && f.call::<u8>(-1).is_err()
            && f.call::<i8>(128).is_err()
            && f.call::<u64>(-1).is_err()
    );
    // Where the two meet.
    for (n, fits) in [
        (9223372036854775807.0, false),
        (9223372036854774784.0, true),
        (-9223372036854775808.0, true),
        (-9223372036854777856.0, false),
    ] {
        assert_eq!(f.call::<i64>(n).is_ok(), fits, "{n}");
    }
    assert_eq!(f.call::<u64>(9223372036854775808.0).unwrap(), 1 << 63);
    assert!(f.call::<u64>(18446744073709551616.0).is_err());
    assert_eq!(f.call::<f32>(f64::from(f32::MAX)).unwrap(), f32::MAX);
    assert!(f.call::<f32>(1e300).unwrap().is_infinite());
}

#[test]
fn options_and_alternatives() {
    let lua = Lua::new();
    let f = lua.load("return ...").into_function().unwrap();
    assert_eq!(f.call::<Option<i64>>(LuaNil).unwrap(), None);
    assert_eq!(f.call::<(Option<i64>, Option<String>)>(1).unwrap(), (Some(1), None));
    assert_eq!(f.call::<Option<Option<bool>>>(false).unwrap(), Some(Some(false)));
    assert!(f.call::<Option<i64>>("x").is_err());
    assert_eq!(f.call::<Either<i64, String>>("x").unwrap(), Either::Right("x".into()));
    assert_eq!(f.call::<Either<i64, String>>(5).unwrap(), Either::Left(5));
    assert!(f.call::<Either<i64, String>>(true).is_err());
    assert_eq!(f.call::<i64>(Either::<i64, String>::Left(3)).unwrap(), 3);
    for (value, expected) in [
        (lua.pack(0).unwrap(), true),
        (LuaNil, false),
        (LuaValue::Boolean(false), false),
        (lua.pack("").unwrap(), true),
    ] {
        assert_eq!(f.call::<bool>(value).unwrap(), expected);
    }
}

#[test]
fn results_of_functions() {
    let lua = Lua::new();
    let g = lua.globals();
    g.set(
        "r",
        lua.create_function(|_, ok: bool| Ok(if ok { Ok::<_, String>(5) } else { Err("why".to_owned()) }))
            .unwrap(),
    )
    .unwrap();
    assert!(lua.load("local v, e = r(true) local n, w = r(false) return v == 5 and e == nil and n == nil and w == 'why'").eval::<bool>().unwrap());
    g.set("u", lua.create_function(|_, ()| Ok(Ok::<(), String>(()))).unwrap()).unwrap();
    assert_eq!(lua.load("select('#', u())").eval::<i64>().unwrap(), 0);
    // Many results of which some are made late.
    g.set(
        "m",
        lua.create_function(|lua, ()| {
            Ok((1, "two", vec![3], lua.create_table()?, LuaError::runtime("five"), Some("six"), None::<i64>))
        })
        .unwrap(),
    )
    .unwrap();
    assert!(lua.load("local a, b, c, d, e, f, g = m() return a == 1 and b == 'two' and c[1] == 3 and type(d) == 'table' and type(e) == 'userdata' and f == 'six' and g == nil and select('#', m()) == 7").eval::<bool>().unwrap());
}

/// A conversion that fails in the middle leaves nothing half-made.
#[test]
fn that_fail_half_way() {
    use std::rc::Rc;
    struct Held(#[allow(dead_code)] Rc<()>);
    impl LuaUserData for Held {}
    let rc = Rc::new(());
    let lua = Lua::new();
    let held = |n: usize| (0..n).map(|_| Held(rc.clone())).collect::<Vec<_>>();
    struct Fails;
    impl IntoLua for Fails {
        fn into_lua(self, _: &Lua) -> LuaResult<LuaValue> {
            Err(LuaError::runtime("fails"))
        }
    }
    let f = lua.load("return ...").into_function().unwrap();
    for _ in 0..5 {
        assert!(f.call::<()>((held(10), Fails, held(10))).is_err());
        assert!(
            lua.create_sequence_from((0..10).map(|i| if i < 9 {
                Either::Left(Held(rc.clone()))
            } else {
                Either::Right(Fails)
            }))
            .is_err()
        );
        assert!(lua.globals().set(Fails, Held(rc.clone())).is_err());
    }
    let g = {
        let rc = rc.clone();
        lua.create_function(move |_, ()| Ok((Held(rc.clone()), vec![Held(rc.clone())], Fails))).unwrap()
    };
    assert!(g.call::<()>(()).is_err());
    drop(g);
    lua.gc_collect().unwrap();
    lua.gc_collect().unwrap();
    assert_eq!(Rc::strong_count(&rc), 1);
    assert_eq!(oxilua::__private::stack_top(&lua), 0);
}
