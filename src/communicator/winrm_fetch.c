/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/winrm_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/embed.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "communicator/tree.h"
#include "hcl/fs_util.h"

/* Downloads: one PowerShell in the guest writes lines that say what there is
 * (winrm_download.ps1).  What comes is not trusted. */

#define SCRIPT    "src/communicator/winrm_download.ps1"
#define PIECE_MAX ((size_t)256 << 10)

struct fetch {
    struct build *build;
    const char *src;
    int root; /* the folder that gets all; -1: a single file, which is `fd` from the start */
    int fd;
    struct hash *hash; /* of the file that comes now; NULL: none */
    char *name;
    struct strbuf line; /* not ended yet */
    struct strbuf data;
    struct strbuf noise;
    bool is_ended;
    bool has_any;
    uint64_t count, done;
    struct error *failure;
};

static void fetch_clear(struct fetch *f)
{
    cleanup_close(&f->root);
    cleanup_close(&f->fd);
    hash_free(f->hash);
    free(f->name);
    strbuf_clear(&f->line);
    strbuf_clear(&f->data);
    strbuf_clear(&f->noise);
    error_drop(&f->failure);
}
DEFINE_AUTO_CLEAR(fetch, struct fetch, fetch_clear);

static bool bad(struct error **err, const char *what)
{
    return error_set(err, ERR_GUEST, 0, "the guest's answer to a download is damaged: %s", what);
}

/* A name of the guest, as text. */
static const char *name_in(struct fetch *f, struct error **err)
{
    if (strlen(f->data.buf) == f->data.len)
        return f->data.buf;
    bad(err, "a name with a zero byte");
    return NULL;
}

static bool begin_file(struct fetch *f, struct error **err)
{
    const char *name = name_in(f, err);
    if (name == NULL)
        return false;
    if (f->hash != NULL || (f->root < 0 && f->count > 0))
        return bad(err, "one file too many");
    if (f->root >= 0 && (f->fd = tree_make_file(f->root, name, err)) < 0)
        return false;
    if (f->root >= 0)
        fchmod(f->fd, 0644);
    free(f->name);
    f->name = xstrdup(name);
    f->hash = hash_new(HASH_SHA256);
    return true;
}

static bool add_bytes(struct fetch *f, struct error **err)
{
    if (f->hash == NULL)
        return bad(err, "bytes of no file");
    hash_add(f->hash, f->data.buf, f->data.len);
    f->done += f->data.len;
    if (f->done >= 1 << 20)
        build_progress(f->build, io_basename(f->src), f->done, 0);
    return io_write_all(f->fd, f->data.buf, f->data.len) ||
           error_set(err, errno == ENOSPC ? ERR_NO_SPACE : ERR_IO, errno, "cannot write '%s'",
                     f->name);
}

static bool end_file(struct fetch *f, str digest, struct error **err)
{
    char hex[HASH_HEX_MAX];
    if (f->hash == NULL)
        return bad(err, "the end of no file");
    hash_end(steal(&f->hash), hex);
    if (!str_eq_nocase(digest, str_from(hex)))
        return error_set(err, ERR_CHECKSUM, 0, "'%s' arrived damaged", f->name);
    f->count++;
    if (f->root >= 0) {
        cleanup_close(&f->fd);
        f->fd = -1;
    }
    return true;
}

static bool refused(const struct fetch *f, struct error **err)
{
    str why = str_trim(strbuf_str(&f->data));
    return error_set(err, ERR_GUEST, 0, "PowerShell in the guest: %.*s", STR_FMT(why));
}

static bool end_all(struct fetch *f, struct error **err)
{
    f->is_ended = true;
    if (f->hash != NULL)
        return bad(err, "a file without its end");
    return f->count > 0 || f->root >= 0 || bad(err, "no file");
}

static bool take_line(struct fetch *f, str line, struct error **err)
{
    size_t at;
    const char *name;
    if (line.len == 0)
        return true;
    if (line.len < 2 || line.ptr[1] != ' ' || f->is_ended)
        return bad(err, "a line that is not understood");
    char kind = line.ptr[0];
    f->has_any = f->has_any || kind == 'D' || kind == 'F';
    str payload = str_sub(line, 2, line.len);
    strbuf_truncate(&f->data, 0);
    if (kind == 'E')
        return end_file(f, payload, err);
    if (!base64_decode(payload, &f->data, &at))
        return bad(err, "no Base64");
    switch (kind) {
    case 'B': return add_bytes(f, err);
    case 'F': return begin_file(f, err);
    case 'D':
        name = name_in(f, err);
        return name != NULL && (f->root < 0 || tree_make_dir(f->root, name, err));
    case 'L': build_warnf(f->build, "'%s' is a link: left out", f->data.buf); return true;
    case '!': return refused(f, err);
    case '=': return end_all(f, err);
    default: return bad(err, "a line that is not understood");
    }
}

