/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/mem.h"

/* Upload of a folder: one tar stream into `tar -x` of the guest, or, where
 * there is no tar, folder by folder and file by file. */

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

/* Called for each folder (before its contents) and file; NAME is relative to
 * the root of the walk and never empty; FD is that of a file, else -1. */
typedef bool (*tree_visit)(void *arg, const char *name, const char *path, const struct stat *st,
                           struct error **err);

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

/* Links are followed; names come sorted. */
static bool walk(const char *root, const char *prefix, tree_visit visit, void *arg,
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

/* --- by tar --- */

struct tar_upload {
    struct ssh_stream stream;
    struct strbuf noise;
    const struct ssh_wait *w;
    struct archive *archive;
    struct error *failure; /* of the stream, from within libarchive's callback */
    uint64_t done;
    const char *label;
};

static void tar_noise(void *arg, bool is_stderr, str data)
{
    struct tar_upload *t = arg;
    if (is_stderr)
        strbuf_addstr(&t->noise, str_sub(data, 0, MIN(data.len, t->noise.max - t->noise.len)));
}

static la_ssize_t tar_write(struct archive *a, void *arg, const void *data, size_t len)
{
    struct tar_upload *t = arg;
    if (t->failure != NULL || !stream_write(&t->stream, (str){data, len}, t->w, &t->failure)) {
        archive_set_error(a, EPIPE, "connection");
        return -1;
    }
    t->done += len;
    build_progress(t->stream.c->build, t->label, t->done, 0);
    return (la_ssize_t)len;
}

static bool tar_failed(struct tar_upload *t, struct error **err)
{
    if (t->failure != NULL) {
        *err = steal(&t->failure);
        return false;
    }
    return error_set(err, ERR_IO, 0, "cannot make the tar stream: %s",
                     archive_error_string(t->archive));
}

static bool copy_contents(struct tar_upload *t, const char *path, uint64_t size, struct error **err)
{
    enum { BLOCK = 256 << 10 };
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, ERR_IO, errno, "cannot open '%s'", path);
    autofree char *block = xmalloc(BLOCK);
    struct upload_source src = {.fd = fd};
    for (uint64_t done = 0; done < size;) {
        size_t len = (size_t)MIN(size - done, (uint64_t)BLOCK);
        if (!upload_read(&src, done, block, len, err))
            return error_wrap(err, "cannot read '%s'", path);
        if (archive_write_data(t->archive, block, len) != (la_ssize_t)len)
            return tar_failed(t, err);
        done += len;
    }
    return true;
}

static bool tar_visit(void *arg, const char *name, const char *path, const struct stat *st,
                      struct error **err)
{
    struct tar_upload *t = arg;
    bool is_dir = S_ISDIR(st->st_mode);
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, is_dir ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(e, st->st_mode & 07777);
    archive_entry_set_size(e, is_dir ? 0 : st->st_size);
    archive_entry_set_mtime(e, st->st_mtime, 0);
    archive_entry_set_uname(e, "root");
    archive_entry_set_gname(e, "root");
    int rc = archive_write_header(t->archive, e);
    archive_entry_free(e);
    if (rc < ARCHIVE_WARN)
        return tar_failed(t, err);
    return is_dir || copy_contents(t, path, (uint64_t)st->st_size, err);
}

static void tar_clear(struct tar_upload *t)
{
    if (t->archive != NULL)
        archive_write_free(t->archive);
    stream_close(&t->stream);
    strbuf_clear(&t->noise);
    error_drop(&t->failure);
}
DEFINE_AUTO_CLEAR(tar_upload, struct tar_upload, tar_clear);

static bool tar_end(struct tar_upload *t, bool sent, bool *no_tar, struct error **err)
{
    /* tar that ended early says why by its status and text. */
    if (!sent && ((*err)->code != ERR_DISCONNECT || !ssh_is_up(t->stream.c)))
        return false;
    error_drop(err);
    if (!stream_send_eof(&t->stream, t->w, err) || !stream_wait_end(&t->stream, t->w, err))
        return false;
    if (t->stream.has_status && t->stream.status == 0)
        return true;
    *no_tar = t->stream.has_status && t->stream.status == 127;
    if (!t->stream.has_status)
        return error_set(err, ERR_DISCONNECT, 0, "the connection broke during %s", t->w->what);
    return error_set(err, ERR_GUEST, 0, "tar in the guest failed: %.*s",
                     STR_FMT(str_trim(strbuf_str(&t->noise))));
}

