/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/redact.h"

#define MARK "<sensitive>"

static int forget(void **state)
{
    (void)state;
    redact_reset();
    return 0;
}

static void expect(const char *in, const char *wanted)
{
    autofree char *out = redact_dup(in);

    assert_string_equal(out, wanted);
}

static void test_plain(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", ""},
        {"nothing here", "nothing here"},
        {"hunter2", MARK},
        {"a hunter2 b hunter2", "a " MARK " b " MARK},
        {"hunter2hunter2", MARK MARK},
        {"hunter", "hunter"},
        {"hunter22", MARK}, /* the longest wins */
        {"hunter222", MARK "2"},
        {"hhunter2", "h" MARK},
    };

    (void)state;
    redact_register(STR("hunter2"));
    redact_register(STR("hunter22"));
    redact_register(STR(""));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        expect(cases[i].in, cases[i].out);
}

static void test_nothing_registered(void **state)
{
    (void)state;
    expect("hunter2", "hunter2");
}

static void test_overlapping_secrets_leave_no_rest(void **state)
{
    (void)state;
    redact_register(STR("first-sec"));
    redact_register(STR("second"));
    expect("a first-second b", "a " MARK " b");
    redact_register(STR("aXXa"));
    expect("-aXXaXXaXXa-", "-" MARK "-");
}

static void test_encoded_forms(void **state)
{
    /* Secret, what a tool may print of it.  Made with python3, jq, bash. */
    static const struct {
        const char *secret, *in, *out;
    } cases[] = {
        {"p\"w\\1\tz", "{\"k\":\"p\\\"w\\\\1\\tz\"}", "{\"k\":\"" MARK "\"}"},
        {"a/b/c/d", "\"a\\/b\\/c\\/d\"", "\"" MARK "\""},
        {"it's me", "echo 'it'\"'\"'s me'", "echo '" MARK "'"},
        {"it's me", "echo 'it'\\''s me'", "echo '" MARK "'"},
        {"it's me", "echo it\\'s\\ me", "echo " MARK},
        {"pa$$w`rd", "echo \"pa\\$\\$w\\`rd\"", "echo \"" MARK "\""},
        {"a b&c/d", "?q=a%20b%26c%2Fd", "?q=" MARK},
        {"a b&c/d", "?q=a+b%26c%2fd", "?q=" MARK},
        {"a b&c/d", "/a%20b%26c/d", "/" MARK},
        {"<a&b>", "<p>&lt;a&amp;b&gt;</p>", "<p>" MARK "</p>"},
        {"'q\"&", "<p a=\"&apos;q&quot;&amp;\"/>", "<p a=\"" MARK "\"/>"},
        {"hunter2", "aHVudGVyMg==", MARK "=="},
        {"\xff\xfe>>?", "//4+Pj8=", MARK "="},
        {"\xff\xfe>>?", "__4-Pj8", MARK},
        /* Within a longer base64 text at each of the three offsets:
         * "user:hunter2!", "us:hunter2", "use:hunter2"; what shares a
         * character with its neighbour stays. */
        {"hunter2hunter2", "dXNlcjpodW50ZXIyaHVudGVyMiE=", "dXNlcjp" MARK "iE="},
        {"hunter2hunter2", "dXM6aHVudGVyMmh1bnRlcjI=", "dXM6" MARK "="},
        {"hunter2hunter2", "dXNlOmh1bnRlcjJodW50ZXIy", "dXNlOm" MARK},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        redact_reset();
        redact_register(str_from(cases[i].secret));
        expect(cases[i].in, cases[i].out);
    }
}

static void test_encoded_command_of_powershell(void **state)
{
    autofree char *out = NULL;

    (void)state;
    redact_register(STR("hunter2"));
    /* $p='hunter2' */
    out = redact_dup("JABwAD0AJwBoAHUAbgB0AGUAcgAyACcA");
    assert_non_null(strstr(out, MARK));
    assert_null(strstr(out, "AHUAbgB0AGUAcg"));
}

static void test_lines_of_a_key(void **state)
{
    (void)state;
    redact_register(STR("-----BEGIN-----\nMIIBVQ\n}\n  indented\n-----END-----\n"));
    expect("x MIIBVQ y", "x " MARK " y");
    expect("-----BEGIN-----\r\nMIIBVQ\r\n}\r\n  indented\r\n-----END-----\r\n", MARK);
    expect("{ indented }", "{ " MARK " }");
    expect("-----BEGIN-----\\nMIIBVQ\\n}\\n  indented\\n-----END-----\\n", MARK);
}

static void test_short_line_with_a_newline(void **state)
{
    (void)state;
    redact_register(STR("abcd\n"));
    expect("-abcd-", "-" MARK "-");
}

static void expect_stream(const char *text, const char *wanted);

