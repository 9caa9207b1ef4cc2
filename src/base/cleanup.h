/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_CLEANUP_H
#define IMGFAC_BASE_CLEANUP_H

/* Cleanup attributes: a variable frees what it owns when it leaves scope.
 * One cleanup per owner; initialise at declaration; give away with steal(). */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/macros.h"

static inline void cleanup_free(void *p)
{
    free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void cleanup_fclose(FILE **f)
{
    if (*f != NULL)
        fclose(*f);
}

static inline void cleanup_closedir(DIR **d)
{
    if (*d != NULL)
        closedir(*d);
}

#define autofree     __attribute__((cleanup(cleanup_free)))
#define autoclose    __attribute__((cleanup(cleanup_close)))
#define autofclose   __attribute__((cleanup(cleanup_fclose)))
#define autoclosedir __attribute__((cleanup(cleanup_closedir)))

/* DEFINE_AUTO(arena, struct arena *, arena_free) makes AUTO(arena) usable:
 *     AUTO(arena) struct arena *a = arena_new("load");
 * FREE is NULL-safe. */
#define DEFINE_AUTO(name, type, freefn)                                                            \
    static inline ATTR_UNUSED void auto_cleanup_##name(type *p)                                    \
    {                                                                                              \
        freefn(*p);                                                                                \
    }                                                                                              \
    STATIC_ASSERT(1, "semicolon")
/* For embedded objects: CLEAR takes a pointer to the variable itself. */
#define DEFINE_AUTO_CLEAR(name, type, clearfn)                                                     \
    static inline ATTR_UNUSED void auto_cleanup_##name(type *p)                                    \
    {                                                                                              \
        clearfn(p);                                                                                \
    }                                                                                              \
    STATIC_ASSERT(1, "semicolon")
#define AUTO(name) __attribute__((cleanup(auto_cleanup_##name), unused))

/* Take the pointer out of *P, leaving NULL: its cleanup then does nothing. */
#define steal(p)                                                                                   \
    ({                                                                                             \
        __typeof__(*(p)) stolen_ = *(p);                                                           \
        *(p) = NULL;                                                                               \
        stolen_;                                                                                   \
    })
static inline int steal_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

#endif
