/* SPDX-License-Identifier: Apache-2.0 */
#include "bootstrap/rootfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/io.h"
#include "base/mem.h"

#define COPY_MAX ((size_t)64 << 20)

static int open_inside(const struct rootfs *r, const char *path, uint64_t flags, mode_t mode)
{
    struct open_how how = {.flags = flags | O_CLOEXEC,
                           .mode = mode,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};

    return (int)syscall(SYS_openat2, r->fd, path[0] == '\0' ? "." : path, &how, sizeof(how));
}

static bool failed(const struct rootfs *r, const char *verb, const char *path, struct error **err)
{
    int saved = errno;
    enum err_code code = saved == ENOSPC ? ERR_NO_SPACE : ERR_IO;

    return error_set(err, code, saved, "cannot %s '%s' in the tree '%s'", verb, path, r->path);
}

bool rootfs_open(struct rootfs *r, const char *path, struct error **err)
{
    *r = (struct rootfs){.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .path = path};
    if (r->fd < 0)
        return error_set(err, ERR_IO, errno, "cannot open the tree '%s'", path);
    return true;
}

void rootfs_close(struct rootfs *r)
{
    cleanup_close(&r->fd);
    r->fd = -1;
}

bool rootfs_mkdir_p(struct rootfs *r, const char *path, struct error **err)
{
    autofree char *copy = xstrdup(path);

    for (char *slash = strchr(copy, '/');; slash = strchr(slash + 1, '/')) {
        if (slash != NULL)
            *slash = '\0';
        autofree char *parent = io_dirname(copy);
        autoclose int dir = open_inside(r, parent, O_PATH | O_DIRECTORY, 0);
        if (dir < 0 || (mkdirat(dir, io_basename(copy), 0755) < 0 && errno != EEXIST))
            return failed(r, "make directory", copy, err);
        if (slash == NULL)
            return true;
        *slash = '/';
    }
}

/* The directory of PATH, made when absent; -1 with *ERR set. */
static int open_parent(struct rootfs *r, const char *path, struct error **err)
{
    autofree char *parent = io_dirname(path);
    int fd = open_inside(r, parent, O_RDONLY | O_DIRECTORY, 0);

    if (fd >= 0)
        return fd;
    if (errno != ENOENT || !rootfs_mkdir_p(r, parent, err)) {
        if (*err == NULL)
            failed(r, "open directory", parent, err);
        return -1;
    }
    fd = open_inside(r, parent, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        failed(r, "open directory", parent, err);
    return fd;
}

bool rootfs_write(struct rootfs *r, const char *path, str data, mode_t mode, struct error **err)
{
    const char *name = io_basename(path);
    autoclose int dir = open_parent(r, path, err);

    if (dir < 0)
        return false;
    if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
        return failed(r, "replace", path, err);
    autoclose int fd =
        openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0 || !io_write_all(fd, data.ptr, data.len) || fchmod(fd, mode) < 0)
        return failed(r, "write", path, err);
    return true;
}

bool rootfs_symlink(struct rootfs *r, const char *path, const char *target, struct error **err)
{
    const char *name = io_basename(path);
    autoclose int dir = open_parent(r, path, err);

    if (dir < 0)
        return false;
    if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
        return failed(r, "replace", path, err);
    if (symlinkat(target, dir, name) < 0)
        return failed(r, "make link", path, err);
    return true;
}

bool rootfs_unlink(struct rootfs *r, const char *path, struct error **err)
{
    autofree char *parent = io_dirname(path);
    autoclose int dir = open_inside(r, parent, O_PATH | O_DIRECTORY, 0);

    if ((dir < 0 || unlinkat(dir, io_basename(path), 0) < 0) && errno != ENOENT)
        return failed(r, "remove", path, err);
    return true;
}

static DIR *open_dir(const struct rootfs *r, const char *path)
{
    int fd = open_inside(r, path, O_RDONLY | O_DIRECTORY, 0);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);

    if (d == NULL && fd >= 0)
        close(fd);
    return d;
}

static bool ends_with(const char *name, const char *suffix)
{
    return str_ends(str_from(name), str_from(suffix));
}

bool rootfs_clean_dir(struct rootfs *r, const char *path, const char *suffix, struct error **err)
{
    autoclosedir DIR *d = open_dir(r, path);
    struct dirent *entry;

    if (d == NULL && errno != ENOENT)
        return failed(r, "open directory", path, err);
    while (d != NULL && (entry = readdir(d)) != NULL) {
        if (entry->d_type == DT_DIR || !ends_with(entry->d_name, suffix))
            continue;
        if (unlinkat(dirfd(d), entry->d_name, 0) < 0 && errno != ENOENT)
            return failed(r, "clean directory", path, err);
    }
    return true;
}

bool rootfs_exists(struct rootfs *r, const char *path)
{
    autoclose int fd = open_inside(r, path, O_PATH, 0);

    return fd >= 0;
}

bool rootfs_read(struct rootfs *r, const char *path, size_t max, struct strbuf *out,
                 struct error **err)
{
    autoclose int fd = open_inside(r, path, O_RDONLY, 0);
    ssize_t n = 1;

    if (fd < 0)
        return failed(r, "open", path, err);
    while (n > 0) {
        char *room = strbuf_reserve(out, 65536);
        if (room == NULL || out->len > max)
            return error_set(err, ERR_IO, EFBIG, "cannot read '%s' in the tree '%s'", path,
                             r->path);
        n = read(fd, room, 65536);
        if (n > 0)
            strbuf_grew(out, (size_t)n);
        else if (n < 0 && errno == EINTR)
            n = 1;
    }
    return n == 0 ? true : failed(r, "read", path, err);
}

static bool has_suffix(const char *name, const char *const *suffixes)
{
    for (size_t i = 0; suffixes[i] != NULL; i++)
        if (ends_with(name, suffixes[i]))
            return true;
    return false;
}

bool rootfs_copy_dir(struct rootfs *r, const char *from, const char *to,
                     const char *const *suffixes, struct error **err)
{
    autoclosedir DIR *d = open_dir(r, from);
    struct dirent *entry;

    if (d == NULL)
        return failed(r, "open directory", from, err);
    while ((entry = readdir(d)) != NULL) {
        if (!has_suffix(entry->d_name, suffixes))
            continue;
        autofree char *src = xasprintf("%s/%s", from, entry->d_name);
        autofree char *dst = xasprintf("%s/%s", to, entry->d_name);
        AUTO(strbuf) struct strbuf data = STRBUF_INIT_MAX(COPY_MAX + 65536);
        if (!rootfs_read(r, src, COPY_MAX, &data, err) ||
            !rootfs_write(r, dst, strbuf_str(&data), 0644, err))
            return false;
    }
    return true;
}

char *rootfs_find_latest(struct rootfs *r, const char *dir, const char *prefix)
{
    autoclosedir DIR *d = open_dir(r, dir);
    autofree char *best = NULL;
    struct dirent *entry;

    while (d != NULL && (entry = readdir(d)) != NULL) {
        if (!str_starts(str_from(entry->d_name), str_from(prefix)))
            continue;
        const char *rest = entry->d_name + strlen(prefix);
        if (best == NULL || strverscmp(rest, best) > 0) {
            free(best);
            best = xstrdup(rest);
        }
    }
    return steal(&best);
}
