# libsg_open_tracking: `make` builds what `make install` installs, `make help` lists the targets.

CARGO  ?= cargo
PYTHON ?= python3
TARGET := target/release
SANDBOX := target/debug/sg-open-tracking-sandbox

export SG_OPEN_TRACKING_LIBRARY = $(CURDIR)/$(TARGET)/libsg_open_tracking.so
export SG_OPEN_TRACKING_SANDBOX = $(CURDIR)/$(SANDBOX)

# Each a folder of bindings/; `make test-c` is more than the check of bindings/c.
LANGUAGES := $(filter-out c,$(patsubst bindings/%/check,%,$(wildcard bindings/*/check)))

# Each a script in tests/managers/.
MANAGERS := deb rpm arch nix conan nuget

.DEFAULT_GOAL := all
.PHONY: all help library pages install uninstall deb rpm arch build cli demo clean docs book \
	test lint toolchains test-rust test-abi test-c test-callers test-docs test-book test-languages test-hosts $(LANGUAGES:%=test-%) \
	test-install test-static test-cargo-c $(MANAGERS:%=test-%) test-package-managers dist test-packages \
	test-foreign-packages test-repeats test-release test-hard test-platforms test-distributions counters bench profile \
	valgrind asan tsan fuzz deny coverage

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z%-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  make test-LANGUAGE      one of: $(LANGUAGES)"
	@echo "  make test-MANAGER       one of: $(MANAGERS)"

all: library pages ## build all that `make install` installs

install: ## install it: PREFIX (/usr/local), DESTDIR, LIBDIR, INCLUDEDIR, BINDIR, DATADIR, MANDIR
	@packaging/install.sh install

uninstall: ## remove what `make install` with the same settings has installed
	@packaging/install.sh uninstall

library:
	$(CARGO) build --locked --release --lib
	@packaging/native_libs.sh >$(TARGET)/native-libs
	@ln -sf libsg_open_tracking.so $(TARGET)/libsg_open_tracking.so.1
	@packaging/debug_symbols.sh $(TARGET)/libsg_open_tracking.so
	@packaging/static_library.sh $(TARGET)/libsg_open_tracking.a

build: library ## build the shared and the static library, and the sandbox
	$(CARGO) build --locked --package sg_open_tracking_sandbox

cli: ## build the command-line tool, target/release/sg-open-tracking
	$(CARGO) build --locked --release --package sg-open-tracking
	@packaging/debug_symbols.sh $(TARGET)/sg-open-tracking

pages: cli # the man pages and the completions, into build/share
	@packaging/pages.sh $(TARGET)/sg-open-tracking build/share

deb: all ## make the Debian packages, in build/deb
	packaging/deb.sh

rpm: ## make the RPM packages, in build/rpm, of what is committed
	packaging/rpm.sh

arch: ## make the Arch package, in build/arch, of what is committed
	packaging/arch.sh

demo: build ## see it work: a C and a Python program against a local stand-in for SendGrid
	tests/demo.sh

test: ## run every test; what is missing is installed, or named
	tests/all.sh

toolchains: ## install what the tests of the languages need, or name it
	tests/languages.sh --install

lint: ## formatting, clippy, shellcheck, and facts that stand in several places
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets --quiet -- -D warnings
	tests/shell.sh
	tests/facts.py

test-rust: ## the tests in Rust, of the library, the sandbox and the command-line tool
	$(CARGO) test --locked --workspace

test-abi: build ## exported symbols, SONAME, layout and types, against the first release's
	tests/abi.sh

test-c: build ## the C programs, as C99, C11 and C++17, dynamic and static, and under valgrind
	tests/c_programs.sh

test-callers: build ## C programs that use the library wrongly, hard or unluckily
	tests/callers.sh
	tests/elevated.sh

test-languages: build ## every binding's own checks and the conformance table
	tests/languages.sh

$(LANGUAGES:%=test-%): test-%: build
	tests/languages.sh $*

test-hosts: build ## the library inside other people's processes, under load
	tests/hosts.sh

test-install: build pages ## make install, pkg-config, CMake, Meson, man, the .deb packages, without the source tree
	tests/install.sh

test-static: build ## the static library beside another static library in Rust
	tests/static.sh

test-cargo-c: build pages ## `cargo cinstall` gives what `make install` does
	tests/cargo_c.sh

$(MANAGERS:%=test-%): test-%: build pages
	tests/managers/$*

test-package-managers: ## the packages of each package manager, made and used: 24 minutes of processor time
	tests/all.sh $(MANAGERS:%=test-%)
	@grep -h '^|' $(MANAGERS:%=build/logs/test-%.log)

test-docs: build ## every snippet of the documents, their links, and the references
	tests/docs.sh
	tests/keep_it_off.sh

test-book: book ## the book in a browser: its search, on a phone, light and dark
	tests/book.sh

counters: build ## count what a warm call costs, and compare with what is committed
	benches/counters

bench: build cli ## measure the library and the tool beside their peers (seven minutes, a quiet machine)
	benches/run

profile: ## where the instructions of a warm call go, by crate and by function
	benches/profile

dist: ## pack a release, into build/dist: source, libraries, a package for each language
	packaging/portable.sh
	packaging/packages.sh

# The same for aarch64 and for musl: a wheel and an npm package.
dist-%:
	packaging/portable.sh $*
	PLATFORM=$* packaging/packages.sh

test-packages: dist ## each package installed into an empty place and used there, without the source tree
	$(CARGO) build --locked --package sg_open_tracking_sandbox
	tests/packages.sh

test-foreign-packages: dist-aarch64 dist-musl ## wheels and npm packages for aarch64 and musl, made and used there
	$(CARGO) build --locked --package sg_open_tracking_sandbox
	tests/foreign_packages.sh

test-repeats: dist ## build the release again elsewhere: the same files, bit for bit
	tests/repeats.sh

test-platforms: build ## other processors and systems, by emulators: 35 minutes of processor time
	tests/platforms.sh

test-distributions: dist ## each package in trees of Debian 11 to testing, with nothing but the interpreter
	$(CARGO) build --locked --package sg_open_tracking_sandbox
	tests/distributions.sh

# What is shipped holds no path of the machine that built it.
library cli: export CARGO_ENCODED_RUSTFLAGS = $(shell packaging/rustflags.sh)
library cli: export CFLAGS := $(shell packaging/cflags.sh)

valgrind: build ## the C programs under valgrind: leaks and invalid accesses
	tests/valgrind.sh

asan: build ## the Rust tests and the C programs under AddressSanitizer
	tests/sanitizers.sh address

tsan: build ## the same under ThreadSanitizer, with an instrumented standard library
	tests/sanitizers.sh thread

fuzz: ## run each fuzz target for FUZZ_SECONDS (60)
	tests/fuzz.sh

test-release: ## test-install, test-packages and test-repeats: what CI runs after make test
	tests/all.sh test-install test-packages test-repeats

test-hard: ## deny, fuzz, asan and tsan: what CI runs last
	tests/all.sh deny fuzz asan tsan

deny: ## licences, bans and sources of the dependencies
	tests/deny.sh

coverage: ## how much of client/ and src/ the Rust tests run
	tests/coverage.sh

docs: ## the references: C by Doxygen into build/docs/c/html, Rust into target/doc
	@mkdir -p build/docs/c
	VERSION=$$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml) doxygen docs/Doxyfile
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --quiet

book: docs ## all documents and the references as one searchable site, build/book/html
	@bash -c '. tests/needs.sh && cargo_tool mdbook && packaging/book.py'

clean: ## remove what was built
	rm -rf target build
