/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/edit.h"
#include "seal/gfs.h"
#include "seal/users.h"

static bool build_account_wanted(const struct seal_ctx *ctx)
{
    return ctx->input->build_user != NULL || ctx->key_blob != NULL;
}

/* An account that was there before the build (root above all) is not ours to remove. */
static const char *account(const struct seal_ctx *ctx)
{
    const char *user = ctx->input->build_user;
    return user != NULL && strcmp(user, "root") != 0 ? user : NULL;
}

static const char *home_of(const struct seal_ctx *ctx)
{
    if (ctx->b->build_user_home != NULL)
        return ctx->b->build_user_home;
    return arena_fmt(ctx->arena, "/home/%s", account(ctx));
}

/* A file that held only the build's key was made for it. */
static bool drop_key(struct seal_ctx *ctx, const struct gfs_entry *e, struct error **err)
{
    size_t dropped = 0;
    str left;
    if (!gfs_edit_file(ctx, e->path, ssh_keys_drop, str_from(ctx->key_blob), &dropped, err))
        return false;
    if (dropped == 0)
        return true;
    return gfs_read(ctx, e->path, &left, err) &&
           (str_trim(left).len > 0 || gfs_remove_entry(ctx, e, err));
}

static bool build_account_run(struct seal_ctx *ctx, const struct seal_config *config,
                              struct error **err)
{
    (void)config;
    struct gfs_entries files;
    if (account(ctx) != NULL && !users_remove(ctx, account(ctx), home_of(ctx), err))
        return false;
    if (ctx->key_blob == NULL)
        return true;
    if (!users_find_key_files(ctx, &files, err))
        return false;
    VEC_EACH (e, &files)
        if (!drop_key(ctx, e, err))
            return false;
    return true;
}

/* Path of a file below DIRS that holds the key, or NULL; asks the guest's own
 * grep, which gets the words as arguments.  Its status is 1 for "none". */
static bool grep_fast(struct seal_ctx *ctx, const struct gfs_entries *dirs, const char **found,
                      struct error **err)
{
    char **argv = arena_new_array(ctx->arena, char *, dirs->len + 5);
    size_t n = 0;
    argv[n++] = arena_strdup(ctx->arena, "/bin/sh");
    argv[n++] = arena_strdup(ctx->arena, "-c");
    argv[n++] = arena_strdup(ctx->arena, "grep -rlFs -e \"$0\" -- \"$@\" || [ $? -eq 1 ]");
    argv[n++] = arena_strdup(ctx->arena, ctx->key_blob);
    VEC_EACH (e, dirs)
        argv[n++] = arena_strdup(ctx->arena, e->path);
    autofree char *output = guestfs_command(ctx->g, argv);
    if (output == NULL)
        return seal_guest_error(ctx, err, "cannot search for the build's key");
    str rest = str_from(output);
    str line = str_next_line(&rest);
    *found = line.len > 0 ? str_dup(ctx->arena, line) : NULL;
    return true;
}

static bool grep_file(struct seal_ctx *ctx, const char *path, const char **found,
                      struct error **err)
{
    char **lines = guestfs_grep_opts(ctx->g, ctx->key_blob, path, GUESTFS_GREP_OPTS_FIXED, 1, -1);
    if (lines == NULL)
        return seal_guest_error(ctx, err, "cannot search '%s' for the build's key", path);
    if (lines[0] != NULL)
        *found = path;
    for (char **l = lines; *l != NULL; l++)
        free(*l);
    free(lines);
    return true;
}

/* For guests whose programs do not run here: slow, one message per file. */
static bool grep_slow(struct seal_ctx *ctx, const struct gfs_entries *dirs, const char **found,
                      struct error **err)
{
    *found = NULL;
    VEC_EACH (dir, dirs) {
        struct gfs_entries list;
        if (!gfs_walk(ctx, dir->path, &list, err))
            return false;
        VEC_EACH (e, &list) {
            if (e->type == 'r' && !grep_file(ctx, e->path, found, err))
                return false;
            if (*found != NULL)
                return true;
        }
    }
    return true;
}

static bool add_place(struct seal_ctx *ctx, const char *path, struct gfs_entries *dirs,
                      struct error **err)
{
    bool there;
    if (!gfs_exists(ctx, path, &there, err))
        return false;
    if (there)
        gfs_entries_push(ctx->arena, dirs, (struct gfs_entry){.path = path, .type = 'd'});
    return true;
}

/* Homes of services may hold a database of any size: only their keys. */
static bool list_places(struct seal_ctx *ctx, struct gfs_entries *dirs, struct error **err)
{
    static const char *const places[] = {"/etc",     "/root",    "/home", "/var/lib/cloud",
                                         "/var/log", "/var/tmp", "/tmp",  NULL};
    for (const char *const *p = places; *p != NULL; p++)
        if (!add_place(ctx, *p, dirs, err))
            return false;
    for (size_t i = 0; i < ctx->home_count; i++) {
        str home = str_from(ctx->homes[i].path);
        if (!str_starts(home, STR("/home/")) && !str_eqz(home, "/root") &&
            !add_place(ctx, arena_fmt(ctx->arena, "%s/.ssh", home.ptr), dirs, err))
            return false;
    }
    return true;
}

static bool check_key(struct seal_ctx *ctx, struct error **err)
{
    struct gfs_entries dirs = {0};
    const char *found = NULL;
    if (!list_places(ctx, &dirs, err) ||
        !(ctx->can_run ? grep_fast : grep_slow)(ctx, &dirs, &found, err))
        return false;
    return found == NULL ||
           seal_check_failed(err, "'%s' still holds the build's public key", found);
}

static bool build_account_verify(struct seal_ctx *ctx, const struct seal_config *config,
                                 struct error **err)
{
    (void)config;
    if (account(ctx) != NULL && !users_check_removed(ctx, account(ctx), home_of(ctx), err))
        return false;
    return ctx->key_blob == NULL || check_key(ctx, err);
}

const struct sealop op_build_account = {
    .name = "build-account",
    .heading = "Remove the build's account and key",
    .doc = "The account that the build logged in with goes, with its home, its groups, its sudoers "
           "rules and its mail; the build's public key is taken out of every authorized_keys "
           "file.  The check then searches /etc, /var/lib/cloud, the logs and every home for the "
           "key.  Cannot be left out.",
    .os = SEAL_LINUX,
    .enabled = true,
    .required = true,
    .wanted = build_account_wanted,
    .run = build_account_run,
    .verify = build_account_verify,
};
