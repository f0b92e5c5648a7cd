//! `#[userdata_impl]`: methods, functions, fields, metamethods.

use oxilua::prelude::*;
use oxilua::{Error, Lua, MultiValue, Result, UserData, Value, Variadic, userdata_impl};

/// The example of the documentation.
#[derive(UserData)]
struct Rectangle {
    length: u32,
    width: u32,
}

#[userdata_impl]
impl Rectangle {
    const SIDES: u32 = 4;
    #[lua(name = "kind")]
    const KIND: &str = "rectangle";
    #[lua(skip)]
    const HIDDEN: u32 = Self::SIDES + 1;
    #[lua(meta, name = "__unit")]
    const UNIT: &'static str = "cm";

    #[lua(infallible)]
    fn new(length: u32, width: u32) -> Self {
        Self { length, width }
    }

    #[lua(getter, name = "area", infallible)]
    fn calculate_area(&self) -> u32 {
        self.length * self.width
    }

    fn diagonal(&self) -> Result<f64> {
        Ok(f64::from(self.length.pow(2) + self.width.pow(2)).sqrt())
    }

    #[lua(infallible)]
    fn scale(&mut self, by: u32) {
        self.length *= by;
        self.width *= by;
    }

    #[lua(setter, name = "area")]
    fn set_area(&mut self, area: u32) -> Result<()> {
        if !area.is_multiple_of(self.width) {
            return Err(Error::runtime("the area does not fit"));
        }
        self.length = area / self.width;
        Ok(())
    }

    #[lua(infallible)]
    fn into_sides(self) -> (u32, u32) {
        (self.length, self.width)
    }

    #[lua(field, infallible)]
    fn unit_square() -> Self {
        Self::new(1, 1)
    }

    #[lua(field)]
    fn version(lua: &Lua) -> Result<String> {
        lua.globals().get("_VERSION")
    }

    #[lua(meta, infallible)]
    fn __add(&self, other: &Self) -> Self {
        Self::new(self.length + other.length, self.width + other.width)
    }

    #[lua(meta, infallible)]
    fn __eq(&self, other: &Rectangle) -> bool {
        self.length == other.length && self.width == other.width
    }

    #[lua(meta, name = "__call")]
    fn construct(lua: &Lua, (_, length): (LuaAnyUserData, u32)) -> Result<LuaAnyUserData> {
        lua.create_userdata(Self::new(length, length))
    }

    #[lua(meta, name = "__tostring", infallible)]
    fn text(&self) -> String {
        format!("{}x{}", self.length, self.width)
    }

    #[lua(meta, infallible)]
    fn __newindex(&mut self, key: &str, value: u32) {
        if key == "both" {
            (self.length, self.width) = (value, value);
        }
    }

    #[lua(meta, field, infallible)]
    fn __name() -> &'static str {
        "Rect"
    }

    #[lua(skip)]
    #[allow(dead_code)]
    fn generic<T>(&self, value: T) -> T {
        let _ = Self::HIDDEN;
        value
    }

    /// Something else with a name in Rust only.
    #[allow(dead_code)]
    #[lua(skip)]
    unsafe fn unchecked(&self) {}
}

fn lua() -> Result<Lua> {
    let lua = Lua::new();
    lua.globals().set("Rectangle", lua.create_proxy::<Rectangle>()?)?;
    lua.globals().set("r", Rectangle::new(3, 4))?;
    Ok(lua)
}

#[test]
fn methods() -> Result<()> {
    let lua = lua()?;
    lua.load(
        r#"
        assert(r:diagonal() == 5 and r.area == 12)
        r:scale(2)
        assert(r.length == 6 and r.width == 8 and r.area == 48)
        r.area = 80
        assert(r.length == 10)
        local ok, message = pcall(function() r.area = 81 end)
        assert(not ok and tostring(message):find("does not fit"))
        local a, b = r:into_sides()
        assert(a == 10 and b == 8)
        ok, message = pcall(r.diagonal, r)
        assert(not ok and tostring(message):find("destructed"), tostring(message))
        "#,
    )
    .exec()
}

#[test]
fn functions_and_fields() -> Result<()> {
    let lua = lua()?;
    lua.load(
        r#"
        local r = Rectangle.new(5, 6)
        assert(r.area == 30)
        assert(Rectangle.SIDES == 4 and r.SIDES == 4 and Rectangle.kind == "rectangle" and r.KIND == nil)
        assert(Rectangle.HIDDEN == nil and r.generic == nil and r.unchecked == nil)
        assert(Rectangle.unit_square.area == 1 and Rectangle.version == _VERSION)
        "#,
    )
    .exec()?;
    let r: LuaAnyUserData = lua.globals().get("r")?;
    assert_eq!(r.metatable()?.get::<String>("__unit")?, "cm");
    assert_eq!(r.type_name()?, "Rect");
    Ok(())
}

