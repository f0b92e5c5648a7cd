//! Functions as code: environments, binary form, copies, binding, wrapping.

use oxilua::{ChunkMode, Error, Function, Lua, Result, Table, Value, Version};

#[test]
fn environments() -> Result<()> {
    let lua = Lua::new();
    lua.globals().set("x", "global")?;
    let f: Function = lua.load("local up = 5 return function(a) return up + a, x end").eval()?;
    let sibling: Function = lua.load("return x").into_function()?;
    assert_eq!(f.environment(), Some(lua.globals()));
    let env = lua.create_table()?;
    env.set("x", "mine")?;
    assert!(f.set_environment(env.clone())?);
    assert_eq!(f.environment(), Some(env));
    assert_eq!(f.call::<(i64, String)>(3)?, (8, "mine".to_owned()));
    assert_eq!(sibling.call::<String>(())?, "global");

    // Functions of one chunk share its _ENV: changing that of one leaves the other's.
    let (a, b): (Function, Function) =
        lua.load("return function() return x end, function() return x end").eval()?;
    let other = lua.create_table_from([("x", "other")])?;
    assert!(a.set_environment(other)?);
    assert_eq!((a.call::<String>(())?, b.call::<String>(())?), ("other".to_owned(), "global".to_owned()));

    let rust = lua.create_function(|_, ()| Ok(()))?;
    assert!(!rust.set_environment(lua.create_table()?)?);
    let without: Function = lua.load("local a = 1 return function() return a end").eval()?;
    assert_eq!(without.set_environment(lua.create_table()?)?, lua.engine().version() <= Version::LuaJit);
    Ok(())
}

#[test]
fn binary_form() -> Result<()> {
    let lua = Lua::new();
    let f = lua.load("local n = ... return n * 2").set_name("=double").into_function()?;
    for strip in [false, true] {
        let code = f.dump(strip);
        assert_eq!(code[0], 0x1B);
        assert_eq!(lua.load(&code[..]).set_mode(ChunkMode::Binary).call::<i64>(21)?, 42);
        assert_eq!(lua.load(&code[..]).call::<i64>(21)?, 42);
        assert!(matches!(
            lua.load(&code[..]).set_mode(ChunkMode::Text).exec(),
            Err(Error::SyntaxError { incomplete_input: false, .. })
        ));
    }
    assert!(lua.load("return 1").set_mode(ChunkMode::Binary).exec().is_err());
    assert!(lua.create_function(|_, ()| Ok(()))?.dump(false).is_empty());
    Ok(())
}

#[test]
fn copies_have_upvalues_of_their_own() -> Result<()> {
    let lua = Lua::new();
    let count: Function = lua.load("local n = 0 return function() n = n + 1 return n end").eval()?;
    assert_eq!(count.call::<i64>(())?, 1);
    let copy = count.deep_clone()?;
    assert_ne!(copy, count);
    assert_eq!((copy.call::<i64>(())?, copy.call::<i64>(())?), (2, 3));
    assert_eq!(count.call::<i64>(())?, 2);
    let env = lua.create_table_from([("x", 7)])?;
    let reads: Function = lua.load("return x").set_environment(env).into_function()?;
    assert_eq!(reads.deep_clone()?.call::<i64>(())?, 7);
    let rust = lua.create_function(|_, ()| Ok(1))?;
    assert_eq!(rust.deep_clone()?, rust);
    Ok(())
}

#[test]
fn binding() -> Result<()> {
    let lua = Lua::new();
    let concat: Function = lua.load("function(...) return table.concat({...}, '-') end").eval()?;
    let bound = concat.bind(("a", 1))?;
    assert_eq!(bound.call::<String>(("b", 2))?, "a-1-b-2");
    assert_eq!(bound.bind("x")?.call::<String>(())?, "a-1-x");
    assert_eq!(concat.bind(())?, concat);
    Ok(())
}

#[test]
fn wrapping() -> Result<()> {
    let lua = Lua::new();
    let globals = lua.globals();
    globals.set("add", Function::wrap(|a: i64, b: i64| Ok::<_, Error>(a + b)))?;
    globals.set("fail", Function::wrap(|| Err::<(), _>("no luck")))?;
    globals.set("raw", Function::wrap_raw(|n: i64| if n > 0 { Ok(n) } else { Err("not positive") }))?;
    let mut count = 0;
    let next = move || {
        count += 1;
        count
    };
    globals.set("next_number", Function::wrap_raw_mut(next))?;
    assert_eq!(lua.load("add(2, 3)").eval::<i64>()?, 5);
    let error = lua.load("fail()").exec().unwrap_err();
    assert!(error.to_string().contains("no luck"), "{error}");
    assert_eq!(lua.load("raw(3)").eval::<i64>()?, 3);
    let (nothing, message): (Value, String) = lua.load("raw(0)").eval()?;
    assert!(nothing.is_nil() && message == "not positive");
    assert_eq!(lua.load("next_number() + next_number()").eval::<i64>()?, 3);
    Ok(())
}

#[test]
fn raw_code() -> Result<()> {
    let lua = Lua::new();
    // SAFETY: the closure does nothing with the state; its arguments are its results.
    let same: (i64, String, Table) = unsafe { lua.exec_raw((1, "two", lua.create_table()?), |_| {})? };
    assert_eq!((same.0, same.1.as_str()), (1, "two"));
    Ok(())
}
