/* SPDX-License-Identifier: Apache-2.0 */

#include "template/internal.h"

#include <ctype.h>

#include "base/redact.h"
#include "hcl/convert.h"
#include "hcl/func.h"
#include "hcl/lex.h"
#include "hcl/source.h"
#include "hcl/refs.h"

static const struct opt variable_rows[] = {
    {.name = "type", .kind = OPT_KIND_VALUE_JSON},
    {.name = "default", .kind = OPT_KIND_VALUE_JSON},
    {.name = "description", .kind = OPT_KIND_VALUE_JSON},
    {.name = "sensitive", .kind = OPT_KIND_VALUE_JSON},
    {.name = "validation", .kind = OPT_KIND_BLOCKS},
    OPT_END,
};

static const struct opt validation_rows[] = {
    {.name = "condition", .kind = OPT_KIND_VALUE_JSON, .flags = OPT_REQUIRED},
    {.name = "error_message", .kind = OPT_KIND_VALUE_JSON, .flags = OPT_REQUIRED},
    OPT_END,
};

void template_register_secret(value v)
{
    if (!value_is_present(v))
        return;
    if (value_is_string(v))
        redact_register(value_as_str(v));
    else if (value_is_list_like(v) || value_is_map_like(v))
        for (size_t i = 0; i < value_len(v); i++)
            template_register_secret(value_at(v, i));
}

struct template_variable *template_find_variable(const struct template *t, str name)
{
    return map_get(&t->variable_names, name);
}

/* A value from outside has the type that is declared.  Where the type is only
 * known from a default that is a list or an object, its shape is free. */
static bool is_shape_of_default(const struct type *t)
{
    return t->kind == TYPE_TUPLE || t->kind == TYPE_OBJECT;
}

bool template_set_variable(struct arena *a, struct template_variable *var, value v,
                           const char *origin, struct range range, struct diags *diags)
{
    const char *why;
    if (var->sensitive)
        template_register_secret(v);
    bool declared = var->body != NULL && body_find_attr(var->body, STR("type")) != NULL;
    if ((declared || !is_shape_of_default(var->type)) && !convert(a, v, var->type, &v, &why)) {
        bool is_default = strcmp(origin, "default") == 0;
        var->val = value_dynamic(); /* said once is enough */
        var->is_set = true;
        return diags_error(diags, range,
                           is_default ? "Invalid default value for variable"
                                      : "Invalid value for variable",
                           "The value for \"%s\" does not fit its type %s: %s.", var->name,
                           type_str(a, var->type), why);
    }
    var->val = value_mark(v, var->sensitive);
    var->is_set = true;
    var->origin = origin;
    var->value_range = range;
    return true;
}

/* Defaults may call env() and nothing else. */
static struct scope *default_scope(struct arena *a)
{
    struct scope *s = scope_new(a, NULL);
    s->funcs = &func_table_env;
    return s;
}

static bool set_default(struct arena *a, struct template_variable *var, const struct expr *e,
                        struct diags *diags)
{
    value v;
    if (!eval_expr(e, default_scope(a), a, &v, diags)) {
        var->is_set = true;
        var->val = value_dynamic();
        return false;
    }
    const struct type *t = v.type;
    bool is_empty = (t->kind == TYPE_OBJECT || t->kind == TYPE_TUPLE) && t->len == 0;
    if (var->type == NULL)
        var->type = is_empty || value_is_null(v) ? &type_dynamic : t;
    return template_set_variable(a, var, v, "default", e->range, diags);
}

static bool add_variable(struct template *t, struct template_variable *var, struct diags *diags)
{
    const struct template_variable *old = template_find_variable(t, str_from(var->name));
    if (old != NULL)
        return diags_error(diags, var->range, "Duplicate variable",
                           "The variable \"%s\" is declared at %s already.", var->name,
                           source_range_text(t->arena, old->range));
    template_variables_push(t->arena, &t->variables, var);
    map_set(&t->variable_names, str_from(var->name), var);
    return true;
}

static bool read_flag(struct arena *a, const struct body *body, const char *name, bool *out,
                      struct diags *diags)
{
    const struct attribute *attr = body_find_attr(body, str_from(name));
    value v;
    if (attr == NULL)
        return true;
    if (!eval_expr_as(attr->expr, &type_bool, NULL, a, &v, diags))
        return false;
    *out = value_is_present(v) && value_as_bool(v);
    return true;
}

