/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_LEDGER_JOURNAL_H
#define IMGFAC_LEDGER_JOURNAL_H

/* Reading a ledger file back: the entries added and not struck out.  A file of
 * a killed owner may end in half a line, which never described anything that
 * came to be.  Everything lives in the caller's arena. */

#include "base/str.h"
#include "base/vec.h"
#include "ledger/ledger.h"

#define JOURNAL_SUFFIX ".ledger"
#define UNBORN_SUFFIX  ".new"  /* not locked yet; nothing is written in it */
#define KEPT_SUFFIX    ".kept" /* its owner wants it left alone */

struct journal_entry {
    ledger_id id;
    const char *kind;
    const char *data;
};
DEFINE_ARENA_VEC(journal, struct journal_entry);

/* Process that wrote it and its proc_start_time(); 0 when it does not say. */
void journal_owner(str text, int64_t *pid, uint64_t *start);
/* Lines that cannot be read are skipped. */
void journal_parse(struct arena *a, str text, struct journal *out);

#endif