static void on_stream(void *arg, bool is_stderr, str data)
{
    struct fetch *f = arg;
    if (is_stderr) {
        strbuf_add(&f->noise, data.ptr, MIN(data.len, f->noise.max - f->noise.len));
        return;
    }
    while (data.len > 0 && f->failure == NULL) {
        ptrdiff_t lf = str_find_char(data, '\n');
        size_t n = lf < 0 ? data.len : (size_t)lf;
        if (!strbuf_add(&f->line, data.ptr, n)) {
            bad(&f->failure, "a line without end");
            return;
        }
        data = str_sub(data, MIN(n + 1, data.len), data.len);
        if (lf >= 0) {
            take_line(f, str_trim(strbuf_str(&f->line)), &f->failure);
            strbuf_truncate(&f->line, 0);
        }
    }
}

static bool judge(struct fetch *f, const struct winrm_comm *c, int status, struct error **err)
{
    if (status == COMM_DISCONNECTED)
        return error_set(err, ERR_DISCONNECT, 0, "the WinRM connection was lost: %s",
                         c->why_lost != NULL ? c->why_lost : "no reason given");
    if (status == 0 && f->is_ended)
        return true;
    str noise = str_trim(strbuf_str(&f->noise));
    return error_set(err, ERR_GUEST, 0, "PowerShell in the guest ended with status %d%s%.*s",
                     status, noise.len > 0 ? ": " : "", (int)MIN(noise.len, (size_t)500),
                     noise.ptr);
}

/* WHAT as the script calls it. */
static bool run_fetch(struct winrm_comm *c, struct fetch *f, const char *what, const char *path,
                      struct cancel *cancel, struct error **err)
{
    AUTO(strbuf) struct strbuf head = STRBUF_INIT;
    str script = embed_find(SCRIPT);
    assert(script.ptr != NULL);
    strbuf_addf(&head, "$w='%s'\n$a='", what);
    base64_encode(str_from(path), &head);
    strbuf_adds(&head, "'\n");
    autofree char *command = winrm_powershell_file(script, head.buf);
    autofree char *title = xasprintf("the download of '%s'", f->src);
    struct ssh_wait w = winrm_wait(c, cancel, 0, title);
    struct winrm_job job = {
        .command = command, .on_stream = on_stream, .arg = f, .failure = &f->failure};
    int status = 0;
    return winrm_exec(c, &job, &w, &status, err) && judge(f, c, status, err);
}

static struct fetch fetch_make(struct winrm_comm *c, const char *src)
{
    return (struct fetch){
        .build = c->build,
        .src = src,
        .root = -1,
        .fd = -1,
        .line = STRBUF_INIT_MAX(PIECE_MAX),
        .data = STRBUF_INIT_MAX(PIECE_MAX),
        .noise = STRBUF_INIT_MAX((size_t)4 << 10),
    };
}

bool winrm_download(struct comm *comm, const char *src, const char *dst, struct cancel *cancel,
                    struct error **err)
{
    struct winrm_comm *c = (struct winrm_comm *)comm;
    AUTO(fetch) struct fetch f = fetch_make(c, src);
    f.fd = open(dst, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (f.fd < 0)
        return error_set(err, ERR_IO, errno, "cannot write '%s'", dst);
    return run_fetch(c, &f, "file", src, cancel, err);
}

bool winrm_download_dir(struct comm *comm, const char *src, const char *dst, struct cancel *cancel,
                        struct error **err)
{
    struct winrm_comm *c = (struct winrm_comm *)comm;
    AUTO(fetch) struct fetch f = fetch_make(c, src);
    size_t len = strlen(src);
    bool slash = len > 0 && (src[len - 1] == '/' || src[len - 1] == '\\');
    bool match = strpbrk(src, "*?[") != NULL;
    if (!io_mkdir_p(dst, 0755, err))
        return false;
    f.root = open(dst, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f.root < 0)
        return error_set(err, ERR_IO, errno, "cannot open folder '%s'", dst);
    if (!run_fetch(c, &f, match ? "match" : slash ? "contents" : "dir", src, cancel, err))
        return false;
    return !match || f.has_any ||
           error_set(err, ERR_NOT_FOUND, 0, "nothing in the guest matches '%s'", src);
}
