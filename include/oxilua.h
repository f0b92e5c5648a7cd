/* oxilua.h: the extensions of oxilua, for programs that embed Lua.
 *
 * Made by `make header` from src/capi. docs/C-API.md explains it; in short:
 *
 * - Functions that can fail return an oxl_status, 0 or negative, and take an `oxl_error **` at the end. It may be NULL. Otherwise
 *   it is set by every call: to NULL on success, else to an error that you free.
 * - No function raises a Lua error, and none lets one pass through it.
 * - Text goes in as pointer and length, and comes out as an oxl_str. What a result points to belongs to the library, for
 *   as long as the function says.
 * - `const T *` may be used by several threads at once, `T *` by one. A lua_State, with all of its coroutines, is used by one
 *   thread at a time, as Lua asks. */

#ifndef OXILUA_H
#define OXILUA_H

#include <stddef.h>
#include <stdint.h>

/* The version of this header. oxl_version() is that of the library. */
#define OXL_VERSION "0.1.0"
#define OXL_VERSION_MAJOR 0
#define OXL_VERSION_MINOR 1
#define OXL_VERSION_PATCH 0
/* major * 1000000 + minor * 1000 + patch */
#define OXL_VERSION_NUMBER 1000

/* Lua's own; <lua.h> is not needed here. */
struct lua_State;


/**
 * The version of the C API's binary interface. It grows when a program that was compiled with an older header would no
 * longer work with this library. New functions do not change it.
 */
#define OXL_ABI_VERSION 1

/**
 * How a call went: 0, or a negative number that says why not. Numbers are never changed or used again.
 */
enum oxl_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It worked.
     */
    OXL_OK = 0,
    /**
     * An argument is NULL or otherwise not allowed.
     */
    OXL_ERR_ARGUMENT = -1,
    /**
     * The Lua of the state was not found, or cannot be used. The message says why, and what helps.
     */
    OXL_ERR_NO_LUA = -2,
    /**
     * There is no extension of this name in this build of the library.
     */
    OXL_ERR_NO_EXTENSION = -3,
    /**
     * An error in Lua, or in a function that Lua calls.
     */
    OXL_ERR_LUA = -4,
    /**
     * Lua ran out of memory, or reached its limit.
     */
    OXL_ERR_MEMORY = -5,
    /**
     * A defect of oxilua, caught: please report it. It says more on stderr.
     */
    OXL_PANIC = -99,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum oxl_status oxl_status;
#else
typedef int32_t oxl_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A Lua library, or a program with a Lua in it, that oxilua works with. It stays valid, and the same, for as long as
 * the process runs; any thread may read it.
 */
typedef struct oxl_engine oxl_engine;

/**
 * Why a call failed. It does not change, and does not depend on the state where it happened: it may be kept for as long as
 * you like, read on any thread, and freed on any one. `oxl_error_free` it.
 */
typedef struct oxl_error oxl_error;

/**
 * A text that somebody else owns: `len` bytes at `data`, with a NUL behind them that does not count. `data` is never NULL.
 * Bytes may be NUL as well, and need not be UTF-8.
 */
typedef struct oxl_str {
    /**
     * The first byte.
     */
    const char *data;
    /**
     * The number of bytes.
     */
    size_t len;
} oxl_str;

/**
 * A function of the host's Lua.
 */
typedef struct oxl_host_function {
    /**
     * Its name, as in the Lua manual.
     */
    const char *name;
    /**
     * Its address.
     */
    void (*address)(void);
} oxl_host_function;

/**
 * A host's Lua: the functions of its C API. Made by `oxl_host_lua()` of `oxilua_host.h`.
 *
 * Fields are only ever added at the end, and `size` says which are there.
 */
typedef struct oxl_host {
    /**
     * The size of this struct in bytes, as the host was compiled.
     */
    uint32_t size;
    /**
     * `LUA_VERSION_NUM` of the host's `lua.h`: 501 for Lua 5.1 and LuaJIT, up to 505.
     */
    uint32_t lua_version_num;
    /**
     * How many functions follow.
     */
    uint32_t count;
    /**
     * Always 0 for now.
     */
    uint32_t flags;
    /**
     * The functions, in any order.
     */
    const struct oxl_host_function *functions;
} oxl_host;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library that is loaded, such as "0.1.0"; OXL_VERSION is that of the header. Valid for as long as
 * the library is loaded. Any thread.
 */
struct oxl_str oxl_version(void);

