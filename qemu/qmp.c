/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/qmp.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define LIMIT_NS       (10 * NS_PER_S)
#define LINE_MAX_BYTES ((size_t)1 << 20)

struct qmp {
    int fd;
    struct strbuf in; /* received, not yet taken */
};

DEFINE_AUTO(json, json_t *, json_decref);

void qmp_close(struct qmp *q)
{
    if (q == NULL)
        return;
    if (q->fd >= 0)
        close(q->fd);
    strbuf_clear(&q->in);
    free(q);
}

static bool receive(struct qmp *q, int64_t until, struct error **err)
{
    struct pollfd p = {.fd = q->fd, .events = POLLIN};
    int64_t left = (until - clock_now()) / NS_PER_MS;
    char chunk[4096];
    if (left <= 0 || poll(&p, 1, (int)left) == 0)
        return error_set(err, ERR_TIMEOUT, 0, "QEMU's monitor does not answer");
    ssize_t n = read(q->fd, chunk, sizeof(chunk));
    if (n < 0 && errno == EINTR)
        return true;
    if (n <= 0 || !strbuf_add(&q->in, chunk, (size_t)n))
        return error_set(err, ERR_LIBVIRT, n < 0 ? errno : 0, "QEMU's monitor hung up");
    return true;
}

/* The next message that is no event. */
static json_t *next_answer(struct qmp *q, struct error **err)
{
    int64_t until = clock_now() + LIMIT_NS;
    for (;;) {
        const char *end = memchr(q->in.buf, '\n', q->in.len);
        if (end == NULL) {
            if (!receive(q, until, err))
                return NULL;
            continue;
        }
        size_t len = (size_t)(end - q->in.buf);
        json_t *message = json_loadb(q->in.buf, len, 0, NULL);
        strbuf_shift(&q->in, len + 1);
        if (message != NULL && json_object_get(message, "event") == NULL)
            return message;
        json_decref(message);
    }
}

bool qmp_call(struct qmp *q, const char *command, json_t *arguments, struct error **err)
{
    AUTO(json) json_t *call = json_pack("{s:s, s:o*}", "execute", command, "arguments", arguments);
    char *text = json_dumps(call, JSON_COMPACT);
    autofree char *line = xasprintf("%s\n", text);
    free(text);
    if (!io_write_all(q->fd, line, strlen(line)))
        return error_set(err, ERR_LIBVIRT, errno, "cannot write to QEMU's monitor");
    AUTO(json) json_t *answer = next_answer(q, err);
    if (answer == NULL)
        return false;
    if (json_object_get(answer, "return") != NULL)
        return true;
    const char *why = json_string_value(json_object_get(json_object_get(answer, "error"), "desc"));
    return error_set(err, ERR_LIBVIRT, 0, "QEMU refuses %s: %s", command, why ? why : "no reason");
}

struct qmp *qmp_open(const char *socket_path, struct error **err)
{
    AUTO(qmp) struct qmp *q = xnew(struct qmp);
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    strbuf_init(&q->in, LINE_MAX_BYTES);
    q->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (strlen(socket_path) >= sizeof(addr.sun_path)) {
        error_set(err, ERR_IO, 0, "the path '%s' is too long for a socket", socket_path);
        return NULL;
    }
    memcpy(addr.sun_path, socket_path, strlen(socket_path) + 1);
    if (q->fd < 0 || connect(q->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
        error_set(err, ERR_LIBVIRT, errno, "cannot reach the monitor '%s'", socket_path);
        return NULL;
    }
    AUTO(json) json_t *greeting = next_answer(q, err);
    if (greeting == NULL || !qmp_call(q, "qmp_capabilities", NULL, err))
        return NULL;
    return steal(&q);
}
