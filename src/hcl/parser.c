/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/parser.h"

/* Next token at or after POS that counts. */
static size_t next_pos(const struct parser *p)
{
    size_t i = p->pos;
    while (i < p->count && !p->sees_newlines && p->tokens[i].kind == TOKEN_NEWLINE)
        i++;
    return i < p->count ? i : p->count - 1;
}

const struct token *parser_peek(const struct parser *p)
{
    return &p->tokens[next_pos(p)];
}

const struct token *parser_read(struct parser *p)
{
    size_t i = next_pos(p);
    p->pos = i + 1;
    return &p->tokens[i];
}

bool parser_at(const struct parser *p, enum token_kind kind)
{
    return parser_peek(p)->kind == kind;
}

bool parser_at_word(const struct parser *p, const char *word)
{
    const struct token *t = parser_peek(p);
    return t->kind == TOKEN_IDENT && str_eqz(parser_text(p, t), word);
}

struct range parser_range(const struct parser *p, const struct token *t)
{
    return (struct range){p->file, t->start, t->end};
}

struct range parser_next_range(const struct parser *p)
{
    return parser_range(p, parser_peek(p));
}

struct range parser_prev_range(const struct parser *p)
{
    if (p->pos == 0)
        return parser_next_range(p);
    return parser_range(p, &p->tokens[MIN(p->pos, p->count) - 1]);
}

str parser_text(const struct parser *p, const struct token *t)
{
    return str_sub(p->file->text, t->start, t->end);
}

void parser_complain(struct parser *p, struct range subject, struct range context,
                     const char *summary, const char *detail, ...)
{
    if (p->recovering)
        return;
    struct diag *diag = diags_add(p->diags, DIAG_ERROR, subject, summary, "%s", "");
    va_list ap;
    va_start(ap, detail);
    diag->detail = arena_vfmt(p->diags->arena, detail, ap);
    va_end(ap);
    diag->context = context;
}

bool parser_failed(const struct parser *p, size_t before)
{
    return p->recovering && p->diags->errors > before;
}

/* The other one of a pair of brackets. */
static enum token_kind opposite(enum token_kind kind)
{
    static const enum token_kind pairs[][2] = {
        {TOKEN_OPEN_BRACE, TOKEN_CLOSE_BRACE},     {TOKEN_OPEN_BRACKET, TOKEN_CLOSE_BRACKET},
        {TOKEN_OPEN_PAREN, TOKEN_CLOSE_PAREN},     {TOKEN_OPEN_QUOTE, TOKEN_CLOSE_QUOTE},
        {TOKEN_OPEN_HEREDOC, TOKEN_CLOSE_HEREDOC}, {TOKEN_INTERP, TOKEN_SEQ_END},
    };
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        if (pairs[i][0] == kind)
            return pairs[i][1];
        if (pairs[i][1] == kind)
            return pairs[i][0];
    }
    return TOKEN_NONE;
}

/* Both kinds of sequence have the same end. */
static enum token_kind bracket_kind(const struct token *t)
{
    return t->kind == TOKEN_DIRECTIVE ? TOKEN_INTERP : t->kind;
}

const struct token *parser_recover(struct parser *p, enum token_kind end)
{
    enum token_kind start = opposite(end);
    size_t nested = 0;
    p->recovering = true;
    for (;;) {
        const struct token *t = parser_read(p);
        enum token_kind kind = bracket_kind(t);
        if (kind == TOKEN_EOF || (kind == end && nested == 0))
            return t;
        if (kind == end)
            nested--;
        else if (kind == start)
            nested++;
    }
}

void parser_recover_over(struct parser *p, enum token_kind open)
{
    const struct token *t;
    do {
        t = parser_read(p);
    } while (t->kind != open && t->kind != TOKEN_EOF);
    parser_recover(p, opposite(open));
}

DEFINE_VEC(kinds, enum token_kind);

static bool is_opener(enum token_kind kind)
{
    return kind == TOKEN_OPEN_BRACE || kind == TOKEN_OPEN_BRACKET || kind == TOKEN_OPEN_PAREN ||
           kind == TOKEN_OPEN_QUOTE || kind == TOKEN_OPEN_HEREDOC || kind == TOKEN_INTERP;
}

/* A closing bracket closes the nearest of its kind and all inside; one without
 * a partner closes everything. */
static void close_kind(struct kinds *open, enum token_kind opener)
{
    while (open->len > 0 && open->ptr[open->len - 1] != opener)
        open->len--;
    if (open->len > 0)
        open->len--;
}

void parser_recover_line(struct parser *p)
{
    AUTO(kinds) struct kinds open = {0};
    p->recovering = true;
    for (;;) {
        enum token_kind kind = bracket_kind(parser_read(p));
        if (kind == TOKEN_EOF || (kind == TOKEN_NEWLINE && open.len == 0))
            return;
        if (is_opener(kind))
            kinds_push(&open, kind);
        else if (is_opener(opposite(kind)))
            close_kind(&open, opposite(kind));
    }
}

bool parser_enter(struct parser *p)
{
    if (p->depth < PARSE_MAX_DEPTH) {
        p->depth++;
        return true;
    }
    parser_complain(p, parser_next_range(p), RANGE_NONE, "Nesting is too deep",
                    "More than %d levels of brackets and blocks cannot be read. Split the "
                    "expression into several locals.",
                    PARSE_MAX_DEPTH);
    p->recovering = p->gave_up = true;
    p->pos = p->count - 1;
    return false;
}

void parser_leave(struct parser *p)
{
    p->depth--;
}

struct expr *parser_new_expr(struct parser *p, enum expr_kind kind, struct range range)
{
    struct expr *e = arena_new_object(p->arena, struct expr);
    e->kind = kind;
    e->range = range;
    e->height = 1;
    return e;
}

const struct expr *parser_error_expr(struct parser *p, struct range range)
{
    return parser_new_expr(p, EXPR_ERROR, range);
}

void parser_adopt(struct parser *p, struct expr *e, const struct expr *child)
{
    unsigned height = child->height + 1U;
    if (e->kind == EXPR_ERROR || height <= e->height)
        return;
    e->height = (unsigned short)height;
    if (height <= PARSE_MAX_DEPTH)
        return;
    if (!p->told_height)
        parser_complain(p, child->range, RANGE_NONE, "Expression is too long",
                        "More than %d operations in one expression cannot be read. Split it into "
                        "several locals.",
                        PARSE_MAX_DEPTH);
    p->told_height = true;
    *e = (struct expr){.kind = EXPR_ERROR, .range = e->range, .height = 1};
}
