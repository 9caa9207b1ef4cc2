/* SPDX-License-Identifier: Apache-2.0 */

#include "upgrade/upgrade.h"

#include <stdlib.h>

#include "plug/builder.h"
#include "plug/provisioner.h"
#include "plug/registry.h"
#include "upgrade/internal.h"

/* --- the writer --- */

void upgrade_mark(struct upgrade_writer *w, size_t start, struct range range, bool verbatim)
{
    upgrade_origins_push(w->arena, &w->origins,
                         (struct source_origin){.start = (uint32_t)start,
                                                .end = (uint32_t)w->out.len,
                                                .range = range,
                                                .verbatim = verbatim});
}

void upgrade_indent(struct upgrade_writer *w)
{
    strbuf_addn(&w->out, ' ', (size_t)w->depth * 2);
}

static void add_text(struct upgrade_writer *w, const char *text)
{
    strbuf_addc(&w->out, '"');
    upgrade_add_text(&w->out, str_from(text));
    strbuf_addc(&w->out, '"');
}

static void add_label(struct upgrade_writer *w, const char *label, struct range range)
{
    size_t start = w->out.len + 1;
    strbuf_addc(&w->out, ' ');
    add_text(w, label);
    upgrade_mark(w, start, range, false);
}

void upgrade_open_block(struct upgrade_writer *w, const char *type, const struct upgrade_item *item,
                        struct range range)
{
    upgrade_indent(w);
    size_t start = w->out.len;
    strbuf_adds(&w->out, type);
    upgrade_mark(w, start, range, false);
    if (item != NULL)
        add_label(w, item->type, item->type_range);
    if (item != NULL && item->label != NULL)
        add_label(w, item->label, item->name_range);
    strbuf_adds(&w->out, " {");
    upgrade_mark(w, start, range, false);
    strbuf_addc(&w->out, '\n');
    w->depth++;
}

void upgrade_close_block(struct upgrade_writer *w)
{
    w->depth--;
    upgrade_indent(w);
    strbuf_adds(&w->out, "}\n");
}

void upgrade_annotate(struct upgrade_writer *w, const char *text)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    str line, rest;
    if (!w->options->annotations)
        return;
    strbuf_add_wrapped(&sb, str_from(text), 0, 76);
    rest = str_trim(strbuf_str(&sb));
    while (rest.ptr != NULL && (line = str_next_line(&rest)).ptr != NULL)
        strbuf_addf(&w->out, "# %.*s\n", STR_FMT(line));
}

/* Between blocks; none behind the comment that belongs to the block. */
static void blank_line(struct upgrade_writer *w)
{
    if (w->out.len > 0 && !w->commented)
        strbuf_addc(&w->out, '\n');
    w->commented = false;
}

static void begin_section(struct upgrade_writer *w, const char *comment)
{
    if (!w->options->annotations)
        return;
    blank_line(w);
    upgrade_annotate(w, comment);
    w->commented = true;
}

/* --- packer, variables, locals --- */

static void add_packer(struct upgrade_writer *w)
{
    const struct json_node *version = w->legacy->min_version;
    if (version == NULL)
        return;
    upgrade_annotate(w, "What the template needs of the program.");
    upgrade_open_block(w, "packer", NULL, version->range);
    upgrade_begin_attribute(w, STR("required_version"), version->range);
    size_t start = w->out.len;
    strbuf_adds(&w->out, "\">= ");
    upgrade_add_text(&w->out, version->text);
    strbuf_addc(&w->out, '"');
    upgrade_mark(w, start, version->range, false);
    strbuf_addc(&w->out, '\n');
    upgrade_close_block(w);
}

static void open_named(struct upgrade_writer *w, const char *type, const char *name,
                       struct range range)
{
    size_t start = w->out.len;
    strbuf_addf(&w->out, "%s \"%s\" {\n", type, name);
    upgrade_mark(w, start, range, false);
    w->depth++;
}

