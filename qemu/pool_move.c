/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "qemu/conn.h"
#include "qemu/pool_internal.h"

/* libvirt's streams call back for each piece; a hole is one number on the
 * wire.  Between two pieces the token is looked at, so what keeps a transfer
 * from being cancelled is at most one dead connection (conn.c). */

struct move {
    int fd;
    const struct transfer *how;
    uint64_t done, total;
    int errnum; /* of our file */
};

static bool goes_on(struct move *m)
{
    if (!cancel_test(m->how->cancel))
        return true;
    errno = ECANCELED;
    return false;
}

static void advance(struct move *m, uint64_t bytes)
{
    m->done += bytes;
    if (m->how->progress != NULL)
        m->how->progress(m->how->arg, m->done, m->total);
}

static int give(virStreamPtr stream, char *data, size_t len, void *arg)
{
    struct move *m = arg;
    (void)stream;
    ssize_t n = goes_on(m) ? read(m->fd, data, len) : -1;
    if (n < 0)
        m->errnum = errno;
    else
        advance(m, (uint64_t)n);
    return (int)n;
}

/* How far data or a hole reaches from here; a hole of 0 bytes is the end. */
static int measure(virStreamPtr stream, int *is_data, long long *length, void *arg)
{
    struct move *m = arg;
    (void)stream;
    off_t here = lseek(m->fd, 0, SEEK_CUR);
    off_t data = lseek(m->fd, here, SEEK_DATA);
    *is_data = data == here;
    off_t end = *is_data   ? lseek(m->fd, here, SEEK_HOLE)
                : data > 0 ? data
                           : lseek(m->fd, 0, SEEK_END);
    if (here < 0 || end < 0 || lseek(m->fd, here, SEEK_SET) != here) {
        m->errnum = errno;
        return -1;
    }
    *length = end - here;
    return 0;
}

static int skip_there(virStreamPtr stream, long long length, void *arg)
{
    struct move *m = arg;
    (void)stream;
    if (lseek(m->fd, length, SEEK_CUR) < 0)
        return -1;
    advance(m, (uint64_t)length);
    return 0;
}

static bool failed(struct pool *p, const struct move *m, const char *what, const char *name,
                   struct error **err)
{
    if (cancel_test(m->how->cancel))
        return cancel_error(m->how->cancel, err, "the transfer");
    if (m->errnum != 0)
        return error_set(err, m->errnum == ENOSPC ? ERR_NO_SPACE : ERR_IO, m->errnum,
                         "cannot %s '%s': the file here fails", what, name);
    return pool_error(p, err, what, name);
}

bool pool_send(struct pool *p, virStorageVolPtr vol, int fd, const struct transfer *t,
               struct error **err)
{
    struct stat st;
    const char *name = virStorageVolGetName(vol);
    if (fstat(fd, &st) < 0)
        return error_set(err, ERR_IO, errno, "cannot read what to upload as '%s'", name);
    struct move m = {.fd = fd, .how = t, .total = (uint64_t)st.st_size};
    virStreamPtr s = virStreamNew(conn_handle(p->conn), 0);
    bool ok =
        s != NULL && virStorageVolUpload(vol, s, 0, 0, VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM) == 0 &&
        virStreamSparseSendAll(s, give, measure, skip_there, &m) == 0 && virStreamFinish(s) == 0;
    if (!ok)
        failed(p, &m, "upload", name, err);
    if (s != NULL)
        virStreamFree(s);
    return ok;
}

bool pool_upload(struct pool *p, const char *src, const char *name, const struct transfer *t,
                 struct arena *a, struct volume *out, struct error **err)
{
    uint64_t size = 0;
    autoclose int fd = open(src, O_RDONLY | O_CLOEXEC);
    *out = (struct volume){0};
    if (fd < 0 || !io_file_size(src, &size, NULL, err))
        return *err == NULL && error_set(err, ERR_IO, errno, "cannot read '%s'", src);
    struct volume_spec spec = {.name = name, .format = "raw", .capacity = size};
    pool_describe(p, a, name, out);
    virStorageVolPtr vol = pool_record(p, out, err) ? pool_create(p, &spec, err) : NULL;
    bool ok = vol != NULL && pool_send(p, vol, fd, t, err);
    if (vol != NULL)
        virStorageVolFree(vol);
    return ok;
}

static int take(virStreamPtr stream, const char *data, size_t len, void *arg)
{
    struct move *m = arg;
    (void)stream;
    if (!goes_on(m) || !io_write_all(m->fd, data, len)) {
        m->errnum = errno;
        return -1;
    }
    advance(m, len);
    return (int)len;
}

static int skip_here(virStreamPtr stream, long long length, void *arg)
{
    struct move *m = arg;
    (void)stream;
    off_t end = lseek(m->fd, length, SEEK_CUR);
    if (end < 0 || ftruncate(m->fd, end) < 0) {
        m->errnum = errno;
        return -1;
    }
    advance(m, (uint64_t)length);
    return 0;
}

static bool receive(struct pool *p, virStorageVolPtr vol, int fd, const struct transfer *t,
                    struct error **err)
{
    virStorageVolInfo info;
    struct move m = {.fd = fd, .how = t};
    if (virStorageVolGetInfoFlags(vol, &info, VIR_STORAGE_VOL_GET_PHYSICAL) == 0)
        m.total = info.allocation;
    virStreamPtr s = virStreamNew(conn_handle(p->conn), 0);
    bool ok = s != NULL &&
              virStorageVolDownload(vol, s, 0, 0, VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM) == 0 &&
              virStreamSparseRecvAll(s, take, skip_here, &m) == 0 && virStreamFinish(s) == 0;
    if (!ok)
        failed(p, &m, "download", virStorageVolGetName(vol), err);
    else if (m.total != 0 && m.done != m.total)
        ok = error_set(err, ERR_LIBVIRT, 0, "'%s' came with %llu of %llu bytes",
                       virStorageVolGetName(vol), (unsigned long long)m.done,
                       (unsigned long long)m.total);
    if (s != NULL)
        virStreamFree(s);
    return ok;
}

bool pool_download(struct pool *p, const struct volume *v, const char *dst,
                   const struct transfer *t, struct error **err)
{
    virStorageVolPtr vol = pool_find(p->pool, v->name);
    if (vol == NULL)
        return pool_error(p, err, "find", v->name);
    autoclose int fd = open(dst, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    bool ok = fd >= 0 ? receive(p, vol, fd, t, err)
                      : error_set(err, ERR_IO, errno, "cannot create '%s'", dst);
    virStorageVolFree(vol);
    if (fd >= 0 && !ok)
        unlink(dst);
    return ok;
}
