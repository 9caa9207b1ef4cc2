/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_MEM_H
#define IMGFAC_BASE_MEM_H

/* Heap allocation that cannot fail: out of memory aborts with a message, as
 * there is nothing useful to do.  Sizes that come from outside must be limited
 * before they get here.  Thread-safe. */

#include "base/macros.h"

void *xmalloc(size_t size) ATTR_MALLOC ATTR_RETURNS_NONNULL;
void *xcalloc(size_t count, size_t size) ATTR_MALLOC ATTR_RETURNS_NONNULL;
void *xrealloc(void *p, size_t size) ATTR_RETURNS_NONNULL;
/* Grow to COUNT elements of SIZE bytes; aborts when the product overflows. */
void *xreallocarray(void *p, size_t count, size_t size) ATTR_RETURNS_NONNULL;
char *xstrdup(const char *s) ATTR_MALLOC ATTR_RETURNS_NONNULL;
char *xstrndup(const char *s, size_t len) ATTR_MALLOC ATTR_RETURNS_NONNULL;
char *xasprintf(const char *fmt, ...) ATTR_PRINTF(1, 2) ATTR_MALLOC ATTR_RETURNS_NONNULL;

/* New zeroed object of TYPE on the heap. */
#define xnew(type) ((type *)xcalloc(1, sizeof(type)))

/* Wipe SIZE bytes so that the compiler cannot leave it out, then free. */
void free_secret(void *p, size_t size);

/* Fault injection for tests: true when the operation NAME must fail now.  In
 * release builds (NDEBUG_FAULTS) always false.  Set by IMGFAC_FAULT=N: the
 * N-th call of the process fails; 0 or unset: none. */
bool fault(const char *name);
/* Number of fault points passed so far. */
unsigned long fault_count(void);

#endif
