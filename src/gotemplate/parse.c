/* SPDX-License-Identifier: Apache-2.0 */
#include "gotemplate/internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>

#include "base/mem.h"
#include "base/utf8.h"

#define DEPTH_MAX 100

/* A recursive-descent parser over the text itself.  Outside of actions the
 * position is in plain text, inside between `{{` and `}}`. */
struct parser {
    struct arena *a;
    str text;
    size_t pos;
    struct gt_names vars; /* in scope */
    int depth, loops;
    bool any_function; /* names of functions are not looked up */
    bool trim_next;    /* a -}} came before the text */
    struct error **err;
};

bool gt_error_at(str text, size_t pos, struct error **err, const char *fmt, ...)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < pos && i < text.len; i++) {
        column++;
        if (text.ptr[i] == '\n') {
            line++;
            column = 1;
        }
    }
    va_list ap;
    va_start(ap, fmt);
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    strbuf_vaddf(&sb, fmt, ap);
    va_end(ap);
    return error_set(err, ERR_TEMPLATE, 0, "template: %zu:%zu: %s", line, column, sb.buf);
}

#define FAIL(p, at, ...) gt_error_at((p)->text, (at), (p)->err, __VA_ARGS__)

static bool looking_at(const struct parser *p, const char *s)
{
    size_t len = strlen(s);
    return p->text.len - p->pos >= len && memcmp(p->text.ptr + p->pos, s, len) == 0;
}

static int peek(const struct parser *p)
{
    return p->pos < p->text.len ? (unsigned char)p->text.ptr[p->pos] : -1;
}

static bool is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_word(int c)
{
    return isalnum(c) || c == '_' || c >= 0x80;
}

static bool skip_spaces(struct parser *p)
{
    size_t start = p->pos;
    while (is_space(peek(p)))
        p->pos++;
    return p->pos > start;
}

/* `}}`, or ` -}}` that also trims the text behind. */
static bool at_action_end(const struct parser *p)
{
    if (looking_at(p, "}}"))
        return true;
    return looking_at(p, "-}}") && p->pos > 0 && is_space((unsigned char)p->text.ptr[p->pos - 1]);
}

static bool end_action(struct parser *p)
{
    skip_spaces(p);
    if (!at_action_end(p)) {
        if (peek(p) < 0)
            return FAIL(p, p->pos, "unclosed action");
        return FAIL(p, p->pos, "unexpected '%c' in the action", peek(p));
    }
    p->trim_next = looking_at(p, "-}}");
    p->pos += p->trim_next ? 3 : 2;
    return true;
}

static str word(struct parser *p)
{
    size_t start = p->pos;
    while (is_word(peek(p)))
        p->pos++;
    return str_sub(p->text, start, p->pos);
}

/* --- operands --- */

static bool parse_pipe(struct parser *p, struct gt_pipe **out, int closer);

/* Only `range` fills two. */
static bool has_one_variable(const struct parser *p, const struct gt_pipe *pipe)
{
    return pipe->vars.len < 2 || FAIL(p, pipe->pos, "too many declarations");
}

static bool escape_hex(struct parser *p, int digits, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < digits; i++, p->pos++) {
        int c = peek(p);
        if (c < 0 || !isxdigit(c))
            return FAIL(p, p->pos, "wrong escape in a string");
        *out = *out * 16 + (uint32_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
    }
    return true;
}

static bool add_escape(struct parser *p, struct strbuf *sb)
{
    static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
    char utf8[4];
    uint32_t cp = 0;
    int c = peek(p);
    const char *at = c > 0 ? strchr(from, c) : NULL;
    p->pos++;
    if (at != NULL)
        return strbuf_addc(sb, to[at - from]);
    if (c != 'x' && c != 'u' && c != 'U')
        return FAIL(p, p->pos - 1, "unknown escape in a string");
    if (!escape_hex(p, c == 'x' ? 2 : c == 'u' ? 4 : 8, &cp))
        return false;
    if (c == 'x')
        return strbuf_addc(sb, (char)cp);
    return strbuf_add(sb, utf8, utf8_encode(cp > 0x10ffff ? 0xfffd : cp, utf8));
}

