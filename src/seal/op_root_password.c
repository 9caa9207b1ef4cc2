/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/accounts.h"
#include "seal/gfs.h"

#define SHADOW "/etc/shadow"

static bool root_password_wanted(const struct seal_ctx *ctx)
{
    const char *policy = ctx->config->root_password;
    return policy != NULL && strcmp(policy, "keep") != 0;
}

static bool is_lock(const char *policy)
{
    return strcmp(policy, "locked") == 0;
}

/* "*" matches no password and, unlike "!", does not mean that unlocking it
 * would bring one back. */
static str hash_of(const char *policy)
{
    str p = str_from(policy);
    return str_starts(p, STR("crypt:")) ? str_sub(p, 6, p.len) : STR("*");
}

static bool root_password_run(struct seal_ctx *ctx, const struct seal_config *config,
                              struct error **err)
{
    str text;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    if (!gfs_read(ctx, SHADOW, &text, err))
        return false;
    bool found = is_lock(config->root_password)
                     ? shadow_lock(text, STR("root"), false, &out)
                     : shadow_set_password(text, STR("root"), hash_of(config->root_password), &out);
    if (!found)
        return error_set(err, ERR_SEAL, 0, "'%s' has no entry of root", SHADOW);
    return gfs_write(ctx, SHADOW, strbuf_str(&out), err);
}

static bool root_password_verify(struct seal_ctx *ctx, const struct seal_config *config,
                                 struct error **err)
{
    str text;
    AUTO(strbuf) struct strbuf same = STRBUF_INIT;
    if (!gfs_read(ctx, SHADOW, &text, err))
        return false;
    bool locks = is_lock(config->root_password);
    for (size_t i = 0; i < config->lock_accounts.len; i++)
        locks = locks || strcmp(config->lock_accounts.ptr[i], "root") == 0;
    if (locks)
        return shadow_is_locked(text, STR("root")) ||
               seal_check_failed(err, "the password of root in '%s' is not locked", SHADOW);
    bool found = shadow_set_password(text, STR("root"), hash_of(config->root_password), &same);
    return (found && str_eq(text, strbuf_str(&same))) ||
           seal_check_failed(err, "the password of root in '%s' is not the one wanted", SHADOW);
}

const struct sealop op_root_password = {
    .name = "root-password",
    .heading = "Set root's password",
    .doc =
        "\"locked\" puts \"!\" before the password, \"disabled\" replaces it by one that nothing "
        "matches, \"crypt:HASH\" sets a hash of crypt(5), \"keep\" leaves it.",
    .os = SEAL_LINUX,
    .enabled = true,
    .wanted = root_password_wanted,
    .run = root_password_run,
    .verify = root_password_verify,
};
