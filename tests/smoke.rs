//! The README's program and a first of everything.
use oxilua::prelude::*;

struct Counter(i64);
impl LuaUserData for Counter {
    fn add_fields<F: LuaUserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("value", |_, this| Ok(this.0));
        fields.add_field_method_set("value", |_, this, v: i64| {
            this.0 = v;
            Ok(())
        });
    }
    fn add_methods<M: LuaUserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("get", |_, this, ()| Ok(this.0));
        methods.add_method_mut("add", |_, this, n: i64| {
            this.0 += n;
            Ok(this.0)
        });
        methods.add_meta_method(LuaMetaMethod::ToString, |_, this, ()| Ok(format!("Counter({})", this.0)));
    }
}

#[test]
fn smoke() -> LuaResult<()> {
    let lua = Lua::new();
    println!("{}", lua.engine());
    let map = lua.create_table()?;
    map.set(1, "one")?;
    map.set("two", 2)?;
    lua.globals().set("map", &map)?;
    lua.load("for k, v in pairs(map) do assert(k and v) end").exec()?;
    assert_eq!(lua.load("map[1] .. map.two").eval::<String>()?, "one2");
    let f = lua.create_function(|_, (a, b): (i64, i64)| Ok(a + b))?;
    assert_eq!(f.call::<i64>((3, 4))?, 7);
    let s = String::from("x");
    let g = lua.create_function(move |_, n: usize| Ok(s.repeat(n)))?;
    lua.globals().set("g", g)?;
    assert_eq!(lua.load("g(5)").eval::<String>()?, "xxxxx");
    let e = lua.create_function(|_, ()| Err::<(), _>(LuaError::runtime("boom")))?;
    lua.globals().set("e", e)?;
    let (ok, msg) = lua.load("local ok, m = pcall(e); return ok, tostring(m)").eval::<(bool, String)>()?;
    assert!(!ok);
    assert!(msg.contains("boom"), "{msg}");
    let err = lua.load("local function inner() error('ouch') end  inner()").exec().unwrap_err();
    assert!(err.to_string().contains("ouch") && err.to_string().contains("inner"), "{err}");
    lua.globals().set("c", Counter(5))?;
    assert_eq!(
        lua.load("c:add(3); c.value = c.value + 1; return c:get(), tostring(c)").eval::<(i64, String)>()?,
        (9, "Counter(9)".into())
    );
    let v: Vec<i64> = lua.load("{1,2,3}").eval()?;
    assert_eq!(v, [1, 2, 3]);
    let t = lua.create_table_from([("a", vec![1, 2]), ("b", vec![])])?;
    assert_eq!(t.get::<Vec<i32>>("a")?, [1, 2]);
    for pair in t.pairs::<String, LuaTable>() {
        let (k, v) = pair?;
        assert_eq!(v.raw_len(), if k == "a" { 2 } else { 0 });
    }
    let many: Vec<LuaTable> = (0..20000).map(|_| lua.create_table().unwrap()).collect();
    drop(many);
    lua.gc_collect()?;
    let panic = lua.create_function(|_, ()| -> LuaResult<()> { panic!("argh") })?;
    let r = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| panic.call::<()>(())));
    assert!(r.is_err());
    let co = lua.create_thread(
        lua.load("local a = ... local b = coroutine.yield(a + 1) return b * 2").into_function()?,
    )?;
    assert_eq!(co.resume::<i64>(1)?, 2);
    assert_eq!(co.resume::<i64>(21)?, 42);
    assert!(co.resume::<i64>(1).is_err());
    Ok(())
}