#[test]
fn metamethods() -> Result<()> {
    let lua = lua()?;
    lua.load(
        r#"
        local sum = r + Rectangle.new(1, 1)
        assert(sum.length == 4 and sum.width == 5)
        assert((r + r).length == 6)
        assert(r == Rectangle.new(3, 4) and r ~= sum)
        assert(tostring(r) == "3x4")
        assert(r(7).area == 49)
        r.both = 2
        assert(r.area == 4)
        assert(not pcall(function() return r + 1 end))
        "#,
    )
    .exec()
}

/// Parameters that are references, and results.
#[derive(Default, UserData)]
struct Text {
    #[lua(skip)]
    text: String,
}

#[userdata_impl]
impl Text {
    fn push(&mut self, more: &str) -> Result<()> {
        self.text.push_str(more);
        Ok(())
    }

    #[lua(infallible)]
    fn count(&self, bytes: &[u8]) -> usize {
        bytes.len()
    }

    // What borrows from the value, or from an argument, is converted in time.
    #[lua(getter, infallible)]
    fn text(&self) -> &str {
        &self.text
    }

    fn first<'a>(&self, of: &'a str) -> Result<&'a str> {
        of.get(..1).ok_or_else(|| Error::runtime("empty"))
    }

    #[lua(infallible)]
    fn both<'a>(&'a self, other: &'a Text) -> (&'a str, Option<&'a str>) {
        (&self.text, Some(&other.text))
    }

    #[lua(infallible)]
    fn words(&self) -> impl IntoLuaMulti {
        Variadic::from_iter(self.text.split(' ').map(str::to_owned))
    }

    #[lua(infallible)]
    fn take_from(&mut self, other: &mut Self, _note: Option<String>) {
        self.text = std::mem::take(&mut other.text);
    }

    #[lua(infallible)]
    fn append(&mut self, lua: &oxilua::Lua, rest: Variadic<String>) -> LuaInteger {
        lua.globals().set("appended", rest.len()).unwrap();
        rest.iter().for_each(|r| self.text.push_str(r));
        rest.len() as LuaInteger
    }

    #[allow(clippy::needless_arbitrary_self_type)]
    fn reverse(self: &Self, (): ()) -> Result<String> {
        Ok(self.text.chars().rev().collect())
    }

    // Errors of other kinds are wrapped.
    fn parse(text: &str) -> std::result::Result<i64, std::num::ParseIntError> {
        text.parse()
    }

    fn anything(lua: &Lua, _: &Text, mut values: MultiValue) -> Result<(usize, Value)> {
        values.push_front(lua.pack("front")?);
        Ok((values.len(), values.pop_front().unwrap()))
    }

    #[lua(infallible)]
    fn r#type(&self) -> &'static str {
        "text"
    }

    #[lua(setter, infallible)]
    fn shared(&self, lua: &Lua, value: &str) {
        lua.globals().set("shared", value).unwrap();
    }

    #[lua(infallible)]
    #[allow(clippy::too_many_arguments)]
    fn many(
        &self,
        a: u8,
        b: u8,
        c: u8,
        d: u8,
        e: u8,
        f: u8,
        g: u8,
        h: u8,
        i: u8,
        j: u8,
        k: u8,
        l: u8,
        m: u8,
        n: u8,
        o: u8,
        p: u8,
    ) -> u32 {
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p].map(u32::from).iter().sum()
    }

    #[lua(meta, infallible)]
    fn __concat(self, end: &str) -> String {
        self.text + end
    }

    #[cfg(any())]
    fn not_compiled(&self, nonsense: Nonsense) -> Nonsense {}

    #[deprecated]
    #[lua(infallible)]
    fn old(&self) {}
}

#[test]
fn parameters_and_results() -> Result<()> {
    let lua = Lua::new();
    lua.globals().set("Text", lua.create_proxy::<Text>()?)?;
    lua.globals().set("a", Text { text: "one two".to_owned() })?;
    lua.globals().set("b", Text::default())?;
    lua.load(
        r#"
        a:push(" three")
        assert(a.text == "one two three" and a:count("\0\1") == 2 and a:first("xyz") == "x")
        local x, y = a:both(b)
        assert(x == a.text and y == "")
        assert(select('#', a:words()) == 3)
        b:take_from(a)
        assert(a.text == "" and b.text == "one two three")
        assert(a:append("x", "y", 1) == 3 and appended == 3 and a.text == "xy1")
        assert(a:reverse() == "1yx" and a:type() == "text" and a.not_compiled == nil)
        a.shared = "yes"
        assert(shared == "yes")
        assert(Text.parse("12") == 12)
        local n, front = Text.anything(a, 1, 2, nil)
        assert(n == 4 and front == "front")
        assert(a:many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16) == 136)
        assert(a .. "!" == "xy1!")
        a:old()
        "#,
    )
    .exec()
    .unwrap_err();
    // The last line is an error: `..` has taken the value.
    lua.load("assert(not pcall(a.old, a)) b:old()").exec()
}

