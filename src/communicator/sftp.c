/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/sftp_wire.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/mem.h"

/* OpenSSH takes packets of 256 KiB; every server must take 32 KiB of data. */
#define CHUNK ((size_t)32 << 10)
/* Requests on the way: 2 MiB, OpenSSH's channel window. */
#define OUTSTANDING 64

static void on_data(void *arg, bool is_stderr, str data)
{
    struct sftp *s = arg;
    if (!is_stderr) {
        strbuf_addstr(&s->in, data);
        return;
    }
    free(s->noise);
    s->noise = str_xdup(str_trim(str_sub(data, 0, MIN(data.len, (size_t)200))));
}

void sftp_free(struct sftp *s)
{
    if (s == NULL)
        return;
    stream_close(&s->stream);
    strbuf_clear(&s->in);
    strbuf_clear(&s->out);
    free(s->noise);
    free(s);
}

static bool start(struct sftp *s, struct ssh_comm *c, const struct ssh_wait *w, struct error **err)
{
    struct sftp_reply r;
    if (!stream_open(&s->stream, c, STREAM_SUBSYSTEM, "sftp", on_data, s, w, err))
        return false;
    sftp_begin(s, FXP_INIT);
    sftp_put_u32(s, 3);
    if (!sftp_send(s, w, err) || !sftp_next(s, w, &r, err))
        return false;
    return r.type == FXP_VERSION || sftp_bad_reply(err);
}

/* A server that is configured but not installed accepts the request and ends
 * at once: that, too, is "no SFTP", as long as the connection stands. */
bool sftp_ensure(struct ssh_comm *c, const struct ssh_wait *w, bool *absent, struct error **err)
{
    *absent = c->no_sftp;
    if (c->no_sftp)
        return false;
    if (c->sftp != NULL && !c->sftp->stream.closed && !c->sftp->is_out_of_step)
        return true;
    sftp_free(c->sftp);
    c->sftp = xnew(struct sftp);
    strbuf_init(&c->sftp->in, (size_t)64 << 20);
    strbuf_init(&c->sftp->out, (size_t)1 << 20);
    if (start(c->sftp, c, w, err))
        return true;
    sftp_free(c->sftp);
    c->sftp = NULL;
    *absent = ssh_is_up(c) && !cancel_test(w->cancel) && !cancel_test(w->guest) &&
              (*err)->code != ERR_TIMEOUT;
    c->no_sftp = *absent;
    return false;
}

/* Wait for the answer to ID, the only request on the way. */
static bool answer(struct sftp *s, uint32_t id, const struct ssh_wait *w, struct sftp_reply *r,
                   struct error **err)
{
    if (!sftp_next(s, w, r, err))
        return false;
    s->is_out_of_step = r->id != id;
    return !s->is_out_of_step || sftp_bad_reply(err);
}

static bool open_handle(struct sftp *s, enum sftp_type type, const char *path, unsigned flags,
                        unsigned mode, const struct ssh_wait *w, char **out, size_t *out_len,
                        struct error **err)
{
    struct sftp_reply r;
    str handle;
    uint32_t id = sftp_begin(s, type);
    sftp_put_str(s, str_from(path));
    if (type == FXP_OPEN) {
        sftp_put_u32(s, flags);
        if (flags & FXF_CREAT)
            sftp_put_mode(s, mode);
        else
            sftp_put_u32(s, 0);
    }
    if (!sftp_send(s, w, err) || !answer(s, id, w, &r, err))
        return false;
    if (r.type == FXP_STATUS)
        return sftp_check_status(&r, path, err) ? sftp_bad_reply(err) : false;
    if (r.type != FXP_HANDLE || !sftp_get_str(&r.body, &handle))
        return sftp_bad_reply(err);
    *out = str_xdup(handle);
    *out_len = handle.len;
    return true;
}

static void begin_close(struct sftp *s, str handle)
{
    sftp_begin(s, FXP_CLOSE);
    sftp_put_str(s, handle);
}

/* --- upload --- */

struct transfer {
    struct ssh_comm *c;
    struct sftp *s;
    str handle;
    const char *path; /* of the guest */
    const struct ssh_wait *w;
    size_t outstanding;
    uint64_t next; /* offset of the next request */
    uint64_t done;
};

