/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

#include <errno.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"

/* The protocol of rcp and scp, spoken with `scp -t` (to) or `scp -f` (from) at
 * the other end of an exec channel: a line "C0644 SIZE NAME", the bytes, a NUL;
 * each answered by NUL, or by 1 or 2 and a line of text.  For guests without an
 * SFTP server. */

#define BLOCK      ((size_t)256 << 10)
#define HEADER_MAX 4096

struct scp {
    struct ssh_stream stream;
    struct strbuf in;
    struct strbuf noise; /* standard error */
    const struct ssh_wait *w;
};

static void on_data(void *arg, bool is_stderr, str data)
{
    struct scp *s = arg;
    strbuf_addstr(is_stderr ? &s->noise : &s->in, data);
}

static void scp_clear(struct scp *s)
{
    stream_close(&s->stream);
    strbuf_clear(&s->in);
    strbuf_clear(&s->noise);
}
DEFINE_AUTO_CLEAR(scp, struct scp, scp_clear);

static bool start(struct scp *s, struct ssh_comm *c, const char *flag, const char *path,
                  const struct ssh_wait *w, struct error **err)
{
    AUTO(strbuf) struct strbuf command = STRBUF_INIT;
    strbuf_init(&s->in, (size_t)16 << 20);
    strbuf_init(&s->noise, 2048);
    s->w = w;
    strbuf_addf(&command, "scp %s ", flag);
    /* "./": a name that begins with a dash is not an option. */
    autofree char *safe = *path == '-' ? xasprintf("./%s", path) : xstrdup(path);
    strbuf_add_shell_quoted(&command, str_from(safe));
    return stream_open(&s->stream, c, STREAM_BYTES, command.buf, on_data, s, w, err);
}

static bool failed(struct scp *s, struct error **err)
{
    if (s->stream.has_status && s->stream.status == 127) {
        error_set(err, ERR_GUEST, 0, "scp is not installed in the guest");
        return error_hint(err, "Install openssh-client (scp) or an SFTP server in the guest.");
    }
    str text = str_trim(strbuf_str(&s->noise));
    if (text.len == 0)
        text = STR("it ended too early");
    return error_set(err, ERR_GUEST, 0, "scp in the guest failed: %.*s", STR_FMT(text));
}

/* Wait for LEN bytes, or for the end of the stream (false). */
static bool need(struct scp *s, size_t len, struct error **err)
{
    while (s->in.len < len) {
        if (s->stream.closed || s->stream.eof)
            return stream_wait_end(&s->stream, s->w, err) ? failed(s, err) : false;
        if (!ssh_pump(s->stream.c, s->w, err))
            return false;
    }
    return true;
}

/* A line up to its newline, without it. */
static bool read_line(struct scp *s, char **out, struct error **err)
{
    ptrdiff_t lf;
    while ((lf = str_find_char(strbuf_str(&s->in), '\n')) < 0) {
        if (s->in.len > HEADER_MAX)
            return error_set(err, ERR_GUEST, 0, "scp in the guest sent a malformed line");
        if (!need(s, s->in.len + 1, err))
            return false;
    }
    *out = str_xdup(str_sub(strbuf_str(&s->in), 0, (size_t)lf));
    strbuf_shift(&s->in, (size_t)lf + 1);
    return true;
}

/* NUL is consent; 1 and 2 come with a line that says why. */
static bool acknowledged(struct scp *s, struct error **err)
{
    if (!need(s, 1, err))
        return false;
    char c = s->in.buf[0];
    strbuf_shift(&s->in, 1);
    if (c == '\0')
        return true;
    autofree char *text = NULL;
    if (!read_line(s, &text, err))
        return false;
    return error_set(err, ERR_GUEST, 0, "scp in the guest refused: %s", text);
}

static bool send_file(struct scp *s, const struct upload_source *src, const char *name,
                      struct error **err)
{
    autofree char *header =
        xasprintf("C%04o %llu %s\n", src->mode & 07777, (unsigned long long)src->size, name);
    autofree char *block = xmalloc(BLOCK);
    if (!acknowledged(s, err) || !stream_write(&s->stream, str_from(header), s->w, err) ||
        !acknowledged(s, err))
        return false;
    for (uint64_t done = 0; done < src->size;) {
        size_t len = (size_t)MIN(src->size - done, (uint64_t)BLOCK);
        if (!upload_read(src, done, block, len, err) ||
            !stream_write(&s->stream, (str){block, len}, s->w, err))
            return false;
        done += len;
        if (src->label != NULL)
            build_progress(s->stream.c->build, src->label, done, src->size);
    }
    return stream_write(&s->stream, (str){"", 1}, s->w, err) && acknowledged(s, err);
}

static bool finish(struct scp *s, struct error **err)
{
    if (!stream_send_eof(&s->stream, s->w, err) || !stream_wait_end(&s->stream, s->w, err))
        return false;
    return (s->stream.has_status && s->stream.status == 0) || failed(s, err);
}

bool scp_upload(struct ssh_comm *c, const struct upload_source *src, const char *dst,
                const struct ssh_wait *w, struct error **err)
{
    AUTO(scp) struct scp s = {0};
    autofree char *dir = io_dirname(dst);
    const char *name = io_basename(dst);
    if (strchr(name, '\n') != NULL)
        return error_set(err, ERR_USAGE, 0, "scp cannot transfer a name that contains a newline");
    if (!start(&s, c, "-pt", dir, w, err))
        return false;
    if (send_file(&s, src, name, err))
        return finish(&s, err);
    /* The other end closed the channel: its status and text say more. */
    if ((*err)->code == ERR_DISCONNECT && ssh_is_up(c)) {
        error_drop(err);
        return stream_wait_end(&s.stream, w, err) ? failed(&s, err) : false;
    }
    return false;
}

static bool write_out(int fd, const char *data, size_t len, struct error **err)
{
    if (io_write_all(fd, data, len))
        return true;
    return error_set(err, errno == ENOSPC ? ERR_NO_SPACE : ERR_IO, errno, "cannot write");
}

static bool receive_file(struct scp *s, int fd, const char *label, uint64_t size,
                         struct error **err)
{
    for (uint64_t done = 0; done < size;) {
        if (!need(s, 1, err))
            return false;
        size_t len = (size_t)MIN((uint64_t)s->in.len, size - done);
        if (!write_out(fd, s->in.buf, len, err))
            return false;
        strbuf_shift(&s->in, len);
        done += len;
        if (label != NULL)
            build_progress(s->stream.c->build, label, done, size);
    }
    return acknowledged(s, err);
}

bool scp_download(struct ssh_comm *c, const char *src, int fd, const char *label,
                  const struct ssh_wait *w, struct error **err)
{
    AUTO(scp) struct scp s = {0};
    autofree char *line = NULL;
    static const str nul = {"", 1};
    if (!start(&s, c, "-f", src, w, err) || !stream_write(&s.stream, nul, w, err) ||
        !need(&s, 1, err))
        return false;
    if (s.in.buf[0] == 1 || s.in.buf[0] == 2)
        return acknowledged(&s, err);
    uint64_t size;
    if (!read_line(&s, &line, err))
        return false;
    str rest = str_from(line);
    str_split(&rest, ' ');
    if (line[0] != 'C' || rest.ptr == NULL || !str_to_u64(str_split(&rest, ' '), &size))
        return error_set(err, ERR_GUEST, 0, "scp in the guest sent a malformed line");
    return stream_write(&s.stream, nul, w, err) && receive_file(&s, fd, label, size, err) &&
           stream_write(&s.stream, nul, w, err) && finish(&s, err);
}
