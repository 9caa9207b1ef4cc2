/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLOUD_INIT_SEED_H
#define IMGFAC_CLOUD_INIT_SEED_H

/* NoCloud seeds: user-data, meta-data and network-config in one ISO image
 * labelled "cidata".  Attach it as a read-only virtio disk: cloud kernels have
 * no driver for CD drives.  Everything is borrowed. */

#include "cloud-init/userdata.h"
#include "schema/schema.h"

/* The block `cloud_init { }` of a source. */
struct cloud_init_config {
    const char *user_data;      /* JSON of what was given: a string or a value */
    const char *network_config; /* likewise */
    const char *meta_data;      /* likewise */
    const char *hostname;
};

extern const struct opt cloud_init_opts[];

struct seed {
    const struct cloud_init_config *config; /* NULL: no block */
    const char *instance_id;
    const char *user;       /* account of the build; NULL: none */
    const char *public_key; /* NULL: none */
};

/* Texts of the three files, without writing anything; NETWORK stays empty when
 * there is none. */
bool seed_render(const struct seed *s, struct strbuf *user_data, struct strbuf *meta_data,
                 struct strbuf *network, struct error **err);
/* Write the image at PATH, mode 0600. */
bool seed_write(const struct seed *s, const char *path, struct error **err);

#endif
