#!/usr/bin/env bash
# `make test`: all tests, one after the other, each with a log of its own, and a summary at the end.
#
#   ONLY=...        only those whose name matches this (extended) regular expression, and what builds for them
#   REQUIRE_ALL=1   what is not installed is a failure (CI), instead of being left out
source "$(dirname "$0")/common.sh"

logs=$target/test-logs
rm -rf "$logs"
mkdir -p "$logs"
passed=0 failed=0 started=$SECONDS
failures=()
notes=()

# run NAME COMMAND...: one line, and the end of the log if it fails.
run() {
    local name=$1 log since=$SECONDS; shift
    log=$logs/$(tr -c 'A-Za-z0-9.\n' '-' <<<"$name").log
    if "$@" >"$log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        printf 'ok      %-34s %4d s\n' "$name" $((SECONDS - since))
    else
        failed=$((failed + 1))
        failures+=("$name")
        printf 'FAILED  %-34s %4d s   %s\n' "$name" $((SECONDS - since)) "$log"
        tail -n 40 "$log" | sed 's/^/        | /'
    fi
    # What was left out inside.
    while read -r line; do notes+=("$name: $line"); done < <(grep '^left out: ' "$log" || true)
}

# check NAME COMMAND...: `run` for what can be asked for with ONLY.
check() {
    if [ -z "${ONLY:-}" ] || grep -qE "$ONLY" <<<"$1"; then
        run "$@"
    fi
}

# needs TOOL WHY: whether it is there. If not, what it is for is left out, or fails.
needs() {
    have "$1" && return 0
    missing "$1" "$2"
    return 1
}
missing() {
    if [ "${REQUIRE_ALL:-0}" = 1 ]; then
        failed=$((failed + 1))
        failures+=("$1 is missing, for $2")
    else
        notes+=("left out: $2: $1 is not installed")
    fi
}

# The name without slashes, and where it is from.
label() { printf '%s (%s)' "$1" "$2"; }

echo "Logs are in $logs"
check "lint" mk/lint.sh
run "the interpreters" build_luas
run "the C library" mk/library.sh

# Rust: the same programs with every shared Lua, then with Luas linked.
check "cargo test: tools" mk/cargo-tests.sh tools
[ -z "${ONLY:-}" ] || grep -qE "$ONLY" <<<"cargo test: bound" && run "cargo test: build" mk/cargo-tests.sh build
while IFS=$'\t' read -r name file; do
    case $file in
        "$luas"/*) how=built ;;
        *) how=system ;;
    esac
    check "cargo test: bound: $(label "$name" $how)" mk/cargo-tests.sh bound "$file"
done < <(shared_luas)
for feature in lua54 lua51 luajit; do
    check "cargo test: linked: $feature" mk/cargo-tests.sh linked "$feature"
done
check "cargo test: doc" mk/cargo-tests.sh doc "$luas/lua54/lib/liblua.so"

# Lua: the extensions in every interpreter, a module, a sample document.
for name in $SYSTEM_LUAS; do
    needs "$name" "tests in Debian's $name" || true
done
if needs prove "all tests that are written in Lua (perl has it)"; then
    while IFS=$'\t' read -r name how lua; do
        check "lua tests: $(label "$name" "$how")" mk/lua-tests.sh "$lua"
    done < <(built_luas; system_luas)
    if have_lupa; then
        check "lua tests: lupa" mk/lua-tests.sh "$python" lua-tests/lupa_runner.py
    else
        missing "Python's lupa" "tests in lupa's Luas"
    fi
    check "module: unwind" mk/module-tests.sh unwind
    check "module: abort" mk/module-tests.sh abort
fi
check "run" mk/run.sh
check "README" mk/readme-tests.sh

# C.
check "exported symbols" mk/check-exports.sh
check "header" mk/header.sh --check
check "header compiles" mk/check-header-compiles.sh
check "C" mk/c-tests.sh

# A crate of a user's.
check "outside crates" mk/outside.sh

echo
for note in ${notes[@]+"${notes[@]}"}; do echo "$note"; done
[ ${#notes[@]} -eq 0 ] || echo "(\`make deps\` installs what is missing, on Debian)"
for name in ${failures[@]+"${failures[@]}"}; do echo "FAILED: $name"; done
echo "$((SECONDS - started)) seconds"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
