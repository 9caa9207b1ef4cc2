/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/parse.h"

#include "base/strbuf.h"
#include "base/utf8.h"
#include "hcl/lex.h"
#include "hcl/parser.h"

/* Comments do not count, except that a line comment ends its line. */
static size_t drop_comments(str text, struct tokens *tokens)
{
    size_t out = 0;
    VEC_EACH (t, tokens) {
        if (t->kind == TOKEN_COMMENT) {
            if (text.ptr[t->end - 1] != '\n')
                continue;
            t->kind = TOKEN_NEWLINE;
        }
        tokens->ptr[out++] = *t;
    }
    return out;
}

/* An image or an archive in place of a text is one error, not hundreds. */
#define MAX_INVALID_CHARACTERS 500

static bool is_binary(const struct source_file *f, const struct tokens *tokens, struct diags *d)
{
    const struct token *first = NULL;
    size_t invalid = 0;
    VEC_EACH (t, tokens) {
        if (t->kind != TOKEN_INVALID && t->kind != TOKEN_BAD_UTF8)
            continue;
        invalid++;
        first = first == NULL ? t : first;
    }
    bool at_once = invalid > 0 && first->start == 0 && f->text.ptr[0] >= 0 && f->text.ptr[0] < '\t';
    if (invalid <= MAX_INVALID_CHARACTERS && !at_once)
        return false;
    diags_error(d, (struct range){f, first->start, first->end}, "Not a text file",
                "This byte and others of the file have no place in a text: it is binary data, or "
                "a text in another encoding. Give a file of text in UTF-8.");
    return true;
}

/* Does the character at AT belong to the grapheme cluster of the one before? */
static bool continues_cluster(str text, uint32_t at)
{
    if (at == 0 || at >= text.len || ((text.ptr[at] & 0x80) == 0 && (text.ptr[at - 1] & 0x80) == 0))
        return false;
    uint32_t prev = at - 1;
    while (prev > 0 && (text.ptr[prev] & 0xC0) == 0x80)
        prev--;
    return text.ptr[at - 1] != '\n' &&
           utf8_grapheme_len(str_sub(text, prev, MIN(at + 4, text.len))) > at - prev;
}

/* The reference counts the columns of each token by itself. */
static void mark_breaks(struct arena *a, const struct source_file *f, const struct tokens *tokens)
{
    size_t count = 0;
    VEC_EACH (t, tokens)
        count += continues_cluster(f->text, t->start);
    if (count == 0)
        return;
    uint32_t *at = arena_new_array(a, uint32_t, count), *next = at;
    VEC_EACH (t, tokens) {
        if (continues_cluster(f->text, t->start))
            *next++ = t->start;
    }
    *f->breaks = (struct source_breaks){at, count};
}

/* Tokens of F from START to END, in the arena; false (reported) for what is no
 * text at all. */
static bool parser_init(struct parser *p, struct arena *a, const struct source_file *f,
                        uint32_t start, uint32_t end, enum lex_mode mode, struct diags *d)
{
    AUTO(tokens) struct tokens tokens = {0};
    *p = (struct parser){.arena = a, .file = f, .diags = d};
    lex_text(f->text, start, end, mode, &tokens);
    if (start == 0)
        mark_breaks(a, f, &tokens);
    if (is_binary(f, &tokens, d))
        return false;
    lex_report(f, &tokens, d);
    p->count = drop_comments(f->text, &tokens);
    p->tokens = arena_memdup(a, tokens.ptr, p->count * sizeof(*tokens.ptr));
    return true;
}

static bool too_large(const struct source_file *f, struct diags *d)
{
    if (f->text.len <= SOURCE_MAX_BYTES)
        return false;
    diags_file_error(d, f->name, "File is too large",
                     "It has %zu bytes; a file of this kind may have %zu. Move large data into "
                     "files of their own and read them with file().",
                     f->text.len, SOURCE_MAX_BYTES);
    return true;
}

static const struct body *empty_body(struct arena *a, const struct source_file *f)
{
    struct body *b = arena_new_object(a, struct body);
    b->range = b->end_range = b->missing_item_range = (struct range){f, 0, 0};
    return b;
}

/* The outermost blocks, so that diagnostics can say where they are. */
static void outline(struct arena *a, struct source_file *f, const struct body *body)
{
    if (body->block_count == 0)
        return;
    f->blocks = arena_new_array(a, struct source_block, body->block_count);
    for (size_t i = 0; i < body->block_count; i++) {
        const struct block *b = &body->blocks[i];
        AUTO(strbuf) struct strbuf header = STRBUF_INIT;
        strbuf_addstr(&header, b->type);
        for (size_t l = 0; l < b->label_count; l++)
            strbuf_addf(&header, " \"%.*s\"", STR_FMT(b->labels[l].value));
        f->blocks[f->block_count++] = (struct source_block){
            b->type_range.start, b->close_range.end, arena_strndup(a, header.buf, header.len)};
    }
}

