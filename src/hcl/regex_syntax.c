/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/regex.h"

#include <ctype.h>

#include "base/utf8.h"
#include "base/vec.h"

/* The grammar is that of Go's regexp/syntax with the Perl flags. */

#define MAX_REPEAT  1000
#define MAX_NESTING 250
#define MAX_PATTERN 65536

DEFINE_ARENA_VEC(group_names, str);

/* What stands before a quantifier. */
enum operand { OPERAND_NONE, OPERAND_ATOM, OPERAND_REPEATED };

struct translator {
    struct arena *a;
    str s;
    size_t pos;
    struct strbuf *out;
    struct group_names names;
    unsigned depth;
    enum operand operand;
    const char **why;
};

static bool bad(struct translator *t, const char *what, size_t from)
{
    size_t end = MIN(MAX(t->pos, from + 1), t->s.len);
    str part = str_sub(t->s, MIN(from, end), end);
    *t->why = arena_fmt(t->a, "%s: `%.*s`", what, STR_FMT(part));
    return false;
}

static int peek(const struct translator *t, size_t ahead)
{
    return t->pos + ahead < t->s.len ? (unsigned char)t->s.ptr[t->pos + ahead] : -1;
}

static bool next_rune(struct translator *t, uint32_t *out)
{
    size_t n = utf8_decode(str_sub(t->s, t->pos, t->s.len), out);
    if (n == 0)
        return bad(t, "invalid UTF-8", t->pos);
    t->pos += n;
    return true;
}

static void emit_rune(struct translator *t, uint32_t cp)
{
    strbuf_addf(t->out, "\\x{%x}", cp);
}

/* --- escapes --- */

