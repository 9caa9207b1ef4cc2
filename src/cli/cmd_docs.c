/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/command.h"

#include "cli/app.h"
#include "cli/cli.h"
#include "cli/exit.h"
#include "cli/manual.h"
#include "cli/opt.h"
#include "cli/template_schema.h"
#include "config/config.h"
#include "hcl/func.h"
#include "hcl/suggest.h"
#include "plug/builder.h"
#include "plug/communicator.h"
#include "plug/datasource.h"
#include "plug/provisioner.h"
#include "plug/registry.h"
#include "plug/sealer.h"
#include "schema/doc.h"
#include "seal/sealop.h"

struct docs_flags {
    bool man;
    bool markdown;
    bool json_schema;
};

#define F struct docs_flags

static const struct opt opts[] = {
    OPT_BOOL(F, man, "man", .conflicts = "markdown json-schema",
             .doc = "Print an mdoc manual page."),
    OPT_BOOL(F, markdown, "markdown", .doc = "Print Markdown."),
    OPT_BOOL(F, json_schema, "json-schema",
             .doc = "Print a JSON schema of the options; without NAME that of a whole template "
                    "in JSON syntax."),
    OPT_END,
};

struct docs {
    struct app *app;
    struct strbuf *out;
    enum doc_format format;
    unsigned width;
    const char *wanted; /* NULL: pages of everything are only listed */
    struct suggest nearest;
    size_t found;
};

/* One thing that has a page: print it when it is the wanted one. */
static void page(struct docs *d, const struct doc_page *p)
{
    suggest_offer(&d->nearest, str_from(p->name));
    if (strcmp(d->wanted, p->name) != 0)
        return;
    if (d->format == DOC_MAN && d->found > 0)
        return; /* a data source of a builder's name has its page as data-NAME */
    if (d->found++ > 0)
        strbuf_addc(d->out, '\n');
    schema_doc(d->out, p, d->format, d->width);
}

static void builder_pages(struct docs *d)
{
    for (const struct builder_type *const *b = registry_builders(); *b != NULL; b++) {
        const struct doc_page p = {
            (*b)->name, arena_fmt(d->app->arena, "source \"%s\" \"NAME\" { }", (*b)->name),
            (*b)->summary, (*b)->doc, (*b)->opts};
        page(d, &p);
    }
}

static void provisioner_pages(struct docs *d)
{
    for (const struct provisioner_type *const *t = registry_provisioners(); *t != NULL; t++) {
        const struct doc_page p = {(*t)->name,
                                   arena_fmt(d->app->arena, "provisioner \"%s\" { }", (*t)->name),
                                   (*t)->summary, (*t)->doc, (*t)->opts};
        page(d, &p);
    }
}

static void communicator_pages(struct docs *d)
{
    struct arena *a = d->app->arena;
    for (const struct comm_type *const *t = registry_communicators(); *t != NULL; t++) {
        struct doc_page p = {(*t)->name, arena_fmt(a, "communicator = \"%s\"", (*t)->name),
                             (*t)->summary, (*t)->doc, comm_rows_of(a, (*t)->name)};
        /* The manual page "imgfac-ssh" is that of the command. */
        if (d->format != DOC_MAN || cli_find_command(commands, str_from(p.name)) == NULL)
            page(d, &p);
        p.name = arena_fmt(a, "communicator-%s", (*t)->name);
        page(d, &p);
    }
}

/* The rows of the outputs, one paragraph for each. */
static const char *data_doc(struct docs *d, const struct datasource_type *t)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    if (t->doc != NULL)
        strbuf_addf(&text, "%s\n\n", t->doc);
    strbuf_addf(&text, "It gives these attributes of data.%s.NAME:", t->name);
    for (const struct opt *o = t->outputs; o->kind != OPT_KIND_END; o++)
        strbuf_addf(&text, "\n\n%s (%s%s): %s", o->name, schema_type_text(d->app->arena, o),
                    (o->flags & OPT_IMGFAC) ? ", imgfac's own" : "", o->doc);
    return arena_strdup(d->app->arena, text.buf);
}

static void data_pages(struct docs *d)
{
    for (const struct datasource_type *const *t = registry_datasources(); *t != NULL; t++) {
        const struct doc_page p = {(*t)->name,
                                   arena_fmt(d->app->arena, "data \"%s\" \"NAME\" { }", (*t)->name),
                                   (*t)->summary, data_doc(d, *t), (*t)->opts};
        struct doc_page by_kind = p;
        by_kind.name = arena_fmt(d->app->arena, "data-%s", (*t)->name);
        page(d, &p);
        page(d, &by_kind);
    }
}

