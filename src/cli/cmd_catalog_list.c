/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/catalog_commands.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "catalog/catalog.h"
#include "cli/app.h"
#include "cli/exit.h"
#include "cli/table.h"
#include "cli/version_json.h"
#include "config/config.h"

struct list_flags {
    int format;
    bool all;
    const char *channel;
};

#define S struct list_flags

static const struct opt list_rows[] = {
    OPT_BOOL(S, all, "all", .def = "false",
             .doc = "Show every version, not only the newest of each bucket and those that a "
                    "channel points to."),
    OPT_STR(S, channel, "channel", .arg = "NAME", .doc = "Only versions this channel points to."),
    OPT_ENUM(S, format, "format", .def = "\"table\"", .choices = output_formats, .arg = "FORMAT",
             .doc = "How the list is printed."),
    OPT_END,
};

static const char *join(struct arena *a, const struct opt_strings *list)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; i < list->len; i++)
        strbuf_addf(&out, "%s%s", i > 0 ? ", " : "", list->ptr[i]);
    return arena_strndup(a, out.buf, out.len);
}

static const char *parent_text(struct arena *a, const struct catalog_version *v)
{
    if (v->parent_bucket == NULL)
        return "";
    return arena_fmt(a, "%s %s", v->parent_bucket,
                     v->parent_name != NULL ? v->parent_name : "(removed)");
}

/* "2026-11-22 15:04" of "2026-11-22T15:04:05Z". */
static const char *short_time(struct arena *a, const char *rfc3339)
{
    char *text = arena_strndup(a, rfc3339, MIN(strlen(rfc3339), (size_t)16));
    char *t = strchr(text, 'T');
    if (t != NULL)
        *t = ' ';
    return text;
}

static struct table *make_table(struct arena *a, const struct catalog_versions *versions)
{
    static const char *const headings[] = {"BUCKET", ">VERSION", "CHANNELS", "STATUS",  "FORMAT",
                                           ">SIZE",  ">DISK",    "PARENT",   "CREATED", NULL};
    struct table *t = table_new(a, headings);
    for (size_t i = 0; i < versions->len; i++) {
        const struct catalog_version *v = &versions->ptr[i];
        const struct catalog_artifact *disk = v->artifact_count > 0 ? &v->artifacts[0] : NULL;
        const char *const cells[] = {
            v->bucket,
            v->name,
            join(a, &v->channels),
            v->status,
            disk ? disk->format : "",
            disk ? table_bytes(a, disk->size) : "",
            disk ? table_bytes(a, disk->virtual_size) : "",
            parent_text(a, v),
            short_time(a, v->created_at),
        };
        table_add_row(t, cells);
    }
    return t;
}

static void print_json(struct app *app, const struct catalog_versions *versions)
{
    json_t *list = json_array();
    for (size_t i = 0; i < versions->len; i++)
        json_array_append_new(list, version_json(&versions->ptr[i]));
    version_json_print(app->out, "versions", list);
}

static void print_empty(struct app *app, const struct catalog_filter *filter)
{
    if (filter->bucket != NULL || filter->channel != NULL) {
        fprintf(app->err, "No version matches; `imgfac catalog list -all` shows everything.\n");
        return;
    }
    autofree char *store = io_absolute(config_store_path(app->config, app->arena));
    fprintf(app->err,
            app->catalog != NULL ? "The catalog in %s is empty.\n\n"
                                 : "There is no store in %s yet.\n\n",
            store);
    fprintf(app->err, "Make a first image:\n"
                      "    imgfac build examples/base       a Debian base out of a mirror\n"
                      "    imgfac catalog import NAME FILE  an image that you have\n");
}

static void print_list(struct app *app, const struct list_flags *flags,
                       const struct catalog_versions *versions)
{
    if (flags->format == OUTPUT_JSON) {
        print_json(app, versions);
        return;
    }
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct table *t = make_table(app->arena, versions);
    if (flags->format == OUTPUT_CSV)
        table_print_csv(t, &out);
    else
        table_print(t, app->is_tty ? app_width(app->out) : 0, &out);
    app_write(app->out, strbuf_str(&out));
}

static int list_run(struct app *app, const void *opaque, const struct opt_strings *args)
{
    const struct list_flags *flags = opaque;
    bool missing = false;
    struct catalog *cat = app_catalog_read(app, &missing);
    if (cat == NULL && !missing)
        return app->failure;
    struct catalog_filter filter = {.bucket = args->len > 0 ? args->ptr[0] : NULL,
                                    .channel = flags->channel,
                                    .all_versions = flags->all};
    struct catalog_versions versions = {0};
    struct error *e = NULL;
    if (cat != NULL && !catalog_list(cat, &filter, app->arena, &versions, &e))
        return app_fail(app, e);
    if (versions.len == 0 && flags->format == OUTPUT_TABLE)
        print_empty(app, &filter);
    else
        print_list(app, flags, &versions);
    return EXIT_OK;
}

const struct command cmd_catalog_list = {
    .name = "list",
    .args = "[BUCKET]",
    .summary = "List the images in the catalog",
    .opts = list_rows,
    .config_size = sizeof(struct list_flags),
    .min_args = 0,
    .max_args = 1,
    .run = list_run,
};
