/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define ARENA_POISONS 1
#endif

/* Under the address sanitizer each object has a poisoned gap behind it. */
#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#define POISON(p, size)   ASAN_POISON_MEMORY_REGION((p), (size))
#define UNPOISON(p, size) ASAN_UNPOISON_MEMORY_REGION((p), (size))
#define GAP               ALIGNMENT
#else
#define POISON(p, size)   ((void)0)
#define UNPOISON(p, size) ((void)0)
#define GAP               0
#endif

#define ALIGNMENT     alignof(max_align_t)
#define CHUNK_MIN     ((size_t)4 << 10)
#define CHUNK_MAX     ((size_t)1 << 20)
#define LIMIT_DEFAULT ((size_t)1 << 30)

struct chunk {
    struct chunk *next;
    size_t size; /* of data */
    size_t used;
    alignas(max_align_t) char data[];
};

struct callback {
    struct callback *next;
    void (*fn)(void *arg);
    void *arg;
};

struct arena {
    const char *name;
    struct arena *parent;
    struct arena *children;
    struct arena *prev, *next; /* among the children of the parent */
    struct chunk *chunks;      /* the first one is being filled */
    struct callback *callbacks;
    size_t next_size;
    size_t limit;
    size_t used;
};

struct arena *arena_new(const char *name)
{
    struct arena *a = xnew(struct arena);
    a->name = name;
    a->next_size = CHUNK_MIN;
    a->limit = LIMIT_DEFAULT;
    return a;
}

struct arena *arena_new_child(struct arena *parent, const char *name)
{
    struct arena *a = arena_new(name);
    a->parent = parent;
    a->next = parent->children;
    if (a->next != NULL)
        a->next->prev = a;
    parent->children = a;
    return a;
}

static void unlink_from_parent(struct arena *a)
{
    if (a->parent == NULL)
        return;
    if (a->prev != NULL)
        a->prev->next = a->next;
    else
        a->parent->children = a->next;
    if (a->next != NULL)
        a->next->prev = a->prev;
}

static void free_chunks(struct arena *a)
{
    while (a->chunks != NULL) {
        struct chunk *c = a->chunks;
        a->chunks = c->next;
        UNPOISON(c->data, c->size);
        free(c);
    }
}

/* Children first, as their objects may point into the parent's; then the
 * callbacks, which may still use the memory. */
void arena_free(struct arena *a)
{
    if (a == NULL)
        return;
    while (a->children != NULL)
        arena_free(a->children);
    while (a->callbacks != NULL) {
        struct callback *cb = a->callbacks;
        a->callbacks = cb->next;
        cb->fn(cb->arg);
    }
    unlink_from_parent(a);
    free_chunks(a);
    free(a);
}

void arena_set_limit(struct arena *a, size_t bytes)
{
    a->limit = bytes;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}

static void ATTR_NORETURN over_limit(const struct arena *a, size_t size)
{
    fprintf(stderr, "imgfac: arena '%s' is full: %zu bytes wanted, %zu in use, the limit is %zu\n",
            a->name, size, a->used, a->limit);
    abort();
}

/* A large object gets a chunk of its own behind the one being filled, so that
 * the rest of that one is not lost. */
static struct chunk *add_chunk(struct arena *a, size_t needed)
{
    bool is_large = needed > a->next_size / 2;
    size_t size = is_large ? needed : a->next_size;
    struct chunk *c = xcalloc(1, sizeof(*c) + size);
    c->size = size;
    POISON(c->data, size);
    if (is_large && a->chunks != NULL) {
        c->next = a->chunks->next;
        a->chunks->next = c;
        return c;
    }
    c->next = a->chunks;
    a->chunks = c;
    if (!is_large)
        a->next_size = MIN(a->next_size * 2, CHUNK_MAX);
    return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
    size_t padded;
    if (!ckd_add_ok(MAX(size, (size_t)1), ALIGNMENT - 1, &padded))
        over_limit(a, size);
    padded &= ~(ALIGNMENT - 1);
    if (a->used > a->limit || padded > a->limit - a->used)
        over_limit(a, size);
    struct chunk *c = a->chunks;
    if (c == NULL || c->size - c->used < padded + GAP)
        c = add_chunk(a, padded + GAP);
    void *p = c->data + c->used;
    c->used += padded + GAP;
    a->used += padded;
    UNPOISON(p, size);
    return p;
}

void *arena_alloc_array(struct arena *a, size_t count, size_t size)
{
    size_t total;
    if (!ckd_mul_ok(count, size, &total))
        over_limit(a, SIZE_MAX);
    return arena_alloc(a, total);
}

void *arena_memdup(struct arena *a, const void *p, size_t size)
{
    void *copy = arena_alloc(a, size);
    if (size > 0)
        memcpy(copy, p, size);
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
    size_t size;
    if (!ckd_add_ok(len, (size_t)1, &size))
        over_limit(a, len);
    char *copy = arena_alloc(a, size);
    if (len > 0)
        memcpy(copy, s, len);
    return copy;
}

char *arena_vfmt(struct arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (len < 0)
        over_limit(a, SIZE_MAX);
    size_t size = (size_t)len + 1;
    char *text = arena_alloc(a, size);
    vsnprintf(text, size, fmt, ap);
    return text;
}

char *arena_fmt(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = arena_vfmt(a, fmt, ap);
    va_end(ap);
    return text;
}

void arena_on_free(struct arena *a, void (*fn)(void *arg), void *arg)
{
    struct callback *cb = arena_new_object(a, struct callback);
    *cb = (struct callback){a->callbacks, fn, arg};
    a->callbacks = cb;
}
