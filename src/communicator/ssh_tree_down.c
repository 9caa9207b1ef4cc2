/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

#include "base/io.h"
#include "base/mem.h"
#include "communicator/tree.h"

/* Download of a folder: the tar stream of the guest, unpacked here. */

struct tar_download {
    struct ssh_stream stream;
    struct strbuf in;  /* received */
    struct strbuf out; /* what is looked at now */
    struct strbuf noise;
    const struct ssh_wait *w;
    uint64_t done;
    const char *label;
};

static void on_data(void *arg, bool is_stderr, str data)
{
    struct tar_download *t = arg;
    if (!is_stderr)
        strbuf_addstr(&t->in, data);
    else
        strbuf_addstr(&t->noise, str_sub(data, 0, MIN(data.len, t->noise.max - t->noise.len)));
}

static bool read_block(void *arg, str *out, struct error **err)
{
    struct tar_download *t = arg;
    *out = STR("");
    while (t->in.len == 0) {
        if (t->stream.eof || t->stream.closed)
            return true;
        if (!ssh_pump(t->stream.c, t->w, err))
            return false;
    }
    struct strbuf swap = t->out;
    t->out = t->in;
    t->in = swap;
    strbuf_truncate(&t->in, 0);
    *out = strbuf_str(&t->out);
    t->done += out->len;
    build_progress(t->stream.c->build, t->label, t->done, 0);
    return true;
}

static void tar_clear(struct tar_download *t)
{
    stream_close(&t->stream);
    strbuf_clear(&t->in);
    strbuf_clear(&t->out);
    strbuf_clear(&t->noise);
}
DEFINE_AUTO_CLEAR(tar_download, struct tar_download, tar_clear);

/* tar's own words are better than what its broken stream did here (DAMAGE, or
 * NULL; taken). */
static bool ended(struct tar_download *t, struct error *damage, struct error **err)
{
    AUTO(error) struct error *owned = damage;
    if (!stream_wait_end(&t->stream, t->w, err))
        return false;
    if (!t->stream.has_status)
        return error_set(err, ERR_DISCONNECT, 0, "the connection broke during %s", t->w->what);
    if (t->stream.status != 0)
        return error_set(err, ERR_GUEST, 0, "tar in the guest failed: %.*s",
                         STR_FMT(str_trim(strbuf_str(&t->noise))));
    *err = steal(&owned);
    return *err == NULL;
}

bool ssh_download_tree(struct ssh_comm *c, const char *src, const char *dst, struct cancel *cancel,
                       struct error **err)
{
    autofree char *what = xasprintf("the download of '%s'", src);
    struct ssh_wait w = ssh_wait_make(c, cancel, 0, what);
    AUTO(strbuf) struct strbuf command = STRBUF_INIT;
    AUTO(tar_download) struct tar_download t = {.w = &w, .label = io_basename(dst)};
    strbuf_init(&t.in, (size_t)64 << 20);
    strbuf_init(&t.out, (size_t)64 << 20);
    strbuf_init(&t.noise, 1000);
    tree_tar_command(&command, src);
    if (!stream_open(&t.stream, c, STREAM_BYTES, command.buf, on_data, &t, &w, err) ||
        !stream_send_eof(&t.stream, &w, err))
        return false;
    struct error *damage = NULL;
    bool unpacked = tree_untar(dst, c->build, read_block, &t, &damage);
    if (!unpacked && !(ssh_is_up(c) && t.stream.eof)) {
        *err = damage;
        return false;
    }
    return ended(&t, damage, err);
}
