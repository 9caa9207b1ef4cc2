/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_SEAL_USERS_H
#define IMGFAC_SEAL_USERS_H

/* Accounts of the guest: what several operations do to them.  Files are
 * edited from outside (seal/accounts.h), so that guests of another
 * architecture are no exception. */

#include "seal/sealop.h"

/* Remove the account from passwd, shadow, group, gshadow, subuid, subgid and
 * their backups, with its sudoers rules, mail, cron tables and home.  A home
 * that is shared with another account or is a system directory stays, with a
 * warning.  HOME is used when passwd has no entry any more; may be NULL. */
bool users_remove(struct seal_ctx *ctx, const char *name, const char *home, struct error **err);
/* Prove that nothing names the account any more. */
bool users_check_removed(struct seal_ctx *ctx, const char *name, const char *home,
                         struct error **err);

/* Every file sshd may read keys from, in every home and below /etc. */
struct gfs_entries;
bool users_find_key_files(struct seal_ctx *ctx, struct gfs_entries *out, struct error **err);
/* "HOME/.ssh/authorized_keys" of one account of passwd; NULL when it has none. */
const char *users_home(struct seal_ctx *ctx, const char *name, struct error **err);

/* May this directory be removed as the home of an account? */
bool users_home_is_removable(str home);

#endif
