/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CATALOG_REF_H
#define IMGFAC_CATALOG_REF_H

/* References to versions: BUCKET, BUCKET@CHANNEL, BUCKET:v3, BUCKET:FINGERPRINT
 * (or a prefix of at least six characters). */

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct ref {
    const char *bucket;
    const char *channel;     /* "latest" when nothing was said; NULL with a version */
    int64_t sequence;        /* 3 of "v3"; 0: none */
    const char *fingerprint; /* upper case, maybe a prefix; NULL: none */
};

bool ref_parse(struct arena *a, str text, struct ref *out, struct error **err);
/* Letters, digits, '.', '_', '-'; begins with a letter or digit; at most 128. */
bool ref_name_ok(str name);

#endif
