# oxilua: what a user or CI types. `make help` lists it.

CARGO ?= cargo
TARGET = $(or $(CARGO_TARGET_DIR),target)
export CARGO

.DEFAULT_GOAL := all

.PHONY: all
all: ## build the C library: target/release/liboxilua.so and .a
	@mk/library.sh

.PHONY: run
run: interpreters all ## use oxilua.json in every Lua on the machine; FILE=... for your own document
	@mk/run.sh $(FILE)

.PHONY: interpreters
interpreters: ## build the six Luas to test with: target/lua
	$(CARGO) run --quiet -p oxilua-interpreters -- --out $(abspath $(TARGET)/lua)

.PHONY: test
test: ## all tests, with a summary; ONLY=... for those whose name matches, e.g. ONLY='module|outside'
	@mk/test.sh

.PHONY: lint
lint: ## formatting, clippy, rustdoc: no warnings
	@mk/lint.sh

.PHONY: header check-header
header: ## generate include/oxilua.h
	@mk/header.sh
check-header: ## fail if include/oxilua.h is not up to date
	@mk/header.sh --check

.PHONY: check-exports
check-exports: all ## compare the symbols of the C library with exported.txt
	@mk/check-exports.sh

.PHONY: bench-json
bench-json: interpreters all ## compare oxilua.json with lua-cjson; FILES="a.json b.json"
	@mk/bench-json.sh $(FILES)

.PHONY: bench
bench: ## compare the binding with its peer; ENGINES="lua54 luajit" MODES="owned module"
	@mk/bench.sh

.PHONY: deps
deps: ## install more interpreters and tools to test with (Debian, as root)
	@mk/deps.sh

.PHONY: clean
clean: ## remove everything built
	$(CARGO) clean
	rm -rf examples/module/target

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z][a-z -]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24
