/* SPDX-License-Identifier: Apache-2.0 */

#include "cache/download.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/http.h"

#define CHECKSUM_FILE_MAX ((size_t)8 << 20)
#define LOCK_POLL_NS      (100 * NS_PER_MS)

/* One URL on its way: what is asked and where it goes. */
struct job {
    const struct download *d;
    struct arena *a;
    const char *url; /* without our `checksum=` parameter, mirrors applied */
    struct checksum checksum;
    const char *target;
};

static void say(const struct download *d, const char *what, const char *url)
{
    autofree char *shown = http_url_display(url);
    autofree char *line = xasprintf("%s %s", what, shown);
    log_info("cache", "%s", line);
    if (d->say != NULL)
        d->say(d->arg, line);
}

/* go-getter: two letters or more before "://" or ":" make a scheme. */
static bool has_scheme(str url)
{
    return str_find(url, STR("://")) > 0;
}

const char *download_local_path(const char *url, struct arena *a)
{
    str s = str_from(url);
    if (str_starts(s, STR("file://"))) {
        s = str_sub(s, sizeof("file://") - 1, s.len);
        if (str_starts(s, STR("localhost/")))
            s = str_sub(s, sizeof("localhost") - 1, s.len);
        return str_dup(a, s);
    }
    return has_scheme(s) ? NULL : arena_strdup(a, url);
}

/* Take "checksum=VALUE" out of the query; *OUT is VALUE or NULL. */
static const char *cut_checksum_parameter(const char *url, struct arena *a, const char **out)
{
    const char *query = strchr(url, '?');
    *out = NULL;
    if (query == NULL)
        return url;
    AUTO(strbuf) struct strbuf kept = STRBUF_INIT;
    str rest = str_from(query + 1);
    while (rest.ptr != NULL) {
        str part = str_split(&rest, '&');
        if (str_starts(part, STR("checksum="))) {
            *out = str_dup(a, str_sub(part, sizeof("checksum=") - 1, part.len));
        } else {
            strbuf_addc(&kept, kept.len == 0 ? '?' : '&');
            strbuf_addstr(&kept, part);
        }
    }
    return *out == NULL ? url : arena_fmt(a, "%.*s%s", (int)(query - url), url, kept.buf);
}

static const char *apply_mirrors(const struct download *d, const char *url, struct arena *a)
{
    const struct opt_pair *best = NULL;
    for (size_t i = 0; d->mirrors != NULL && i < d->mirrors->len; i++) {
        const struct opt_pair *p = &d->mirrors->ptr[i];
        if (str_starts(str_from(url), str_from(p->key)) &&
            (best == NULL || strlen(p->key) > strlen(best->key)))
            best = p;
    }
    return best == NULL ? url : arena_fmt(a, "%s%s", best->value, url + strlen(best->key));
}

static struct http_request request(const struct download *d, const char *url)
{
    return (struct http_request){
        .url = url, .proxy = d->proxy, .ca_file = d->ca_file, .cancel = d->cancel};
}

static bool read_checksum_file(const struct download *d, const char *where, struct arena *a,
                               struct strbuf *text, struct error **err)
{
    const char *path = download_local_path(where, a);
    if (path != NULL)
        return io_read_file(path, CHECKSUM_FILE_MAX, text, err);
    struct http_request req = request(d, apply_mirrors(d, where, a));
    return http_fetch(&req, text, err);
}

bool download_resolve_checksum(const struct download *d, const char *url, struct arena *a,
                               struct checksum *out, struct error **err)
{
    const char *text = d->checksum != NULL && d->checksum[0] != '\0' ? d->checksum : "none";
    struct checksum c = {0};
    if (!checksum_parse(a, str_from(text), &c, err))
        return false;
    if (c.file != NULL) {
        AUTO(strbuf) struct strbuf entries = STRBUF_INIT_MAX(CHECKSUM_FILE_MAX);
        const char *query = strchrnul(url, '?');
        autofree char *bare = xstrndup(url, (size_t)(query - url));
        if (!read_checksum_file(d, c.file, a, &entries, err) ||
            !checksum_find_in_file(strbuf_str(&entries), str_from(io_basename(bare)), &c, err))
            return error_wrap(err, "cannot get the checksum from '%s'", c.file);
        c.file = NULL;
    }
    *out = c;
    return true;
}

