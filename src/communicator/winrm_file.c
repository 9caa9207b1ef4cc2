/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/winrm_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/embed.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/vec.h"
#include "communicator/tree.h"
#include "hcl/fs_util.h"

/* Uploads: one PowerShell in the guest reads lines that say what to make
 * (winrm_upload.ps1), however many files there are, and compares digests. */

#define SCRIPT      "src/communicator/winrm_upload.ps1"
#define SCRIPT_MAX  ((size_t)64 << 10)
#define DIGEST_ROOM 80 /* of the line that ends a file */
#define NAME_ROOM   ((size_t)16 << 10)
#define BLOCK_MIN   ((size_t)3 << 10)

/* What is made at NAME in the guest. */
struct entry {
    char *name;
    char *path; /* of this host; NULL: the content given */
    bool is_dir;
};
DEFINE_VEC(entries, struct entry);

struct upload {
    struct build *build;
    struct entries entries;
    size_t at;
    const char *dst;
    str data; /* content given */
    size_t data_done;
    bool is_open;
    int fd; /* of the open entry; -1: the content given */
    struct hash *hash;
    char *block;
    struct strbuf said; /* standard output */
    struct strbuf noise;
    uint64_t done, total;
    const char *label; /* of the progress; NULL: none */
};

static void upload_clear(struct upload *u)
{
    VEC_EACH (e, &u->entries) {
        free(e->name);
        free(e->path);
    }
    entries_clear(&u->entries);
    cleanup_close(&u->fd);
    hash_free(u->hash);
    free(u->block);
    strbuf_clear(&u->said);
    strbuf_clear(&u->noise);
}
DEFINE_AUTO_CLEAR(upload, struct upload, upload_clear);

/* --- lines for the guest --- */

static void add_line(struct strbuf *out, char kind, str payload)
{
    strbuf_addf(out, "%c ", kind);
    base64_encode(payload, out);
    strbuf_adds(out, "\r\n");
}

static bool begin_entry(struct upload *u, struct strbuf *out, struct error **err)
{
    const struct entry *e = &u->entries.ptr[u->at];
    if (strlen(e->name) > NAME_ROOM / 2)
        return error_set(err, ERR_USAGE, 0, "the name '%.60s...' is too long", e->name);
    add_line(out, e->is_dir ? 'D' : 'F', str_from(e->name));
    if (e->is_dir) {
        u->at++;
        return true;
    }
    if (e->path != NULL) {
        u->fd = open(e->path, O_RDONLY | O_CLOEXEC);
        if (u->fd < 0)
            return error_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno,
                             "cannot open '%s'", e->path);
    }
    u->is_open = true;
    u->hash = hash_new(HASH_SHA256);
    return true;
}

/* At most SIZE bytes of what is open; 0 at its end, -1 with the error. */
static ssize_t take_bytes(struct upload *u, size_t size, str *out, struct error **err)
{
    if (u->fd < 0) {
        size_t n = MIN(size, u->data.len - u->data_done);
        *out = n == 0 ? STR("") : str_sub(u->data, u->data_done, u->data_done + n);
        u->data_done += n;
        return (ssize_t)n;
    }
    ssize_t n;
    do
        n = read(u->fd, u->block, size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        error_set(err, ERR_IO, errno, "cannot read '%s'", u->entries.ptr[u->at].path);
    *out = (str){u->block, n > 0 ? (size_t)n : 0};
    return n;
}

static void end_entry(struct upload *u, struct strbuf *out)
{
    char hex[HASH_HEX_MAX];
    hash_end(steal(&u->hash), hex);
    strbuf_addf(out, "E %s\r\n", hex);
    cleanup_close(&u->fd);
    u->fd = -1;
    u->is_open = false;
    u->at++;
}

/* ROOM bytes of the block are left. */
static bool add_bytes(struct upload *u, struct strbuf *out, size_t room, struct error **err)
{
    str data;
    ssize_t n = take_bytes(u, (room - DIGEST_ROOM) / 4 * 3 - 3, &data, err);
    if (n < 0)
        return false;
    if (n == 0) {
        end_entry(u, out);
        return true;
    }
    hash_add(u->hash, data.ptr, data.len);
    add_line(out, 'B', data);
    u->done += data.len;
    if (u->label != NULL)
        build_progress(u->build, u->label, u->done, u->total);
    return true;
}

/* As much as a message holds: many small files, or a part of one. */
static bool next_block(void *arg, struct strbuf *block, bool *is_last, struct error **err)
{
    struct upload *u = arg;
    while (u->at < u->entries.len) {
        size_t room = WINRM_INPUT_MAX - block->len;
        if (room < (u->is_open ? BLOCK_MIN * 2 : NAME_ROOM))
            return true;
        if (!(u->is_open ? add_bytes(u, block, room, err) : begin_entry(u, block, err)))
            return false;
    }
    *is_last = true;
    return true;
}

static void on_stream(void *arg, bool is_stderr, str data)
{
    struct upload *u = arg;
    struct strbuf *to = is_stderr ? &u->noise : &u->said;
    strbuf_add(to, data.ptr, MIN(data.len, to->max - to->len));
}

/* --- what the guest said --- */

/* "! REASON" on a line of its own; or what came as an error; heap. */
static char *reason_of(const struct upload *u)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(SCRIPT_MAX);
    str rest = strbuf_str(&u->said);
    size_t at;
    while (rest.len > 0) {
        str line = str_trim(str_next_line(&rest));
        if (str_starts(line, STR("! ")) && base64_decode(str_sub(line, 2, line.len), &text, &at) &&
            text.len > 0)
            return strbuf_steal(&text);
    }
    str noise = str_trim(strbuf_str(&u->noise));
    return noise.len > 0 ? str_xdup(str_sub(noise, 0, MIN(noise.len, (size_t)500)))
                         : xstrdup("no reason given");
}

