/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/gfs.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/log.h"

/* Deeper trees than this are loops or an attack. */
#define MAX_ENTRIES 200000
#define MAX_FILE    (16 << 20)
/* A message of libguestfs holds 4 MB. */
#define READ_CHUNK  (1 << 20)
#define WRITE_CHUNK ((size_t)1 << 20)
/* Clusters of a qcow2 image. */
#define CLUSTER 65536
/* Of the guest's file system, mostly. */
#define BLOCK 4096
/* Wiping takes two messages for each file. */
#define MAX_WIPED 1000

static void free_strings(char **list)
{
    for (char **s = list; s != NULL && *s != NULL; s++)
        free(*s);
    free(list);
}
DEFINE_AUTO(strings, char **, free_strings);
DEFINE_AUTO(dirents, struct guestfs_dirent_list *, guestfs_free_dirent_list);

static bool is_absent(struct seal_ctx *ctx)
{
    int e = guestfs_last_errno(ctx->g);
    return e == ENOENT || e == ENOTDIR;
}

bool gfs_exists(struct seal_ctx *ctx, const char *path, bool *out, struct error **err)
{
    int found = guestfs_exists(ctx->g, path);
    if (found < 0)
        return seal_guest_error(ctx, err, "cannot look up '%s'", path);
    *out = found > 0;
    return true;
}

bool gfs_read(struct seal_ctx *ctx, const char *path, str *out, struct error **err)
{
    int is_file = guestfs_is_file_opts(ctx->g, path, GUESTFS_IS_FILE_OPTS_FOLLOWSYMLINKS, 1, -1);
    if (is_file < 0)
        return seal_guest_error(ctx, err, "cannot look up '%s'", path);
    *out = (str){0};
    if (is_file == 0)
        return true;
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(MAX_FILE);
    size_t len;
    do {
        autofree char *part = guestfs_pread(ctx->g, path, READ_CHUNK, (int64_t)text.len, &len);
        if (part == NULL)
            return seal_guest_error(ctx, err, "cannot read '%s'", path);
        if (!strbuf_add(&text, part, len))
            return error_set(err, ERR_SEAL, 0, "'%s' is larger than %d MiB", path, MAX_FILE >> 20);
    } while (len == READ_CHUNK);
    *out = (str){arena_strndup(ctx->arena, text.buf, text.len), text.len};
    return true;
}

/* In place, so that no old block becomes free with the old text in it: a free
 * block that shares its cluster of the image with a used one is not discarded
 * by fstrim.  Blocks behind the new end are zeroed before they are freed. */
static bool overwrite(struct seal_ctx *ctx, const char *path, str text, size_t old_len,
                      struct error **err)
{
    AUTO(strbuf) struct strbuf padded = STRBUF_INIT;
    strbuf_addstr(&padded, text);
    strbuf_addn(&padded, '\0', old_len > text.len ? old_len - text.len : 0);
    for (size_t done = 0; done < padded.len; done += WRITE_CHUNK) {
        size_t n = MIN(padded.len - done, WRITE_CHUNK);
        if (guestfs_pwrite(ctx->g, path, padded.buf + done, n, (int64_t)done) != (int)n)
            return seal_guest_error(ctx, err, "cannot write '%s'", path);
    }
    if (old_len <= text.len)
        return true;
    /* a block that stays is written anyway; only freed ones must be forced */
    bool frees = (old_len + BLOCK - 1) / BLOCK > (text.len + BLOCK - 1) / BLOCK;
    if ((frees && guestfs_sync(ctx->g) != 0) ||
        guestfs_truncate_size(ctx->g, path, (int64_t)text.len) != 0)
        return seal_guest_error(ctx, err, "cannot write '%s'", path);
    return true;
}

bool gfs_write(struct seal_ctx *ctx, const char *path, str text, struct error **err)
{
    int64_t old_len = guestfs_filesize(ctx->g, path);
    if (old_len >= 0 && old_len <= MAX_FILE)
        return overwrite(ctx, path, text, (size_t)old_len, err);
    if (guestfs_write(ctx->g, path, text.ptr == NULL ? "" : text.ptr, text.len) != 0)
        return seal_guest_error(ctx, err, "cannot write '%s'", path);
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct gfs_entry *x = a, *y = b;
    return strcmp(x->path, y->path);
}

bool gfs_list(struct seal_ctx *ctx, const char *dir, struct gfs_entries *out, struct error **err)
{
    AUTO(dirents) struct guestfs_dirent_list *list = guestfs_readdir(ctx->g, dir);
    *out = (struct gfs_entries){0};
    if (list == NULL && is_absent(ctx))
        return true;
    if (list == NULL)
        return seal_guest_error(ctx, err, "cannot list '%s'", dir);
    const char *slash = strcmp(dir, "/") == 0 ? "" : "/";
    for (uint32_t i = 0; i < list->len; i++) {
        const struct guestfs_dirent *d = &list->val[i];
        if (strcmp(d->name, ".") == 0 || strcmp(d->name, "..") == 0)
            continue;
        const char *path = arena_fmt(ctx->arena, "%s%s%s", dir, slash, d->name);
        struct gfs_entry e = {.path = path, .name = strrchr(path, '/') + 1, .type = d->ftyp};
        gfs_entries_push(ctx->arena, out, e);
    }
    if (out->len > 1)
        qsort(out->ptr, out->len, sizeof(*out->ptr), by_name);
    return true;
}

