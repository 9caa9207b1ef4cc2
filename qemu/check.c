/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/config.h"

#include "base/hash.h"
#include "catalog/catalog.h"
#include "hcl/diag.h"
#include "qemu/args.h"

static void check_skip_cache(const struct qemu_config *c, const struct body *body,
                             struct diags *diags)
{
    if (c->iso_skip_cache && c->disk_image)
        diags_error(diags, schema_range(body, "iso_skip_cache"), "Conflicting arguments",
                    "QEMU can read an ISO from its URL; a disk image is needed as a file.");
}

/* Packer's own words where it has some. */
static void check_source(const struct qemu_config *c, const struct body *body, struct diags *diags)
{
    AUTO(arena) struct arena *a = arena_new("check");
    struct error *err = NULL;
    if (c->base != NULL) {
        if (!catalog_ref_check(str_from(c->base), &err))
            diags_add_error(diags, schema_range(body, "base"), err);
        error_drop(&err);
        return;
    }
    bool has_url = c->iso_url != NULL || c->iso_urls.len > 0;
    if (!has_url && !schema_is_set(body, "iso_url") && !schema_is_set(body, "iso_urls"))
        diags_error(diags, schema_range(body, "iso_url"),
                    "One of iso_url or iso_urls must be specified",
                    "Or set base to an image of the catalog.");
    if (c->iso_skip_cache)
        return; /* nothing is kept that could be compared */
    if (!schema_is_set(body, "iso_checksum")) {
        diags_error(diags, schema_range(body, "iso_checksum"), "A checksum must be specified",
                    "Set iso_checksum to the digest of the file, or to \"none\".");
        return;
    }
    struct checksum sum;
    if (c->iso_checksum != NULL && !checksum_parse(a, str_from(c->iso_checksum), &sum, &err))
        diags_add_error(diags, schema_range(body, "iso_checksum"), err);
    error_drop(&err);
}

static void check_range(const struct body *body, struct diags *diags, const char *name, int64_t min,
                        int64_t max)
{
    if (min > max)
        diags_error(diags, schema_range(body, name), "Port range is empty",
                    "%s is %lld, above its maximum %lld.", name, (long long)min, (long long)max);
}

struct word_list {
    const char *option;
    const char *value;
    const char *words; /* space-separated */
};

static bool has_word(const char *words, const char *value)
{
    str rest = str_from(words);
    while (rest.ptr != NULL)
        if (str_eqz(str_split(&rest, ' '), value))
            return true;
    return false;
}

