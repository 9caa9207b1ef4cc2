/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/eval.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/io.h"
#include "base/strbuf.h"
#include "tests/lib/hcl_eval.h"

/* Every row of tests/hcl/expr-cases.tsv, whose expected values come from the
 * reference implementation, evaluated with tests/hcl/fixtures as the
 * template's directory. */

/* Newline, tab and carriage return are written as the control pictures. */
static char *unescape(struct arena *a, str s)
{
    static const struct {
        const char *picture;
        char c;
    } map[] = {{"\xE2\x90\xA4", '\n'}, {"\xE2\x90\x89", '\t'}, {"\xE2\x90\x8D", '\r'}};
    char *out = arena_alloc(a, s.len + 1);
    size_t len = 0;
    while (s.len > 0) {
        size_t n = 1;
        out[len] = s.ptr[0];
        for (size_t i = 0; i < ARRAY_SIZE(map); i++)
            if (str_starts(s, str_from(map[i].picture))) {
                out[len] = map[i].c;
                n = 3;
            }
        len++;
        s = str_sub(s, n, s.len);
    }
    return out;
}

static bool fits(struct arena *a, const char *got, const char *want)
{
    if (strncmp(want, "!error", 6) == 0)
        return strncmp(got, "!error", 6) == 0;
    if (strncmp(want, "!unknown", 8) == 0)
        return got[0] == '!';
    return got[0] != '!' && hcl_same_json(a, got, want);
}

static bool run_row(str line)
{
    AUTO(arena) struct arena *a = arena_new("case");
    str rest = line;
    const char *expr = unescape(a, str_split(&rest, '\t'));
    const char *want = str_dup(a, str_split(&rest, '\t'));
    const char *got = hcl_eval_json(a, expr, NULL);
    bool ok = fits(a, got, want);
    if (!ok)
        print_error("expression: %s\n   want %.300s\n   got  %.300s\n", expr, want, got);
    return ok;
}

static void expression_cases(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    AUTO(error) struct error *err = NULL;
    unsigned rows = 0, failed = 0;
    if (!io_read_file(hcl_data_path(a, "expr-cases.tsv"), 1 << 20, &sb, &err))
        fail_msg("%s", err->msg);
    str rest = strbuf_str(&sb);
    while (rest.ptr != NULL) {
        str line = str_next_line(&rest);
        if (line.len == 0)
            continue;
        rows++;
        failed += !run_row(line);
    }
    print_message("%u rows, %u failed\n", rows, failed);
    assert_true(rows >= 822);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(expression_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
