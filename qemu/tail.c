/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/thread.h"
#include "qemu/conn.h"
#include "qemu/guest.h"

struct tail {
    virStreamPtr stream;
    pthread_mutex_t lock;
    int fd;
    bool is_over;
    unsigned refs; /* the owner's and the callback's */
};

static void release(void *arg)
{
    struct tail *t = arg;
    pthread_mutex_lock(&t->lock);
    bool last = --t->refs == 0;
    pthread_mutex_unlock(&t->lock);
    if (!last)
        return;
    close(t->fd);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

/* A full disk here must not stop the guest: what does not fit is dropped. */
static bool copy_some(struct tail *t)
{
    char text[8192];
    int n = virStreamRecv(t->stream, text, sizeof(text));
    if (n == -2)
        return false;
    if (n <= 0) {
        t->is_over = true;
        return false;
    }
    if (!io_write_all(t->fd, text, (size_t)n))
        errno = 0;
    return true;
}

static void on_stream(virStreamPtr stream, int events, void *arg)
{
    struct tail *t = arg;
    LOCK_SCOPE(&t->lock);
    if (t->is_over)
        return;
    while (copy_some(t))
        continue;
    if ((events & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP)) != 0)
        t->is_over = true;
    if (t->is_over) /* else it would be called for ever */
        virStreamEventUpdateCallback(stream, 0);
    virResetLastError();
}

static bool listen_to(struct tail *t, struct guest *g, struct error **err)
{
    enum { WANTED = VIR_STREAM_EVENT_READABLE | VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP };
    virDomainPtr domain = guest_domain(g);
    t->stream = virStreamNew(virDomainGetConnect(domain), VIR_STREAM_NONBLOCK);
    if (t->stream == NULL ||
        virDomainOpenConsole(domain, NULL, t->stream, VIR_DOMAIN_CONSOLE_FORCE) < 0)
        return conn_error(err, "cannot open the guest's console");
    t->refs++;
    if (virStreamEventAddCallback(t->stream, WANTED, on_stream, t, release) == 0)
        return true;
    t->refs--;
    return conn_error(err, "cannot listen to the guest's console");
}

struct tail *tail_open(struct guest *g, const char *path, struct error **err)
{
    struct tail *t = xnew(struct tail);
    pthread_mutex_init(&t->lock, NULL);
    t->refs = 1;
    t->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (t->fd < 0)
        error_set(err, ERR_IO, errno, "cannot write '%s'", path);
    else if (listen_to(t, g, err))
        return t;
    tail_close(t);
    return NULL;
}

void tail_close(struct tail *t)
{
    if (t == NULL)
        return;
    pthread_mutex_lock(&t->lock);
    t->is_over = true;
    pthread_mutex_unlock(&t->lock);
    if (t->stream != NULL) {
        virStreamEventRemoveCallback(t->stream);
        virStreamAbort(t->stream);
        virStreamFree(t->stream);
        virResetLastError();
    }
    release(t);
}
