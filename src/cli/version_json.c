/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/version_json.h"

static json_t *text(const char *s)
{
    return s == NULL ? json_null() : json_string(s);
}

static json_t *parent_json(const struct catalog_version *v)
{
    if (v->parent_fingerprint == NULL)
        return json_null();
    return json_pack("{s:o,s:o,s:o,s:o}", "bucket", text(v->parent_bucket), "fingerprint",
                     text(v->parent_fingerprint), "version", text(v->parent_name), "channel",
                     text(v->parent_channel));
}

static json_t *artifacts_json(const struct catalog_version *v)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->artifact_count; i++) {
        const struct catalog_artifact *item = &v->artifacts[i];
        json_array_append_new(list,
                              json_pack("{s:o,s:o,s:o,s:I,s:I,s:o}", "name", text(item->name),
                                        "sha256", text(item->sha256), "format", text(item->format),
                                        "size", (json_int_t)item->size, "virtual_size",
                                        (json_int_t)item->virtual_size, "path", text(item->path)));
    }
    return list;
}

static json_t *labels_json(const struct opt_map *labels)
{
    json_t *object = json_object();
    for (size_t i = 0; i < labels->len; i++)
        json_object_set_new(object, labels->ptr[i].key, text(labels->ptr[i].value));
    return object;
}

static json_t *strings_json(const struct opt_strings *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->len; i++)
        json_array_append_new(array, text(list->ptr[i]));
    return array;
}

json_t *version_json(const struct catalog_version *v)
{
    json_t *metadata = v->metadata_json ? json_loads(v->metadata_json, 0, NULL) : NULL;
    json_t *root = json_pack(
        "{s:o,s:o,s:o,s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:I}", "bucket", text(v->bucket),
        "version", text(v->name), "fingerprint", text(v->fingerprint), "sequence",
        (json_int_t)v->sequence, "status", text(v->status), "created_at", text(v->created_at),
        "builder", text(v->builder), "build_name", text(v->build_name), "arch", text(v->arch), "os",
        text(v->os), "firmware", text(v->firmware), "source", text(v->source), "template_path",
        text(v->template_path), "template_sha256", text(v->template_sha256), "build_seconds",
        (json_int_t)v->build_seconds);
    json_object_set_new(root, "description", text(v->description));
    json_object_set_new(root, "revoke_at", text(v->revoke_at));
    json_object_set_new(root, "revocation_message", text(v->revocation_message));
    json_object_set_new(root, "parent", parent_json(v));
    json_object_set_new(root, "channels", strings_json(&v->channels));
    json_object_set_new(root, "labels", labels_json(&v->labels));
    json_object_set_new(root, "artifacts", artifacts_json(v));
    json_object_set_new(root, "metadata", metadata != NULL ? metadata : json_null());
    return root;
}

void version_json_print(FILE *out, const char *key, json_t *value)
{
    json_t *root = json_pack("{s:s,s:o}", "format_version", "1.0", key, value);
    json_dumpf(root, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(root);
}
