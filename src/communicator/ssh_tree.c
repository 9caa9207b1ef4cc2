/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/mem.h"
#include "communicator/tree.h"

/* Upload of a folder: one tar stream into `tar -x` of the guest, or, where
 * there is no tar, folder by folder and file by file. */

/* --- by tar --- */

struct tar_upload {
    struct ssh_stream stream;
    struct strbuf noise;
    const struct ssh_wait *w;
    uint64_t done;
    const char *label;
};

static void tar_noise(void *arg, bool is_stderr, str data)
{
    struct tar_upload *t = arg;
    if (is_stderr)
        strbuf_addstr(&t->noise, str_sub(data, 0, MIN(data.len, t->noise.max - t->noise.len)));
}

static bool tar_write(void *arg, str data, struct error **err)
{
    struct tar_upload *t = arg;
    if (!stream_write(&t->stream, data, t->w, err))
        return false;
    t->done += data.len;
    build_progress(t->stream.c->build, t->label, t->done, 0);
    return true;
}

static void tar_clear(struct tar_upload *t)
{
    stream_close(&t->stream);
    strbuf_clear(&t->noise);
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

static bool tar_upload(struct ssh_comm *c, const struct tree_root *root, const char *dst,
                       const struct ssh_wait *w, bool *no_tar, struct error **err)
{
    AUTO(tar_upload) struct tar_upload t = {.w = w, .label = io_basename(root->path)};
    AUTO(strbuf) struct strbuf command = STRBUF_INIT;
    strbuf_init(&t.noise, 1000);
    strbuf_adds(&command, "mkdir -p ");
    strbuf_add_shell_quoted(&command, str_from(dst));
    strbuf_adds(&command, " && tar -xpf - -C ");
    strbuf_add_shell_quoted(&command, str_from(dst));
    if (!stream_open(&t.stream, c, STREAM_BYTES, command.buf, tar_noise, &t, w, err))
        return false;
    return tar_end(&t, tree_tar(root, tar_write, &t, err), no_tar, err);
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
    AUTO(tree_root) struct tree_root root = {0};
    struct ssh_wait w = ssh_wait_make(c, cancel, 0, what);
    bool no_tar = c->no_tar;
    if (!tree_root_init(&root, src, err))
        return false;
    if (!no_tar) {
        if (tar_upload(c, &root, dst, &w, &no_tar, err))
            return true;
        if (!no_tar)
            return false;
        error_drop(err);
        c->no_tar = true;
    }
    struct slow_upload u = {.c = c, .dst = dst, .cancel = cancel};
    return tree_walk(root.path, root.prefix, slow_visit, &u, err);
}
