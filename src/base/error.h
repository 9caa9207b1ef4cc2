/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_ERROR_H
#define IMGFAC_BASE_ERROR_H

/* What happened in an operation: one error with its chain of causes.  (What
 * the user wrote is reported by hcl/diag.h.)  Every fallible function takes
 * `struct error **err` last or nearly so; it is never NULL.  A function that
 * succeeds does not touch it, one that fails sets it exactly once.  The caller
 * owns the error.  Messages are lower case, without a full stop, subject in
 * quotes; they say what, where, why and, in the hint, what to do. */

#include "base/cleanup.h"
#include "base/range.h"

/* The names printed in JSON and machine output; see error_code_name(). */
enum err_code {
    ERR_INTERNAL = 1, /* a defect of imgfac */
    ERR_USAGE,        /* wrong call of the program */
    ERR_TEMPLATE,     /* template, variables or configuration are wrong */
    ERR_IO,           /* files, processes, memory of the host */
    ERR_NO_SPACE,     /* disk full on the host */
    ERR_NOT_FOUND,    /* base, version, file is not there */
    ERR_EXISTS,       /* would overwrite */
    ERR_CHECKSUM,     /* content is not what was promised */
    ERR_NETWORK,      /* download, port, name lookup */
    ERR_HOST,         /* the host lacks something: tool, firmware, permission */
    ERR_LIBVIRT,      /* hypervisor refused or died */
    ERR_GUEST,        /* the guest failed: panic, no boot, cloud-init error */
    ERR_AUTH,         /* the guest refused our key or password */
    ERR_DISCONNECT,   /* connection to the guest lost */
    ERR_PROVISION,    /* a provisioner failed */
    ERR_SEAL,         /* sealing or its check failed */
    ERR_CATALOG,      /* catalog damaged, locked, refused */
    ERR_TIMEOUT,      /* a limit passed; the message names what was waited for */
    ERR_CANCELLED,    /* Ctrl-C, SIGTERM or a sibling's failure */
};

struct error {
    enum err_code code;
    int errnum; /* errno, or 0 */
    char *msg;
    char *hint;         /* what to do about it, a sentence; or NULL */
    struct range range; /* where in the template; empty when none */
    char *option;       /* arguments of the block that are at fault, one of "iso_url iso_urls"; or
                         * NULL */
    struct error *cause;
};

/* Set *ERR (which must be NULL) and return false.  ERRNUM 0 when there is
 * none; otherwise its text is appended as ": text". */
bool error_set(struct error **err, enum err_code code, int errnum, const char *fmt, ...)
    ATTR_PRINTF(4, 5) ATTR_NONNULL(1, 4);
/* Push a new message on top of *ERR, keeping its code; returns false. */
bool error_wrap(struct error **err, const char *fmt, ...) ATTR_PRINTF(2, 3) ATTR_NONNULL(1, 2);
/* The same with another code. */
bool error_wrap_code(struct error **err, enum err_code code, const char *fmt, ...) ATTR_PRINTF(3, 4)
    ATTR_NONNULL(1, 3);
/* Say what to do; replaces an earlier hint of the top error; returns false. */
bool error_hint(struct error **err, const char *fmt, ...) ATTR_PRINTF(2, 3) ATTR_NONNULL(1, 2);
/* Attach a place of the template unless one is there already; returns false. */
bool error_at(struct error **err, struct range range);
/* Say which argument of its block is at fault, by name; of several, divided by
 * blanks, the first one that is set.  Whoever knows the block makes a place of
 * it (schema_error_at).  The first to say so is right; returns false. */
bool error_option(struct error **err, const char *names) ATTR_NONNULL(1, 2);
void error_free(struct error *e);
DEFINE_AUTO(error, struct error *, error_free);
/* Free *ERR and make it NULL: for a failure that is dealt with. */
void error_drop(struct error **err);

/* "connect_failed"-like stable name: ERR_TIMEOUT -> "timeout". */
const char *error_code_name(enum err_code code);
/* True when E or one of its causes has CODE. */
bool error_is(const struct error *e, enum err_code code);
/* One line "top: cause: cause", heap. */
char *error_line(const struct error *e) ATTR_RETURNS_NONNULL;
/* First hint found from the top down, or NULL. */
const char *error_first_hint(const struct error *e);
/* First non-empty range from the top down. */
struct range error_first_range(const struct error *e);
/* First options found from the top down, or NULL. */
const char *error_first_option(const struct error *e);
/* {"code":"timeout","message":"...","hint":"...","causes":["..."]}, heap. */
char *error_json(const struct error *e) ATTR_RETURNS_NONNULL;

#endif
