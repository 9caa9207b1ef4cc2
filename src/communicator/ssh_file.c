/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"

/* Smaller transfers show no progress. */
#define PROGRESS_MIN ((uint64_t)1 << 20)

bool upload_read(const struct upload_source *src, uint64_t offset, char *buf, size_t len,
                 struct error **err)
{
    if (src->fd < 0) {
        memcpy(buf, src->data.ptr + offset, len);
        return true;
    }
    while (len > 0) {
        ssize_t n = pread(src->fd, buf, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(err, ERR_IO, errno, "cannot read the source");
        if (n == 0)
            return error_set(err, ERR_IO, 0, "the source became shorter while it was read");
        buf += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return true;
}

/* A file whose name ends in a slash is a mistake of the caller. */
static bool destination_ok(const char *dst, struct error **err)
{
    size_t len = strlen(dst);
    if (len > 0 && dst[len - 1] != '/')
        return true;
    return error_set(err, ERR_USAGE, 0, "'%s' is a folder; the name of a file is needed", dst);
}

/* SFTP has no word for a full disk and scp's text depends on the locale: what is
 * free is asked for.  *ERR stays the cause. */
static bool explain(struct ssh_comm *c, const char *dst, const struct ssh_wait *w,
                    struct error **err)
{
    enum { FULL_KIB = 64 };
    AUTO(strbuf) struct strbuf command = STRBUF_INIT, out = STRBUF_INIT_MAX(200);
    AUTO(error) struct error *ignored = NULL;
    autofree char *dir = io_dirname(dst);
    struct comm_command cmd = {.out = &out};
    int status = 0;
    int64_t free_kib = 0;
    if ((*err)->code != ERR_GUEST || !ssh_is_up(c))
        return false;
    strbuf_adds(&command, "df -kP ");
    strbuf_add_shell_quoted(&command, str_from(dir));
    strbuf_adds(&command, " 2>/dev/null | awk 'NR == 2 { print $4 }'");
    cmd.command = command.buf;
    if (!ssh_exec(c, &cmd, w, &status, &ignored) || status != 0 ||
        !str_to_i64(str_trim(strbuf_str(&out)), &free_kib) || free_kib >= FULL_KIB)
        return false;
    error_wrap(err, "the disk of the guest is full: %lld KiB are free for '%s'",
               (long long)free_kib, dst);
    return error_hint(err, "Enlarge the disk (disk_size), free space with a provisioner before, or "
                           "upload to another file system.");
}

bool ssh_upload_source(struct ssh_comm *c, const struct upload_source *src, const char *dst,
                       struct cancel *cancel, struct error **err)
{
    autofree char *what = xasprintf("the upload of '%s'", dst);
    struct ssh_wait w = ssh_wait_make(c, cancel, 0, what);
    bool absent = false;
    if (!destination_ok(dst, err))
        return false;
    if (c->config->ssh_file_transfer_method == COMM_TRANSFER_SCP)
        return scp_upload(c, src, dst, &w, err) || explain(c, dst, &w, err);
    if (sftp_ensure(c, &w, &absent, err))
        return sftp_upload(c, src, dst, &w, err) || explain(c, dst, &w, err);
    if (!absent)
        return false;
    error_drop(err);
    return scp_upload(c, src, dst, &w, err) || explain(c, dst, &w, err);
}

bool ssh_explain_download(struct ssh_comm *c, const char *src, const struct ssh_wait *w,
                          struct error **err)
{
    AUTO(strbuf) struct strbuf command = STRBUF_INIT;
    AUTO(error) struct error *ignored = NULL;
    int status = 0;
    if ((*err)->code != ERR_GUEST || !ssh_is_up(c))
        return false;
    strbuf_adds(&command, "test -d ");
    strbuf_add_shell_quoted(&command, str_from(src));
    struct comm_command cmd = {.command = command.buf};
    if (!ssh_exec(c, &cmd, w, &status, &ignored) || status != 0)
        return false;
    error_wrap(err, "'%s' is a folder of the guest", src);
    return error_hint(err, "End its name in a slash: then what is in it is downloaded.");
}

/* The handshake of another program that may be missing: its last words. */
struct last_line {
    struct strbuf text;
};

static void keep_last(void *arg, bool is_stderr, str line)
{
    struct last_line *l = arg;
    if (!is_stderr || line.len == 0)
        return;
    strbuf_truncate(&l->text, 0);
    strbuf_addstr(&l->text, str_sub(line, 0, MIN(line.len, (size_t)500)));
}

bool ssh_quiet(struct ssh_comm *c, const char *command, const struct ssh_wait *w, int *status,
               char **last_error, struct error **err)
{
    struct last_line last = {.text = STRBUF_INIT_MAX(1024)};
    struct comm_command cmd = {.command = command, .on_line = keep_last, .arg = &last};
    bool ok = ssh_exec(c, &cmd, w, status, err);
    *last_error = strbuf_steal(&last.text);
    return ok;
}
