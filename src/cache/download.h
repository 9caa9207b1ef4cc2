/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CACHE_DOWNLOAD_H
#define IMGFAC_CACHE_DOWNLOAD_H

/* A URL and a checksum become a verified local file.  Local files are used in
 * place.  Downloads go to a cache keyed by digest (by URL when there is none),
 * under a lock, so that any number of builds fetch a thing once; a cut one
 * goes on where it ended; a damaged one is fetched again.  All strings are
 * borrowed; results live in the arena. */

#include "base/hash.h"
#include "schema/schema.h"

struct download {
    struct opt_strings urls;       /* tried in order */
    const char *checksum;          /* as in iso_checksum; NULL: "none" */
    const char *cache_dir;         /* made when absent */
    const char *target_path;       /* NULL: in the cache; a directory: named by digest in it */
    const char *extension;         /* "iso", of a file in the cache; NULL: that of the URL */
    const struct opt_map *mirrors; /* URL prefix -> replacement; may be NULL */
    const char *proxy, *ca_file;   /* may be NULL */
    unsigned attempts;             /* at one URL without getting anything; 0: net/http.h's own */
    struct cancel *cancel;
    void (*say)(void *arg, const char *line); /* "Trying https://..."; may be NULL */
    void (*progress)(void *arg, uint64_t done, uint64_t total); /* may be NULL */
    void *arg;
};

struct downloaded {
    const char *path;
    const char *url;      /* the one that worked, fit for the record */
    const char *checksum; /* "sha256:..." as verified, or NULL */
    bool in_place;        /* the user's own file: never write, never remove */
    bool was_cached;
};

bool download_file(const struct download *d, struct arena *a, struct downloaded *out,
                   struct error **err);
/* "file:PATH-OR-URL" is read (fetched) and replaced by the entry for URL;
 * other forms are only parsed. */
bool download_resolve_checksum(const struct download *d, const char *url, struct arena *a,
                               struct checksum *out, struct error **err);
/* Path of a URL that names a local file ("x.iso", "./x", "/x", "file:///x"),
 * in the arena; NULL: it is not one. */
const char *download_local_path(const char *url, struct arena *a);

#endif
