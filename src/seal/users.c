/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/users.h"

#include "seal/accounts.h"
#include "seal/gfs.h"

/* useradd and vipw keep the previous state with a hyphen behind the name. */
static const struct {
    const char *path;
    gfs_edit edit;
} databases[] = {
    {"/etc/passwd", account_drop_entry},   {"/etc/passwd-", account_drop_entry},
    {"/etc/shadow", account_drop_entry},   {"/etc/shadow-", account_drop_entry},
    {"/etc/group", account_drop_member},   {"/etc/group-", account_drop_member},
    {"/etc/gshadow", account_drop_member}, {"/etc/gshadow-", account_drop_member},
    {"/etc/subuid", account_drop_entry},   {"/etc/subuid-", account_drop_entry},
    {"/etc/subgid", account_drop_entry},   {"/etc/subgid-", account_drop_entry},
};

/* Where the name of the account is the name of a file. */
static const char *const files_of_user[] = {
    "/var/mail/%s",
    "/var/spool/mail/%s",
    "/var/spool/cron/%s",
    "/var/spool/cron/crontabs/%s",
    "/var/lib/systemd/linger/%s",
    "/var/lib/sudo/lectured/%s",
    "/var/lib/AccountsService/users/%s",
    "/var/db/sudo/lectured/%s",
};

/* The pattern is one of files_of_user: it has one %s. */
static const char *expand(struct seal_ctx *ctx, const char *pattern, const char *name)
{
    size_t head = (size_t)(strstr(pattern, "%s") - pattern);
    return arena_fmt(ctx->arena, "%.*s%s", (int)head, pattern, name);
}

bool users_home_is_removable(str home)
{
    static const char *const kept[] = {"/usr/", "/etc/",  "/bin/", "/sbin/", "/lib/",  "/boot/",
                                       "/dev/", "/proc/", "/sys/", "/run/",  "/root/", NULL};
    size_t depth = 0;
    for (size_t i = 0; i < home.len; i++)
        depth += home.ptr[i] == '/' && i + 1 < home.len;
    if (home.len == 0 || home.ptr[0] != '/' || depth < 2 || str_find(home, STR("//")) >= 0 ||
        str_find(home, STR("/.")) >= 0)
        return false;
    for (const char *const *k = kept; *k != NULL; k++)
        if (str_starts(home, str_from(*k)))
            return false;
    return depth > 2 || !str_starts(home, STR("/var/"));
}

/* Another account of PASSWD lives in HOME or below it. */
static bool is_shared(str passwd, const char *name, str home)
{
    while (passwd.len > 0 && passwd.ptr != NULL) {
        struct account a;
        if (account_parse(str_next_line(&passwd), &a) && !str_eqz(a.name, name) &&
            str_starts(a.home, home) && (a.home.len == home.len || a.home.ptr[home.len] == '/'))
            return true;
    }
    return false;
}

const char *users_home(struct seal_ctx *ctx, const char *name, struct error **err)
{
    str passwd;
    struct account a;
    if (!gfs_read(ctx, "/etc/passwd", &passwd, err) || !account_find(passwd, str_from(name), &a) ||
        a.home.len == 0)
        return NULL;
    while (a.home.len > 1 && a.home.ptr[a.home.len - 1] == '/')
        a.home.len--;
    return str_dup(ctx->arena, a.home);
}

static bool remove_home(struct seal_ctx *ctx, const char *name, const char *home,
                        struct error **err)
{
    str passwd;
    bool there;
    if (!gfs_read(ctx, "/etc/passwd", &passwd, err) || !gfs_exists(ctx, home, &there, err))
        return false;
    if (!there)
        return true;
    if (!users_home_is_removable(str_from(home)) || is_shared(passwd, name, str_from(home))) {
        build_warnf(ctx->b,
                    "sealing: '%s', the home of '%s', is a system directory or shared, and "
                    "is kept",
                    home, name);
        return true;
    }
    return gfs_wipe_tree(ctx, home, err) && gfs_remove(ctx, home, err);
}

static size_t drop_sudoers(str text, str name, struct strbuf *out)
{
    return sudoers_drop_user(text, name, out);
}