static bool read_text(struct arena *a, const struct body *body, const char *name, const char **out,
                      struct diags *diags)
{
    const struct attribute *attr = body_find_attr(body, str_from(name));
    value v;
    if (attr == NULL)
        return true;
    if (!eval_expr_as(attr->expr, &type_string, NULL, a, &v, diags))
        return false;
    *out = value_is_present(v) ? str_dup(a, value_as_str(v)) : NULL;
    return true;
}

static bool read_type(struct arena *a, const struct body *body, struct template_variable *var,
                      struct diags *diags)
{
    const struct attribute *attr = body_find_attr(body, STR("type"));
    if (attr == NULL)
        return true;
    const struct expr *e = expr_static(a, attr->expr, diags);
    if (e != NULL && type_from_expr(a, e, &var->type, diags))
        return true;
    var->type = &type_dynamic;
    var->val = value_dynamic(); /* "unset" would be one error too many */
    var->is_set = true;
    return false;
}

static bool declare_variable(struct template *t, const struct block *b, struct diags *diags)
{
    struct arena *a = t->arena;
    struct template_variable *var = arena_new_object(a, struct template_variable);
    var->name = str_dup(a, b->labels[0].value);
    var->range = block_header_range(b);
    var->body = b->body;
    bool ok = schema_check_names(b->body, variable_rows, a, diags);
    if (!hcl_is_identifier(b->labels[0].value))
        ok = diags_error(diags, b->labels[0].range, "Invalid variable name",
                         "A name must start with a letter or underscore and may contain only "
                         "letters, digits, underscores and dashes.");
    ok &= read_flag(a, b->body, "sensitive", &var->sensitive, diags);
    ok &= read_text(a, b->body, "description", &var->description, diags);
    ok &= read_type(a, b->body, var, diags);
    const struct attribute *def = body_find_attr(b->body, STR("default"));
    if (def != NULL)
        ok &= set_default(a, var, def->expr, diags);
    if (var->type == NULL)
        var->type = &type_dynamic;
    return add_variable(t, var, diags) && ok;
}

/* variables { name = value } */
static bool declare_short_variables(struct template *t, const struct block *b, struct diags *diags)
{
    bool ok = true;
    for (size_t i = 0; i < b->body->block_count; i++)
        ok = diags_error(diags, b->body->blocks[i].type_range, "Unexpected block",
                         "A `variables` block has only arguments: NAME = DEFAULT.");
    for (size_t i = 0; i < b->body->attr_count; i++) {
        const struct attribute *attr = &b->body->attrs[i];
        struct template_variable *var = arena_new_object(t->arena, struct template_variable);
        var->name = str_dup(t->arena, attr->name);
        var->range = attr->name_range;
        ok &= set_default(t->arena, var, attr->expr, diags);
        if (var->type == NULL)
            var->type = &type_dynamic;
        ok &= add_variable(t, var, diags);
    }
    return ok;
}

bool template_declare_variables(struct template *t, struct diags *diags)
{
    bool ok = true;
    struct blocks found = {0};
    template_top_blocks(t, STR("variable"), 1, &found, diags);
    VEC_EACH (b, &found)
        ok &= declare_variable(t, *b, diags);
    found.len = 0;
    template_top_blocks(t, STR("variables"), 0, &found, diags);
    VEC_EACH (b, &found)
        ok &= declare_short_variables(t, *b, diags);
    return ok;
}

/* Validation blocks. */

static bool check_refs(struct template *t, const struct template_variable *var,
                       const struct expr *cond, struct diags *diags)
{
    struct refs refs = {0};
    bool found = false, ok = true;
    expr_refs(t->arena, cond, &refs);
    VEC_EACH (r, &refs) {
        const struct expr *ref = *r;
        if (str_eqz(ref->traversal.root, "var") && str_eqz(ref_step_name(ref, 0), var->name))
            found = true;
        else
            ok = diags_error(diags, ref->range, "Invalid reference in variable validation",
                             "The condition for variable \"%s\" can only refer to the variable "
                             "itself, using var.%s.",
                             var->name, var->name);
    }
    if (!found)
        ok = diags_error(diags, cond->range, "Invalid variable validation condition",
                         "The condition for variable \"%s\" must refer to var.%s, so that it can "
                         "test the incoming value.",
                         var->name, var->name);
    return ok;
}