static bool parse_quoted(struct parser *p, char quote, struct gt_value *out)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    size_t start = p->pos++;
    while (peek(p) != quote) {
        int c = peek(p);
        if (c < 0 || c == '\n')
            return FAIL(p, start, "unterminated quoted string");
        p->pos++;
        if (c != '\\')
            strbuf_addc(&sb, (char)c);
        else if (!add_escape(p, &sb))
            return false;
    }
    p->pos++;
    *out = gt_str((str){arena_strndup(p->a, sb.buf, sb.len), sb.len});
    if (quote == '"')
        return true;
    uint32_t cp;
    size_t n = utf8_decode(out->s, &cp);
    if (n == 0 || n != out->s.len)
        return FAIL(p, start, "a character constant holds one character");
    *out = gt_int(cp);
    return true;
}

static bool parse_raw(struct parser *p, struct gt_value *out)
{
    size_t start = p->pos++;
    ptrdiff_t end = str_find_char(str_sub(p->text, p->pos, p->text.len), '`');
    if (end < 0)
        return FAIL(p, start, "unterminated raw quoted string");
    *out = gt_str(str_sub(p->text, p->pos, p->pos + (size_t)end));
    p->pos += (size_t)end + 1;
    return true;
}

static bool parse_number(struct parser *p, struct gt_value *out)
{
    size_t start = p->pos;
    while (is_word(peek(p)) || peek(p) == '.' || peek(p) == '+' || peek(p) == '-')
        p->pos++;
    autofree char *text = str_xdup(str_sub(p->text, start, p->pos));
    char *end;
    errno = 0;
    out->kind = GT_INT;
    out->i = strtoll(text, &end, 0);
    if (errno == 0 && *end == '\0')
        return true;
    out->kind = GT_FLOAT;
    out->f = strtod(text, &end);
    return *end == '\0' || FAIL(p, start, "bad number syntax: \"%s\"", text);
}

/* .A.B behind an operand; a lone dot belongs to the operand itself. */
static bool parse_fields(struct parser *p, struct gt_operand *op)
{
    while (peek(p) == '.') {
        p->pos++;
        str name = word(p);
        if (name.len == 0)
            return FAIL(p, p->pos, "a field name is needed after '.'");
        gt_names_push(p->a, &op->fields, name);
    }
    return true;
}

static bool is_known_var(const struct parser *p, str name)
{
    for (size_t i = p->vars.len; i > 0; i--)
        if (str_eq(p->vars.ptr[i - 1], name))
            return true;
    return str_eqz(name, "$");
}

static bool parse_variable(struct parser *p, struct gt_operand *op)
{
    size_t start = p->pos++;
    word(p);
    op->kind = GT_OP_VARIABLE;
    op->name = str_sub(p->text, start, p->pos);
    if (!is_known_var(p, op->name))
        return FAIL(p, start, "undefined variable \"%.*s\"", STR_FMT(op->name));
    return parse_fields(p, op);
}

static bool parse_name(struct parser *p, struct gt_operand *op)
{
    size_t start = p->pos;
    str name = word(p);
    if (str_eqz(name, "true") || str_eqz(name, "false")) {
        op->value = gt_bool(name.len == 4);
        return true;
    }
    if (str_eqz(name, "nil"))
        return true;
    op->kind = GT_OP_FUNCTION;
    op->func = gt_find_func(name);
    op->name = name;
    return op->func != NULL || p->any_function ||
           FAIL(p, start, "function \"%.*s\" not defined", STR_FMT(name));
}

static bool parse_parens(struct parser *p, struct gt_operand *op)
{
    size_t start = p->pos++;
    op->kind = GT_OP_PIPE;
    if (!parse_pipe(p, &op->pipe, ')') || !has_one_variable(p, op->pipe))
        return false;
    if (peek(p) != ')')
        return FAIL(p, start, "unclosed left paren");
    p->pos++;
    return parse_fields(p, op);
}