#[test]
fn errors() -> Result<()> {
    let lua = Lua::new();
    lua.globals().set("Text", lua.create_proxy::<Text>()?)?;
    lua.globals().set("a", Text::default())?;
    let error = |code: &str| lua.load(code).exec().unwrap_err().to_string();
    let wrong = error("a:push({})");
    assert!(wrong.contains("Text.push") && wrong.contains("#2"), "{wrong}");
    assert!(error("a:first('')").contains("empty"));
    assert!(error("Text.parse('x')").contains("invalid digit"));
    // A value is not borrowed twice if one borrow changes it.
    assert!(error("a:take_from(a)").contains("borrow"));
    assert!(error("a:both(5)").contains("#2"));
    Ok(())
}

// Any number of blocks, also in other modules than the type.
#[derive(UserData)]
struct Spread {
    n: i64,
}

#[userdata_impl]
impl Spread {
    #[lua(infallible)]
    fn one(&self) -> i64 {
        self.n + 1
    }
}

#[userdata_impl]
impl Spread {
    #[lua(infallible)]
    fn two(&self) -> i64 {
        self.n + 2
    }
}

mod elsewhere {
    #[oxilua::userdata_impl]
    impl super::Spread {
        #[lua(infallible)]
        fn three(&self) -> i64 {
            self.n + 3
        }
    }

    // The names in the block's code are not in the way of others.
    #[derive(oxilua::UserData)]
    pub struct Block;

    #[oxilua::userdata_impl]
    impl Block {
        #[lua(infallible)]
        fn register(&self, registry: i64, lua: i64, this: &Block) -> i64 {
            let _ = this;
            registry + lua
        }
    }
}

#[userdata_impl]
#[cfg(any())]
impl Spread {
    fn two() {}
}

#[test]
fn blocks() -> Result<()> {
    let lua = Lua::new();
    lua.globals().set("s", Spread { n: 1 })?;
    lua.globals().set("block", elsewhere::Block)?;
    lua.load("assert(s:one() == 2 and s:two() == 3 and s:three() == 4)").exec()?;
    lua.load("assert(block:register(1, 2, block) == 3)").exec()
}

// A field's value may be of the type that is being registered.
#[derive(UserData)]
struct Counted {
    #[lua(skip)]
    alive: std::rc::Rc<()>,
}

thread_local! {
    static ALIVE: std::rc::Rc<()> = std::rc::Rc::new(());
    static FAILS: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

#[userdata_impl]
impl Counted {
    #[lua(field, infallible)]
    fn first() -> Self {
        Self { alive: ALIVE.with(Clone::clone) }
    }

    // Made after `first`, whatever the order of the blocks is.
    #[lua(field, meta)]
    fn __second() -> Result<Self> {
        if FAILS.get() { Err(Error::runtime("not now")) } else { Ok(Self::first()) }
    }

    #[lua(infallible)]
    fn count(&self) -> usize {
        std::rc::Rc::strong_count(&self.alive)
    }
}

#[test]
fn fields_of_the_type_itself() -> Result<()> {
    let lua = Lua::new();
    lua.globals().set("c", Counted::first())?;
    // Here, `first`, `__second` and the thread's own.
    assert_eq!(lua.load("c.first:count()").eval::<usize>()?, 4);
    drop(lua);
    assert_eq!(ALIVE.with(std::rc::Rc::strong_count), 1);

    // A type that could not be registered is registered by the next use.
    let lua = Lua::new();
    FAILS.set(true);
    for _ in 0..2 {
        let error = lua.create_userdata(Counted::first()).unwrap_err();
        assert!(error.to_string().contains("not now"), "{error}");
    }
    FAILS.set(false);
    lua.globals().set("c", Counted::first())?;
    assert!(lua.load("c:count()").eval::<usize>()? >= 4);
    drop(lua);
    assert_eq!(ALIVE.with(std::rc::Rc::strong_count), 1);
    Ok(())
}

#[test]
fn types_of_functions() -> Result<()> {
    #[derive(UserData)]
    struct Local(i64);

    #[userdata_impl]
    impl Local {
        const ANSWER: i64 = 42;

        #[lua(getter, infallible)]
        fn value(&self) -> i64 {
            self.0
        }
    }

    let lua = Lua::new();
    lua.globals().set("l", Local(Local::ANSWER))?;
    lua.load("assert(l.value == l.ANSWER)").exec()
}
