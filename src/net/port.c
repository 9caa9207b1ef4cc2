/* SPDX-License-Identifier: Apache-2.0 */

#include "net/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/mem.h"

struct port_hold {
    int number;
    int lock_fd;
};

/* True when a listener could be bound to ADDRESS:PORT now. */
static bool can_listen(const char *address, int port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, address, &sa.sin_addr) != 1)
        sa.sin_addr.s_addr = htonl(INADDR_ANY);
    autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
        return false;
    return bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0 && listen(fd, 1) == 0;
}

/* The locks of one user lie together; another user's listener is found by
 * binding alone. */
static int open_lock(int port)
{
    const char *root = getenv("XDG_RUNTIME_DIR");
    autofree char *dir = root != NULL && root[0] == '/'
                             ? xasprintf("%s/imgfac-ports", root)
                             : xasprintf("/tmp/imgfac-ports-%u", (unsigned)geteuid());
    struct stat st;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return -1;
    if (lstat(dir, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
        return -1;
    autofree char *path = xasprintf("%s/%d", dir, port);
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static struct port_hold *try_port(const char *address, int port, bool *no_locks)
{
    autoclose int fd = open_lock(port);
    if (fd < 0)
        *no_locks = true;
    else if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return NULL;
    if (!can_listen(address, port))
        return NULL;
    struct port_hold *h = xnew(struct port_hold);
    h->number = port;
    h->lock_fd = steal_fd(&fd);
    return h;
}

struct port_hold *port_hold_new(const char *address, int min, int max, struct error **err)
{
    int count = max > min ? max - min : 1;
    uint32_t r;
    hash_random(&r, sizeof(r));
    bool no_locks = false;
    for (int i = 0; i < count; i++) {
        int port = min + (int)((r + (uint32_t)i) % (uint32_t)count);
        struct port_hold *h = try_port(address, port, &no_locks);
        if (h != NULL)
            return h;
    }
    error_set(err, ERR_NETWORK, 0, "no free TCP port between %d and %d on %s", min, min + count - 1,
              address);
    error_hint(err, "Widen the port range or stop what listens there.");
    return NULL;
}

int port_hold_number(const struct port_hold *h)
{
    return h->number;
}

void port_hold_free(struct port_hold *h)
{
    if (h == NULL)
        return;
    if (h->lock_fd >= 0)
        close(h->lock_fd);
    free(h);
}
