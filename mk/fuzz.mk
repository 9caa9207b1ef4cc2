# Fuzzing with clang's libFuzzer: tests/fuzz/fuzz_NAME.c, seeds in tests/fuzz/corpus/NAME, finds in
# build-fuzz/corpus/NAME.
FUZZ_SRC  := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_NAME := $(FUZZ_SRC:tests/fuzz/fuzz_%.c=%)
FUZZ_TIME ?= 60

$(B)/fuzz/%: $(B)/tests/fuzz/fuzz_%.o $(LIB)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(LIB) $(LIBS)

fuzz: ## fuzz one target: make fuzz T=name [FUZZ_TIME=60]
	@[ -n "$(filter $(T),$(FUZZ_NAME))" ] || { echo 'make fuzz T=name, one of: $(FUZZ_NAME)'; exit 2; }
	@$(MAKE) --no-print-directory FUZZ=1 CC=clang build-fuzz/fuzz/$(T)
	@tests/fuzz/run $(FUZZ_TIME) $(T)

fuzz-smoke: ## every fuzz target for a few seconds
	@$(MAKE) --no-print-directory -j$(JOBS) FUZZ=1 CC=clang $(FUZZ_NAME:%=build-fuzz/fuzz/%)
	@tests/fuzz/run 3 $(FUZZ_NAME)

.PHONY: fuzz fuzz-smoke
