/* What the files that encode share: the walk's state (walk.c), and the pieces of text that are written on the way. */
#ifndef OXL_JSON_ENCODER_H
#define OXL_JSON_ENCODER_H

#include "json.h"

#include <string.h>

#define fail         OXL_SYM(json_fail)
#define no_memory    OXL_SYM(json_no_memory)
#define done         OXL_SYM(json_done)
#define unsupported  OXL_SYM(json_unsupported)
#define too_deep     OXL_SYM(json_too_deep)
#define sort_keys_of OXL_SYM(json_sort_keys_of)
#define sorted_key   OXL_SYM(json_sorted_key)

#if defined(__GNUC__) || defined(__clang__)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NEVER_INLINE  __attribute__((noinline))
#else
#define ALWAYS_INLINE inline
#define NEVER_INLINE
#endif

enum mode {
    OBJECT,   /* lua_next; stack: table, key, value */
    SEQUENCE, /* lua_next as long as the keys are 1, 2, 3...; stack: table, key, value */
    ARRAY,    /* lua_rawgeti from 1 to n; stack: table, value */
    SORTED    /* the keys from the sorter; stack: table, keys, key, value */
};
struct frame {
    uint64_t i;    /* SEQUENCE, ARRAY: index of the current element. SORTED: its number in the sorter */
    uint64_t n;    /* ARRAY: number of elements. SORTED: end in the sorter */
    size_t begin;  /* where its text begins */
    size_t sorted; /* SORTED: begin in the sorter */
    int32_t table; /* stack index */
    int32_t mode;
};

/* Keys repeat, and a Lua string has one address: remember where the text of a key is, quotes, colon and all. It holds as long
 * as no Lua code runs, nor the collector, which might free a string and put another in its place: then a new era begins. */
enum { KNOWN_LEN = 32 };

struct encoder {
    const oxl_api *a;
    lua_State *L;
    const struct walk *w;
    const struct options *o;
    struct sink *b;
    struct frame *frames, *f; /* f: the innermost open container */
    int depth, room;          /* open containers; frames that there is memory for */
    int null_type;            /* the type of the caller's own null */
    struct known *known;
    uint32_t era;
    int pointers; /* lua_topointer knows strings, here */
};
enum step { VALUE /* one is on the top, to be written */, WRITTEN, DONE, FAILED };

#define PUT(c) (e->b->p[e->b->len++] = (c))

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

/* refuse.c: why something cannot be encoded, and where it is. */
enum step fail(struct encoder *e, const char *what);
enum step no_memory(struct encoder *e);
/* What an appending function returned. */
enum step done(struct encoder *e, int code);
/* The value on the top cannot be encoded. */
enum step unsupported(struct encoder *e);
/* The table on the top is nested too deeply, or endlessly. */
enum step too_deep(struct encoder *e);

/* sorted.c: pushes the keys of the table, which is on the top, as an array, and sorts them. */
enum step sort_keys_of(struct encoder *e, struct frame *f);
/* Writes the next of the sorted keys and pushes it and its value. */
enum step sorted_key(struct encoder *e);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

/* Begins a new era of known keys. */
static inline void forget(struct encoder *e) {
    e->known = rust.known(e->w->space, &e->era);
}

static inline int room(struct encoder *e, size_t n) {
    return e->b->cap - e->b->len >= n || rust.grow(e->b, n);
}

/* At most eight bytes. */
static inline enum step word(struct encoder *e, const char *s, size_t n) {
    if (!room(e, 8))
        return no_memory(e);
    memcpy(e->b->p + e->b->len, s, n);
    e->b->len += n;
    return WRITTEN;
}

static inline int newline(struct encoder *e) {
    size_t unit = e->o->indent_len;
    if (!room(e, 8 + (size_t)e->depth * unit))
        return 0;
    PUT('\n');
    for (int i = 0; i < e->depth; i++) {
        memcpy(e->b->p + e->b->len, e->o->indent, unit);
        e->b->len += unit;
    }
    return 1;
}

static inline int number(struct encoder *e, int i) {
    const oxl_api *a = e->a;
    lua_State *L = e->L;
    if (a->has_integers && a->lua_isinteger(L, i))
        return rust.integer(e->b, a->lua_tointegerx(L, i, NULL));
    return rust.number(e->b, e->o, oxl_tonumber(a, L, i));
}

static inline enum step colon(struct encoder *e) {
    if (!room(e, 8))
        return no_memory(e);
    PUT(':');
    if (e->o->indent_len)
        PUT(' ');
    return VALUE;
}

#endif
