/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PROVISIONER_SHELL_EXEC_H
#define IMGFAC_PROVISIONER_SHELL_EXEC_H

/* Run one script in the guest at the cost of one exec channel: script, command
 * and environment file travel over its standard input to a small shell program
 * that writes the files, runs the command and removes them again.  So neither
 * the script nor a secret in an environment variable is ever in a process's
 * arguments or in a log.  Where the command holds no secret and the login shell
 * is known, the script goes by SFTP and the guest starts nothing but the login
 * shell and the script's interpreter: a process costs an emulated guest a
 * hundred requests. */

#include "base/strbuf.h"
#include "plug/communicator.h"

struct shell_job {
    const char *script;   /* its name for people */
    str text;             /* of the script */
    const char *path;     /* in the guest */
    const char *command;  /* rendered execute_command */
    const char *env_path; /* of the environment file in the guest; NULL: none */
    str env_text;
    /* Without what sets the mode, for a POSIX login shell; NULL: it may hold a
     * secret or is the user's own. */
    const char *direct_command;
    bool keep;          /* skip_clean */
    bool is_plain;      /* the command is ours: it sets the mode and needs no subshell */
    bool login_shell;   /* the command is the user's own: run it by the login shell */
    int64_t retry_ns;   /* start_retry_timeout */
    struct strbuf last; /* last line of standard error, or of the terminal */
};

/* *STATUS as comm_run(); false when it could not be started within retry_ns. */
bool shell_exec(struct build *b, struct shell_job *job, int *status, struct error **err);
/* Remove the files of a job whose connection broke. */
bool shell_exec_clean(struct build *b, const struct shell_job *job, struct error **err);

#endif
