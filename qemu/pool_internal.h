/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_POOL_INTERNAL_H
#define IMGFAC_QEMU_POOL_INTERNAL_H

/* What the files of the pool share: pool.c knows pools and volumes,
 * pool_move.c moves bytes, pool_share.c keeps bases.  Owned by the caller of
 * pool_open(); one thread. */

#include <libvirt/libvirt.h>

#include "qemu/pool.h"

struct pool {
    struct conn *conn;
    virStoragePoolPtr pool;
    struct ledger *ledger;
    char *name, *path;
};

/* From libvirt's last error: "cannot WHAT 'NAME' of storage pool ...". */
bool pool_error(const struct pool *p, struct error **err, const char *what, const char *name);
void pool_describe(struct pool *p, struct arena *a, const char *name, struct volume *out);
/* Into the ledger, before it is made. */
bool pool_record(struct pool *p, struct volume *v, struct error **err);
virStorageVolPtr pool_create(struct pool *p, const struct volume_spec *spec, struct error **err);
/* NULL with libvirt's error. */
virStorageVolPtr pool_find(virStoragePoolPtr pool, const char *name);
/* Bytes of the file FD into VOL. */
bool pool_send(struct pool *p, virStorageVolPtr vol, int fd, const struct transfer *t,
               struct error **err);

#endif
