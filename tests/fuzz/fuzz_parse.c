/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/parse.h"

#include "hcl/diag.h"
#include "hcl/diag_print.h"
#include "hcl/refs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_range(const struct source_file *f, struct range r)
{
    if (r.file != NULL && (r.file != f || r.start > r.end || r.end > f->text.len))
        BUG("range outside of the text");
}

static bool check_expr(void *arg, const struct expr *e)
{
    check_range(arg, e->range);
    check_range(arg, expr_start_range(e));
    if (e->height == 0 || e->height > PARSE_MAX_DEPTH)
        BUG("height of the tree is not bounded");
    return true;
}

static void check_body(const struct source_file *f, const struct body *b)
{
    check_range(f, b->range);
    check_range(f, b->missing_item_range);
    for (size_t i = 0; i < b->attr_count; i++) {
        check_range(f, b->attrs[i].range);
        union {
            const void *in;
            void *out;
        } arg = {.in = f};
        expr_walk(b->attrs[i].expr, check_expr, arg.out);
    }
    for (size_t i = 0; i < b->block_count; i++) {
        check_range(f, block_header_range(&b->blocks[i]));
        check_body(f, b->blocks[i].body);
    }
}

/* Whatever is wrong can be printed (the first few: printing takes longest). */
static void check_diags(struct diags *d, bool ok)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    if (ok != (d->errors == 0))
        BUG("result and errors disagree");
    diags_truncate(d, 4);
    diags_print_text(&out, d, &(struct diag_print){.width = 78, .color = true});
    diags_print_json(&out, d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *a = arena_new("fuzz");
    struct diags d;
    struct refs refs = {0};
    const struct body *body;
    const struct expr *e;
    struct source_file *f = source_file_new(a, "x", (str){(const char *)data, size});
    diags_init(&d, a);
    check_diags(&d, hcl_parse_file(a, f, &d, &body));
    check_body(f, body);
    body_refs(a, body, &refs);
    diags_init(&d, a);
    check_diags(&d, hcl_parse_expr(a, f, &d, &e));
    expr_walk(e, check_expr, f);
    diags_init(&d, a);
    hcl_parse_traversal(a, f, &d, &e);
    return 0;
}