static int hex_value(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = tolower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* After \x: two digits or {digits}. */
static bool hex_escape(struct translator *t, size_t start, uint32_t *out)
{
    bool braces = peek(t, 0) == '{';
    int digits = 0;
    *out = 0;
    t->pos += braces;
    while (hex_value(peek(t, 0)) >= 0 && (braces || digits < 2)) {
        *out = *out * 16 + (uint32_t)hex_value(peek(t, 0));
        digits++;
        t->pos++;
        if (*out > 0x10FFFF)
            return bad(t, "invalid escape sequence", start);
    }
    bool ok = braces ? digits > 0 && peek(t, 0) == '}' : digits == 2;
    t->pos += braces && ok;
    bool surrogate = *out >= 0xD800 && *out <= 0xDFFF;
    return (ok && !surrogate) || bad(t, "invalid escape sequence", start);
}

static bool octal_escape(struct translator *t, size_t start, uint32_t *out)
{
    int first = peek(t, 0);
    if (first != '0' && (peek(t, 1) < '0' || peek(t, 1) > '7'))
        return bad(t, "invalid escape sequence", start); /* a back reference */
    *out = 0;
    for (int i = 0; i < 3 && peek(t, 0) >= '0' && peek(t, 0) <= '7'; i++, t->pos++)
        *out = *out * 8 + (uint32_t)(peek(t, 0) - '0');
    return true;
}

/* An escape that stands for one character; the position is after the
 * backslash. */
static bool char_escape(struct translator *t, uint32_t *out)
{
    static const char letters[] = "a\af\fn\nr\rt\tv\v";
    size_t start = t->pos - 1;
    int c = peek(t, 0);
    if (c < 0)
        return bad(t, "trailing backslash at end of expression", start);
    if (c >= '0' && c <= '7')
        return octal_escape(t, start, out);
    t->pos++;
    if (c == 'x')
        return hex_escape(t, start, out);
    for (const char *p = letters; *p != '\0'; p += 2)
        if (c == *p) {
            *out = (unsigned char)p[1];
            return true;
        }
    *out = (uint32_t)c;
    return (c < 0x80 && !isalnum(c)) || bad(t, "invalid escape sequence", start);
}

/* The name in \p{Name} or \pN, the position after the letter; empty when there
 * is none. */
static str property_name(struct translator *t)
{
    size_t from = t->pos;
    if (peek(t, 0) != '{') {
        t->pos = MIN(from + 1, t->s.len);
        return str_sub(t->s, from, t->pos);
    }
    while (peek(t, 0) >= 0 && peek(t, 0) != '}')
        t->pos++;
    if (peek(t, 0) < 0)
        return STR("");
    t->pos++;
    return str_sub(t->s, from + 1, t->pos - 1);
}

/* \p{Greek}, \pL, \P..., after the backslash. */
static bool property_escape(struct translator *t)
{
    size_t start = t->pos - 1;
    bool negate = peek(t, 0) == 'P';
    t->pos++;
    str name = property_name(t);
    if (name.len > 0 && name.ptr[0] == '^') {
        negate = !negate;
        name = str_sub(name, 1, name.len);
    }
    bool ok = name.len > 0 && name.len < 40;
    for (size_t i = 0; ok && i < name.len; i++)
        ok = isalpha((unsigned char)name.ptr[i]) || name.ptr[i] == '_';
    if (!ok)
        return bad(t, "invalid character class range", start);
    bool script = name.len > 2 && !str_eqz(name, "Any");
    return strbuf_addf(t->out, "\\%c{%s%.*s}", negate ? 'P' : 'p', script ? "sc:" : "",
                       STR_FMT(name));
}

/* \d \w \s and their opposites as members of a class; NULL: another letter. */
static const char *perl_class(int c)
{
    switch (c) {
    case 'd': return "0-9";
    case 'w': return "0-9A-Za-z_";
    case 's': return "\\t\\n\\f\\r\\x{20}"; /* without VT, which PCRE2 counts in */
    case 'D': return "\\x{0}-\\x{2f}\\x{3a}-\\x{10ffff}";
    case 'W': return "\\x{0}-\\x{2f}\\x{3a}-\\x{40}\\x{5b}-\\x{5e}\\x{60}\\x{7b}-\\x{10ffff}";
    case 'S': return "\\x{0}-\\x{8}\\x{b}\\x{e}-\\x{1f}\\x{21}-\\x{10ffff}";
    default: return NULL;
    }
}

/* --- character classes --- */

/* [:alpha:] at the position. */
static bool posix_class(struct translator *t)
{
    static const char *const names[] = {"alnum", "alpha", "ascii", "blank", "cntrl",
                                        "digit", "graph", "lower", "print", "punct",
                                        "space", "upper", "word",  "xdigit"};
    str rest = str_sub(t->s, t->pos, t->s.len);
    ptrdiff_t end = str_find(rest, STR(":]"));
    if (end < 0)
        return false;
    str name = str_sub(rest, 2, MAX((size_t)end, (size_t)2));
    bool negate = name.len > 0 && name.ptr[0] == '^';
    name = str_sub(name, negate, name.len);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (str_eqz(name, names[i])) {
            strbuf_addf(t->out, "[:%s%s:]", negate ? "^" : "", names[i]);
            t->pos += (size_t)end + 2;
            return true;
        }
    t->pos += (size_t)end + 2;
    bad(t, "invalid character class range", t->pos - (size_t)end - 2);
    return false;
}

static bool class_char(struct translator *t, size_t start, uint32_t *out)
{
    if (peek(t, 0) < 0)
        return bad(t, "missing closing ]", start);
    if (peek(t, 0) != '\\')
        return next_rune(t, out);
    t->pos++;
    return char_escape(t, out);
}

/* A set written with a backslash: true when it was one. */
static bool class_set(struct translator *t, bool *ok)
{
    *ok = true;
    if (peek(t, 0) != '\\')
        return false;
    const char *perl = perl_class(peek(t, 1));
    if (perl != NULL) {
        strbuf_adds(t->out, perl);
        t->pos += 2;
        return true;
    }
    if (peek(t, 1) != 'p' && peek(t, 1) != 'P')
        return false;
    t->pos++;
    *ok = property_escape(t);
    return true;
}

static bool class_range(struct translator *t, size_t start)
{
    uint32_t lo, hi;
    size_t from = t->pos;
    if (!class_char(t, start, &lo))
        return false;
    hi = lo;
    if (peek(t, 0) == '-' && peek(t, 1) >= 0 && peek(t, 1) != ']') {
        t->pos++;
        if (!class_char(t, start, &hi))
            return false;
        if (hi < lo)
            return bad(t, "invalid character class range", from);
    }
    emit_rune(t, lo);
    if (hi != lo) {
        strbuf_addc(t->out, '-');
        emit_rune(t, hi);
    }
    return true;
}

static bool char_class(struct translator *t)
{
    size_t start = t->pos++;
    strbuf_addc(t->out, '[');
    if (peek(t, 0) == '^') {
        strbuf_addc(t->out, '^');
        t->pos++;
    }
    *t->why = NULL;
    for (bool first = true; first || peek(t, 0) != ']'; first = false) {
        bool ok;
        if (peek(t, 0) == '[' && peek(t, 1) == ':' && posix_class(t))
            continue;
        if (*t->why != NULL)
            return false;
        if (class_set(t, &ok) ? !ok : !class_range(t, start))
            return false;
    }
    t->pos++;
    return strbuf_addc(t->out, ']');
}

/* --- groups --- */

static bool group_name(struct translator *t, size_t start)
{
    size_t from = t->pos;
    while (isalnum(peek(t, 0)) || peek(t, 0) == '_')
        t->pos++;
    str name = str_sub(t->s, from, t->pos);
    if (name.len == 0 || peek(t, 0) != '>')
        return bad(t, "invalid named capture", start);
    t->pos++;
    for (size_t i = 0; i < t->names.len; i++)
        if (str_eq(t->names.ptr[i], name))
            return bad(t, "duplicate capture group name", start);
    group_names_push(t->a, &t->names, name);
    return strbuf_addc(t->out, '(');
}

/* (?i) or (?i-s: after "(?"; *OPENED: a group begins. */
static bool group_flags(struct translator *t, size_t start, bool *opened)
{
    bool negative = false, any = false;
    strbuf_adds(t->out, "(?");
    for (;;) {
        int c = peek(t, 0);
        t->pos++;
        if (c == ':' || c == ')') {
            *opened = c == ':';
            if (negative && !any)
                break;
            return strbuf_addc(t->out, (char)c);
        }
        if (c == '-' && !negative) {
            negative = true;
            any = false;
        } else if (c > 0 && strchr("imsU", c) != NULL) {
            any = true;
        } else {
            break;
        }
        strbuf_addc(t->out, (char)c);
    }
    t->pos = MIN(t->pos, t->s.len);
    return bad(t, "invalid or unsupported Perl syntax", start);
}

static bool open_group(struct translator *t, bool *opened)
{
    size_t start = t->pos++;
    *opened = true;
    if (peek(t, 0) != '?') {
        group_names_push(t->a, &t->names, (str){0});
        return strbuf_addc(t->out, '(');
    }
    t->pos++;
    if (peek(t, 0) == 'P' && peek(t, 1) == '<') {
        t->pos += 2;
        return group_name(t, start);
    }
    if (peek(t, 0) == '<' && peek(t, 1) != '=' && peek(t, 1) != '!') {
        t->pos++;
        return group_name(t, start);
    }
    return group_flags(t, start, opened);
}

/* --- quantifiers --- */

/* {n}, {n,}, {n,m} at the position, as numbers; false: a literal brace. */
static bool read_repeat(struct translator *t, long *min, long *max)
{
    size_t p = t->pos + 1;
    long *into[] = {min, max};
    *max = -2;
    for (int i = 0; i < 2; i++) {
        size_t from = p;
        *into[i] = 0;
        while (p < t->s.len && isdigit((unsigned char)t->s.ptr[p])) {
            *into[i] = MIN(*into[i] * 10 + (t->s.ptr[p++] - '0'), 100000L);
        }
        bool leading_zero = p - from > 1 && t->s.ptr[from] == '0';
        if (leading_zero || (i == 0 && p == from) || p >= t->s.len)
            return false;
        if (i == 1 && p == from)
            *max = -1;
        if (t->s.ptr[p] == '}')
            break;
        if (i == 1 || t->s.ptr[p++] != ',')
            return false;
        *max = -1;
    }
    if (*max == -2)
        *max = *min;
    t->pos = p + 1;
    return true;
}

static bool quantifier(struct translator *t, const char *text, size_t start)
{
    if (t->operand == OPERAND_NONE)
        return bad(t, "missing argument to repetition operator", start);
    if (t->operand == OPERAND_REPEATED)
        return bad(t, "invalid nested repetition operator", start);
    strbuf_adds(t->out, text);
    if (peek(t, 0) == '?') {
        strbuf_addc(t->out, '?');
        t->pos++;
    }
    t->operand = OPERAND_REPEATED;
    return true;
}

static bool brace(struct translator *t)
{
    size_t start = t->pos;
    long min, max;
    if (!read_repeat(t, &min, &max)) {
        t->pos = start + 1;
        t->operand = OPERAND_ATOM;
        emit_rune(t, '{');
        return true;
    }
    if (min > MAX_REPEAT || max > MAX_REPEAT || (max >= 0 && max < min))
        return bad(t, "invalid repeat count", start);
    const char *text =
        max < 0 ? arena_fmt(t->a, "{%ld,}", min) : arena_fmt(t->a, "{%ld,%ld}", min, max);
    return quantifier(t, text, start);
}

/* --- the whole --- */

/* \Q...\E: literally. */
static bool quoted(struct translator *t)
{
    t->pos += 2;
    while (t->pos < t->s.len) {
        uint32_t cp;
        if (peek(t, 0) == '\\' && peek(t, 1) == 'E') {
            t->pos += 2;
            return true;
        }
        if (!next_rune(t, &cp))
            return false;
        emit_rune(t, cp);
        t->operand = OPERAND_ATOM;
    }
    return true;
}

static bool escape(struct translator *t)
{
    int c = peek(t, 1);
    uint32_t cp;
    if (c == 'Q')
        return quoted(t);
    t->operand = OPERAND_ATOM;
    if (c == 'A' || c == 'z' || c == 'b' || c == 'B') {
        t->pos += 2;
        return strbuf_addf(t->out, "(?:\\%c)", c);
    }
    const char *perl = c < 0 ? NULL : perl_class(c);
    if (perl != NULL) {
        t->pos += 2;
        return strbuf_addf(t->out, "[%s]", perl);
    }
    t->pos++;
    if (c == 'p' || c == 'P')
        return property_escape(t);
    if (!char_escape(t, &cp))
        return false;
    emit_rune(t, cp);
    return true;
}

static bool close_group(struct translator *t)
{
    if (t->depth == 0)
        return bad(t, "unexpected )", t->pos);
    t->depth--;
    t->pos++;
    t->operand = OPERAND_ATOM;
    return strbuf_addc(t->out, ')');
}

static bool begin_group(struct translator *t)
{
    bool opened;
    size_t start = t->pos;
    if (!open_group(t, &opened))
        return false;
    t->depth += opened;
    t->operand = OPERAND_NONE;
    return t->depth <= MAX_NESTING || bad(t, "expression nests too deeply", start);
}

static bool simple(struct translator *t, const char *text, enum operand operand)
{
    t->pos++;
    t->operand = operand;
    return strbuf_adds(t->out, text);
}

static bool translate_one(struct translator *t)
{
    uint32_t cp;
    switch (peek(t, 0)) {
    case '(': return begin_group(t);
    case ')': return close_group(t);
    case '|': return simple(t, "|", OPERAND_NONE);
    case '.': return simple(t, ".", OPERAND_ATOM);
    case '^': return simple(t, "(?:^)", OPERAND_ATOM);
    case '$': return simple(t, "(?:$)", OPERAND_ATOM);
    case '*': return t->pos++, quantifier(t, "*", t->pos - 1);
    case '+': return t->pos++, quantifier(t, "+", t->pos - 1);
    case '?': return t->pos++, quantifier(t, "?", t->pos - 1);
    case '{': return brace(t);
    case '\\': return escape(t);
    case '[': t->operand = OPERAND_ATOM; return char_class(t);
    default: break;
    }
    if (!next_rune(t, &cp))
        return false;
    emit_rune(t, cp);
    t->operand = OPERAND_ATOM;
    return true;
}

bool regex_translate(struct arena *a, str pattern, struct strbuf *out, struct regex_names *names,
                     const char **why)
{
    struct translator t = {.a = a, .s = pattern, .out = out, .why = why};
    if (pattern.len > MAX_PATTERN) {
        *why = "the pattern is too long";
        return false;
    }
    while (t.pos < t.s.len)
        if (!translate_one(&t))
            return false;
    if (t.depth > 0)
        return bad(&t, "missing closing )", 0);
    *names = (struct regex_names){t.names.ptr, t.names.len};
    return true;
}
