/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/store.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "hcl/json.h"
#include "plugin/conn.h"

#define PIN_SUFFIX  ".pin"
#define PIN_MAX     ((size_t)4 << 20)
#define SYSTEM_DIR  "/usr/lib/imgfac/plugins"
#define DESCRIBE_NS (10 * NS_PER_S)

DEFINE_ARENA_VEC(dirs, const char *);

static void add_dir(struct arena *a, struct dirs *list, const char *dir)
{
    VEC_EACH (d, list)
        if (strcmp(*d, dir) == 0)
            return;
    dirs_push(a, list, dir);
}

static void add_dirs(struct arena *a, struct dirs *list, const char *paths)
{
    str rest = str_from(paths);
    while (rest.ptr != NULL) {
        str dir = str_split(&rest, ':');
        if (dir.len > 0)
            add_dir(a, list, str_dup(a, dir));
    }
}

void plugin_dirs(struct arena *a, struct opt_strings *out)
{
    struct dirs list = {0};
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    add_dirs(a, &list, getenv("IMGFAC_PLUGIN_PATH"));
    if (data != NULL && data[0] == '/')
        add_dir(a, &list, arena_fmt(a, "%s/imgfac/plugins", data));
    else if (home != NULL && home[0] == '/')
        add_dir(a, &list, arena_fmt(a, "%s/.local/share/imgfac/plugins", home));
    add_dir(a, &list, "/usr/local/lib/imgfac/plugins");
    add_dir(a, &list, SYSTEM_DIR);
    add_dirs(a, &list, getenv("PACKER_PLUGIN_PATH"));
    *out = (struct opt_strings){list.ptr, list.len};
}

const char *plugin_name_of(struct arena *a, const char *path)
{
    str base = str_from(io_basename(path));
    if (!str_starts(base, STR(PLUGIN_PREFIX)))
        return NULL;
    base = str_sub(base, strlen(PLUGIN_PREFIX), base.len);
    return plugin_name_ok(base) ? str_dup(a, base) : NULL;
}

static const char *pin_path(struct arena *a, const char *path)
{
    return arena_fmt(a, "%s" PIN_SUFFIX, path);
}

/* --- pins --- */

static bool is_hex(const char *s)
{
    return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

static bool read_pin(struct arena *a, struct plugin_file *f, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    value v;
    const char *why;
    if (!io_read_file(pin_path(a, f->path), PIN_MAX, &text, err))
        return false;
    if (!json_to_value(a, strbuf_str(&text), &v, &why))
        return error_set(err, ERR_IO, 0, "its pin is damaged: %s", why);
    const char *sha256 = message_text(v, "sha256", "");
    if (!is_hex(sha256) || !plugin_describe(a, value_attr(v, "describe"), f->name, &f->said, err))
        return *err != NULL || error_set(err, ERR_IO, 0, "its pin holds no checksum");
    char hex[HASH_HEX_MAX];
    hash_bytes(HASH_SHA256, strbuf_str(&text), hex);
    f->pin_sha256 = arena_strdup(a, hex);
    f->sha256 = sha256;
    return true;
}

static void look_at_pin(struct arena *a, struct plugin_file *f)
{
    AUTO(error) struct error *e = NULL;
    if (read_pin(a, f, &e))
        return;
    f->sha256 = NULL;
    if (error_is(e, ERR_NOT_FOUND)) {
        f->why = arena_fmt(a, "'%s' is not installed: run `imgfac plugins install %s`.", f->path,
                           f->path);
        return;
    }
    autofree char *line = error_line(e);
    f->why = arena_fmt(a, "The pin of '%s' cannot be used: %s.", f->path, line);
}

static bool write_pin(struct arena *a, const char *path, const char *sha256, value said,
                      struct error **err)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    const char *why;
    strbuf_addf(&sb, "{\"sha256\":\"%s\",\"describe\":", sha256);
    if (!value_to_json(said, &sb, &why))
        return error_set(err, ERR_INTERNAL, 0, "cannot write the pin: %s", why);
    strbuf_adds(&sb, "}\n");
    return io_write_file(pin_path(a, path), strbuf_str(&sb), 0644, err);
}

