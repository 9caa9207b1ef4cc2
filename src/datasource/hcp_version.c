/* SPDX-License-Identifier: Apache-2.0 */

/* hcp-packer-version and its older form hcp-packer-iteration, asked of the
 * local catalog. */

#include "datasource/catalog.h"
#include "datasource/datasource.h"

struct version_config {
    const char *bucket, *channel;
};

struct version_output {
    const char *author_id, *bucket, *status, *created_at, *updated_at, *fingerprint, *id, *name,
        *channel_id;
    int64_t sequence;
    bool complete;
};

#define C struct version_config
#define O struct version_output

static const struct opt opts[] = {
    OPT_STR(C, bucket, "bucket_name", .flags = OPT_REQUIRED | OPT_NO_TMPL,
            .doc = "The bucket of the local catalog."),
    OPT_STR(C, channel, "channel_name", .flags = OPT_REQUIRED | OPT_NO_TMPL,
            .doc = "The channel whose version is wanted."),
    OPT_END,
};

static const struct opt iteration_opts[] = {
    OPT_STR(C, bucket, "bucket_name", .flags = OPT_REQUIRED | OPT_NO_TMPL,
            .doc = "The bucket of the local catalog."),
    OPT_STR(C, channel, "channel", .flags = OPT_REQUIRED | OPT_NO_TMPL,
            .doc = "The channel whose version is wanted."),
    OPT_END,
};

#define COMMON_ROWS                                                                                \
    OPT_STR(O, author_id, "author_id", .doc = "Null: the catalog keeps no accounts."),             \
        OPT_STR(O, bucket, "bucket_name", .doc = "The bucket."),                                   \
        OPT_STR(O, created_at, "created_at", .doc = "When it was recorded, in RFC 3339."),         \
        OPT_STR(O, updated_at, "updated_at", .doc = "As created_at: a version does not change."),  \
        OPT_STR(O, fingerprint, "fingerprint", .doc = "The fingerprint of the version."),          \
        OPT_STR(O, id, "id", .doc = "The same: here it is what identifies a version."),            \
        OPT_STR(O, channel_id, "channel_id", .doc = "The channel.")

static const struct opt outputs[] = {
    COMMON_ROWS,
    OPT_STR(O, status, "status", .doc = "\"active\" or \"revocation-scheduled\"."),
    OPT_STR(O, name, "name", .doc = "The version, such as \"v3\"."),
    OPT_END,
};

static const struct opt iteration_outputs[] = {
    COMMON_ROWS,
    OPT_INT(O, sequence, "incremental_version", .doc = "The version as a number: 3 of v3."),
    OPT_BOOL(O, complete, "complete", .doc = "True: what is recorded is complete."),
    OPT_END,
};

static bool version_read(const struct datasource_type *self, const void *opaque,
                         struct data_call *call, void *opaque_out, struct error **err)
{
    const C *c = opaque;
    struct catalog_version v;
    (void)self;
    if (!data_find_version(call, c->bucket, c->channel, NULL, &v, err))
        return false;
    *(O *)opaque_out = (O){
        .bucket = v.bucket,
        .status = v.status,
        .created_at = v.created_at,
        .updated_at = v.created_at,
        .fingerprint = v.fingerprint,
        .id = v.fingerprint,
        .name = v.name,
        .channel_id = c->channel,
        .sequence = v.sequence,
        .complete = true,
    };
    return true;
}

const struct datasource_type datasource_hcp_version = {
    .name = "hcp-packer-version",
    .summary = "The version that a channel of the catalog points to",
    .doc = "HCP Packer's data source, asked of the local catalog.  An empty channel and a revoked "
           "version are errors.",
    .opts = opts,
    .config_size = sizeof(C),
    .outputs = outputs,
    .output_size = sizeof(O),
    .read = version_read,
};

const struct datasource_type datasource_hcp_iteration = {
    .name = "hcp-packer-iteration",
    .summary = "Older form of hcp-packer-version",
    .opts = iteration_opts,
    .config_size = sizeof(C),
    .outputs = iteration_outputs,
    .output_size = sizeof(O),
    .read = version_read,
};
