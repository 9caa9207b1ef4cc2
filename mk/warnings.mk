# Flags of design: gcc 12 and clang 14 without a warning.  WERROR=1 makes them errors (CI, make check).
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wformat=2 \
        -Wundef -Wvla -Wcast-qual -Wimplicit-fallthrough -Wswitch-enum -Wno-missing-field-initializers
ifeq ($(shell $(CC) -dM -E -x c /dev/null 2>/dev/null | grep -c __clang__),0)
WARN += -Wnull-dereference
endif
WERROR_FLAG := $(if $(WERROR),-Werror)
