/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_MAP_H
#define IMGFAC_BASE_MAP_H

/* String map that remembers insertion order, so that output is deterministic.
 * Lives in an arena: keys are copied, values are borrowed pointers, nothing is
 * freed singly.  Not thread-safe for writers. */

#include "base/arena.h"
#include "base/str.h"

struct map_entry {
    str key; /* NUL-terminated copy */
    void *value;
};

struct map {
    struct arena *arena;
    struct map_entry *entries; /* in insertion order */
    size_t len;
    size_t cap;
    uint32_t *slots; /* open addressing: index + 1, 0 = free */
    size_t slot_count;
};

void map_init(struct map *m, struct arena *a);
/* Value of KEY, or NULL. */
void *map_get(const struct map *m, str key);
bool map_has(const struct map *m, str key);
/* Insert or replace; returns the previous value or NULL. */
void *map_set(struct map *m, str key, void *value);

/* MAP_EACH(e, &map): E is a struct map_entry *, in insertion order. */
#define MAP_EACH(e, m)                                                                             \
    for (struct map_entry *e = (m)->entries; e != NULL && e < (m)->entries + (m)->len; e++)

#endif
