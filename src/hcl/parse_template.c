/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/parser.h"

#include <limits.h>
#include <unictype.h>

#include "base/strbuf.h"
#include "base/utf8.h"
#include "hcl/suggest.h"

/* A template is read in two passes: first into a flat list of parts, with
 * strip markers and heredoc indentation applied to the literals, then the
 * directives of the list are nested into a tree. */

enum part_kind {
    PART_TEXT,
    PART_INTERP,
    PART_IF,
    PART_ELSE,
    PART_ENDIF,
    PART_FOR,
    PART_ENDFOR,
    PART_END, /* always last */
};

struct part {
    enum part_kind kind;
    struct range range;
    str text;                /* TEXT */
    const struct expr *expr; /* INTERP, condition of IF, collection of FOR */
    struct for_names names;  /* FOR */
};
DEFINE_ARENA_VEC(parts, struct part);

/* --- text of literals --- */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static uint32_t hex_value(str digits)
{
    uint32_t value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.ptr[i];
        value = value * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

/* "\uXXXX" or "\UXXXXXXXX" at the start of S; returns the bytes used. */
static size_t decode_unicode(struct parser *p, str s, struct range at, struct strbuf *out)
{
    size_t want = s.ptr[1] == 'u' ? 4 : 8, len = 2;
    while (len < s.len && len < want + 2 && is_hex(s.ptr[len]))
        len++;
    struct range range = {at.file, at.start, at.start + (uint32_t)len};
    uint32_t cp = hex_value(str_sub(s, 2, len));
    char bytes[4];
    if (len != want + 2) {
        diags_error(p->diags, range, "Invalid escape sequence",
                    "After \\%c come exactly %zu hexadecimal digits. For a backslash itself write "
                    "\\\\.",
                    s.ptr[1], want);
    } else if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF)) {
        diags_error(p->diags, range, "Invalid escape sequence",
                    "U+%04X is not a character. Characters beyond U+FFFF are written as \\U with "
                    "eight digits.",
                    cp);
    } else {
        strbuf_add(out, bytes, utf8_encode(cp, bytes));
        return len;
    }
    strbuf_add(out, s.ptr, len);
    return len;
}

/* The escape at the start of S (which begins with a backslash). */
static size_t decode_escape(struct parser *p, str s, struct range at, struct strbuf *out)
{
    static const char names[] = "nrt\"\\", chars[] = "\n\r\t\"\\";
    if (s.len >= 2 && (s.ptr[1] == 'u' || s.ptr[1] == 'U'))
        return decode_unicode(p, s, at, out);
    const char *found = s.len < 2 || s.ptr[1] == '\0' ? NULL : strchr(names, s.ptr[1]);
    if (found != NULL) {
        strbuf_addc(out, chars[found - names]);
        return 2;
    }
    uint32_t cp;
    size_t len = 1 + (s.len < 2 ? 0 : MAX(utf8_decode(str_sub(s, 1, s.len), &cp), (size_t)1));
    struct range range = {at.file, at.start, at.start + (uint32_t)len};
    diags_error(
        p->diags, range, "Invalid escape sequence",
        "\"%.*s\" is not an escape sequence; there are \\n, \\r, \\t, \\\", \\\\, \\uXXXX and "
        "\\UXXXXXXXX. For a backslash itself write \\\\.",
        (int)len, s.ptr);
    strbuf_add(out, s.ptr + 1, len - 1);
    return len;
}

str parse_text_token(struct parser *p, const struct token *t)
{
    str s = parser_text(p, t);
    bool escaped_sequence = s.len >= 3 && (s.ptr[0] == '$' || s.ptr[0] == '%') &&
                            s.ptr[1] == s.ptr[0] && s.ptr[2] == '{';
    if (escaped_sequence)
        return str_sub(s, 1, s.len);
    if (t->kind != TOKEN_QUOTED_TEXT || memchr(s.ptr, '\\', s.len) == NULL)
        return s;
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; i < s.len;) {
        struct range at = {p->file, t->start + (uint32_t)i, t->end};
        if (s.ptr[i] == '\\') {
            i += decode_escape(p, str_sub(s, i, s.len), at, &out);
            continue;
        }
        const char *next = memchr(s.ptr + i, '\\', s.len - i);
        size_t end = next == NULL ? s.len : (size_t)(next - s.ptr);
        strbuf_add(&out, s.ptr + i, end - i);
        i = end;
    }
    return (str){arena_strndup(p->arena, out.buf, out.len), out.len};
}

