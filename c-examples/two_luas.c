/* A host with two Luas at once, of different versions, each opened privately.
 *
 *     two_luas LIBLUA LIBLUA [ROUNDS]
 *
 * In such a process nobody can tell from a state alone whose it is. Each Lua calls `luaopen_*` itself, as its `require`
 * does, and is recognised by that. */
#include <stdio.h>

#include "dl_lua.h"
#include "tap.h"

#ifdef __cplusplus
extern "C" {
#endif
int luaopen_oxilua(lua_State *L);
#ifdef __cplusplus
}
#endif

/* What both do with the extensions, which come from the function `...`; `n` counts the rounds. Every error comes out of a Rust
 * function. */
static const char *const SETUP =
    "package.preload.oxilua = ...\n"
    "local oxilua = require 'oxilua'\n"
    "local index = getmetatable(oxilua).__index\n"
    "local json = oxilua.json\n"
    "local kept = {}\n"
    "function round(n)\n"
    "    assert(oxilua.none == nil and index(oxilua, 'no' .. n % 100) == nil)\n"
    "    local passed, why = pcall(index)\n"
    "    assert(not passed and tostring(why):find('bad argument', 1, true))\n"
    "    kept[n % 10] = why\n"
    "    local co = coroutine.wrap(function() return pcall(index, n) end)\n"
    "    assert(not co())\n"
    "    if json then\n"
    "        local value = json.decode('{\"n\": [' .. n .. ', \"text\", null]}')\n"
    "        assert(value.n[1] == n and value.n[2] == 'text')\n"
    "        assert(json.encode {n, {'x'}} == '[' .. n .. ',[\"x\"]]')\n"
    "        assert(not pcall(json.decode, '[' .. n))\n"
    "        kept[n % 10 + 10] = value\n"
    "    end\n"
    "    return true\n"
    "end\n"
    "return true\n";

typedef struct {
    dl_lua lua;
    lua_State *L;
    unsigned opened;
} side;

/* A new state with the extensions. */
static int start(side *s) {
    const dl_lua *lua = &s->lua;
    s->L = dl_newstate(lua);
    s->opened++;
    if (lua->loadstring(s->L, SETUP) != 0)
        return 0;
    lua->pushcclosure(s->L, luaopen_oxilua, 0);
    if (dl_pcall(lua, s->L, 1, 1) != 0 || !lua->toboolean(s->L, -1)) {
        printf("# %s\n", lua->tolstring(s->L, -1, NULL));
        return 0;
    }
    lua->settop(s->L, 0);
    return 1;
}

static int one_round(side *s, unsigned n) {
    char code[64];
    snprintf(code, sizeof code, "return round(%u)", n);
    return dl_script(&s->lua, s->L, code);
}

/* Interleaves both; they collect and start anew at different times. */
static int run(side *a, side *b, unsigned rounds) {
    unsigned n;
    for (n = 1; n <= rounds; n++) {
        if (!one_round(a, n) || !one_round(b, n))
            return 0;
        if (n % 7 == 0)
            dl_collect(&a->lua, a->L);
        if (n % 11 == 0)
            dl_collect(&b->lua, b->L);
        if (n % 501 == 0) {
            a->lua.close(a->L);
            if (!start(a))
                return 0;
        }
        if (n % 773 == 0) {
            b->lua.close(b->L);
            if (!start(b))
                return 0;
        }
    }
    return 1;
}

int main(int argc, char **argv) {
    static side a, b;
    unsigned rounds = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 10000;
    oxl_error *error = NULL;
    size_t i;
    if (argc < 3) {
        fprintf(stderr, "usage: %s LIBLUA LIBLUA [ROUNDS]\n", argv[0]);
        return 2;
    }
    if (!ok(dl_open(&a.lua, argv[1]) && dl_open(&b.lua, argv[2]), "both Luas are there"))
        return done_testing();
    if (!ok(start(&a) && start(&b), "both have the extensions"))
        return done_testing();
    for (i = 0; i < oxl_engine_count(); i++)
        printf("# %s: %s\n", oxl_engine_name(oxl_engine_at(i)).data, oxl_engine_origin(oxl_engine_at(i)).data);
    ok(oxl_engine_count() == 2, "two Luas are known");

    ok(oxl_open(a.L, NULL, NULL, 0, &error) == OXL_ERR_NO_LUA && a.lua.gettop(a.L) == 0,
       "from a state alone none of them is guessed");
    printf("# %s\n", oxl_error_message(error).data);
    oxl_error_free(error);

    ok(run(&a, &b, rounds), "interleaved calls, errors, collections and closes");
    printf("# %u rounds, %u and %u states\n", rounds, a.opened, b.opened);
    a.lua.close(a.L);
    ok(one_round(&b, 1), "one goes on when the other is closed");
    b.lua.close(b.L);
    ok(oxl_engine_count() == 2, "no Lua was taken for a third");
    return done_testing();
}
