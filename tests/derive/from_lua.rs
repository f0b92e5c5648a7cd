//! `#[derive(FromLua)]`.

use oxilua::prelude::*;
use oxilua::{Error, FromLua, Lua, Result, UserData};
use std::fmt::Debug;

#[derive(Clone, Debug, PartialEq, FromLua)]
struct Point {
    x: i64,
    y: i64,
}

impl UserData for Point {}

#[derive(Clone, Copy, Debug, PartialEq, FromLua)]
enum Colour {
    Red,
    Rgb(u8, u8, u8),
}

impl UserData for Colour {}

#[derive(Clone, Debug, PartialEq, FromLua)]
struct Pair<A, B: Debug = i64, const N: usize = 2>
where
    A: PartialEq,
{
    a: [A; N],
    b: B,
}

impl<A: PartialEq, B: Debug, const N: usize> UserData for Pair<A, B, N> {}

// A field of its own type that is cloned whatever the parameter is.
#[derive(Debug, FromLua)]
struct Shared<T>(std::rc::Rc<T>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(self.0.clone())
    }
}

impl<T> UserData for Shared<T> {}

#[test]
fn takes_a_copy() -> Result<()> {
    let lua = Lua::new();
    lua.globals().set("point", Point { x: 1, y: 2 })?;
    let point: Point = lua.globals().get("point")?;
    assert_eq!(point, Point { x: 1, y: 2 });
    // The userdata still has its own.
    assert_eq!(lua.globals().get::<Point>("point")?, point);

    let f =
        lua.create_function(|_, (p, c): (Point, Option<Colour>)| Ok((p.x + p.y, c == Some(Colour::Red))))?;
    assert_eq!(f.call::<(i64, bool)>((point.clone(), Colour::Red))?, (3, true));
    assert_eq!(f.call::<(i64, bool)>((point, ()))?, (3, false));
    let colours: Vec<Colour> = lua
        .create_sequence_from([Colour::Rgb(1, 2, 3), Colour::Red])?
        .sequence_values()
        .collect::<Result<_>>()?;
    assert_eq!(colours, [Colour::Rgb(1, 2, 3), Colour::Red]);
    Ok(())
}

#[test]
fn generic_types() -> Result<()> {
    let lua = Lua::new();
    let pair = Pair { a: ["a".to_owned(), "b".to_owned()], b: 1.5 };
    lua.globals().set("pair", pair.clone())?;
    assert_eq!(lua.globals().get::<Pair<String, f64>>("pair")?, pair);
    assert!(lua.globals().get::<Pair<String, i64>>("pair").is_err());
    struct NotClone;
    lua.globals().set("shared", Shared(std::rc::Rc::new(NotClone)))?;
    let shared: Shared<NotClone> = lua.globals().get("shared")?;
    assert_eq!(std::rc::Rc::strong_count(&shared.0), 2);
    Ok(())
}

#[test]
fn other_values_are_errors() -> Result<()> {
    let lua = Lua::new();
    let error = lua.convert::<Point>(5).unwrap_err();
    let Error::FromLuaConversionError { from, to, .. } = &error else { panic!("{error:?}") };
    assert!(*from == "integer" || *from == "number", "{from}");
    assert_eq!(to, "Point");
    assert!(matches!(lua.convert::<Point>(LuaNil), Err(Error::FromLuaConversionError { from: "nil", .. })));

    assert!(matches!(lua.convert::<Point>(Colour::Red), Err(Error::UserDataTypeMismatch)));
    let borrowed = lua.create_userdata(Point { x: 1, y: 1 })?;
    let guard = borrowed.borrow_mut::<Point>()?;
    assert!(matches!(lua.convert::<Point>(&borrowed), Err(Error::UserDataBorrowError)));
    drop(guard);
    borrowed.take::<Point>()?;
    assert!(matches!(lua.convert::<Point>(&borrowed), Err(Error::UserDataDestructed)));
    Ok(())
}

// The name of the derive is that of the trait, also in the prelude.
mod by_the_prelude {
    use oxilua::prelude::*;

    #[derive(Clone, FromLua, LuaUserData)]
    struct Unit;

    #[test]
    fn works() -> LuaResult<()> {
        Lua::new().convert::<Unit>(Unit).map(drop)
    }
}