/* A file of sudoers.d that held nothing else goes. */
static bool clean_sudoers(struct seal_ctx *ctx, const char *name, struct error **err)
{
    struct gfs_entries list;
    if (!gfs_edit_file(ctx, "/etc/sudoers", drop_sudoers, str_from(name), NULL, err) ||
        !gfs_list(ctx, "/etc/sudoers.d", &list, err))
        return false;
    VEC_EACH (e, &list) {
        size_t changed = 0;
        str left;
        if (e->type != 'r')
            continue;
        if (!gfs_edit_file(ctx, e->path, drop_sudoers, str_from(name), &changed, err))
            return false;
        if (changed == 0)
            continue;
        if (!gfs_read(ctx, e->path, &left, err) ||
            (sudoers_is_empty(left) && !gfs_remove_entry(ctx, e, err)))
            return false;
    }
    return true;
}

bool users_remove(struct seal_ctx *ctx, const char *name, const char *home, struct error **err)
{
    struct gfs_entries files = {0};
    const char *own = users_home(ctx, name, err);
    if (*err != NULL)
        return false;
    if (own == NULL)
        own = home;
    if (own != NULL && !remove_home(ctx, name, own, err))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(databases); i++)
        if (!gfs_edit_file(ctx, databases[i].path, databases[i].edit, str_from(name), NULL, err))
            return false;
    for (size_t i = 0; i < ARRAY_SIZE(files_of_user); i++)
        gfs_entries_push(
            ctx->arena, &files,
            (struct gfs_entry){.path = expand(ctx, files_of_user[i], name), .type = 'r'});
    if (!gfs_wipe(ctx, &files, err))
        return false;
    VEC_EACH (e, &files)
        if (!gfs_remove_entry(ctx, e, err))
            return false;
    return clean_sudoers(ctx, name, err);
}

static bool check_databases(struct seal_ctx *ctx, const char *name, struct error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(databases); i++) {
        str text;
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        if (!gfs_read(ctx, databases[i].path, &text, err))
            return false;
        if (text.ptr != NULL && databases[i].edit(text, str_from(name), &out) > 0)
            return seal_check_failed(err, "'%s' still names the account '%s'", databases[i].path,
                                     name);
    }
    return true;
}

static bool check_sudoers(struct seal_ctx *ctx, const char *name, struct error **err)
{
    struct gfs_entries list;
    if (!gfs_list(ctx, "/etc/sudoers.d", &list, err))
        return false;
    gfs_entries_push(ctx->arena, &list, (struct gfs_entry){"/etc/sudoers", "sudoers", 'r'});
    VEC_EACH (e, &list) {
        str text = {0};
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        if (e->type == 'r' && !gfs_read(ctx, e->path, &text, err))
            return false;
        if (text.ptr != NULL && sudoers_drop_user(text, str_from(name), &out) > 0)
            return seal_check_failed(err, "'%s' still has a rule of the account '%s'", e->path,
                                     name);
    }
    return true;
}

bool users_check_removed(struct seal_ctx *ctx, const char *name, const char *home,
                         struct error **err)
{
    bool there = false;
    if (!check_databases(ctx, name, err) || !check_sudoers(ctx, name, err))
        return false;
    if (home != NULL && users_home_is_removable(str_from(home)) &&
        !gfs_exists(ctx, home, &there, err))
        return false;
    if (!there)
        return true;
    str passwd;
    if (!gfs_read(ctx, "/etc/passwd", &passwd, err))
        return false;
    return is_shared(passwd, name, str_from(home)) ||
           seal_check_failed(err, "'%s', the home of '%s', is still there", home, name);
}

bool users_find_key_files(struct seal_ctx *ctx, struct gfs_entries *out, struct error **err)
{
    static const char *const dirs[] = {"/etc/ssh/authorized_keys", "/etc/ssh/authorized_keys.d",
                                       "/etc/dropbear", "/etc/ssh", NULL};
    *out = (struct gfs_entries){0};
    for (size_t i = 0; i < ctx->home_count + ARRAY_SIZE(dirs) - 1; i++) {
        bool of_home = i < ctx->home_count;
        const char *dir = of_home ? arena_fmt(ctx->arena, "%s/.ssh", ctx->homes[i].path)
                                  : dirs[i - ctx->home_count];
        bool any_name = !of_home && strncmp(dir, "/etc/ssh/", 9) == 0;
        struct gfs_entries list;
        if (!gfs_list(ctx, dir, &list, err))
            return false;
        VEC_EACH (e, &list)
            if (e->type != 'd' &&
                (any_name || str_starts(str_from(e->name), STR("authorized_keys"))))
                gfs_entries_push(ctx->arena, out, *e);
    }
    return true;
}
