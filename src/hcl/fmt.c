/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/fmt.h"

#include "base/utf8.h"
#include "hcl/diag.h"
#include "hcl/lex.h"
#include "hcl/parse.h"

/* The formatter changes nothing but the number of spaces before each token. */
struct fmt_token {
    enum token_kind kind;
    uint32_t spaces;
    str text;
};
DEFINE_VEC(fmt_tokens, struct fmt_token);

/* One line of tokens in up to three cells that may be aligned with those of
 * the lines around: what comes first, an assignment from its equals sign on,
 * a comment at the end.  Cells are index ranges and follow each other. */
struct line {
    size_t start, assign, comment, end;
};
DEFINE_VEC(lines, struct line);

struct formatter {
    struct fmt_tokens tokens;
    struct lines lines;
};

static bool ends_line(const struct fmt_token *t)
{
    return t->kind == TOKEN_NEWLINE ||
           (t->kind == TOKEN_COMMENT && t->text.ptr[t->text.len - 1] == '\n');
}

/* +1 for an opening bracket, -1 for a closing one. */
static int bracket_change(enum token_kind kind)
{
    switch ((int)kind) {
    case TOKEN_OPEN_BRACE:
    case TOKEN_OPEN_BRACKET:
    case TOKEN_OPEN_PAREN:
    case TOKEN_INTERP:
    case TOKEN_DIRECTIVE: return 1;
    case TOKEN_CLOSE_BRACE:
    case TOKEN_CLOSE_BRACKET:
    case TOKEN_CLOSE_PAREN:
    case TOKEN_SEQ_END: return -1;
    default: return 0;
    }
}

static int net_brackets(const struct formatter *f, size_t start, size_t end)
{
    int net = 0;
    for (size_t i = start; i < end; i++)
        net += bracket_change(f->tokens.ptr[i].kind);
    return net;
}

/* --- lines and cells --- */

/* Find the cells of the line from START to END. */
static struct line make_line(const struct formatter *f, size_t start, size_t end)
{
    const struct fmt_token *tokens = f->tokens.ptr;
    struct line line = {start, end, end, end};
    if (end - start > 1 && tokens[end - 1].kind == TOKEN_COMMENT)
        line.comment = line.assign = end - 1;
    for (size_t i = start + 1; i < line.comment; i++) {
        if (tokens[i].kind != TOKEN_EQUAL)
            continue;
        /* Only a value that is whole on this line is aligned. */
        if (net_brackets(f, i, line.comment) == 0)
            line.assign = i;
        break;
    }
    return line;
}

static void split_lines(struct formatter *f)
{
    size_t start = 0, count = f->tokens.len - 1; /* without the end of the text */
    for (size_t i = 0; i < count; i++) {
        if (!ends_line(&f->tokens.ptr[i]))
            continue;
        lines_push(&f->lines, make_line(f, start, i + 1));
        start = i + 1;
    }
    lines_push(&f->lines, make_line(f, start, count));
}

/* --- indentation --- */

DEFINE_VEC(levels, int);

/* Each line that opens more brackets than it closes is one level, however many
 * they are; a level ends when as many have been closed. */
static void close_levels(struct levels *levels, int closed)
{
    while (closed > 0 && levels->len > 0) {
        int *open = &levels->ptr[levels->len - 1];
        if (closed < *open) {
            *open -= closed;
            return;
        }
        closed -= *open;
        levels->len--;
    }
}

static int line_net_brackets(const struct formatter *f, const struct line *line)
{
    int net = net_brackets(f, line->assign, line->comment);
    for (size_t i = line->start; i < line->assign; i++) {
        net += bracket_change(f->tokens.ptr[i].kind);
        if (f->tokens.ptr[i].kind == TOKEN_OPEN_HEREDOC)
            break;
    }
    return net;
}

static void indent_lines(struct formatter *f)
{
    AUTO(levels) struct levels levels = {0};
    VEC_EACH (line, &f->lines) {
        if (line->start == line->assign)
            continue;
        struct fmt_token *first = &f->tokens.ptr[line->start];
        if (first->kind == TOKEN_NEWLINE) {
            first->spaces = 0;
            continue;
        }
        int net = line_net_brackets(f, line);
        if (net < 0)
            close_levels(&levels, -net);
        first->spaces = (uint32_t)(2 * levels.len);
        if (net > 0)
            levels_push(&levels, net);
    }
}

