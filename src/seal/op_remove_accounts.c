/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealop.h"

#include "seal/users.h"

static bool remove_accounts_wanted(const struct seal_ctx *ctx)
{
    return ctx->config->remove_accounts.len > 0;
}

static bool remove_accounts_run(struct seal_ctx *ctx, const struct seal_config *config,
                                struct error **err)
{
    for (size_t i = 0; i < config->remove_accounts.len; i++) {
        const char *name = config->remove_accounts.ptr[i];
        if (strcmp(name, "root") == 0) {
            error_set(err, ERR_SEAL, 0, "the account 'root' cannot be removed");
            return error_hint(err, "Use lock_accounts or root_password.");
        }
        if (!users_remove(ctx, name, NULL, err))
            return error_wrap(err, "cannot remove the account '%s'", name);
    }
    return true;
}

static bool remove_accounts_verify(struct seal_ctx *ctx, const struct seal_config *config,
                                   struct error **err)
{
    for (size_t i = 0; i < config->remove_accounts.len; i++)
        if (!users_check_removed(ctx, config->remove_accounts.ptr[i], NULL, err))
            return false;
    return true;
}

const struct sealop op_remove_accounts = {
    .name = "remove-accounts",
    .heading = "Remove accounts",
    .doc =
        "The accounts of `remove_accounts`, with their homes, groups, sudoers rules, cron tables "
        "and mail.  One that is not there counts as removed.",
    .os = SEAL_LINUX,
    .enabled = true,
    .wanted = remove_accounts_wanted,
    .run = remove_accounts_run,
    .verify = remove_accounts_verify,
};
