/* The encoder's walk through a Lua value. It is C because lua_next, __tojson and sorting may raise, and no Rust frame may be
 * below that; what it appends is Rust's to write (sink.rs), by functions that never raise.
 *
 * No recursion: an open container is a frame in the workspace, with its table (and its place in it) on the Lua stack. */
#include "encoder.h"

/* Where a key is remembered, by the address of its string. */
static inline struct known *known(struct encoder *e, const void *id) {
    return &e->known[((uintptr_t)id >> 4 ^ (uintptr_t)id >> 11) % KNOWN];
}
static inline int remembered(struct encoder *e, const struct known *k, const void *id) {
    return k->id == id && k->era_len >> 8 == e->era;
}
static inline enum step write_known(struct encoder *e, const struct known *k) {
    char text[KNOWN_LEN];
    if (!room(e, KNOWN_LEN))
        return no_memory(e);
    memcpy(text, e->b->p + k->at, KNOWN_LEN); /* what is behind the key is overwritten next */
    memcpy(e->b->p + e->b->len, text, KNOWN_LEN);
    e->b->len += k->era_len & 0xff;
    return VALUE;
}

/* Writes the key below the value on the top. Inlined where it matters. */
static ALWAYS_INLINE enum step write_key(struct encoder *e) {
    const oxl_api *a = e->a;
    lua_State *L = e->L;
    const void *id = NULL;
    if (e->pointers) {
        /* One call tells a key that came before, and that it is a string. */
        id = a->lua_topointer(L, -2);
        if (remembered(e, known(e, id), id))
            return write_known(e, known(e, id));
    }
    int type = a->lua_type(L, -2);
    if (type == OXL_TSTRING) {
        size_t n, at = e->b->len;
        const char *s = a->lua_tolstring(L, -2, &n);
        if (!e->pointers) {
            id = s;
            if (remembered(e, known(e, id), id))
                return write_known(e, known(e, id));
        }
        int code = rust.string(e->b, e->o, s, n);
        if (code != APPENDED)
            return done(e, code);
        if (colon(e) == FAILED || !room(e, KNOWN_LEN))
            return no_memory(e);
        size_t len = e->b->len - at;
        if (len <= KNOWN_LEN && at < UINT32_MAX)
            *known(e, id) = (struct known){id, (uint32_t)at, e->era << 8 | (uint32_t)len};
        return VALUE;
    }
    if (type == OXL_TNUMBER) {
        double n = oxl_tonumber(a, L, -2);
        if (n != n || n - n != 0)
            return fail(e, "key is not finite");
        if (word(e, "\"", 1) == FAILED || number(e, -2) != APPENDED || word(e, "\"", 1) == FAILED)
            return no_memory(e);
        return colon(e);
    }
    return fail(e, "key is neither a string nor a number");
}

static NEVER_INLINE enum step key(struct encoder *e) {
    return write_key(e);
}

/* Whether the table on the top is an array: its length, or -1 for an object, -2 if it has too many holes. */
static int64_t array_length(struct encoder *e) {
    const oxl_api *a = e->a;
    lua_State *L = e->L;
    double max = 0, count = 0;
    a->lua_pushnil(L);
    while (a->lua_next(L, -2)) {
        double k = a->lua_type(L, -2) == OXL_TNUMBER ? oxl_tonumber(a, L, -2) : 0;
        if (!(k >= 1 && k <= 2147483647.0 && k == (double)(int64_t)k)) {
            oxl_pop(a, L, 2);
            return -1;
        }
        if (k > max)
            max = k;
        count++;
        oxl_pop(a, L, 1);
    }
    if (max > count) {
        if (e->o->sparse == SPARSE_OBJECT)
            return -1;
        if (e->o->sparse == SPARSE_ERROR || (max > 10 && max > 2 * count))
            return -2;
    }
    return (int64_t)max;
}

/* Writes the beginning of the container e->f, whose table alone is on the top, once it is known what it is. */
static enum step begin(struct encoder *e, int64_t length) {
    const oxl_api *a = e->a;
    lua_State *L = e->L;
    struct frame *f = e->f;
    if (!room(e, 8))
        return no_memory(e);
    if (length >= 0) {
        f->mode = ARRAY;
        f->i = 1;
        f->n = (uint64_t)length;
        PUT('[');
        if (e->o->indent_len && !newline(e))
            return no_memory(e);
        a->lua_rawgeti(L, f->table, 1);
        return VALUE;
    }
    PUT('{');
    if (e->o->indent_len && !newline(e))
        return no_memory(e);
    if (e->o->sort_keys) {
        enum step step = sort_keys_of(e, f);
        return step == VALUE ? sorted_key(e) : step;
    }
    f->mode = OBJECT;
    a->lua_pushnil(L);
    a->lua_next(L, f->table);
    return key(e);
}