/* The default as text, whatever kind of JSON it was. */
static void add_default(struct upgrade_writer *w, const struct upgrade_variable *v)
{
    struct json_node text = *v->node;
    text.kind = JSON_IS_STRING;
    text.text = v->text;
    upgrade_add_string(w, &text);
}

static void add_variable(struct upgrade_writer *w, const struct upgrade_variable *v)
{
    blank_line(w);
    open_named(w, "variable", v->identifier, v->range);
    strbuf_adds(&w->out, "  type = string\n");
    if (v->is_local) {
        strbuf_adds(&w->out, "  default = null\n");
    } else if (v->text.ptr != NULL) {
        strbuf_adds(&w->out, "  default = ");
        w->place = UPGRADE_DEFAULT;
        add_default(w, v);
        strbuf_addc(&w->out, '\n');
    }
    if (v->sensitive)
        strbuf_adds(&w->out, "  sensitive = true\n");
    upgrade_close_block(w);
}

static int compare_names(const void *a, const void *b)
{
    return str_cmp(*(const str *)a, *(const str *)b);
}

/* Variables for {{env}} in texts that become locals. */
static void add_env_variables(struct upgrade_writer *w)
{
    struct upgrade_names names = {0};
    VEC_EACH (v, &w->legacy->variables)
        if (v->is_local)
            upgrade_find_constants(w->arena, v->text, "env", &names);
    if (names.len > 0)
        qsort(names.ptr, names.len, sizeof(*names.ptr), compare_names);
    for (size_t i = 0; i < names.len; i++) {
        if (i > 0 && str_eq(names.ptr[i], names.ptr[i - 1]))
            continue;
        blank_line(w);
        strbuf_addf(&w->out, "variable \"env_%s\" {\n  type = string\n  default = \"${env(\"",
                    upgrade_identifier(w->arena, names.ptr[i]));
        upgrade_add_text(&w->out, names.ptr[i]);
        strbuf_adds(&w->out, "\")}\"\n}\n");
    }
}

static void add_variables(struct upgrade_writer *w)
{
    bool said = false;
    VEC_EACH (v, &w->legacy->variables) {
        if (v->is_local && !w->options->direct)
            continue;
        if (!said)
            begin_section(w, "Values from outside: -var, -var-file, PKR_VAR_NAME. The old format "
                             "knew only text; a type that says more can be given now.");
        said = true;
        add_variable(w, v);
    }
    add_env_variables(w);
}

static bool calls_anywhere(struct arena *a, const struct json_node *n, const char *name)
{
    bool found = n->kind == JSON_IS_STRING && upgrade_calls(a, n->text, name);
    for (size_t i = 0; n->kind == JSON_IS_ARRAY && i < n->count && !found; i++)
        found = calls_anywhere(a, n->items[i], name);
    for (size_t i = 0; n->kind == JSON_IS_OBJECT && i < n->count && !found; i++)
        found = calls_anywhere(a, n->members[i].value, name);
    return found;
}

static bool items_call(struct arena *a, const struct upgrade_items *items, const char *name)
{
    bool found = false;
    VEC_EACH (item, items)
        found = found || calls_anywhere(a, item->node, name);
    return found;
}

static bool uses_timestamp(struct upgrade_writer *w)
{
    const struct upgrade_legacy *l = w->legacy;
    bool found = items_call(w->arena, &l->builders, "timestamp") ||
                 items_call(w->arena, &l->provisioners, "timestamp") ||
                 items_call(w->arena, &l->error_cleanup, "timestamp");
    VEC_EACH (chain, &l->chains)
        found = found || items_call(w->arena, chain, "timestamp");
    VEC_EACH (v, &l->variables)
        found = found || (v->is_local && upgrade_calls(w->arena, v->text, "timestamp"));
    return found;
}