/* --- listing --- */

static bool is_listed(const struct plugin_files *list, const char *name)
{
    VEC_EACH (f, list)
        if (strcmp(f->name, name) == 0)
            return true;
    return false;
}

static void list_dir(struct arena *a, const char *dir, struct plugin_files *out)
{
    autoclosedir DIR *d = opendir(dir);
    if (d == NULL)
        return;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        const char *name = plugin_name_of(a, e->d_name);
        struct stat st;
        struct plugin_file f = {.name = name, .dir = dir};
        f.path = arena_fmt(a, "%s/%s", dir, e->d_name);
        if (name == NULL || is_listed(out, name) || stat(f.path, &st) != 0 ||
            !S_ISREG(st.st_mode) || (st.st_mode & 0111) == 0)
            continue;
        look_at_pin(a, &f);
        plugin_files_push(a, out, f);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct plugin_file *)a)->name, ((const struct plugin_file *)b)->name);
}

void plugin_list(struct arena *a, struct plugin_files *out)
{
    struct opt_strings dirs;
    *out = (struct plugin_files){0};
    plugin_dirs(a, &dirs);
    for (size_t i = 0; i < dirs.len; i++)
        list_dir(a, dirs.ptr[i], out);
    if (out->len > 0)
        qsort(out->ptr, out->len, sizeof(*out->ptr), by_name);
}

/* --- verifying --- */

/* In a sticky directory, such as /tmp, others cannot move what is ours. */
static bool is_private(const char *path, bool may_be_sticky, struct error **err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return error_set(err, ERR_IO, errno, "cannot look at '%s'", path);
    bool is_open = (st.st_mode & 0002) != 0 && (!may_be_sticky || (st.st_mode & S_ISVTX) == 0);
    if ((st.st_uid != 0 && st.st_uid != geteuid()) || is_open) {
        error_set(err, ERR_HOST, 0, "'%s' could have been written by others", path);
        return error_hint(err, "It must belong to you or root, and not be writable for all.");
    }
    return true;
}

/* PATH has no links: whoever may write none of the directories above it cannot
 * make it mean another file between this look and its use. */
static bool is_private_path(const char *path, struct error **err)
{
    bool is_above = false;
    autofree char *part = xstrdup(path);
    for (; is_private(part, is_above, err); is_above = true) {
        if (strcmp(part, "/") == 0)
            return true;
        char *up = io_dirname(part);
        free(part);
        part = up;
    }
    return false;
}

static bool resolve(const char *path, char **out, struct error **err)
{
    *out = realpath(path, NULL);
    return *out != NULL || error_set(err, ERR_IO, errno, "cannot look at '%s'", path);
}

static bool is_same_pin(const struct plugin_file *f, const char *pin, struct cancel *c,
                        struct error **err)
{
    char hex[HASH_HEX_MAX];
    if (!is_private_path(pin, err) || !hash_file(HASH_SHA256, pin, c, NULL, NULL, hex, err))
        return false;
    return strcmp(hex, f->pin_sha256) == 0 ||
           error_set(err, ERR_CHECKSUM, 0, "'%s' has just been changed", pin);
}

bool plugin_verify(const struct plugin_file *f, struct cancel *c, char **real, struct error **err)
{
    char hex[HASH_HEX_MAX];
    if (f->sha256 == NULL)
        return error_set(err, ERR_HOST, 0, "plugin '%s' is not installed", f->name);
    autofree char *given = xasprintf("%s" PIN_SUFFIX, f->path);
    autofree char *path = NULL, *pin = NULL, *dir = NULL;
    if (!resolve(f->path, &path, err) || !resolve(given, &pin, err) || !resolve(f->dir, &dir, err))
        return error_wrap(err, "cannot use plugin '%s'", f->name);
    if (!is_private(dir, false, err) || !is_private_path(path, err) ||
        !is_same_pin(f, pin, c, err) || !hash_file(HASH_SHA256, path, c, NULL, NULL, hex, err))
        return error_wrap(err, "cannot use plugin '%s'", f->name);
    if (strcmp(hex, f->sha256) == 0) {
        if (real != NULL)
            *real = steal(&path);
        return true;
    }
    error_set(err, ERR_CHECKSUM, 0, "'%s' has the checksum %s, pinned is %s", f->path, hex,
              f->sha256);
    error_wrap(err, "plugin '%s' is not the one that was installed", f->name);
    return error_hint(err, "If you changed it: imgfac plugins install -force %s", f->path);
}

