/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/quick.h"

#include <ctype.h>

#include "base/log.h"
#include "seal/edit.h"
#include "seal/gfs.h"

#define MAX_PARTITIONS 16
#define ELF_HEADER     20

static void free_strings(char **list)
{
    for (char **s = list; s != NULL && *s != NULL; s++)
        free(*s);
    free(list);
}
DEFINE_AUTO(strings, char **, free_strings);

/* ELF specification, e_ident and e_machine; all these are little-endian here
 * but s390x. */
static const struct {
    unsigned char bits, order, machine;
    const char *arch;
} machines[] = {
    {2, 1, 62, "x86_64"},   {1, 1, 3, "i386"},     {2, 1, 183, "aarch64"}, {1, 1, 40, "arm"},
    {2, 1, 243, "riscv64"}, {2, 1, 21, "ppc64le"}, {2, 2, 22, "s390x"},
};

const char *quick_elf_arch(str h)
{
    if (h.len < ELF_HEADER || memcmp(h.ptr, "\177ELF", 4) != 0)
        return NULL;
    unsigned char bits = (unsigned char)h.ptr[4], order = (unsigned char)h.ptr[5];
    unsigned char machine = (unsigned char)h.ptr[order == 2 ? 19 : 18];
    for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
        if (machines[i].bits == bits && machines[i].order == order &&
            machines[i].machine == machine)
            return machines[i].arch;
    return NULL;
}

static str next_field(str *rest)
{
    size_t start = 0;
    while (start < rest->len && isspace((unsigned char)rest->ptr[start]))
        start++;
    size_t end = start;
    while (end < rest->len && !isspace((unsigned char)rest->ptr[end]))
        end++;
    str field = str_sub(*rest, start, end);
    *rest = str_sub(*rest, end, rest->len);
    return field;
}

static bool is_virtual(str type)
{
    static const char *const types[] = {"proc",   "sysfs",   "tmpfs",    "devpts",    "swap",
                                        "cgroup", "cgroup2", "devtmpfs", "hugetlbfs", NULL};
    for (const char *const *t = types; *t != NULL; t++)
        if (str_eqz(type, *t))
            return true;
    return false;
}

bool quick_read_fstab(str fstab, str *efi_spec, str *efi_point)
{
    *efi_spec = *efi_point = (str){0};
    while (fstab.ptr != NULL && fstab.len > 0) {
        str line = str_next_line(&fstab);
        str spec = next_field(&line), point = next_field(&line), type = next_field(&line);
        if (spec.len == 0 || spec.ptr[0] == '#' || is_virtual(type) || str_eqz(point, "/") ||
            str_starts(point, STR("/media/")) || str_starts(point, STR("/mnt/")))
            continue;
        bool is_efi = str_eqz(point, "/boot/efi") || str_eqz(point, "/efi");
        if (!is_efi || efi_spec->len > 0)
            return false;
        *efi_spec = spec;
        *efi_point = point;
    }
    return true;
}

int64_t quick_count_packages(str database, bool is_apk)
{
    int64_t count = 0;
    while (database.ptr != NULL && database.len > 0) {
        str line = str_next_line(&database);
        count += is_apk ? str_starts(line, STR("P:"))
                        : str_eqz(line, "Status: install ok installed") ||
                              str_eqz(line, "Status: hold ok installed");
    }
    return count;
}

struct partitions {
    const char *root;
    const char *efi[MAX_PARTITIONS];
    size_t efi_count;
};

/* False: something that needs a real inspection. */
static bool list_partitions(struct seal_ctx *ctx, struct partitions *out)
{
    AUTO(strings) char **devices = guestfs_list_partitions(ctx->g);
    *out = (struct partitions){0};
    for (char **d = devices; d != NULL && *d != NULL; d++) {
        autofree char *type = guestfs_vfs_type(ctx->g, *d);
        const char *name = arena_strdup(ctx->arena, *d);
        if (type == NULL || type[0] == '\0' || strcmp(type, "swap") == 0)
            continue;
        bool is_root = strcmp(type, "ext4") == 0 || strcmp(type, "xfs") == 0;
        if (strcmp(type, "vfat") == 0 && out->efi_count < MAX_PARTITIONS)
            out->efi[out->efi_count++] = name;
        else if (is_root && out->root == NULL)
            out->root = name;
        else
            return false; /* a second one, LVM, RAID, LUKS, btrfs ... */
    }
    return out->root != NULL;
}