/* A sentence: capital letter first, full stop, question or exclamation mark last. */
static bool check_message(const struct expr *e, str *out, struct diags *diags)
{
    bool ok = expr_as_string_literal(e, out) && out->len > 0;
    if (ok) {
        unsigned char first = (unsigned char)out->ptr[0];
        str end = str_trim_end(*out);
        char last = end.len > 0 ? end.ptr[end.len - 1] : ' ';
        ok = !islower(first) && (last == '.' || last == '?' || last == '!');
    }
    return ok || diags_error(diags, e->range, "Invalid validation error message",
                             "The message must be a text without variables, at least one full "
                             "sentence starting with an upper-case letter and ending with a "
                             "period, question mark or exclamation mark.");
}

static struct scope *validation_scope(struct template *t, const struct template_variable *var)
{
    struct value_entry *entry = arena_new_object(t->arena, struct value_entry);
    *entry = (struct value_entry){.key = str_from(var->name), .val = var->val};
    struct scope *s = scope_new_root(t->arena, "");
    scope_set(t->arena, s, "var", value_object(t->arena, entry, 1));
    return s;
}

static bool check_condition(struct template *t, const struct template_variable *var,
                            const struct expr *cond, str message, struct diags *diags)
{
    value v;
    const char *why;
    const struct scope *scope = validation_scope(t, var);
    if (!eval_expr(cond, scope, t->arena, &v, diags))
        return false;
    if (!value_is_known(v))
        return true;
    if (value_is_null(v) || !convert_to_bool(t->arena, v, &v, &why))
        return diags_error(diags, cond->range, "Invalid variable validation result",
                           "The condition must be true or false.");
    if (value_as_bool(v))
        return true;
    struct diag *diag = diags_add(diags, DIAG_ERROR, var->value_range,
                                  arena_fmt(t->arena, "Invalid value for %s variable", var->origin),
                                  "%.*s\n\nThis was checked by the validation rule at %s.",
                                  STR_FMT(message), source_range_text(t->arena, cond->range));
    eval_add_values(t->arena, scope, cond, diags, diag);
    return false;
}

static bool validate(struct template *t, const struct template_variable *var,
                     const struct block *rule, struct diags *diags)
{
    bool ok = schema_check_names(rule->body, validation_rows, t->arena, diags);
    for (const struct opt *o = validation_rows; o->kind != OPT_KIND_END; o++)
        if (body_find_attr(rule->body, str_from(o->name)) == NULL)
            ok = diags_error(diags, rule->body->missing_item_range, "Missing required argument",
                             "The argument \"%s\" is required, but no definition was found.",
                             o->name);
    if (!ok)
        return false;
    str message;
    const struct expr *cond = body_find_attr(rule->body, STR("condition"))->expr;
    ok &= check_refs(t, var, cond, diags);
    ok &= check_message(body_find_attr(rule->body, STR("error_message"))->expr, &message, diags);
    return ok && (!var->is_set || check_condition(t, var, cond, message, diags));
}

static bool check_variable(struct template *t, struct template_variable *var, bool allow_unset,
                           struct diags *diags)
{
    if (!var->is_set && !allow_unset)
        return diags_error(diags, var->range,
                           arena_fmt(t->arena, "Unset variable \"%s\"", var->name),
                           "A variable must be set or have a default value. Set it with -var "
                           "'%s=VALUE', in a file given with -var-file, or with the environment "
                           "variable PKR_VAR_%s.",
                           var->name, var->name);
    if (!var->is_set)
        var->val = value_mark(value_unknown(var->type), var->sensitive);
    if (var->body == NULL)
        return true;
    bool ok = true;
    size_t n = 0;
    const struct block *rules =
        body_find_blocks(t->arena, var->body, STR("validation"), 0, diags, &n);
    for (size_t i = 0; i < n; i++)
        ok &= validate(t, var, &rules[i], diags);
    return ok;
}

bool template_validate_variables(struct template *t, bool allow_unset, struct diags *diags)
{
    bool ok = true;
    size_t n = t->variables.len;
    struct value_entry *entries = arena_new_array(t->arena, struct value_entry, n);
    for (size_t i = 0; i < n; i++) {
        struct template_variable *var = t->variables.ptr[i];
        ok &= check_variable(t, var, allow_unset, diags);
        value v = var->is_set ? var->val : value_unknown(var->type);
        entries[i] = (struct value_entry){.key = str_from(var->name), .val = v};
    }
    scope_set(t->arena, t->scope, "var", value_object(t->arena, entries, n));
    return ok;
}
