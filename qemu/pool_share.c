/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <libvirt/virterror.h>
#include <sys/file.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "qemu/conn.h"
#include "qemu/pool_internal.h"

/* A base in the pool is two volumes: imgfac-DIGEST.SUFFIX with the bytes, and
 * imgfac-DIGEST.ok, made when they are all there and compared; without that
 * mark nobody uses it.  Builds of one store take turns by a lock file.  Another
 * store's upload is seen by its growth and waited for; one that stands still
 * was left by a killed imgfac elsewhere, and is made anew. */

#define TURN_NS  (200 * NS_PER_MS)
#define LOOK_NS  (2 * NS_PER_S)
#define STILL_NS (60 * NS_PER_S)
#define SAMPLES  16
#define SAMPLE   ((size_t)64 << 10)

struct share {
    struct pool *p;
    const struct shared_volume *s;
    const struct transfer *t;
    const char *data, *mark; /* names */
    int fd;
    uint64_t size;
};

static int take_lock(const struct share *x, struct error **err)
{
    autofree char *path = NULL;
    if (!io_mkdir_p(x->s->lock_dir, 0711, err))
        return -1;
    path = io_path_join(x->s->lock_dir, x->mark);
    autoclose int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            break;
        if (!cancel_sleep(x->t->cancel, TURN_NS)) {
            cancel_error(x->t->cancel, err, "waiting for another build's upload");
            return -1;
        }
    }
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
        error_set(err, ERR_IO, errno, "cannot lock '%s'", path);
        return -1;
    }
    int kept = fd;
    fd = -1;
    return kept;
}

static int gather(virStreamPtr stream, const char *data, size_t len, void *arg)
{
    (void)stream;
    return strbuf_add(arg, data, len) ? (int)len : -1;
}

/* LEN bytes of VOL from AT on. */
static bool read_there(struct share *x, virStorageVolPtr vol, uint64_t at, size_t len,
                       struct strbuf *out)
{
    virStreamPtr s = virStreamNew(conn_handle(x->p->conn), 0);
    bool ok = s != NULL && virStorageVolDownload(vol, s, at, len, 0) == 0 &&
              virStreamRecvAll(s, gather, out) == 0 && virStreamFinish(s) == 0;
    if (s != NULL)
        virStreamFree(s);
    return ok && out->len == len;
}

static bool is_sample_equal(struct share *x, virStorageVolPtr vol, uint64_t at, size_t len)
{
    AUTO(strbuf) struct strbuf there = STRBUF_INIT_MAX(SAMPLE);
    autofree char *here = malloc(len > 0 ? len : 1);
    return here != NULL && pread(x->fd, here, len, (off_t)at) == (ssize_t)len &&
           read_there(x, vol, at, len, &there) && memcmp(here, there.buf, len) == 0;
}

/* Its size, its beginning, its end and pieces between: a transfer is guarded by
 * SSH or TLS; this finds a file that was cut off or is another. */
static bool is_equal(struct share *x, virStorageVolPtr vol)
{
    virStorageVolInfo info;
    if (virStorageVolGetInfoFlags(vol, &info, VIR_STORAGE_VOL_GET_PHYSICAL) < 0 ||
        info.allocation != x->size)
        return false;
    size_t len = (size_t)MIN(x->size, (uint64_t)SAMPLE);
    for (uint64_t i = 0; i < SAMPLES; i++) {
        uint64_t at = (x->size - len) / (SAMPLES - 1) * i;
        if (i == SAMPLES - 1)
            at = x->size - len;
        if (cancel_test(x->t->cancel) || !is_sample_equal(x, vol, at, len))
            return false;
    }
    return true;
}

static bool has_mark(const struct share *x)
{
    virStorageVolPtr mark = pool_find(x->p->pool, x->mark);
    virResetLastError();
    if (mark == NULL)
        return false;
    virStorageVolFree(mark);
    return true;
}

static bool is_whole(struct share *x)
{
    virStorageVolPtr vol = has_mark(x) ? pool_find(x->p->pool, x->data) : NULL;
    bool ok = vol != NULL && is_equal(x, vol);
    if (vol != NULL)
        virStorageVolFree(vol);
    virResetLastError();
    return ok;
}

