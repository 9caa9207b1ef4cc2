/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/file.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/proc.h"
#include "ledger/journal.h"
#include "plug/reaper.h"

#define JOURNAL_MAX   (16 * 1024 * 1024)
#define CHILD_WAIT_NS (2 * NS_PER_S)

struct reaping {
    const struct reaper *const *reapers;
    size_t reaped, left;
};

static const struct reaper *find_reaper(const struct reaping *r, const char *kind)
{
    static const struct reaper *const own[] = {&reaper_tree, &reaper_process};
    for (size_t i = 0; i < ARRAY_SIZE(own); i++)
        if (strcmp(own[i]->kind, kind) == 0)
            return own[i];
    for (size_t i = 0; r->reapers != NULL && r->reapers[i] != NULL; i++)
        if (strcmp(r->reapers[i]->kind, kind) == 0)
            return r->reapers[i];
    return NULL;
}

static struct {
    void (*say)(void *arg, const char *text);
    void *arg;
} listener;

void ledger_on_left(void (*say)(void *arg, const char *text), void *arg)
{
    listener.say = say;
    listener.arg = arg;
}

static bool reap_entry(struct reaping *r, const struct journal_entry *entry)
{
    AUTO(error) struct error *e = NULL;
    const struct reaper *reaper = find_reaper(r, entry->kind);
    if (reaper == NULL)
        error_set(&e, ERR_INTERNAL, 0, "nothing removes a '%s'", entry->kind);
    else if (reaper->reap(entry->data, &e))
        log_info("ledger", "removed a left-over %s: %s", entry->kind, entry->data);
    if (e == NULL)
        return true;
    autofree char *why = error_line(e);
    log_warn("ledger", "left-over %s %s: %s", entry->kind, entry->data, why);
    if (listener.say != NULL)
        listener.say(listener.arg, why);
    return false;
}

/* Newest first: what was made last depends on what was made before. */
static bool reap_entries(struct reaping *r, const struct journal *j)
{
    bool all = true;
    for (size_t i = j->len; i-- > 0;) {
        bool ok = reap_entry(r, &j->ptr[i]);
        r->reaped += ok;
        r->left += !ok;
        all = all && ok;
    }
    return all;
}

static bool owner_lives(str text)
{
    int64_t pid;
    uint64_t start;
    journal_owner(text, &pid, &start);
    return pid == 0 || proc_start_time((pid_t)pid) == start;
}

/* Of a dead owner the lock is with a child of it that is about to end, or with
 * another start that reaps: worth a short wait. */
static bool lock_dead(int fd, str text)
{
    int64_t until = clock_now() + CHILD_WAIT_NS;
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (owner_lives(text) || clock_now() >= until)
            return false;
        cancel_sleep(NULL, 20 * NS_PER_MS);
    }
    return true;
}

/* What a dead owner left; its file is locked until the descriptor is closed.
 * -1: the owner lives, or the file cannot be read. */
static int open_dead(const char *path, struct arena *a, struct journal *out)
{
    AUTO(error) struct error *e = NULL;
    AUTO(strbuf) struct strbuf first = STRBUF_INIT, text = STRBUF_INIT;
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || !io_read_file(path, JOURNAL_MAX, &first, &e) ||
        !lock_dead(fd, strbuf_str(&first)) || !io_read_file(path, JOURNAL_MAX, &text, &e))
        return -1;
    journal_parse(a, strbuf_str(&text), out);
    return steal_fd(&fd);
}

static void reap_file(struct reaping *r, const char *path)
{
    AUTO(arena) struct arena *a = arena_new("ledger");
    struct journal j = {0};
    autoclose int fd = open_dead(path, a, &j);
    if (fd >= 0 && reap_entries(r, &j))
        unlink(path);
}

/* One killed between making its file and giving it its name; a living owner has
 * the lock or makes another file. */
static void remove_unborn(const char *path, str file)
{
    if (!str_ends(file, STR(UNBORN_SUFFIX)))
        return;
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlink(path);
}

/* NAME without suffix; NULL: every one. */
static bool is_wanted(str file, const char *name, str suffix)
{
    return str_ends(file, suffix) &&
           (name == NULL || str_eqz(str_sub(file, 0, file.len - suffix.len), name));
}

static bool reap_files(const char *dir, const char *name, str suffix,
                       const struct reaper *const *reapers, size_t *reaped, size_t *left,
                       struct error **err)
{
    struct reaping r = {.reapers = reapers};
    autoclosedir DIR *d = opendir(dir);
    if (d == NULL && errno != ENOENT)
        return error_set(err, ERR_IO, errno, "cannot read ledger directory '%s'", dir);
    struct dirent *entry;
    while (d != NULL && (entry = readdir(d)) != NULL) {
        str file = str_from(entry->d_name);
        autofree char *path = io_path_join(dir, entry->d_name);
        if (is_wanted(file, name, suffix))
            reap_file(&r, path);
        else
            remove_unborn(path, file);
    }
    *reaped = r.reaped;
    *left = r.left;
    return true;
}

bool ledger_reap(const char *dir, const struct reaper *const *reapers, size_t *reaped, size_t *left,
                 struct error **err)
{
    return reap_files(dir, NULL, STR(JOURNAL_SUFFIX), reapers, reaped, left, err);
}

bool ledger_each_dead(const char *dir, void (*fn)(void *arg, const char *kind, const char *data),
                      void *arg, struct error **err)
{
    autoclosedir DIR *d = opendir(dir);
    if (d == NULL)
        return errno == ENOENT ||
               error_set(err, ERR_IO, errno, "cannot read ledger directory '%s'", dir);
    struct dirent *entry;
    while ((entry = readdir(d)) != NULL) {
        AUTO(arena) struct arena *a = arena_new("ledger");
        struct journal j = {0};
        if (!str_ends(str_from(entry->d_name), STR(JOURNAL_SUFFIX)))
            continue;
        autofree char *path = io_path_join(dir, entry->d_name);
        autoclose int fd = open_dead(path, a, &j);
        for (size_t i = j.len; fd >= 0 && i-- > 0;)
            fn(arg, j.ptr[i].kind, j.ptr[i].data);
    }
    return true;
}

bool ledger_reap_kept(const char *dir, const char *name, const struct reaper *const *reapers,
                      size_t *reaped, size_t *left, struct error **err)
{
    return reap_files(dir, name, STR(KEPT_SUFFIX), reapers, reaped, left, err);
}

static bool reap_tree(const char *path, struct error **err)
{
    if (path[0] != '/')
        return error_set(err, ERR_INTERNAL, 0, "'%s' is not an absolute path", path);
    return io_remove_tree(path, err);
}

const struct reaper reaper_tree = {.kind = "tree", .reap = reap_tree};

/* The start time tells our process from a later one with the same number. */
static bool reap_process(const char *data, struct error **err)
{
    json_int_t pid = 0, start = 0;
    json_t *root = json_loads(data, 0, NULL);
    bool readable = json_unpack(root, "{s:I,s:I}", "pid", &pid, "start", &start) == 0;
    json_decref(root);
    if (!readable || pid <= 1)
        return error_set(err, ERR_INTERNAL, 0, "unreadable process entry '%s'", data);
    if (proc_start_time((pid_t)pid) != (uint64_t)start)
        return true;
    if (kill(-(pid_t)pid, SIGKILL) < 0 && kill((pid_t)pid, SIGKILL) < 0 && errno != ESRCH)
        return error_set(err, ERR_IO, errno, "cannot kill process %lld", (long long)pid);
    return true;
}

const struct reaper reaper_process = {.kind = "process", .reap = reap_process};