/* One paragraph for each operation, in the order they run. */
static const char *seal_doc(struct docs *d)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    strbuf_adds(&text, "The operations, in the order they run; `disable` leaves one out, `enable` "
                       "adds one that is off by default.");
    for (const struct sealop *const *o = registry_sealops(); *o != NULL; o++)
        strbuf_addf(&text, "\n\n%s%s: %s.  %s", (*o)->name,
                    (*o)->required  ? " (always)"
                    : (*o)->enabled ? ""
                                    : " (off)",
                    (*o)->heading, (*o)->doc);
    return arena_strdup(d->app->arena, text.buf);
}

static void list_line(struct docs *d, const char *name, const char *text)
{
    strbuf_addf(d->out, "  %-20s  ", name);
    if (strlen(name) > 20)
        strbuf_addf(d->out, "\n%24s", "");
    strbuf_add_wrapped(d->out, str_from(text), 24, d->width);
}

static void list_operations(struct docs *d)
{
    strbuf_adds(d->out, "Sealing operations\n");
    for (const struct sealop *const *op = registry_sealops(); *op != NULL; op++)
        list_line(d, (*op)->name,
                  arena_fmt(d->app->arena, "%s.%s", (*op)->heading,
                            (*op)->enabled ? "" : " Off by default."));
}

static void sealop_pages(struct docs *d)
{
    for (const struct sealop *const *op = registry_sealops(); *op != NULL; op++) {
        const struct doc_page p = {
            (*op)->name,
            arena_fmt(d->app->arena,
                      (*op)->enabled ? "seal { disable = [\"%s\"] }" : "seal { enable = [\"%s\"] }",
                      (*op)->name),
            arena_fmt(d->app->arena, "%s.", (*op)->heading), (*op)->doc, NULL};
        page(d, &p);
    }
}

static void fixed_pages(struct docs *d)
{
    const struct doc_page pages[] = {
        {"communicator", "source \"TYPE\" \"NAME\" { }",
         "How the guest is reached; options of every source that boots one.", comm_doc, comm_opts},
        {"seal", "build { seal { } }",
         "What is removed from the image, offline, before it is recorded.", seal_doc(d), seal_opts},
        {"config", "config.hcl", "The configuration of a site.", NULL, config_opts},
    };
    for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
        page(d, &pages[i]);
}

static void function_page(const struct func *f, void *arg)
{
    struct docs *d = arg;
    suggest_offer(&d->nearest, str_from(f->name));
    if (strcmp(d->wanted, f->name) != 0)
        return;
    if (d->found++ > 0)
        strbuf_addc(d->out, '\n');
    strbuf_addf(d->out, "%s\n\n", func_signature(d->app->arena, f));
    schema_doc_wrap(d->out, str_from(f->doc), 4, d->width);
    if (f->example != NULL)
        strbuf_addf(d->out, "\n    %s\n", f->example);
    if (f->example != NULL && f->expected != NULL && strcmp(f->expected, "!error") != 0)
        strbuf_addf(d->out, "    = %s\n", f->expected);
}

/* PREFIX is "catalog" for the commands of a group. */
static void command_pages(struct docs *d, const struct command *const *table, const char *prefix)
{
    struct arena *a = d->app->arena;
    for (; *table != NULL; table++) {
        const struct command *c = *table;
        const char *dash = *prefix == '\0' ? "" : "-", *space = *prefix == '\0' ? "" : " ";
        const char *path = arena_fmt(a, "%s%s%s", prefix, dash, c->name);
        suggest_offer(&d->nearest, str_from(path));
        if (c->subcommands != NULL)
            command_pages(d, c->subcommands, path);
        if (strcmp(d->wanted, path) != 0)
            continue;
        if (d->found++ > 0)
            strbuf_addc(d->out, '\n');
        if (d->format == DOC_MAN)
            manual_command(d->out, a, c, path);
        else
            cli_add_command_usage(d->out, c, arena_fmt(a, "imgfac %s%s%s", prefix, space, c->name),
                                  d->width);
    }
}

/* Lists. */

static void list_function(const struct func *f, void *arg)
{
    struct docs *d = arg;
    str rest = str_from(f->doc);
    list_line(d, f->name, str_dup(d->app->arena, str_split(&rest, '\n')));
}

