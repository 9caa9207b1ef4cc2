/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/parse.h"

#include "hcl/diag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A text without "$" and "%" is a template for itself. */
static void check_plain(const struct expr *e, str text)
{
    str got;
    if (memchr(text.ptr, '$', text.len) != NULL || memchr(text.ptr, '%', text.len) != NULL)
        return;
    if (!expr_as_string_literal(e, &got) || !str_eq(got, text))
        BUG("plain text is changed");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *a = arena_new("fuzz");
    struct diags d;
    const struct expr *e;
    struct source_file *f = source_file_new(a, "x", (str){(const char *)data, size});
    bool has_bom = str_starts(f->text, STR("\xef\xbb\xbf"));
    diags_init(&d, a);
    if (hcl_parse_template(a, f, &d, &e) && !has_bom)
        check_plain(e, f->text);
    return 0;
}
