/* SPDX-License-Identifier: Apache-2.0 */
/* Strings of JSON files that are templates or expressions: they stand in ast.h,
 * but need the parser, which stands on ast.c. */
#include "hcl/ast.h"

#include "hcl/parse.h"
#include "hcl/parser.h"

/* The text of a JSON string as a file of its own, at the string's place. */
static const struct source_file *string_file(struct arena *a, const struct expr *e)
{
    const struct source_file *of = e->range.file;
    struct source_file *f = source_file_new(a, of == NULL ? "<string>" : of->name, e->literal.text);
    if (of != NULL) {
        struct source_pos pos = source_pos(of, e->range.start);
        f->base_line = pos.line;
        f->base_column = pos.column + 1;
    }
    return f;
}

/* The JSON string was written without escapes: its text is that of the file. */
static bool is_verbatim(const struct expr *e)
{
    str raw = source_text(e->range);
    return raw.len == e->literal.text.len + 2 &&
           str_eq(str_sub(raw, 1, raw.len - 1), e->literal.text);
}

static bool has_sequence(str s)
{
    return str_find(s, STR("${")) >= 0 || str_find(s, STR("%{")) >= 0;
}

const struct expr *expr_json_template(struct arena *a, const struct expr *e, struct diags *d)
{
    const struct expr *parsed;
    if (e->kind != EXPR_LITERAL || !e->from_json || e->literal.kind != LITERAL_STRING ||
        !has_sequence(e->literal.text))
        return e;
    if (is_verbatim(e))
        hcl_parse_template_part(a, e->range.file, e->range.start + 1, e->range.end - 1, d, &parsed);
    else
        hcl_parse_template(a, string_file(a, e), d, &parsed);
    return parsed;
}

const struct expr *expr_static(struct arena *a, const struct expr *e, struct diags *d)
{
    if (!e->from_json || e->kind != EXPR_LITERAL || e->literal.kind != LITERAL_STRING)
        return e;
    const struct expr *parsed;
    return hcl_parse_expr(a, string_file(a, e), d, &parsed) ? parsed : NULL;
}