static void add_timestamp(struct upgrade_writer *w)
{
    if (!uses_timestamp(w))
        return;
    begin_section(w, "In place of {{timestamp}}: the time when the template is read.");
    blank_line(w);
    strbuf_addf(&w->out, "locals {\n  %s = %s\n}\n", w->timestamp_name,
                w->options->direct ? "rfc3339_parse(timestamp()).unix"
                                   : "regex_replace(timestamp(), \"[- TZ:]\", \"\")");
}

/* Read directly, the variable may still be given from outside. */
static void add_local_value(struct upgrade_writer *w, const struct upgrade_variable *v)
{
    if (w->options->direct)
        strbuf_addf(&w->out, "var.%s != null ? var.%s : ", v->identifier, v->identifier);
    w->place = UPGRADE_LOCAL;
    add_default(w, v);
    strbuf_addc(&w->out, '\n');
}

static void add_sensitive_local(struct upgrade_writer *w, const struct upgrade_variable *v)
{
    blank_line(w);
    open_named(w, "local", v->identifier, v->range);
    strbuf_adds(&w->out, "  sensitive = true\n  expression = ");
    add_local_value(w, v);
    upgrade_close_block(w);
}

static void add_locals(struct upgrade_writer *w)
{
    size_t plain = 0, secret = 0;
    VEC_EACH (v, &w->legacy->variables) {
        plain += v->is_local && !v->sensitive;
        secret += v->is_local && v->sensitive;
    }
    if (plain + secret > 0)
        begin_section(w, "Variables whose default uses other variables or functions.");
    VEC_EACH (v, &w->legacy->variables)
        if (v->is_local && v->sensitive)
            add_sensitive_local(w, v);
    if (plain == 0)
        return;
    blank_line(w);
    strbuf_adds(&w->out, "locals {\n");
    w->depth++;
    VEC_EACH (v, &w->legacy->variables) {
        if (!v->is_local || v->sensitive)
            continue;
        upgrade_begin_attribute(w, str_from(v->identifier), v->range);
        add_local_value(w, v);
    }
    upgrade_close_block(w);
}

/* --- sources --- */

static void name_sources(struct upgrade_writer *w)
{
    size_t i = 0;
    VEC_EACH (b, &w->legacy->builders) {
        const char *name = b->name != NULL ? b->name : b->type;
        i++;
        if (w->options->direct || strcmp(name, b->type) != 0)
            b->label = upgrade_identifier(w->arena, str_from(name));
        else
            b->label = arena_fmt(w->arena, "autogenerated_%zu", i);
        b->build = w->options->direct ? name : b->label;
    }
}

static void add_source(struct upgrade_writer *w, const struct upgrade_item *b)
{
    struct upgrade_members members = {0};
    const struct builder_type *type = registry_find_builder(str_from(b->type));
    blank_line(w);
    upgrade_open_block(w, "source", b, b->node->open_range);
    w->place = UPGRADE_SOURCE;
    w->rows = type == NULL ? NULL : type->opts;
    upgrade_fixed_members(w, b->node, &members);
    VEC_EACH (m, &members)
        if (!str_eqz((*m)->name, "type") && !str_eqz((*m)->name, "name"))
            upgrade_add_option(w, *m);
    upgrade_close_block(w);
}

static void add_sources(struct upgrade_writer *w)
{
    if (w->legacy->builders.len > 0)
        begin_section(w, "One source for each builder of the old template.");
    VEC_EACH (b, &w->legacy->builders)
        add_source(w, b);
}

/* --- build --- */

static void add_reference(struct upgrade_writer *w, const struct json_node *n)
{
    const struct upgrade_item *b =
        n->kind == JSON_IS_STRING ? upgrade_find_builder(w->legacy, n->text) : NULL;
    size_t start = w->out.len;
    if (b == NULL && n->kind == JSON_IS_STRING)
        diags_warning(w->diags, n->range, "Unknown builder",
                      "The template has no builder named \"%.*s\".", STR_FMT(n->text));
    if (b == NULL)
        upgrade_add_value(w, n);
    else
        add_text(w, arena_fmt(w->arena, "%s.%s", b->type, b->build));
    upgrade_mark(w, start, n->range, false);
}

