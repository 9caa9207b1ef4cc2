/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/complete.h"

#include "base/io.h"
#include "catalog/catalog.h"
#include "cli/app.h"
#include "cli/cli.h"
#include "cli/exit.h"
#include "config/config.h"
#include "hcl/diag.h"
#include "hcl/func.h"
#include "plug/builder.h"
#include "plug/communicator.h"
#include "plug/provisioner.h"
#include "plug/registry.h"
#include "seal/sealop.h"

struct completion {
    struct app *app;
    struct strbuf *out;
    str typed; /* of the word at the cursor */
};

/* PREFIX NAME END, when the word at the cursor begins so. */
static void offer(struct completion *c, const char *prefix, const char *name, const char *end)
{
    const char *word = arena_fmt(c->app->arena, "%s%s%s", prefix, name, end);
    if (str_starts(str_from(word), c->typed))
        strbuf_addf(c->out, "%s\n", word);
}

static void offer_files(struct completion *c, const char *prefix)
{
    strbuf_addf(c->out, ":files %s\n", prefix);
}

static bool is_bool(const struct opt *o)
{
    return o->kind == OPT_KIND_BOOL || o->kind == OPT_KIND_TRISTATE;
}

static void offer_flags(struct completion *c, const struct opt *rows)
{
    for (const struct opt *o = rows; o != NULL && o->kind != OPT_KIND_END; o++) {
        if (o->kind == OPT_KIND_EMBED)
            offer_flags(c, o->opts);
        else if (o->doc != NULL)
            offer(c, "-", o->name, is_bool(o) ? "" : "=");
    }
}

static void offer_values(struct completion *c, const struct opt *o, const char *prefix)
{
    bool path =
        o->arg != NULL && (strstr(o->arg, "PATH") != NULL || strstr(o->arg, "FILE") != NULL);
    if (o->kind == OPT_KIND_ENUM)
        for (const struct opt_choice *choice = o->choices; choice->name != NULL; choice++)
            offer(c, prefix, choice->name, "");
    else if (is_bool(o)) {
        offer(c, prefix, "true", "");
        offer(c, prefix, "false", "");
    } else if ((o->flags & OPT_PATH) || path)
        offer_files(c, prefix);
}

/* --- arguments --- */

static void offer_function(const struct func *f, void *arg)
{
    offer(arg, "", f->name, "");
}

static void offer_pages(struct completion *c)
{
    for (const struct builder_type *const *b = registry_builders(); *b != NULL; b++)
        offer(c, "", (*b)->name, "");
    for (const struct provisioner_type *const *p = registry_provisioners(); *p != NULL; p++)
        offer(c, "", (*p)->name, "");
    for (const struct comm_type *const *m = registry_communicators(); *m != NULL; m++)
        offer(c, "", (*m)->name, "");
    for (const struct sealop *const *s = registry_sealops(); *s != NULL; s++)
        offer(c, "", (*s)->name, "");
    offer(c, "", "exit-codes", "");
    func_each(&func_table_all, offer_function, c);
}

/* The catalog as it is: nothing is made, reaped or told. */
static struct catalog *open_quietly(struct app *app)
{
    struct config config;
    struct diags diags;
    struct catalog *catalog = NULL;
    struct error *err = NULL;
    diags_init(&diags, app->arena);
    if (!config_load(app->config_path, app->arena, &config, &diags))
        return NULL;
    const char *store = config_store_path(&config, app->arena);
    const char *url = config.catalog != NULL ? config.catalog->url : NULL;
    if (!catalog_open_read(store, url, &catalog, &err))
        catalog = NULL;
    error_drop(&err);
    return catalog;
}

static void offer_catalog(struct completion *c, bool versions)
{
    AUTO(catalog) struct catalog *catalog = open_quietly(c->app);
    struct catalog_filter filter = {.all_versions = versions};
    struct catalog_versions list = {0};
    struct error *err = NULL;
    const char *last = "";
    if (catalog != NULL)
        catalog_list(catalog, &filter, c->app->arena, &list, &err);
    error_drop(&err);
    for (size_t i = 0; i < list.len; i++) {
        const struct catalog_version *v = &list.ptr[i];
        if (strcmp(last, v->bucket) != 0)
            offer(c, "", v->bucket, "");
        last = v->bucket;
        if (!versions)
            continue;
        offer(c, v->bucket, ":", v->name);
        for (size_t n = 0; n < v->channels.len; n++)
            offer(c, v->bucket, "@", v->channels.ptr[n]);
    }
}