static bool at_number(const struct parser *p)
{
    int c = peek(p);
    bool has_next = p->pos + 1 < p->text.len;
    if (c != '-' && c != '+' && c != '.')
        return isdigit(c);
    return has_next && isdigit((unsigned char)p->text.ptr[p->pos + 1]);
}

/* The dot itself, or fields of it. */
static bool parse_dot(struct parser *p, struct gt_operand *op)
{
    op->kind = GT_OP_DOT;
    if (p->pos + 1 < p->text.len && is_word((unsigned char)p->text.ptr[p->pos + 1]))
        return parse_fields(p, op);
    p->pos++;
    return true;
}

/* operand -> constant | .Field* | $var | function | ( pipeline ) */
static bool parse_operand(struct parser *p, struct gt_operand *op)
{
    int c = peek(p);
    *op = (struct gt_operand){.pos = p->pos};
    if (at_number(p))
        return parse_number(p, &op->value);
    switch (c) {
    case '"':
    case '\'': return parse_quoted(p, (char)c, &op->value);
    case '`': return parse_raw(p, &op->value);
    case '$': return parse_variable(p, op);
    case '(': return parse_parens(p, op);
    case '.': return parse_dot(p, op);
    case -1: return FAIL(p, p->pos, "unclosed action");
    default: break;
    }
    if (is_word(c))
        return parse_name(p, op);
    return FAIL(p, p->pos, "unexpected '%c' in the action", c);
}

/* --- pipelines --- */

static bool at_pipe_end(const struct parser *p, int closer)
{
    return at_action_end(p) || (closer != 0 && peek(p) == closer) || peek(p) < 0;
}

/* command -> operand { space operand } */
static bool parse_command(struct parser *p, int closer, struct gt_command *out)
{
    struct gt_operand op;
    for (;;) {
        skip_spaces(p);
        if (at_pipe_end(p, closer) || peek(p) == '|')
            break;
        if (!parse_operand(p, &op))
            return false;
        gt_command_push(p->a, out, op);
        if (!is_space(peek(p)) && !at_pipe_end(p, closer) && peek(p) != '|')
            return FAIL(p, p->pos, "unexpected '%c' after an operand", peek(p));
    }
    if (out->len == 0)
        return FAIL(p, p->pos, peek(p) < 0 ? "unclosed action" : "missing value for command");
    if (out->len > 1 && out->ptr[0].kind != GT_OP_FUNCTION)
        return FAIL(p, out->ptr[0].pos, "can't give argument to non-function");
    return true;
}

/* $a [, $b] := or =; nothing is consumed when it is not a declaration. */
static void parse_declaration(struct parser *p, struct gt_pipe *pipe)
{
    size_t start = p->pos;
    struct gt_names names = {0};
    while (names.len < 2 && peek(p) == '$') {
        size_t name = p->pos++;
        word(p);
        gt_names_push(p->a, &names, str_sub(p->text, name, p->pos));
        skip_spaces(p);
        if (peek(p) != ',')
            break;
        p->pos++;
        skip_spaces(p);
    }
    bool declares = looking_at(p, ":=");
    if (names.len == 0 || !(declares || peek(p) == '=')) {
        p->pos = start;
        return;
    }
    p->pos += declares ? 2 : 1;
    pipe->vars = names;
    pipe->assigns = !declares;
}

/* pipeline -> [ declaration ] command { "|" command } */
static bool parse_pipe(struct parser *p, struct gt_pipe **out, int closer)
{
    struct gt_pipe *pipe = arena_new_object(p->a, struct gt_pipe);
    if (++p->depth > DEPTH_MAX)
        return FAIL(p, p->pos, "too deeply nested");
    skip_spaces(p);
    pipe->pos = p->pos;
    parse_declaration(p, pipe);
    for (;;) {
        struct gt_command command = {0};
        if (!parse_command(p, closer, &command))
            return false;
        if (pipe->commands.len > 0 && command.ptr[0].kind != GT_OP_FUNCTION)
            return FAIL(p, command.ptr[0].pos, "non executable command in pipeline");
        gt_commands_push(p->a, &pipe->commands, command);
        if (peek(p) != '|')
            break;
        p->pos++;
    }
    for (size_t i = 0; i < pipe->vars.len; i++) {
        if (pipe->assigns && !is_known_var(p, pipe->vars.ptr[i]))
            return FAIL(p, pipe->pos, "undefined variable \"%.*s\"", STR_FMT(pipe->vars.ptr[i]));
        gt_names_push(p->a, &p->vars, pipe->vars.ptr[i]);
    }
    p->depth--;
    *out = pipe;
    return true;
}