/* `only` and `except` name builders there, sources here. */
static void add_builder_list(struct upgrade_writer *w, const struct json_member *m)
{
    const struct json_node *n = m->value;
    if (n->kind == JSON_IS_ARRAY && n->count == 0)
        return;
    upgrade_begin_attribute(w, m->name, m->name_range);
    size_t start = w->out.len;
    strbuf_addc(&w->out, '[');
    for (size_t i = 0; n->kind == JSON_IS_ARRAY && i < n->count; i++) {
        strbuf_adds(&w->out, i > 0 ? ", " : "");
        add_reference(w, n->items[i]);
    }
    if (n->kind != JSON_IS_ARRAY)
        add_reference(w, n);
    strbuf_addc(&w->out, ']');
    upgrade_mark(w, start, n->range, false);
    strbuf_addc(&w->out, '\n');
}

static void add_override(struct upgrade_writer *w, const struct json_member *m)
{
    struct upgrade_members members = {0};
    upgrade_begin_attribute(w, m->name, m->name_range);
    size_t start = w->out.len;
    upgrade_sorted(w->arena, m->value, &members);
    strbuf_adds(&w->out, "{\n");
    w->depth++;
    VEC_EACH (inner, &members) {
        const struct upgrade_item *b = upgrade_find_builder(w->legacy, (*inner)->name);
        struct json_member named = **inner;
        if (b != NULL)
            named.name = str_from(b->build);
        upgrade_add_member(w, &named);
    }
    w->depth--;
    upgrade_indent(w);
    strbuf_addc(&w->out, '}');
    upgrade_mark(w, start, m->value->range, false);
    strbuf_addc(&w->out, '\n');
}

static void add_step_option(struct upgrade_writer *w, const struct upgrade_item *item,
                            const struct json_member *m)
{
    bool list = str_eqz(m->name, "only") || str_eqz(m->name, "except");
    if (str_eqz(m->name, "type"))
        return;
    if (str_eqz(m->name, "name") && item->name != NULL && strcmp(item->name, item->type) == 0)
        return; /* as it would be called anyway */
    if (list)
        add_builder_list(w, m);
    else if (str_eqz(m->name, "override") && m->value->kind == JSON_IS_OBJECT)
        add_override(w, m);
    else
        upgrade_add_option(w, m);
}

static void add_step(struct upgrade_writer *w, const char *keyword, const struct upgrade_item *item,
                     const struct opt *rows)
{
    struct upgrade_members members = {0};
    upgrade_open_block(w, keyword, item, item->node->range);
    w->place = UPGRADE_STEP;
    w->rows = rows;
    upgrade_sorted(w->arena, item->node, &members);
    VEC_EACH (m, &members)
        add_step_option(w, item, *m);
    upgrade_close_block(w);
}

static const struct opt *provisioner_options(const char *type)
{
    const struct provisioner_type *p = registry_find_provisioner(str_from(type));
    return p == NULL ? NULL : p->opts;
}

static void add_provisioners(struct upgrade_writer *w)
{
    VEC_EACH (p, &w->legacy->provisioners) {
        blank_line(w);
        add_step(w, "provisioner", p, provisioner_options(p->type));
    }
    VEC_EACH (p, &w->legacy->error_cleanup) {
        blank_line(w);
        add_step(w, "error-cleanup-provisioner", p, provisioner_options(p->type));
    }
}

static void add_chains(struct upgrade_writer *w)
{
    VEC_EACH (chain, &w->legacy->chains) {
        bool group = chain->len > 1;
        blank_line(w);
        if (group)
            upgrade_open_block(w, "post-processors", NULL, chain->ptr[0].type_range);
        VEC_EACH (step, chain)
            add_step(w, "post-processor", step, NULL);
        if (group)
            upgrade_close_block(w);
    }
}