/* Whole values only; words and file names stay. */
static void test_short_secrets(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"main.pkr.hcl: a variable is main", "main.pkr.hcl: a variable is main"},
        {"variable \"a\" of a", "variable \"a\" of a"},
        {"a", MARK},
        {"x\na\ny", "x\n" MARK "\ny"},
        {"a\r\n", MARK "\r\n"},
        {"aa\na b\n a\n", "aa\na b\n a\n"},
        {"PASS=a ls", "PASS=" MARK " ls"},
        {"PASS='a' ls", "PASS='" MARK "' ls"},
        {"pass = \"a\"", "pass = \"" MARK "\""},
        {"PASS=ab", "PASS=ab"},
        {"PASS='ab'", "PASS='ab'"},
        {"{\"k\":\"a\",\"a\": \"x\"}", "{\"k\":\"" MARK "\",\"a\": \"x\"}"},
        {"Password: a\n", "Password: " MARK "\n"},
        {"Error: a file is missing", "Error: a file is missing"},
        {"?k=a&b=c7&d", "?k=" MARK "&b=" MARK "&d"},
    };

    (void)state;
    redact_register(STR("a"));
    redact_register(STR("c7"));
    redact_register(STR(" "));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        expect(cases[i].in, cases[i].out);
        expect_stream(cases[i].in, cases[i].out);
    }
}

/* Every way to cut TEXT into two, and into single bytes. */
static void expect_stream(const char *text, const char *wanted)
{
    size_t len = strlen(text);

    for (size_t cut = 0; cut <= len; cut++) {
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        struct redact_stream rs = REDACT_STREAM_INIT;

        redact_stream_add(&rs, (str){text, cut}, &out);
        redact_stream_add(&rs, (str){text + cut, len - cut}, &out);
        redact_stream_end(&rs, &out);
        assert_string_equal(out.buf, wanted);
    }
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct redact_stream rs = REDACT_STREAM_INIT;
    for (size_t i = 0; i < len; i++)
        redact_stream_add(&rs, (str){text + i, 1}, &out);
    redact_stream_end(&rs, &out);
    assert_string_equal(out.buf, wanted);
}

static void test_stream(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", ""},
        {"hunter2", MARK},
        {"a hunter2 b", "a " MARK " b"},
        {"hunte hunter2", "hunte " MARK},
        {"hunter2-long", MARK}, /* a longer secret begins like a shorter one */
        {"hunter2-lon", MARK "-lon"},
        {"hhhunter", "hhhunter"},
        {"xyxyxyz", "xy" MARK},
        {"{\"a\":\"it's\"} it'\"'\"'s over", "{\"a\":\"it's\"} " MARK},
        {"overlap-first-secondary", "overlap-" MARK "ary"},
    };

    (void)state;
    redact_register(STR("hunter2"));
    redact_register(STR("hunter2-long"));
    redact_register(STR("xyxyz"));
    redact_register(STR("it's over"));
    redact_register(STR("first-sec"));
    redact_register(STR("second"));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        expect_stream(cases[i].in, cases[i].out);
}

static void test_stream_passes_on_what_cannot_be_a_secret(void **state)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct redact_stream rs = REDACT_STREAM_INIT;

    (void)state;
    redact_register(STR("hunter2"));
    redact_stream_add(&rs, STR("prompt> hun"), &out);
    assert_string_equal(out.buf, "prompt> ");
    redact_stream_add(&rs, STR("ny"), &out);
    assert_string_equal(out.buf, "prompt> hunny");
    redact_stream_end(&rs, &out);
}

static void test_stream_of_an_endless_overlap_is_bounded(void **state)
{
    AUTO(strbuf) struct strbuf chunk = STRBUF_INIT, out = STRBUF_INIT;
    struct redact_stream rs = REDACT_STREAM_INIT;

    (void)state;
    redact_register(STR("aaaa"));
    strbuf_addn(&chunk, 'a', 100000);
    for (int i = 0; i < 10; i++)
        redact_stream_add(&rs, strbuf_str(&chunk), &out);
    assert_true(rs.held.len < 400000);
    redact_stream_end(&rs, &out);
    assert_null(strstr(out.buf, "aaaa"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_nothing_registered, forget),
        cmocka_unit_test_teardown(test_plain, forget),
        cmocka_unit_test_teardown(test_overlapping_secrets_leave_no_rest, forget),
        cmocka_unit_test_teardown(test_encoded_forms, forget),
        cmocka_unit_test_teardown(test_encoded_command_of_powershell, forget),
        cmocka_unit_test_teardown(test_lines_of_a_key, forget),
        cmocka_unit_test_teardown(test_short_line_with_a_newline, forget),
        cmocka_unit_test_teardown(test_short_secrets, forget),
        cmocka_unit_test_teardown(test_stream, forget),
        cmocka_unit_test_teardown(test_stream_passes_on_what_cannot_be_a_secret, forget),
        cmocka_unit_test_teardown(test_stream_of_an_endless_overlap_is_bounded, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