/* As begin, with a look at all the keys first. */
static enum step reconsider(struct encoder *e) {
    int64_t length = array_length(e);
    if (length == -2) {
        e->depth--;
        return fail(e, "array has too many holes");
    }
    return begin(e, length);
}

/* A value with a metatable is on the top: pushes the metatable and its __tojson; or nothing, if there is none. */
static int has_tojson(struct encoder *e) {
    const oxl_api *a = e->a;
    lua_State *L = e->L;
    if (!a->lua_getmetatable(L, -1))
        return 0;
    a->lua_pushvalue(L, e->w->tojson);
    a->lua_rawget(L, -2);
    if (a->lua_type(L, -1) != OXL_TNIL)
        return 1;
    oxl_pop(a, L, 2);
    return 0;
}

/* Stack: value, its metatable, __tojson. Writes what that returns. */
static enum step tojson(struct encoder *e) {
    const oxl_api *a = e->a;
    lua_State *L = e->L;
    size_t n;
    const char *s;
    a->lua_pushvalue(L, -3);
    if (!e->w->safe) {
        oxl_lua_call(a, L, 1, 1);
    } else if (oxl_pcall(a, L, 1, 1) != 0) {
        return fail(e, a->lua_type(L, -1) == OXL_TSTRING ? a->lua_tolstring(L, -1, NULL) : "error in __tojson");
    }
    forget(e);
    if (a->lua_type(L, -1) != OXL_TSTRING)
        return fail(e, "__tojson returned no string");
    s = a->lua_tolstring(L, -1, &n);
    if (!rust.valid(e->w->space, s, n))
        return fail(e, "__tojson returned something that is not JSON");
    if (!room(e, n))
        return no_memory(e);
    memcpy(e->b->p + e->b->len, s, n);
    e->b->len += n;
    oxl_pop(a, L, 2);
    return WRITTEN;
}

static size_t length(const oxl_api *a, lua_State *L, int i) {
    return a->lua_rawlen ? a->lua_rawlen(L, i) : a->lua_objlen(L, i);
}

static enum step table(struct encoder *e) {
    const oxl_api *a = e->a;
    lua_State *L = e->L;
    int forced = 0, empty_is_array = 0, t;
    struct frame *f;
    if (!a->lua_checkstack(L, 12))
        return fail(e, "nested too deeply for the stack");
    if (a->lua_getmetatable(L, -1)) {
        const void *mt = a->lua_topointer(L, -1);
        oxl_pop(a, L, 1);
        if (mt == e->w->array_mt)
            forced = 1;
        else if (mt == e->w->empty_mt)
            empty_is_array = 1;
        else if (has_tojson(e))
            return tojson(e);
    }
    if (e->depth >= (int)e->o->max_depth)
        return too_deep(e);
    if (e->depth == e->room) {
        e->room += e->room + 32;
        e->frames = rust.frames(e->w->space, (size_t)e->room, sizeof *e->frames);
        if (!e->frames) {
            e->depth = 0;
            return no_memory(e);
        }
    }
    t = a->lua_gettop(L);
    if (forced && length(a, L, t) == 0)
        return word(e, "[]", 2);
    if (!forced) {
        a->lua_pushnil(L);
        if (!a->lua_next(L, t))
            return word(e, empty_is_array ? "[]" : "{}", 2);
    }
    e->f = f = &e->frames[e->depth++];
    f->table = t;
    f->begin = e->b->len;
    if (!forced) {
        int type = a->lua_type(L, -2);
        if (type == OXL_TSTRING && !e->o->sort_keys) {
            f->mode = OBJECT;
            if (!room(e, 8))
                return no_memory(e);
            PUT('{');
            if (e->o->indent_len && !newline(e))
                return no_memory(e);
            return key(e);
        }
        if (type == OXL_TNUMBER && oxl_tonumber(a, L, -2) == 1) {
            f->mode = SEQUENCE;
            f->i = 1;
            if (!room(e, 8))
                return no_memory(e);
            PUT('[');
            if (e->o->indent_len && !newline(e))
                return no_memory(e);
            return VALUE;
        }
        oxl_pop(a, L, 2);
        f->mode = ARRAY;
        f->i = 0;
        return type == OXL_TSTRING ? begin(e, -1) : reconsider(e);
    }
    return begin(e, (int64_t)length(a, L, t));
}

