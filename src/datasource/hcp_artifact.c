/* SPDX-License-Identifier: Apache-2.0 */

/* hcp-packer-artifact and its older form hcp-packer-image, asked of the local
 * catalog: an image there is a disk for QEMU and lies on this host. */

#include "datasource/catalog.h"
#include "datasource/datasource.h"
#include "hcl/diag.h"

#define PLATFORM "qemu"
#define REGION   "local"

struct artifact_config {
    const char *bucket, *channel, *version, *platform, *region, *component;
};

struct artifact_output {
    const char *platform, *component_type, *created_at, *build_id, *version_id, *channel_id,
        *packer_run_uuid, *external_identifier, *region, *sha256, *format;
    struct opt_map labels;
};

#define C struct artifact_config
#define O struct artifact_output

#define CONFIG_ROWS(channel_option, version_option, platform_option)                               \
    OPT_STR(C, bucket, "bucket_name", .flags = OPT_REQUIRED | OPT_NO_TMPL,                         \
            .doc = "The bucket of the local catalog."),                                            \
        OPT_STR(C, channel, channel_option, .flags = OPT_NO_TMPL, .conflicts = version_option,     \
                .doc = "The channel whose version is wanted."),                                    \
        OPT_STR(C, version, version_option, .flags = OPT_NO_TMPL, .conflicts = channel_option,     \
                .doc = "The fingerprint of the version that is wanted."),                          \
        OPT_STR(C, platform, platform_option, .flags = OPT_REQUIRED | OPT_NO_TMPL,                 \
                .doc = "\"" PLATFORM "\", or the name of the builder that made the image."),       \
        OPT_STR(C, region, "region", .flags = OPT_REQUIRED | OPT_NO_TMPL,                          \
                .doc = "\"" REGION "\", the image's architecture, or its label `region`."),        \
        OPT_STR(C, component, "component_type", .flags = OPT_NO_TMPL,                              \
                .doc = "The build that must have made it, such as \"qemu.golden\".")

static const struct opt opts[] = {
    CONFIG_ROWS("channel_name", "version_fingerprint", "platform"),
    OPT_END,
};

static const struct opt image_opts[] = {
    CONFIG_ROWS("channel", "iteration_id", "cloud_provider"),
    OPT_END,
};

#define OUTPUT_ROWS(platform_name, version_name, id_name)                                          \
    OPT_STR(O, platform, platform_name, .doc = "What was asked for."),                             \
        OPT_STR(O, component_type, "component_type", .doc = "The build that made it."),            \
        OPT_STR(O, created_at, "created_at", .doc = "When it was recorded, in RFC 3339."),         \
        OPT_STR(O, build_id, "build_id", .doc = "The fingerprint of the version."),                \
        OPT_STR(O, version_id, version_name, .doc = "The same."),                                  \
        OPT_STR(O, channel_id, "channel_id", .doc = "The channel; null without one."),             \
        OPT_STR(O, packer_run_uuid, "packer_run_uuid", .doc = "Null."),                            \
        OPT_STR(O, external_identifier, id_name,                                                   \
                .doc = "The image's file in the store: fit for `iso_url` with `disk_image`."),     \
        OPT_STR(O, region, "region", .doc = "What was asked for."),                                \
        OPT_MAP(O, labels, "labels", .doc = "Labels of the version."),                             \
        OPT_STR(O, sha256, "sha256", .flags = OPT_IMGFAC,                                          \
                .doc = "Digest of the file, 64 hexadecimal digits."),                              \
        OPT_STR(O, format, "format", .flags = OPT_IMGFAC, .doc = "\"qcow2\" or \"raw\".")

static const struct opt outputs[] = {
    OUTPUT_ROWS("platform", "version_id", "external_identifier"),
    OPT_END,
};

static const struct opt image_outputs[] = {
    OUTPUT_ROWS("cloud_provider", "iteration_id", "id"),
    OPT_END,
};

