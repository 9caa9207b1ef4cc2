/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/thread.h"
#include "ledger/journal.h"

/* One file per process, DIR/ULID.ledger, locked by flock(2) for as long as the
 * owner lives: the lock goes with the process, however it dies, so no pid has
 * to be trusted.  Lines are appended and fsynced:
 *     {"owner":4711,"start":123456}
 *     {"add":3,"kind":"tree","data":"/var/lib/imgfac/work/01J..."}
 *     {"strike":3}                                                        */

struct ledger {
    pthread_mutex_t lock;
    char *path;
    char name[ULID_SIZE];
    int fd;
    ledger_id last;
    size_t open_entries;
    bool keep;
};

static bool append(struct ledger *l, json_t *line, struct error **err)
{
    char *text = json_dumps(line, JSON_COMPACT);
    json_decref(line);
    autofree char *with_newline = xasprintf("%s\n", text);
    free(text);
    if (!io_write_all(l->fd, with_newline, strlen(with_newline)) || fdatasync(l->fd) < 0)
        return error_set(err, ERR_IO, errno, "cannot write ledger '%s'", l->path);
    return true;
}

/* A child between fork and exec has the lock too, and outlives a killed owner
 * for a moment: who the owner is tells a reaper whether to wait for that. */
static bool write_owner(struct ledger *l, struct error **err)
{
    return append(l,
                  json_pack("{s:I,s:I}", "owner", (json_int_t)getpid(), "start",
                            (json_int_t)proc_start_time(getpid())),
                  err);
}

/* A reaper may take a file that is not locked yet for that of a killed owner,
 * and remove it: then another one is made, under another name.  Returns the
 * heap path of the one that is ours, or NULL. */
static char *open_locked(struct ledger *l, const char *dir, struct error **err)
{
    for (;;) {
        struct stat st;
        hash_ulid(l->name);
        autofree char *path = xasprintf("%s/%s" UNBORN_SUFFIX, dir, l->name);
        autoclose int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
        if (fd < 0)
            error_set(err, ERR_IO, errno, "cannot create ledger '%s'", path);
        else if (flock(fd, LOCK_EX) < 0 || fstat(fd, &st) < 0)
            error_set(err, ERR_IO, errno, "cannot lock ledger '%s'", path);
        else if (st.st_nlink == 0)
            continue;
        if (*err != NULL)
            return NULL;
        l->fd = steal_fd(&fd);
        return steal(&path);
    }
}

/* The file gets its final name only once it is locked: a reaper never sees an
 * unlocked one of a living owner. */
static bool create_locked(struct ledger *l, const char *dir, struct error **err)
{
    autofree char *tmp = open_locked(l, dir, err);
    if (tmp == NULL)
        return false;
    l->path = xasprintf("%s/%s%s", dir, l->name, JOURNAL_SUFFIX);
    if (!write_owner(l, err))
        return false;
    if (rename(tmp, l->path) < 0)
        return error_set(err, ERR_IO, errno, "cannot rename ledger '%s'", tmp);
    return true;
}

struct ledger *ledger_open(const char *dir, struct error **err)
{
    if (!io_mkdir_p(dir, 0700, err))
        return NULL;
    AUTO(ledger) struct ledger *l = xnew(struct ledger);
    l->fd = -1;
    pthread_mutex_init(&l->lock, NULL);
    if (!create_locked(l, dir, err))
        return NULL;
    return steal(&l);
}

/* Renamed while it is locked: no other start ever finds it unowned. */
static void rename_kept(struct ledger *l)
{
    autofree char *kept =
        xasprintf("%.*s%s", (int)(strlen(l->path) - strlen(JOURNAL_SUFFIX)), l->path, KEPT_SUFFIX);
    if (rename(l->path, kept) < 0)
        log_warn("ledger", "cannot rename '%s': %s", l->path, strerrordesc_np(errno));
}

void ledger_keep(struct ledger *l)
{
    LOCK_SCOPE(&l->lock);
    l->keep = true;
}

const char *ledger_name(const struct ledger *l)
{
    return l->name;
}

void ledger_close(struct ledger *l)
{
    if (l == NULL)
        return;
    if (l->open_entries == 0 && l->fd >= 0)
        unlink(l->path);
    else if (l->keep)
        rename_kept(l);
    if (l->fd >= 0)
        close(l->fd);
    pthread_mutex_destroy(&l->lock);
    free(l->path);
    free(l);
}

bool ledger_add(struct ledger *l, const char *kind, const char *data, ledger_id *out,
                struct error **err)
{
    LOCK_SCOPE(&l->lock);
    ledger_id id = l->last + 1;
    json_t *line = json_pack("{s:I,s:s,s:s}", "add", (json_int_t)id, "kind", kind, "data", data);
    if (line == NULL)
        return error_set(err, ERR_INTERNAL, 0, "resource '%s' is not UTF-8", kind);
    if (!append(l, line, err))
        return false;
    l->last = id;
    l->open_entries++;
    *out = id;
    return true;
}

void ledger_strike(struct ledger *l, ledger_id id)
{
    if (id == 0)
        return;
    LOCK_SCOPE(&l->lock);
    AUTO(error) struct error *e = NULL;
    l->open_entries--;
    if (!append(l, json_pack("{s:I}", "strike", (json_int_t)id), &e)) {
        autofree char *why = error_line(e);
        log_warn("ledger", "%s", why);
    }
}
