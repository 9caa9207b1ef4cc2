/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/tree.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

#define BLOCK ((size_t)256 << 10)

static void fts_free(FTS *f)
{
    if (f != NULL)
        fts_close(f);
}
DEFINE_AUTO(fts, FTS *, fts_free);

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool visit_entry(const FTSENT *e, size_t root_len, const char *prefix, tree_visit visit,
                        void *arg, struct error **err)
{
    const char *below = e->fts_path + root_len;
    below += strspn(below, "/");
    autofree char *name = *prefix != '\0' && *below != '\0' ? xasprintf("%s/%s", prefix, below)
                          : *prefix != '\0'                 ? xstrdup(prefix)
                                                            : xstrdup(below);
    switch (e->fts_info) {
    case FTS_D:
    case FTS_F:
        if (*name == '\0')
            return true;
        return visit(arg, name, e->fts_path, e->fts_statp, err);
    case FTS_DP: return true;
    case FTS_DC: return error_set(err, ERR_IO, 0, "'%s': links form a loop", e->fts_path);
    case FTS_SL:
    case FTS_SLNONE:
        return error_set(err, ERR_NOT_FOUND, 0, "'%s' is a link that leads nowhere", e->fts_path);
    case FTS_DEFAULT:
        return error_set(err, ERR_IO, 0, "'%s' is neither a file nor a folder", e->fts_path);
    default: return error_set(err, ERR_IO, e->fts_errno, "cannot read '%s'", e->fts_path);
    }
}

bool tree_walk(const char *root, const char *prefix, tree_visit visit, void *arg,
               struct error **err)
{
    autofree char *copy = xstrdup(root);
    char *const roots[] = {copy, NULL};
    AUTO(fts) FTS *f = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    if (f == NULL)
        return error_set(err, ERR_IO, errno, "cannot read '%s'", root);
    size_t root_len = strlen(root);
    FTSENT *e;
    for (errno = 0; (e = fts_read(f)) != NULL; errno = 0)
        if (!visit_entry(e, root_len, prefix, visit, arg, err))
            return false;
    if (errno != 0)
        return error_set(err, ERR_IO, errno, "cannot read '%s'", root);
    return true;
}

bool tree_root_init(struct tree_root *r, const char *src, struct error **err)
{
    autofree char *root = xstrdup(src);
    size_t len = strlen(root);
    bool contents = len > 0 && root[len - 1] == '/';
    while (len > 1 && root[len - 1] == '/')
        root[--len] = '\0';
    if (!io_is_dir(root))
        return error_set(err, ERR_NOT_FOUND, 0, "'%s' is not a folder", root);
    r->prefix = xstrdup(contents ? "" : io_basename(root));
    r->path = steal(&root);
    return true;
}

void tree_root_clear(struct tree_root *r)
{
    free(r->path);
    free(r->prefix);
}

struct maker {
    struct archive *archive;
    bool (*write)(void *arg, str data, struct error **err);
    void *arg;
    struct error *failure; /* of `write`, from within libarchive's callback */
    char *block;
};

static void maker_clear(struct maker *m)
{
    if (m->archive != NULL)
        archive_write_free(m->archive);
    error_drop(&m->failure);
    free(m->block);
}
DEFINE_AUTO_CLEAR(maker, struct maker, maker_clear);

static la_ssize_t give(struct archive *a, void *arg, const void *data, size_t len)
{
    struct maker *m = arg;
    if (m->failure != NULL || !m->write(m->arg, (str){data, len}, &m->failure)) {
        archive_set_error(a, EPIPE, "connection");
        return -1;
    }
    return (la_ssize_t)len;
}

static bool failed(struct maker *m, struct error **err)
{
    if (m->failure != NULL) {
        *err = steal(&m->failure);
        return false;
    }
    return error_set(err, ERR_IO, 0, "cannot make the tar stream: %s",
                     archive_error_string(m->archive));
}

static bool copy_contents(struct maker *m, const char *path, uint64_t size, struct error **err)
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, ERR_IO, errno, "cannot open '%s'", path);
    for (uint64_t done = 0; done < size;) {
        ssize_t n = read(fd, m->block, (size_t)MIN(size - done, (uint64_t)BLOCK));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(err, ERR_IO, errno, "cannot read '%s'", path);
        if (n == 0)
            return error_set(err, ERR_IO, 0, "'%s' became shorter while it was read", path);
        if (archive_write_data(m->archive, m->block, (size_t)n) != (la_ssize_t)n)
            return failed(m, err);
        done += (uint64_t)n;
    }
    return true;
}

static bool add_entry(void *arg, const char *name, const char *path, const struct stat *st,
                      struct error **err)
{
    struct maker *m = arg;
    bool is_dir = S_ISDIR(st->st_mode);
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, is_dir ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(e, st->st_mode & 07777);
    archive_entry_set_size(e, is_dir ? 0 : st->st_size);
    archive_entry_set_mtime(e, st->st_mtime, 0);
    archive_entry_set_uname(e, "root");
    archive_entry_set_gname(e, "root");
    int rc = archive_write_header(m->archive, e);
    archive_entry_free(e);
    if (rc < ARCHIVE_WARN)
        return failed(m, err);
    return is_dir || copy_contents(m, path, (uint64_t)st->st_size, err);
}

bool tree_tar(const struct tree_root *root, bool (*write)(void *arg, str data, struct error **err),
              void *arg, struct error **err)
{
    AUTO(maker) struct maker m = {.write = write, .arg = arg, .block = xmalloc(BLOCK)};
    m.archive = archive_write_new();
    archive_write_set_format_gnutar(m.archive);
    archive_write_set_bytes_per_block(m.archive, 64 << 10);
    archive_write_set_bytes_in_last_block(m.archive, 1);
    if (archive_write_open(m.archive, &m, NULL, give, NULL) != ARCHIVE_OK)
        return failed(&m, err);
    if (!tree_walk(root->path, root->prefix, add_entry, &m, err))
        return false;
    return archive_write_close(m.archive) == ARCHIVE_OK || failed(&m, err);
}
