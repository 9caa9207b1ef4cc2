/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_THREAD_H
#define IMGFAC_BASE_THREAD_H

/* Threads that cannot fail to start (they abort), and locks held for a scope:
 *     LOCK_SCOPE(&m);
 */

#include <pthread.h>

#include "base/cleanup.h"

pthread_t thread_start(const char *name, void *(*fn)(void *arg), void *arg);

static inline void thread_unlock_cleanup(pthread_mutex_t **m)
{
    pthread_mutex_unlock(*m);
}
static inline pthread_mutex_t *thread_lock(pthread_mutex_t *m)
{
    pthread_mutex_lock(m);
    return m;
}
#define LOCK_SCOPE(m)                                                                              \
    __attribute__((cleanup(thread_unlock_cleanup), unused)) pthread_mutex_t *scope_lock_ =         \
        thread_lock(m)

#endif
