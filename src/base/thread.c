/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include <signal.h>

/* Signals are for the main thread alone: a thread is born with all of them
 * blocked, apart from those that report its own faults. */
pthread_t thread_start(const char *name, void *(*fn)(void *arg), void *arg)
{
    char short_name[16]; /* the kernel's limit */
    sigset_t blocked, before;
    pthread_t id;
    int rc;

    sigfillset(&blocked);
    sigdelset(&blocked, SIGSEGV);
    sigdelset(&blocked, SIGBUS);
    sigdelset(&blocked, SIGFPE);
    sigdelset(&blocked, SIGILL);
    sigdelset(&blocked, SIGABRT);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    rc = pthread_create(&id, NULL, fn, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0) {
        fprintf(stderr, "imgfac: cannot start thread '%s': %s\n", name, strerror(rc));
        abort();
    }
    snprintf(short_name, sizeof(short_name), "%s", name);
    pthread_setname_np(id, short_name);
    return id;
}
