/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_TESTS_LIB_PROVISION_H
#define IMGFAC_TESTS_LIB_PROVISION_H

/* Provisioners from their HCL text to what happened in a "guest": a real
 * OpenSSH server on the loopback, or whatever communicator a test puts into
 * `build.comm`.  One fixture for each test program; not thread-safe. */

#include "plug/provisioner.h"
#include "tests/lib/sshd.h"

struct test_prov {
    struct test_sshd sshd;
    struct test_sink sink;
    struct build build;
    struct comm_config config;
    struct cancel *cancel;
    bool present; /* OpenSSH is installed */
};
extern struct test_prov fx;

/* For cmocka_run_group_tests(). */
int test_prov_set_up(void **state);
int test_prov_tear_down(void **state);

/* Write NAME below the server's folder. */
void test_prov_put(const char *name, str text, mode_t mode);
/* The text of such a file; heap. */
char *test_prov_get(const char *name);

/* Decode TEXT, where @ stands for the server's folder, check and run; false
 * with the error or the first diagnostic in *WHY (heap). */
bool test_provision(const struct provisioner_type *type, const char *text, char **why);

struct test_example {
    const char *text;
    /* "@/" stands for the server's folder in these too */
    const char *said; /* must be in what the build said; NULL: nothing looked for */
    const char *why;  /* must be in the error; NULL: succeeds */
};
void test_prov_examples(const struct provisioner_type *type, const struct test_example *e,
                        size_t count);

#endif