static bool probe_arch(struct seal_ctx *ctx)
{
    static const char *const programs[] = {"/usr/bin/env", "/bin/sh", "/bin/busybox", NULL};
    for (const char *const *p = programs; *p != NULL; p++) {
        size_t len = 0;
        autofree char *head = guestfs_pread(ctx->g, *p, ELF_HEADER, 0, &len);
        const char *arch = head == NULL ? NULL : quick_elf_arch((str){head, len});
        if (arch != NULL) {
            ctx->result->arch = arch;
            return true;
        }
    }
    return false;
}

/* Names as libguestfs gives them. */
static const struct {
    const char *id, *distro, *package_format;
} distros[] = {
    {"debian", "debian", "deb"},
    {"ubuntu", "ubuntu", "deb"},
    {"alpine", "alpinelinux", "apk"},
};

/* Only systems whose database of packages is plain text. */
static bool read_release(struct seal_ctx *ctx, struct error **err)
{
    struct seal_result *r = ctx->result;
    str text;
    if (!gfs_read(ctx, "/etc/os-release", &text, err))
        return false;
    str id = ini_get(text, STR("ID")), version = ini_get(text, STR("VERSION_ID"));
    for (size_t i = 0; i < ARRAY_SIZE(distros); i++) {
        if (!str_eqz(id, distros[i].id) || version.len == 0)
            continue;
        r->os_type = "linux";
        r->os_distro = distros[i].distro;
        r->package_format = distros[i].package_format;
        r->os_version = str_dup(ctx->arena, version);
        r->os_product = str_dup(ctx->arena, ini_get(text, STR("PRETTY_NAME")));
        return true;
    }
    return false;
}

/* os-release of Debian has no point release. */
static bool refine_version(struct seal_ctx *ctx, struct error **err)
{
    str text;
    if (strcmp(ctx->result->os_distro, "debian") != 0)
        return true;
    if (!gfs_read(ctx, "/etc/debian_version", &text, err))
        return false;
    text = str_trim(text);
    if (text.len > 0 && isdigit((unsigned char)text.ptr[0]))
        ctx->result->os_version = str_dup(ctx->arena, text);
    return true;
}

static bool count_packages(struct seal_ctx *ctx, struct error **err)
{
    bool is_apk = strcmp(ctx->result->package_format, "apk") == 0;
    str text;
    if (!gfs_read(ctx, is_apk ? "/lib/apk/db/installed" : "/var/lib/dpkg/status", &text, err))
        return false;
    ctx->result->package_count = quick_count_packages(text, is_apk);
    return true;
}

/* The EFI partition is the one that fstab names; a lone one is taken for it. */
static void mount_efi(struct seal_ctx *ctx, const struct partitions *parts, str spec, str point)
{
    const char *where = str_dup(ctx->arena, point);
    for (size_t i = 0; i < parts->efi_count; i++) {
        autofree char *uuid = guestfs_vfs_uuid(ctx->g, parts->efi[i]);
        bool same = uuid != NULL && str_starts(spec, STR("UUID=")) &&
                    str_eq_nocase(str_sub(spec, 5, spec.len), str_from(uuid));
        if ((same || parts->efi_count == 1) && guestfs_mount(ctx->g, parts->efi[i], where) != 0)
            build_warnf(ctx->b, "sealing: %s (%s) cannot be mounted and is left as it is", where,
                        parts->efi[i]);
    }
}

/* On the mounted root; false without an error: not the common case. */
static bool read_root(struct seal_ctx *ctx, const struct partitions *parts, struct error **err)
{
    str fstab, spec, point;
    if (!gfs_read(ctx, "/etc/fstab", &fstab, err) || !quick_read_fstab(fstab, &spec, &point) ||
        !read_release(ctx, err) || !probe_arch(ctx) || !refine_version(ctx, err) ||
        !count_packages(ctx, err))
        return false;
    if (point.len > 0)
        mount_efi(ctx, parts, spec, point);
    return true;
}

bool quick_inspect(struct seal_ctx *ctx, bool *done, struct error **err)
{
    struct partitions parts;
    *done = false;
    if (!list_partitions(ctx, &parts) || guestfs_mount(ctx->g, parts.root, "/") != 0)
        return !cancel_test(ctx->cancel) || cancel_error(ctx->cancel, err, "sealing");
    *done = read_root(ctx, &parts, err);
    if (*err != NULL)
        return false;
    if (*done)
        return true;
    log_debug("seal", "not a plain system: libguestfs inspects it");
    *ctx->result = (struct seal_result){0};
    return guestfs_umount_all(ctx->g) == 0 || seal_guest_error(ctx, err, "cannot unmount '/'");
}
