/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_TESTS_LIB_SSHD_H
#define IMGFAC_TESTS_LIB_SSHD_H

/* A real OpenSSH server for tests: on a free port of the loopback, with keys
 * and configuration in a temporary directory, run as whoever runs the test and
 * admitting that user alone.  And a sink that remembers what a build said. */

#include <sys/types.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "plug/build.h"
#include "plug/communicator.h"

struct test_sshd {
    char *dir; /* with `home`, of the sessions; `bin` is first in their $PATH */
    int port;
    char *user;
    char *key_pem;  /* admitted private key */
    char *key_path; /* the same as a file */
    struct proc *proc;
};

/* False when OpenSSH is not installed: skip the test. */
bool test_sshd_init(struct test_sshd *s);
void test_sshd_start(struct test_sshd *s, const char *extra_config);
void test_sshd_stop(struct test_sshd *s);
/* New host keys for the next start. */
void test_sshd_new_host_key(struct test_sshd *s);
void test_sshd_clear(struct test_sshd *s);
int test_free_port(void);

struct test_sink {
    struct event_sink sink;
    struct strbuf text; /* "say: ...\n", "out: ...\n", "err: ...\n", "warning: ...\n" */
    uint64_t progress;
};
void test_sink_init(struct test_sink *s);

/* A build and configuration that log in to S; both zeroed first. */
void test_ssh_build(const struct test_sshd *s, struct build *b, struct comm_config *config,
                    struct test_sink *sink, struct cancel *cancel);

#endif
