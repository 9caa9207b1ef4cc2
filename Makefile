# imgfac: a local-first image factory.  `make help` lists the targets.
CC       ?= cc
PREFIX   ?= /usr/local
VERSION  := 0.1.0
B        := $(if $(SANITIZE),build-asan,build)
OPT      := -O2 -g -D_FORTIFY_SOURCE=2
MODULES  := $(wildcard src/*/) qemu/ cloud-init/ catalog/

include mk/warnings.mk
include mk/sanitize.mk

PKGS     := libvirt libguestfs libssh yaml-0.1 sqlite3 libxml-2.0 libcurl libmicrohttpd libarchive libzstd \
            jansson mpfr libpcre2-8 libcrypto uuid libcrypt libedit
LIBS     := $(shell pkg-config --libs $(PKGS)) -lunistring -lgmp -lpthread -lm
TEST_LIBS := -lcmocka
CPPFLAGS := -I. -Isrc -D_GNU_SOURCE -DIMGFAC_VERSION='"$(VERSION)"' -include src/base/banned.h
CFLAGS   := -std=gnu17 $(OPT) -fstack-protector-strong -fPIE -fno-common -pthread $(WARN) $(SAN) \
            $(patsubst -I%,-isystem%,$(shell pkg-config --cflags $(PKGS)))
LDFLAGS  := -pie -Wl,-z,relro,-z,now $(SAN)

SRC      := $(wildcard src/*/*.c qemu/*.c cloud-init/*.c catalog/*.c) $(filter-out src/main.c,$(wildcard src/*.c))
OBJ      := $(SRC:%.c=$(B)/%.o) $(B)/embed.o
LIB      := $(B)/libimgfac.a

all: $(B)/imgfac

include mk/embed.mk
include mk/tests.mk

$(B)/imgfac: $(B)/src/main.o $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(LIB): $(OBJ)
	@rm -f $@
	ar rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(OBJ:.o=.d) $(B)/src/main.d $(UNIT_SRC:%.c=$(B)/%.d)

format:
	clang-format -i $(shell git ls-files '*.c' '*.h')

clean:
	rm -rf build build-asan

.PHONY: all format clean
.SECONDARY:
