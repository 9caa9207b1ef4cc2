/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stages.h"

#include "core/plan.h"

#include <unistd.h>

#include "base/hash.h"
#include "base/io.h"
#include "catalog/catalog.h"
#include "ledger/ledger.h"
#include "media/imgtool.h"
#include "plug/registry.h"

struct seal_state {
    const struct seal_config *config;
    struct sealed *out;
};

static bool seal_run(struct step *s, struct build *b, struct error **err)
{
    struct seal_state *state = s->state;
    struct seal_input input = {
        .disk = b->image.path,
        .format = b->image.format,
        .build_user = b->build_user,
        .build_public_key = b->target.public_key,
    };
    const struct sealer *sealer = registry_sealer();
    if (!sealer->run(state->config, &input, b, &state->out->result, err))
        return error_wrap_code(err, error_is(*err, ERR_CANCELLED) ? ERR_CANCELLED : ERR_SEAL,
                               "cannot seal the image");
    state->out->done = true;
    return true;
}

struct step stage_seal(struct build *b, const struct planned_build *pb, struct sealed *out)
{
    struct seal_state *state = arena_new_object(b->arena, struct seal_state);
    *state = (struct seal_state){.config = pb->seal, .out = out};
    return (struct step){.name = "seal",
                         .title = "Sealing the image",
                         .range = pb->seal_range,
                         .body = pb->seal_body,
                         .state = state,
                         .run = seal_run};
}

struct pack_state {
    const char *output_name; /* file name in the output directory */
    bool recorded;
    char *made;      /* path to remove when the build fails */
    ledger_id entry; /* of the file in the catalog's tmp directory */
};

static void pack_progress(void *arg, uint64_t done, uint64_t total)
{
    build_progress(arg, "Compacting the image", done, total);
}

static const char *pack_path(const struct pack_state *state, struct build *b)
{
    if (!state->recorded)
        return arena_fmt(b->arena, "%s/%s", b->output_dir, state->output_name);
    char id[ULID_SIZE];
    hash_ulid(id);
    return arena_fmt(b->arena, "%s/%s.%s", catalog_tmp_path(b->catalog), id, b->image.final_format);
}

static bool pack_convert(struct build *b, const char *dst, bool compress, struct error **err)
{
    struct img_convert job = {
        .src = b->image.path,
        .src_format = b->image.format,
        .dst = dst,
        .dst_format = b->image.final_format,
        .compress = compress && strcmp(b->image.final_format, "qcow2") == 0,
        .progress = pack_progress,
        .arg = b,
        .cancel = b->cancel,
    };
    if (b->image.convert_args != NULL)
        job.args = (struct img_args){b->image.convert_args->ptr, b->image.convert_args->len};
    return img_convert(&job, err);
}

static bool pack_run(struct step *s, struct build *b, struct error **err)
{
    struct pack_state *state = s->state;
    if (b->image.final_format == NULL)
        b->image.final_format = "qcow2";
    if (!state->recorded && !io_mkdir_p(b->output_dir, 0755, err))
        return false;
    const char *dst = pack_path(state, b);
    if (state->recorded && !ledger_add(b->ledger, "tree", dst, &state->entry, err))
        return false;
    state->made = arena_strdup(b->arena, dst);
    bool as_is = !state->recorded && b->image.skip_compaction && b->image.backing == NULL &&
                 strcmp(b->image.format, b->image.final_format) == 0;
    bool ok = as_is ? io_copy_sparse(b->image.path, dst, b->cancel, pack_progress, b, err)
                    : pack_convert(b, dst, state->recorded || b->image.compress, err);
    if (!ok)
        return error_wrap(err, "cannot make the finished image");
    b->image.path = dst;
    b->image.format = b->image.final_format;
    b->image.backing = NULL;
    return true;
}

/* A recorded image has moved into the store by now. */
static void pack_cleanup(struct step *s, struct build *b, bool ok)
{
    struct pack_state *state = s->state;
    if (!ok && state->made != NULL)
        unlink(state->made);
    ledger_strike(b->ledger, state->entry);
}

struct step stage_pack(struct build *b, const char *output_name, bool recorded)
{
    struct pack_state *state = arena_new_object(b->arena, struct pack_state);
    *state = (struct pack_state){.output_name = output_name, .recorded = recorded};
    return (struct step){.name = "pack",
                         .title = "Compacting the image",
                         .state = state,
                         .run = pack_run,
                         .cleanup = pack_cleanup};
}