/* A name that no label can be is given where the source is used. */
static void add_named_use(struct upgrade_writer *w, const struct upgrade_item *b)
{
    upgrade_indent(w);
    size_t start = w->out.len;
    strbuf_addf(&w->out, "source \"%s.%s\" {\n    name = ", b->type, b->label);
    add_text(w, b->build);
    strbuf_adds(&w->out, "\n  }\n");
    upgrade_mark(w, start, b->name_range, false);
}

static void add_references(struct upgrade_writer *w)
{
    const char *separator = "  sources = [";
    VEC_EACH (b, &w->legacy->builders) {
        if (strcmp(b->build, b->label) != 0)
            continue;
        strbuf_adds(&w->out, separator);
        size_t start = w->out.len;
        add_text(w, arena_fmt(w->arena, "source.%s.%s", b->type, b->label));
        upgrade_mark(w, start, b->type_range, false);
        separator = ", ";
    }
    strbuf_adds(&w->out, separator[0] == ',' ? "]\n" : "");
    VEC_EACH (b, &w->legacy->builders)
        if (strcmp(b->build, b->label) != 0)
            add_named_use(w, b);
}

static void add_build(struct upgrade_writer *w)
{
    const struct upgrade_legacy *l = w->legacy;
    if (l->builders.len == 0)
        return;
    begin_section(w, "The build runs the provisioners on each source, then the post-processors on "
                     "what came out.");
    blank_line(w);
    upgrade_open_block(w, "build", NULL, l->builders.ptr[0].node->open_range);
    if (l->description != NULL && l->description->text.len > 0) {
        upgrade_begin_attribute(w, STR("description"), l->description->range);
        w->place = UPGRADE_DEFAULT; /* nothing is called there */
        upgrade_add_value(w, l->description);
        strbuf_adds(&w->out, "\n\n");
    }
    add_references(w);
    add_provisioners(w);
    add_chains(w);
    upgrade_close_block(w);
}

/* --- the whole --- */

static int by_start(const void *pa, const void *pb)
{
    const struct source_origin *a = pa, *b = pb;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return a->end != b->end ? (a->end > b->end ? -1 : 1) : 0;
}

static const char *free_local_name(const struct upgrade_legacy *l)
{
    VEC_EACH (v, &l->variables)
        if (v->is_local && strcmp(v->identifier, "timestamp") == 0)
            return "build_timestamp";
    return "timestamp";
}

struct source_file *upgrade_write(struct upgrade_legacy *l, const struct upgrade_options *options,
                                  struct diags *diags)
{
    struct upgrade_writer w = {.arena = l->arena,
                               .legacy = l,
                               .options = options,
                               .diags = diags,
                               .out = STRBUF_INIT_MAX(SOURCE_MAX_BYTES),
                               .timestamp_name = free_local_name(l)};
    upgrade_annotate(&w, "Made from a JSON template. What stands between {{ and }} is filled in "
                         "while a build runs, ${ } when the template is read.");
    if (options->annotations)
        strbuf_addc(&w.out, '\n');
    name_sources(&w);
    add_packer(&w);
    add_variables(&w);
    add_timestamp(&w);
    add_locals(&w);
    add_sources(&w);
    add_build(&w);
    struct source_file *f = source_file_new(l->arena, l->file->name, strbuf_str(&w.out));
    if (w.out.len >= SOURCE_MAX_BYTES)
        diags_file_error(diags, l->file->name, "Template too large",
                         "Its form in HCL would be larger than %zu MiB.", SOURCE_MAX_BYTES >> 20);
    strbuf_clear(&w.out);
    if (w.origins.len > 0)
        qsort(w.origins.ptr, w.origins.len, sizeof(*w.origins.ptr), by_start);
    f->origins = w.origins.ptr;
    f->origin_count = w.origins.len;
    return f;
}