/* The vector is its own queue: directories found are listed in turn. */
bool gfs_walk(struct seal_ctx *ctx, const char *dir, struct gfs_entries *out, struct error **err)
{
    if (!gfs_list(ctx, dir, out, err))
        return false;
    for (size_t i = 0; i < out->len && out->len < MAX_ENTRIES; i++) {
        struct gfs_entries more;
        if (out->ptr[i].type != 'd')
            continue;
        if (!gfs_list(ctx, out->ptr[i].path, &more, err))
            return false;
        VEC_EACH (e, &more)
            gfs_entries_push(ctx->arena, out, *e);
    }
    return true;
}

bool gfs_remove(struct seal_ctx *ctx, const char *path, struct error **err)
{
    if (guestfs_rm_rf(ctx->g, path) != 0)
        return seal_guest_error(ctx, err, "cannot remove '%s'", path);
    return true;
}

bool gfs_remove_entry(struct seal_ctx *ctx, const struct gfs_entry *e, struct error **err)
{
    if (e->type == 'd' || e->type == 'u' || e->type == '?')
        return gfs_remove(ctx, e->path, err);
    if (guestfs_rm_f(ctx->g, e->path) != 0)
        return seal_guest_error(ctx, err, "cannot remove '%s'", e->path);
    return true;
}

bool gfs_empty_dir(struct seal_ctx *ctx, const char *dir, struct error **err)
{
    struct gfs_entries list;
    if (!gfs_list(ctx, dir, &list, err))
        return false;
    VEC_EACH (e, &list)
        if (!gfs_remove_entry(ctx, e, err))
            return false;
    return true;
}

DEFINE_AUTO(statns, struct guestfs_statns *, guestfs_free_statns);

/* A file with another name elsewhere is not ours to destroy. */
static bool wipe_file(struct seal_ctx *ctx, const char *path, struct error **err)
{
    static const char zeros[CLUSTER];
    AUTO(statns) struct guestfs_statns *st = guestfs_lstatns(ctx->g, path);
    if (st == NULL)
        return is_absent(ctx) || seal_guest_error(ctx, err, "cannot look up '%s'", path);
    if ((st->st_mode & S_IFMT) != S_IFREG || st->st_nlink != 1 || st->st_size == 0)
        return true;
    size_t head = (size_t)MIN(st->st_size, CLUSTER);
    int64_t tail = st->st_size - CLUSTER;
    if (guestfs_pwrite(ctx->g, path, zeros, head, 0) < 0 ||
        (tail > 0 && guestfs_pwrite(ctx->g, path, zeros, CLUSTER, tail) < 0))
        return seal_guest_error(ctx, err, "cannot overwrite '%s'", path);
    return true;
}

bool gfs_wipe(struct seal_ctx *ctx, const struct gfs_entries *list, struct error **err)
{
    size_t files = 0;
    VEC_EACH (e, list) {
        if (e->type != 'r' || files == MAX_WIPED)
            continue;
        if (!wipe_file(ctx, e->path, err))
            return false;
        files++;
    }
    if (files > 0 && guestfs_sync(ctx->g) != 0)
        return seal_guest_error(ctx, err, "cannot flush the disk");
    return true;
}

bool gfs_wipe_tree(struct seal_ctx *ctx, const char *dir, struct error **err)
{
    struct gfs_entries list;
    return gfs_walk(ctx, dir, &list, err) && gfs_wipe(ctx, &list, err);
}

bool gfs_truncate(struct seal_ctx *ctx, const char *path, struct error **err)
{
    if (guestfs_truncate(ctx->g, path) != 0 && !is_absent(ctx))
        return seal_guest_error(ctx, err, "cannot empty '%s'", path);
    return true;
}

bool gfs_glob(struct seal_ctx *ctx, const char *pattern, struct gfs_entries *out,
              struct error **err)
{
    AUTO(strings)
    char **paths =
        guestfs_glob_expand_opts(ctx->g, pattern, GUESTFS_GLOB_EXPAND_OPTS_DIRECTORYSLASH, 0, -1);
    *out = (struct gfs_entries){0};
    if (paths == NULL)
        return seal_guest_error(ctx, err, "cannot look for '%s'", pattern);
    for (char **p = paths; *p != NULL; p++) {
        const char *path = arena_strdup(ctx->arena, *p);
        const char *slash = strrchr(path, '/');
        struct gfs_entry e = {.path = path, .name = slash == NULL ? path : slash + 1, .type = 'u'};
        gfs_entries_push(ctx->arena, out, e);
    }
    return true;
}

bool gfs_remove_globs(struct seal_ctx *ctx, const char *const *patterns, struct error **err)
{
    for (; *patterns != NULL; patterns++) {
        struct gfs_entries found;
        if (!gfs_glob(ctx, *patterns, &found, err))
            return false;
        VEC_EACH (e, &found)
            if (!gfs_remove(ctx, e->path, err))
                return false;
    }
    return true;
}

bool gfs_run(struct seal_ctx *ctx, const char *const *argv, struct error **err)
{
    size_t count = 0;
    while (argv[count] != NULL)
        count++;
    char **copy = arena_new_array(ctx->arena, char *, count + 1);
    for (size_t i = 0; i < count; i++)
        copy[i] = arena_strdup(ctx->arena, argv[i]);
    autofree char *output = guestfs_command(ctx->g, copy);
    if (output == NULL)
        return seal_guest_error(ctx, err, "'%s' failed in the image", argv[0]);
    log_debug("seal", "%s: %s", argv[0], output);
    return true;
}

bool gfs_edit_file(struct seal_ctx *ctx, const char *path, gfs_edit edit, str arg, size_t *changed,
                   struct error **err)
{
    str text;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    if (!gfs_read(ctx, path, &text, err))
        return false;
    if (text.ptr == NULL)
        return true;
    size_t n = edit(text, arg, &out);
    if (changed != NULL)
        *changed += n;
    return n == 0 || gfs_write(ctx, path, strbuf_str(&out), err);
}
