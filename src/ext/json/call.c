/* oxilua.json's functions as Lua calls them: arguments, options, results.
 *
 * A function has three parts. `OXL_SYM(json_run)` is what the trampoline runs: it takes a workspace and makes a protected call
 * of `decode` or `encode`, in which anything may raise (a lack of memory, a script's finalizer, its __tojson); whatever
 * happened, the workspace goes back. So no memory is ever lost, and calls inside calls each have their own. */
#include "json.h"

#include <string.h>

struct oxl_json_rust rust;

void OXL_SYM(json_set_rust)(const struct oxl_json_rust *functions) {
    rust = *functions;
}

/* Its address is json.empty_array. */
static char empty_array;

void *OXL_SYM(json_empty_array)(void) {
    return &empty_array;
}

/* The stack in the protected call. */
enum { AT_OP = 1, AT_ARG, AT_OPTIONS, AT_ARRAY_MT, AT_EMPTY_MT, AT_NULL, AT_TOJSON };
/* The caller's place on the call stack: behind the operation and the function. */
enum { CALLER = 2 };

struct call {
    oxl_op op;
    struct workspace *space;
    int what, safe;
};

/* Raises a text with the caller's position in front, as luaL_error does. */
static int raise(const oxl_api *a, lua_State *L, int level, const char *text, size_t len) {
    oxl_push_where(a, L, level);
    a->lua_pushlstring(L, text, len);
    a->lua_concat(L, 2);
    return a->lua_error(L);
}
#define RAISE(a, L, level, literal) raise((a), (L), (level), "" literal, sizeof(literal) - 1)

/* The message in the workspace, as an error or as results. */
static int failed(const oxl_api *a, lua_State *L, const struct call *c, size_t at) {
    size_t len;
    const char *text = rust.message(c->space, &len);
    if (!c->safe)
        return raise(a, L, CALLER, text, len);
    a->lua_pushnil(L);
    a->lua_pushlstring(L, text, len);
    if (at == 0)
        return 2;
    a->lua_pushinteger(L, (int64_t)at);
    return 3;
}

/* The option whose name and value are on the top. */
static void read_option(const oxl_api *a, lua_State *L, const struct call *c, struct options *options) {
    struct cell value = {CELL_NIL, 0, 0, {0}};
    size_t n, len = 0;
    const char *name, *wrong;
    int type = a->lua_type(L, -1);
    if (a->lua_type(L, -2) != OXL_TSTRING)
        RAISE(a, L, CALLER, "bad argument #2 (options have names)");
    name = a->lua_tolstring(L, -2, &n);
    if (n == 4 && memcmp(name, "null", 4) == 0) {
        if (type != OXL_TLIGHTUSERDATA || a->lua_touserdata(L, -1) != NULL) {
            options->null = NULL_GIVEN;
            a->lua_pushvalue(L, -1);
            oxl_replace(a, L, AT_NULL);
        }
        return;
    }
    switch (type) {
    case OXL_TBOOLEAN:
        value.tag = a->lua_toboolean(L, -1) ? CELL_TRUE : CELL_FALSE;
        break;
    case OXL_TNUMBER:
        value.tag = CELL_NUM;
        value.v.n = oxl_tonumber(a, L, -1);
        break;
    case OXL_TSTRING: {
        size_t m;
        value.tag = CELL_STR;
        value.v.p = a->lua_tolstring(L, -1, &m);
        value.len = m > 1000 ? 1000 : (uint32_t)m; /* no option takes so long a string */
        break;
    }
    default:
        break;
    }
    wrong = rust.option(c->space, name, n, &value, c->what == ENCODE, &len);
    if (wrong != NULL)
        raise(a, L, CALLER, wrong, len);
}

static const struct options *read_options(const oxl_api *a, lua_State *L, const struct call *c) {
    struct options *options = rust.options(c->space, a->has_integers);
    int type = a->lua_type(L, AT_OPTIONS);
    a->lua_pushnil(L); /* AT_NULL */
    if (type == OXL_TNIL)
        return options;
    if (type != OXL_TTABLE)
        RAISE(a, L, CALLER, "bad argument #2 (table of options expected)");
    a->lua_pushnil(L);
    while (a->lua_next(L, AT_OPTIONS)) {
        read_option(a, L, c, options);
        oxl_pop(a, L, 1);
    }
    return options;
}

