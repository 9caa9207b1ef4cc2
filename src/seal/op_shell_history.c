/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/gfs.h"

static const char *const names[] = {
    ".bash_history",     ".zsh_history",    ".zhistory",
    ".ash_history",      ".sh_history",     ".ksh_history",
    ".history",          ".lesshst",        ".viminfo",
    ".python_history",   ".wget-hsts",      ".mysql_history",
    ".psql_history",     ".sqlite_history", ".node_repl_history",
    ".rediscli_history", ".irb_history",    ".sudo_as_admin_successful",
};

static bool is_history(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return str_starts(str_from(name), STR(".viminf"));
}

static bool find_histories(struct seal_ctx *ctx, struct gfs_entries *found, struct error **err)
{
    *found = (struct gfs_entries){0};
    for (size_t i = 0; i < ctx->home_count; i++) {
        struct gfs_entries list;
        if (!gfs_list(ctx, ctx->homes[i].path, &list, err))
            return false;
        VEC_EACH (e, &list)
            if (e->type != 'd' && is_history(e->name))
                gfs_entries_push(ctx->arena, found, *e);
    }
    return true;
}

static bool shell_history_run(struct seal_ctx *ctx, const struct seal_config *config,
                              struct error **err)
{
    (void)config;
    struct gfs_entries found;
    if (!find_histories(ctx, &found, err) || !gfs_wipe(ctx, &found, err))
        return false;
    VEC_EACH (e, &found)
        if (!gfs_remove_entry(ctx, e, err))
            return false;
    static const char *const deeper[] = {
        "/root/.local/share/nano/search_history", "/root/.local/share/fish/fish_history",
        "/home/*/.local/share/nano/search_history", "/home/*/.local/share/fish/fish_history", NULL};
    return gfs_remove_globs(ctx, deeper, err);
}

static bool shell_history_verify(struct seal_ctx *ctx, const struct seal_config *config,
                                 struct error **err)
{
    (void)config;
    struct gfs_entries found;
    if (!find_histories(ctx, &found, err))
        return false;
    return found.len == 0 || seal_check_failed(err, "'%s' is still there", found.ptr[0].path);
}

const struct sealop op_shell_history = {
    .name = "shell-history",
    .heading = "Remove shell histories",
    .doc = "Histories of shells, pagers, editors and database clients in every home directory.",
    .os = SEAL_UNIX,
    .enabled = true,
    .run = shell_history_run,
    .verify = shell_history_verify,
};
