/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/manual.h"

#include <ctype.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/exit.h"
#include "hcl/func.h"
#include "schema/doc.h"

static void add_header(struct strbuf *out, struct arena *a, const char *name, int section,
                       const char *summary)
{
    char *upper = arena_strdup(a, name);
    for (char *c = upper; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    strbuf_addf(out, ".Dd $Mdocdate$\n.Dt %s %d\n.Os\n.Sh NAME\n.Nm %s\n.Nd ", upper, section,
                name);
    schema_man_line(out, summary);
}

/* Lines as they are; mdoc has its own words for what must be escaped. */
static void add_literal(struct strbuf *out, const char *text)
{
    strbuf_adds(out, ".Bd -literal -offset indent\n");
    str rest = str_from(text);
    while (rest.ptr != NULL) {
        autofree char *line = str_xdup(str_next_line(&rest));
        if (rest.ptr != NULL || line[0] != '\0')
            schema_man_line(out, line);
    }
    strbuf_adds(out, ".Ed\n");
}

/* --- commands --- */

static void add_flag_rows(struct strbuf *out, const struct opt *rows)
{
    for (const struct opt *o = rows; o != NULL && o->kind != OPT_KIND_END; o++) {
        if (o->kind == OPT_KIND_EMBED) {
            add_flag_rows(out, o->opts);
            continue;
        }
        if (o->doc == NULL)
            continue;
        strbuf_addf(out, ".It Fl %s", o->name);
        if (o->kind != OPT_KIND_BOOL && o->kind != OPT_KIND_TRISTATE)
            strbuf_addf(out, " Ns = Ns Ar %s", o->arg != NULL ? o->arg : "VALUE");
        strbuf_addc(out, '\n');
        schema_man_paragraphs(out, o->doc);
        for (const struct opt_choice *c = o->choices; c != NULL && c->name != NULL; c++) {
            strbuf_addf(out, ".br\n.Cm %s\n", c->name);
            if (c->doc != NULL)
                schema_man_line(out, c->doc);
        }
    }
}

static void add_flags(struct strbuf *out, const struct opt *rows)
{
    strbuf_adds(out, ".Sh OPTIONS\n.Bl -tag -width Ds\n");
    add_flag_rows(out, rows);
    add_flag_rows(out, cli_opts);
    strbuf_adds(out, ".El\n");
}

static void add_commands(struct strbuf *out, const struct command *const *table)
{
    strbuf_adds(out, ".Sh COMMANDS\n.Bl -tag -width Ds\n");
    for (; *table != NULL; table++) {
        if ((*table)->hidden)
            continue;
        strbuf_addf(out, ".It Cm %s\n", (*table)->name);
        schema_man_line(out, (*table)->summary);
    }
    strbuf_adds(out, ".El\n");
}

static void add_exit_status(struct strbuf *out)
{
    strbuf_adds(out, ".Sh EXIT STATUS\n.Bl -tag -width Ds\n");
    for (const struct exit_doc *e = exit_docs; e->name != NULL; e++) {
        strbuf_addf(out, ".It %d\n", e->code);
        schema_man_paragraphs(out, e->doc);
    }
    strbuf_adds(out, ".El\n");
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct command *const *)a)->name,
                  (*(const struct command *const *)b)->name);
}

/* In the order of sections and names, as mdoc wants. */
static void add_see_also(struct strbuf *out, struct arena *a, const char *path,
                         const struct command *const *table)
{
    size_t n = 0;
    while (table != NULL && table[n] != NULL)
        n++;
    const struct command **sorted = arena_new_array(a, const struct command *, n + 1);
    for (size_t i = 0; i < n; i++)
        sorted[i] = table[i];
    qsort(sorted, n, sizeof(*sorted), by_name);
    strbuf_addf(out, ".Sh SEE ALSO\n%s", path[0] == '\0' ? "" : ".Xr imgfac 1 ,\n");
    for (size_t i = 0; i < n; i++)
        if (!sorted[i]->hidden)
            strbuf_addf(out, ".Xr imgfac-%s%s%s 1 ,\n", path, path[0] != '\0' ? "-" : "",
                        sorted[i]->name);
    strbuf_adds(out, ".Xr imgfac-templates 5\n");
}