str parse_plain_string(struct parser *p, struct range *out_range)
{
    struct range open = parser_range(p, parser_read(p));
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    for (;;) {
        const struct token *t = parser_read(p);
        struct range range = parser_range(p, t);
        struct diag *diag = NULL;
        *out_range = range_between(open, range);
        if (t->kind == TOKEN_CLOSE_QUOTE)
            break;
        if (t->kind == TOKEN_QUOTED_TEXT) {
            strbuf_addstr(&out, parse_text_token(p, t));
            continue;
        }
        if (t->kind == TOKEN_INTERP || t->kind == TOKEN_DIRECTIVE) {
            char sign = p->file->text.ptr[t->start];
            diag = diags_add(p->diags, DIAG_ERROR, range, "Invalid string literal",
                             "This string must be plain text, without sequences to evaluate. For "
                             "the characters themselves write %c%c{.",
                             sign, sign);
            diag->context = *out_range;
            strbuf_addf(&out, "%c{ ... }", sign);
            parser_recover(p, TOKEN_SEQ_END);
            continue;
        }
        if (t->kind == TOKEN_EOF) {
            diag = diags_add(p->diags, DIAG_ERROR, range, "Unterminated string literal",
                             "The closing quote (\") is missing before the end of the file.");
        } else {
            diag = diags_add(p->diags, DIAG_ERROR, range, "Invalid string literal",
                             "This cannot be part of a string. Close the quotes on the same line.");
            parser_recover(p, TOKEN_CLOSE_QUOTE);
        }
        diag->context = *out_range;
        break;
    }
    return (str){arena_strndup(p->arena, out.buf, out.len), out.len};
}

/* --- first pass: parts --- */

static str trim_left(str s)
{
    uint32_t cp;
    for (size_t n; (n = utf8_decode(s, &cp)) > 0 && uc_is_property_white_space(cp);)
        s = str_sub(s, n, s.len);
    return s;
}

static str trim_right(str s)
{
    while (s.len > 0) {
        size_t start = s.len - 1;
        while (start > 0 && ((unsigned char)s.ptr[start] & 0xC0) == 0x80)
            start--;
        uint32_t cp;
        if (utf8_decode(str_sub(s, start, s.len), &cp) == 0 || !uc_is_property_white_space(cp))
            break;
        s.len = start;
    }
    return s;
}

/* State of the first pass. */
struct template
{
    struct parts parts;
    enum token_kind end;
    struct range start; /* of the first token inside */
    struct range close; /* of the end token */
    bool strip_next;    /* the last sequence ended with "~}" */
};

static void push_part(struct parser *p, struct template *t, struct part part)
{
    parts_push(p->arena, &t->parts, part);
}

static void push_text(struct parser *p, struct template *t, const struct token *token, bool strip)
{
    str text = parse_text_token(p, token);
    push_part(p, t,
              (struct part){.kind = PART_TEXT,
                            .range = parser_range(p, token),
                            .text = strip ? trim_left(text) : text});
}

/* "${~" strips the text before it. */
static void strip_before(struct template *t, const struct token *open)
{
    struct part *last = t->parts.len == 0 ? NULL : &t->parts.ptr[t->parts.len - 1];
    if (open->end - open->start == 3 && last != NULL && last->kind == PART_TEXT)
        last->text = trim_right(last->text);
}

static void read_sequence_end(struct parser *p, struct template *t)
{
    const struct token *close = parser_read(p);
    t->strip_next = close->end - close->start == 2;
}

