/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_ARENA_H
#define IMGFAC_BASE_ARENA_H

/* Memory of one phase: everything allocated here lives until arena_free() and
 * is never freed singly.  An arena has a limit, past which it aborts with its
 * name: outside input is bounded before it gets here.  Not thread-safe: an
 * arena belongs to one thread at a time. */

#include <stdarg.h>

#include "base/cleanup.h"
#include "base/macros.h"

struct arena;

/* NAME (borrowed, static) appears in messages. */
struct arena *arena_new(const char *name) ATTR_RETURNS_NONNULL;
/* A child is freed with its parent, or earlier by arena_free(). */
struct arena *arena_new_child(struct arena *parent, const char *name) ATTR_RETURNS_NONNULL;
void arena_free(struct arena *a);
DEFINE_AUTO(arena, struct arena *, arena_free);

/* Largest number of bytes this arena may hold; default 1 GiB. */
void arena_set_limit(struct arena *a, size_t bytes);
size_t arena_used(const struct arena *a);

/* Zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size) ATTR_RETURNS_NONNULL;
void *arena_alloc_array(struct arena *a, size_t count, size_t size) ATTR_RETURNS_NONNULL;
void *arena_memdup(struct arena *a, const void *p, size_t size) ATTR_RETURNS_NONNULL;
char *arena_strdup(struct arena *a, const char *s) ATTR_RETURNS_NONNULL;
char *arena_strndup(struct arena *a, const char *s, size_t len) ATTR_RETURNS_NONNULL;
char *arena_fmt(struct arena *a, const char *fmt, ...) ATTR_PRINTF(2, 3) ATTR_RETURNS_NONNULL;
char *arena_vfmt(struct arena *a, const char *fmt, va_list ap)
    ATTR_PRINTF(2, 0) ATTR_RETURNS_NONNULL;
/* Call FN(ARG) when the arena is freed; last registered runs first. */
void arena_on_free(struct arena *a, void (*fn)(void *arg), void *arg);

#define arena_new_object(a, type)       ((type *)arena_alloc((a), sizeof(type)))
#define arena_new_array(a, type, count) ((type *)arena_alloc_array((a), (count), sizeof(type)))

#endif
