/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/command.h"

#include <jansson.h>

#include "base/redact.h"
#include "cli/app.h"
#include "cli/data.h"
#include "cli/exit.h"
#include "cli/inspect_legacy.h"
#include "cli/template_dump.h"
#include "cli/template_flags.h"
#include "core/plan.h"
#include "hcl/diag.h"

#define HIDDEN "<sensitive>"

struct inspect_flags {
    struct template_flags template;
    bool json;
    bool domain_xml;
};

#define F struct inspect_flags

static const struct opt opts[] = {
    OPT_BOOL(F, json, "json", .doc = "Print one JSON object."),
    OPT_BOOL(F, domain_xml, "domain-xml",
             .doc = "Print libvirt's XML of the machine that each build would start; with -only, "
                    "of one build.  Nothing is fetched, made or started."),
    OPT_EMBED(F, template, template_flag_rows),
    OPT_END,
};

/* Packer's layout: the variables as the console dumps them, then the builds. */

static const char *block_name(struct arena *a, const struct template_block *b)
{
    const struct attribute *attr = body_find_attr(b->body, STR("name"));
    str text;
    if (attr == NULL || !expr_as_string_literal(attr->expr, &text) || text.len == 0)
        return b->label;
    return arena_fmt(a, "%s.%.*s", b->label, STR_FMT(text));
}

static void add_steps(struct strbuf *out, struct arena *a, const struct template_blocks *steps,
                      const char *indent)
{
    VEC_EACH (p, steps)
        strbuf_addf(out, "%s%s\n", indent, block_name(a, p));
}

static void add_build(struct strbuf *out, struct arena *a, const struct template_build *b, size_t i)
{
    const char *name = b->name != NULL ? b->name : arena_fmt(a, "<unnamed build %zu>", i);
    strbuf_addf(out, "\n  > %s:\n\n", name);
    if (b->description != NULL)
        strbuf_addf(out, "  > Description: %s\n\n", b->description);
    strbuf_adds(out, "    sources:\n\n");
    VEC_EACH (use, &b->uses)
        strbuf_addf(out, "      %s.%s\n\n", use->source->type, use->alias);
    strbuf_adds(out, b->uses.len == 0 ? "      <no source>\n\n" : "");
    strbuf_adds(out, "    provisioners:\n\n");
    add_steps(out, a, &b->provisioners, "      ");
    strbuf_adds(out, b->provisioners.len == 0 ? "      <no provisioner>\n" : "");
    strbuf_adds(out, "\n    post-processors:\n");
    for (size_t c = 0; c < b->chains.len; c++) {
        strbuf_addf(out, "\n      %zu:\n", c);
        add_steps(out, a, &b->chains.ptr[c].steps, "        ");
    }
    strbuf_adds(out, b->chains.len == 0 ? "\n      <no post-processor>\n" : "");
    if (b->seal.len > 0)
        strbuf_adds(out, "\n    sealed\n");
    if (b->catalog.len > 0 || b->hcp_registry.len > 0)
        strbuf_adds(out, "\n    recorded in the catalog\n");
}

static void print_template(struct app *app, const struct template *t)
{
    AUTO(strbuf) struct strbuf variables = STRBUF_INIT;
    AUTO(strbuf) struct strbuf builds = STRBUF_INIT;
    template_dump_variables(&variables, app->arena, t);
    strbuf_adds(&builds, "> builds:\n");
    for (size_t i = 0; i < t->builds.len; i++)
        add_build(&builds, app->arena, &t->builds.ptr[i], i);
    app_say(app, STR("Packer Inspect: HCL2 mode\n"));
    app_say(app, strbuf_str(&variables));
    app_say(app, strbuf_str(&builds));
}

/* --- for programs --- */

static json_t *json_value(value v, bool known, bool sensitive)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    const char *why;
    if (sensitive || (known && value_is_sensitive_deep(v)))
        return json_string("<sensitive>");
    if (!known || !value_to_json(v, &text, &why))
        return json_null();
    return json_loadb(text.buf, text.len, JSON_DECODE_ANY, NULL);
}

static json_t *json_variables(const struct template *t)
{
    json_t *list = json_array();
    VEC_EACH (p, &t->variables) {
        const struct template_variable *v = *p;
        json_array_append_new(list,
                              json_pack("{ss ss* ss* sb sb so*}", "name", v->name, "type",
                                        type_str(t->arena, v->type), "description", v->description,
                                        "required", !v->is_set, "sensitive", v->sensitive, "value",
                                        json_value(v->val, v->is_set, v->sensitive)));
    }
    return list;
}

static json_t *json_locals(const struct template *t)
{
    json_t *list = json_array();
    VEC_EACH (p, &t->locals) {
        const struct template_local *l = *p;
        json_array_append_new(
            list, json_pack("{ss sb so*}", "name", l->name, "sensitive", l->sensitive, "value",
                            json_value(l->val, l->val.type != NULL, l->sensitive)));
    }
    return list;
}

