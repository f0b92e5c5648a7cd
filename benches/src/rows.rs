//! The rows, written once and compiled for each library: the two have the same API.

use crate::Row;
use std::hint::black_box;

macro_rules! suite {
    ($module:ident, $lib:ident) => {
        pub mod $module {
            use super::{Row, black_box};
            use $lib::prelude::*;
            use $lib::{UserDataRef, Variadic};

            struct Both {
                x: i64,
            }
            impl LuaUserData for Both {
                fn add_fields<F: LuaUserDataFields<Self>>(fields: &mut F) {
                    fields.add_field_method_get("x", |_, this| Ok(this.x));
                    fields.add_field_method_set("x", |_, this, x: i64| {
                        this.x = x;
                        Ok(())
                    });
                }
                fn add_methods<M: LuaUserDataMethods<Self>>(methods: &mut M) {
                    methods.add_method("add", |_, this, i: i64| Ok(this.x + i));
                }
            }

            struct Methods {
                x: i64,
            }
            impl LuaUserData for Methods {
                fn add_methods<M: LuaUserDataMethods<Self>>(methods: &mut M) {
                    methods.add_method("add", |_, this, i: i64| Ok(this.x + i));
                    methods.add_method_mut("inc", |_, this, i: i64| {
                        this.x += i;
                        Ok(this.x)
                    });
                }
            }

            struct Fields {
                x: i64,
            }
            impl LuaUserData for Fields {
                fn add_fields<F: LuaUserDataFields<Self>>(fields: &mut F) {
                    fields.add_field_method_get("x", |_, this| Ok(this.x));
                    fields.add_field_method_set("x", |_, this, x: i64| {
                        this.x = x;
                        Ok(())
                    });
                }
            }

            struct Plain(#[allow(dead_code)] i64, #[allow(dead_code)] i64);
            impl LuaUserData for Plain {}

            fn lua(module: bool) -> Lua {
                if !module {
                    return Lua::new();
                }
                unsafe {
                    let l = super::raw::new_state();
                    let lua: &Lua = Lua::get_or_init_from_ptr(l.cast());
                    lua.clone()
                }
            }

            /// `n` times a piece of Lua code, in a loop in Lua.
            fn looped(lua: Lua, body: &str) -> Box<dyn FnMut(usize)> {
                let f =
                    lua.load(format!("local n = ... for i = 1, n do {body} end")).into_function().unwrap();
                Box::new(move |n| {
                    let _ = &lua;
                    f.call::<()>(n).unwrap()
                })
            }

            fn call(module: bool, name: &'static str, f: impl Fn(&Lua) -> LuaFunction, args: &str) -> Row {
                let lua = lua(module);
                lua.globals().set("f", f(&lua)).unwrap();
                let run = {
                    let f = lua
                        .load(format!(
                            "local f, t, s = f, {{ x = 1 }}, 'hello world hello'
                         local n = ... for i = 1, n do f({args}) end"
                        ))
                        .into_function()
                        .unwrap();
                    Box::new(move |n| {
                        let _ = &lua;
                        f.call::<()>(n).unwrap()
                    })
                };
                Row { name, run }
            }

            fn userdata(
                module: bool,
                name: &'static str,
                make: impl Fn(&Lua) -> LuaAnyUserData,
                body: &str,
            ) -> Row {
                let lua = lua(module);
                lua.globals().set("ud", make(&lua)).unwrap();
                lua.globals().set("other", lua.create_userdata(Methods { x: 1 }).unwrap()).unwrap();
                let f = lua
                    .load(format!("local ud, other = ud, other local n = ... for i = 1, n do {body} end"))
                    .into_function()
                    .unwrap();
                Row {
                    name,
                    run: Box::new(move |n| {
                        let _ = &lua;
                        f.call::<()>(n).unwrap()
                    }),
                }
            }

            fn rust(module: bool, name: &'static str, make: impl FnOnce(&Lua) -> Box<dyn FnMut()>) -> Row {
                let lua = lua(module);
                let mut op = make(&lua);
                Row {
                    name,
                    run: Box::new(move |n| {
                        let _ = &lua;
                        for _ in 0..n {
                            op()
                        }
                    }),
                }
            }

            pub fn rows(module: bool) -> Vec<Row> {
                let m = module;
                vec![
                    call(m, "call f()", |lua| lua.create_function(|_, ()| Ok(())).unwrap(), ""),
                    call(
                        m,
                        "call f(i64,i64)->i64",
                        |lua| lua.create_function(|_, (a, b): (i64, i64)| Ok(a + b)).unwrap(),
                        "i, 2",
                    ),
                    call(
                        m,
                        "call f(String)->usize",
                        |lua| lua.create_function(|_, s: String| Ok(s.len())).unwrap(),
                        "s",
                    ),
                    call(
                        m,
                        "call f(LuaString)->usize",
                        |lua| lua.create_function(|_, s: LuaString| Ok(s.as_bytes().len())).unwrap(),
                        "s",
                    ),
                    call(
                        m,
                        "call f(BorrowedStr)->usize",
                        |lua| lua.create_function(|_, s: LuaBorrowedStr| Ok(s.len())).unwrap(),
                        "s",
                    ),
                    call(
                        m,
                        "call f()->String 16 B",
                        |lua| lua.create_function(|_, ()| Ok("0123456789abcdef".to_owned())).unwrap(),
                        "",
                    ),
                    call(
                        m,
                        "call f(Table) reads t.x",
                        |lua| lua.create_function(|_, t: LuaTable| t.get::<i64>("x")).unwrap(),
                        "t",
                    ),
                    call(
                        m,
                        "call f(Variadic<i64>) 4 args",
                        |lua| lua.create_function(|_, v: Variadic<i64>| Ok(v.iter().sum::<i64>())).unwrap(),
                        "i, 2, 3, 4",
                    ),
                    rust(m, "Function::call((i64,i64))->i64", |lua| {
                        let f: LuaFunction = lua.load("function(a, b) return a + b end").eval().unwrap();
                        Box::new(move || {
                            black_box(f.call::<i64>((black_box(3), 4)).unwrap());
                        })
                    }),
                    userdata(
                        m,
                        "ud:add(i) (methods only)",
                        |lua| lua.create_userdata(Methods { x: 1 }).unwrap(),
                        "ud:add(i)",
                    ),
                    userdata(
                        m,
                        "ud:inc(i) method_mut",
                        |lua| lua.create_userdata(Methods { x: 1 }).unwrap(),
                        "ud:inc(i)",
                    ),
                    userdata(
                        m,
                        "ud:add(i) (fields+methods)",
                        |lua| lua.create_userdata(Both { x: 1 }).unwrap(),
                        "ud:add(i)",
                    ),
                    userdata(
                        m,
                        "ud:add(i), 2 types alternating (2 ops)",
                        |lua| lua.create_userdata(Both { x: 1 }).unwrap(),
                        "ud:add(i) other:add(i)",
                    ),
                    userdata(
                        m,
                        "ud.x getter (fields only)",
                        |lua| lua.create_userdata(Fields { x: 1 }).unwrap(),
                        "local x = ud.x",
                    ),
                    userdata(
                        m,
                        "ud.x getter (mixed)",
                        |lua| lua.create_userdata(Both { x: 1 }).unwrap(),
                        "local x = ud.x",
                    ),
                    userdata(
                        m,
                        "ud.x = i setter (fields only)",
                        |lua| lua.create_userdata(Fields { x: 1 }).unwrap(),
                        "ud.x = i",
                    ),
                    userdata(
                        m,
                        "ud.x = i setter (mixed)",
                        |lua| lua.create_userdata(Both { x: 1 }).unwrap(),
                        "ud.x = i",
                    ),
                    {
                        let lua = lua(m);
                        lua.globals()
                            .set("f", lua.create_function(|_, r: UserDataRef<Methods>| Ok(r.x)).unwrap())
                            .unwrap();
                        lua.globals().set("ud", Methods { x: 1 }).unwrap();
                        Row { name: "call f(UserDataRef<T>)", run: looped(lua, "f(ud)") }
                    },
                    rust(m, "table.get(\"key\") i64", |lua| {
                        let t = lua.create_table().unwrap();
                        t.set("key", 42).unwrap();
                        Box::new(move || {
                            black_box(t.get::<i64>("key").unwrap());
                        })
                    }),
                    rust(m, "table.get(\"key\"), has metatable, hit", |lua| {
                        let t = lua.create_table().unwrap();
                        t.set("key", 42).unwrap();
                        let mt = lua.create_table().unwrap();
                        mt.set("__index", lua.create_table().unwrap()).unwrap();
                        let _ = t.set_metatable(Some(mt));
                        Box::new(move || {
                            black_box(t.get::<i64>("key").unwrap());
                        })
                    }),
                    rust(m, "table.set(\"key\", i)", |lua| {
                        let t = lua.create_table().unwrap();
                        Box::new(move || {
                            t.set("key", black_box(7)).unwrap();
                        })
                    }),
                    rust(m, "table.get(i)", |lua| {
                        let t = lua.create_sequence_from(1..=100).unwrap();
                        Box::new(move || {
                            black_box(t.get::<i64>(black_box(50)).unwrap());
                        })
                    }),
                    rust(m, "table.set(i, v)", |lua| {
                        let t = lua.create_sequence_from(1..=100).unwrap();
                        Box::new(move || {
                            t.set(black_box(50), 3).unwrap();
                        })
                    }),
                    rust(m, "table.get::<Table>(\"sub\") + drop", |lua| {
                        let t = lua.create_table().unwrap();
                        t.set("sub", lua.create_table().unwrap()).unwrap();
                        Box::new(move || {
                            black_box(t.get::<LuaTable>("sub").unwrap());
                        })
                    }),
                    {
                        let lua = lua(m);
                        lua.globals().set("gx", 1).unwrap();
                        Row {
                            name: "lua.globals().get(\"gx\")",
                            run: Box::new(move |n| {
                                for _ in 0..n {
                                    black_box(lua.globals().get::<i64>("gx").unwrap());
                                }
                            }),
                        }
                    },
                    rust(m, "sequence_values, 100 elements", |lua| {
                        let t = lua.create_sequence_from(1..=100).unwrap();
                        Box::new(move || {
                            black_box(t.sequence_values::<i64>().map(|v| v.unwrap()).sum::<i64>());
                        })
                    }),
                    rust(m, "pairs::<i64,i64>, 100 elements", |lua| {
                        let t = lua.create_sequence_from(1..=100).unwrap();
                        Box::new(move || {
                            black_box(t.pairs::<i64, i64>().map(|p| p.unwrap().1).sum::<i64>());
                        })
                    }),
                    rust(m, "pairs::<String,i64>, 100 elements", |lua| {
                        let t = lua.create_table_from((0..100).map(|i| (format!("key{i}"), i))).unwrap();
                        Box::new(move || {
                            black_box(t.pairs::<String, i64>().map(|p| p.unwrap().1).sum::<i64>());
                        })
                    }),
                    {
                        let lua = lua(m);
                        Row {
                            name: "create_table() + drop",
                            run: Box::new(move |n| {
                                for _ in 0..n {
                                    black_box(lua.create_table().unwrap());
                                }
                            }),
                        }
                    },
                    {
                        let lua = lua(m);
                        Row {
                            name: "create_sequence_from(1..=10)",
                            run: Box::new(move |n| {
                                for _ in 0..n {
                                    black_box(lua.create_sequence_from(1..=10).unwrap());
                                }
                            }),
                        }
                    },
                    {
                        let lua = lua(m);
                        let keys: Vec<String> = (0..10).map(|i| format!("key{i}")).collect();
                        Row {
                            name: "create_table_from 10 pairs",
                            run: Box::new(move |n| {
                                for _ in 0..n {
                                    black_box(
                                        lua.create_table_from(keys.iter().map(|k| (k.as_str(), 1))).unwrap(),
                                    );
                                }
                            }),
                        }
                    },
                    {
                        let lua = lua(m);
                        Row {
                            name: "create_string 16 B interned",
                            run: Box::new(move |n| {
                                for _ in 0..n {
                                    black_box(lua.create_string("0123456789abcdef").unwrap());
                                }
                            }),
                        }
                    },
                    {
                        let lua = lua(m);
                        let mut i = 0_u64;
                        Row {
                            name: "create_string 16 B new",
                            run: Box::new(move |n| {
                                for _ in 0..n {
                                    i += 1;
                                    black_box(
                                        lua.create_string([i.to_le_bytes(), [b'x'; 8]].concat()).unwrap(),
                                    );
                                }
                            }),
                        }
                    },
                    rust(m, "LuaString::to_str", |lua| {
                        let s = lua.create_string("hello world, hello").unwrap();
                        Box::new(move || {
                            black_box(s.to_str().unwrap().len());
                        })
                    }),
                    {
                        let lua = lua(m);
                        Row {
                            name: "create_function (captures i64)",
                            run: Box::new(move |n| {
                                for i in 0..n {
                                    black_box(lua.create_function(move |_, ()| Ok(i)).unwrap());
                                }
                            }),
                        }
                    },
                    {
                        let lua = lua(m);
                        Row {
                            name: "create_function (no captures)",
                            run: Box::new(move |n| {
                                for _ in 0..n {
                                    black_box(lua.create_function(|_, ()| Ok(1)).unwrap());
                                }
                            }),
                        }
                    },
                    {
                        let lua = lua(m);
                        Row {
                            name: "create_userdata 16 B, !Drop",
                            run: Box::new(move |n| {
                                for _ in 0..n {
                                    black_box(lua.create_userdata(Plain(1, 2)).unwrap());
                                }
                            }),
                        }
                    },
                    rust(m, "Value::Table clone + drop", |lua| {
                        let t = LuaValue::Table(lua.create_table().unwrap());
                        Box::new(move || {
                            black_box(t.clone());
                        })
                    }),
                    {
                        let lua = lua(m);
                        Row {
                            name: "load(\"return 1\").eval()",
                            run: Box::new(move |n| {
                                for _ in 0..n {
                                    black_box(lua.load("return 1").eval::<i64>().unwrap());
                                }
                            }),
                        }
                    },
                    {
                        let lua = lua(m);
                        lua.globals()
                            .set(
                                "f",
                                lua.create_function(|_, ()| Err::<(), _>(LuaError::runtime("x"))).unwrap(),
                            )
                            .unwrap();
                        Row { name: "Rust Err -> Lua pcall", run: looped(lua, "pcall(f)") }
                    },
                    {
                        let lua = lua(m);
                        lua.globals()
                            .set(
                                "f",
                                lua.create_function(|_, ()| Err::<(), _>(LuaError::runtime("x"))).unwrap(),
                            )
                            .unwrap();
                        Row {
                            name: "same + tostring(e)",
                            run: looped(lua, "local _, e = pcall(f) tostring(e)"),
                        }
                    },
                    rust(m, "Lua error() -> Rust Err", |lua| {
                        let f: LuaFunction = lua.load("function() error('x') end").eval().unwrap();
                        Box::new(move || {
                            black_box(f.call::<()>(()).unwrap_err());
                        })
                    }),
                    Row {
                        name: "Lua::new() + drop",
                        run: Box::new(move |n| {
                            for _ in 0..n {
                                black_box(Lua::new());
                            }
                        }),
                    },
                ]
            }
        }
    };
}

suite!(ours, oxilua);
suite!(peer, mlua);

/// A state that neither library made.
pub mod raw {
    use std::os::raw::{c_int, c_void};
    unsafe extern "C" {
        fn luaL_newstate() -> *mut c_void;
        fn luaL_openlibs(l: *mut c_void) -> c_int;
    }

    pub unsafe fn new_state() -> *mut c_void {
        unsafe {
            let l = luaL_newstate();
            luaL_openlibs(l);
            l
        }
    }
}
