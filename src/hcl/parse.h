/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_PARSE_H
#define IMGFAC_HCL_PARSE_H

/* Text to syntax tree.  Parsers report every mistake they can find to DIAGS,
 * always give a tree (with EXPR_ERROR where nothing better is known) and never
 * fail otherwise: nesting, length and size are bounded by diagnostics.  Trees
 * are in the arena and point into F.  Different files may be parsed by
 * different threads with different arenas. */

#include "hcl/ast.h"
#include "hcl/source.h"

struct diags;

/* Deeper nesting of brackets, templates and blocks is an error. */
#define PARSE_MAX_DEPTH 1000
/* Number literals: longer texts and larger exponents are errors. */
#define PARSE_MAX_NUMBER_BYTES 4096
#define PARSE_MAX_EXPONENT     100000

/* A configuration file in native syntax. */
bool hcl_parse_file(struct arena *a, struct source_file *f, struct diags *d,
                    const struct body **out);
/* The whole text as one expression; newlines are white space, as within
 * parentheses. */
bool hcl_parse_expr(struct arena *a, const struct source_file *f, struct diags *d,
                    const struct expr **out);
/* The whole text as a template: the inside of a heredoc. */
bool hcl_parse_template(struct arena *a, const struct source_file *f, struct diags *d,
                        const struct expr **out);
/* The whole text as a reference: a.b[0]["k"], nothing else. */
bool hcl_parse_traversal(struct arena *a, const struct source_file *f, struct diags *d,
                         const struct expr **out);
/* A configuration file in JSON syntax. */
bool hcl_parse_json_file(struct arena *a, struct source_file *f, struct diags *d,
                         const struct body **out);
/* By name: "*.json" is JSON syntax, everything else native. */
bool hcl_parse_any_file(struct arena *a, struct source_file *f, struct diags *d,
                        const struct body **out);

/* A bracket, interpolation or heredoc is still open at the end: more lines may
 * make it valid. */
bool hcl_is_incomplete(str text);

#endif