/* --- lists --- */

enum list_end { END_OF_TEXT, END_KEYWORD, ELSE_KEYWORD };

static bool parse_list(struct parser *p, struct gt_list *out, enum list_end *end);

static bool parse_keyword(struct parser *p, str *out)
{
    size_t start = p->pos;
    *out = word(p);
    static const char *const keywords[] = {"if",    "with",     "range",  "else",     "end",
                                           "break", "continue", "define", "template", "block"};
    for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
        if (str_eqz(*out, keywords[i]))
            return true;
    p->pos = start;
    return false;
}

/* `else if` and `else with` are an inner block that shares the `end`. */
static bool parse_else(struct parser *p, struct gt_node *n, enum gt_node_kind kind);

static bool parse_block(struct parser *p, struct gt_node *n, enum gt_node_kind kind)
{
    enum list_end end;
    size_t vars = p->vars.len;
    n->kind = kind;
    if (++p->depth > DEPTH_MAX)
        return FAIL(p, n->pos, "too deeply nested");
    if (!parse_pipe(p, &n->pipe, 0) || !end_action(p))
        return false;
    if (kind != GT_RANGE && !has_one_variable(p, n->pipe))
        return false;
    p->loops += kind == GT_RANGE;
    bool ok = parse_list(p, &n->body, &end);
    p->loops -= kind == GT_RANGE;
    if (!ok)
        return false;
    if (end == END_OF_TEXT)
        return FAIL(p, n->pos, "unexpected end of the template: {{ end }} is missing");
    if (end == ELSE_KEYWORD && !parse_else(p, n, kind))
        return false;
    p->vars.len = vars;
    p->depth--;
    return true;
}

static bool parse_else(struct parser *p, struct gt_node *n, enum gt_node_kind kind)
{
    enum list_end end;
    str keyword;
    skip_spaces(p);
    size_t start = p->pos;
    if (parse_keyword(p, &keyword)) {
        bool is_if = str_eqz(keyword, "if"), is_with = str_eqz(keyword, "with");
        if ((!is_if && !is_with) || kind == GT_RANGE)
            return FAIL(p, start, "unexpected \"%.*s\" after else", STR_FMT(keyword));
        struct gt_node *inner = arena_new_object(p->a, struct gt_node);
        inner->pos = start;
        gt_list_push(p->a, &n->other, inner);
        return parse_block(p, inner, is_if ? GT_IF : GT_WITH);
    }
    if (!end_action(p) || !parse_list(p, &n->other, &end))
        return false;
    if (end == END_OF_TEXT)
        return FAIL(p, n->pos, "unexpected end of the template: {{ end }} is missing");
    return end == END_KEYWORD || FAIL(p, p->pos, "a second {{ else }}");
}

/* Behind the keyword of an action that opens a block or stands alone. */
static bool parse_control(struct parser *p, struct gt_node *n, str keyword)
{
    if (str_eqz(keyword, "if"))
        return parse_block(p, n, GT_IF);
    if (str_eqz(keyword, "with"))
        return parse_block(p, n, GT_WITH);
    if (str_eqz(keyword, "range"))
        return parse_block(p, n, GT_RANGE);
    if (str_eqz(keyword, "break") || str_eqz(keyword, "continue")) {
        n->kind = keyword.len == 5 ? GT_BREAK : GT_CONTINUE;
        if (p->loops == 0)
            return FAIL(p, n->pos, "{{ %.*s }} outside {{ range }}", STR_FMT(keyword));
        return end_action(p);
    }
    return FAIL(p, n->pos, "{{ %.*s }} is not supported", STR_FMT(keyword));
}

