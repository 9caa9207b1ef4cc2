# Unit tests: each tests/unit/test_*.c is one cmocka program linked with everything but main.o.
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(B)/unit/%)
TEST_LIB := $(patsubst %.c,$(B)/%.o,$(wildcard tests/lib/*.c tests/fakes/*.c))

$(B)/unit/%: $(B)/tests/unit/%.o $(TEST_LIB) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) $(LIBS) $(TEST_LIBS)

.PHONY: unit lint
unit: $(UNIT_BIN)
	@tests/lib/run-unit $(UNIT_BIN)

lint:
	@tests/lint/run
