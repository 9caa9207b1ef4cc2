/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/diag_print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <jansson.h>

#include "hcl/parse.h"

static void check_text(const struct diag *diag, const struct diag_print *opts, const char *want)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    diag_print_text(&out, diag, opts);
    assert_string_equal(out.buf, want);
}

static void in_block(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags d;
    const struct body *body;
    diags_init(&d, a);
    struct source_file *f = source_file_new(
        a, "u.hcl", STR("# x\nsource \"qemu\" \"ubuntu\" {\n  disk_sise = \"20G\"\n}\n"));
    assert_true(hcl_parse_file(a, f, &d, &body));
    struct diag *diag =
        diags_add(&d, DIAG_ERROR, body->blocks[0].body->attrs[0].name_range, "Unsupported argument",
                  "%s", "Not expected here. Did you mean \"disk_size\"?");
    check_text(diag, &(struct diag_print){0},
               "Error: Unsupported argument\n\n"
               "  on u.hcl line 3, in source \"qemu\" \"ubuntu\":\n"
               "  3:   disk_sise = \"20G\"\n"
               "       ^^^^^^^^^\n"
               "Not expected here. Did you mean \"disk_size\"?\n\n");
    check_text(diag, &(struct diag_print){.width = 20, .color = true},
               "\033[1;31mError: \033[0m\033[1mUnsupported argument\033[0m\n\n"
               "  on u.hcl line 3, in source \"qemu\" \"ubuntu\":\n"
               "  3:   disk_sise = \"20G\"\n"
               "       \033[31m^^^^^^^^^\033[0m\n"
               "Not expected here.\nDid you mean\n\"disk_size\"?\n\n");
    diag_add_value(&d, diag, "var.x", "is 1");
    diag->severity = DIAG_WARNING;
    diag->detail = "";
    check_text(diag, &(struct diag_print){0},
               "Warning: Unsupported argument\n\n"
               "  on u.hcl line 3, in source \"qemu\" \"ubuntu\":\n"
               "  3:   disk_sise = \"20G\"\n"
               "       ^^^^^^^^^\n"
               "    var.x is 1\n\n");
}

/* Only the lines with the code, from a diagnostic about bytes START to END. */
static void check_snippet(const char *text, uint32_t start, uint32_t end, const char *want)
{
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct diags d;
    diags_init(&d, a);
    struct source_file *f = source_file_new(a, "t", str_from(text));
    struct diag *diag = diags_add(&d, DIAG_ERROR, (struct range){f, start, end}, "S", "%s", "");
    diag_print_text(&out, diag, &(struct diag_print){0});
    const char *code = strstr(out.buf, ":\n");
    assert_non_null(code);
    assert_string_equal(code + 2, want);
}

static void snippets(void **state)
{
    (void)state;
    check_snippet("a\tbc\n", 2, 4, "  1: a bc\n       ^^\n\n");
    check_snippet("日本 x\n", 7, 8, "  1: 日本 x\n          ^\n\n");
    check_snippet("日本 x\n", 0, 6, "  1: 日本 x\n     ^^^^\n\n");
    check_snippet("a\x01z\n", 2, 3, "  1: a\xef\xbf\xbdz\n       ^\n\n");
    check_snippet("ab\n", 2, 2, "  1: ab\n       ^\n\n");
    check_snippet("ab\n", 3, 3, "  2: \n     ^\n\n");
    check_snippet("ab\ncd\n", 1, 3, "  1: ab\n      ^\n\n");
    check_snippet("ab\ncd\nef\n", 1, 7, "  1: ab\n      ^\n  2: cd\n     ^^\n  3: ef\n     ^\n\n");
    check_snippet("a\n\nb", 0, 4, "  1: a\n     ^\n  2: \n  3: b\n     ^\n\n");
    check_snippet("\xef\xbb\xbf"
                  "ab",
                  4, 5, "  1: ab\n      ^\n\n");
}

