/* SPDX-License-Identifier: Apache-2.0 */

#include "upgrade/upgrade.h"

#include <stdlib.h>

#include "hcl/lex.h"
#include "hcl/suggest.h"
#include "upgrade/internal.h"

bool upgrade_is_legacy_name(const char *path)
{
    str name = str_from(path);
    return str_ends(name, STR(".json")) && !str_ends(name, STR(".pkr.json"));
}

bool upgrade_is_legacy_text(str text)
{
    AUTO(arena) struct arena *a = arena_new("peek");
    struct json_error err;
    text = str_trim(text);
    if (text.len == 0 || text.ptr[0] != '{')
        return false;
    const struct json_node *n = json_read(a, text, &err);
    return n != NULL && upgrade_member(n, STR("builders")) != NULL;
}

/* --- small things --- */

const struct json_member *upgrade_member(const struct json_node *object, str name)
{
    for (size_t i = object->kind == JSON_IS_OBJECT ? object->count : 0; i > 0; i--)
        if (str_eq(object->members[i - 1].name, name))
            return &object->members[i - 1];
    return NULL;
}

static int by_member_name(const void *a, const void *b)
{
    const struct json_member *x = *(const struct json_member *const *)a;
    const struct json_member *y = *(const struct json_member *const *)b;
    int order = str_cmp(x->name, y->name);
    return order != 0 ? order : x < y ? -1 : x > y;
}

void upgrade_sorted(struct arena *a, const struct json_node *object, struct upgrade_members *out)
{
    for (size_t i = 0; object->kind == JSON_IS_OBJECT && i < object->count; i++)
        upgrade_members_push(a, out, &object->members[i]);
    if (out->len == 0)
        return;
    qsort(out->ptr, out->len, sizeof(*out->ptr), by_member_name);
    size_t n = 0;
    for (size_t i = 0; i < out->len; i++)
        if (i + 1 == out->len || !str_eq(out->ptr[i]->name, out->ptr[i + 1]->name))
            out->ptr[n++] = out->ptr[i];
    out->len = n;
}

const char *upgrade_identifier(struct arena *a, str name)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    name = str_trim(name);
    if (hcl_is_identifier(name))
        return str_dup(a, name);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        bool digit = (c >= '0' && c <= '9') || c == '-';
        if (i == 0 && digit)
            strbuf_addc(&sb, '_');
        strbuf_addc(&sb, letter || digit ? c : '_');
    }
    return sb.len == 0 ? "_" : arena_strndup(a, sb.buf, sb.len);
}

struct upgrade_variable *upgrade_find_variable(const struct upgrade_legacy *l, str name)
{
    VEC_EACH (v, &l->variables)
        if (str_eqz(name, v->name))
            return v;
    return NULL;
}

const struct upgrade_item *upgrade_find_builder(const struct upgrade_legacy *l, str name)
{
    VEC_EACH (b, &l->builders)
        if (str_eqz(name, b->name != NULL ? b->name : b->type))
            return b;
    return NULL;
}

static bool wrong_kind(struct diags *d, const struct json_node *n, const char *what)
{
    return diags_error(d, n->range, "Wrong type of value", "%s must be here.", what);
}

/* --- variables --- */

/* As Packer reads a default: numbers and truth values become text. */
static bool read_default(struct arena *a, const struct json_node *n, str *out, struct diags *d)
{
    switch (n->kind) {
    case JSON_IS_NULL: *out = (str){0}; return true;
    case JSON_IS_BOOL: *out = n->boolean ? STR("1") : STR("0"); return true;
    case JSON_IS_NUMBER:
    case JSON_IS_STRING: *out = str_from(str_dup(a, n->text)); return true;
    case JSON_IS_ARRAY:
    case JSON_IS_OBJECT: break;
    }
    return wrong_kind(d, n, "A text, a number or null, as the default of a variable,");
}

static void read_variables(struct upgrade_legacy *l, const struct json_node *n, struct diags *d)
{
    struct upgrade_members members = {0};
    if (n->kind != JSON_IS_OBJECT) {
        wrong_kind(d, n, "An object, with the variables and their defaults,");
        return;
    }
    upgrade_sorted(l->arena, n, &members);
    VEC_EACH (m, &members) {
        struct upgrade_variable v = {.name = str_dup(l->arena, (*m)->name),
                                     .identifier = upgrade_identifier(l->arena, (*m)->name),
                                     .node = (*m)->value,
                                     .range = (*m)->name_range};
        read_default(l->arena, (*m)->value, &v.text, d);
        v.is_local = v.text.ptr != NULL && upgrade_needs_local(l->arena, v.text);
        upgrade_variables_push(l->arena, &l->variables, v);
    }
}

