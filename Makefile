# imgfac: a local-first image factory.  `make help` lists the targets.
VERSION  := 0.1.0
PREFIX   ?= /usr/local
B        ?= $(if $(FUZZ),build-fuzz,$(if $(SANITIZE),build-asan,build))
OPT      := -O2 -g -D_FORTIFY_SOURCE=2
Q        := $(if $(V),,@)
say       = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

include mk/warnings.mk
include mk/sanitize.mk

PKGS     := libvirt libvirt-qemu libguestfs libssh yaml-0.1 sqlite3 libxml-2.0 libcurl libmicrohttpd libarchive libzstd \
            jansson mpfr libpcre2-8 libcrypto uuid libcrypt libedit zlib libpng mit-krb5-gssapi
# Asked only when something is compiled: `make help` and `make deps` work on a bare machine.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(patsubst -I%,-isystem%,$$(shell pkg-config --cflags $(PKGS))))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PKGS)))$(PKG_LIBS)
LIBS      = $(PKG_LIBS) -lunistring -lgmp -lpthread -lm
TEST_LIBS := -lcmocka
CPPFLAGS := -I. -Isrc -D_GNU_SOURCE -DIMGFAC_VERSION='"$(VERSION)"' -include src/base/banned.h
CFLAGS    = -std=gnu17 $(OPT) -fstack-protector-strong -fPIE -fno-common -pthread $(WARN) $(SAN) $(PKG_CFLAGS)
LDFLAGS  := -pie -Wl,-z,relro,-z,now $(SAN)

SRC      := $(wildcard src/*/*.c qemu/*.c cloud-init/*.c catalog/*.c) $(filter-out src/main.c,$(wildcard src/*.c))
OBJ      := $(SRC:%.c=$(B)/%.o) $(B)/embed.o
LIB      := $(B)/libimgfac.a

all: $(B)/imgfac ## build the program build/imgfac (the default)

include mk/embed.mk
include mk/lazy.mk
include mk/tests.mk
include mk/fuzz.mk
include mk/analysis.mk
include mk/install.mk
include mk/deps.mk
include mk/bench.mk
include mk/demo.mk

$(B)/imgfac: $(B)/src/main.o $(LAZY_OBJ) $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(PROGRAM_LIBS)

$(LIB): $(OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(filter %.o,$^)

$(B)/%.o: %.c $(B)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) $(WERROR_FLAG) -MMD -MP -c -o $@ $<

# Everything is compiled again when the flags change.  -Werror is not among them: it changes no object.
FLAGS_NOW = $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' >$@

-include $(OBJ:.o=.d) $(B)/src/main.d $(UNIT_SRC:%.c=$(B)/%.d)

help: ## list the targets
	@echo 'imgfac $(VERSION).  Targets (variables: V=1 verbose, CC, PREFIX, DESTDIR, WERROR=1, SANITIZE=1):'
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

clean: ## remove what was built
	rm -rf build build-asan build-fuzz build-clang

FORCE:
.PHONY: all help clean FORCE
.SECONDARY:
.DELETE_ON_ERROR:
