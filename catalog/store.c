/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"

#define PART_SUFFIX ".part"

void store_paths(const char *root, struct arena *a, struct store *out)
{
    autofree char *absolute = io_absolute(root);
    *out = (struct store){.root = arena_strdup(a, absolute),
                          .images = arena_fmt(a, "%s/images/sha256", absolute),
                          .tmp = arena_fmt(a, "%s/tmp", absolute)};
}

bool store_open(const char *root, struct arena *a, struct store *out, struct error **err)
{
    struct store s;
    store_paths(root, a, &s);
    if (!io_mkdir_p(s.images, 0755, err) || !io_mkdir_p(s.tmp, 0755, err))
        return error_wrap(err, "cannot make the store '%s'", root);
    *out = s;
    return true;
}

const char *store_path_of(const struct store *s, const char *sha256, struct arena *a)
{
    return arena_fmt(a, "%s/%.2s/%s", s->images, sha256, sha256);
}

/* What is to be stored, on the file system of the store, under a name of ours. */
static char *staged(const struct store *s, const struct store_job *job, struct error **err)
{
    char id[ULID_SIZE];
    hash_ulid(id);
    char *tmp = xasprintf("%s/%s" PART_SUFFIX, s->tmp, id);
    if (job->take && rename(job->path, tmp) == 0)
        return tmp;
    if (io_copy_sparse(job->path, tmp, job->cancel, job->progress, job->arg, err)) {
        if (job->take)
            unlink(job->path);
        return tmp;
    }
    unlink(tmp);
    free(tmp);
    return NULL;
}

bool store_put(const struct store *s, const struct store_job *job, uint64_t *size,
               struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("store");
    const char *dst = store_path_of(s, job->sha256, a);
    if (io_exists(dst)) {
        if (job->take)
            unlink(job->path);
        return io_file_size(dst, size, NULL, err);
    }
    autofree char *dir = io_dirname(dst);
    if (!io_mkdir_p(dir, 0755, err))
        return false;
    autofree char *tmp = staged(s, job, err);
    if (tmp == NULL)
        return false;
    chmod(tmp, 0444);
    if (io_commit_rename(tmp, dst, err))
        return io_file_size(dst, size, NULL, err);
    unlink(tmp);
    return false;
}

bool store_remove(const struct store *s, const char *sha256, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("store");
    const char *path = store_path_of(s, sha256, a);
    if (unlink(path) < 0 && errno != ENOENT)
        return error_set(err, ERR_IO, errno, "cannot remove '%s'", path);
    return true;
}

static int take_lock(const struct store *s, int how)
{
    autofree char *path = io_path_join(s->root, "store.lock");
    autoclose int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    return fd < 0 || flock(fd, how) < 0 ? -1 : steal_fd(&fd);
}

int store_lock(const struct store *s, bool exclusive, struct error **err)
{
    int fd = take_lock(s, exclusive ? LOCK_EX : LOCK_SH);
    if (fd < 0)
        error_set(err, ERR_IO, errno, "cannot lock the store '%s'", s->root);
    return fd;
}

int store_try_lock(const struct store *s)
{
    return take_lock(s, LOCK_EX | LOCK_NB);
}

int store_lock_image(const char *path, bool exclusive, struct error **err)
{
    struct stat st;
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT)
        error_set(err, ERR_IO, errno, "cannot open '%s'", path);
    else if (fd >= 0 && flock(fd, exclusive ? LOCK_EX | LOCK_NB : LOCK_SH) < 0)
        error_set(err, errno == EWOULDBLOCK ? ERR_EXISTS : ERR_IO, errno, "cannot lock '%s'", path);
    else if (fd < 0 || (fstat(fd, &st) == 0 && st.st_nlink == 0))
        error_set(err, ERR_NOT_FOUND, 0, "'%s' has been removed", path);
    return *err != NULL ? -1 : steal_fd(&fd);
}

/* Only store_put() makes such names, and it holds the shared lock. */
void store_remove_unfinished(const struct store *s)
{
    autoclosedir DIR *d = opendir(s->tmp);
    struct dirent *entry;
    while (d != NULL && (entry = readdir(d)) != NULL)
        if (str_ends(str_from(entry->d_name), STR(PART_SUFFIX)))
            unlinkat(dirfd(d), entry->d_name, 0);
}

static bool each_in(const char *dir, bool (*fn)(void *, const char *, struct error **), void *arg,
                    struct error **err)
{
    autoclosedir DIR *d = opendir(dir);
    if (d == NULL)
        return true;
    struct dirent *entry;
    while ((entry = readdir(d)) != NULL)
        if (strlen(entry->d_name) == hash_hex_length(HASH_SHA256) && !fn(arg, entry->d_name, err))
            return false;
    return true;
}

bool store_each(const struct store *s,
                bool (*fn)(void *arg, const char *sha256, struct error **err), void *arg,
                struct error **err)
{
    autoclosedir DIR *d = opendir(s->images);
    if (d == NULL)
        return error_set(err, ERR_IO, errno, "cannot read '%s'", s->images);
    struct dirent *entry;
    while ((entry = readdir(d)) != NULL) {
        if (strlen(entry->d_name) != 2 || entry->d_name[0] == '.')
            continue;
        autofree char *dir = io_path_join(s->images, entry->d_name);
        if (!each_in(dir, fn, arg, err))
            return false;
    }
    return true;
}
