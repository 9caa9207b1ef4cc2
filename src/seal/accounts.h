/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_SEAL_ACCOUNTS_H
#define IMGFAC_SEAL_ACCOUNTS_H

/* Edits of passwd(5), shadow(5), group(5), gshadow(5), subuid(5) and sudoers
 * as functions from text to text: no guest, no files.  Guests of any
 * architecture are edited this way, without running their usermod.  What is
 * not understood (comments, NIS lines) is copied byte for byte.  OUT must be
 * empty; text is borrowed; pure functions. */

#include "base/strbuf.h"

struct account {
    str name, uid, gid, home, shell;
};

/* Entry NAME of a passwd text. */
bool account_find(str passwd, str name, struct account *out);
/* Entry that LINE of a passwd text holds; false for comments and NIS lines. */
bool account_parse(str line, struct account *out);

/* Drop every line whose first field is NAME (passwd, shadow, subuid, subgid,
 * and their backups); returns how many were dropped. */
size_t account_drop_entry(str text, str name, struct strbuf *out);
/* Take NAME out of the member lists of a group text, and out of the lists of
 * administrators of a gshadow text.  The group NAME itself is dropped when it
 * has no other member.  Returns the number of lines changed or dropped. */
size_t account_drop_member(str text, str name, struct strbuf *out);

/* Put HASH into the password field of NAME and today's date nowhere: ageing is
 * left alone.  False, OUT unspecified, when NAME has no entry. */
bool shadow_set_password(str shadow, str name, str hash, struct strbuf *out);
/* Put "!" before the password (once; an empty one becomes "!*"), and, with
 * EXPIRE, make the account expired since 1970-01-02, which refuses logins by
 * key too.  False when NAME has no entry. */
bool shadow_lock(str shadow, str name, bool expire, struct strbuf *out);
/* The password of NAME can match nothing (begins with ! or *); false also when
 * it has no entry. */
bool shadow_is_locked(str shadow, str name);
/* The account's expiry date is set and lies before day TODAY (since 1970). */
bool shadow_is_expired(str shadow, str name, int64_t today);

/* Drop the rules of user NAME, with their continuation lines; returns how many. */
size_t sudoers_drop_user(str text, str name, struct strbuf *out);
/* Nothing but comments and white space (include directives count as content). */
bool sudoers_is_empty(str text);

#endif