/* Writes the value on the top, or the beginning of it. */
static inline enum step value(struct encoder *e) {
    const oxl_api *a = e->a;
    lua_State *L = e->L;
    int type = a->lua_type(L, -1);
    if (type == e->null_type && a->lua_rawequal(L, -1, e->w->null))
        return word(e, "null", 4);
    switch (type) {
    case OXL_TSTRING: {
        size_t n;
        const char *s = a->lua_tolstring(L, -1, &n);
        int code = rust.string(e->b, e->o, s, n);
        return code == APPENDED ? WRITTEN : done(e, code);
    }
    case OXL_TNUMBER: {
        int code = number(e, -1);
        return code == APPENDED ? WRITTEN : done(e, code);
    }
    case OXL_TBOOLEAN:
        return a->lua_toboolean(L, -1) ? word(e, "true", 4) : word(e, "false", 5);
    case OXL_TNIL:
        return word(e, "null", 4);
    case OXL_TLIGHTUSERDATA: {
        const void *p = a->lua_touserdata(L, -1);
        if (p == NULL)
            return word(e, "null", 4);
        if (p == e->w->empty_array)
            return word(e, "[]", 2);
        return unsupported(e);
    }
    case OXL_TTABLE:
        return table(e);
    case OXL_TUSERDATA:
        if (!a->lua_checkstack(L, 8))
            return fail(e, "nested too deeply for the stack");
        return has_tojson(e) ? tojson(e) : unsupported(e);
    default:
        return unsupported(e);
    }
}

static inline enum step comma(struct encoder *e) {
    if (!room(e, 8))
        return no_memory(e);
    PUT(',');
    if (e->o->indent_len && !newline(e))
        return no_memory(e);
    return VALUE;
}

/* A value has been written and is on the top: replaces it by the next one, or ends the container. */
static inline enum step next(struct encoder *e) {
    const oxl_api *a = e->a;
    lua_State *L = e->L;
    struct frame *f = e->f;
    if (!e->depth)
        return DONE;
    if (f->mode <= SEQUENCE) {
        oxl_pop(a, L, 1);
        if (a->lua_next(L, f->table)) {
            if (comma(e) == FAILED)
                return FAILED;
            if (f->mode == OBJECT)
                return write_key(e);
            f->i++;
            if (a->lua_type(L, -2) == OXL_TNUMBER && oxl_tonumber(a, L, -2) == (double)f->i)
                return VALUE;
            /* Not a sequence after all: write it again from its beginning. */
            e->b->len = f->begin;
            forget(e);
            a->lua_settop(L, f->table);
            return reconsider(e);
        }
    } else if (f->mode == ARRAY) {
        a->lua_settop(L, f->table);
        if (f->i < f->n) {
            if (comma(e) == FAILED)
                return FAILED;
            a->lua_rawgeti(L, f->table, (int64_t)++f->i);
            return VALUE;
        }
    } else {
        a->lua_settop(L, f->table + 1);
        if (++f->i < f->n)
            return comma(e) == FAILED ? FAILED : sorted_key(e);
        rust.sort_cut(e->w->space, f->sorted);
        a->lua_settop(L, f->table);
    }
    /* The container is complete, and a value of the one around it. */
    e->depth--;
    if (e->o->indent_len && !newline(e))
        return no_memory(e);
    if (!room(e, 8))
        return no_memory(e);
    PUT(f->mode == OBJECT || f->mode == SORTED ? '}' : ']');
    e->f = f - 1;
    return WRITTEN;
}

int oxl_json_walk(const oxl_api *a, lua_State *L, const struct walk *w) {
    struct encoder e;
    enum step step;
    e.a = a;
    e.L = L;
    e.w = w;
    e.o = w->options;
    e.b = w->sink;
    e.frames = e.f = NULL;
    e.depth = e.room = 0;
    e.null_type = e.o->null == NULL_GIVEN ? a->lua_type(L, w->null) : -1;
    e.known = rust.known(w->space, &e.era);
    e.pointers = a->is_jit || a->version_number >= 504;
    a->lua_pushvalue(L, w->value);
    do {
        step = value(&e);
        while (step == WRITTEN)
            step = next(&e);
    } while (step == VALUE);
    return step == DONE;
}