static void list_exit_codes(struct docs *d)
{
    for (const struct exit_doc *e = exit_docs; e->name != NULL; e++) {
        const char *name = arena_fmt(d->app->arena, "%3d  %s", e->code, e->name);
        list_line(d, name, e->doc);
    }
}

static void list_extensions(struct docs *d)
{
    strbuf_adds(d->out, "Builders\n");
    for (const struct builder_type *const *b = registry_builders(); *b != NULL; b++)
        list_line(d, (*b)->name, (*b)->summary);
    strbuf_adds(d->out, "\nProvisioners\n");
    for (const struct provisioner_type *const *t = registry_provisioners(); *t != NULL; t++)
        list_line(d, (*t)->name, (*t)->summary);
    strbuf_adds(d->out, "\nCommunicators\n");
    for (const struct comm_type *const *c = registry_communicators(); *c != NULL; c++)
        list_line(d, (*c)->name, (*c)->summary);
    strbuf_adds(d->out, "\nData sources\n");
    for (const struct datasource_type *const *t = registry_datasources(); *t != NULL; t++)
        list_line(d, (*t)->name, (*t)->summary);
}

static void list_all(struct docs *d)
{
    list_extensions(d);
    strbuf_addc(d->out, '\n');
    list_operations(d);
    strbuf_adds(d->out, "\nOther pages\n");
    list_line(d, "communicator", "Options that say how the guest is reached.");
    list_line(d, "seal", "The seal block.");
    list_line(d, "config", "The configuration of a site.");
    list_line(d, "templates", "The language of templates, with every function.");
    list_line(d, "functions", "Every function of the language.");
    list_line(d, "exit-codes", "What the exit status of imgfac means.");
    strbuf_adds(d->out, "\n`imgfac docs NAME` prints the page of a name, of a function or of a "
                        "command.\n");
}

static int unknown_page(struct app *app, const struct docs *d)
{
    struct error *err = NULL;
    error_set(&err, ERR_USAGE, 0, "there is no page '%s'", d->wanted);
    if (d->nearest.best.ptr != NULL)
        error_hint(&err, "Did you mean '%.*s'?", STR_FMT(d->nearest.best));
    else
        error_hint(&err, "`imgfac docs` lists all.");
    return app_fail(app, err);
}

static int print_page(struct app *app, struct docs *d)
{
    suggest_init(&d->nearest, str_from(d->wanted));
    if (strcmp(d->wanted, "functions") == 0)
        func_each(&func_table_all, list_function, d);
    else if (strcmp(d->wanted, "exit-codes") == 0)
        list_exit_codes(d);
    else if (strcmp(d->wanted, "imgfac") == 0 && d->format == DOC_MAN)
        manual_program(d->out, app->arena);
    else if (strcmp(d->wanted, "templates") == 0 && d->format == DOC_MAN)
        manual_templates(d->out, app->arena);
    else if (strcmp(d->wanted, "templates") == 0)
        manual_templates_text(d->out, app->arena, d->width);
    else {
        builder_pages(d);
        provisioner_pages(d);
        communicator_pages(d);
        data_pages(d);
        fixed_pages(d);
        sealop_pages(d);
        if (d->format == DOC_TEXT)
            func_each(&func_table_all, function_page, d);
        if (d->format == DOC_TEXT || (d->format == DOC_MAN && d->found == 0))
            command_pages(d, commands, "");
        if (d->found == 0)
            return unknown_page(app, d);
    }
    return EXIT_OK;
}

static int run(struct app *app, const void *flags, const struct opt_strings *args)
{
    const F *f = flags;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct docs d = {.app = app, .out = &out, .width = app_width(app->out)};
    d.format = f->man           ? DOC_MAN
               : f->markdown    ? DOC_MARKDOWN
               : f->json_schema ? DOC_JSON_SCHEMA
                                : DOC_TEXT;
    int code = EXIT_OK;
    if (args->len == 0 && f->json_schema) {
        template_schema(&out);
    } else if (args->len == 0) {
        list_all(&d);
    } else {
        d.wanted = args->ptr[0];
        code = print_page(app, &d);
    }
    fwrite(out.buf, 1, out.len, app->out);
    return code;
}

const struct command cmd_docs = {
    .name = "docs",
    .args = "[NAME]",
    .summary = "Print the reference: options, functions, exit codes",
    .opts = opts,
    .config_size = sizeof(F),
    .max_args = 1,
    .plain_signals = true,
    .run = run,
};