/**
 * The same as a number to compare: OXL_VERSION_NUMBER. Any thread.
 */
uint32_t oxl_version_number(void);

/**
 * The version of the library's binary interface. A program that was compiled with another OXL_ABI_VERSION must not
 * call anything else. Any thread.
 */
uint32_t oxl_abi_version(void);

/**
 * The name of a status, such as "OXL_ERR_NO_LUA"; an empty text for a number that is none. Valid for as long as the
 * library is loaded. Any thread.
 */
struct oxl_str oxl_status_name(int32_t status);

/**
 * The status that the failed call returned.
 */
oxl_status oxl_error_code(const struct oxl_error *error);

/**
 * What went wrong, in words for a person. Valid until the error is freed.
 */
struct oxl_str oxl_error_message(const struct oxl_error *error);

/**
 * Where in Lua it went wrong, as `debug.traceback` writes it; an empty text if no Lua code was running. Valid until the
 * error is freed.
 */
struct oxl_str oxl_error_traceback(const struct oxl_error *error);

/**
 * The error that led to this one, or NULL. It belongs to this one: do not free it, and do not use it once this one has
 * been freed.
 */
const struct oxl_error *oxl_error_cause(const struct oxl_error *error);

/**
 * Frees an error with its causes. NULL is allowed and does nothing.
 */
void oxl_error_free(struct oxl_error *error);

/**
 * How many different Luas oxilua has met in this process. It only grows. Any thread.
 */
size_t oxl_engine_count(void);

/**
 * A Lua, from 0 on in the order in which they were met; NULL if there are not so many. Any thread.
 */
const struct oxl_engine *oxl_engine_at(size_t index);

/**
 * "Lua 5.4", or "LuaJIT". Valid for as long as the process runs.
 */
struct oxl_str oxl_engine_name(const struct oxl_engine *engine);

/**
 * Where it is, and in parentheses how it was found: "/usr/bin/lua5.4 (it called)". Valid for as long as the process
 * runs.
 */
struct oxl_str oxl_engine_origin(const struct oxl_engine *engine);

/**
 * Its LUA_VERSION_NUM: 501 to 505, 501 for LuaJIT.
 */
uint32_t oxl_engine_version_number(const struct oxl_engine *engine);

/**
 * How many extensions this build of the library has. Any thread.
 */
size_t oxl_extension_count(void);

/**
 * What `require` calls an extension, such as "oxilua.json", from 0 on; an empty text if there are not so many. Valid for
 * as long as the process runs. Any thread.
 */
struct oxl_str oxl_extension_name(size_t index);

/**
 * Opens an extension in a Lua state: puts it into `package.loaded`, so that `require` finds it, and pushes it onto the stack of
 * L. If it has been loaded before, it is the one that is there.
 *
 * `name`, of `name_len` bytes, is what `require` calls it: "oxilua.json". With NULL and 0 all are opened, and what is pushed
 * is the table of `require "oxilua"`, which has them as fields.
 *
 * `host` is NULL if the state's Lua is the only one of the process and exports its functions, as a shared library does.
 * Otherwise it is `oxl_host_lua()` of oxilua_host.h, which may be given in any case. It is read during this call only; the
 * Lua that was handed over is known from then on, and must stay loaded.
 *
 * L may be any coroutine that runs now, also inside of a lua_CFunction, or the main thread while it does not run. Five free stack
 * slots are needed. On failure the stack is as it was, and nothing is raised.
 *
 * OXL_ERR_NO_LUA, OXL_ERR_NO_EXTENSION, OXL_ERR_MEMORY; OXL_ERR_LUA if the state is being closed. On the thread that uses the
 * state.
 */
oxl_status oxl_open(struct lua_State *L,
                    const struct oxl_host *host,
                    const char *name,
                    size_t name_len,
                    struct oxl_error **error);

/**
 * Makes `require` find an extension in a Lua state, which is opened when a script asks for it: puts its loader into
 * `package.preload`, in place of another of this name. The stack of L is not changed.
 *
 * `name`, `name_len`, `host` and L are those of `oxl_open`; with NULL and 0 it makes `require` find all of them, and "oxilua".
 *
 * The errors of `oxl_open`; OXL_ERR_LUA also if the state has no package library, and so no `require`. On the thread that
 * uses the state.
 */
oxl_status oxl_preload(struct lua_State *L,
                       const struct oxl_host *host,
                       const char *name,
                       size_t name_len,
                       struct oxl_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* OXILUA_H */
