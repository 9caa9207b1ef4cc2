/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/eval_internal.h"

#include "base/strbuf.h"
#include "hcl/convert.h"

#define SUMMARY "Invalid template interpolation value"

static value string_of(struct eval *ev, const struct strbuf *sb, const struct expr *e)
{
    if (sb->truncated)
        return eval_error(ev, e->range, RANGE_NONE, NULL, "String too long",
                          "The result of this template is longer than %zu MiB.",
                          EVAL_MAX_STRING >> 20);
    return value_string(ev->a, strbuf_str(sb));
}

/* Add one part; *KNOWN turns false when the part is unknown. */
static void add_part(struct eval *ev, const struct expr *e, const struct expr *part, value v,
                     struct strbuf *sb, bool *known)
{
    const char *why;
    if (value_is_null(v)) {
        eval_error(ev, part->range, e->range, part, SUMMARY,
                   "The expression result is null. Cannot include a null value in a string "
                   "template.");
        return;
    }
    if (!value_is_known(v)) {
        *known = false;
        return;
    }
    if (convert_to_string(ev->a, v, &v, &why))
        strbuf_addstr(sb, value_as_str(v));
    else
        eval_error(ev, part->range, e->range, part, SUMMARY,
                   "Cannot include the given value in a string template: %s.", why);
}

value eval_template(struct eval *ev, const struct expr *e)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT_MAX(EVAL_MAX_STRING);
    bool known = true, sensitive = false;
    size_t errors = eval_errors(ev);
    for (size_t i = 0; i < e->template.part_count; i++) {
        const struct expr *part = e->template.parts[i];
        if (part->kind == EXPR_LITERAL && part->literal.kind == LITERAL_STRING) {
            strbuf_addstr(&sb, part->literal.text);
            continue;
        }
        size_t before = eval_errors(ev);
        value v = eval_node(ev, part);
        sensitive |= v.sensitive;
        if (eval_errors(ev) == before)
            add_part(ev, e, part, v, &sb, &known);
    }
    value out =
        known && eval_errors(ev) == errors ? string_of(ev, &sb, e) : value_unknown(&type_string);
    return value_mark(out, sensitive);
}

/* The strings of a %{ for }. */
value eval_template_join(struct eval *ev, const struct expr *e)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT_MAX(EVAL_MAX_STRING);
    size_t errors = eval_errors(ev);
    value list = eval_node(ev, e->inner);
    bool sensitive = list.sensitive;
    if (eval_errors(ev) != errors || !value_is_present(list) || list.type->kind != TYPE_TUPLE)
        return value_mark(value_unknown(&type_string), sensitive);
    bool known = true;
    for (size_t i = 0; i < value_len(list); i++) {
        value v = value_at(list, i);
        sensitive |= v.sensitive;
        add_part(ev, e, e->inner->kind == EXPR_FOR ? e->inner->for_.value : e->inner, v, &sb,
                 &known);
    }
    value out =
        known && eval_errors(ev) == errors ? string_of(ev, &sb, e) : value_unknown(&type_string);
    return value_mark(out, sensitive);
}