static void long_ones(void **state)
{
    (void)state;
    AUTO(strbuf) struct strbuf text = STRBUF_INIT, out = STRBUF_INIT;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags d;
    diags_init(&d, a);
    strbuf_addn(&text, 'x', 1000);
    strbuf_addc(&text, '!');
    strbuf_addn(&text, 'y', 1000);
    for (int i = 0; i < 30; i++)
        strbuf_adds(&text, "\nz");
    struct source_file *f = source_file_new(a, "t", strbuf_str(&text));
    diags_error(&d, (struct range){f, 1000, 1001}, "S", "%s", "");
    diags_print_text(&out, &d, &(struct diag_print){0});
    assert_true(out.len < 500);
    assert_non_null(strstr(out.buf, "...xxx"));
    assert_non_null(strstr(out.buf, "yyy...\n"));
    const char *bang = strchr(out.buf, '!'), *caret = strchr(out.buf, '^');
    const char *line = strstr(out.buf, "  1: "), *below = strchr(bang, '\n') + 1;
    assert_int_equal(bang - line, caret - below);
    strbuf_truncate(&out, 0);
    diag_print_text(
        &out,
        diags_add(&d, DIAG_ERROR, (struct range){f, 2001, (uint32_t)f->text.len}, "S", "%s", ""),
        &(struct diag_print){0});
    assert_non_null(strstr(out.buf, "  ...\n"));
    assert_non_null(strstr(out.buf, "  31: z\n"));
    assert_null(strstr(out.buf, "  15: z\n"));
}

static void without_place(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct diags d;
    diags_init(&d, a);
    diags_file_error(&d, "x.hcl", "File is too large", "%s", "Split it.");
    diags_error(&d, RANGE_NONE, "Unset variable", "%s", "Set it.");
    d.dropped = 2;
    diags_print_text(&out, &d, &(struct diag_print){0});
    assert_string_equal(out.buf, "Error: File is too large\n\n  on x.hcl\n\nSplit it.\n\n"
                                 "Error: Unset variable\n\nSet it.\n\n"
                                 "2 more messages are not shown.\n\n");
}

static json_int_t number_at(json_t *item, const char *a, const char *b, const char *c)
{
    json_t *found = json_object_get(item, a);
    if (b != NULL)
        found = json_object_get(found, b);
    if (c != NULL)
        found = json_object_get(found, c);
    assert_non_null(found);
    return json_integer_value(found);
}

static const char *text_at(json_t *item, const char *a, const char *b)
{
    json_t *found = json_object_get(item, a);
    return json_string_value(b == NULL ? found : json_object_get(found, b));
}

static void json(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct diags d;
    const struct body *body;
    diags_init(&d, a);
    struct source_file *f = source_file_new(a, "t.hcl", STR("# x\nb \"é\" {\n  a = 1 2\n}\n"));
    hcl_parse_file(a, f, &d, &body);
    diag_add_value(&d, d.list.ptr[0], "var.x", "is \"y\"");
    diags_warning(&d, RANGE_NONE, "W", "%s", "");
    diags_print_json(&out, &d);
    json_t *root = json_loadb(out.buf, out.len, 0, NULL);
    assert_non_null(root);
    assert_string_equal(text_at(root, "format_version", NULL), "1.0");
    assert_true(json_is_false(json_object_get(root, "valid")));
    assert_int_equal(number_at(root, "error_count", NULL, NULL), 1);
    assert_int_equal(number_at(root, "warning_count", NULL, NULL), 1);
    json_t *list = json_object_get(root, "diagnostics");
    assert_int_equal(json_array_size(list), 2);
    json_t *item = json_array_get(list, 0);
    assert_string_equal(text_at(item, "severity", NULL), "error");
    assert_string_equal(text_at(item, "summary", NULL), "Missing newline after argument");
    assert_string_equal(text_at(item, "range", "filename"), "t.hcl");
    assert_int_equal(number_at(item, "range", "start", "line"), 3);
    assert_int_equal(number_at(item, "range", "start", "column"), 9);
    assert_int_equal(number_at(item, "range", "start", "byte"), 21);
    assert_int_equal(number_at(item, "range", "end", "column"), 10);
    assert_string_equal(text_at(item, "snippet", "context"), "b \"é\"");
    assert_string_equal(text_at(item, "snippet", "code"), "  a = 1 2");
    assert_int_equal(number_at(item, "snippet", "start_line", NULL), 3);
    assert_int_equal(number_at(item, "snippet", "highlight_start_offset", NULL), 8);
    assert_int_equal(number_at(item, "snippet", "highlight_end_offset", NULL), 9);
    json_t *value = json_array_get(json_object_get(json_object_get(item, "snippet"), "values"), 0);
    assert_string_equal(text_at(value, "traversal", NULL), "var.x");
    assert_string_equal(text_at(value, "statement", NULL), "is \"y\"");
    assert_null(json_object_get(json_array_get(list, 1), "range"));
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_block),      cmocka_unit_test(snippets), cmocka_unit_test(long_ones),
        cmocka_unit_test(without_place), cmocka_unit_test(json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
