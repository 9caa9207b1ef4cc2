/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/thread.h"

#define LONGEST_ANSWER 1024

static pthread_mutex_t asking = PTHREAD_MUTEX_INITIALIZER;

static void put(int tty, const char *text)
{
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t n = write(tty, text, len);
        if (n < 0 && errno != EINTR)
            return;
        text += MAX(n, 0);
        len -= (size_t)MAX(n, 0);
    }
}

/* A line may end any time; the wait for it ends with C. */
static bool read_line(int tty, struct cancel *c, struct strbuf *answer)
{
    while (!cancel_test(c)) {
        char byte = '\0';
        struct pollfd fds[] = {{.fd = tty, .events = POLLIN},
                               {.fd = cancel_fd(c), .events = POLLIN}};
        if (poll(fds, ARRAY_SIZE(fds), cancel_poll_ms(c)) <= 0 || fds[0].revents == 0)
            continue;
        ssize_t n = read(tty, &byte, 1);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return false;
        if (byte == '\n')
            return true;
        if (answer->len < LONGEST_ANSWER)
            strbuf_addc(answer, byte);
    }
    return false;
}

bool tty_ask(const char *question, struct cancel *c, struct strbuf *answer)
{
    LOCK_SCOPE(&asking);
    autoclose int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    strbuf_truncate(answer, 0);
    if (tty < 0)
        return false;
    put(tty, question);
    bool ok = read_line(tty, c, answer);
    if (!ok)
        put(tty, "\n");
    return ok;
}
