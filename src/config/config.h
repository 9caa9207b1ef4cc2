/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CONFIG_CONFIG_H
#define IMGFAC_CONFIG_CONFIG_H

/* The configuration of a site (config.example.hcl): where the store is, which
 * hypervisors there are, how downloads are made.  HCL like a template, decoded
 * through schema rows; immutable once loaded; owned by the arena it was loaded
 * into.  With no file at all every default works. */

#include "schema/schema.h"

struct config_store {
    const char *path;
};

struct config_catalog {
    const char *url;
};

struct config_hypervisor {
    const char *name;
    const char *uri;         /* "auto", "qemu:///system", "qemu+ssh://kvm2/system" */
    uint64_t memory_bytes;   /* for builds together; 0: not limited */
    int64_t vcpus;           /* 0: not limited */
    const char *accelerator; /* "auto", "kvm", "tcg" */
    const char *pool;        /* storage pool of another host for disks and bases */
    const char *pool_path;   /* directory there, to make the pool when there is none; or NULL */
};

struct config_download {
    struct opt_map mirrors; /* URL prefix -> replacement */
    const char *proxy;
    const char *ca_file;
    uint64_t cache_size_bytes; /* 0: not limited */
    const char *cache_path;    /* NULL: STORE/cache */
};

struct config_logs {
    int64_t keep_days; /* 0: for ever */
    int64_t keep_last;
};

struct config {
    const char *file; /* where it was read; NULL: built-in defaults */
    struct config_store *store;
    struct config_catalog *catalog;
    struct opt_blocks hypervisors; /* struct config_hypervisor; at least one after loading */
    struct config_download *download;
    struct config_logs *logs;
};

extern const struct opt config_opts[];

/* PATH NULL: $IMGFAC_CONFIG, $XDG_CONFIG_HOME/imgfac/config.hcl,
 * /etc/imgfac/config.hcl, else the defaults.  False when a diagnostic was added. */
bool config_load(const char *path, struct arena *a, struct config *out, struct diags *diags);
/* Store directory after all defaults ($XDG_DATA_HOME/imgfac; root: /var/lib/imgfac). */
const char *config_store_path(const struct config *config, struct arena *a);
/* NAME NULL: the first one; NULL when there is none of that name. */
const struct config_hypervisor *config_find_hypervisor(const struct config *config,
                                                       const char *name);

#endif
