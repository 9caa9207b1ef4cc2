/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_UTF8_H
#define IMGFAC_BASE_UTF8_H

/* Unicode over libunistring: validity, code points, grapheme clusters (UAX 29),
 * normalisation C, display width. */

#include "base/arena.h"
#include "base/str.h"
#include "base/strbuf.h"

/* Decode the code point at the start of S: its length in bytes (1-4), or 0 for
 * invalid bytes or the empty string. */
size_t utf8_decode(str s, uint32_t *out);
/* Length 1-4. */
size_t utf8_encode(uint32_t cp, char out[4]);
bool utf8_valid(str s);
/* Offset of the first invalid byte, or s.len. */
size_t utf8_valid_prefix(str s);
/* Bytes of the first grapheme cluster; at least 1 when S is not empty. */
size_t utf8_grapheme_len(str s);
size_t utf8_grapheme_count(str s);
/* Add S as UTF-16LE; what is no UTF-8 becomes U+FFFD. */
void utf8_to_utf16le(str s, struct strbuf *out);
/* NFC form in the arena; S itself when it is that already. */
str utf8_nfc(struct arena *a, str s);
/* Terminal columns; control characters count 0. */
size_t utf8_width(str s);

#endif
