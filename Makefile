# The front door: `make help`. Each target first installs what it needs (tools/setup.sh), and says so.
SHELL := /bin/bash
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 600
JOBS ?= $(shell nproc)
PYTHON := .venv/bin/python3

.DEFAULT_GOAL := help
.PHONY: help build demo test check bench fuzz install format clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

build:  ## the product, optimised: build/release/bin/
	@tools/setup.sh build
	cmake --preset release
	cmake --build --preset release -j $(JOBS)

demo: build  ## start everything on this machine and open the door (ONCE=1: one pass, then end)
	@tools/setup.sh demo
	$(PYTHON) demo/run.py $(if $(ONCE),--once)

test:  ## every test; the last line says how many passed and failed
	@tools/setup.sh test
	@$(PYTHON) tools/run_tests.py --jobs $(JOBS)

check:  ## what a change must pass beside the tests: layers, format, clang-tidy, sanitizers
	@tools/setup.sh check
	$(PYTHON) tools/check_layers.py
	$(PYTHON) tools/format.py --check
	cmake --preset dev
	cmake --build --preset dev --target envoy_api_sources
	$(PYTHON) tools/tidy.py --jobs $(JOBS)
	$(PYTHON) tools/run_tests.py --preset asan --only unit,e2e --jobs $(JOBS)
	$(PYTHON) tools/run_tests.py --preset tsan --only unit,e2e --jobs $(JOBS)

bench:  ## measure against other proxies; the results go to bench/results/
	@tools/setup.sh bench
	cmake --preset release -DPROA_BENCH=ON
	cmake --build --preset release -j $(JOBS)
	$(PYTHON) bench/run.py

fuzz:  ## run each fuzz target for FUZZ_SECONDS (600), two at a time
	@tools/setup.sh check
	cmake --preset fuzz
	cmake --build --preset fuzz -j $(JOBS)
	$(PYTHON) tools/fuzz.py --seconds $(FUZZ_SECONDS)

install: build  ## into DESTDIR and PREFIX (/usr/local): the program, its systemd unit, manual page and completion
	DESTDIR=$(DESTDIR) cmake --install build/release --strip --prefix $(PREFIX)

format:  ## format the sources in place
	@tools/setup.sh test
	$(PYTHON) tools/format.py

clean:  ## remove what was built, but not what was installed by the set-up
	rm -rf build