static void bad_interp_end(struct parser *p, struct template *t, const struct token *found)
{
    struct range range = parser_range(p, found), context = range_between(t->start, range);
    bool hits_quote = t->end == TOKEN_CLOSE_QUOTE &&
                      (found->kind == TOKEN_CLOSE_QUOTE || found->kind == TOKEN_OPEN_QUOTE);
    if (found->kind == TOKEN_EOF || hits_quote)
        parser_complain(
            p, t->start, RANGE_NONE, "Unclosed template interpolation sequence",
            "The \"${\" in this text has no closing brace (\"}\"). If it does not begin "
            "an expression, write $${.");
    else if (found->kind == TOKEN_COLON)
        parser_complain(p, range, context, "Extra characters after interpolation expression",
                        "A colon cannot follow the expression here. If this is meant for a shell "
                        "or another language, write $${ instead of ${.");
    else
        parser_complain(p, range, context, "Extra characters after interpolation expression",
                        "The expression ends here and a closing brace (\"}\") must follow. If this "
                        "is meant for a shell or another language, write $${ instead of ${.");
}

static void parse_interp(struct parser *p, struct template *t, const struct token *open)
{
    bool saved = p->sees_newlines;
    p->sees_newlines = false;
    const struct expr *e = parse_expression(p);
    const struct token *close = parser_peek(p);
    if (close->kind == TOKEN_SEQ_END) {
        read_sequence_end(p, t);
    } else {
        bad_interp_end(p, t, close);
        parser_recover(p, TOKEN_SEQ_END);
    }
    p->sees_newlines = saved;
    push_part(p, t,
              (struct part){.kind = PART_INTERP,
                            .range = range_between(parser_range(p, open), parser_range(p, close)),
                            .expr = e});
}

static bool unknown_directive(struct parser *p, struct range open, const struct token *word)
{
    static const char *const names[] = {"if", "for", "else", "endif", "endfor"};
    struct range range = parser_range(p, word);
    struct suggest s;
    suggest_init(&s, parser_text(p, word));
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        suggest_offer(&s, str_from(names[i]));
    parser_complain(p, range, range_between(open, range), "Invalid template control keyword",
                    "\"%.*s\" is not a directive; there are if, else, endif, for and endfor.%s If "
                    "this is plain text, write %%%%{ instead of %%{.",
                    STR_FMT(s.given), suggest_text(p->arena, &s));
    return false;
}

/* The inside of %{ ... } up to but without the closing brace. */
static bool parse_directive_head(struct parser *p, struct range open, struct part *out)
{
    static const struct {
        const char *name;
        enum part_kind kind;
    } words[] = {
        {"if", PART_IF},   {"else", PART_ELSE},     {"endif", PART_ENDIF},
        {"for", PART_FOR}, {"endfor", PART_ENDFOR},
    };
    const struct token *word = parser_peek(p);
    struct range range = parser_range(p, word);
    if (word->kind != TOKEN_IDENT) {
        parser_complain(
            p, range, range_between(open, range), "Invalid template directive",
            "After \"%%{\" comes if, else, endif, for or endfor. If this is plain text, "
            "write %%%%{.");
        return false;
    }
    parser_read(p);
    size_t i = 0;
    while (i < ARRAY_SIZE(words) && !str_eqz(parser_text(p, word), words[i].name))
        i++;
    if (i == ARRAY_SIZE(words))
        return unknown_directive(p, open, word);
    *out = (struct part){.kind = words[i].kind};
    if (out->kind == PART_FOR &&
        !parse_for_names(p, "Invalid 'for' directive", RANGE_NONE, &out->names))
        return false;
    if (out->kind == PART_IF || out->kind == PART_FOR)
        out->expr = parse_expression(p);
    out->range = range_between(open, parser_next_range(p));
    return true;
}

static void parse_directive(struct parser *p, struct template *t, const struct token *open)
{
    static const char *const summaries[] = {
        [PART_IF] = "Extra characters in if marker",
        [PART_ELSE] = "Extra characters in else marker",
        [PART_ENDIF] = "Extra characters in endif marker",
        [PART_FOR] = "Extra characters in for marker",
        [PART_ENDFOR] = "Extra characters in endfor marker",
    };
    bool saved = p->sees_newlines;
    p->sees_newlines = false;
    struct part part;
    if (!parse_directive_head(p, parser_range(p, open), &part)) {
        parser_recover(p, TOKEN_SEQ_END);
    } else {
        push_part(p, t, part);
        struct range next = parser_next_range(p);
        if (parser_at(p, TOKEN_SEQ_END)) {
            read_sequence_end(p, t);
        } else {
            parser_complain(p, next, range_between(t->start, next), summaries[part.kind],
                            "The directive ends here and a closing brace (\"}\") must follow.");
            parser_recover(p, TOKEN_SEQ_END);
        }
    }
    p->sees_newlines = saved;
}

