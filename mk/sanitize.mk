# make SANITIZE=1 ... builds into build-asan/ with address and undefined-behaviour sanitizers,
# make FUZZ=1 ... into build-fuzz/ with clang's coverage feedback as well (see fuzz.mk).
ifneq ($(SANITIZE)$(FUZZ),)
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT := -O1 -g
endif
ifdef FUZZ
SAN += -fsanitize=fuzzer-no-link
endif
