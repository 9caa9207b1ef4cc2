/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stages.h"

#include <jansson.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/redact.h"
#include "catalog/catalog.h"
#include "core/plan.h"

struct record_state {
    const struct planned_build *plan;
    const struct plan *whole;
    const struct sealed *sealed;
    const char *output_name;
    int64_t started_wall_ns;
    struct recorded *out;
};

static json_t *strings_json(const struct opt_strings *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->len; i++)
        json_array_append_new(array, json_string(list->ptr[i]));
    return array;
}

/* What is known of how the image came to be, beside the columns of its own. */
static const char *metadata(const struct record_state *state, struct build *b)
{
    json_t *root = json_object();
    json_object_set_new(root, "imgfac_version", json_string(IMGFAC_VERSION));
    json_t *provisioners = json_array();
    for (size_t i = 0; i < state->plan->provisioner_count; i++)
        json_array_append_new(provisioners, json_string(state->plan->provisioners[i].type->name));
    json_object_set_new(root, "provisioners", provisioners);
    const struct seal_result *r = &state->sealed->result;
    json_object_set_new(root, "sealed", json_boolean(state->sealed->done));
    if (state->sealed->done) {
        json_object_set_new(root, "sealing", strings_json(&r->operations));
        json_object_set_new(root, "os_product", json_string(r->os_product));
        json_object_set_new(root, "packages", json_integer(r->package_count));
    }
    char *text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(root);
    const char *kept = arena_strdup(b->arena, text);
    free(text);
    return kept;
}

static void record_progress(void *arg, uint64_t done, uint64_t total)
{
    build_progress(arg, "Storing the image", done, total);
}

static const char *os_of(const struct record_state *state, struct build *b)
{
    const struct seal_result *r = &state->sealed->result;
    if (r->os_distro == NULL)
        return b->image.os;
    return arena_fmt(b->arena, "%s-%s", r->os_distro, r->os_version ? r->os_version : "?");
}

/* The catalog outlives the build and is read by others: no secret goes there. */
static const char *redacted(struct build *b, const char *text)
{
    if (text == NULL)
        return NULL;
    autofree char *clean = redact_dup(text);
    return arena_strdup(b->arena, clean);
}

static struct opt_map redacted_labels(struct build *b, const struct opt_map *labels)
{
    struct opt_map out = {.ptr = arena_new_array(b->arena, struct opt_pair, labels->len),
                          .len = labels->len};
    for (size_t i = 0; i < labels->len; i++)
        out.ptr[i] = (struct opt_pair){.key = labels->ptr[i].key,
                                       .value = redacted(b, labels->ptr[i].value)};
    return out;
}

static struct catalog_new_version new_version(const struct record_state *state, struct build *b)
{
    const struct planned_catalog *c = state->plan->catalog;
    return (struct catalog_new_version){
        .bucket = c->bucket,
        .bucket_description = redacted(b, c->description),
        .image_path = b->image.path,
        .format = b->image.format,
        .virtual_size = b->image.virtual_size,
        .efivars_path = b->image.efivars,
        .take_file = true,
        .builder = b->builder_name,
        .build_name = b->name,
        .arch = b->image.arch,
        .os = os_of(state, b),
        .firmware = b->image.firmware,
        .run_uuid = b->run_uuid,
        .template_path = state->whole->template_path,
        .template_sha256 = state->whole->template_sha256,
        .source = redacted(b, b->base.source),
        .parent_bucket = b->base.bucket,
        .parent_fingerprint = b->base.fingerprint,
        .parent_channel = b->base.channel,
        .parent_sha256 = b->base.sha256,
        .started_wall_ns = state->started_wall_ns,
        .finished_wall_ns = clock_wall(),
        .labels = redacted_labels(b, &c->labels),
        .channels = c->channels,
        .metadata_json = metadata(state, b),
        .progress = record_progress,
        .arg = b,
    };
}

/* The store's file is immutable and its own: the user's copy is a real one. */
static bool copy_out(const struct record_state *state, struct build *b, const char *stored,
                     struct error **err)
{
    if (b->output_dir == NULL)
        return true;
    autofree char *dst = io_path_join(b->output_dir, state->output_name);
    return io_copy_sparse(stored, dst, b->cancel, record_progress, b, err);
}

static bool record_run(struct step *s, struct build *b, struct error **err)
{
    struct record_state *state = s->state;
    struct catalog_new_version nv = new_version(state, b);
    struct catalog_version *v = arena_new_object(b->arena, struct catalog_version);
    if (!copy_out(state, b, b->image.path, err))
        return error_wrap(err, "cannot copy the image to '%s'", b->output_dir);
    if (!catalog_add_version(b->catalog, &nv, b->cancel, b->arena, v, err))
        return error_wrap(err, "cannot record the image in bucket '%s'", nv.bucket);
    state->out->version = v;
    state->out->done = true;
    b->image.path = v->artifacts[0].path;
    build_sayf(b, "Recorded as %s %s (%s)", v->bucket, v->name, v->fingerprint);
    return true;
}

struct step stage_record(struct build *b, const struct plan *whole,
                         const struct planned_build *plan, const struct sealed *sealed,
                         const char *output_name, struct recorded *out)
{
    struct record_state *state = arena_new_object(b->arena, struct record_state);
    *state = (struct record_state){.plan = plan,
                                   .whole = whole,
                                   .sealed = sealed,
                                   .output_name = output_name,
                                   .started_wall_ns = clock_wall(),
                                   .out = out};
    return (struct step){.name = "record",
                         .title = "Recording in the catalog",
                         .range = plan->catalog->range,
                         .state = state,
                         .run = record_run};
}