static bool was_done(const struct upload *u)
{
    str rest = strbuf_str(&u->said);
    while (rest.len > 0)
        if (str_starts(str_next_line(&rest), STR("= ")))
            return true;
    return false;
}

static bool judge(const struct upload *u, const struct winrm_comm *c, int status,
                  struct error **err)
{
    if (status == COMM_DISCONNECTED)
        return error_set(err, ERR_DISCONNECT, 0, "the WinRM connection was lost: %s",
                         c->why_lost != NULL ? c->why_lost : "no reason given");
    if (status == 0 && was_done(u))
        return true;
    autofree char *why = reason_of(u);
    return error_set(err, ERR_GUEST, 0, "PowerShell in the guest ended with status %d: %s", status,
                     why);
}

static bool run_upload(struct winrm_comm *c, struct upload *u, struct cancel *cancel,
                       struct error **err)
{
    str script = embed_find(SCRIPT);
    assert(script.ptr != NULL);
    autofree char *command = winrm_powershell_file(script, "");
    autofree char *what = xasprintf("the upload of '%s'", u->dst);
    struct ssh_wait w = winrm_wait(c, cancel, 0, what);
    struct winrm_job job = {
        .command = command, .next = next_block, .on_stream = on_stream, .arg = u};
    int status = 0;
    u->block = xmalloc(WINRM_INPUT_MAX);
    return winrm_exec(c, &job, &w, &status, err) && judge(u, c, status, err);
}

static struct upload upload_make(struct winrm_comm *c, const char *dst)
{
    return (struct upload){
        .build = c->build,
        .dst = dst,
        .fd = -1,
        .said = STRBUF_INIT_MAX(SCRIPT_MAX),
        .noise = STRBUF_INIT_MAX(SCRIPT_MAX),
    };
}

/* "dir\" and "dir/" get the file under its own name. */
static char *target_name(const char *src, const char *dst)
{
    size_t len = strlen(dst);
    bool is_dir = len > 0 && (dst[len - 1] == '\\' || dst[len - 1] == '/');
    return xasprintf("%s%s", dst, is_dir ? io_basename(src) : "");
}

bool winrm_upload(struct comm *comm, const char *src, const char *dst, unsigned mode,
                  struct cancel *cancel, struct error **err)
{
    struct winrm_comm *c = (struct winrm_comm *)comm;
    AUTO(upload) struct upload u = upload_make(c, dst);
    struct stat st;
    (void)mode;
    if (stat(src, &st) < 0)
        return error_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "cannot open '%s'",
                         src);
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERR_IO, 0, "'%s' is not a regular file", src);
    u.total = (uint64_t)st.st_size;
    u.label = st.st_size >= 1 << 20 ? io_basename(src) : NULL;
    entries_push(&u.entries, (struct entry){.name = target_name(src, dst), .path = xstrdup(src)});
    return run_upload(c, &u, cancel, err);
}

bool winrm_upload_data(struct comm *comm, str data, const char *dst, unsigned mode,
                       struct cancel *cancel, struct error **err)
{
    struct winrm_comm *c = (struct winrm_comm *)comm;
    AUTO(upload) struct upload u = upload_make(c, dst);
    (void)mode;
    u.data = data;
    entries_push(&u.entries, (struct entry){.name = xstrdup(dst)});
    return run_upload(c, &u, cancel, err);
}

static bool add_entry(void *arg, const char *name, const char *path, const struct stat *st,
                      struct error **err)
{
    struct upload *u = arg;
    size_t len = strlen(u->dst);
    bool slash = len > 0 && (u->dst[len - 1] == '/' || u->dst[len - 1] == '\\');
    (void)err;
    entries_push(&u->entries, (struct entry){
                                  .name = xasprintf("%s%s%s", u->dst, slash ? "" : "/", name),
                                  .path = S_ISDIR(st->st_mode) ? NULL : xstrdup(path),
                                  .is_dir = S_ISDIR(st->st_mode),
                              });
    u->total += S_ISDIR(st->st_mode) ? 0 : (uint64_t)st->st_size;
    return true;
}

bool winrm_upload_dir(struct comm *comm, const char *src, const char *dst, struct cancel *cancel,
                      struct error **err)
{
    struct winrm_comm *c = (struct winrm_comm *)comm;
    AUTO(upload) struct upload u = upload_make(c, dst);
    AUTO(tree_root) struct tree_root root = {0};
    if (!tree_root_init(&root, src, err))
        return false;
    entries_push(&u.entries, (struct entry){.name = xstrdup(dst), .is_dir = true});
    if (!tree_walk(root.path, root.prefix, add_entry, &u, err))
        return false;
    u.label = u.total >= 1 << 20 ? io_basename(root.path) : NULL;
    return run_upload(c, &u, cancel, err);
}