static bool tar_upload(struct ssh_comm *c, const char *src, const char *prefix, const char *dst,
                       const struct ssh_wait *w, bool *no_tar, struct error **err)
{
    AUTO(tar_upload) struct tar_upload t = {.w = w, .label = io_basename(src)};
    AUTO(strbuf) struct strbuf command = STRBUF_INIT;
    strbuf_init(&t.noise, 1000);
    strbuf_adds(&command, "mkdir -p ");
    strbuf_add_shell_quoted(&command, str_from(dst));
    strbuf_adds(&command, " && tar -xpf - -C ");
    strbuf_add_shell_quoted(&command, str_from(dst));
    if (!stream_open(&t.stream, c, STREAM_EXEC, command.buf, tar_noise, &t, w, err))
        return false;
    t.archive = archive_write_new();
    archive_write_set_format_gnutar(t.archive);
    archive_write_set_bytes_per_block(t.archive, 64 << 10);
    archive_write_set_bytes_in_last_block(t.archive, 1);
    bool sent = archive_write_open(t.archive, &t, NULL, tar_write, NULL) == ARCHIVE_OK &&
                walk(src, prefix, tar_visit, &t, err);
    if (sent && archive_write_close(t.archive) != ARCHIVE_OK)
        sent = tar_failed(&t, err);
    return tar_end(&t, sent, no_tar, err);
}

/* --- file by file --- */

struct slow_upload {
    struct ssh_comm *c;
    const char *dst;
    struct cancel *cancel;
};

static bool make_folder(struct ssh_comm *c, const char *path, unsigned mode, struct cancel *cancel,
                        struct error **err)
{
    struct ssh_wait w = ssh_wait_make(c, cancel, 0, "the making of a folder");
    AUTO(strbuf) struct strbuf command = STRBUF_INIT;
    autofree char *why = NULL;
    int status;
    bool absent = true;
    if (c->config->ssh_file_transfer_method != COMM_TRANSFER_SCP &&
        sftp_ensure(c, &w, &absent, err))
        return sftp_mkdir(c, path, mode, &w, err);
    if (!absent)
        return false;
    error_drop(err);
    strbuf_addf(&command, "mkdir -p -m %04o ", mode & 07777);
    strbuf_add_shell_quoted(&command, str_from(path));
    if (!ssh_quiet(c, command.buf, &w, &status, &why, err))
        return false;
    return status == 0 || error_set(err, ERR_GUEST, 0, "cannot make folder '%s': %s", path, why);
}

static bool slow_visit(void *arg, const char *name, const char *path, const struct stat *st,
                       struct error **err)
{
    struct slow_upload *u = arg;
    autofree char *dst = io_path_join(u->dst, name);
    if (S_ISDIR(st->st_mode))
        return make_folder(u->c, dst, st->st_mode & 07777, u->cancel, err);
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, ERR_IO, errno, "cannot open '%s'", path);
    struct upload_source src = {
        .fd = fd, .size = (uint64_t)st->st_size, .mode = st->st_mode & 07777};
    return ssh_upload_source(u->c, &src, dst, u->cancel, err);
}

bool ssh_upload_tree(struct ssh_comm *c, const char *src, const char *dst, struct cancel *cancel,
                     struct error **err)
{
    autofree char *what = xasprintf("the upload of '%s'", src);
    autofree char *root = xstrdup(src);
    size_t len = strlen(root);
    bool contents = len > 0 && root[len - 1] == '/';
    while (len > 1 && root[len - 1] == '/')
        root[--len] = '\0';
    if (!io_is_dir(root))
        return error_set(err, ERR_NOT_FOUND, 0, "'%s' is not a folder", root);
    const char *prefix = contents ? "" : io_basename(root);
    struct ssh_wait w = ssh_wait_make(c, cancel, 0, what);
    bool no_tar = c->no_tar;
    if (!no_tar) {
        if (tar_upload(c, root, prefix, dst, &w, &no_tar, err))
            return true;
        if (!no_tar)
            return false;
        error_drop(err);
        c->no_tar = true;
    }
    struct slow_upload u = {.c = c, .dst = dst, .cancel = cancel};
    return walk(root, prefix, slow_visit, &u, err);
}
