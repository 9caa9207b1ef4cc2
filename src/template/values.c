/* SPDX-License-Identifier: Apache-2.0 */

#include "template/internal.h"

#include "base/io.h"
#include "base/redact.h"
#include "hcl/parse.h"
#include "hcl/json_read.h"
#include "hcl/suggest.h"

/* Values of variables from outside, lowest precedence first: PKR_VAR_name of
 * the environment, *.auto.pkrvars.hcl and then *.auto.pkrvars.json of the
 * template's directory, -var-file in order, -var. */

extern char **environ;

#define ENV_PREFIX "PKR_VAR_"

static const char *nearest_variable(const struct template *t, str name)
{
    struct suggest s;
    suggest_init(&s, name);
    VEC_EACH (v, &t->variables)
        suggest_offer(&s, str_from((*v)->name));
    return suggest_text(t->arena, &s);
}

/* TEXT is the value itself where the type is a string, a number or open; an
 * expression without names otherwise. */
static bool assign_text(struct template *t, struct template_variable *var, str text,
                        const char *origin, struct diags *diags)
{
    struct arena *a = t->arena;
    if (var->sensitive)
        redact_register(text);
    const char *label = strcmp(origin, "env") == 0
                            ? arena_fmt(a, "<value for var.%s from env>", var->name)
                            : arena_fmt(a, "<value for var.%s from arguments>", var->name);
    struct source_file *f = source_file_new(a, label, text);
    struct range range = {.file = f, .end = (uint32_t)text.len};
    enum type_kind kind = var->type->kind;
    value v;
    if (kind == TYPE_STRING || kind == TYPE_NUMBER || kind == TYPE_DYNAMIC) {
        v = value_string(a, text);
    } else {
        const struct expr *e;
        if (!hcl_parse_expr(a, f, diags, &e) || !eval_expr(e, NULL, a, &v, diags))
            return false;
    }
    return template_set_variable(a, var, v, origin, range, diags);
}

static bool is_too_long(const char *name, str text, struct diags *diags)
{
    return text.len > SOURCE_MAX_BYTES &&
           !diags_error(diags, RANGE_NONE, "Value too long",
                        "The value given for variable \"%s\" is larger than 16 MiB.", name);
}

static bool assign_environment(struct template *t, struct diags *diags)
{
    bool ok = true;
    for (char **e = environ; *e != NULL; e++) {
        str entry = str_from(*e);
        ptrdiff_t eq = str_find_char(entry, '=');
        if (eq < 0 || !str_starts(entry, STR(ENV_PREFIX)))
            continue;
        str name = str_sub(entry, strlen(ENV_PREFIX), (size_t)eq);
        str text = str_sub(entry, (size_t)eq + 1, entry.len);
        struct template_variable *var = template_find_variable(t, name);
        if (var == NULL)
            continue;
        ok &= !is_too_long(var->name, text, diags) && assign_text(t, var, text, "env", diags);
    }
    return ok;
}

/* Var files. */

static bool refuse_block(const struct block *b, struct diags *diags)
{
    if (str_eqz(b->type, "variable"))
        return diags_error(diags, block_header_range(b), "Variable declaration in a .pkrvar file",
                           "A file with values of variables cannot declare them: use NAME = VALUE "
                           "here and put the \"variable\" block into a template file.");
    return diags_error(diags, b->type_range, "Unexpected block",
                       "A file with values of variables has only arguments: NAME = VALUE.");
}

static bool assign_attribute(struct template *t, const struct attribute *attr, bool warn,
                             struct diags *diags)
{
    struct template_variable *var = template_find_variable(t, attr->name);
    if (var == NULL) {
        if (warn)
            diags_warning(diags, attr->name_range, "Undefined variable",
                          "The variable \"%.*s\" is set here but declared nowhere.%s",
                          STR_FMT(attr->name), nearest_variable(t, attr->name));
        return true;
    }
    value v;
    /* The old format knows no ${ } in the values of its files. */
    if (t->legacy != NULL && attr->json != NULL && attr->json->kind == JSON_IS_STRING)
        return template_set_variable(t->arena, var, value_string(t->arena, attr->json->text),
                                     "varfile", attr->expr->range, diags);
    return eval_expr(attr->expr, NULL, t->arena, &v, diags) &&
           template_set_variable(t->arena, var, v, "varfile", attr->expr->range, diags);
}

