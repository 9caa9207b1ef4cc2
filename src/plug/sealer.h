/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUG_SEALER_H
#define IMGFAC_PLUG_SEALER_H

/* Sealing makes a provisioned disk fit to be cloned: offline, through
 * libguestfs, one operation per file.  The `seal` block of a template is
 * decoded into struct seal_config (rows in plug/seal_config.c); the sealer
 * (src/seal) opens the disk, inspects it, runs the operations that fit the
 * guest's system and then checks that nothing of the build is left. */

#include "plug/build.h"
#include "schema/schema.h"

struct seal_config {
    bool enabled;
    struct opt_strings enable;          /* operations off by default to run too */
    struct opt_strings disable;         /* operations to leave out */
    struct opt_strings ca_certificates; /* PEM files of the host */
    struct opt_strings lock_accounts;
    const char *root_password;          /* "locked", "disabled", "keep" or "crypt:HASH" */
    struct opt_strings remove_accounts; /* besides the build's own */
    struct opt_strings run;             /* commands inside the guest's own file system, offline */
    struct opt_strings delete_paths;    /* globs of the guest */
    const char *hostname;
    const char *timezone;
    int64_t timeout_ns;
};

extern const struct opt seal_opts[];

/* What the sealer must know of the build besides its configuration. */
struct seal_input {
    const char *disk; /* image or overlay; nothing else may have it open */
    const char *format;
    const char *build_user;       /* account to remove; NULL: none was made */
    const char *build_public_key; /* authorized_keys line to remove wherever it stands; or NULL */
};

/* What the sealer learnt; strings in the build's arena. */
struct seal_result {
    const char *os_type;    /* "linux" */
    const char *os_distro;  /* "debian" */
    const char *os_product; /* "Debian GNU/Linux 12 (bookworm)" */
    const char *os_version; /* "12.8" */
    const char *arch;
    const char *package_format; /* "deb" */
    int64_t package_count;
    struct opt_strings operations; /* names of those that ran */
};

struct sealer {
    const char *name;
    /* Diagnose names of operations, unreadable certificates. */
    bool (*check)(const struct seal_config *config, const struct body *body, struct diags *diags);
    bool (*run)(const struct seal_config *config, const struct seal_input *input, struct build *b,
                struct seal_result *out, struct error **err);
};

struct sealop; /* seal/sealop.h */

#endif
