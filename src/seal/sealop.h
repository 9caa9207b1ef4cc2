/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_SEAL_SEALOP_H
#define IMGFAC_SEAL_SEALOP_H

/* One sealing operation: a constant record with a name, a text for the manual
 * and two functions, one that does the work on the mounted guest and one that
 * proves afterwards, by reading again, that it is done.  Operations run in the
 * order of the table in src/registry.c; all proofs come after all operations.
 * They use one libguestfs handle from the one thread that seals; strings they
 * keep live in the build's arena. */

#include <guestfs.h>

#include "plug/sealer.h"

enum seal_os {
    SEAL_LINUX = 1 << 0,
    SEAL_BSD = 1 << 1,
    SEAL_WINDOWS = 1 << 2,
    SEAL_UNIX = SEAL_LINUX | SEAL_BSD,
};

enum seal_family {
    SEAL_OTHER,
    SEAL_DEBIAN, /* and Ubuntu, Mint, Kali ... */
    SEAL_REDHAT, /* and Fedora, CentOS, AlmaLinux, Rocky, Oracle ... */
    SEAL_SUSE,
    SEAL_ALPINE,
    SEAL_ARCH,
};

/* An account of the guest as passwd names it when sealing starts. */
struct seal_home {
    const char *user;
    const char *path;
};

struct seal_ctx {
    guestfs_h *g;
    struct appliance *appliance; /* seal/appliance.h */
    const struct seal_config *config;
    const struct seal_input *input;
    struct build *b;
    struct arena *arena;
    struct cancel *cancel; /* of the sealing, with its deadline */
    struct seal_result *result;

    enum seal_os os;
    enum seal_family family;
    bool can_run; /* programs of the guest run in the appliance: same architecture */
    const struct seal_home *homes; /* existing directories, /root first, without system ones */
    size_t home_count;
    const char *key_blob; /* base64 of the build's public key; NULL: none */

    bool host_keys_kept; /* the host keys stay: nothing would make new ones */
};

struct sealop {
    const char *name;    /* "machine-id": in `enable`, `disable` and in the verdict */
    const char *heading; /* "Empty the machine ID" */
    const char *doc;     /* sentences for the manual */
    unsigned os;         /* enum seal_os, ored */
    bool enabled;        /* by default */
    bool required;       /* may not be disabled */
    /* False when there is nothing asked of this operation; NULL: always true. */
    bool (*wanted)(const struct seal_ctx *ctx);
    bool (*run)(struct seal_ctx *ctx, const struct seal_config *config, struct error **err);
    /* NULL: there is nothing to prove. */
    bool (*verify)(struct seal_ctx *ctx, const struct seal_config *config, struct error **err);
};

/* Set *ERR from libguestfs' last error with this message on top; cancellation
 * and time-out take its place.  Returns false. */
bool seal_guest_error(struct seal_ctx *ctx, struct error **err, const char *fmt, ...)
    ATTR_PRINTF(3, 4);
/* The proof failed: ERR_SEAL "check after sealing: ...".  Returns false. */
bool seal_check_failed(struct error **err, const char *fmt, ...) ATTR_PRINTF(2, 3);

extern const struct sealop op_run;
extern const struct sealop op_delete;
extern const struct sealop op_ca_certificates;
extern const struct sealop op_build_account;
extern const struct sealop op_remove_accounts;
extern const struct sealop op_lock_accounts;
extern const struct sealop op_root_password;
extern const struct sealop op_hostname;
extern const struct sealop op_timezone;
extern const struct sealop op_cloud_init;
extern const struct sealop op_ssh_host_keys;
extern const struct sealop op_machine_id;
extern const struct sealop op_storage_ids;
extern const struct sealop op_shell_history;
extern const struct sealop op_dhcp_leases;
extern const struct sealop op_random_seed;
extern const struct sealop op_udev_net;
extern const struct sealop op_net_hwaddr;
extern const struct sealop op_package_cache;
extern const struct sealop op_logs;
extern const struct sealop op_tmp_files;
extern const struct sealop op_selinux_relabel;
extern const struct sealop op_fstrim;
extern const struct sealer sealer_guestfs;

#endif
