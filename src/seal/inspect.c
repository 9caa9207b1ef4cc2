/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/inspect.h"

#include <sys/utsname.h>

#include "seal/accounts.h"
#include "seal/edit.h"
#include "seal/gfs.h"
#include "seal/quick.h"

static void free_strings(char **list)
{
    for (char **s = list; s != NULL && *s != NULL; s++)
        free(*s);
    free(list);
}
DEFINE_AUTO(strings, char **, free_strings);
DEFINE_AUTO(apps, struct guestfs_application2_list *, guestfs_free_application2_list);

/* Names of guestfs_inspect_get_distro. */
static const struct {
    const char *distro;
    enum seal_family family;
} families[] = {
    {"debian", SEAL_DEBIAN},      {"ubuntu", SEAL_DEBIAN},          {"linuxmint", SEAL_DEBIAN},
    {"kalilinux", SEAL_DEBIAN},   {"fedora", SEAL_REDHAT},          {"rhel", SEAL_REDHAT},
    {"centos", SEAL_REDHAT},      {"almalinux", SEAL_REDHAT},       {"rocky", SEAL_REDHAT},
    {"oraclelinux", SEAL_REDHAT}, {"scientificlinux", SEAL_REDHAT}, {"redhat-based", SEAL_REDHAT},
    {"circle", SEAL_REDHAT},      {"opensuse", SEAL_SUSE},          {"sles", SEAL_SUSE},
    {"suse-based", SEAL_SUSE},    {"alpinelinux", SEAL_ALPINE},     {"archlinux", SEAL_ARCH},
};

static const char *take(struct seal_ctx *ctx, char *heap)
{
    autofree char *text = heap;
    return arena_strdup(ctx->arena, text == NULL ? "unknown" : text);
}

static enum seal_family family_of(const struct seal_result *r)
{
    for (size_t i = 0; i < ARRAY_SIZE(families); i++)
        if (strcmp(families[i].distro, r->os_distro) == 0)
            return families[i].family;
    if (strcmp(r->package_format, "deb") == 0)
        return SEAL_DEBIAN;
    return strcmp(r->package_format, "rpm") == 0 ? SEAL_REDHAT : SEAL_OTHER;
}

static enum seal_os os_of(const char *type)
{
    if (strcmp(type, "linux") == 0)
        return SEAL_LINUX;
    return strcmp(type, "windows") == 0 ? SEAL_WINDOWS : SEAL_BSD;
}

/* guestfs says i386 for 32 bits; a 64-bit kernel runs those too. */
static bool runs_here(const char *arch)
{
    struct utsname host;
    if (uname(&host) != 0)
        return false;
    return strcmp(arch, host.machine) == 0 ||
           (strcmp(arch, "i386") == 0 && strcmp(host.machine, "x86_64") == 0);
}

static void fill_result(struct seal_ctx *ctx, const char *root)
{
    struct seal_result *r = ctx->result;
    int major = guestfs_inspect_get_major_version(ctx->g, root);
    int minor = guestfs_inspect_get_minor_version(ctx->g, root);
    r->os_type = take(ctx, guestfs_inspect_get_type(ctx->g, root));
    r->os_distro = take(ctx, guestfs_inspect_get_distro(ctx->g, root));
    r->os_product = take(ctx, guestfs_inspect_get_product_name(ctx->g, root));
    r->arch = take(ctx, guestfs_inspect_get_arch(ctx->g, root));
    r->package_format = take(ctx, guestfs_inspect_get_package_format(ctx->g, root));
    r->os_version = minor > 0 ? arena_fmt(ctx->arena, "%d.%d", major, minor)
                              : arena_fmt(ctx->arena, "%d", major);
}

/* libguestfs gives Debian's point release alone ("12.8") as the name. */
static bool name_product(struct seal_ctx *ctx, struct error **err)
{
    str text;
    if (!gfs_read(ctx, "/etc/os-release", &text, err))
        return false;
    str name = ini_get(text, STR("PRETTY_NAME"));
    if (name.len > 0)
        ctx->result->os_product = str_dup(ctx->arena, name);
    return true;
}

/* Needs the mounted guest. */
static void count_packages(struct seal_ctx *ctx, const char *root)
{
    AUTO(apps)
    struct guestfs_application2_list *apps = guestfs_inspect_list_applications2(ctx->g, root);
    ctx->result->package_count = apps == NULL ? 0 : apps->len;
}

static int by_length(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    size_t m = strlen(x[0]), n = strlen(y[0]);
    return (m > n) - (m < n);
}

