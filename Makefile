# SPDX-License-Identifier: Apache-2.0
# `make help` lists what there is. Everything that a target needs, it installs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo build test test-all check chart parity reading kills fuzz bench wheel addon pictures clean

VENV := .venv/bin
SCENE ?=
DEMO_DIR ?= demo-out
# The Blenders of the table of outputs, as programs or as Pythons that have bpy; the usual ones where none is named.
BLENDERS ?=
BPY_VERSIONS := 4.2.23 4.5.15 5.0.1 5.1.2 5.2.3
READING_VERSIONS := 4.2.23 4.5.15 5.0.1 5.2.3
KILLS ?= 200
# How long each of the two that are compared watches a real Manager.
WATCH_SECS ?= 600
FUZZ_SECS ?= 1800
# Each Blender is alone with its scenes and starts often: several at once use all cores.
PARITY := tests/python/test_parity.py
# Where the kill tests trace their lanes, and the replay test finds them.
TRACES := $(CURDIR)/target/kill-traces
# Built for older systems by another compiler: in the folder of the other builds each would undo the other's work.
WHEEL_FLAGS := $(if $(filter Linux,$(shell uname -s)),--zig --compatibility manylinux_2_28)
WHEEL_TARGET := $(or $(CARGO_TARGET_DIR),target)/wheel

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  \1\t/' | expand -t 14

demo: build ## render a real animated scene on this computer (SCENE=path.blend takes your own)
	@tools/setup.sh blender
	@tools/demo.sh "$(SCENE)" "$(DEMO_DIR)"

build: ## the library and the farmhand command, in .venv
	@tools/setup.sh venv
	@VIRTUAL_ENV=$(CURDIR)/.venv $(VENV)/maturin develop --release --quiet

test: build ## every fast test, a real Blender included
	@tools/setup.sh blender
	@tools/setup.sh ffmpeg
	cargo test --quiet --features companion
	$(VENV)/pytest -m "not slow"

test-all: build addon ## the slow beds: every Blender, the window, kills, the full exploration of the lane rules
	@tools/setup.sh blender
	@tools/setup.sh ffmpeg
	@tools/setup.sh window
	@tools/setup.sh cluster
	cargo test --quiet --features companion --lib -- --ignored
	cargo build --quiet --features companion
	rm -rf $(TRACES)
	export FARMHAND_COMPANION=$(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/debug/farmhand; \
	export FARMHAND_TRACE_DIR=$(TRACES) FARMHAND_TEST_BLENDERS="$$(command -v blender):$$(tools/setup.sh bpy 4.5.15):$$(tools/setup.sh bpy 5.0.1)"; \
	$(VENV)/pytest -m slow -n 3 $(PARITY); \
	$(VENV)/pytest -m slow --durations=15 tests --ignore $(PARITY)
	FARMHAND_TRACE_DIR=$(TRACES) cargo test --quiet --features companion --test integration replay

check: build chart ## formatting, lints, types, stubs, licences, the chart
	cargo fmt --check
	cargo check --quiet
	cargo clippy --quiet --all-targets --features companion,python -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --document-private-items --features companion
	$(VENV)/ruff format --check
	$(VENV)/ruff check
	$(VENV)/mypy
	cd python && ../$(VENV)/stubtest farmhand._native
	"$$(tools/setup.sh deny)" --all-features check bans licenses sources

chart: ## the Helm chart: lint with every example of values, unit tests
	@tools/chart.sh

parity: build ## every scene beside Blender's own -a with many Blenders, and docs/outputs.md from it (BLENDERS="…" names others)
	@tools/setup.sh blender
	rm -rf target/parity
	blenders="$(BLENDERS)"; \
	if [ -z "$$blenders" ]; then \
	  blenders=$$(command -v blender); \
	  for version in $(BPY_VERSIONS); do blenders+=" $$(tools/setup.sh bpy $$version)"; done; \
	fi; \
	outcome=0; FARMHAND_TEST_BLENDERS=$${blenders// /:} $(VENV)/pytest -m slow -n 3 $(PARITY) || outcome=$$?; \
	$(VENV)/python tools/outputs_table.py && exit $$outcome

reading: build ## the table in docs/reading.md: the paths that Farmhand, many Blenders and another tracer name (BLENDERS="…" names others)
	@tools/setup.sh blender
	blenders="$(BLENDERS)"; \
	if [ -z "$$blenders" ]; then \
	  blenders=$$(command -v blender); \
	  for version in $(READING_VERSIONS); do blenders+=" $$(tools/setup.sh bpy $$version)"; done; \
	fi; \
	$(VENV)/python tools/reading_table.py $$blenders

kills: build ## KILLS=200 random kills over jobs of 40 frames with two slots, then every trace held to the lane rules
	@tools/setup.sh blender
	rm -rf $(TRACES)
	FARMHAND_KILLS=$(KILLS) FARMHAND_TRACE_DIR=$(TRACES) $(VENV)/pytest -m slow -s tests/python/test_kills.py
	FARMHAND_TRACE_DIR=$(TRACES) cargo test --quiet --test integration replay -- --nocapture

fuzz: ## reader, tracer and rewriter against damaged files, FUZZ_SECS=1800 beside each other
	@tools/setup.sh blender
	fuzz/run.sh $(FUZZ_SECS)

bench: build ## warm lanes against -a, two slots against one, many jobs, tracing against another tracer, paths mapped per second, large files
	@tools/setup.sh blender
	$(VENV)/python tests/bench/warm_lanes.py
	$(VENV)/python tests/bench/two_slots.py
	$(VENV)/python tests/bench/many_jobs.py
	$(VENV)/python tests/bench/tracing.py
	cargo bench --quiet --bench paths
	$(VENV)/python tests/bench/flamenco.py
	$(VENV)/python tests/bench/watching.py --secs $(WATCH_SECS)
	$(VENV)/python tests/bench/large_files.py

wheel: ## the wheel, in dist/
	@tools/setup.sh venv
	CARGO_TARGET_DIR=$(WHEEL_TARGET) PATH="$(CURDIR)/$(VENV):$$PATH" $(VENV)/maturin build --release --quiet $(WHEEL_FLAGS) --out dist

addon: wheel ## the extension and the classic add-on, in dist/
	$(VENV)/python tools/build_addon.py

pictures: addon ## take the panel's pictures anew, from a real window
	@tools/setup.sh blender
	@tools/setup.sh window
	FARMHAND_PICTURES=docs/pictures $(VENV)/pytest -m slow tests/addon/test_window.py

clean: ## remove what the targets above made here
	rm -rf .venv dist target demo-out
