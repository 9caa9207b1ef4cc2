/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#define SLOTS_MIN 16 /* a power of two */

/* FNV-1a. */
static uint32_t hash_key(str key)
{
    uint32_t h = UINT32_C(2166136261);
    for (size_t i = 0; i < key.len; i++)
        h = (h ^ (unsigned char)key.ptr[i]) * UINT32_C(16777619);
    return h;
}

/* Slot that holds KEY, or the free one where it belongs. */
static uint32_t *find_slot(const struct map *m, str key)
{
    size_t i = hash_key(key) & (m->slot_count - 1);
    while (m->slots[i] != 0 && !str_eq(m->entries[m->slots[i] - 1].key, key))
        i = (i + 1) & (m->slot_count - 1);
    return &m->slots[i];
}

static struct map_entry *find_entry(const struct map *m, str key)
{
    if (m->slot_count == 0)
        return NULL;
    uint32_t slot = *find_slot(m, key);
    return slot == 0 ? NULL : &m->entries[slot - 1];
}

static void grow(struct map *m)
{
    size_t cap = m->cap == 0 ? SLOTS_MIN / 2 : m->cap * 2;
    struct map_entry *entries = arena_new_array(m->arena, struct map_entry, cap);
    if (m->len > 0)
        memcpy(entries, m->entries, m->len * sizeof(*entries));
    m->entries = entries;
    m->cap = cap;
    m->slot_count = cap * 2;
    m->slots = arena_new_array(m->arena, uint32_t, m->slot_count);
    for (size_t i = 0; i < m->len; i++)
        *find_slot(m, m->entries[i].key) = (uint32_t)(i + 1);
}

void map_init(struct map *m, struct arena *a)
{
    *m = (struct map){.arena = a};
}

void *map_get(const struct map *m, str key)
{
    const struct map_entry *e = find_entry(m, key);
    return e == NULL ? NULL : e->value;
}

bool map_has(const struct map *m, str key)
{
    return find_entry(m, key) != NULL;
}

void *map_set(struct map *m, str key, void *value)
{
    struct map_entry *known = find_entry(m, key);
    if (known != NULL) {
        void *previous = known->value;
        known->value = value;
        return previous;
    }
    if (m->len == m->cap)
        grow(m);
    str copy = {arena_strndup(m->arena, key.ptr, key.len), key.len};
    *find_slot(m, key) = (uint32_t)(m->len + 1);
    m->entries[m->len++] = (struct map_entry){copy, value};
    return NULL;
}
