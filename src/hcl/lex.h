/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_LEX_H
#define IMGFAC_HCL_LEX_H

/* Native syntax text to tokens.  The lexer accepts everything: what cannot be
 * part of HCL becomes a token of a kind that lex_report() complains about.
 * The list always ends with TOKEN_EOF.  Thread-safe for different lists. */

#include "base/str.h"
#include "hcl/token.h"

struct diags;
struct source_file;

enum lex_mode {
    LEX_CONFIG,   /* a configuration or an expression */
    LEX_TEMPLATE, /* a template without quotes around it */
};

/* Add the tokens of TEXT from offset START (a BOM at offset 0 is skipped) to
 * END; offsets count from the start of TEXT. */
void lex_text(str text, uint32_t start, uint32_t end, enum lex_mode mode, struct tokens *out);
/* Complain about tokens that are never valid, each kind a few times only. */
void lex_report(const struct source_file *f, const struct tokens *tokens, struct diags *d);
/* The text is a valid identifier: a letter or "_", then letters, digits, "-". */
bool hcl_is_identifier(str s);

#endif