void manual_program(struct strbuf *out, struct arena *a)
{
    add_header(out, a, "imgfac", 1, "make golden images of virtual machines");
    strbuf_adds(out, ".Sh SYNOPSIS\n.Nm\n.Op Ar flags\n.Ar command\n.Op Ar flags\n"
                     ".Op Ar arguments\n.Sh DESCRIPTION\n");
    schema_man_paragraphs(
        out, "imgfac reads Packer-style templates, boots a base image under libvirt, provisions it "
             "through cloud-init and SSH, seals it and records the result in a local catalog.\n\n"
             "Flags are written -name or --name, with a value -name=VALUE or -name VALUE. They "
             "come before the arguments; -machine-readable may stand anywhere.");
    add_commands(out, commands);
    add_flags(out, NULL);
    strbuf_adds(out, ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n");
    static const char *const environment[][2] = {
        {"IMGFAC_CONFIG", "Configuration of the site, when -config is not given."},
        {"IMGFAC_LOG", "What is logged: a level, or areas with levels: debug, ssh=trace."},
        {"IMGFAC_LOG_PATH", "The file to log to, instead of standard error."},
        {"NO_COLOR , PACKER_NO_COLOR", "No colours."},
        {"PKR_VAR_NAME", "Value of the variable NAME of a template."},
    };
    for (size_t i = 0; i < ARRAY_SIZE(environment); i++) {
        strbuf_addf(out, ".It Ev %s\n", environment[i][0]);
        schema_man_paragraphs(out, environment[i][1]);
    }
    strbuf_adds(out, ".El\n");
    add_exit_status(out);
    add_see_also(out, a, "", commands);
}

void manual_command(struct strbuf *out, struct arena *a, const struct command *c, const char *path)
{
    add_header(out, a, arena_fmt(a, "imgfac-%s", path), 1, c->summary);
    const char *words = arena_strdup(a, path);
    for (char *p = (char *)(uintptr_t)words; *p != '\0'; p++)
        *p = *p == '-' ? ' ' : *p;
    strbuf_addf(out, ".Sh SYNOPSIS\n.Nm imgfac %s\n.Op Ar flags\n", words);
    const char *args = c->subcommands != NULL ? "COMMAND ..." : c->args;
    if (args != NULL && args[0] != '\0')
        strbuf_addf(out, ".Ar %s\n", args);
    strbuf_adds(out, ".Sh DESCRIPTION\n");
    schema_man_paragraphs(out, arena_fmt(a, "%s.", c->summary));
    if (c->doc != NULL) {
        strbuf_adds(out, ".Pp\n");
        schema_man_paragraphs(out, c->doc);
    }
    if (c->subcommands != NULL)
        add_commands(out, c->subcommands);
    add_flags(out, c->opts);
    add_see_also(out, a, path, c->subcommands);
}

/* --- the language --- */

static void add_topic(struct strbuf *out, const struct language_topic *t)
{
    strbuf_addf(out, ".Ss %s\n", t->heading);
    schema_man_paragraphs(out, t->text);
    add_literal(out, t->example);
    if (t->expected != NULL) {
        strbuf_adds(out, "gives\n");
        add_literal(out, t->expected);
    }
}

struct writing {
    struct strbuf *out;
    struct arena *a;
    unsigned width; /* of text */
};

static bool shows_result(const struct func *f)
{
    return f->example != NULL && f->expected != NULL && strcmp(f->expected, "!error") != 0;
}

static void add_function(const struct func *f, void *arg)
{
    struct writing *w = arg;
    strbuf_adds(w->out, ".It Fn ");
    schema_man_line(w->out, f->name);
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    strbuf_addf(&text, "%s.\n\n%s", func_signature(w->a, f), f->doc);
    schema_man_paragraphs(w->out, text.buf);
    if (!shows_result(f))
        return;
    add_literal(w->out, arena_fmt(w->a, "%s\n= %s", f->example, f->expected));
}

void manual_templates(struct strbuf *out, struct arena *a)
{
    struct writing w = {.out = out, .a = a};
    add_header(out, a, "imgfac-templates", 5, "the language of templates");
    strbuf_adds(out, ".Sh DESCRIPTION\n");
    schema_man_paragraphs(out, "Templates are written in HCL 2 with the blocks of Packer.");
    for (const struct language_topic *t = language_topics; t->heading != NULL; t++)
        add_topic(out, t);
    strbuf_adds(out, ".Sh FUNCTIONS\n.Bl -tag -width Ds\n");
    func_each(&func_table_all, add_function, &w);
    func_each(&func_table_env, add_function, &w);
    strbuf_adds(out, ".El\n.Sh SEE ALSO\n.Xr imgfac 1 ,\n.Xr imgfac-qemu 5 ,\n"
                     ".Xr imgfac-shell 5\n");
}

static void add_indented(struct strbuf *out, const char *text)
{
    str rest = str_from(text);
    while (rest.ptr != NULL && rest.len > 0) {
        str line = str_next_line(&rest);
        strbuf_addf(out, "%s%.*s\n", line.len > 0 ? "    " : "", STR_FMT(line));
    }
}

static void add_wrapped_paragraphs(struct strbuf *out, const char *text, unsigned width)
{
    str rest = str_from(text);
    while (rest.ptr != NULL) {
        str line = str_next_line(&rest);
        if (line.len == 0)
            strbuf_addc(out, '\n');
        else
            strbuf_add_wrapped(out, line, 0, width);
    }
}

static void add_function_text(const struct func *f, void *arg)
{
    struct writing *w = arg;
    strbuf_addf(w->out, "\n%s\n", func_signature(w->a, f));
    strbuf_adds(w->out, "    ");
    strbuf_add_wrapped(w->out, str_from(f->doc), 4, w->width);
    if (shows_result(f))
        strbuf_addf(w->out, "    %s = %s\n", f->example, f->expected);
}

void manual_templates_text(struct strbuf *out, struct arena *a, unsigned width)
{
    struct writing w = {.out = out, .a = a, .width = width};
    for (const struct language_topic *t = language_topics; t->heading != NULL; t++) {
        strbuf_addf(out, "%s%s\n\n", t == language_topics ? "" : "\n", t->heading);
        add_wrapped_paragraphs(out, t->text, width);
        strbuf_addc(out, '\n');
        add_indented(out, t->example);
        if (t->expected != NULL)
            strbuf_addf(out, "    = %s\n", t->expected);
    }
    strbuf_adds(out, "\nFunctions\n");
    func_each(&func_table_all, add_function_text, &w);
    func_each(&func_table_env, add_function_text, &w);
}
