/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CLOUD_INIT_USERDATA_H
#define IMGFAC_CLOUD_INIT_USERDATA_H

/* The user-data of a build's seed: the account and key of the build, and what
 * the template's author wants besides.  A #cloud-config of theirs is merged
 * into ours (maps deep, lists appended); any other kind cloud-init knows
 * (script, include, boothook, archive, MIME) goes along in a multipart. */

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

struct userdata {
    const char *user;       /* account to make or to give the key to; NULL: none */
    const char *public_key; /* authorized_keys line; NULL: none */
    const char *hostname;   /* NULL: keep that of the base */
    const char *own;        /* the author's text, or NULL */
    const char *own_json;   /* or the author's value as JSON (wins), or NULL */
};

bool userdata_render(const struct userdata *u, struct arena *a, struct strbuf *out,
                     struct error **err);

#endif