/* --- installing --- */

/* Start PATH and take what it answers to "describe". */
static bool ask_description(struct arena *a, const char *path, const char *name,
                            struct cancel *cancel, value *said, struct error **err)
{
    AUTO(conn) struct conn *c = conn_start(path, name, &conn_limits_default, err);
    const struct conn_call call = {
        .method = "describe",
        .params = STR("{\"protocol\":1,\"imgfac\":\"" IMGFAC_VERSION "\"}"),
        .what = arena_fmt(a, "ask plugin '%s' what it is", name),
        .cancel = cancel,
        .limit_ns = DESCRIBE_NS,
    };
    return c != NULL && conn_do(c, &call, a, said, err);
}

static bool make_copy(const struct plugin_install *job, const char *copy, char hex[HASH_HEX_MAX],
                      struct error **err)
{
    if (!io_copy_sparse(job->path, copy, job->cancel, NULL, NULL, err))
        return false;
    if (chmod(copy, 0755) != 0)
        return error_set(err, ERR_IO, errno, "cannot make '%s' executable", copy);
    return hash_file(HASH_SHA256, copy, job->cancel, NULL, NULL, hex, err);
}

static bool install_copy(struct arena *a, const struct plugin_install *job, const char *copy,
                         struct plugin_file *f, struct error **err)
{
    char hex[HASH_HEX_MAX];
    value said;
    if (!make_copy(job, copy, hex, err) ||
        !ask_description(a, copy, f->name, job->cancel, &said, err) ||
        !plugin_describe(a, said, f->name, &f->said, err) || !write_pin(a, f->path, hex, said, err))
        return false;
    f->sha256 = arena_strdup(a, hex);
    return io_commit_rename(copy, f->path, err);
}

bool plugin_install(struct arena *a, const struct plugin_install *job, struct plugin_file *out,
                    struct error **err)
{
    struct opt_strings dirs;
    const char *dir = job->dir;
    *out = (struct plugin_file){.name = plugin_name_of(a, job->path)};
    if (out->name == NULL) {
        error_set(err, ERR_USAGE, 0, "'%s' is not named as a plugin", job->path);
        return error_hint(err, "The file of a plugin is called " PLUGIN_PREFIX "NAME; a name has "
                               "small letters, digits and hyphens.");
    }
    if (dir == NULL) {
        plugin_dirs(a, &dirs);
        dir = dirs.ptr[0];
    }
    out->dir = dir;
    out->path = arena_fmt(a, "%s/" PLUGIN_PREFIX "%s", dir, out->name);
    if (!job->force && io_exists(pin_path(a, out->path))) {
        error_set(err, ERR_EXISTS, 0, "plugin '%s' is installed in '%s' already", out->name, dir);
        return error_hint(err, "-force installs it again.");
    }
    if (!io_mkdir_p(dir, 0755, err))
        return error_wrap(err, "cannot install plugin '%s'", out->name);
    /* Under its own name from the start: a plugin may look at argv[0]. */
    autofree char *tmp = io_make_temp_dir(dir, ".new-", err);
    if (tmp == NULL)
        return error_wrap(err, "cannot install plugin '%s'", out->name);
    const char *copy = arena_fmt(a, "%s/" PLUGIN_PREFIX "%s", tmp, out->name);
    bool ok = install_copy(a, job, copy, out, err);
    AUTO(error) struct error *ignored = NULL;
    io_remove_tree(tmp, &ignored);
    return ok || error_wrap(err, "cannot install plugin '%s'", out->name);
}

bool plugin_uninstall(const struct plugin_file *f, struct error **err)
{
    autofree char *pin = xasprintf("%s" PIN_SUFFIX, f->path);
    return io_remove_tree(f->path, err) && io_remove_tree(pin, err);
}
