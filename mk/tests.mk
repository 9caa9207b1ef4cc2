# Tests.  Each part ends with a line "NAME: N passed, N failed[, N skipped]" which tests/lib/part keeps in
# $(B)/results/ and `make check` sums up.  Each tests/unit/test_*.c is one cmocka program linked with
# everything but main.o.
UNIT_SRC  := $(wildcard tests/unit/test_*.c)
UNIT_BIN  := $(UNIT_SRC:tests/unit/%.c=$(B)/unit/%)
TEST_LIB  := $(patsubst %.c,$(B)/%.o,$(wildcard tests/lib/*.c tests/fakes/*.c))
# also what the tests share is compiled again when a header changes
-include $(TEST_LIB:.o=.d)
HCL_RUN   := $(wildcard tests/hcl/run)
PARTS     := unit $(if $(HCL_RUN),hcl) cli lint $(if $(wildcard tests/e2e/*.sh),e2e)
part       = B=$(B) tests/lib/part
JOBS      := $(shell nproc)

$(B)/unit/%: $(B)/tests/unit/%.o $(TEST_LIB) $(LIB)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) $(LIBS) $(TEST_LIBS)

check: ## build and run every test; the last line is the sum
	@rm -rf $(B)/results
	@$(MAKE) -s --no-print-directory -k -j$(JOBS) WERROR=1 all $(UNIT_BIN) || true
	@for p in $(PARTS); do $(MAKE) --no-print-directory -k WERROR=1 $$p || true; done
	@tests/lib/sum $(B)/results $(PARTS)

unit: $(UNIT_BIN) ## unit tests of the C modules
	@$(part) unit tests/lib/run-unit $(UNIT_BIN)

hcl: $(if $(HCL_RUN),all) ## conformance tests of the language
	@$(if $(HCL_RUN),$(part) hcl $(HCL_RUN),echo 'no tests/hcl/run yet')

cli: all ## golden tests of the command line
	@$(part) cli tests/cli/run $(T)

golden: all ## write the golden files again from what the program prints (T=tests/cli/x.t: one)
	@B=$(B) tests/cli/run -u $(T)

lint: ## rules of the source tree: layers, headers, size, format, words
	@$(part) lint tests/lint/run

e2e: all ## real guests (slow); T=name runs tests/e2e/name.sh alone
	@$(part) e2e tests/e2e/run $(T)

asan: ## unit, hcl and cli tests under address and undefined-behaviour sanitizers, with leak check
	@ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=$(CURDIR)/tests/lib/lsan.supp:print_suppressions=0 $(MAKE) --no-print-directory -k SANITIZE=1 $(filter unit hcl cli,$(PARTS))

.PHONY: check unit hcl cli golden lint e2e asan