static bool assign_file(struct template *t, const char *path, bool warn, struct diags *diags)
{
    struct error *err = NULL;
    str name = str_from(path);
    if (!str_ends(name, STR(".hcl")) && !str_ends(name, STR(".json")))
        return diags_error(diags, RANGE_NONE,
                           arena_fmt(t->arena, "Could not guess format of %s", path),
                           "A file with values of variables must be named *.hcl or *.json.");
    struct source_file *f = source_load(t->arena, path, &err);
    if (f == NULL) {
        error_wrap(&err, "cannot read the variable file '%s'", path);
        diags_add_error(diags, RANGE_NONE, err);
        error_free(err);
        return false;
    }
    const struct body *body;
    bool ok = hcl_parse_any_file(t->arena, f, diags, &body);
    for (size_t i = 0; i < body->block_count; i++)
        ok = refuse_block(&body->blocks[i], diags);
    for (size_t i = 0; ok && i < body->attr_count; i++)
        assign_attribute(t, &body->attrs[i], warn, diags);
    return ok;
}

static bool assign_auto_files(struct template *t, bool warn, struct diags *diags)
{
    static const char *const suffixes[] = {".auto.pkrvars.hcl", ".auto.pkrvars.json"};
    bool ok = true;
    for (size_t i = 0; i < ARRAY_SIZE(suffixes) && io_is_dir(t->path); i++) {
        struct opt_strings files;
        struct error *err = NULL;
        if (!template_list_files(t->arena, t->path, suffixes[i], &files, &err)) {
            diags_add_error(diags, RANGE_NONE, err);
            error_free(err);
            return false;
        }
        for (size_t n = 0; n < files.len; n++)
            ok &= assign_file(t, files.ptr[n], warn, diags);
    }
    return ok;
}

static bool assign_argument(struct template *t, str arg, struct diags *diags)
{
    ptrdiff_t eq = str_find_char(arg, '=');
    if (eq <= 0)
        return diags_error(diags, RANGE_NONE, "Invalid -var argument",
                           "\"%.*s\" is not of the form NAME=VALUE.", STR_FMT(arg));
    str name = str_sub(arg, 0, (size_t)eq), text = str_sub(arg, (size_t)eq + 1, arg.len);
    struct template_variable *var = template_find_variable(t, name);
    if (var == NULL && t->legacy != NULL)
        return true; /* as it always was */
    if (var == NULL)
        return diags_error(diags, RANGE_NONE, "Undefined -var variable",
                           "\"%.*s\" was given with -var, but the template declares no variable "
                           "of that name.%s",
                           STR_FMT(name), nearest_variable(t, name));
    return !is_too_long(var->name, text, diags) && assign_text(t, var, text, "cmd", diags);
}

/* Only the last -var of a name counts, so that an earlier one cannot fail. */
static bool is_overridden(const struct opt_strings *vars, size_t i)
{
    str arg = str_from(vars->ptr[i]);
    ptrdiff_t eq = str_find_char(arg, '=');
    str head = eq < 0 ? arg : str_sub(arg, 0, (size_t)eq + 1);
    for (size_t n = i + 1; n < vars->len; n++)
        if (str_starts(str_from(vars->ptr[n]), head))
            return true;
    return false;
}

bool template_assign_variables(struct template *t, const struct template_options *options,
                               struct diags *diags)
{
    bool ok = assign_environment(t, diags);
    ok &= assign_auto_files(t, options->warn_undeclared, diags);
    for (size_t i = 0; i < options->var_files.len; i++)
        ok &= assign_file(t, options->var_files.ptr[i], options->warn_undeclared, diags);
    for (size_t i = 0; i < options->vars.len; i++)
        if (!is_overridden(&options->vars, i))
            ok &= assign_argument(t, str_from(options->vars.ptr[i]), diags);
    return ok;
}
