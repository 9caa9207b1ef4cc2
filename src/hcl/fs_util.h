/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_FS_UTIL_H
#define IMGFAC_HCL_FS_UTIL_H

/* Helpers of the file functions: paths, globs, Base64.  Results live in the
 * arena.  Thread-safe. */

#include "base/vec.h"
#include "hcl/func.h"
#include "hcl/value.h"

/* Shortest equal path by syntax alone, as Go's filepath.Clean. */
char *fs_clean_path(struct arena *a, const char *path) ATTR_RETURNS_NONNULL;

DEFINE_ARENA_VEC(fs_matches, value); /* strings */

/* Add the regular files below DIR that match PATTERN, as paths from DIR.
 * False with a func_error() for a malformed pattern. */
bool fs_glob(struct func_call *call, const char *dir, const char *pattern, struct fs_matches *out);

/* Standard alphabet with padding. */
void base64_encode(str data, struct strbuf *out);
/* Line ends are skipped; *BAD is the offset of what is wrong. */
bool base64_decode(str text, struct strbuf *out, size_t *bad);

#endif
