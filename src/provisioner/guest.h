/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PROVISIONER_GUEST_H
#define IMGFAC_PROVISIONER_GUEST_H

/* Working in the guest, for the provisioners that stage a tool's files there
 * and run it: ansible-local, puppet-*, chef-*, salt-masterless, check.  The
 * text of a command travels over standard input where the guest is Unix, so a
 * secret in it is in no process's arguments there and in no log.  Not
 * thread-safe. */

#include "base/strbuf.h"
#include "plug/communicator.h"
#include "provisioner/common.h"

enum guest_os { GUEST_UNIX, GUEST_WINDOWS };
extern const struct opt_choice guest_os_choices[];

struct guest {
    struct build *b;
    struct arena *a;
    enum guest_os os;
    bool sudo; /* for making and removing directories */
};

struct guest_command {
    const char *text;
    bool login_shell; /* the text is the user's own: their shell, where it is POSIX */
    bool quiet;       /* output goes to `out` and `last` alone */
    void (*on_line)(void *arg, bool is_stderr, str line); /* besides; may be NULL */
    void *arg;
    struct strbuf *out;  /* standard output up to its maximum; may be NULL */
    struct strbuf *last; /* last line of standard error; may be NULL */
};

/* Run; a broken connection is *STATUS COMM_DISCONNECTED. */
bool guest_run(const struct guest *g, const struct guest_command *cmd, int *status,
               struct error **err);
/* Run TEXT quietly; any status but 0 is an error starting with "cannot WHAT". */
bool guest_must(const struct guest *g, const char *what, const char *text, struct error **err);

/* PATH quoted for the guest's shell. */
const char *guest_quote(const struct guest *g, const char *path);
/* Make the directories PATHS with their parents, writable for the account that
 * is logged in. */
bool guest_mkdir(const struct guest *g, const struct words *paths, struct error **err);
bool guest_remove(const struct guest *g, const char *path, struct error **err);
/* A file, or the contents of a directory, into DST, which exists. */
bool guest_upload(const struct guest *g, const char *src, const char *dst, struct error **err);
bool guest_upload_text(const struct guest *g, str text, const char *dst, unsigned mode,
                       struct error **err);

/* Judge a tool that is named in the error; VALID ends with -1. */
bool guest_judge(int status, const int *valid, const char *tool, const struct strbuf *last,
                 struct error **err);

/* A configuration tool of the guest. */
struct guest_tool {
    const char *name;    /* "Puppet" */
    const char *command; /* rendered */
    const int *valid;    /* statuses that are success, ends with -1; NULL: any */
    const char *elevated_user, *elevated_password; /* Windows; unset: as logged in */
};
bool guest_run_tool(const struct guest *g, const struct guest_tool *tool, struct error **err);
/* TEXT becomes an argument of a process: an error when it holds a secret. */
bool guest_refuse_secret(const char *option, const char *text, struct error **err);
/* The elements of LIST, rendered and joined by spaces. */
bool guest_render_joined(const struct guest *g, struct opt_strings list, const char *option,
                         const char **out, struct error **err);

/* Diagnose a path that should be a file (DIR: a directory) of this host. */
void guest_check_path(const char *path, const char *option, bool dir, const struct body *body,
                      struct diags *diags);
void guest_check_paths(struct opt_strings paths, const char *option, bool dir,
                       const struct body *body, struct diags *diags);

#endif