/* Exactly one of two; that both are set the rows have said. */
static bool check_one(const struct body *body, const char *channel, const char *version,
                      struct diags *diags)
{
    if (schema_is_set(body, channel) || schema_is_set(body, version))
        return true;
    return diags_error(diags, schema_range(body, version), "Missing required argument",
                       "One of \"%s\" and \"%s\" is required.", channel, version);
}

static bool artifact_check(const struct datasource_type *self, const void *config,
                           const struct body *body, struct diags *diags)
{
    (void)self;
    (void)config;
    return check_one(body, "channel_name", "version_fingerprint", diags);
}

static bool image_check(const struct datasource_type *self, const void *config,
                        const struct body *body, struct diags *diags)
{
    (void)self;
    (void)config;
    return check_one(body, "channel", "iteration_id", diags);
}

static bool is_text(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static const char *label(const struct catalog_version *v, const char *name)
{
    for (size_t i = 0; i < v->labels.len; i++)
        if (strcmp(v->labels.ptr[i].key, name) == 0)
            return v->labels.ptr[i].value;
    return NULL;
}

static bool no_such(const struct catalog_version *v, const char *what, const char *wanted,
                    struct error **err)
{
    return error_set(err, ERR_NOT_FOUND, 0, "version %s of bucket '%s' has no image of %s '%s'",
                     v->name, v->bucket, what, wanted);
}

static bool match(const C *c, const struct catalog_version *v, struct error **err)
{
    const char *arch = v->arch != NULL ? v->arch : "?";
    if (!is_text(c->platform, PLATFORM) && !is_text(c->platform, v->builder)) {
        no_such(v, "platform", c->platform, err);
        error_option(err, "platform cloud_provider");
        return error_hint(err, "Its platform is \"" PLATFORM "\" (built by %s).", v->builder);
    }
    if (!is_text(c->region, REGION) && !is_text(c->region, v->arch) &&
        !is_text(c->region, label(v, "region"))) {
        no_such(v, "region", c->region, err);
        error_option(err, "region");
        return error_hint(err, "Its region is \"" REGION "\", or its architecture \"%s\".", arch);
    }
    if (c->component != NULL && !is_text(c->component, v->build_name)) {
        no_such(v, "component type", c->component, err);
        error_option(err, "component_type");
        return error_hint(err, "It was made by \"%s\".",
                          v->build_name != NULL ? v->build_name : "?");
    }
    return true;
}

static bool artifact_read(const struct datasource_type *self, const void *opaque,
                          struct data_call *call, void *opaque_out, struct error **err)
{
    const C *c = opaque;
    struct catalog_version v;
    const struct catalog_artifact *disk;
    (void)self;
    if (!data_find_version(call, c->bucket, c->channel, c->version, &v, err) ||
        !match(c, &v, err) || !data_find_disk(&v, &disk, err))
        return false;
    *(O *)opaque_out = (O){
        .platform = c->platform,
        .component_type = v.build_name,
        .created_at = v.created_at,
        .build_id = v.fingerprint,
        .version_id = v.fingerprint,
        .channel_id = c->channel,
        .external_identifier = disk->path,
        .region = c->region,
        .labels = v.labels,
        .sha256 = disk->sha256,
        .format = disk->format,
    };
    return true;
}

const struct datasource_type datasource_hcp_artifact = {
    .name = "hcp-packer-artifact",
    .summary = "An image of the catalog, by channel or fingerprint",
    .doc = "HCP Packer's data source, asked of the local catalog.  A revoked version is an error; "
           "one whose revocation is scheduled still counts.",
    .opts = opts,
    .config_size = sizeof(C),
    .outputs = outputs,
    .output_size = sizeof(O),
    .check = artifact_check,
    .read = artifact_read,
};

const struct datasource_type datasource_hcp_image = {
    .name = "hcp-packer-image",
    .summary = "Older form of hcp-packer-artifact",
    .opts = image_opts,
    .config_size = sizeof(C),
    .outputs = image_outputs,
    .output_size = sizeof(O),
    .check = image_check,
    .read = artifact_read,
};