/* LIST is mount point, device, mount point, device ...  An fstab that names
 * the root by PARTUUID gives none for "/". */
static bool mount_all(struct seal_ctx *ctx, const char *root, char **list, struct error **err)
{
    size_t count = 0;
    while (list[count] != NULL)
        count++;
    if (guestfs_mount(ctx->g, root, "/") != 0) {
        seal_guest_error(ctx, err, "cannot mount the root file system %s", root);
        return error_hint(err, "A guest that was not shut down cleanly may need a repair of its "
                               "file system first.");
    }
    if (count > 2)
        qsort(list, count / 2, 2 * sizeof(*list), by_length);
    for (size_t i = 0; i + 1 < count; i += 2) {
        if (strcmp(list[i], "/") == 0)
            continue;
        if (guestfs_mount(ctx->g, list[i + 1], list[i]) != 0)
            build_warnf(ctx->b, "sealing: %s (%s) cannot be mounted and is left as it is", list[i],
                        list[i + 1]);
    }
    return !cancel_test(ctx->cancel) || cancel_error(ctx->cancel, err, "sealing");
}

DEFINE_ARENA_VEC(homes, struct seal_home);

static bool is_system_home(str path)
{
    static const char *const prefixes[] = {"/usr/", "/bin",  "/sbin", "/dev",
                                           "/proc", "/run/", NULL};
    if (path.len < 2 || path.ptr[0] != '/')
        return true;
    for (const char *const *p = prefixes; *p != NULL; p++)
        if (str_starts(path, str_from(*p)))
            return true;
    return false;
}

static void add_home(struct seal_ctx *ctx, struct homes *homes, str user, str path)
{
    while (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    VEC_EACH (h, homes)
        if (str_eqz(path, h->path))
            return;
    const char *p = str_dup(ctx->arena, path);
    if (!is_system_home(path) && guestfs_is_dir(ctx->g, p) > 0)
        homes_push(ctx->arena, homes,
                   (struct seal_home){.user = str_dup(ctx->arena, user), .path = p});
}

/* Homes of passwd, and directories of /home that belong to nobody any more. */
static bool find_homes(struct seal_ctx *ctx, struct error **err)
{
    str passwd;
    struct homes homes = {0};
    struct gfs_entries below_home;
    if (!gfs_read(ctx, "/etc/passwd", &passwd, err) || !gfs_list(ctx, "/home", &below_home, err))
        return false;
    add_home(ctx, &homes, STR("root"), STR("/root"));
    while (passwd.ptr != NULL && passwd.len > 0) {
        struct account a;
        if (account_parse(str_next_line(&passwd), &a))
            add_home(ctx, &homes, a.name, a.home);
    }
    VEC_EACH (e, &below_home)
        if (e->type == 'd')
            add_home(ctx, &homes, str_from(e->name), str_from(e->path));
    ctx->homes = homes.ptr;
    ctx->home_count = homes.len;
    return true;
}

static bool full_inspect(struct seal_ctx *ctx, struct error **err)
{
    AUTO(strings) char **roots = guestfs_inspect_os(ctx->g);
    if (roots == NULL)
        return seal_guest_error(ctx, err, "cannot inspect the disk");
    if (roots[0] == NULL) {
        error_set(err, ERR_SEAL, 0, "no operating system was found on the disk");
        return error_hint(err, "To keep an image that cannot be inspected, set enabled = false in "
                               "the seal block.");
    }
    if (roots[1] != NULL)
        build_warnf(ctx->b,
                    "sealing: the disk holds several operating systems; only the one on %s "
                    "is sealed",
                    roots[0]);
    AUTO(strings) char **mounts = guestfs_inspect_get_mountpoints(ctx->g, roots[0]);
    if (mounts == NULL)
        return seal_guest_error(ctx, err, "cannot find out what to mount");
    fill_result(ctx, roots[0]);
    if (!mount_all(ctx, roots[0], mounts, err))
        return false;
    count_packages(ctx, roots[0]);
    return os_of(ctx->result->os_type) == SEAL_WINDOWS || name_product(ctx, err);
}

bool inspect_guest(struct seal_ctx *ctx, struct error **err)
{
    bool done;
    if (!quick_inspect(ctx, &done, err) || (!done && !full_inspect(ctx, err)))
        return false;
    ctx->os = os_of(ctx->result->os_type);
    ctx->family = family_of(ctx->result);
    ctx->can_run = ctx->os == SEAL_LINUX && runs_here(ctx->result->arch);
    return ctx->os == SEAL_WINDOWS || find_homes(ctx, err);
}