/* --- spaces inside a cell --- */

static const struct fmt_token no_token = {.kind = TOKEN_NONE};

static bool is_text(enum token_kind kind)
{
    return kind == TOKEN_QUOTED_TEXT || kind == TOKEN_PLAIN_TEXT;
}

static bool is_sequence(enum token_kind kind)
{
    return kind == TOKEN_INTERP || kind == TOKEN_DIRECTIVE;
}

static bool is_quote_edge(const struct fmt_token *t, const struct fmt_token *after)
{
    return is_text(t->kind) || t->kind == TOKEN_OPEN_QUOTE || t->kind == TOKEN_OPEN_HEREDOC ||
           is_text(after->kind) || after->kind == TOKEN_CLOSE_QUOTE ||
           after->kind == TOKEN_CLOSE_HEREDOC;
}

/* A minus after BEFORE takes one operand: it follows nothing that could be
 * another. */
static bool is_negation(enum token_kind before)
{
    switch ((int)before) {
    case TOKEN_NONE:
    case TOKEN_OPEN_PAREN:
    case TOKEN_OPEN_BRACE:
    case TOKEN_OPEN_BRACKET:
    case TOKEN_EQUAL:
    case TOKEN_COLON:
    case TOKEN_COMMA:
    case TOKEN_QUESTION:
    case TOKEN_PLUS:
    case TOKEN_STAR:
    case TOKEN_SLASH:
    case TOKEN_PERCENT:
    case TOKEN_MINUS:
    case TOKEN_EQUAL_EQUAL:
    case TOKEN_NOT_EQUAL:
    case TOKEN_GREATER:
    case TOKEN_GREATER_EQUAL:
    case TOKEN_LESS:
    case TOKEN_LESS_EQUAL:
    case TOKEN_AND:
    case TOKEN_OR:
    case TOKEN_BANG: return true;
    default: return false;
    }
}

/* A name and what belongs to it: f(, a::b, a.b, x,  x... */
static bool sticks(enum token_kind kind, enum token_kind after)
{
    if (kind == TOKEN_IDENT && (after == TOKEN_OPEN_PAREN || after == TOKEN_DOUBLE_COLON))
        return true;
    if (kind == TOKEN_DOUBLE_COLON && after == TOKEN_IDENT)
        return true;
    return kind == TOKEN_DOT || after == TOKEN_DOT || after == TOKEN_COMMA ||
           after == TOKEN_ELLIPSIS;
}

/* Braces have spaces inside, other brackets have none. */
static bool space_at_bracket(enum token_kind kind, enum token_kind after)
{
    if (kind == TOKEN_OPEN_BRACE || after == TOKEN_CLOSE_BRACE)
        return kind != TOKEN_OPEN_BRACE || after != TOKEN_CLOSE_BRACE;
    if (is_sequence(kind) && after == TOKEN_OPEN_BRACE)
        return true;
    if (kind == TOKEN_CLOSE_BRACE && after == TOKEN_SEQ_END)
        return true;
    if (kind == TOKEN_SEQ_END && is_sequence(after))
        return false;
    return bracket_change(kind) <= 0 && bracket_change(after) >= 0;
}

/* A space belongs between T and AFTER, where BEFORE precedes T. */
static bool wants_space(const struct fmt_token *before, const struct fmt_token *t,
                        const struct fmt_token *after)
{
    if (after->kind == TOKEN_NEWLINE || sticks(t->kind, after->kind))
        return false;
    if (t->kind == TOKEN_COMMA)
        return true;
    if (is_quote_edge(t, after))
        return false;
    if (t->kind == TOKEN_IDENT && str_eqz(t->text, "in") && before->kind == TOKEN_IDENT)
        return true; /* [for x in [1]: x] */
    if (after->kind == TOKEN_OPEN_BRACKET &&
        (t->kind == TOKEN_IDENT || t->kind == TOKEN_NUMBER || bracket_change(t->kind) < 0))
        return false; /* an index */
    if (t->kind == TOKEN_BANG)
        return false;
    if (t->kind == TOKEN_MINUS)
        return !is_negation(before->kind);
    return space_at_bracket(t->kind, after->kind);
}

