/* SPDX-License-Identifier: Apache-2.0 */

#include "datasource/catalog.h"
#include "datasource/datasource.h"

struct image_config {
    const char *image;
};

struct image_output {
    const char *bucket, *version, *fingerprint, *ref, *created_at;
    struct opt_strings channels;
    struct opt_map labels;
    const char *path, *sha256, *checksum, *format, *arch, *os, *firmware;
    int64_t size, virtual_size;
};

#define O struct image_output

static const struct opt opts[] = {
    OPT_STR(struct image_config, image, "image", .flags = OPT_REQUIRED | OPT_NO_TMPL,
            .doc = "BUCKET, BUCKET@CHANNEL, BUCKET:v3 or BUCKET:FINGERPRINT, as in `base`."),
    OPT_END,
};

static const struct opt outputs[] = {
    OPT_STR(O, bucket, "bucket", .doc = "Name of the bucket."),
    OPT_STR(O, version, "version", .doc = "The version, such as \"v3\"."),
    OPT_STR(O, fingerprint, "fingerprint", .doc = "The version's fingerprint."),
    OPT_STR(O, ref, "ref",
            .doc = "BUCKET:FINGERPRINT: names this version for ever; fit for `base`."),
    OPT_STRS(O, channels, "channels", .doc = "Channels that point to the version."),
    OPT_MAP(O, labels, "labels", .doc = "Labels of the version."),
    OPT_STR(O, created_at, "created_at", .doc = "When it was recorded, in RFC 3339."),
    OPT_STR(O, path, "path", .doc = "The image's file in the store; read only."),
    OPT_STR(O, sha256, "sha256", .doc = "Digest of the file, 64 hexadecimal digits."),
    OPT_STR(O, checksum, "checksum", .doc = "The same as \"sha256:...\", fit for `iso_checksum`."),
    OPT_STR(O, format, "format", .doc = "\"qcow2\" or \"raw\"."),
    OPT_INT(O, size, "size", .doc = "Bytes of the file."),
    OPT_INT(O, virtual_size, "virtual_size", .doc = "Bytes of the disk."),
    OPT_STR(O, arch, "arch", .doc = "Architecture, such as \"x86_64\"; null when not known."),
    OPT_STR(O, os, "os", .doc = "System, such as \"debian-12\"; null when not known."),
    OPT_STR(O, firmware, "firmware", .doc = "\"bios\", \"uefi\", \"both\"; null when not known."),
    OPT_END,
};

static bool image_read(const struct datasource_type *self, const void *opaque,
                       struct data_call *call, void *opaque_out, struct error **err)
{
    const struct image_config *config = opaque;
    struct catalog_version v;
    const struct catalog_artifact *disk;
    (void)self;
    if (!data_find_ref(call, config->image, &v, err) || !data_find_disk(&v, &disk, err))
        return false;
    *(O *)opaque_out = (O){
        .bucket = v.bucket,
        .version = v.name,
        .fingerprint = v.fingerprint,
        .ref = arena_fmt(call->arena, "%s:%s", v.bucket, v.fingerprint),
        .created_at = v.created_at,
        .channels = v.channels,
        .labels = v.labels,
        .path = disk->path,
        .sha256 = disk->sha256,
        .checksum = arena_fmt(call->arena, "sha256:%s", disk->sha256),
        .format = disk->format,
        .arch = v.arch,
        .os = v.os,
        .firmware = v.firmware,
        .size = (int64_t)disk->size,
        .virtual_size = (int64_t)disk->virtual_size,
    };
    return true;
}

const struct datasource_type datasource_catalog_image = {
    .name = "catalog-image",
    .summary = "A version of an image in the catalog",
    .doc = "A revoked version is an error.  This data source is imgfac's own; templates that "
           "Packer has to read too use hcp-packer-artifact.",
    .opts = opts,
    .config_size = sizeof(struct image_config),
    .outputs = outputs,
    .output_size = sizeof(O),
    .read = image_read,
};
