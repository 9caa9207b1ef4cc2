/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void collect(void *arg, bool is_stderr, str line)
{
    (void)is_stderr;
    strbuf_addf(arg, "<%.*s>", STR_FMT(line));
}

static const struct {
    const char *in, *out;
} cases[] = {
    {"", ""},
    {"a", "<a>"},
    {"a\n", "<a>"},
    {"a\nb", "<a><b>"},
    {"\n\n", "<><>"},
    {"a\r\nb\r\n", "<a><b>"},
    {"10%\r50%\r100%\n", "<100%>"},
    {"10%\r50%\r", "<50%>"},
    {"10%\r50%\r  \n", "<50%>"},
    {"x  \t\n", "<x>"},
    {"\377\376\n", "<\377\376>"},
    {"  lead\n", "<  lead>"},
};

/* The same whatever pieces it comes in. */
static void cuts_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        for (size_t step = 1; step < 12; step++) {
            AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
            AUTO(lines) struct lines l;
            str rest = str_from(cases[i].in);
            lines_init(&l, collect, &sb, false);
            while (rest.len > 0) {
                size_t n = MIN(step, rest.len);
                lines_add(&l, str_sub(rest, 0, n));
                rest = str_sub(rest, n, rest.len);
            }
            lines_end(&l);
            assert_string_equal(sb.buf, cases[i].out);
        }
    }
}

struct sizes {
    size_t count, bytes, longest;
    bool cut;
};

static void measure(void *arg, bool is_stderr, str line)
{
    struct sizes *s = arg;
    (void)is_stderr;
    s->count++;
    s->bytes += line.len;
    s->longest = MAX(s->longest, line.len);
    s->cut = s->cut || (line.len > 0 && ((unsigned char)line.ptr[0] & 0xc0) == 0x80);
}

static void memory_is_bounded(void **state)
{
    (void)state;
    struct sizes s = {0};
    AUTO(lines) struct lines l;
    lines_init(&l, measure, &s, false);
    for (int i = 0; i < 100000; i++)
        lines_add(&l, STR("\303\274\303\274x")); /* never a newline; 5 bytes do not divide */
    lines_end(&l);
    assert_int_equal(s.bytes, 500000);
    assert_true(s.longest <= LINE_MAX_BYTES);
    assert_false(s.cut);
    s = (struct sizes){0};
    for (int i = 0; i < 100000; i++)
        lines_add(&l, STR("progress 12345%\r"));
    lines_add(&l, STR("done\n"));
    assert_int_equal(s.count, 1);
    assert_int_equal(s.bytes, 4);
    assert_true(l.held.alloc <= 2 * LINE_MAX_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_lines),
        cmocka_unit_test(memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
