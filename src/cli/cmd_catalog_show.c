/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/catalog_commands.h"

#include "base/clock.h"
#include "base/strbuf.h"
#include "catalog/catalog.h"
#include "cli/app.h"
#include "cli/exit.h"
#include "cli/table.h"
#include "cli/version_json.h"

struct show_flags {
    int format;
};

static const struct opt_choice show_formats[] = {
    {"table", OUTPUT_TABLE, "for people"}, {"json", OUTPUT_JSON, "for programs"}, {0}};

static const struct opt show_rows[] = {
    OPT_ENUM(struct show_flags, format, "format", .def = "\"table\"", .choices = show_formats,
             .arg = "FORMAT", .doc = "How the version is printed."),
    OPT_END,
};

static void add_line(struct strbuf *out, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0')
        strbuf_addf(out, "%-13s %s\n", name, value);
}

static void add_revocation(struct arena *a, const struct catalog_version *v, struct strbuf *out)
{
    if (v->revoke_at == NULL)
        return;
    bool told = v->revocation_message != NULL && v->revocation_message[0] != '\0';
    add_line(
        out, strcmp(v->status, "revoked") == 0 ? "revoked" : "to be revoked",
        arena_fmt(a, "%s%s%s", v->revoke_at, told ? ": " : "", told ? v->revocation_message : ""));
}

static void add_lineage(struct arena *a, const struct catalog_version *v, struct strbuf *out)
{
    if (v->parent_bucket == NULL)
        return;
    add_line(out, "parent",
             arena_fmt(a, "%s %s (%s)%s%s", v->parent_bucket,
                       v->parent_name ? v->parent_name : "removed", v->parent_fingerprint,
                       v->parent_channel ? " by channel " : "",
                       v->parent_channel ? v->parent_channel : ""));
}

static void add_artifacts(struct arena *a, const struct catalog_version *v, struct strbuf *out)
{
    for (size_t i = 0; i < v->artifact_count; i++) {
        const struct catalog_artifact *item = &v->artifacts[i];
        add_line(out, item->name,
                 i > 0 ? arena_fmt(a, "%s, %s", item->format, table_bytes(a, item->size))
                       : arena_fmt(a, "%s, %s, a disk of %s", item->format,
                                   table_bytes(a, item->size), table_bytes(a, item->virtual_size)));
        add_line(out, "sha256", item->sha256);
        add_line(out, "path", item->path);
    }
}

static void add_lists(const struct catalog_version *v, struct strbuf *out)
{
    for (size_t i = 0; i < v->channels.len; i++)
        add_line(out, i == 0 ? "channels" : "", v->channels.ptr[i]);
    for (size_t i = 0; i < v->labels.len; i++)
        strbuf_addf(out, "%-13s %s = %s\n", i == 0 ? "labels" : "", v->labels.ptr[i].key,
                    v->labels.ptr[i].value);
}

static void add_metadata(const struct catalog_version *v, struct strbuf *out)
{
    json_t *root = v->metadata_json ? json_loads(v->metadata_json, 0, NULL) : NULL;
    add_line(out, "system", json_string_value(json_object_get(root, "os_product")));
    json_t *ops = json_object_get(root, "sealing");
    if (json_array_size(ops) > 0)
        strbuf_addf(out, "%-13s", "sealed by");
    for (size_t i = 0; i < json_array_size(ops); i++)
        strbuf_addf(out, "%s %s", i > 0 ? "," : "", json_string_value(json_array_get(ops, i)));
    if (json_array_size(ops) > 0)
        strbuf_addc(out, '\n');
    json_decref(root);
}

static void print_text(struct app *app, const struct catalog_version *v)
{
    struct arena *a = app->arena;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    autofree char *took = clock_human_duration(v->build_seconds * NS_PER_S);
    strbuf_addf(&out, "%s %s\n", v->bucket, v->name);
    add_line(&out, "fingerprint", v->fingerprint);
    add_line(&out, "description", v->description);
    add_line(&out, "status", v->status);
    add_revocation(a, v, &out);
    add_line(&out, "created", v->created_at);
    add_line(&out, "made by", v->build_name ? v->build_name : v->builder);
    add_line(&out, "took", v->build_seconds > 0 ? took : NULL);
    add_line(&out, "template", v->template_path);
    add_line(&out, "source", v->source);
    add_lineage(a, v, &out);
    add_line(&out, "architecture", v->arch);
    add_line(&out, "os", v->os);
    add_line(&out, "firmware", v->firmware);
    add_artifacts(a, v, &out);
    add_lists(v, &out);
    add_metadata(v, &out);
    app_write(app->out, strbuf_str(&out));
}

static int show_run(struct app *app, const void *opaque, const struct opt_strings *args)
{
    const struct show_flags *flags = opaque;
    struct catalog *cat = app_catalog_read(app, NULL);
    struct catalog_version v;
    struct error *e = NULL;
    if (cat == NULL)
        return app->failure;
    if (!catalog_find(cat, str_from(args->ptr[0]), app->arena, &v, &e))
        return app_fail(app, e);
    if (flags->format == OUTPUT_JSON)
        version_json_print(app->out, "version", version_json(&v));
    else
        print_text(app, &v);
    return EXIT_OK;
}

const struct command cmd_catalog_show = {
    .name = "show",
    .args = "VERSION",
    .summary = "Show everything known of one version",
    .opts = show_rows,
    .config_size = sizeof(struct show_flags),
    .min_args = 1,
    .max_args = 1,
    .run = show_run,
};