static void bad_template_end(struct parser *p, struct template *t, const struct token *found)
{
    struct range range = parser_range(p, found);
    parser_complain(p, range, range_between(t->start, range), "Unterminated template string", "%s",
                    t->end == TOKEN_CLOSE_HEREDOC
                        ? "The end marker of the heredoc is missing. It stands alone on a line of "
                          "its own."
                        : "The closing quote (\") of the string is missing.");
    t->close = parser_range(p, parser_recover(p, t->end));
}

/* Everything up to the end token, which is read. */
static void parse_parts(struct parser *p, struct template *t)
{
    t->start = parser_next_range(p);
    bool after_text = false;
    for (;;) {
        const struct token *token = parser_read(p);
        bool strip = t->strip_next, can_strip = after_text;
        t->strip_next = after_text = false;
        if (token->kind == t->end) {
            t->close = parser_range(p, token);
            return;
        }
        if (token->kind == TOKEN_QUOTED_TEXT || token->kind == TOKEN_PLAIN_TEXT) {
            push_text(p, t, token, strip);
            after_text = true;
            continue;
        }
        if (token->kind != TOKEN_INTERP && token->kind != TOKEN_DIRECTIVE) {
            bad_template_end(p, t, token);
            return;
        }
        if (can_strip)
            strip_before(t, token);
        if (token->kind == TOKEN_INTERP)
            parse_interp(p, t, token);
        else
            parse_directive(p, t, token);
    }
}

/* --- heredoc indentation --- */

static bool ends_line(const struct part *part)
{
    return part->kind == PART_TEXT && part->text.len > 0 &&
           part->text.ptr[part->text.len - 1] == '\n';
}

/* Grapheme clusters of white space at the start, or UINT32_MAX for a line of
 * nothing else, which does not count. */
static uint32_t indentation(str line)
{
    str rest = trim_left(line);
    if (rest.len == 0 && line.len > 0 && line.ptr[line.len - 1] == '\n')
        return UINT32_MAX;
    return (uint32_t)utf8_grapheme_count(str_sub(line, 0, line.len - rest.len));
}

/* Take the first COUNT clusters off a literal. */
static void cut_indentation(struct part *part, uint32_t count)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < count && bytes < part->text.len; i++)
        bytes += utf8_grapheme_len(str_sub(part->text, bytes, part->text.len));
    part->text = str_sub(part->text, bytes, part->text.len);
    part->range.start += (uint32_t)MIN(bytes, (size_t)(part->range.end - part->range.start));
}

/* "<<-": take the smallest indentation off every line.  Only literals that
 * begin a line are looked at; an interpolation at the start of a line counts as
 * no indentation. */
static void flush_heredoc(struct parts *parts)
{
    uint32_t least = UINT32_MAX;
    for (int pass = 0; pass < 2; pass++) {
        bool at_line_start = true;
        VEC_EACH (part, parts) {
            if (at_line_start && part->kind == PART_END)
                break;
            if (at_line_start) {
                uint32_t spaces = part->kind == PART_TEXT ? indentation(part->text) : 0;
                if (pass == 0)
                    least = MIN(least, spaces);
            }
            bool next = ends_line(part);
            if (pass == 1 && at_line_start && part->kind == PART_TEXT &&
                indentation(part->text) != UINT32_MAX)
                cut_indentation(part, least);
            at_line_start = next;
        }
    }
}

/* Neighbouring literals become one. */
static void join_texts(struct parser *p, struct parts *parts)
{
    size_t out = 0;
    for (size_t i = 0; i < parts->len;) {
        struct part part = parts->ptr[i++];
        if (part.kind == PART_TEXT && parts->ptr[i].kind == PART_TEXT) {
            AUTO(strbuf) struct strbuf text = STRBUF_INIT;
            strbuf_addstr(&text, part.text);
            for (; parts->ptr[i].kind == PART_TEXT; i++) {
                strbuf_addstr(&text, parts->ptr[i].text);
                part.range.end = parts->ptr[i].range.end;
            }
            part.text = (str){arena_strndup(p->arena, text.buf, text.len), text.len};
        }
        parts->ptr[out++] = part;
    }
    parts->len = out;
}

