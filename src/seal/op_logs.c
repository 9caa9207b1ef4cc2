/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include <ctype.h>

#include "seal/gfs.h"

static bool has_suffix(str name, const char *const *list)
{
    for (; *list != NULL; list++)
        if (str_ends(name, str_from(*list)))
            return true;
    return false;
}

/* name.1, name-20260131 */
static bool ends_in_number(str name)
{
    size_t end = name.len;
    while (end > 0 && isdigit((unsigned char)name.ptr[end - 1]))
        end--;
    size_t digits = name.len - end;
    if (end < 2 || digits == 0)
        return false;
    return name.ptr[end - 1] == '.' || (name.ptr[end - 1] == '-' && digits == 8);
}

/* Rotated and one-time logs go; a current log is emptied, as its daemon may
 * not be allowed to make it again. */
static bool is_disposable(const struct gfs_entry *e)
{
    static const char *const suffixes[] = {".gz", ".xz", ".bz2", ".zst", ".old", ".journal", NULL};
    str path = str_from(e->path);
    return has_suffix(path, suffixes) || ends_in_number(path) ||
           str_starts(path, STR("/var/log/installer/")) ||
           str_starts(path, STR("/var/log/anaconda/")) ||
           str_starts(str_from(e->name), STR("cloud-init"));
}

static bool logs_run(struct seal_ctx *ctx, const struct seal_config *config, struct error **err)
{
    (void)config;
    static const char *const others[] = {
        "/var/log/journal/*",          "/run/log/journal/*",
        "/var/lib/systemd/coredump/*", "/var/crash/*",
        "/var/lib/systemd/pstore/*",   "/root/anaconda-ks.cfg",
        "/root/original-ks.cfg",       "/var/lib/logrotate/status",
        "/var/lib/logrotate.status",   NULL,
    };
    struct gfs_entries list;
    if (!gfs_walk(ctx, "/var/log", &list, err) || !gfs_wipe(ctx, &list, err) ||
        !gfs_remove_globs(ctx, others, err))
        return false;
    VEC_EACH (e, &list) {
        bool ok = e->type != 'r'     ? true
                  : is_disposable(e) ? gfs_remove_entry(ctx, e, err)
                                     : gfs_truncate(ctx, e->path, err);
        if (!ok)
            return false;
    }
    return true;
}

const struct sealop op_logs = {
    .name = "logs",
    .heading = "Empty the logs",
    .doc =
        "Removes journals, rotated and installation logs and core dumps; other files of /var/log "
        "(wtmp, btmp and lastlog among them) are emptied and keep mode and owner.",
    .os = SEAL_UNIX,
    .enabled = true,
    .run = logs_run,
};
