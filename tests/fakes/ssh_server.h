/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_TESTS_FAKES_SSH_SERVER_H
#define IMGFAC_TESTS_FAKES_SSH_SERVER_H

/* An SSH server that misbehaves on purpose, in a thread of the test: a real
 * one refuses to.  Listens on a free port of the loopback; serves one
 * connection after the other until stopped. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum fake_mode {
    FAKE_SSH,          /* speaks SSH; faults below */
    FAKE_CLOSES,       /* accepts and closes at once, `times` times, then FAKE_SSH */
    FAKE_GARBAGE,      /* answers as a web server would */
    FAKE_SAYS_NOTHING, /* accepts and never says a word */
    FAKE_STOPS,        /* sends its banner and no more */
};

struct fake_ssh {
    enum fake_mode mode;
    int times;            /* of FAKE_CLOSES */
    int refusals;         /* logins refused before one is accepted */
    const char *password; /* accepted as password, or answer when `interactive` */
    bool interactive;
    int64_t lag_ns; /* before each answer, once logged in */
    /* What happens to a command: its text is looked at. "hang": nothing is
     * answered any more; "die": the connection breaks after a line of output;
     * "close": the channel closes without a status; else: echoed, status 0. */

    int port;
    atomic_int connections, logins;
    int listener;
    atomic_bool stop;
    pthread_t thread;
};

void fake_ssh_start(struct fake_ssh *f);
void fake_ssh_stop(struct fake_ssh *f);

#endif
