//! `chunk!`.

use oxilua::prelude::*;
use oxilua::{AsChunk, Chunk, ChunkMode, Function, Lua, Result, Table, UserData, chunk};

fn source(chunk: impl AsChunk) -> String {
    String::from_utf8(chunk.source().unwrap().into_owned()).unwrap()
}

#[test]
fn captures() -> Result<()> {
    let lua = Lua::new();
    let name = "Rustacean".to_owned();
    let numbers = vec![1, 2, 3];
    let double = Function::wrap(|n: i64| Ok::<_, LuaError>(2 * n));
    let table = lua.create_table_from([("x", 5)])?;
    let data = &table;
    let text: String = lua
        .load(chunk! {
            assert($numbers[3] == 3 and #$numbers == 3)
            assert($double(4) == 8)
            $data.x = $data.x + 1
            local result = "hello, " .. $name
            return result
        })
        .call(())?;
    assert_eq!(text, "hello, Rustacean");
    assert_eq!(table.get::<i64>("x")?, 6);
    Ok(())
}

#[test]
fn globals_are_seen_and_set() -> Result<()> {
    let lua = Lua::new();
    lua.globals().set("seen", 1)?;
    let captured = 5;
    let kept = 1;
    lua.load(chunk! {
        new = seen + $captured
        seen = 2
        function made() return $captured + kept end
        captured = 7
        $kept = 10
    })
    .exec()?;
    assert_eq!(lua.globals().get::<i64>("new")?, 6);
    assert_eq!(lua.globals().get::<i64>("seen")?, 2);
    // The variables are the chunk's own.
    assert!(lua.globals().get::<LuaValue>("captured")?.is_nil());
    assert_eq!(lua.load("made()").eval::<i64>()?, 17);
    assert_eq!((captured, kept), (5, 1));
    Ok(())
}

#[test]
fn nil_is_not_a_global() -> Result<()> {
    let lua = Lua::new();
    lua.globals().set("option", "global")?;
    let option = None::<i64>;
    let other = 1;
    let (before, after, text): (Option<i64>, i64, String) = lua
        .load(chunk! {
            local before = $option
            option = 5
            new = $other
            return before, option, type(print)
        })
        .call(())?;
    assert_eq!((before, after, text.as_str()), (None, 5, "function"));
    assert_eq!(lua.load("option .. new").eval::<String>()?, "global1");
    Ok(())
}

#[test]
fn without_captures() -> Result<()> {
    let lua = Lua::new();
    lua.load(chunk! { x = 1 }).exec()?;
    assert_eq!(lua.load(chunk! { x + 1 }).eval::<i64>()?, 2);
    assert_eq!(lua.load(chunk! {}).eval::<LuaValue>()?, LuaNil);
    let chunk = lua.load(chunk! { return ... });
    assert!(chunk.environment().is_none());
    assert_eq!(chunk.mode(), ChunkMode::Text);
    assert_eq!(chunk.call::<(i64, String)>((1, "a"))?, (1, "a".to_owned()));
    assert_eq!(chunk!(x).mode(), Some(ChunkMode::Text));
    Ok(())
}

#[test]
fn moved_and_borrowed() -> Result<()> {
    struct Counter(std::rc::Rc<std::cell::Cell<i64>>);
    impl UserData for Counter {
        fn add_methods<M: LuaUserDataMethods<Self>>(methods: &mut M) {
            methods.add_method("add", |_, this, n: i64| {
                this.0.set(this.0.get() + n);
                Ok(())
            });
        }
    }

    let lua = Lua::new();
    let count = std::rc::Rc::new(std::cell::Cell::new(0));
    let counter = Counter(count.clone());
    let text = String::from("borrowed");
    let slice = text.as_str();
    let nested: Function = lua
        .load(chunk! {
            return function() $counter:add(#$slice) end
        })
        .eval()?;
    nested.call::<()>(())?;
    nested.call::<()>(())?;
    assert_eq!(count.get(), 16);
    assert_eq!(text, "borrowed");
    // A chunk that is never loaded, or loaded later.
    let value = 1;
    drop(chunk! { return $value });
    lua.globals().set("later", Chunk::wrap(chunk! { return $value + 1 }))?;
    assert_eq!(lua.load("later()").eval::<i64>()?, 2);
    Ok(())
}

struct Holder {
    value: i64,
}

impl Holder {
    fn run(self, lua: &Lua) -> Result<i64> {
        let r#type = self.value;
        lua.load(chunk! { $r#type * 2 }).eval()
    }
}

#[test]
fn odd_names() -> Result<()> {
    let lua = Lua::new();
    assert_eq!(Holder { value: 21 }.run(&lua)?, 42);
    // Names of the macro's own code.
    let (env, table, source) = (1, 2, 3);
    let inner = lua.clone();
    let lua_is = lua.load(chunk! { $env + $table + $source }).eval::<i64>()?;
    assert_eq!(lua_is, 6);
    let lua = lua.create_table_from([("n", 1)])?;
    assert_eq!(inner.load(chunk! { $lua.n }).eval::<i64>()?, 1);
    Ok(())
}

#[rustfmt::skip]
#[test]
fn operators() -> Result<()> {
    let lua = Lua::new();
    let check = |chunk: Chunk<'_>| chunk.eval::<bool>().unwrap();
    assert!(check(lua.load(chunk! { 1 ~= 2 and not (1 == 2) and 1 <= 2 and 2 >= 1 })));
    assert!(check(lua.load(chunk! { "a" .. "b" .. 'c' == "abc" })));
    assert!(check(lua.load(chunk! { 1 .. 2 == "12" })));
    assert!(check(lua.load(chunk! { 2^-1 == .5 and -2^2 == -4 and 7 % 3 == 1 and - -3 == 3 })));
    assert!(check(
        lua.load(chunk! { 0xFF == 255 and 1e2 == 100 and 0x10 == 16 and 3. == 3 and 1E-2 == 0.01 })
    ));
    assert!(check(lua.load(chunk! { # "abc" == 3 and #{1, 2, [3] = 3; n = 4} == 3 })));
    assert!(check(lua.load(chunk! { (function(...) return select("#", ...) end)(1, nil, nil) == 3 })));
    assert!(check(lua.load(chunk! { ("x"):rep(3) == "xxx" and ({a = {b = 1}}).a.b == 1 })));
    assert!(check(
        lua.load(chunk! { "tab\t\"quoted\" \\ \x41" == "tab\t\"quoted\" \\ \x41" and # "\n" == 1 })
    ));
    if lua.load("0x7fffffffffffffff ~= 0x7fffffffffffffff + 1 and math.type ~= nil").eval()? {
        assert!(check(
            lua.load(chunk! { 1 << 4 == 16 and 5 & 4 == 4 and 5 | 2 == 7 and ~0 == -1 and 5 ~ 1 == 4 })
        ));
    }
    let sum: i64 = lua
        .load(chunk! {
            local t, sum = {}, 0;
            for i = 1, 3 do t[#t + 1] = i end
            for _, v in ipairs(t) do sum = sum + v end
            repeat sum = sum + 1 until sum >= 10
            while sum < 20 do sum = sum + 1 if sum == 15 then break end end
            return sum
        })
        .eval()?;
    assert_eq!(sum, 15);
    if lua.load("goto x ::x::").into_function().is_ok() {
        lua.load(chunk! { goto done; error("not reached") ::done:: }).exec()?;
    }
    if lua.load("local x <const> = 1").into_function().is_ok() {
        lua.load(chunk! { local x <const>, y <close> = 1, nil }).exec()?;
    }
    Ok(())
}

#[rustfmt::skip]
#[test]
fn comments() -> Result<()> {
    let lua = Lua::new();
    let cost = 5;
    let result: i64 = lua
        .load(chunk! {
            -- A comment of Lua, with $cost, "quotes", (brackets
            -- ) and a $
            local x = 1 -- at the end of a line: x = 2
            // A comment of Rust's: x = 3
            /* x = 4
               x = 5 */
            /// and these: x = 6
            local y --[[ in the line ]] = --[==[ over
                lines ]==] 10
            --[[ x = 7
            x = 8 ]]
            return x + y + $cost --the end
        })
        .call(())?;
    assert_eq!(result, 16);
    Ok(())
}

// The formatter would move the lines of the string.
#[rustfmt::skip]
#[test]
fn long_strings() -> Result<()> {
    let lua = Lua::new();
    let text: String = lua.load(chunk! { return [[one  "two"   three]] }).eval()?;
    assert_eq!(text, r#"one  "two"   three"#);
    let text: String = lua
        .load(chunk! {
            return [==[
  first -- no comment
	tab [[]] // stays /* too */ $no [capture]
]==] .. "!"
        })
        .eval()?;
    assert_eq!(text, "  first -- no comment\n\ttab [[]] // stays /* too */ $no [capture]\n!");
    // Brackets that only look so.
    let two: i64 = lua.load(chunk! { local t = {2} local i = {1} return t[i[1]] }).eval()?;
    assert_eq!(two, 2);
    Ok(())
}

#[rustfmt::skip]
#[test]
fn text_is_kept() {
    assert_eq!(source(chunk! { return  a.b , c }), "return  a.b , c");
    assert_eq!(
        source(chunk! {
            if x then
                return "a  b"

            end -- over
            y()
        }),
        "if x then\n    return \"a  b\"\n\nend\ny()"
    );
    assert_eq!(
        source(chunk! { f(a,b)  -- one
        g{c=1} }),
        "f(a,b)\ng{c=1}"
    );
    let v = 0;
    assert_eq!(source(chunk! { a[$v]=$v+ v }), "a[v]=v+ v");
    assert_eq!(source(chunk!(größe)), "größe");
}

#[rustfmt::skip]
#[test]
fn lines_of_errors() {
    let lua = Lua::new();
    let error = lua
        .load(chunk! {
            -- The first line.
            local function f()

                error("here")
            end
            f()
        })
        .set_name("=code")
        .exec()
        .unwrap_err()
        .to_string();
    assert!(error.contains("code:4: here"), "{error}");
    assert!(error.contains("code:6:"), "{error}");
    let place = line!() + 1;
    let error = lua.load(chunk! { error("x") }).exec().unwrap_err().to_string();
    assert!(error.contains(&format!("{}:{place}:1: x", file!())), "{error}");
    let error = lua.load(chunk! { return = }).exec().unwrap_err();
    assert!(matches!(error, LuaError::SyntaxError { .. }), "{error}");
}

// Within other macros.
macro_rules! run {
    ($lua:expr, $($code:tt)*) => { $lua.load(chunk! { $($code)* }).eval::<i64>().unwrap() };
}

macro_rules! add {
    ($lua:expr, $a:ident, $b:literal) => {{
        let of_the_macro = 100;
        $lua.load(chunk! {
            -- The code is of the macro, two words are not.
            local sum = $a + $b
            sum = sum + ($of_the_macro)
            return sum
        })
    }};
}

#[test]
fn within_macros() -> Result<()> {
    let lua = Lua::new();
    let a = 1;
    assert_eq!(lua.load(chunk! { return $a + 1 }).eval::<i64>()?, 2);
    assert_eq!(run!(lua, return $a .. "" == "1" and 5 or 6), 5);
    assert_eq!(
        run!(
            lua,
            local x = 1 -- comment
            return x ~= 2 and $a * 10
        ),
        10
    );
    lua.globals().set("b", 5)?;
    let chunk = add!(lua, b, 3);
    assert_eq!(chunk.eval::<i64>()?, 108);
    Ok(())
}

#[test]
fn twice() -> Result<()> {
    let lua = Lua::new();
    let x = 1;
    let chunk = chunk! { return $x };
    let env: Table = chunk.environment(&lua)?.unwrap();
    assert_eq!(env.get::<i64>("x")?, 1);
    assert!(chunk.environment(&lua).is_err());
    Ok(())
}
