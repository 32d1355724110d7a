# Shortcuts around Meson. On Debian 12 nothing but make (and apt-get) has to be there:
#   make demo    scan real drivers         make check    run every test
# `make help` lists all targets; CONTRIBUTING.md tells how to work with Meson itself.

PYTHON     = /usr/bin/python3
BUILD      = build
DRIVERS    =
TIME       = 300
JOBS       = $(shell nproc 2>/dev/null || echo 2)
PREFIX     = /usr/local
MESON_ARGS =
WINDOWS    = build-windows

.DEFAULT_GOAL = all
.PHONY: all deps demo windows check fuzz bench format install rebase clean help

help:            ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

all: $(BUILD)/build.ninja ## build the command and the library into build/
	ninja -C $(BUILD) -j $(JOBS) $(QUIET)

deps:            ## install the Debian packages that are missing (tools/packages.txt)
	@sh tools/deps.sh

$(BUILD)/build.ninja:
	@command -v meson >/dev/null || { echo "Meson is missing: run 'make deps' first" >&2; exit 1; }
	meson setup $(BUILD) --prefix=$(PREFIX) $(MESON_ARGS)

demo: deps       ## scan the drivers of Debian's libwine and the fixtures with their faults
	@echo "demo: building, which takes some minutes the first time"
	@$(MAKE) --no-print-directory all QUIET=--quiet
	@$(PYTHON) tools/demo.py $(BUILD)

windows: deps    ## cross-build hvcheck.exe for 64-bit Windows into build-windows/
	@$(PYTHON) tools/windows_deps.py
	@[ -f $(WINDOWS)/build.ninja ] || meson setup $(WINDOWS) \
		--cross-file tools/cross-x86_64-w64-mingw32.ini \
		--cross-file build-windows-deps/cross.ini $(MESON_ARGS)
	ninja -C $(WINDOWS) -j $(JOBS) src/cli/hvcheck.exe
	@ls -l $(WINDOWS)/src/cli/hvcheck.exe

check: deps      ## everything: two compilers, Windows under wine, sanitizers, replay of fuzz inputs, static checks
	@$(PYTHON) tools/check.py --jobs $(JOBS)

fuzz: deps       ## fuzz each target for TIME seconds (TIME=300); TARGET=name for one of them
	@$(PYTHON) tools/fuzz.py --seconds $(TIME) --jobs $(JOBS) $(TARGET)

bench: deps      ## measure speed and memory, on DRIVERS=folder or the fixtures and libwine's
	@$(MAKE) --no-print-directory all QUIET=--quiet
	@$(PYTHON) bench/bench.py --build $(BUILD) $(DRIVERS)

format: deps     ## let clang-format write every C file
	@$(PYTHON) tools/check_format.py --fix

rebase: deps     ## rewrite the golden reports in tests/golden* from what the command prints now
	@$(MAKE) --no-print-directory all QUIET=--quiet
	meson test -C $(BUILD) system-golden system-machine-golden --test-args=--rebase
	git diff --stat -- tests/golden tests/golden-machine

install: all     ## install below PREFIX (/usr/local); DESTDIR is honoured
	meson install -C $(BUILD) --no-rebuild

clean:           ## remove every build folder
	rm -rf $(BUILD) build-*