static const char *checksum_text(const struct checksum *c, struct arena *a)
{
    return c->is_none ? NULL : arena_fmt(a, "%s:%s", hash_name(c->kind), c->hex);
}

static bool verify(const struct job *j, const char *path, struct error **err)
{
    if (j->checksum.is_none)
        return true;
    char hex[HASH_HEX_MAX];
    if (!hash_file(j->checksum.kind, path, j->d->cancel, j->d->progress, j->d->arg, hex, err))
        return false;
    if (strcmp(hex, j->checksum.hex) == 0)
        return true;
    error_set(err, ERR_CHECKSUM, 0, "'%s' has %s %s, expected %s", path,
              hash_name(j->checksum.kind), hex, j->checksum.hex);
    return error_hint(err, "The file changed at its source, or the checksum is another file's.");
}

/* What says that PATH is still the file that was verified. */
static bool stamp_text(const char *path, char *out, size_t size)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    snprintf(out, size, "%lld %lld %lld.%09ld\n", (long long)st.st_size, (long long)st.st_ino,
             (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    return true;
}

static void write_stamp(const char *path)
{
    char text[96];
    struct error *err = NULL;
    autofree char *stamp = xasprintf("%s.verified", path);
    if (stamp_text(path, text, sizeof(text)) && !io_write_file(stamp, str_from(text), 0644, &err))
        error_drop(&err); /* it is verified again next time */
}

/* Is TARGET there and right?  A damaged one is removed. */
static bool is_cached(const struct job *j, struct error **err)
{
    if (!io_exists(j->target) || (j->checksum.is_none && j->d->target_path != NULL))
        return false;
    char now[96] = "";
    AUTO(strbuf) struct strbuf then = STRBUF_INIT_MAX(sizeof(now));
    struct error *why = NULL;
    autofree char *stamp = xasprintf("%s.verified", j->target);
    if (stamp_text(j->target, now, sizeof(now)) && io_read_file(stamp, sizeof(now), &then, &why) &&
        strcmp(now, then.buf) == 0)
        return true;
    error_drop(&why);
    if (verify(j, j->target, err)) {
        write_stamp(j->target);
        return true;
    }
    if (error_is(*err, ERR_CHECKSUM)) {
        log_warn("cache", "removing damaged '%s'", j->target);
        error_drop(err);
        unlink(j->target);
    }
    return false;
}

static bool lock_target(const struct job *j, int *out_fd, struct error **err)
{
    autofree char *path = xasprintf("%s.lock", j->target);
    autoclose int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_set(err, ERR_IO, errno, "cannot create lock '%s'", path);
    bool told = false;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_set(err, ERR_IO, errno, "cannot lock '%s'", path);
        if (!told)
            say(j->d, "Waiting for another build that downloads", j->url);
        told = true;
        if (!cancel_sleep(j->d->cancel, LOCK_POLL_NS))
            return cancel_error(j->d->cancel, err, "waiting for another download");
    }
    *out_fd = steal_fd(&fd);
    return true;
}

/* What is there of PART is gone on with; one that turns out wrong is removed. */
static bool fetch_part(const struct job *j, const char *part, struct error **err)
{
    struct http_request req = request(j->d, j->url);
    req.progress = j->d->progress;
    req.arg = j->d->arg;
    req.attempts = j->d->attempts;
    if (!http_download(&req, part, err))
        return false;
    if (verify(j, part, err))
        return true;
    if (error_is(*err, ERR_CHECKSUM))
        unlink(part);
    return false;
}

/* With the lock held. */
static bool fetch(const struct job *j, struct error **err)
{
    autofree char *part = xasprintf("%s.part", j->target);
    if (j->checksum.is_none)
        unlink(part); /* without a digest nobody can tell whether it is the same file */
    say(j->d, "Trying", j->url);
    struct stat st;
    bool resumed = stat(part, &st) == 0 && st.st_size > 0;
    bool ok = fetch_part(j, part, err);
    if (!ok && resumed && error_is(*err, ERR_CHECKSUM)) {
        /* The piece may have been another server's: once more from the start. */
        log_warn("cache", "what was left of an earlier download did not fit");
        error_drop(err);
        ok = fetch_part(j, part, err);
    }
    if (!ok)
        return false;
    if (!io_commit_rename(part, j->target, err))
        return false;
    write_stamp(j->target);
    return true;
}

