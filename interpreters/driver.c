/*
** A standalone interpreter in the manner of lua.c, one source for Lua 5.1 to 5.5 and LuaJIT.
** It has no interactive mode, no signal handler and ignores LUA_INIT, so that tests see the same everywhere.
*/

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua.h"
#include "lauxlib.h"
#include "lualib.h"

#if defined(DRIVER_LUAJIT)
#include "luajit.h"
#define VERSION LUAJIT_VERSION " -- " LUAJIT_COPYRIGHT
#elif LUA_VERSION_NUM == 501
#define VERSION LUA_RELEASE "  " LUA_COPYRIGHT
#else
#define VERSION LUA_COPYRIGHT
#endif

/* The command line, and whether everything that it asks for succeeded. */
struct job {
  int argc;
  char **argv;
  int ok;
};

static const char *progname = "lua";

static void complain(const char *message) {
  fflush(stdout);
  fprintf(stderr, "%s: %s\n", progname, message);
  fflush(stderr);
}

static void usage(const char *bad, const char *why) {
  fflush(stdout);
  fprintf(stderr,
          "%s: '%s' %s\n"
          "usage: %s [options] [script [args]]\n"
          "  -e code  run it\n"
          "  -l mod   require it into the global 'mod'\n"
          "  -v       show the version\n"
          "  --       no more options\n"
          "  -        run stdin, as without a script\n",
          progname, bad, why, progname);
}

/* Replaces the message on top by the message with a traceback. */
static void add_traceback(lua_State *L) {
#if LUA_VERSION_NUM == 501 && !defined(DRIVER_LUAJIT)
  /* There is no luaL_traceback yet. */
  lua_getglobal(L, "debug");
  if (!lua_istable(L, -1)) {
    lua_pop(L, 1);
    return;
  }
  lua_getfield(L, -1, "traceback");
  lua_remove(L, -2);
  if (!lua_isfunction(L, -1)) {
    lua_pop(L, 1);
    return;
  }
  lua_pushvalue(L, -2);
  lua_pushinteger(L, 2); /* leave out debug.traceback and the handler */
  lua_call(L, 2, 1);
#else
  luaL_traceback(L, L, lua_tostring(L, -1), 1);
#endif
}

/* The message handler of every call. */
static int handle(lua_State *L) {
  if (lua_tostring(L, 1) == NULL) {
    if (luaL_callmeta(L, 1, "__tostring") && lua_type(L, -1) == LUA_TSTRING)
      return 1; /* its own words, without traceback */
    lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
    lua_replace(L, 1);
  }
  lua_settop(L, 1);
  add_traceback(L);
  return 1;
}

/* Prints the error on top, if there is one. Returns whether there was none. */
static int report(lua_State *L, int status) {
  const char *message;
  if (status == 0)
    return 1;
  message = lua_tostring(L, -1);
  complain(message != NULL ? message : "(error message not a string)");
  lua_pop(L, 1);
  return 0;
}

/* lua_pcall with the handler. */
static int call(lua_State *L, int nargs, int nresults) {
  int base = lua_gettop(L) - nargs;
  int status;
  lua_pushcfunction(L, handle);
  lua_insert(L, base);
  status = lua_pcall(L, nargs, nresults, base);
  lua_remove(L, base);
  return status;
}

static int run_code(lua_State *L, const char *code) {
  int status = luaL_loadbuffer(L, code, strlen(code), "=(command line)");
  return report(L, status != 0 ? status : call(L, 0, 0));
}

static int run_require(lua_State *L, const char *name) {
  int status;
  lua_getglobal(L, "require");
  lua_pushstring(L, name);
  status = call(L, 1, 1);
  if (status == 0)
    lua_setglobal(L, name);
  return report(L, status);
}

/* Runs a file, or stdin where 'name' is NULL, with the rest of the command line as its arguments. */
static int run_script(lua_State *L, const char *name, int nargs, char **args) {
  int i;
  int status = luaL_loadfile(L, name);
  if (status == 0) {
    luaL_checkstack(L, nargs + 3, "too many arguments to script");
    for (i = 0; i < nargs; i++)
      lua_pushstring(L, args[i]);
    status = call(L, nargs, LUA_MULTRET);
  }
  return report(L, status);
}