static json_t *json_data(const struct template *t)
{
    json_t *list = json_array();
    VEC_EACH (d, &t->data)
        json_array_append_new(list, json_pack("{ss ss}", "type", (*d)->type, "name", (*d)->name));
    return list;
}

static json_t *json_steps(struct arena *a, const struct template_blocks *steps)
{
    json_t *list = json_array();
    VEC_EACH (p, steps) {
        const char *name = block_name(a, p);
        size_t len = strlen(p->label);
        json_array_append_new(list, json_pack("{ss ss*}", "type", p->label, "name",
                                              name[len] == '.' ? name + len + 1 : NULL));
    }
    return list;
}

static json_t *json_builds(const struct template *t)
{
    json_t *list = json_array();
    VEC_EACH (b, &t->builds) {
        json_t *sources = json_array(), *chains = json_array();
        VEC_EACH (use, &b->uses)
            json_array_append_new(
                sources, json_pack("{ss ss}", "type", use->source->type, "name", use->alias));
        VEC_EACH (chain, &b->chains)
            json_array_append_new(chains, json_steps(t->arena, &chain->steps));
        json_array_append_new(list,
                              json_pack("{ss* ss* so so so sb sb}", "name", b->name, "description",
                                        b->description, "sources", sources, "provisioners",
                                        json_steps(t->arena, &b->provisioners), "post_processors",
                                        chains, "sealed", b->seal.len > 0, "recorded",
                                        b->catalog.len > 0 || b->hcp_registry.len > 0));
    }
    return list;
}

static void print_json(struct app *app, const struct template *t)
{
    json_t *root =
        json_pack("{ss so so so so}", "format_version", "1.0", "variables", json_variables(t),
                  "data_sources", json_data(t), "locals", json_locals(t), "builds", json_builds(t));
    autofree char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    app_write(app->out, str_from(text));
    fputc('\n', app->out);
}

static bool add_machine(struct app *app, struct strbuf *out, const struct planned_build *b)
{
    struct error *err = NULL;
    if (b->builder->preview == NULL)
        return true;
    autofree char *xml =
        b->builder->preview(b->config, app->config, b->source_name, app->arena, &err);
    if (xml == NULL) {
        error_wrap(&err, "cannot show the machine of '%s'", b->name);
        app_fail(app, err);
        return false;
    }
    /* The mark of a hidden secret must not look like an element. */
    autofree char *clean = redact_dup(xml);
    for (char *mark = clean; (mark = strstr(mark, HIDDEN)) != NULL; mark += strlen(HIDDEN)) {
        mark[0] = '(';
        mark[strlen(HIDDEN) - 1] = ')';
    }
    strbuf_adds(out, clean);
    return true;
}

/* One XML document per build, in their order. */
static int print_machines(struct app *app, struct plan_options *options)
{
    struct plan plan;
    struct diags diags;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct data_reader reader;
    bool ok = true;
    diags_init(&diags, app->arena);
    app_read_data(app, false, &reader, &options->template);
    if (app_config(app) == NULL)
        return app->failure;
    options->only_check = true;
    plan_make(options, app->arena, &plan, &diags);
    app_print_diags(app, &diags);
    if (!diags_ok(&diags))
        return EXIT_TEMPLATE;
    for (size_t i = 0; i < plan.build_count; i++)
        ok &= add_machine(app, &out, &plan.builds[i]);
    app_write(app->out, strbuf_str(&out));
    return ok ? EXIT_OK : EXIT_HOST;
}

static int run(struct app *app, const void *flags, const struct opt_strings *args)
{
    const F *f = flags;
    struct plan_options options = {0};
    struct diags diags;
    diags_init(&diags, app->arena);
    struct data_reader reader;
    template_flags_apply(&f->template, args->len > 0 ? args->ptr[0] : ".", &options);
    if (f->domain_xml)
        return print_machines(app, &options);
    options.template.allow_unset = true;
    app_read_data(app, false, &reader, &options.template);
    struct template *t = template_load(app->arena, options.template_path, &diags);
    if (t == NULL || !diags_ok(&diags)) {
        app_print_diags(app, &diags);
        return EXIT_TEMPLATE;
    }
    /* As in Packer: what cannot be evaluated is shown as far as it goes. */
    template_resolve(t, &options.template, &diags);
    if (f->json)
        print_json(app, t);
    else if (t->legacy != NULL)
        inspect_legacy(app, t->legacy);
    else
        print_template(app, t);
    app_print_diags(app, &diags);
    return EXIT_OK;
}

const struct command cmd_inspect = {
    .name = "inspect",
    .args = "[TEMPLATE]",
    .summary = "List the variables, sources and steps of a template, or show its machines",
    .doc = "Nothing is checked beyond the language: what cannot be evaluated is shown as far as it "
           "goes.",
    .opts = opts,
    .config_size = sizeof(F),
    .max_args = 1,
    .plain_signals = true,
    .run = run,
};
