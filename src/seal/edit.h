/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_SEAL_EDIT_H
#define IMGFAC_SEAL_EDIT_H

/* Edits of authorized_keys, hosts and ini-like files as functions from text to
 * text.  What is not to be changed is copied byte for byte.  OUT must be
 * empty; text is borrowed; pure functions. */

#include "base/strbuf.h"

/* The base64 word of an authorized_keys line (options in front and a comment
 * behind are allowed); .ptr NULL when there is none. */
str ssh_key_blob(str line);
/* Drop the lines whose key is BLOB; returns how many. */
size_t ssh_keys_drop(str text, str blob, struct strbuf *out);
/* No line holds a key. */
bool ssh_keys_is_empty(str text);

/* Drop the 127.0.1.1 lines that name HOSTNAME or HOSTNAME.anything. */
size_t hosts_drop_name(str text, str hostname, struct strbuf *out);

/* Drop lines "KEY=value" (white space around KEY allowed, any case) whose KEY
 * is one of the NULL-ended KEYS. */
size_t ini_drop_keys(str text, const char *const *keys, struct strbuf *out);
/* Value of the last uncommented line "KEY=value", without quotes; .ptr NULL: none. */
str ini_get(str text, str key);
/* ini_get() gives VALUE. */
bool ini_has(str text, str key, str value);

/* A host name by RFC 1123, with dots. */
bool hostname_is_valid(str name);

#endif
