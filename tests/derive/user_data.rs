//! `#[derive(UserData)]`: fields.

use oxilua::{Error, Lua, Result, Table, UserData};
use std::cell::Cell;

#[derive(Clone, UserData)]
struct Config {
    name: String,
    #[lua(name = "maxSize")]
    max_size: Option<u32>,
    #[lua(get)]
    id: u64,
    #[lua(set)]
    secret: String,
    #[lua(get, set, name = "list")]
    items: Vec<i64>,
    #[lua(skip)]
    cache: Cell<u8>,
    r#type: String,
    table: Option<Table>,
}

fn config() -> Config {
    Config {
        name: "one".to_owned(),
        max_size: None,
        id: 7,
        secret: String::new(),
        items: vec![1, 2],
        cache: Cell::new(0),
        r#type: "file".to_owned(),
        table: None,
    }
}

#[test]
fn fields() -> Result<()> {
    let lua = Lua::new();
    let userdata = lua.create_userdata(config())?;
    lua.globals().set("c", &userdata)?;
    lua.load(
        r#"
        assert(c.name == "one" and c.maxSize == nil and c.id == 7 and c.type == "file")
        c.name = "two"
        c.maxSize = 100
        c.secret = "psst"
        c.type = 5
        c.table = {key = "value"}
        assert(c.name == "two" and c.maxSize == 100 and c.type == "5" and c.table.key == "value")
        c.maxSize = nil
        assert(c.maxSize == nil)
        -- What is read is a copy.
        c.list[3] = 3
        assert(#c.list == 2)
        c.list = {4, 5, 6}
        assert(#c.list == 3 and c.list[3] == 6)
        assert(c.cache == nil and c.max_size == nil and c.items == nil)
        "#,
    )
    .exec()?;
    let config = userdata.borrow::<Config>()?;
    assert_eq!(config.secret, "psst");
    assert_eq!(config.items, [4, 5, 6]);
    assert_eq!(config.cache.get(), 0);
    Ok(())
}

#[test]
fn what_is_not_there() -> Result<()> {
    let lua = Lua::new();
    lua.globals().set("c", config())?;
    for code in ["c.id = 8", "c.cache = 1", "c.nothing = 1", "c.name = {}", "c.maxSize = -1"] {
        assert!(lua.load(code).exec().is_err(), "{code}");
    }
    assert!(lua.load("c.secret").eval::<Option<String>>()?.is_none());
    let error = lua.load("c.name = {}").exec().unwrap_err();
    assert!(error.to_string().contains("Config.name"), "{error}");
    assert!(matches!(error, Error::CallbackError { .. }));
    Ok(())
}

#[derive(UserData)]
struct Unit;

#[derive(UserData)]
struct Tuple(
    #[allow(dead_code)] i64,
    #[lua(skip)]
    #[allow(dead_code)]
    Cell<i64>,
);

#[derive(UserData)]
enum Shape {
    Circle(f64),
    Square { side: f64 },
}

#[oxilua::userdata_impl]
impl Shape {
    #[lua(getter, infallible)]
    fn area(&self) -> f64 {
        match self {
            Shape::Circle(radius) => radius * radius * 3.0,
            Shape::Square { side } => side * side,
        }
    }
}

#[test]
fn without_named_fields() -> Result<()> {
    let lua = Lua::new();
    lua.globals().set("unit", Unit)?;
    lua.globals().set("tuple", Tuple(1, Cell::new(2)))?;
    lua.globals().set("circle", Shape::Circle(1.0))?;
    lua.globals().set("square", Shape::Square { side: 2.0 })?;
    lua.load("assert(unit.x == nil and tuple[0] == nil and tuple[1] == nil and square.side == nil)")
        .exec()?;
    lua.load("assert(circle.area == 3 and square.area == 4)").exec()
}

// Types of one name are kept apart, and macros may write the types.
macro_rules! config {
    ($name:ident, $field:ident: $ty:ty) => {
        #[derive(UserData)]
        struct $name {
            $field: $ty,
            fixed: i32,
        }

        #[oxilua::userdata_impl]
        impl $name {
            #[lua(infallible)]
            fn both(&self, more: $ty) -> ($ty, i32) {
                (self.$field.clone() + more, self.fixed)
            }
        }
    };
}

mod a {
    use super::*;
    config!(Made, count: i64);

    pub fn make() -> impl UserData {
        Made { count: 1, fixed: 2 }
    }
}

#[test]
fn by_a_macro() -> Result<()> {
    config!(Made, ratio: f64);
    let lua = Lua::new();
    lua.globals().set("made", Made { ratio: 0.5, fixed: 3 })?;
    lua.globals().set("other", lua.create_userdata(a::make())?)?;
    lua.load(
        "assert(made.ratio == 0.5 and made.fixed == 3 and made.count == nil)
         local x, y = made:both(1)  assert(x == 1.5 and y == 3)
         assert(other.count == 1 and other.ratio == nil)
         x, y = other:both(1)  assert(x == 2 and y == 2)",
    )
    .exec()
}