bool hcl_parse_file(struct arena *a, struct source_file *f, struct diags *d,
                    const struct body **out)
{
    size_t before = d->errors;
    struct parser p;
    *out = empty_body(a, f);
    if (too_large(f, d) || !parser_init(&p, a, f, 0, (uint32_t)f->text.len, LEX_CONFIG, d))
        return false;
    p.sees_newlines = true;
    *out = parse_body(&p, TOKEN_EOF);
    outline(a, f, *out);
    return d->errors == before;
}

static const struct expr *no_expr(struct arena *a, const struct source_file *f)
{
    struct expr *e = arena_new_object(a, struct expr);
    *e = (struct expr){.kind = EXPR_ERROR, .height = 1, .range = {f, 0, 0}};
    return e;
}

bool hcl_parse_expr(struct arena *a, const struct source_file *f, struct diags *d,
                    const struct expr **out)
{
    size_t before = d->errors;
    struct parser p;
    *out = no_expr(a, f);
    if (too_large(f, d) || !parser_init(&p, a, f, 0, (uint32_t)f->text.len, LEX_CONFIG, d))
        return false;
    *out = parse_expression(&p);
    if (!parser_at(&p, TOKEN_EOF))
        parser_complain(&p, parser_next_range(&p), RANGE_NONE, "Extra characters after expression",
                        "The expression ends before this. Text with spaces belongs in quotes.");
    return d->errors == before;
}

bool hcl_parse_template(struct arena *a, const struct source_file *f, struct diags *d,
                        const struct expr **out)
{
    *out = no_expr(a, f);
    return !too_large(f, d) && hcl_parse_template_part(a, f, 0, (uint32_t)f->text.len, d, out);
}

bool hcl_parse_template_part(struct arena *a, const struct source_file *f, uint32_t start,
                             uint32_t end, struct diags *d, const struct expr **out)
{
    size_t before = d->errors;
    struct parser p;
    *out = no_expr(a, f);
    if (!parser_init(&p, a, f, start, end, LEX_TEMPLATE, d))
        return false;
    p.sees_newlines = true;
    *out = parse_bare_template(&p);
    return d->errors == before;
}

/* --- references alone --- */

static bool bad_reference(struct parser *p, struct range start, const char *summary,
                          const char *detail)
{
    struct range range = parser_next_range(p);
    struct diag *diag = diags_add(p->diags, DIAG_ERROR, range, summary, "%s", detail);
    diag->context = range_between(start, range);
    return false;
}

/* What may follow the name: only .name, [number] and ["text"]. */
static bool check_reference(struct parser *p)
{
    struct range start = parser_next_range(p);
    if (!parser_at(p, TOKEN_IDENT))
        return bad_reference(p, start, "Variable name required",
                             "A reference begins with a name: var.name, local.name.");
    parser_read(p);
    while (!parser_at(p, TOKEN_EOF)) {
        const struct token *t = parser_read(p);
        if (t->kind == TOKEN_DOT) {
            if (!parser_at(p, TOKEN_IDENT))
                return bad_reference(p, start, "Attribute name required",
                                     "After a dot comes the name of an attribute.");
            parser_read(p);
            continue;
        }
        if (t->kind != TOKEN_OPEN_BRACKET) {
            p->pos--;
            return bad_reference(p, start, "Invalid character",
                                 "A reference goes on with .name or [index] only.");
        }
        if (!parser_at(p, TOKEN_NUMBER) && !parser_at(p, TOKEN_OPEN_QUOTE))
            return bad_reference(p, start, "Index value required",
                                 "Between the brackets of a reference comes a number or a plain "
                                 "string.");
        if (parser_read(p)->kind == TOKEN_OPEN_QUOTE)
            parser_recover(p, TOKEN_CLOSE_QUOTE);
        if (!parser_at(p, TOKEN_CLOSE_BRACKET))
            return bad_reference(p, start, "Unclosed index brackets",
                                 "After the index comes a closing bracket (\"]\").");
        parser_read(p);
    }
    return true;
}

bool hcl_parse_traversal(struct arena *a, const struct source_file *f, struct diags *d,
                         const struct expr **out)
{
    size_t before = d->errors;
    struct parser p;
    *out = no_expr(a, f);
    if (too_large(f, d) || !parser_init(&p, a, f, 0, (uint32_t)f->text.len, LEX_CONFIG, d))
        return false;
    if (!check_reference(&p))
        return false;
    p.pos = 0;
    p.recovering = false;
    /* The first word is a name even when it is "true" or "null". */
    const struct token *name = parser_read(&p);
    struct expr *root = parser_new_expr(&p, EXPR_TRAVERSAL, parser_range(&p, name));
    root->traversal.root = parser_text(&p, name);
    root->traversal.root_range = root->range;
    const struct expr *e = parse_traversals(&p, root);
    if (e->kind != EXPR_TRAVERSAL)
        diags_error(d, e->range, "Index value required",
                    "Between the brackets of a reference comes a number or a plain string.");
    else
        *out = e;
    return d->errors == before;
}

bool hcl_parse_any_file(struct arena *a, struct source_file *f, struct diags *d,
                        const struct body **out)
{
    bool is_json = str_ends(str_from(f->name), STR(".json"));
    return is_json ? hcl_parse_json_file(a, f, d, out) : hcl_parse_file(a, f, d, out);
}
