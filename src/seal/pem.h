/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_SEAL_PEM_H
#define IMGFAC_SEAL_PEM_H

/* Certificates of a PEM file of the host, read and judged with OpenSSL before
 * they go into a guest.  Everything returned lives in the arena given. */

#include "base/error.h"
#include "base/str.h"
#include "base/vec.h"

struct pem_cert {
    const char *text;    /* PEM of this certificate alone, re-encoded, with LF at the end */
    const char *subject; /* "CN=Corp Root, O=Corp" */
    const char *hash;    /* OpenSSL's subject hash, "5ed36f99": names links in a CApath */
    const char *sha256;  /* fingerprint, lower-case hex */
    bool is_ca;
    bool is_expired, is_not_yet_valid; /* by wall time */
    const char *not_after;             /* RFC 3339 */
};
DEFINE_ARENA_VEC(pem_certs, struct pem_cert);

/* All certificates of a PEM text, at most 1000.  Without one, or when one
 * cannot be read, or when a private key is among them: false.  NAME is for the
 * message. */
bool pem_parse(struct arena *a, str text, const char *name, struct pem_certs *out,
               struct error **err);
/* The same of a file of the host, at most 4 MiB. */
bool pem_read(struct arena *a, const char *path, struct pem_certs *out, struct error **err);
/* BUNDLE (many PEM blocks and comments) holds this certificate. */
bool pem_bundle_has(str bundle, const struct pem_cert *cert);

#endif