static const char *extension_of(const struct job *j)
{
    if (j->d->extension != NULL && j->d->extension[0] != '\0')
        return j->d->extension;
    const char *end = strchrnul(j->url, '?');
    for (const char *p = end; p > j->url && p[-1] != '/'; p--)
        if (p[-1] == '.')
            return arena_strndup(j->a, p, (size_t)(end - p));
    return "img";
}

/* Where the file goes; a target without extension is a directory, as in Packer. */
static bool choose_target(struct job *j, struct error **err)
{
    const char *asked = j->d->target_path;
    if (asked != NULL && !io_is_dir(asked) && strchr(io_basename(asked), '.') != NULL) {
        autofree char *parent = io_dirname(asked);
        j->target = asked;
        return io_mkdir_p(parent, 0755, err);
    }
    char hex[HASH_HEX_MAX];
    hash_bytes(HASH_SHA256, str_from(j->url), hex);
    const char *key = j->checksum.is_none ? hex : j->checksum.hex;
    const char *dir = asked != NULL ? asked : j->d->cache_dir;
    j->target =
        arena_fmt(j->a, "%s/%s-%s.%s", dir,
                  j->checksum.is_none ? "url" : hash_name(j->checksum.kind), key, extension_of(j));
    return io_mkdir_p(dir, 0755, err);
}

static bool use_local(struct job *j, const char *path, struct downloaded *out, struct error **err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return error_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "cannot use '%s'",
                         path);
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return error_set(err, ERR_IO, 0, "'%s' is not a file", path);
    if (!verify(j, path, err))
        return false;
    autofree char *absolute = io_absolute(path);
    *out = (struct downloaded){.path = arena_strdup(j->a, absolute),
                               .url = arena_strdup(j->a, absolute),
                               .checksum = checksum_text(&j->checksum, j->a),
                               .in_place = true};
    return true;
}

static bool use_remote(struct job *j, struct downloaded *out, struct error **err)
{
    str url = str_from(j->url);
    if (!str_starts(url, STR("http://")) && !str_starts(url, STR("https://"))) {
        error_set(err, ERR_TEMPLATE, 0, "cannot download '%s': this protocol is not known", j->url);
        return error_hint(err, "Use http, https or a local path.");
    }
    if (!choose_target(j, err))
        return false;
    autoclose int lock = -1;
    if (!lock_target(j, &lock, err))
        return false;
    bool cached = is_cached(j, err);
    if (*err != NULL || (!cached && !fetch(j, err)))
        return false;
    autofree char *shown = http_url_display(j->url);
    *out = (struct downloaded){.path = j->target,
                               .url = arena_strdup(j->a, shown),
                               .checksum = checksum_text(&j->checksum, j->a),
                               .was_cached = cached};
    return true;
}

static bool try_url(const struct download *d, const char *url, struct arena *a,
                    struct downloaded *out, struct error **err)
{
    struct job j = {.d = d, .a = a};
    struct download with = *d;
    const char *own = NULL;
    url = cut_checksum_parameter(url, a, &own);
    if (own != NULL)
        with.checksum = own;
    if (!download_resolve_checksum(&with, url, a, &j.checksum, err))
        return false;
    j.url = apply_mirrors(d, url, a);
    const char *local = download_local_path(j.url, a);
    return local != NULL ? use_local(&j, local, out, err) : use_remote(&j, out, err);
}

bool download_file(const struct download *d, struct arena *a, struct downloaded *out,
                   struct error **err)
{
    for (size_t i = 0; i < d->urls.len; i++) {
        struct error *why = NULL;
        if (try_url(d, d->urls.ptr[i], a, out, &why))
            return true;
        bool last = i + 1 == d->urls.len || error_is(why, ERR_CANCELLED);
        if (last) {
            *err = why;
            if (d->urls.len > 1 && !error_is(why, ERR_CANCELLED))
                error_wrap(err, "none of the %zu URLs gave the file; the last", d->urls.len);
            return false;
        }
        autofree char *line = error_line(why);
        log_warn("cache", "%s", line);
        if (d->say != NULL)
            d->say(d->arg, line);
        error_drop(&why);
    }
    return error_set(err, ERR_TEMPLATE, 0, "there is no URL to download");
}
