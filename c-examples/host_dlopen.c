/* A host that is linked with nothing: it opens oxilua and a Lua at run time, privately.
 *
 *     host_dlopen LIBOXILUA LIBLUA */
#include "dl_lua.h"
#include "tap.h"

typedef struct {
    void *library;
    uint32_t (*abi_version)(void);
    oxl_status (*open)(struct lua_State *, const oxl_host *, const char *, size_t, oxl_error **);
    oxl_status (*preload)(struct lua_State *, const oxl_host *, const char *, size_t, oxl_error **);
    oxl_str (*error_message)(const oxl_error *);
    void (*error_free)(oxl_error *);
    const oxl_engine *(*engine_at)(size_t);
    oxl_str (*engine_origin)(const oxl_engine *);
} oxilua;

static int open_oxilua(oxilua *ox, const char *path) {
    memset(ox, 0, sizeof *ox);
    ox->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    return ox->library != NULL && dl_get(ox->library, "oxl_abi_version", &ox->abi_version) &&
           dl_get(ox->library, "oxl_open", &ox->open) && dl_get(ox->library, "oxl_preload", &ox->preload) &&
           dl_get(ox->library, "oxl_error_message", &ox->error_message) &&
           dl_get(ox->library, "oxl_error_free", &ox->error_free) &&
           dl_get(ox->library, "oxl_engine_at", &ox->engine_at) &&
           dl_get(ox->library, "oxl_engine_origin", &ox->engine_origin);
}

static void visit(const char *oxilua_path, const char *lua_path) {
    oxilua ox;
    dl_lua lua;
    lua_State *L;
    oxl_error *error = NULL;
    if (!ok(open_oxilua(&ox, oxilua_path) && ox.abi_version() == OXL_ABI_VERSION, "oxilua is there") ||
        !ok(dl_open(&lua, lua_path), "Lua is there")) {
        printf("# %s\n", dlerror());
        return;
    }
    L = dl_newstate(&lua);
    if (!ok(ox.preload(L, NULL, NULL, 0, &error) == OXL_OK, "preload")) {
        printf("# %s\n", ox.error_message(error).data);
        ox.error_free(error);
        return;
    }
    printf("# %s\n", ox.engine_origin(ox.engine_at(0)).data);
    ok(dl_script(&lua, L, "return require 'oxilua'._VERSION == 'oxilua " OXL_VERSION "'"), "require");
    ok(dl_script(&lua, L, "return not pcall(getmetatable(require 'oxilua').__index)"), "an error");
    ok(ox.open(L, NULL, "oxilua", 6, NULL) == OXL_OK && lua.gettop(L) == 1, "open");
    lua.close(L);
    dlclose(lua.library);
    dlclose(ox.library);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: %s LIBOXILUA LIBLUA\n", argv[0]);
        return 2;
    }
    visit(argv[1], argv[2]);
    /* Both were closed: what was known of them must still hold. */
    visit(argv[1], argv[2]);
    return done_testing();
}
