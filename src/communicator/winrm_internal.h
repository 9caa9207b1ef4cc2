/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_COMMUNICATOR_WINRM_INTERNAL_H
#define IMGFAC_COMMUNICATOR_WINRM_INTERNAL_H

/* What the files of the communicator "winrm" share.  A remote shell of Windows
 * is made when it is first needed and made again when the guest has forgotten
 * it; commands run in it one after the other.  One connection, one thread. */

#include "communicator/winrm_link.h"
#include "communicator/wsman.h"
#include "plug/communicator.h"

struct winrm_comm {
    struct comm comm; /* first member, as plug/communicator.h wants it */
    const struct comm_config *config;
    struct build *build;
    struct winrm_target target;
    char *url, *host;
    struct winrm_link *link;  /* everything but standard input */
    struct winrm_link *input; /* that, while the other waits for output */
    char *shell_id;           /* NULL: none */
    unsigned uses;            /* commands run in it */
    char *why_lost;           /* of the last command that was broken off; or NULL */
};

/* A request other than WSMAN_RECEIVE is answered at once by whoever is well. */
#define WINRM_CALL_NS (60 * NS_PER_S)

/* --- winrm_shell.c --- */
struct ssh_wait winrm_wait(const struct winrm_comm *c, struct cancel *cancel, int64_t timeout_ns,
                           const char *what);
/* One message and its answer, which may be a fault. */
bool winrm_call(struct winrm_comm *c, const struct wsman_request *r, int64_t limit_ns,
                struct wsman_response *answer, const struct ssh_wait *w, struct error **err);
/* A shell is there. */
bool winrm_shell_ensure(struct winrm_comm *c, const struct ssh_wait *w, struct error **err);
/* Delete the shell, if there is one; its commands end.  Failures are ignored,
 * and it takes a few seconds at most. */
void winrm_shell_end(struct winrm_comm *c);
/* The guest has no shell of ours any more, and no connection. */
void winrm_shell_forget(struct winrm_comm *c);

/* --- winrm_exec.c --- */
/* Standard input in pieces of at most this many bytes, so that the message
 * stays below WSMAN_ENVELOPE_MAX. */
#define WINRM_INPUT_MAX ((size_t)108 << 10)

struct winrm_job {
    const char *command;
    /* Put the next piece of standard input into the empty BLOCK; the last one
     * says so, and may be empty.  NULL: no standard input. */
    bool (*next)(void *arg, struct strbuf *block, bool *is_last, struct error **err);
    void (*on_stream)(void *arg, bool is_stderr, str data); /* may be NULL */
    void *arg;
    struct error **failure; /* set by them, it ends the command; or NULL */
};
/* Run it: *STATUS as of comm_run().  When W ends, NEXT fails, or the command
 * cannot be started: false, and nothing of it is left in the guest. */
bool winrm_exec(struct winrm_comm *c, const struct winrm_job *job, const struct ssh_wait *w,
                int *status, struct error **err);
/* A command line that runs SCRIPT by PowerShell; heap. */
char *winrm_powershell(str script);
/* The same with a script of this folder, freed of comments, after the lines of
 * HEAD. */
char *winrm_powershell_file(str script, const char *head);

/* --- winrm_file.c: plug/communicator.h --- */
bool winrm_upload(struct comm *comm, const char *src, const char *dst, unsigned mode,
                  struct cancel *cancel, struct error **err);
bool winrm_upload_data(struct comm *comm, str data, const char *dst, unsigned mode,
                       struct cancel *cancel, struct error **err);
bool winrm_upload_dir(struct comm *comm, const char *src, const char *dst, struct cancel *cancel,
                      struct error **err);
/* --- winrm_fetch.c --- */
bool winrm_download(struct comm *comm, const char *src, const char *dst, struct cancel *cancel,
                    struct error **err);
bool winrm_download_dir(struct comm *comm, const char *src, const char *dst, struct cancel *cancel,
                        struct error **err);

#endif
