# libsg_open_tracking: `make` lists the targets.

CARGO  ?= cargo
PYTHON ?= python3
TARGET := target/release
SANDBOX := target/debug/sg-open-tracking-sandbox

export SG_OPEN_TRACKING_LIBRARY = $(CURDIR)/$(TARGET)/libsg_open_tracking.so
export SG_OPEN_TRACKING_SANDBOX = $(CURDIR)/$(SANDBOX)

LANGUAGES := cpp csharp go java javascript php python ruby shell

.DEFAULT_GOAL := help
.PHONY: help build cli demo test lint toolchains test-rust test-abi test-c test-callers test-docs test-languages \
	$(LANGUAGES:%=test-%) counters bench profile valgrind asan tsan fuzz deny coverage test-hard clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z%-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  make test-LANGUAGE      one of: $(LANGUAGES)"

build: ## build the shared and the static library, and the sandbox
	$(CARGO) rustc --locked --release --lib --crate-type cdylib,staticlib
	@ln -sf libsg_open_tracking.so $(TARGET)/libsg_open_tracking.so.1
	$(CARGO) build --locked --package sg_open_tracking_sandbox

cli: ## build the command-line tool, target/release/sg-open-tracking
	$(CARGO) build --locked --release --package sg-open-tracking

demo: build ## see it work: a C and a Python program against a local stand-in for SendGrid
	tests/demo.sh

test: ## run every test; what is missing is installed, or named
	tests/all.sh

toolchains: ## install what the tests of the languages need, or name it
	tests/languages.sh --install

lint: ## formatting, clippy, shellcheck
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets --features sg_open_tracking/internals --quiet -- -D warnings
	tests/shell.sh

test-rust: ## the tests in Rust, of the library, the sandbox and the command-line tool
	$(CARGO) test --locked --workspace

test-abi: build ## exported symbols, SONAME, the committed header
	tests/abi.sh

test-c: build ## the C programs, as C99, C11 and C++17, dynamic and static, and under valgrind
	tests/c_programs.sh

test-callers: build ## C programs that use the library wrongly, hard or unluckily
	tests/callers.sh

test-languages: build ## every binding's own checks and the conformance table
	tests/languages.sh

$(LANGUAGES:%=test-%): test-%: build
	tests/languages.sh $*

test-docs: build ## the README's snippets and tables
	tests/docs.sh

counters: build ## count what a warm call costs, and compare with what is committed
	benches/counters

bench: build ## measure the library beside its peers (five minutes, a quiet machine)
	benches/run

profile: ## where the instructions of a warm call go, by crate and by function
	benches/profile

valgrind: build ## the C programs under valgrind: leaks and invalid accesses
	tests/valgrind.sh

asan: build ## the Rust tests and the C programs under AddressSanitizer
	tests/sanitizers.sh address

tsan: build ## the same under ThreadSanitizer, with an instrumented standard library
	tests/sanitizers.sh thread

fuzz: ## run each fuzz target for FUZZ_SECONDS (60)
	tests/fuzz.sh

test-hard: ## deny, fuzz, asan and tsan: what CI runs after make test
	tests/all.sh deny fuzz asan tsan

deny: ## licences, bans and sources of the dependencies
	tests/deny.sh

coverage: ## how much of src/ the Rust tests run
	tests/coverage.sh

clean: ## remove what was built
	rm -rf target build