/* --- second pass: tree --- */

struct nest {
    struct parser *parser;
    const struct part *next;
};

static const struct expr *text_expr(struct parser *p, struct range range, str text)
{
    struct expr *e = parser_new_expr(p, EXPR_LITERAL, range);
    e->literal = (struct literal){.kind = LITERAL_STRING, .text = text};
    return e;
}

static struct expr *template_expr(struct parser *p, struct range range, const struct exprs *parts)
{
    struct expr *e = parser_new_expr(p, EXPR_TEMPLATE, range);
    e->template.parts = parts->ptr;
    e->template.part_count = parts->len;
    VEC_EACH (part, parts)
        parser_adopt(p, e, *part);
    return e;
}

/* The body of a directive; an empty one is an empty text at EMPTY. */
static const struct expr *body_expr(struct parser *p, struct exprs *parts, struct range empty)
{
    if (parts->len == 0)
        exprs_push(p->arena, parts, text_expr(p, empty, STR("")));
    struct range range = range_between(parts->ptr[0]->range, parts->ptr[parts->len - 1]->range);
    return template_expr(p, range, parts);
}

static const char *directive_name(enum part_kind kind)
{
    return kind == PART_ELSE ? "else" : kind == PART_ENDIF ? "endif" : "endfor";
}

static const struct expr *skip_closing(struct nest *n)
{
    return parser_error_expr(n->parser, (n->next++)->range);
}

static const struct expr *unbalanced(struct nest *n, const struct part *open)
{
    const struct part *found = n->next;
    struct parser *p = n->parser;
    if (p->gave_up)
        return found->kind == PART_END ? parser_error_expr(p, found->range) : skip_closing(n);
    const char *at = open == NULL ? "" : source_range_text(p->arena, open->range);
    const char *name = open == NULL ? "" : open->kind == PART_IF ? "if" : "for";
    const char *summary = found->kind == PART_END ? "Unexpected end of template"
                                                  : arena_fmt(p->arena, "Unexpected %s directive",
                                                              directive_name(found->kind));
    if (open == NULL)
        diags_error(p->diags, found->range, summary,
                    "There is no directive before it that this one could belong to. Remove it, or "
                    "write %%%%{ if it is plain text.");
    else if (found->kind == PART_ELSE)
        diags_error(p->diags, found->range, summary, "The %s at %s %s.", name, at,
                    open->kind == PART_IF ? "has an else already" : "cannot have an else");
    else
        diags_error(p->diags, found->range, summary, "The %s at %s must be closed by %%{ end%s }.",
                    name, at, name);
    return found->kind == PART_END ? parser_error_expr(p, found->range) : skip_closing(n);
}

static const struct expr *nest_part(struct nest *n);

static bool is_closing(enum part_kind kind)
{
    return kind == PART_ELSE || kind == PART_ENDIF || kind == PART_ENDFOR || kind == PART_END;
}

static void nest_until_closing(struct nest *n, struct exprs *out)
{
    while (!is_closing(n->next->kind))
        exprs_push(n->parser->arena, out, nest_part(n));
}

static const struct expr *nest_if(struct nest *n)
{
    struct parser *p = n->parser;
    const struct part *open = n->next++;
    struct exprs yes = {0}, no = {0};
    nest_until_closing(n, &yes);
    if (n->next->kind == PART_ELSE) {
        n->next++;
        nest_until_closing(n, &no);
    }
    if (n->next->kind != PART_ENDIF)
        return unbalanced(n, open);
    struct range close = (n->next++)->range;
    struct expr *e = parser_new_expr(p, EXPR_CONDITIONAL, range_between(open->range, close));
    e->conditional.condition = open->expr;
    e->conditional.if_true = body_expr(p, &yes, range_end(open->range));
    e->conditional.if_false = body_expr(p, &no, range_start(close));
    parser_adopt(p, e, e->conditional.condition);
    if (e->kind == EXPR_CONDITIONAL)
        parser_adopt(p, e, e->conditional.if_true);
    if (e->kind == EXPR_CONDITIONAL)
        parser_adopt(p, e, e->conditional.if_false);
    return e;
}

