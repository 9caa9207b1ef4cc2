/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_PARSER_H
#define IMGFAC_HCL_PARSER_H

/* Inside of the native syntax parser, shared by its parse_*.c files: the state,
 * looking ahead, complaining, recovering.  A parser lives on the stack for one
 * text; what it makes lives in the arena. */

#include "hcl/ast.h"
#include "hcl/diag.h"
#include "hcl/parse.h"
#include "hcl/token.h"
#include "hcl/vecs.h"

struct parser {
    struct arena *arena;
    const struct source_file *file;
    struct diags *diags;
    const struct token *tokens; /* comments are gone; ends with TOKEN_EOF */
    size_t count;
    size_t pos;
    bool sees_newlines; /* false inside parentheses, brackets, sequences */
    bool recovering;    /* the place may be wrong: do not report what follows from that */
    bool told_height;
    bool gave_up; /* nested too deeply: nothing more is read */
    unsigned depth;
};

/* The next token, or TOKEN_EOF for ever; without newlines unless they count. */
const struct token *parser_peek(const struct parser *p);
const struct token *parser_read(struct parser *p);
bool parser_at(const struct parser *p, enum token_kind kind);
bool parser_at_word(const struct parser *p, const char *word);
struct range parser_range(const struct parser *p, const struct token *t);
struct range parser_next_range(const struct parser *p);
struct range parser_prev_range(const struct parser *p);
str parser_text(const struct parser *p, const struct token *t);

/* Report unless recovering; CONTEXT may be RANGE_NONE. */
void parser_complain(struct parser *p, struct range subject, struct range context,
                     const char *summary, const char *detail, ...) ATTR_PRINTF(5, 6);
/* An error was reported since the count was BEFORE, and the place is lost. */
bool parser_failed(const struct parser *p, size_t before);

/* Go behind the next END at this level of brackets; returns it, or TOKEN_EOF. */
const struct token *parser_recover(struct parser *p, enum token_kind end);
/* Go behind the bracket pair that OPEN begins next. */
void parser_recover_over(struct parser *p, enum token_kind open);
/* Go to the next line that is not inside brackets opened on the way. */
void parser_recover_line(struct parser *p);

/* One level deeper; false (reported, the rest is skipped) when too deep. */
bool parser_enter(struct parser *p);
void parser_leave(struct parser *p);

struct expr *parser_new_expr(struct parser *p, enum expr_kind kind,
                             struct range range) ATTR_RETURNS_NONNULL;
/* Placeholder for what could not be parsed. */
const struct expr *parser_error_expr(struct parser *p, struct range range) ATTR_RETURNS_NONNULL;
/* E has CHILD below it; too high a tree makes E an EXPR_ERROR (reported). */
void parser_adopt(struct parser *p, struct expr *e, const struct expr *child);

const struct expr *parse_expression(struct parser *p);
/* Steps, indexes and splats after FROM. */
const struct expr *parse_traversals(struct parser *p, const struct expr *from);
const struct expr *parse_tuple(struct parser *p);
const struct expr *parse_object(struct parser *p);
const struct expr *parse_call(struct parser *p, const struct token *name);
const struct expr *parse_number(struct parser *p, const struct token *t);
/* False after reporting: the text of a number token is not one we take. */
bool parser_check_number(struct parser *p, struct range range);

/* "key, value in": false (reported) when it is something else. */
struct for_names {
    str key, value;
    struct range key_range, value_range;
};
bool parse_for_names(struct parser *p, const char *summary, struct range open,
                     struct for_names *out);

/* A quoted string or heredoc whose opening token comes next. */
const struct expr *parse_quoted_template(struct parser *p);
/* Everything up to TOKEN_EOF as a template. */
const struct expr *parse_bare_template(struct parser *p);
/* The decoded text of a text token; bad escapes are reported. */
str parse_text_token(struct parser *p, const struct token *t);
/* A quoted string without sequences (a label). */
str parse_plain_string(struct parser *p, struct range *out_range);

const struct body *parse_body(struct parser *p, enum token_kind end);

/* A template that is the part of F from START to END. */
bool hcl_parse_template_part(struct arena *a, const struct source_file *f, uint32_t start,
                             uint32_t end, struct diags *d, const struct expr **out);

#endif
