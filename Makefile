# SPDX-License-Identifier: GPL-2.0
#
# What a person types; make help lists it.  Kbuild has the module's objects,
# userspace/Makefile the rest, scripts/ and tests/vm/ the work behind it.

PREFIX	?= /usr/local
DESTDIR	?=
KDIR	?=

all: module userspace

help:
	@echo 'make              build the module, the library, the command and the examples'
	@echo '                  KDIR=DIRECTORY: against these kernel headers'
	@echo 'make demo         boot a kernel in QEMU, load the module, show what it does'
	@echo 'make shell        a shell in that machine, the module not loaded yet'
	@echo 'make lua          build Lua 5.4 with its lock on kgil; see userspace/lua'
	@echo 'make check        build, check the sources, run all tests'
	@echo 'make check-debug  run the tests on debug kernels (KASAN, lockdep, KCSAN) and PREEMPT_RT'
	@echo 'make check-load   thousands of threads, objects and loads of the module; an hour'
	@echo 'make bench        measure kgil beside its peers, in guests; write docs/bench'
	@echo 'make lint         check the sources only'
	@echo 'make python       build CPython 3.11 on kgil, from its source'
	@echo "make check-python run CPython's own tests on kgil, in guests; takes hours"
	@echo 'make install      PREFIX=/usr/local DESTDIR=: everything, for this kernel'
	@echo 'make uninstall    remove what install put there'
	@echo 'make load         load the module into the kernel of this machine'
	@echo 'make unload       and take it out again'
	@echo 'make clean        remove what was built; the cache of kernels stays'

module:
	@scripts/packages --check build
	@kdir=$$(scripts/kdir '$(KDIR)') && $(MAKE) -C "$$kdir" M='$(CURDIR)' modules

userspace:
	@scripts/packages --check build
	@$(MAKE) --no-print-directory -C userspace

demo:
	@scripts/packages build vm
	@$(MAKE) --no-print-directory -C userspace
	@scripts/demo

shell:
	@scripts/packages build vm
	@$(MAKE) --no-print-directory -C userspace
	@tests/vm/shell || test $$? != 125

lua:
	@scripts/packages build lua
	@$(MAKE) --no-print-directory -C userspace lib
	@scripts/lua

check:
	@scripts/packages build vm lint test lua model
	@scripts/check

check-debug:
	@scripts/packages build vm test kernel
	@scripts/check-debug $(CHECK_DEBUG)

check-load:
	@scripts/packages build vm
	@scripts/check-load

bench:
	@scripts/packages build vm bench
	@$(MAKE) --no-print-directory -C userspace
	@scripts/bench $(BENCH)

lint:
	@scripts/packages build lint
	@scripts/lint

python:
	@scripts/packages build python
	@python=$$(scripts/python-build kgil) && \
		echo "CPython on kgil: $$python; scripts/python runs it in a guest"

check-python:
	@scripts/packages build vm test python
	@$(MAKE) --no-print-directory -C userspace
	@tests/python/check; release=$$?; tests/python/check --debug && [ $$release = 0 ]

install: module
	@scripts/install-module install '$(KDIR)' '$(PREFIX)' '$(DESTDIR)'
	@$(MAKE) --no-print-directory -C userspace install PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)'

uninstall:
	@scripts/install-module uninstall '$(KDIR)' '$(PREFIX)' '$(DESTDIR)'
	@$(MAKE) --no-print-directory -C userspace uninstall PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)'

# "load" first on a line is a directive of make.
unload load:
	@scripts/load $@

clean:
	@kdir=$$(scripts/kdir '$(KDIR)' 2>/dev/null) && $(MAKE) -C "$$kdir" M='$(CURDIR)' clean || :
	rm -rf build userspace/python/build userspace/python/package/kgil.egg-info

.PHONY: all help module userspace demo shell lua check check-debug check-load bench lint python check-python install uninstall load unload clean