/* The global 'arg': the script at 0, its arguments above, interpreter and options below. */
static void create_arg(lua_State *L, int argc, char **argv, int script) {
  int i;
  if (script == argc)
    script = 0; /* no script: the interpreter is at 0 */
  lua_createtable(L, argc - script, script + 1);
  for (i = 0; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - script);
  }
  lua_setglobal(L, "arg");
}

/*
** What an option is for: 'e', 'l', 'v', '-' for the end of the options, 0 for none at all, '?' for a bad one. 'value'
** gets what -e and -l stand before, and 'used' how many words that took.
*/
static int parse_option(char **word, const char **value, int *used) {
  const char *option = word[0];
  *value = NULL;
  *used = 1;
  if (option[0] != '-' || option[1] == '\0')
    return 0;
  switch (option[1]) {
  case '-':
    return option[2] == '\0' ? '-' : '?';
  case 'v':
    return option[2] == '\0' ? 'v' : '?';
  case 'e':
  case 'l':
    if (option[2] != '\0') {
      *value = option + 2;
    } else {
      *value = word[1];
      *used = 2;
    }
    return option[1];
  default:
    return '?';
  }
}

/* Everything, within a protected call: even what comes first can run out of memory. */
static int work(lua_State *L) {
  struct job *job = (struct job *)lua_touserdata(L, 1);
  int argc = job->argc;
  char **argv = job->argv;
  int script, kind, used, i;
  int asked = 0;         /* for something else than a script */
  int stdin_allowed = 1; /* as the script named "-" */
  const char *value;

  /* First look at all options, because 'arg' must be there when -e runs. */
  for (script = 1; script < argc; script += used) {
    kind = parse_option(&argv[script], &value, &used);
    if (kind == '?') {
      usage(argv[script], "is not an option");
      return 0;
    }
    if ((kind == 'e' || kind == 'l') && value == NULL) {
      usage(argv[script], "needs an argument");
      return 0;
    }
    if (kind == 'v') {
      printf("%s\n", VERSION);
      fflush(stdout);
    }
    if (kind == 0)
      break;
    asked |= kind != '-';
    if (kind == '-') {
      stdin_allowed = 0;
      script++;
      break;
    }
  }

#if LUA_VERSION_NUM >= 502
  luaL_checkversion(L);
#endif
  lua_gc(L, LUA_GCSTOP, 0);
  luaL_openlibs(L);
  create_arg(L, argc, argv, script);
  lua_gc(L, LUA_GCRESTART, 0);
#if LUA_VERSION_NUM >= 504
  lua_gc(L, LUA_GCGEN, 0, 0); /* as lua.c has it */
#endif

  for (i = 1; i < script; i += used) {
    kind = parse_option(&argv[i], &value, &used);
    if (kind == 'e' && !run_code(L, value))
      return 0;
    if (kind == 'l' && !run_require(L, value))
      return 0;
  }
  if (script < argc) {
    const char *name = argv[script];
    if (stdin_allowed && strcmp(name, "-") == 0)
      name = NULL;
    job->ok = run_script(L, name, argc - script - 1, argv + script + 1);
  } else {
    job->ok = asked ? 1 : run_script(L, NULL, 0, NULL);
  }
  return 0;
}

int main(int argc, char **argv) {
  struct job job;
  int status;
  lua_State *L = luaL_newstate();
  if (argc > 0 && argv[0] != NULL && argv[0][0] != '\0')
    progname = argv[0];
  if (L == NULL) {
    complain("cannot create state: not enough memory");
    return EXIT_FAILURE;
  }
  job.argc = argc;
  job.argv = argv;
  job.ok = 0;
#if LUA_VERSION_NUM == 501
  status = lua_cpcall(L, work, &job);
#else
  lua_pushcfunction(L, work);
  lua_pushlightuserdata(L, &job);
  status = lua_pcall(L, 1, 0, 0);
#endif
  report(L, status);
  lua_close(L);
  return status == 0 && job.ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
