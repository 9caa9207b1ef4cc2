/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/bundles.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "ledger/runfile.h"

#define NS_PER_DAY (24 * 3600 * NS_PER_S)

/* "qemu.golden-01M824B7P0686VRQK1ET2CK4WX" */
static bool is_bundle_name(str name)
{
    enum { ULID_LEN = ULID_SIZE - 1 };
    if (name.len < ULID_LEN + 2 || name.ptr[name.len - ULID_LEN - 1] != '-')
        return false;
    for (size_t i = name.len - ULID_LEN; i < name.len; i++)
        if (!isdigit((unsigned char)name.ptr[i]) && !isupper((unsigned char)name.ptr[i]))
            return false;
    return true;
}

static bool is_needed(const struct run_infos *runs, const char *path)
{
    VEC_EACH (info, runs)
        if (info->log_dir != NULL && strcmp(io_basename(info->log_dir), io_basename(path)) == 0)
            return true;
    return false;
}

/* A bundle holds files, and nothing below its directories is looked at. */
static uint64_t bytes_of(const char *path)
{
    uint64_t sum = 0;
    autoclosedir DIR *d = opendir(path);
    struct dirent *entry;
    struct stat st;
    while (d != NULL && (entry = readdir(d)) != NULL)
        if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            sum += (uint64_t)st.st_blocks * 512;
    return sum;
}

static int by_age(const void *a, const void *b)
{
    const struct bundle *x = a, *y = b;
    if (x->changed_ns != y->changed_ns)
        return x->changed_ns < y->changed_ns ? -1 : 1;
    return strcmp(x->path, y->path);
}

/* All bundles of the directory, oldest first. */
static bool list(const char *dir, struct arena *a, struct bundles *out, struct error **err)
{
    autoclosedir DIR *d = opendir(dir);
    if (d == NULL)
        return errno == ENOENT || error_set(err, ERR_IO, errno, "cannot read '%s'", dir);
    struct dirent *entry;
    struct stat st;
    while ((entry = readdir(d)) != NULL) {
        if (!is_bundle_name(str_from(entry->d_name)) ||
            fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
            continue;
        struct bundle b = {.path = arena_fmt(a, "%s/%s", dir, entry->d_name),
                           .changed_ns = st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec};
        bundles_push(a, out, b);
    }
    if (out->len > 1)
        qsort(out->ptr, out->len, sizeof(*out->ptr), by_age);
    return true;
}

bool bundles_find_old(const char *store, const struct bundle_limits *limits, struct arena *a,
                      struct bundles *out, struct error **err)
{
    struct bundles all = {0};
    struct run_infos runs;
    int64_t oldest = clock_wall() - limits->keep_days * NS_PER_DAY;
    autofree char *dir = io_path_join(store, "logs");
    *out = (struct bundles){0};
    if (limits->keep_days == 0)
        return true;
    if (!list(dir, a, &all, err) || !runfile_list(store, a, &runs, err))
        return false;
    for (size_t i = 0; i + (size_t)limits->keep_last < all.len; i++) {
        struct bundle *b = &all.ptr[i];
        if (b->changed_ns >= oldest || is_needed(&runs, b->path))
            continue;
        b->bytes = bytes_of(b->path);
        bundles_push(a, out, *b);
    }
    return true;
}

bool bundles_prune(const char *store, const struct bundle_limits *limits, size_t *count,
                   uint64_t *bytes, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("bundles");
    struct bundles old;
    if (!bundles_find_old(store, limits, a, &old, err))
        return false;
    VEC_EACH (b, &old) {
        if (!io_remove_tree(b->path, err))
            return error_wrap(err, "cannot remove the old failure bundle '%s'", b->path);
        log_info("ledger", "removed the old failure bundle %s", b->path);
        if (count != NULL)
            ++*count;
        if (bytes != NULL)
            *bytes += b->bytes;
    }
    return true;
}