static void check_words(const struct qemu_config *c, const struct body *body, struct diags *diags)
{
    const struct word_list lists[] = {
        {"disk_cache", c->disk_cache, "writethrough writeback none unsafe directsync"},
        {"disk_discard", c->disk_discard, "unmap ignore"},
        {"disk_detect_zeroes", c->disk_detect_zeroes, "unmap on off"},
        {"cdrom_interface", c->cdrom_interface, "ide sata scsi virtio virtio-scsi"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        if (lists[i].value != NULL && !has_word(lists[i].words, lists[i].value))
            diags_error(diags, schema_range(body, lists[i].option), "Unknown value",
                        "%s is \"%s\"; it may be one of: %s.", lists[i].option, lists[i].value,
                        lists[i].words);
}

static void check_disks(const struct qemu_config *c, const struct body *body, struct diags *diags)
{
    enum { MOST = 12 };
    uint64_t bytes;
    if (c->use_backing_file && (!c->disk_image || c->format != FORMAT_QCOW2))
        diags_error(diags, schema_range(body, "use_backing_file"),
                    "use_backing_file can only be enabled for QCOW2 images and when disk_image is "
                    "true",
                    "%s", "");
    if (c->skip_resize_disk && !c->disk_image)
        diags_error(diags, schema_range(body, "skip_resize_disk"),
                    "skip_resize_disk can only be used when disk_image is true", "%s", "");
    if (c->disk_additional_size.len > MOST)
        diags_error(diags, schema_range(body, "disk_additional_size"), "Too many disks",
                    "There may be %d further disks.", MOST);
    for (size_t i = 0; i < c->disk_additional_size.len; i++)
        if (!str_to_size(str_from(c->disk_additional_size.ptr[i]), 1 << 20, &bytes) || bytes == 0)
            diags_error(
                diags,
                schema_item_range(body, "disk_additional_size", i, c->disk_additional_size.len),
                "Invalid disk size", "\"%s\" is no size such as \"10G\".",
                c->disk_additional_size.ptr[i]);
}

static void check_login(const struct qemu_config *c, const struct body *body, struct diags *diags)
{
    const char *name = c->comm.ssh_username;
    bool missing = name == NULL ? !schema_is_set(body, "ssh_username") : *name == '\0';
    if (c->comm.type == COMM_SSH && missing && !qemu_wants_seed(c))
        diags_error(diags, schema_range(body, "ssh_username"), "An ssh_username must be specified",
                    "Only guests that get a cloud-init seed from imgfac need none.");
    AUTO(strbuf) struct strbuf user = STRBUF_INIT;
    AUTO(strbuf) struct strbuf meta = STRBUF_INIT;
    AUTO(strbuf) struct strbuf network = STRBUF_INIT;
    struct seed seed = {.config = c->cloud_init, .instance_id = "check"};
    struct error *err = NULL;
    if (c->cloud_init != NULL && !seed_render(&seed, &user, &meta, &network, &err))
        diags_add_error(diags, schema_range(body, "cloud_init"), err);
    error_drop(&err);
}

static void check_machine(const struct qemu_config *c, const struct body *body, struct diags *diags)
{
    if (c->accelerator == ACCEL_OTHER)
        diags_error(diags, schema_range(body, "accelerator"), "Accelerator not available",
                    "On Linux hosts use \"kvm\", \"tcg\" or \"auto\".");
    int64_t product =
        MAX(c->sockets, (int64_t)1) * MAX(c->cores, (int64_t)1) * MAX(c->threads, (int64_t)1);
    if (c->cpus > 512 || product > 512)
        diags_error(diags, schema_range(body, "cpus"), "Too many processors",
                    "A guest may have 512.");
    if ((c->efi_firmware_code == NULL) != (c->efi_firmware_vars == NULL) &&
        c->efi_firmware_code == NULL)
        diags_error(diags, schema_range(body, "efi_firmware_vars"), "Firmware code is missing",
                    "Set efi_firmware_code too, or neither: then the host's descriptors are used.");
    if (str_starts(str_from(c->machine_type), STR("microvm")))
        diags_error(diags, schema_range(body, "machine_type"), "Machine type not possible",
                    "libvirt needs a machine with a PCI bus, which \"microvm\" has not.");
    if (c->vnc_password != NULL && strlen(c->vnc_password) > 8)
        diags_error(diags, schema_range(body, "vnc_password"), "Password is too long",
                    "VNC passwords have at most 8 characters.");
}

bool qemu_check(const void *config, const struct body *body, struct diags *diags)
{
    AUTO(arena) struct arena *a = arena_new("check");
    const struct qemu_config *c = qemu_without_empty(config, a);
    size_t before = diags->errors;
    check_skip_cache(c, body, diags);
    check_source(c, body, diags);
    check_words(c, body, diags);
    check_disks(c, body, diags);
    check_machine(c, body, diags);
    qemu_check_boot(c, body, diags);
    qemu_check_media(c, body, diags);
    args_check(c, body, diags);
    check_login(c, body, diags);
    check_range(body, diags, "host_port_min", c->host_port_min, c->host_port_max);
    check_range(body, diags, "vnc_port_min", c->vnc_port_min, c->vnc_port_max);
    check_range(body, diags, "http_port_min", c->http_port_min, c->http_port_max);
    return diags->errors == before;
}