/* Text up to the next action, trimmed by its neighbours.  False at the end of
 * the template, else the position is behind the opening braces. */
static bool parse_text(struct parser *p, struct gt_list *out)
{
    ptrdiff_t open = str_find(str_sub(p->text, p->pos, p->text.len), STR("{{"));
    size_t end = open < 0 ? p->text.len : p->pos + (size_t)open;
    str text = str_sub(p->text, p->pos, end);
    p->pos = end;
    if (p->trim_next)
        while (text.len > 0 && is_space((unsigned char)text.ptr[0]))
            text = str_sub(text, 1, text.len);
    bool trims = looking_at(p, "{{-") && p->pos + 3 < p->text.len &&
                 is_space((unsigned char)p->text.ptr[p->pos + 3]);
    if (trims)
        while (text.len > 0 && is_space((unsigned char)text.ptr[text.len - 1]))
            text.len--;
    p->trim_next = false;
    if (text.len > 0) {
        struct gt_node *n = arena_new_object(p->a, struct gt_node);
        *n = (struct gt_node){.kind = GT_TEXT, .text = text};
        gt_list_push(p->a, out, n);
    }
    if (open < 0)
        return false;
    p->pos += trims ? 3 : 2;
    return true;
}

static bool parse_comment(struct parser *p)
{
    size_t start = p->pos;
    ptrdiff_t close = str_find(str_sub(p->text, p->pos, p->text.len), STR("*/"));
    if (close < 0)
        return FAIL(p, start, "unclosed comment");
    p->pos += (size_t)close + 2;
    return end_action(p);
}

/* One action; *END is set when it closes the list. */
static bool parse_action(struct parser *p, struct gt_list *out, enum list_end *end, bool *closed)
{
    str keyword;
    size_t start = p->pos - (p->text.ptr[p->pos - 1] == '-' ? 3 : 2);
    skip_spaces(p);
    if (looking_at(p, "/*"))
        return parse_comment(p);
    struct gt_node *n = arena_new_object(p->a, struct gt_node);
    n->pos = p->pos;
    n->start = start;
    bool ok;
    if (!parse_keyword(p, &keyword)) {
        n->kind = GT_ACTION;
        gt_list_push(p->a, out, n);
        ok = parse_pipe(p, &n->pipe, 0) && has_one_variable(p, n->pipe) && end_action(p);
        n->end = p->pos;
        return ok;
    }
    *closed = str_eqz(keyword, "end") || str_eqz(keyword, "else");
    if (!*closed) {
        gt_list_push(p->a, out, n);
        ok = parse_control(p, n, keyword);
        n->end = p->pos;
        return ok;
    }
    *end = keyword.ptr[1] == 'n' ? END_KEYWORD : ELSE_KEYWORD;
    return *end == ELSE_KEYWORD || end_action(p);
}

static bool parse_list(struct parser *p, struct gt_list *out, enum list_end *end)
{
    size_t vars = p->vars.len;
    bool closed = false;
    *end = END_OF_TEXT;
    while (!closed && parse_text(p, out))
        if (!parse_action(p, out, end, &closed))
            return false;
    p->vars.len = vars;
    return true;
}

static bool parse_all(struct parser *p, struct gt_list *out)
{
    enum list_end end;
    if (!parse_list(p, out, &end))
        return false;
    if (end != END_OF_TEXT)
        return FAIL(p, p->pos, "unexpected {{ %s }}", end == END_KEYWORD ? "end" : "else");
    return true;
}

bool gt_parse(struct arena *a, str text, struct gt_list *out, struct error **err)
{
    struct parser p = {.a = a, .text = text, .err = err};
    return parse_all(&p, out);
}

bool gt_parse_any(struct arena *a, str text, struct gt_list *out, struct error **err)
{
    struct parser p = {.a = a, .text = text, .err = err, .any_function = true};
    return parse_all(&p, out);
}