/* "1 .5", "1. 5" and "a.0 .1" would become one number without the space. */
static bool would_join(const struct fmt_token *t, const struct fmt_token *dot,
                       const struct fmt_token *next)
{
    if (t->kind != TOKEN_NUMBER || dot->kind != TOKEN_DOT)
        return false;
    if (next->kind == TOKEN_NUMBER)
        return dot->spaces > 0 || next->spaces > 0;
    return dot->spaces > 0 && next->kind == TOKEN_IDENT && (next->text.ptr[0] | 0x20) == 'e';
}

static void space_cell(struct formatter *f, size_t start, size_t end)
{
    struct fmt_token *tokens = f->tokens.ptr;
    for (size_t i = start; i + 1 < end; i++) {
        const struct fmt_token *before = i > start ? &tokens[i - 1] : &no_token;
        const struct fmt_token *next = i + 2 < end ? &tokens[i + 2] : &no_token;
        bool space = wants_space(before, &tokens[i], &tokens[i + 1]) ||
                     would_join(&tokens[i], &tokens[i + 1], next);
        tokens[i + 1].spaces = space ? 1 : 0;
    }
}

static void space_lines(struct formatter *f)
{
    VEC_EACH (line, &f->lines) {
        space_cell(f, line->start, line->assign);
        if (line->assign < line->comment)
            f->tokens.ptr[line->assign].spaces = 1;
        space_cell(f, line->assign, line->comment);
    }
}

/* --- alignment of cells in neighbouring lines --- */

static size_t columns(const struct formatter *f, size_t start, size_t end)
{
    size_t sum = 0;
    for (size_t i = start; i < end; i++)
        sum += f->tokens.ptr[i].spaces + utf8_grapheme_count(f->tokens.ptr[i].text);
    return sum;
}

/* Where the cell to be aligned begins, and whether the line has one. */
static bool cell_of(const struct line *line, bool comments, size_t *at)
{
    *at = comments ? line->comment : line->assign;
    return comments ? line->comment < line->end : line->assign < line->comment;
}

/* Put the cells of lines FIRST to LAST (not included) below each other. */
static void align_chain(struct formatter *f, size_t first, size_t last, bool comments,
                        size_t widest, const size_t *widths)
{
    for (size_t i = first; i < last; i++) {
        size_t at;
        cell_of(&f->lines.ptr[i], comments, &at);
        f->tokens.ptr[at].spaces = (uint32_t)(widest - widths[i] + 1);
    }
}

static void align_cells(struct formatter *f, bool comments)
{
    size_t first = 0, widest = 0, at;
    autofree size_t *widths = xcalloc(f->lines.len, sizeof(*widths));
    for (size_t i = 0; i < f->lines.len; i++) {
        const struct line *line = &f->lines.ptr[i];
        if (!cell_of(line, comments, &at)) {
            align_chain(f, first, i, comments, widest, widths);
            first = i + 1;
            widest = 0;
            continue;
        }
        widths[i] = columns(f, line->start, at);
        widest = MAX(widest, widths[i]);
    }
    align_chain(f, first, f->lines.len, comments, widest, widths);
}

/* --- the whole --- */

static void load_tokens(struct formatter *f, str text)
{
    AUTO(tokens) struct tokens tokens = {0};
    lex_text(text, 0, (uint32_t)text.len, LEX_CONFIG, &tokens);
    uint32_t last = str_starts(text, STR("\xef\xbb\xbf")) ? 3 : 0;
    VEC_EACH (t, &tokens) {
        fmt_tokens_push(&f->tokens, (struct fmt_token){t->kind, t->start - last,
                                                       str_sub(text, t->start, t->end)});
        last = t->end;
    }
}

void hcl_format(str text, struct strbuf *out)
{
    struct formatter f = {0};
    load_tokens(&f, text);
    split_lines(&f);
    indent_lines(&f);
    space_lines(&f);
    align_cells(&f, false);
    align_cells(&f, true);
    VEC_EACH (t, &f.tokens) {
        strbuf_addn(out, ' ', t->spaces);
        strbuf_addstr(out, t->text);
    }
    fmt_tokens_clear(&f.tokens);
    lines_clear(&f.lines);
}

bool hcl_format_file(struct source_file *f, struct diags *d, struct strbuf *out)
{
    const struct body *body;
    if (!hcl_parse_file(d->arena, f, d, &body))
        return false;
    hcl_format(f->text, out);
    return true;
}
