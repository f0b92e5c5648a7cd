#!/usr/bin/env bash
# The module of examples/module, built once and required in every Lua on this machine: lua-tests/module.t. Then the same
# with panic = "abort". Argument: `unwind` or `abort` (default: both).
source "$(dirname "$0")/common.sh"
export RUST_BACKTRACE=0

have prove || { left_out prove "not on PATH"; exit 0; }
check_system_luas

# build KIND: examples/module into $modules/KIND/example.so
build() {
    local out=$target/module
    # The versions of the dependencies that oxilua itself is tested with.
    cp Cargo.lock examples/module/
    CARGO_PROFILE_DEV_PANIC=$1 "$cargo" build --quiet --manifest-path examples/module/Cargo.toml --target-dir "$out"
    mkdir -p "$modules/$1"
    # A copy: the other build writes the same file.
    cp "$out/debug/libexample.so" "$modules/$1/example.so"
    if nm -D --undefined-only "$modules/$1/example.so" | grep -i ' _\?lua'; then
        echo "the module needs symbols of a Lua (above)"
        exit 1
    fi
}

# closed_once LOG: whether every journal that was opened was closed, once, and none otherwise.
closed_once() {
    awk '
        $1 == "open" { opened[$2]++; all++ }
        $1 == "close" { closed[$2]++ }
        END {
            for (name in opened) if (opened[name] != 1 || closed[name] != 1) {
                printf "journal %s: opened %d times, closed %d times\n", name, opened[name], closed[name]; bad++
            }
            for (name in closed) if (!(name in opened)) { printf "journal %s: closed, never opened\n", name; bad++ }
            if (!all) { print "no journal was opened"; bad++ }
            if (!bad) printf "all %d journals were closed exactly once\n", all
            exit bad > 0
        }' "$1"
}

failures=0
# check NAME COMMAND...: the test in one Lua, and after that has ended, what it left behind.
check() {
    local name=$1 log=$logs/$1.log; shift
    echo "== $kind: $name"
    rm -f "$log"
    # What goes to standard error are the messages of the panics.
    if ! MODULE_TEST_LOG=$log MODULE_TEST_PANIC=$kind LUA_CPATH="$modules/$kind/?.so" \
        prove --exec "$*" lua-tests/module.t 2>"$log.stderr"; then
        failures=$((failures + 1))
        tail -n 20 "$log.stderr"
    fi
    closed_once "$log" || failures=$((failures + 1))
}

for kind in ${1:-unwind abort}; do
    build "$kind"
    logs=$target/module/logs-$kind
    mkdir -p "$logs"
    while IFS=$'\t' read -r name how lua; do
        check "$how-$name" "$lua"
    done < <(built_luas; system_luas)
    if have_lupa; then
        check lupa "$python" lua-tests/lupa_runner.py
    fi
    if [ "$kind" = abort ]; then
        # Proof that this is the other build.
        lua=$luas/lua54/bin/lua
        script='pcall(require("example").panic, os.getenv("MODULE_TEST_LOG"), "x")'
        export LUA_CPATH="$modules/abort/?.so" MODULE_TEST_LOG=$logs/panic.log
        # The shell in between keeps its remark about the signal to itself.
        status=$(sh -c 'ulimit -c 0; "$@"; echo $?' sh "$lua" -e "$script" 2>/dev/null)
        unset LUA_CPATH MODULE_TEST_LOG
        if [ "$status" != 134 ]; then
            echo "a panic did not abort (exit status $status)"
            failures=$((failures + 1))
        fi
    fi
done
[ $failures -eq 0 ] || { echo "$failures checks of the module failed"; exit 1; }
