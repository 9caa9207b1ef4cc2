/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_REMOTE_H
#define IMGFAC_QEMU_REMOTE_H

/* What a build has on another host: volumes that stand for local files, and
 * tunnels.  In the state of the builder, for the build's thread; see
 * docs/design/008-remote.md. */

#include "plug/build.h"
#include "qemu/pool.h"
#include "qemu/uri.h"

struct domain;
struct tail;
struct tunnel;

/* A file of this build and what stands for it there. */
struct placed {
    const char *local;    /* path here, as the steps before named it */
    struct volume volume; /* path there; without an entry it is not ours alone */
};

#define PLACED_MAX 32

struct remote {
    struct uri uri;
    const char *host_name; /* of the configuration, for people */
    struct pool *pool;     /* NULL: not connected yet */
    struct tunnel *login, *http;
    struct tail *tail;
    struct placed placed[PLACED_MAX];
    size_t count;
};

/* NULL: URI is this host's. */
struct remote *remote_new(const char *uri, const char *name, struct arena *a);
/* What the template asks for and cannot have there. */
bool remote_check(const struct build *b, struct error **err);
/* The domain as that host sees it: its paths, its console. */
bool remote_translate(struct build *b, struct domain *d, struct error **err);
/* libvirt will make the firmware's variable store in the pool. */
bool remote_expect_vars(struct build *b, struct error **err);
/* A port that QEMU may find free there, in [MIN, MAX]. */
int remote_guess_port(int64_t min, int64_t max);
/* Lead a port of this host to the guest's login there. */
bool remote_open_login(struct build *b, int here, int there, struct error **err);

#endif
