/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/command.h"

#include "cli/app.h"
#include "cli/data.h"
#include "cli/exit.h"
#include "cli/template_dump.h"
#include "cli/template_flags.h"
#include "core/plan.h"
#include "hcl/diag.h"

#define F struct template_flags

/* Packer's layout: the variables as the console dumps them, then the builds. */

static const char *block_name(struct arena *a, const struct template_block *b)
{
    const struct attribute *attr = body_find_attr(b->body, STR("name"));
    str text;
    if (attr == NULL || !expr_as_string_literal(attr->expr, &text) || text.len == 0)
        return b->label;
    return arena_fmt(a, "%s.%.*s", b->label, STR_FMT(text));
}

static void add_build(struct strbuf *out, struct arena *a, const struct template_build *b, size_t i)
{
    const char *name = b->name != NULL ? b->name : arena_fmt(a, "<unnamed build %zu>", i);
    strbuf_addf(out, "\n  > %s:\n\n", name);
    if (b->description != NULL)
        strbuf_addf(out, "  > Description: %s\n\n", b->description);
    strbuf_adds(out, "    sources:\n\n");
    VEC_EACH (use, &b->uses)
        strbuf_addf(out, "      %s.%s\n", use->source->type, use->alias);
    strbuf_adds(out, b->uses.len == 0 ? "      <no source>\n" : "");
    strbuf_adds(out, "\n    provisioners:\n\n");
    VEC_EACH (p, &b->provisioners)
        strbuf_addf(out, "      %s\n", block_name(a, p));
    strbuf_adds(out, b->provisioners.len == 0 ? "      <no provisioner>\n" : "");
    strbuf_adds(out, "\n    post-processors:\n\n");
    for (size_t c = 0; c < b->chains.len; c++) {
        strbuf_addf(out, "      %zu:\n", c);
        VEC_EACH (step, &b->chains.ptr[c].steps)
            strbuf_addf(out, "        %s\n", block_name(a, step));
    }
    strbuf_adds(out, b->chains.len == 0 ? "      <no post-processor>\n" : "");
    if (b->seal.len > 0)
        strbuf_adds(out, "\n    sealed\n");
    if (b->catalog.len > 0 || b->hcp_registry.len > 0)
        strbuf_adds(out, "\n    recorded in the catalog\n");
}

static int run(struct app *app, const void *flags, const struct opt_strings *args)
{
    struct plan_options options = {0};
    struct diags diags;
    diags_init(&diags, app->arena);
    template_flags_apply(flags, args->len > 0 ? args->ptr[0] : ".", &options);
    struct data_reader reader;
    options.template.allow_unset = true;
    app_read_data(app, false, &reader, &options.template);
    struct template *t = template_load(app->arena, options.template_path, &diags);
    if (t == NULL || !diags_ok(&diags)) {
        app_print_diags(app, &diags);
        return EXIT_TEMPLATE;
    }
    /* As in Packer: what cannot be evaluated is shown as far as it goes. */
    template_resolve(t, &options.template, &diags);
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    strbuf_adds(&out, "Packer Inspect: HCL2 mode\n\n");
    template_dump_variables(&out, app->arena, t);
    strbuf_adds(&out, "\n> builds:\n");
    for (size_t i = 0; i < t->builds.len; i++)
        add_build(&out, app->arena, &t->builds.ptr[i], i);
    app_write(app->out, strbuf_str(&out));
    app_print_diags(app, &diags);
    return EXIT_OK;
}

const struct command cmd_inspect = {
    .name = "inspect",
    .args = "[TEMPLATE]",
    .summary = "List the variables, sources and steps of a template",
    .opts = template_flag_rows,
    .config_size = sizeof(F),
    .max_args = 1,
    .plain_signals = true,
    .run = run,
};
