/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PROVISIONER_WINDOWS_H
#define IMGFAC_PROVISIONER_WINDOWS_H

/* What the provisioners for Windows guests share: quoting for PowerShell,
 * running an uploaded script, and running a command elevated through a
 * scheduled task.  Results live in the caller's arena. */

#include "base/strbuf.h"
#include "plug/build.h"

/* Add S for the inside of a PowerShell string in double quotes: $ " ` ' get a
 * backtick. */
void windows_add_escaped(struct strbuf *sb, str s);
/* S as a PowerShell string in single quotes. */
const char *windows_quote(struct arena *a, const char *text);
/* A command line that runs the PowerShell SCRIPT whatever the login shell is:
 * -EncodedCommand with UTF-16 in base 64. */
const char *windows_encoded(struct arena *a, const char *script);

struct windows_script {
    const char *title; /* for messages */
    str text;          /* uploaded to PATH; ptr NULL: already there */
    const char *path;
    const char *command;
    int64_t retry_ns;   /* start_retry_timeout */
    struct strbuf last; /* last line of standard error */
};
/* Upload and run, again after failures to start until retry_ns is over. */
bool windows_run_script(struct build *b, struct windows_script *s, int *status, struct error **err);

/* Upload a script that runs COMMAND as USER by a scheduled task, hands its
 * output on and ends with its status; *OUT is the command that starts it.
 * PASSWORD may be empty: a service account. */
bool windows_elevate(struct build *b, struct arena *a, const char *command, const char *user,
                     const char *password, const char **out, struct error **err);

/* Remove files of the guest; failures are logged only. */
void windows_remove(struct build *b, struct arena *a, const char *const *paths, size_t count);

#endif