static void read_sensitive(struct upgrade_legacy *l, const struct json_node *n, struct diags *d)
{
    if (n->kind != JSON_IS_ARRAY) {
        wrong_kind(d, n, "A list of names of variables");
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        const struct json_node *item = n->items[i];
        struct upgrade_variable *v = NULL;
        if (item->kind == JSON_IS_STRING)
            v = upgrade_find_variable(l, item->text);
        if (v != NULL)
            v->sensitive = true;
        else
            diags_warning(d, item->range, "Unknown variable",
                          "Only names of \"variables\" can be listed here.");
    }
}

static void add_referenced(struct upgrade_legacy *l, const struct json_node *n)
{
    struct upgrade_names names = {0};
    for (size_t i = 0; n->kind == JSON_IS_ARRAY && i < n->count; i++)
        add_referenced(l, n->items[i]);
    for (size_t i = 0; n->kind == JSON_IS_OBJECT && i < n->count; i++)
        add_referenced(l, n->members[i].value);
    if (n->kind == JSON_IS_STRING)
        upgrade_find_constants(l->arena, n->text, "user", &names);
    VEC_EACH (name, &names)
        if (upgrade_find_variable(l, *name) == NULL)
            upgrade_variables_push(
                l->arena, &l->variables,
                (struct upgrade_variable){.name = str_dup(l->arena, *name),
                                          .identifier = upgrade_identifier(l->arena, *name),
                                          .range = n->range});
}

static int by_variable_name(const void *a, const void *b)
{
    return strcmp(((const struct upgrade_variable *)a)->name,
                  ((const struct upgrade_variable *)b)->name);
}

/* Names that differ only in what an identifier cannot hold. */
static void make_distinct(struct upgrade_legacy *l)
{
    for (size_t i = 0; i < l->variables.len; i++)
        for (size_t k = 0; k < i; k++) {
            struct upgrade_variable *v = &l->variables.ptr[i];
            if (strcmp(v->identifier, l->variables.ptr[k].identifier) == 0)
                v->identifier = arena_fmt(l->arena, "%s_%zu", v->identifier, i + 1);
        }
}

/* --- builders, provisioners, post-processors --- */

static bool read_item(struct upgrade_legacy *l, const struct json_node *n, const char *what,
                      struct upgrade_items *out, struct diags *d)
{
    struct upgrade_item item = {.node = n, .type_range = n->range, .name_range = n->range};
    if (n->kind != JSON_IS_OBJECT)
        return wrong_kind(d, n, arena_fmt(l->arena, "An object, with the options of a %s,", what));
    const struct json_member *type = upgrade_member(n, STR("type"));
    const struct json_member *name = upgrade_member(n, STR("name"));
    if (type == NULL || type->value->kind != JSON_IS_STRING || type->value->text.len == 0)
        return diags_error(d, type != NULL ? type->value->range : n->open_range,
                           arena_fmt(l->arena, "Missing type of the %s", what),
                           "Each %s needs \"type\": the name of a %s, as text.", what, what);
    item.type = str_dup(l->arena, type->value->text);
    item.type_range = type->value->range;
    if (name != NULL && name->value->kind != JSON_IS_STRING)
        return wrong_kind(d, name->value, "A text, as the name,");
    if (name != NULL && name->value->text.len > 0) {
        item.name = str_dup(l->arena, name->value->text);
        item.name_range = name->value->range;
    }
    upgrade_items_push(l->arena, out, item);
    return true;
}

static bool is_list(const struct json_node *n, struct diags *d, const char *what)
{
    return n->kind == JSON_IS_ARRAY || wrong_kind(d, n, what);
}

static int by_type_and_name(const void *pa, const void *pb)
{
    const struct upgrade_item *a = pa, *b = pb;
    int order = strcmp(a->type, b->type);
    if (order == 0)
        order = strcmp(a->name == NULL ? "" : a->name, b->name == NULL ? "" : b->name);
    return order != 0 ? order : a->type_range.start < b->type_range.start ? -1 : 1;
}

static void read_builders(struct upgrade_legacy *l, const struct json_node *n, struct diags *d)
{
    if (!is_list(n, d, "A list of builders"))
        return;
    for (size_t i = 0; i < n->count; i++) {
        size_t before = l->builders.len;
        if (!read_item(l, n->items[i], "builder", &l->builders, d))
            continue;
        struct upgrade_item b = l->builders.ptr[before];
        l->builders.len = before;
        str name = str_from(b.name != NULL ? b.name : b.type);
        const struct upgrade_item *old = upgrade_find_builder(l, name);
        l->builders.len = before + 1;
        if (old != NULL)
            diags_error(d, b.name_range, "Duplicate builder",
                        "A builder named \"%.*s\" is at %s already; give one of them another "
                        "\"name\".",
                        STR_FMT(name), source_range_text(l->arena, old->name_range));
    }
    if (l->builders.len > 0)
        qsort(l->builders.ptr, l->builders.len, sizeof(*l->builders.ptr), by_type_and_name);
}