static int decode(const oxl_api *a, lua_State *L, const struct call *c) {
    const struct options *options;
    struct tape tape;
    size_t n, at = 0;
    const char *s;
    if (a->lua_type(L, AT_ARG) != OXL_TSTRING)
        return RAISE(a, L, CALLER, "bad argument #1 (string expected)");
    options = read_options(a, L, c);
    s = a->lua_tolstring(L, AT_ARG, &n);
    if (!rust.decode(c->space, s, n, &tape, &at))
        return failed(a, L, c, at);
    oxl_json_build(a, L, &tape, options->array_mt ? AT_ARRAY_MT : 0, AT_EMPTY_MT, options->null == NULL_GIVEN ? AT_NULL : 0);
    return 1;
}

static int encode(const oxl_api *a, lua_State *L, const struct call *c) {
    struct walk w;
    w.space = c->space;
    w.options = read_options(a, L, c);
    w.sink = rust.sink(c->space);
    w.array_mt = a->lua_topointer(L, AT_ARRAY_MT);
    w.empty_mt = a->lua_topointer(L, AT_EMPTY_MT);
    w.empty_array = &empty_array;
    w.value = AT_ARG;
    w.null = AT_NULL;
    w.tojson = AT_TOJSON;
    w.safe = c->safe;
    oxl_push_string(a, L, "__tojson"); /* AT_TOJSON */
    if (!oxl_json_walk(a, L, &w))
        return failed(a, L, c, 0);
    a->lua_pushlstring(L, w.sink->p, w.sink->len);
    return 1;
}

#ifdef OXL_JSON_FLOOR
/* Parses once, and makes the value as often as the second argument says. */
static int build_often(const oxl_api *a, lua_State *L, const struct call *c) {
    struct tape tape;
    size_t n, at;
    const char *s = a->lua_tolstring(L, AT_ARG, &n);
    double times = oxl_tonumber(a, L, AT_OPTIONS);
    rust.options(c->space, a->has_integers);
    if (s == NULL || !rust.decode(c->space, s, n, &tape, &at))
        return OXL_RAISE(a, L, "not a document");
    for (; times > 0; times--) {
        oxl_json_build(a, L, &tape, 0, AT_EMPTY_MT, 0);
        oxl_pop(a, L, 1);
    }
    return 0;
}
#endif

static int body(const oxl_api *a, lua_State *L, void *context) {
    struct call *c = context;
    switch (c->what) {
    case DECODE:
        return decode(a, L, c);
    case ENCODE:
        return encode(a, L, c);
#ifdef OXL_JSON_FLOOR
    case FLOOR:
        return build_often(a, L, c);
#endif
    default:
        return 0;
    }
}

int OXL_SYM(json_run)(const oxl_api *a, lua_State *L, void *context) {
    struct json_function *f = context;
    lua_State *refs = f->block.head.anchor->refs;
    struct call c;
    int status;
    if (a->lua_type(L, 1) == -1)
        return f->what == ENCODE ? RAISE(a, L, 1, "bad argument #1 (value expected)")
                                 : RAISE(a, L, 1, "bad argument #1 (string expected)");
    a->lua_settop(L, 2);
    a->lua_pushvalue(refs, OXL_SLOT_OP);
    a->lua_xmove(refs, L, 1);
    a->lua_pushlightuserdata(L, &c.op); /* AT_OP */
    a->lua_pushvalue(L, 1);
    a->lua_pushvalue(L, 2);
    a->lua_pushvalue(L, oxl_upvalue(a, 2)); /* AT_ARRAY_MT */
    a->lua_pushvalue(L, oxl_upvalue(a, 3)); /* AT_EMPTY_MT */

    c.op.code = OXL_OP_RUN;
    c.op.nvalues = 0;
    c.op.p = (void *)body;
    c.op.out_p = &c;
    c.what = f->what;
    c.safe = f->safe;
    c.space = rust.begin(f);
    if (c.space == NULL)
        return RAISE(a, L, 1, "too many calls of oxilua.json, one inside the other");
    status = oxl_pcall(a, L, 5, OXL_MULTRET);
    rust.end(f, c.space);
    if (status != 0)
        return a->lua_error(L);
    return a->lua_gettop(L) - 2;
}
