/* SPDX-License-Identifier: Apache-2.0 */
#include "gotemplate/internal.h"

#include <math.h>

const char *gt_kind_name(enum gt_kind kind)
{
    static const char *const names[] = {
        [GT_NIL] = "nil",       [GT_STR] = "string", [GT_INT] = "int",
        [GT_FLOAT] = "float64", [GT_BOOL] = "bool",  [GT_ROOT] = "the template's data",
    };
    return names[kind];
}

bool gt_truth(struct gt_value v, const struct gotmpl_data *data)
{
    switch (v.kind) {
    case GT_NIL: return false;
    case GT_STR: return v.s.len > 0;
    case GT_INT: return v.i != 0;
    case GT_FLOAT: return v.f != 0;
    case GT_BOOL: return v.b;
    case GT_ROOT: return data->field_count > 0;
    }
    BUG("kind of a template value");
}

static void print_float(struct strbuf *sb, double f)
{
    /* Shortest text that reads back as the same number, as strconv 'g'. */
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, f);
        if (strtod(text, NULL) == f || isnan(f))
            break;
    }
    strbuf_adds(sb, text);
}

void gt_print(struct strbuf *sb, struct gt_value v, const struct gotmpl_data *data)
{
    switch (v.kind) {
    case GT_NIL: strbuf_adds(sb, "<no value>"); return;
    case GT_STR: strbuf_addstr(sb, v.s); return;
    case GT_INT: strbuf_addf(sb, "%lld", (long long)v.i); return;
    case GT_FLOAT: print_float(sb, v.f); return;
    case GT_BOOL: strbuf_adds(sb, v.b ? "true" : "false"); return;
    case GT_ROOT:
        strbuf_adds(sb, "map[");
        for (size_t i = 0; i < data->field_count; i++)
            strbuf_addf(sb, "%s%s:%.*s", i > 0 ? " " : "", data->fields[i].name,
                        STR_FMT(data->fields[i].value));
        strbuf_adds(sb, "]");
        return;
    }
}
