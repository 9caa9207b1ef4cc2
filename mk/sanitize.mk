# make SANITIZE=1 ... builds into build-asan/ with address and undefined-behaviour sanitizers.
ifdef SANITIZE
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT := -O1 -g
endif
