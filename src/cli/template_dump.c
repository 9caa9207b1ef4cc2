/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/template_dump.h"

#include <stdlib.h>

static void add_value(struct strbuf *out, const char *prefix, const char *name, value v, bool known,
                      bool sensitive)
{
    /* Also what was only computed from a secret. */
    sensitive |= known && value_is_sensitive_deep(v);
    strbuf_addf(out, "%s.%s: ", prefix, name);
    if (!known)
        strbuf_adds(out, "\"<unknown>\"");
    else if (sensitive)
        strbuf_adds(out, "\"<sensitive>\"");
    else if (value_is_present(v) && value_is_string(v))
        strbuf_add_json_quoted(out, value_as_str(v));
    else {
        AUTO(strbuf) struct strbuf shown = STRBUF_INIT;
        value_print(v, &shown, 0);
        strbuf_add_json_quoted(out, strbuf_str(&shown));
    }
    strbuf_addc(out, '\n');
}

static int by_variable_name(const void *a, const void *b)
{
    return strcmp((*(const struct template_variable *const *)a)->name,
                  (*(const struct template_variable *const *)b)->name);
}

static int by_local_name(const void *a, const void *b)
{
    return strcmp((*(const struct template_local *const *)a)->name,
                  (*(const struct template_local *const *)b)->name);
}

void template_dump_variables(struct strbuf *out, struct arena *a, const struct template *t)
{
    strbuf_adds(out, "> input-variables:\n\n");
    size_t n = t->variables.len;
    struct template_variable **vars = arena_memdup(
        a, t->variables.ptr == NULL ? (void *)out : t->variables.ptr, n * sizeof(*vars));
    if (n > 0)
        qsort(vars, n, sizeof(*vars), by_variable_name);
    for (size_t i = 0; i < n; i++)
        add_value(out, "var", vars[i]->name, vars[i]->val, vars[i]->is_set, vars[i]->sensitive);
    n = t->data.len;
    if (n > 0)
        strbuf_adds(out, "\n> data-sources:\n\n");
    for (size_t i = 0; i < n; i++) {
        const struct template_data *d = t->data.ptr[i];
        add_value(out, arena_fmt(a, "data.%s", d->type), d->name, d->val,
                  value_is_wholly_known(d->val), value_is_sensitive_deep(d->val));
    }
    strbuf_adds(out, "\n> local-variables:\n\n");
    n = t->locals.len;
    struct template_local **locals =
        arena_memdup(a, t->locals.ptr == NULL ? (void *)out : t->locals.ptr, n * sizeof(*locals));
    if (n > 0)
        qsort(locals, n, sizeof(*locals), by_local_name);
    for (size_t i = 0; i < n; i++)
        add_value(out, "local", locals[i]->name, locals[i]->val, locals[i]->val.type != NULL,
                  locals[i]->sensitive);
}
