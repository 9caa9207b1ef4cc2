/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_VEC_H
#define IMGFAC_BASE_VEC_H

/* Typed growable array.  DEFINE_VEC(strs, char *) gives `struct strs` with
 * public `ptr` and `len`, and strs_push(), strs_clear().  Elements are moved
 * bitwise and not freed.  DEFINE_ARENA_VEC gives the same over an arena: there
 * push takes the arena first, and nothing is freed. */

#include <string.h>

#include "base/arena.h"
#include "base/mem.h"

#define DEFINE_VEC(name, type)                                                                     \
    struct name {                                                                                  \
        type *ptr;                                                                                 \
        size_t len, cap;                                                                           \
    };                                                                                             \
    static inline ATTR_UNUSED void name##_push(struct name *v, type item)                          \
    {                                                                                              \
        if (v->len == v->cap) {                                                                    \
            v->cap = v->cap == 0 ? 8 : v->cap * 2;                                                 \
            v->ptr = xreallocarray(v->ptr, v->cap, sizeof(*v->ptr));                               \
        }                                                                                          \
        v->ptr[v->len++] = item;                                                                   \
    }                                                                                              \
    static inline ATTR_UNUSED void name##_clear(struct name *v)                                    \
    {                                                                                              \
        free(v->ptr);                                                                              \
        *v = (struct name){0};                                                                     \
    }                                                                                              \
    DEFINE_AUTO_CLEAR(name, struct name, name##_clear)

#define DEFINE_ARENA_VEC(name, type)                                                               \
    struct name {                                                                                  \
        type *ptr;                                                                                 \
        size_t len, cap;                                                                           \
    };                                                                                             \
    static inline ATTR_UNUSED void name##_push(struct arena *a, struct name *v, type item)         \
    {                                                                                              \
        if (v->len == v->cap) {                                                                    \
            size_t cap = v->cap == 0 ? 4 : v->cap * 2;                                             \
            type *grown = arena_alloc_array(a, cap, sizeof(*grown));                               \
            if (v->len > 0)                                                                        \
                memcpy(grown, v->ptr, v->len * sizeof(*grown));                                    \
            v->ptr = grown;                                                                        \
            v->cap = cap;                                                                          \
        }                                                                                          \
        v->ptr[v->len++] = item;                                                                   \
    }                                                                                              \
    STATIC_ASSERT(1, "semicolon")

/* VEC_EACH(item, &vec): ITEM is a pointer to each element. */
#define VEC_EACH(item, v)                                                                          \
    for (__typeof__((v)->ptr[0]) *item = (v)->ptr; item != NULL && item < (v)->ptr + (v)->len;     \
         item++)

#endif
