#!/usr/bin/env bash
# The tests of the Lua extensions, lua-tests/*.t, in one interpreter, with the C library as `require` finds it.
# Arguments: the command that runs a script.
source "$(dirname "$0")/common.sh"

tests=()
for test in lua-tests/*.t; do
    # That one is for another library: mk/module-tests.sh.
    [ "$test" = lua-tests/module.t ] || tests+=("$test")
done
[ -e "$modules/oxilua.so" ] || { echo "$modules/oxilua.so is not there: run \`make\`"; exit 1; }
[ ${#tests[@]} -gt 0 ] || { echo "there are no tests"; exit 1; }
LUA_CPATH="$modules/?.so" prove --exec "$*" "${tests[@]}"
