# Checks that need more than a grep.
C_FILES = $(shell git ls-files '*.c' '*.h')
TIDY    := bugprone-*,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,\
-bugprone-macro-parentheses,-bugprone-narrowing-conversions,-bugprone-implicit-widening-of-multiplication-result,\
-bugprone-assignment-in-if-condition,cert-err34-c,cert-fio*,\
clang-analyzer-*,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,\
-clang-analyzer-valist.Uninitialized,misc-redundant-expression

format: ## lay out every source file by .clang-format
	clang-format -i $(C_FILES)

format-check: ## is the layout as .clang-format wants it?
	@tests/lint/format.sh

complexity: ## the most complex functions, and the limits of tests/lint/complexity.sh
	@pmccabe $(SRC) src/main.c | sort -rn | head -20
	@tests/lint/complexity.sh

tidy: ## clang-tidy (T='file.c ...' for some files)
	@printf '%s\n' $(or $(T),$(SRC) src/main.c) | xargs -P$(JOBS) -n4 sh -c \
	    'clang-tidy --quiet --warnings-as-errors="*" --checks="-*,$(TIDY)" "$$@" -- $$TIDY_FLAGS 2>/dev/null' tidy
tidy: export TIDY_FLAGS = $(CPPFLAGS:-DIMGFAC_VERSION=%=-DIMGFAC_VERSION=\"\") -std=gnu17 $(PKG_CFLAGS)

cppcheck: ## cppcheck
	cppcheck -q -j$(JOBS) --std=c11 --enable=warning,portability,performance --inline-suppr --error-exitcode=1 \
	    --suppress=missingIncludeSystem --suppress=internalAstError --suppress=unknownMacro --suppress=zerodivcond \
	    --suppress=arrayIndexThenCheck --suppress=uninitvar --suppress=resourceLeak --suppress=IOWithoutPositioning -I. -Isrc -D_GNU_SOURCE $(SRC) src/main.c

check-clang: ## build program and unit tests with clang, warnings are errors
	@$(MAKE) --no-print-directory B=build-clang CC=clang WERROR=1 build-clang/imgfac $(UNIT_BIN:$(B)/%=build-clang/%)

.PHONY: format format-check complexity tidy cppcheck check-clang