static bool send_chunk(struct transfer *t, const struct upload_source *src, struct error **err)
{
    size_t len = (size_t)MIN(src->size - t->next, (uint64_t)CHUNK);
    sftp_begin(t->s, FXP_WRITE);
    sftp_put_str(t->s, t->handle);
    sftp_put_u64(t->s, t->next);
    sftp_put_u32(t->s, (uint32_t)len);
    char *room = strbuf_reserve(&t->s->out, len);
    if (!upload_read(src, t->next, room, len, err))
        return false;
    strbuf_grew(&t->s->out, len);
    t->next += len;
    t->outstanding++;
    return sftp_send(t->s, t->w, err);
}

/* Take one answer, waiting for it. */
static bool take_written(struct transfer *t, struct error **err)
{
    struct sftp_reply r;
    if (!sftp_next(t->s, t->w, &r, err))
        return false;
    t->outstanding--;
    return sftp_check_status(&r, t->path, err);
}

static bool take_progress(struct transfer *t, const struct upload_source *src, struct error **err)
{
    if (!take_written(t, err))
        return false;
    t->done = MIN(t->done + CHUNK, src->size);
    if (src->label != NULL)
        build_progress(t->c->build, src->label, t->done, src->size);
    return true;
}

static bool write_all(struct transfer *t, const struct upload_source *src, struct error **err)
{
    while (t->next < src->size || t->outstanding > 0) {
        if (t->next < src->size && t->outstanding < OUTSTANDING) {
            if (!send_chunk(t, src, err))
                return false;
            continue;
        }
        if (!take_progress(t, src, err))
            return false;
    }
    return true;
}

/* Packer sets the mode of a file that was there before, too. */
static bool finish_upload(struct transfer *t, const struct upload_source *src, struct error **err)
{
    sftp_begin(t->s, FXP_FSETSTAT);
    sftp_put_str(t->s, t->handle);
    sftp_put_mode(t->s, src->mode);
    if (!sftp_send(t->s, t->w, err))
        return false;
    begin_close(t->s, t->handle);
    if (!sftp_send(t->s, t->w, err))
        return false;
    t->outstanding = 2;
    return take_written(t, err) && take_written(t, err);
}

/* After a failure in the middle answers may still be on the way: the channel
 * cannot be used again. */
static bool give_up(struct ssh_comm *c)
{
    sftp_free(c->sftp);
    c->sftp = NULL;
    return false;
}

bool sftp_upload(struct ssh_comm *c, const struct upload_source *src, const char *dst,
                 const struct ssh_wait *w, struct error **err)
{
    struct transfer t = {.c = c, .s = c->sftp, .path = dst, .w = w};
    autofree char *handle = NULL;
    if (!open_handle(t.s, FXP_OPEN, dst, FXF_WRITE | FXF_CREAT | FXF_TRUNC, src->mode, w, &handle,
                     &t.handle.len, err))
        return t.s->stream.closed ? give_up(c) : false;
    t.handle.ptr = handle;
    if (!write_all(&t, src, err) || !finish_upload(&t, src, err))
        return give_up(c);
    return true;
}

bool sftp_remove(struct ssh_comm *c, const char *path, const struct ssh_wait *w, struct error **err)
{
    struct sftp_reply r;
    uint32_t id = sftp_begin(c->sftp, FXP_REMOVE);
    sftp_put_str(c->sftp, str_from(path));
    if (!sftp_send(c->sftp, w, err) || !answer(c->sftp, id, w, &r, err))
        return give_up(c);
    if (sftp_check_status(&r, path, err))
        return true;
    if ((*err)->code != ERR_NOT_FOUND)
        return false;
    error_drop(err);
    return true;
}

bool sftp_mkdir(struct ssh_comm *c, const char *path, unsigned mode, const struct ssh_wait *w,
                struct error **err)
{
    struct sftp_reply r;
    struct sftp_attrs attrs;
    uint32_t id = sftp_begin(c->sftp, FXP_MKDIR);
    sftp_put_str(c->sftp, str_from(path));
    sftp_put_mode(c->sftp, mode);
    if (!sftp_send(c->sftp, w, err) || !answer(c->sftp, id, w, &r, err))
        return false;
    if (sftp_check_status(&r, path, err))
        return true;
    /* Version 3 has no "exists" status: look. */
    struct error *ignored = NULL;
    id = sftp_begin(c->sftp, FXP_STAT);
    sftp_put_str(c->sftp, str_from(path));
    bool is_dir = sftp_send(c->sftp, w, &ignored) && answer(c->sftp, id, w, &r, &ignored) &&
                  r.type == FXP_ATTRS && sftp_get_attrs(&r.body, &attrs) && attrs.has_mode &&
                  (attrs.mode & S_IFMT) == S_IFDIR;
    error_drop(&ignored);
    if (is_dir)
        error_drop(err);
    return is_dir;
}

