/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "base/clock.h"
#include "seal/accounts.h"
#include "seal/gfs.h"
#include "seal/users.h"

#define SHADOW "/etc/shadow"

static bool lock_accounts_wanted(const struct seal_ctx *ctx)
{
    return ctx->config->lock_accounts.len > 0;
}

/* An expired root could not run cron jobs any more: PAM asks for the account. */
static bool expires(const char *name)
{
    return strcmp(name, "root") != 0;
}

static bool drop_keys(struct seal_ctx *ctx, const char *name, struct error **err)
{
    const char *home = users_home(ctx, name, err);
    if (home == NULL)
        return *err == NULL;
    const char *globs[] = {arena_fmt(ctx->arena, "%s/.ssh/authorized_keys*", home), NULL};
    return gfs_remove_globs(ctx, globs, err);
}

static bool lock_accounts_run(struct seal_ctx *ctx, const struct seal_config *config,
                              struct error **err)
{
    str text;
    if (!gfs_read(ctx, SHADOW, &text, err))
        return false;
    for (size_t i = 0; i < config->lock_accounts.len; i++) {
        const char *name = config->lock_accounts.ptr[i];
        AUTO(strbuf) struct strbuf out = STRBUF_INIT;
        if (!shadow_lock(text, str_from(name), expires(name), &out)) {
            error_set(err, ERR_SEAL, 0, "there is no account '%s' to lock in the image", name);
            return error_hint(err, "Check the spelling in lock_accounts.");
        }
        text = (str){arena_strndup(ctx->arena, out.buf, out.len), out.len};
        if (!expires(name) && !drop_keys(ctx, name, err))
            return false;
    }
    return gfs_write(ctx, SHADOW, text, err);
}

static bool check_keys(struct seal_ctx *ctx, const char *name, struct error **err)
{
    struct gfs_entries left = {0};
    const char *home = users_home(ctx, name, err);
    if (home == NULL)
        return *err == NULL;
    if (!gfs_glob(ctx, arena_fmt(ctx->arena, "%s/.ssh/authorized_keys*", home), &left, err))
        return false;
    return left.len == 0 ||
           seal_check_failed(err, "'%s' lets the locked account '%s' in", left.ptr[0].path, name);
}

static bool lock_accounts_verify(struct seal_ctx *ctx, const struct seal_config *config,
                                 struct error **err)
{
    str text;
    int64_t today = clock_wall() / NS_PER_S / 86400;
    if (!gfs_read(ctx, SHADOW, &text, err))
        return false;
    for (size_t i = 0; i < config->lock_accounts.len; i++) {
        const char *name = config->lock_accounts.ptr[i];
        if (!shadow_is_locked(text, str_from(name)))
            return seal_check_failed(err, "the password of '%s' in '%s' is not locked", name,
                                     SHADOW);
        if (expires(name) && !shadow_is_expired(text, str_from(name), today))
            return seal_check_failed(err, "the account '%s' in '%s' is not expired", name, SHADOW);
        if (!expires(name) && !check_keys(ctx, name, err))
            return false;
    }
    return true;
}

const struct sealop op_lock_accounts = {
    .name = "lock-accounts",
    .heading = "Lock accounts",
    .doc = "The password of each account of `lock_accounts` is locked and the account expired, so "
           "that a key does not let in either.  root is locked and loses its authorized_keys "
           "instead of expiring, as cron and other services need the account.",
    .os = SEAL_LINUX,
    .enabled = true,
    .wanted = lock_accounts_wanted,
    .run = lock_accounts_run,
    .verify = lock_accounts_verify,
};