/* Bytes really there of an upload that another store makes; 0: there is none. */
static uint64_t seen_there(const struct share *x)
{
    virStorageVolInfo info = {0};
    virStorageVolPtr vol = pool_find(x->p->pool, x->data);
    if (vol != NULL && virStorageVolGetInfo(vol, &info) < 0)
        info.allocation = 0;
    if (vol != NULL)
        virStorageVolFree(vol);
    virResetLastError();
    return vol != NULL ? info.allocation + 1 : 0;
}

/* True when it may be made (again); false with *ERR, or without: it is whole. */
static bool await_other(struct share *x, struct error **err)
{
    uint64_t before = seen_there(x);
    int64_t still_since = clock_now();
    if (has_mark(x))
        return true; /* marked, and yet not equal: damaged */
    while (before != 0 && clock_now() - still_since < STILL_NS) {
        if (!cancel_sleep(x->t->cancel, LOOK_NS))
            return cancel_error(x->t->cancel, err, "waiting for another host's upload");
        if (is_whole(x))
            return false;
        uint64_t now = seen_there(x);
        if (now != before)
            still_since = clock_now();
        before = now;
    }
    return true;
}

static bool remove_named(struct share *x, const char *name, struct error **err)
{
    struct volume v = {.name = name};
    return pool_delete(x->p, &v, err);
}

static bool set_mark(struct share *x, struct error **err)
{
    struct volume_spec spec = {.name = x->mark, .format = "raw", .capacity = 0};
    virStorageVolPtr mark = pool_create(x->p, &spec, err);
    if (mark == NULL)
        return false;
    virStorageVolFree(mark);
    return true;
}

static bool fill(struct share *x, virStorageVolPtr vol, struct error **err)
{
    if (!pool_send(x->p, vol, x->fd, x->t, err))
        return false;
    if (is_equal(x, vol))
        return set_mark(x, err);
    if (cancel_test(x->t->cancel))
        return cancel_error(x->t->cancel, err, "the upload");
    error_set(err, ERR_CHECKSUM, 0, "what was uploaded as '%s' is not what was sent", x->data);
    return error_hint(err, "Is the disk of the hypervisor sound, and is there room in '%s'?",
                      x->p->path);
}

/* In the ledger until it is whole. */
static bool upload(struct share *x, struct error **err)
{
    struct volume v = {.name = x->data};
    struct volume_spec spec = {.name = x->data, .format = "raw", .capacity = x->size};
    if (!remove_named(x, x->mark, err) || !remove_named(x, x->data, err) ||
        !pool_record(x->p, &v, err))
        return false;
    virStorageVolPtr vol = pool_create(x->p, &spec, err);
    bool ok = vol != NULL && fill(x, vol, err);
    if (vol != NULL)
        virStorageVolFree(vol);
    if (ok) {
        ledger_strike(x->p->ledger, v.entry);
        return true;
    }
    struct error *second = NULL;
    if (!pool_delete(x->p, &v, &second))
        log_debug("qemu", "%s", second->msg);
    error_drop(&second);
    return false;
}

static bool look_or_upload(struct share *x, bool *uploaded, struct error **err)
{
    if (is_whole(x))
        return true;
    autoclose int lock = take_lock(x, err);
    if (lock < 0)
        return false;
    if (is_whole(x) || !await_other(x, err))
        return *err == NULL;
    *uploaded = true;
    return upload(x, err);
}

bool pool_share(struct pool *p, const struct shared_volume *s, const struct transfer *t,
                struct arena *a, struct volume *out, bool *uploaded, struct error **err)
{
    autoclose int fd = open(s->src, O_RDONLY | O_CLOEXEC);
    struct share x = {.p = p,
                      .s = s,
                      .t = t,
                      .fd = fd,
                      .data = arena_fmt(a, "imgfac-%s.%s", s->sha256, s->suffix),
                      .mark = arena_fmt(a, "imgfac-%s.ok", s->sha256)};
    *out = (struct volume){0};
    *uploaded = false;
    if (fd < 0)
        return error_set(err, ERR_IO, errno, "cannot read '%s'", s->src);
    if (!io_file_size(s->src, &x.size, NULL, err) || !look_or_upload(&x, uploaded, err))
        return false;
    pool_describe(p, a, x.data, out);
    return true;
}