/* --- download --- */

struct wanted {
    uint32_t id;
    uint64_t offset;
    size_t len;
};

struct download {
    struct transfer t;
    int fd;
    struct wanted wanted[OUTSTANDING];
    uint64_t size; /* as the guest says; 0: unknown */
    bool at_end;
    const char *label;
};

static bool ask(struct download *d, struct wanted *slot, uint64_t offset, size_t len,
                struct error **err)
{
    slot->id = sftp_begin(d->t.s, FXP_READ);
    slot->offset = offset;
    slot->len = len;
    sftp_put_str(d->t.s, d->t.handle);
    sftp_put_u64(d->t.s, offset);
    sftp_put_u32(d->t.s, (uint32_t)len);
    return sftp_send(d->t.s, d->t.w, err);
}

/* Past the size that the guest told, one request at a time until the end: files
 * of /proc have no size, a log grows. */
static bool ask_ahead(struct download *d, struct error **err)
{
    for (;;) {
        size_t limit = d->t.next < d->size ? OUTSTANDING : 1;
        if (d->at_end || d->t.outstanding >= limit)
            return true;
        struct wanted *slot = &d->wanted[d->t.outstanding++];
        if (!ask(d, slot, d->t.next, CHUNK, err))
            return false;
        d->t.next += CHUNK;
    }
}

static bool store(struct download *d, struct wanted *slot, str data, struct error **err)
{
    if (data.len > slot->len || data.len == 0)
        return sftp_bad_reply(err);
    for (size_t done = 0; done < data.len;) {
        ssize_t n = pwrite(d->fd, data.ptr + done, data.len - done, (off_t)(slot->offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(err, errno == ENOSPC ? ERR_NO_SPACE : ERR_IO, errno, "cannot write");
        done += (size_t)n;
    }
    d->t.done += data.len;
    if (d->label != NULL)
        build_progress(d->t.c->build, d->label, d->t.done, d->size);
    if (data.len < slot->len)
        return ask(d, slot, slot->offset + data.len, slot->len - data.len, err);
    *slot = d->wanted[--d->t.outstanding];
    return true;
}

static bool take_read(struct download *d, struct error **err)
{
    struct sftp_reply r;
    str data;
    uint32_t code;
    if (!sftp_next(d->t.s, d->t.w, &r, err))
        return false;
    struct wanted *slot = d->wanted;
    while (slot < d->wanted + d->t.outstanding && slot->id != r.id)
        slot++;
    if (slot == d->wanted + d->t.outstanding)
        return sftp_bad_reply(err);
    if (r.type == FXP_DATA)
        return sftp_get_str(&r.body, &data) ? store(d, slot, data, err) : sftp_bad_reply(err);
    struct sftp_reply copy = r;
    if (r.type != FXP_STATUS || !sftp_get_u32(&copy.body, &code) || code != FX_EOF)
        return sftp_check_status(&r, d->t.path, err) ? sftp_bad_reply(err) : false;
    d->at_end = true;
    *slot = d->wanted[--d->t.outstanding];
    return true;
}

static bool ask_size(struct download *d, struct error **err)
{
    struct sftp_reply r;
    struct sftp_attrs attrs;
    uint32_t id = sftp_begin(d->t.s, FXP_FSTAT);
    sftp_put_str(d->t.s, d->t.handle);
    if (!sftp_send(d->t.s, d->t.w, err) || !answer(d->t.s, id, d->t.w, &r, err))
        return false;
    if (r.type == FXP_ATTRS && sftp_get_attrs(&r.body, &attrs) && attrs.has_size)
        d->size = attrs.size;
    return true;
}

bool sftp_download(struct ssh_comm *c, const char *src, int fd, const char *label,
                   const struct ssh_wait *w, struct error **err)
{
    struct download d = {
        .t = {.c = c, .s = c->sftp, .path = src, .w = w}, .fd = fd, .label = label};
    autofree char *handle = NULL;
    if (!open_handle(c->sftp, FXP_OPEN, src, FXF_READ, 0, w, &handle, &d.t.handle.len, err))
        return c->sftp->stream.closed ? give_up(c) : false;
    d.t.handle.ptr = handle;
    if (!ask_size(&d, err))
        return give_up(c);
    while (!d.at_end || d.t.outstanding > 0)
        if (!ask_ahead(&d, err) || !take_read(&d, err))
            return give_up(c);
    begin_close(d.t.s, d.t.handle);
    d.t.outstanding = 1;
    return (sftp_send(d.t.s, w, err) && take_written(&d.t, err)) || give_up(c);
}