static void read_provisioners(struct upgrade_legacy *l, const struct json_node *n, struct diags *d)
{
    if (!is_list(n, d, "A list of provisioners"))
        return;
    for (size_t i = 0; i < n->count; i++)
        read_item(l, n->items[i], "provisioner", &l->provisioners, d);
}

static void read_step(struct upgrade_legacy *l, const struct json_node *n,
                      struct upgrade_items *chain, struct diags *d)
{
    if (n->kind == JSON_IS_STRING)
        upgrade_items_push(l->arena, chain,
                           (struct upgrade_item){.type = str_dup(l->arena, n->text),
                                                 .node = n,
                                                 .type_range = n->range,
                                                 .name_range = n->range});
    else
        read_item(l, n, "post-processor", chain, d);
}

/* Each element is a name, an object, or a list of these: a chain. */
static void read_chains(struct upgrade_legacy *l, const struct json_node *n, struct diags *d)
{
    if (!is_list(n, d, "A list of post-processors"))
        return;
    for (size_t i = 0; i < n->count; i++) {
        const struct json_node *item = n->items[i];
        struct upgrade_items chain = {0};
        if (item->kind != JSON_IS_ARRAY)
            read_step(l, item, &chain, d);
        for (size_t k = 0; item->kind == JSON_IS_ARRAY && k < item->count; k++)
            read_step(l, item->items[k], &chain, d);
        if (chain.len > 0)
            upgrade_chains_push(l->arena, &l->chains, chain);
    }
}

/* --- the file --- */

static const char *const root_keys[] = {
    "builders",           "description",         "error-cleanup-provisioner",
    "min_packer_version", "post-processors",     "push",
    "provisioners",       "sensitive-variables", "variables"};

static void unknown_key(struct upgrade_legacy *l, const struct json_member *m, struct diags *d)
{
    struct suggest s;
    suggest_init(&s, m->name);
    for (size_t i = 0; i < ARRAY_SIZE(root_keys); i++)
        suggest_offer(&s, str_from(root_keys[i]));
    bool hcl = str_eqz(m->name, "source") || str_eqz(m->name, "build") ||
               str_eqz(m->name, "variable") || str_eqz(m->name, "packer");
    diags_error(d, m->name_range, "Unknown part of a JSON template",
                "\"%.*s\" is not expected "
                "here.%s%s",
                STR_FMT(m->name), suggest_text(l->arena, &s),
                hcl ? " For JSON in the shape of HCL name the file *.pkr.json." : "");
}

static const struct json_node *text_node(const struct json_node *n, const char *what,
                                         struct diags *d)
{
    if (n->kind == JSON_IS_STRING)
        return n;
    wrong_kind(d, n, what);
    return NULL;
}

static void read_root_member(struct upgrade_legacy *l, const struct json_member *m, struct diags *d)
{
    const struct json_node *n = m->value;
    if (str_starts(m->name, STR("_")) || str_eqz(m->name, "push"))
        return; /* a comment; what was sent to a service that is no more */
    if (str_eqz(m->name, "builders"))
        read_builders(l, n, d);
    else if (str_eqz(m->name, "provisioners"))
        read_provisioners(l, n, d);
    else if (str_eqz(m->name, "post-processors"))
        read_chains(l, n, d);
    else if (str_eqz(m->name, "error-cleanup-provisioner"))
        read_item(l, n, "provisioner", &l->error_cleanup, d);
    else if (str_eqz(m->name, "variables"))
        read_variables(l, n, d);
    else if (str_eqz(m->name, "description"))
        l->description = text_node(n, "A text", d);
    else if (str_eqz(m->name, "min_packer_version"))
        l->min_version = text_node(n, "A version, as text,", d);
    else if (!str_eqz(m->name, "sensitive-variables"))
        unknown_key(l, m, d);
}

struct upgrade_legacy *upgrade_read(struct arena *a, const struct source_file *f, struct diags *d)
{
    const struct json_node *root = json_read_source(a, f, d);
    if (root == NULL)
        return NULL;
    struct upgrade_legacy *l = arena_new_object(a, struct upgrade_legacy);
    l->arena = a;
    l->file = f;
    if (root->kind != JSON_IS_OBJECT) {
        wrong_kind(d, root, "One object, the template,");
        return l;
    }
    struct upgrade_members members = {0};
    upgrade_sorted(a, root, &members);
    VEC_EACH (m, &members)
        read_root_member(l, *m, d);
    VEC_EACH (m, &members)
        if (!str_starts((*m)->name, STR("_")))
            add_referenced(l, (*m)->value);
    const struct json_member *sensitive = upgrade_member(root, STR("sensitive-variables"));
    if (sensitive != NULL)
        read_sensitive(l, sensitive->value, d);
    if (l->variables.len > 0)
        qsort(l->variables.ptr, l->variables.len, sizeof(*l->variables.ptr), by_variable_name);
    make_distinct(l);
    return l;
}
