/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/hcl_eval.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "hcl/json.h"
#include "hcl/parse.h"

const char *hcl_data_path(struct arena *a, const char *file)
{
    const char *root = getenv("IMGFAC_SRCDIR");
    return arena_fmt(a, "%s/tests/hcl/%s", root == NULL ? "." : root, file);
}

bool hcl_eval_value(struct arena *a, const char *text, const struct scope *scope, value *out,
                    struct diags *d)
{
    const struct expr *e;
    const struct source_file *f = source_file_new(a, "test.hcl", str_from(text));
    if (scope == NULL)
        scope = scope_new_root(a, hcl_data_path(a, "fixtures"));
    return hcl_parse_expr(a, f, d, &e) && eval_expr(e, scope, a, out, d);
}

const char *hcl_eval_json(struct arena *a, const char *text, const struct scope *scope)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    struct diags d;
    const char *why;
    value v;
    diags_init(&d, a);
    if (!hcl_eval_value(a, text, scope, &v, &d))
        return arena_fmt(a, "!error: %s: %s", d.list.len > 0 ? d.list.ptr[0]->summary : "?",
                         d.list.len > 0 ? d.list.ptr[0]->detail : "?");
    if (!value_is_wholly_known(v))
        return "!unknown";
    if (!value_to_json(v, &sb, &why))
        return arena_fmt(a, "!error: %s", why);
    return arena_strndup(a, sb.buf, sb.len);
}

bool hcl_same_json(struct arena *a, const char *x, const char *y)
{
    value v, w;
    const char *why;
    return json_to_value(a, str_from(x), &v, &why) && json_to_value(a, str_from(y), &w, &why) &&
           value_equal(v, w);
}

const struct type *hcl_type(struct arena *a, const char *text)
{
    struct diags d;
    const struct expr *e;
    const struct type *t = NULL;
    diags_init(&d, a);
    const struct source_file *f = source_file_new(a, "type", str_from(text));
    if (!hcl_parse_expr(a, f, &d, &e) || !type_from_expr(a, e, &t, &d))
        fail_msg("%s: %s", text, d.list.ptr[0]->detail);
    return t;
}
