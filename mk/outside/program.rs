//! A program in the manner of mlua's README and guide, with nothing of oxilua's own in it.
use mlua::prelude::*;

#[derive(Clone, Copy)]
struct Vec2(f32, f32);

impl LuaUserData for Vec2 {
    fn add_fields<F: LuaUserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("x", |_, this| Ok(this.0));
        fields.add_field_method_set("x", |_, this, x| {
            this.0 = x;
            Ok(())
        });
        fields.add_field_method_get("y", |_, this| Ok(this.1));
    }

    fn add_methods<M: LuaUserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("magnitude", |_, this, ()| Ok((this.0 * this.0 + this.1 * this.1).sqrt()));
        methods.add_method_mut("scale", |_, this, by: f32| {
            *this = Vec2(this.0 * by, this.1 * by);
            Ok(())
        });
        methods.add_meta_function(LuaMetaMethod::Add, |_, (a, b): (LuaUserDataRef<Vec2>, LuaUserDataRef<Vec2>)| {
            Ok(Vec2(a.0 + b.0, a.1 + b.1))
        });
    }
}

fn main() -> LuaResult<()> {
    let lua = Lua::new();
    let globals = lua.globals();

    // Tables and globals.
    let map_table = lua.create_table()?;
    map_table.set(1, "one")?;
    map_table.set("two", 2)?;
    globals.set("map_table", map_table)?;
    lua.load("for k, v in pairs(map_table) do assert(k ~= nil and v ~= nil) end").exec()?;
    globals.set("string_var", "hello")?;
    globals.set("int_var", 42)?;
    assert_eq!(globals.get::<String>("string_var")?, "hello");
    assert_eq!(globals.get::<i64>("int_var")?, 42);

    // Code: run, evaluated, with arguments.
    lua.load("global = 'foo' .. 'bar'").set_name("example code").exec()?;
    assert_eq!(globals.get::<String>("global")?, "foobar");
    assert_eq!(lua.load("1 + 1").eval::<i32>()?, 2);
    assert_eq!(lua.load("false == false").eval::<bool>()?, true);
    assert_eq!(lua.load("return 1, 'two'").eval::<(i32, String)>()?, (1, "two".to_owned()));
    assert_eq!(lua.load("local a, b = ... return a * b").call::<i32>((6, 7))?, 42);

    // Lua functions called from Rust.
    let concat: LuaFunction = lua.load("function(...) return table.concat({...}, ' ') end").eval()?;
    assert_eq!(concat.call::<String>(("hey", "hi", "hello"))?, "hey hi hello");

    // Rust functions called from Lua.
    let check_equal = lua.create_function(|_, (list1, list2): (Vec<String>, Vec<String>)| Ok(list1 == list2))?;
    globals.set("check_equal", check_equal)?;
    assert_eq!(lua.load(r#"check_equal({"a", "b"}, {"a", "b"})"#).eval::<bool>()?, true);
    let join = lua.create_function(|_, strings: LuaVariadic<String>| {
        Ok(strings.iter().fold(String::new(), |a, b| a + b))
    })?;
    globals.set("join", join)?;
    assert_eq!(lua.load(r#"join("a", "b", "c")"#).eval::<String>()?, "abc");
    let mut calls = 0;
    let counter = lua.create_function_mut(move |_, ()| {
        calls += 1;
        Ok(calls)
    })?;
    assert_eq!((counter.call::<i32>(())?, counter.call::<i32>(())?), (1, 2));

    // Userdata.
    globals.set("vec2", lua.create_function(|_, (x, y): (f32, f32)| Ok(Vec2(x, y)))?)?;
    assert!((lua.load("(vec2(1, 2) + vec2(2, 2)):magnitude()").eval::<f32>()? - 5.0).abs() < f32::EPSILON);
    let v: Vec2 = *lua.load("local v = vec2(1, 2) v.x = 3 v:scale(2) return v").eval::<LuaUserDataRef<Vec2>>()?;
    assert_eq!((v.0, v.1), (6.0, 4.0));

    // Iteration, sequences, nil.
    let table = lua.create_sequence_from([3, 1, 2])?;
    let mut numbers = table.sequence_values::<i64>().collect::<LuaResult<Vec<_>>>()?;
    numbers.sort();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(globals.get::<Option<String>>("no such global")?, None);
    assert!(matches!(globals.get::<LuaValue>("no such global")?, LuaNil));

    // Errors, both ways.
    globals.set("fails", lua.create_function(|_, ()| Err::<(), _>(LuaError::RuntimeError("no luck".into())))?)?;
    let caught: (bool, String) = lua.load("local ok, e = pcall(fails) return ok, tostring(e)").eval()?;
    assert!(!caught.0 && caught.1.contains("no luck"), "{caught:?}");
    match lua.load("fails()").exec() {
        Err(LuaError::CallbackError { cause, .. }) => assert!(matches!(*cause, LuaError::RuntimeError(_))),
        other => panic!("{other:?}"),
    }
    assert!(matches!(lua.load("1 +").exec(), Err(LuaError::SyntaxError { .. })));
    assert!(lua.load("error('my error')").exec().unwrap_err().to_string().contains("my error"));

    // Coroutines.
    let thread = lua.create_thread(
        lua.load("local a = ... while true do a = a + coroutine.yield(a) end").into_function()?,
    )?;
    assert_eq!((thread.resume::<i32>(1)?, thread.resume::<i32>(2)?), (1, 3));

    println!("ran in {}", lua.load("jit and 'LuaJIT' or _VERSION").eval::<String>()?);
    Ok(())
}
