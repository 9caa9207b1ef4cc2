/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/sftp_wire.h"

#include "base/mem.h"

#define PACKET_MAX ((uint32_t)512 << 10)
#define ATTR_SIZE  0x1u
#define ATTR_IDS   0x2u
#define ATTR_MODE  0x4u
#define ATTR_TIMES 0x8u

void sftp_put_u32(struct sftp *s, uint32_t v)
{
    unsigned char b[] = {(unsigned char)(v >> 24), (unsigned char)(v >> 16),
                         (unsigned char)(v >> 8), (unsigned char)v};
    strbuf_add(&s->out, b, sizeof(b));
}

void sftp_put_u64(struct sftp *s, uint64_t v)
{
    sftp_put_u32(s, (uint32_t)(v >> 32));
    sftp_put_u32(s, (uint32_t)v);
}

void sftp_put_str(struct sftp *s, str v)
{
    sftp_put_u32(s, (uint32_t)v.len);
    strbuf_addstr(&s->out, v);
}

void sftp_put_mode(struct sftp *s, unsigned mode)
{
    sftp_put_u32(s, ATTR_MODE);
    sftp_put_u32(s, mode & 07777);
}

uint32_t sftp_begin(struct sftp *s, enum sftp_type type)
{
    strbuf_truncate(&s->out, 0);
    strbuf_addn(&s->out, '\0', 4); /* length, filled in by sftp_send() */
    strbuf_addc(&s->out, (char)type);
    if (type == FXP_INIT)
        return 0;
    sftp_put_u32(s, ++s->next_id);
    return s->next_id;
}

bool sftp_send(struct sftp *s, const struct ssh_wait *w, struct error **err)
{
    uint32_t len = (uint32_t)s->out.len - 4;
    for (int i = 0; i < 4; i++)
        s->out.buf[i] = (char)(len >> (24 - 8 * i));
    if (stream_write(&s->stream, strbuf_str(&s->out), w, err))
        return true;
    s->is_out_of_step = true;
    return false;
}

bool sftp_get_u32(str *body, uint32_t *out)
{
    if (body->len < 4)
        return false;
    const unsigned char *p = (const unsigned char *)body->ptr;
    *out = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    *body = str_sub(*body, 4, body->len);
    return true;
}

bool sftp_get_str(str *body, str *out)
{
    uint32_t len;
    if (!sftp_get_u32(body, &len) || len > body->len)
        return false;
    *out = str_sub(*body, 0, len);
    *body = str_sub(*body, len, body->len);
    return true;
}

static bool skip_u32(str *body, size_t count)
{
    uint32_t ignored;
    while (count-- > 0)
        if (!sftp_get_u32(body, &ignored))
            return false;
    return true;
}

static bool skip_extensions(str *body)
{
    uint32_t count;
    str ignored;
    if (!sftp_get_u32(body, &count))
        return false;
    while (count-- > 0)
        if (!sftp_get_str(body, &ignored) || !sftp_get_str(body, &ignored))
            return false;
    return true;
}

bool sftp_get_attrs(str *body, struct sftp_attrs *out)
{
    uint32_t flags, high = 0, low = 0;
    *out = (struct sftp_attrs){0};
    if (!sftp_get_u32(body, &flags))
        return false;
    out->has_size = (flags & ATTR_SIZE) != 0;
    out->has_mode = (flags & ATTR_MODE) != 0;
    if (out->has_size && !(sftp_get_u32(body, &high) && sftp_get_u32(body, &low)))
        return false;
    out->size = (uint64_t)high << 32 | low;
    if (!skip_u32(body, flags & ATTR_IDS ? 2 : 0) ||
        (out->has_mode && !sftp_get_u32(body, &out->mode)) ||
        !skip_u32(body, flags & ATTR_TIMES ? 2 : 0))
        return false;
    return (flags & 0x80000000u) == 0 || skip_extensions(body);
}

bool sftp_bad_reply(struct error **err)
{
    return error_set(err, ERR_GUEST, 0, "the guest's SFTP server gave a malformed answer");
}

/* Forget what was taken, but rarely: moving bytes costs. */
static void compact(struct sftp *s)
{
    if (s->pos == s->in.len)
        strbuf_truncate(&s->in, 0);
    else if (s->pos > ((size_t)1 << 20))
        strbuf_shift(&s->in, s->pos);
    else
        return;
    s->pos = 0;
}

bool sftp_take(struct sftp *s, struct sftp_reply *out, struct error **err)
{
    uint32_t len;
    compact(s);
    str rest = str_sub(strbuf_str(&s->in), s->pos, s->in.len);
    if (!sftp_get_u32(&rest, &len))
        return false;
    if (len < 5 || len > PACKET_MAX)
        return sftp_bad_reply(err);
    if (rest.len < len)
        return false;
    s->pos += 4 + (size_t)len;
    out->type = (uint8_t)rest.ptr[0];
    str body = str_sub(rest, 1, len);
    bool ok = sftp_get_u32(&body, &out->id); /* of FXP_VERSION: the version */
    out->body = body;
    return ok;
}

static bool next(struct sftp *s, const struct ssh_wait *w, struct sftp_reply *out,
                 struct error **err)
{
    while (!sftp_take(s, out, err)) {
        if (*err != NULL)
            return false;
        if (s->stream.closed || s->stream.eof) {
            const char *why = s->noise != NULL ? s->noise : "no reason given";
            return error_set(err, ERR_DISCONNECT, 0, "the guest's SFTP server ended: %s", why);
        }
        if (!ssh_pump(s->stream.c, w, err))
            return false;
    }
    return true;
}

bool sftp_next(struct sftp *s, const struct ssh_wait *w, struct sftp_reply *out, struct error **err)
{
    if (next(s, w, out, err))
        return true;
    s->is_out_of_step = true;
    return false;
}

bool sftp_check_status(struct sftp_reply *r, const char *what, struct error **err)
{
    static const struct {
        const char *text, *hint;
    } known[] = {
        [FX_EOF] = {"end of file", NULL},
        [FX_NO_SUCH_FILE] = {"no such file or folder in the guest",
                             "Folders are not made by an upload; make it with a shell provisioner "
                             "first."},
        [FX_PERMISSION_DENIED] =
            {"permission denied in the guest",
             "Upload to a folder of the login user, such as /tmp, and move the "
             "file with sudo in a shell provisioner."},
        [FX_FAILURE] = {"the guest's SFTP server failed",
                        "The destination may be a folder (end it with a slash), or the disk full."},
    };
    uint32_t code;
    str text = STR("");
    if (r->type != FXP_STATUS || !sftp_get_u32(&r->body, &code))
        return sftp_bad_reply(err);
    if (code == FX_OK)
        return true;
    sftp_get_str(&r->body, &text);
    bool is_known = code < ARRAY_SIZE(known);
    error_set(err, code == FX_NO_SUCH_FILE ? ERR_NOT_FOUND : ERR_GUEST, 0, "%s: %s (%.*s)", what,
              is_known ? known[code].text : "the guest's SFTP server refused", STR_FMT(text));
    if (is_known && known[code].hint != NULL)
        error_hint(err, "%s", known[code].hint);
    return false;
}
