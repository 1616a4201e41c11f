# libsg_open_tracking: `make` lists the targets.

CARGO  ?= cargo
PYTHON ?= python3
TARGET := target/release
SANDBOX := target/debug/sg-open-tracking-sandbox

export SG_OPEN_TRACKING_LIBRARY = $(CURDIR)/$(TARGET)/libsg_open_tracking.so
export SG_OPEN_TRACKING_SANDBOX = $(CURDIR)/$(SANDBOX)

.DEFAULT_GOAL := help
.PHONY: help build demo test lint test-rust test-abi test-c test-python test-docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the shared and the static library, and the sandbox
	$(CARGO) rustc --locked --release --lib --crate-type cdylib,staticlib
	@ln -sf libsg_open_tracking.so $(TARGET)/libsg_open_tracking.so.1
	$(CARGO) build --locked --package sg_open_tracking_sandbox

demo: build ## see it work: a C and a Python program against a local stand-in for SendGrid
	tests/demo.sh

test: ## run every test; what is missing is installed, or named
	tests/all.sh

lint: ## formatting, clippy, shellcheck
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets --quiet -- -D warnings
	tests/shell.sh

test-rust: ## the library's and the sandbox's tests in Rust
	$(CARGO) test --locked --workspace

test-abi: build ## exported symbols, SONAME, the committed header
	tests/abi.sh

test-c: build ## the C programs, as C99, C11 and C++17, dynamic and static, and under valgrind
	tests/c_programs.sh

test-python: build ## the Python package in an environment of its own
	tests/python_package.sh

test-docs: build ## the README's snippets and tables
	tests/docs.sh

clean: ## remove what was built
	rm -rf target build
