/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PROVISIONER_CHECK_H
#define IMGFAC_PROVISIONER_CHECK_H

/* Inside of the provisioner "check": what the template expects becomes a list
 * of expectations and one POSIX shell script that tells the guest's answer to
 * each; the answers are judged here.  Everything lives in the arena of the
 * run. */

#include "provisioner/common.h"

struct check_package {
    const char *name;
    bool installed;
    const char *version;
};
struct check_service {
    const char *name;
    int running, enabled; /* -1: not asked */
};
enum file_type { FILE_ANY, FILE_REGULAR, FILE_DIRECTORY, FILE_SYMLINK };
struct check_file {
    const char *path;
    bool exists;
    int type;
    const char *mode, *owner, *group, *size, *sha256, *links_to;
    struct opt_strings contains;
};
struct check_port {
    const char *port;
    bool listening;
    const char *address;
};
struct check_user {
    const char *name;
    bool exists;
    const char *uid, *gid, *home, *shell;
    struct opt_strings groups;
};
struct check_group {
    const char *name;
    bool exists;
    const char *gid;
};
struct check_command {
    const char *command;
    int64_t exit_status;
    struct opt_strings output, errors;
    int64_t timeout_ns;
};

struct check_config {
    struct opt_blocks packages, services, files, ports, users, groups, commands;
    int sudo; /* -1: not set */
    int64_t retry_timeout_ns;
    bool fail;
};

enum judge_kind {
    JUDGE_EQUAL,   /* the answer is the wanted text */
    JUDGE_GLOB,    /* ... matches the wanted pattern */
    JUDGE_TYPE,    /* ... is stat's word for a "file", "directory", "symlink" */
    JUDGE_OCTAL,   /* ... is the same octal number */
    JUDGE_PATTERN, /* ... is "yes"; wanted is the pattern that was looked for */
    JUDGE_SET,     /* ... is not empty, wanted "true"; else empty */
    JUDGE_ACTIVE,  /* ... is "active", wanted "true"; else not */
    JUDGE_ENABLED,
    JUDGE_PORT, /* ... is a list of addresses of /proc/net; wanted "true", "false" or one */
    JUDGE_WORD, /* ... has the wanted word among others */
};

struct expectation {
    const char *kind, *name; /* "file", "/etc/passwd" */
    const char *what;        /* "mode" */
    const char *want;
    enum judge_kind judge;
    int field;          /* > 0: of the answer, which is a line of passwd or group */
    const char *actual; /* for people */
    bool ok;
};
DEFINE_ARENA_VEC(expectations, struct expectation);

/* --- check_script.c --- */

/* Fill LIST and add the script whose lines "NONCE number answer" tell about
 * each. */
void check_make_script(struct arena *a, const struct check_config *c, const char *nonce,
                       struct expectations *list, struct strbuf *script);

/* --- check_judge.c --- */

/* Judge one answer; fills actual and ok. */
void check_judge(struct arena *a, struct expectation *e, str answer);
/* "tcp:80", "udp:53", "8080" as protocol and number. */
bool check_parse_port(const char *text, bool *udp, int *port);

#endif
