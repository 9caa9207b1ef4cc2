/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_DIAG_PRINT_H
#define IMGFAC_HCL_DIAG_PRINT_H

/* Diagnostics as text for people (snippet, carets, colour) and as JSON for
 * programs (the shape of `terraform validate -json`).  Everything is added to
 * a buffer; redaction of secrets is the sink's work.  Thread-safe for
 * different buffers. */

#include "base/strbuf.h"
#include "hcl/diag.h"

struct diag_print {
    unsigned width; /* columns to wrap the detail at; 0: do not wrap */
    bool color;
};

/* One diagnostic, ended by an empty line. */
void diag_print_text(struct strbuf *out, const struct diag *diag, const struct diag_print *opts);
/* All, in order, and a line for the ones that were dropped. */
void diags_print_text(struct strbuf *out, const struct diags *d, const struct diag_print *opts);
/* {"format_version":"1.0","valid":...,"diagnostics":[...]} and a newline. */
void diags_print_json(struct strbuf *out, const struct diags *d);
/* One entry of "diagnostics", on one line without a newline. */
void diag_print_json(struct strbuf *out, const struct diag *diag);

#endif