static const struct expr *nest_for(struct nest *n)
{
    struct parser *p = n->parser;
    const struct part *open = n->next++;
    struct exprs parts = {0};
    nest_until_closing(n, &parts);
    if (n->next->kind != PART_ENDFOR)
        return unbalanced(n, open);
    struct range close = (n->next++)->range, whole = range_between(open->range, close);
    const struct expr *value = body_expr(p, &parts, range_end(open->range));
    struct expr *each = parser_new_expr(p, EXPR_FOR, whole);
    each->for_.key_name = open->names.key;
    each->for_.value_name = open->names.value;
    each->for_.key_name_range = open->names.key_range;
    each->for_.value_name_range = open->names.value_range;
    each->for_.collection = open->expr;
    each->for_.value = value;
    each->for_.open_range = open->range;
    each->for_.close_range = close;
    parser_adopt(p, each, open->expr);
    parser_adopt(p, each, value);
    struct expr *e = parser_new_expr(p, EXPR_TEMPLATE_JOIN, whole);
    e->inner = each;
    parser_adopt(p, e, each);
    return e;
}

static const struct expr *nest_part(struct nest *n)
{
    const struct part *part = n->next;
    struct parser *p = n->parser;
    const struct expr *e = NULL;
    if (part->kind == PART_TEXT || part->kind == PART_INTERP) {
        n->next++;
        return part->kind == PART_INTERP ? part->expr : text_expr(p, part->range, part->text);
    }
    if (is_closing(part->kind))
        return unbalanced(n, NULL);
    if (parser_enter(p)) {
        e = part->kind == PART_IF ? nest_if(n) : nest_for(n);
        parser_leave(p);
        return e;
    }
    n->next++;
    return parser_error_expr(p, part->range);
}

/* The tree for a finished list of parts, in RANGE. */
static const struct expr *nest_template(struct parser *p, struct template *t, struct range range)
{
    struct nest n = {p, t->parts.ptr};
    if (t->parts.len == 2 && t->parts.ptr[0].kind == PART_INTERP) {
        struct expr *wrap = parser_new_expr(p, EXPR_TEMPLATE_WRAP, range);
        wrap->inner = t->parts.ptr[0].expr;
        parser_adopt(p, wrap, t->parts.ptr[0].expr);
        return wrap;
    }
    struct exprs exprs = {0};
    while (n.next->kind != PART_END)
        exprs_push(p->arena, &exprs, nest_part(&n));
    return template_expr(p, range, &exprs);
}

static void finish_parts(struct parser *p, struct template *t, bool flush)
{
    if (t->parts.len == 0)
        push_part(p, t, (struct part){.kind = PART_TEXT, .range = range_end(t->start)});
    push_part(p, t, (struct part){.kind = PART_END, .range = t->close});
    if (flush)
        flush_heredoc(&t->parts);
    join_texts(p, &t->parts);
}

const struct expr *parse_quoted_template(struct parser *p)
{
    const struct token *open = parser_read(p);
    struct range range = parser_range(p, open);
    if (!parser_enter(p))
        return parser_error_expr(p, range);
    bool heredoc = open->kind == TOKEN_OPEN_HEREDOC;
    struct template t = {.end = heredoc ? TOKEN_CLOSE_HEREDOC : TOKEN_CLOSE_QUOTE};
    parse_parts(p, &t);
    finish_parts(p, &t, heredoc && p->file->text.ptr[open->start + 2] == '-');
    const struct expr *e = nest_template(p, &t, range_between(range, parser_prev_range(p)));
    parser_leave(p);
    return e;
}

const struct expr *parse_bare_template(struct parser *p)
{
    struct template t = {.end = TOKEN_EOF};
    parse_parts(p, &t);
    finish_parts(p, &t, false);
    return nest_template(p, &t, range_between(t.start, t.close));
}
