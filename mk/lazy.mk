# Big libraries that few commands use are loaded when one of their functions is first called: `imgfac validate` and
# `fmt` would spend most of their time and memory in the dynamic linker.  `make LAZY=` links them as usual, and so do
# the sanitizer builds, the tests and other processors.
ARCH_GCC = $(shell $(CC) -dumpmachine)
LAZY    ?= $(if $(SAN),,$(if $(findstring x86_64,$(ARCH_GCC)),virt virt-qemu guestfs curl ssh archive microhttpd xml2 sqlite3 edit crypto gssapi_krb5))
LAZY_OBJ = $(if $(LAZY),$(B)/lazy.o)
# The libraries linked: all but those and what only they need.
PROGRAM_LIBS = $(filter-out $(LAZY:%=-l%),$(LIBS))

# Linked again when LAZY changes.
$(B)/lazy-libs: FORCE
	@mkdir -p $(@D)
	@echo '$(LAZY)' | cmp -s - $@ || echo '$(LAZY)' >$@

$(B)/imgfac: $(B)/lazy-libs
$(B)/lazy.S: mk/lazy.sh $(B)/lazy-libs mk/lazy.mk $(B)/src/main.o $(LIB)
	@mk/lazy.sh '$(CC)' '$(LAZY)' $(B)/src/main.o $(LIB) >$@

$(B)/lazy.o: $(B)/lazy.S
	$(call say,AS,$@)
	$(Q)$(CC) -c -o $@ $<
