/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/runfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"

#define NAME         "build.json"
#define RUNFILE_MAX  ((size_t)64 << 10)
#define LISTED_BYTES 512

/* One table reads and writes: a field is a string or, where so said, a number. */
static const struct field {
    const char *key;
    size_t offset;
    bool is_number;
} fields[] = {
#define TEXT(name)                                                                                 \
    {                                                                                              \
#name, offsetof(struct run_info, name), false                                              \
    }
#define NUMBER(name)                                                                               \
    {                                                                                              \
#name, offsetof(struct run_info, name), true                                               \
    }
    TEXT(id),         TEXT(build),      TEXT(state),        TEXT(step),
    TEXT(started),    NUMBER(pid),      NUMBER(pid_start),  TEXT(ledger),
    TEXT(hypervisor), NUMBER(vcpus),    NUMBER(memory_mib), TEXT(work_dir),
    TEXT(log_dir),    TEXT(domain),     TEXT(uuid),         TEXT(uri),
    TEXT(monitor),    TEXT(console),    TEXT(console_log),  TEXT(ssh_host),
    TEXT(ssh_user),   NUMBER(ssh_port), TEXT(ssh_key),      TEXT(ssh_known_hosts),
    TEXT(base),
#undef TEXT
#undef NUMBER
};

struct runfile {
    struct run_info info;
    char *dir;
    struct ledger *ledger;
    ledger_id entry;
};

DEFINE_AUTO(json, json_t *, json_decref);

static const char **text_of(struct run_info *info, const struct field *f)
{
    return (const char **)((char *)info + f->offset);
}

static int64_t *number_of(struct run_info *info, const struct field *f)
{
    return (int64_t *)((char *)info + f->offset);
}

static char *print(struct run_info *info)
{
    AUTO(json) json_t *root = json_object();
    for (const struct field *f = fields; f < fields + ARRAY_SIZE(fields); f++) {
        if (f->is_number)
            json_object_set_new(root, f->key, json_integer(*number_of(info, f)));
        else if (*text_of(info, f) != NULL)
            json_object_set_new(root, f->key, json_string(*text_of(info, f)));
    }
    return json_dumps(root, JSON_INDENT(1));
}

/* Not synced: it says what goes on now, and a lost one is no loss. */
static bool write_out(struct runfile *r, struct error **err)
{
    autofree char *path = io_path_join(r->dir, NAME);
    autofree char *tmp = xasprintf("%s.new", path);
    autofree char *text = print(&r->info);
    autoclose int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return (fd >= 0 && io_write_all(fd, text, strlen(text)) && rename(tmp, path) == 0) ||
           error_set(err, errno == ENOSPC ? ERR_NO_SPACE : ERR_IO, errno, "cannot write '%s'",
                     path);
}

struct runfile *runfile_open(const char *store, const struct run_info *info, struct ledger *l,
                             struct error **err)
{
    struct runfile *r = xnew(struct runfile);
    r->info = *info;
    r->info.pid = getpid();
    r->info.pid_start = (int64_t)proc_start_time(getpid());
    r->ledger = l;
    autofree char *parent = io_path_join(store, "run");
    r->dir = io_path_join(parent, info->id);
    if (io_mkdir_p(parent, 0711, err) && ledger_add(l, "tree", r->dir, &r->entry, err) &&
        io_mkdir_p(r->dir, 0700, err) && write_out(r, err))
        return r;
    runfile_close(r, false);
    return NULL;
}

struct run_info *runfile_info(struct runfile *r)
{
    return r != NULL ? &r->info : NULL;
}

void runfile_publish(struct runfile *r)
{
    AUTO(error) struct error *e = NULL;
    if (r != NULL && !write_out(r, &e))
        log_warn("ledger", "%s", e->msg);
}

void runfile_close(struct runfile *r, bool keep)
{
    AUTO(error) struct error *e = NULL;
    if (r == NULL)
        return;
    if (keep) {
        r->info.state = RUN_KEPT;
        runfile_publish(r);
    } else if (io_remove_tree(r->dir, &e)) {
        ledger_strike(r->ledger, r->entry);
    }
    free(r->dir);
    free(r);
}

bool runfile_parse(struct arena *a, str text, struct run_info *out)
{
    AUTO(json) json_t *root = json_loadb(text.ptr, text.len, 0, NULL);
    *out = (struct run_info){0};
    for (const struct field *f = fields; f < fields + ARRAY_SIZE(fields); f++) {
        const json_t *value = json_object_get(root, f->key);
        if (f->is_number)
            *number_of(out, f) = json_integer_value(value);
        else if (json_is_string(value))
            *text_of(out, f) = arena_strdup(a, json_string_value(value));
    }
    return out->id != NULL && out->build != NULL && out->state != NULL && out->work_dir != NULL;
}

bool runfile_is_alive(const struct run_info *info)
{
    return info->pid > 0 && proc_start_time((pid_t)info->pid) == (uint64_t)info->pid_start;
}

/* A file may go while the directory is read. */
static void take_file(const char *path, struct arena *a, struct run_infos *out)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    AUTO(error) struct error *e = NULL;
    struct run_info info;
    if (!io_read_file(path, RUNFILE_MAX, &text, &e) || !runfile_parse(a, strbuf_str(&text), &info))
        return;
    if (strcmp(info.state, RUN_KEPT) == 0 || runfile_is_alive(&info))
        run_infos_push(a, out, info);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct run_info *)a)->id, ((const struct run_info *)b)->id);
}

bool runfile_list(const char *store, struct arena *a, struct run_infos *out, struct error **err)
{
    autofree char *dir = io_path_join(store, "run");
    autoclosedir DIR *d = opendir(dir);
    *out = (struct run_infos){0};
    if (d == NULL)
        return errno == ENOENT || error_set(err, ERR_IO, errno, "cannot read '%s'", dir);
    const struct dirent *e;
    while ((e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        autofree char *path = xasprintf("%s/%s/" NAME, dir, e->d_name);
        take_file(path, a, out);
    }
    if (out->len > 0)
        qsort(out->ptr, out->len, sizeof(out->ptr[0]), by_id);
    return true;
}

/* "qemu.golden" is found by "golden" as well. */
static bool is_meant(const struct run_info *info, const char *word)
{
    const char *dot = strrchr(info->build, '.');
    return strcmp(info->build, word) == 0 || (dot != NULL && strcmp(dot + 1, word) == 0) ||
           (strlen(word) >= RUN_ID_SHOWN && str_ends(str_from(info->id), str_from(word)));
}

bool runfile_find(const char *store, const char *word, struct arena *a, struct run_info *out,
                  struct error **err)
{
    struct run_infos all;
    if (!runfile_list(store, a, &all, err))
        return false;
    AUTO(strbuf) struct strbuf names = STRBUF_INIT_MAX(LISTED_BYTES);
    for (size_t i = all.len; i-- > 0;) {
        if (is_meant(&all.ptr[i], word)) {
            *out = all.ptr[i];
            return true;
        }
        strbuf_addf(&names, "%s%s", names.len > 0 ? ", " : "", all.ptr[i].build);
    }
    error_set(err, ERR_NOT_FOUND, 0, "no build '%s' runs or is kept", word);
    return error_hint(err, "%s%s.", all.len > 0 ? "There are: " : "There is none at all",
                      names.buf);
}