/* By the word that the usage line has at place I. */
static void offer_arguments(struct completion *c, const struct command *command, size_t i)
{
    str rest = str_from(command->args == NULL ? "" : command->args), word = {0};
    for (size_t n = 0; n <= i && rest.ptr != NULL && rest.len > 0; n++)
        word = str_split(&rest, ' ');
    if (str_find(word, STR("TEMPLATE")) >= 0 || str_find(word, STR("PATH")) >= 0 ||
        str_find(word, STR("FILE")) >= 0)
        offer_files(c, "");
    else if (str_find(word, STR("VERSION")) >= 0)
        offer_catalog(c, true);
    else if (str_find(word, STR("BUCKET")) >= 0)
        offer_catalog(c, false);
    else if (str_find(word, STR("NAME")) >= 0)
        offer_pages(c);
    else
        while (word.ptr != NULL && word.len > 0)
            offer(c, "", str_dup(c->app->arena, str_split(&word, '|')), "");
}

/* --- the line --- */

struct place {
    const struct command *const *table; /* commands that may follow; NULL: none */
    const struct command *command;      /* NULL: none yet */
    size_t args;                        /* before the cursor */
    const struct opt *wants_value;      /* flag in front of the cursor; or NULL */
};

static const struct opt *find_flag(const struct command *c, str word)
{
    char name[64];
    while (word.len > 0 && word.ptr[0] == '-')
        word = str_sub(word, 1, word.len);
    if (word.len == 0 || word.len >= sizeof(name))
        return NULL;
    memcpy(name, word.ptr, word.len);
    name[word.len] = '\0';
    const struct opt *o = c != NULL && c->opts != NULL ? schema_find(c->opts, name) : NULL;
    return o != NULL ? o : schema_find(cli_opts, name);
}

static struct place find_place(const struct opt_strings *words)
{
    struct place p = {.table = commands};
    for (size_t i = 0; i + 1 < words->len; i++) {
        str word = str_from(words->ptr[i]);
        if (p.wants_value != NULL) {
            p.wants_value = NULL;
        } else if (word.len > 1 && word.ptr[0] == '-') {
            const struct opt *o = find_flag(p.command, word);
            if (o != NULL && !is_bool(o))
                p.wants_value = o;
        } else if (p.table != NULL) {
            p.command = cli_find_command(p.table, word);
            p.table = p.command == NULL ? NULL : p.command->subcommands;
        } else {
            p.args++;
        }
    }
    return p;
}

void complete_words(struct app *app, const struct opt_strings *words, struct strbuf *out)
{
    struct completion c = {.app = app, .out = out};
    struct place p = find_place(words);
    c.typed = words->len == 0 ? STR("") : str_from(words->ptr[words->len - 1]);
    ptrdiff_t equal = str_find_char(c.typed, '=');
    if (p.wants_value != NULL) {
        offer_values(&c, p.wants_value, "");
    } else if (c.typed.len > 0 && c.typed.ptr[0] == '-' && equal > 0) {
        const struct opt *o = find_flag(p.command, str_sub(c.typed, 0, (size_t)equal));
        if (o != NULL)
            offer_values(&c, o, str_dup(app->arena, str_sub(c.typed, 0, (size_t)equal + 1)));
    } else if (c.typed.len > 0 && c.typed.ptr[0] == '-') {
        offer_flags(&c, p.command == NULL ? NULL : p.command->opts);
        offer_flags(&c, cli_opts);
    } else if (p.table != NULL) {
        for (const struct command *const *t = p.table; *t != NULL; t++)
            if (!(*t)->hidden)
                offer(&c, "", (*t)->name, "");
    } else if (p.command != NULL) {
        offer_arguments(&c, p.command, p.args);
    }
}
