/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/json_read.h"

#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "hcl/diag.h"
#include "hcl/parse.h"
#include "hcl/source.h"

DEFINE_ARENA_VEC(json_nodes, const struct json_node *);
DEFINE_ARENA_VEC(json_members, struct json_member);

struct reader {
    struct arena *arena;
    str text;
    size_t pos;
    unsigned depth;
    const struct source_file *file;
    struct json_error *err;
    size_t err_end; /* where the wrong piece ends */
};

/* Remember what is wrong with the LEN bytes at the position; returns NULL. */
static const struct json_node *fail(struct reader *r, size_t len, const char *message)
{
    r->err->message = message;
    r->err->offset = r->pos;
    r->err_end = MIN(r->pos + len, r->text.len);
    return NULL;
}

static int peek(const struct reader *r)
{
    return r->pos < r->text.len ? (unsigned char)r->text.ptr[r->pos] : -1;
}

static void skip_space(struct reader *r)
{
    for (int c; (c = peek(r)) == ' ' || c == '\t' || c == '\n' || c == '\r';)
        r->pos++;
}

static struct range range_from(const struct reader *r, size_t start)
{
    return (struct range){r->file, (uint32_t)start, (uint32_t)r->pos};
}

static struct json_node *new_node(struct reader *r, enum json_kind kind, size_t start)
{
    struct json_node *n = arena_new_object(r->arena, struct json_node);
    n->kind = kind;
    n->range = range_from(r, start);
    return n;
}

/* Bytes of a word or a number, to be underlined when it is wrong. */
static size_t word_len(const struct reader *r)
{
    size_t len = 0;
    for (; r->pos + len < r->text.len; len++) {
        char c = r->text.ptr[r->pos + len];
        bool in_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '.' || c == '+' || c == '-' || (c & 0x80) != 0;
        if (!in_word)
            break;
    }
    return MAX(len, (size_t)1);
}

/* --- strings --- */

static bool hex4(const struct reader *r, size_t at, uint32_t *out)
{
    if (at + 4 > r->text.len)
        return false;
    *out = 0;
    for (size_t i = 0; i < 4; i++) {
        char c = r->text.ptr[at + i];
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
            digit = (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return false;
        *out = *out * 16 + digit;
    }
    return true;
}

/* "\uXXXX" at the position, with the second half of a surrogate pair. */
static bool read_unicode(struct reader *r, struct strbuf *out)
{
    uint32_t cp, low;
    char bytes[4];
    if (!hex4(r, r->pos + 2, &cp)) {
        fail(r, 2, "After \\u come exactly four hexadecimal digits.");
        return false;
    }
    r->pos += 6;
    bool is_pair = cp >= 0xD800 && cp < 0xDC00 && r->pos + 1 < r->text.len &&
                   r->text.ptr[r->pos] == '\\' && r->text.ptr[r->pos + 1] == 'u' &&
                   hex4(r, r->pos + 2, &low) && low >= 0xDC00 && low < 0xE000;
    if (is_pair) {
        cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
        r->pos += 6;
    } else if (cp >= 0xD800 && cp < 0xE000) {
        cp = 0xFFFD;
    }
    strbuf_add(out, bytes, utf8_encode(cp, bytes));
    return true;
}

static bool read_escape(struct reader *r, struct strbuf *out)
{
    static const char names[] = "\"\\/bfnrt", chars[] = "\"\\/\b\f\n\r\t";
    char c = r->pos + 1 < r->text.len ? r->text.ptr[r->pos + 1] : '\0';
    if (c == 'u')
        return read_unicode(r, out);
    const char *found = c == '\0' ? NULL : strchr(names, c);
    if (found == NULL) {
        fail(r, 2, "This is not an escape sequence of JSON. For a backslash write \\\\.");
        return false;
    }
    strbuf_addc(out, chars[found - names]);
    r->pos += 2;
    return true;
}

/* Plain characters up to a quote, a backslash or a control character. */
static bool read_plain(struct reader *r, struct strbuf *out)
{
    size_t start = r->pos;
    while (r->pos < r->text.len) {
        int c = peek(r);
        if (c == '"' || c == '\\' || c < 0x20)
            break;
        uint32_t cp;
        size_t len = c < 0x80 ? 1 : utf8_decode(str_sub(r->text, r->pos, r->text.len), &cp);
        if (len == 0) {
            fail(r, 1, "This is not valid UTF-8. Save the file in UTF-8 encoding.");
            return false;
        }
        r->pos += len;
    }
    return strbuf_add(out, r->text.ptr + start, r->pos - start);
}

/* A string at the position; *OUT is decoded and in the arena. */
static bool read_string(struct reader *r, str *out)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    size_t start = r->pos++;
    for (;;) {
        int c = peek(r);
        if (c == '"')
            break;
        if (c < 0) {
            r->pos = start;
            fail(r, 1, "This string has no closing quote.");
            return false;
        }
        if (c < 0x20) {
            fail(r, 1,
                 c == '\n' ? "A string cannot go over several lines. Write \\n for a line break."
                           : "Control characters in strings must be written as \\u00XX.");
            return false;
        }
        if (!(c == '\\' ? read_escape(r, &text) : read_plain(r, &text)))
            return false;
    }
    r->pos++;
    *out = (str){arena_strndup(r->arena, text.buf, text.len), text.len};
    return true;
}

/* --- numbers and words --- */

static size_t skip_digits(struct reader *r)
{
    size_t start = r->pos;
    while (peek(r) >= '0' && peek(r) <= '9')
        r->pos++;
    return r->pos - start;
}

/* Exponent digits at the position that are not too large. */
static bool exponent_fits(const struct reader *r)
{
    long value = 0;
    for (size_t i = r->pos; i < r->text.len; i++) {
        char c = r->text.ptr[i];
        if (c < '0' || c > '9')
            break;
        value = value * 10 + (c - '0');
        if (value > PARSE_MAX_EXPONENT)
            return false;
    }
    return true;
}

static bool skip_number(struct reader *r)
{
    if (peek(r) == '-')
        r->pos++;
    bool leading_zero = peek(r) == '0';
    size_t digits = skip_digits(r);
    if (digits == 0 || (leading_zero && digits > 1))
        return false;
    if (peek(r) == '.') {
        r->pos++;
        if (skip_digits(r) == 0)
            return false;
    }
    if (peek(r) != 'e' && peek(r) != 'E')
        return true;
    r->pos++;
    if (peek(r) == '+' || peek(r) == '-')
        r->pos++;
    return exponent_fits(r) && skip_digits(r) > 0;
}

static const struct json_node *read_number(struct reader *r)
{
    size_t start = r->pos, word = word_len(r);
    bool ok = skip_number(r) && r->pos - start == word;
    if (!ok || word > PARSE_MAX_NUMBER_BYTES) {
        r->pos = start;
        return fail(r, word,
                    ok ? "This number has too many digits."
                       : "This is not a number of JSON: digits without leading zeros, at most one "
                         "point and one exponent of moderate size. Text belongs in quotes.");
    }
    struct json_node *n = new_node(r, JSON_IS_NUMBER, start);
    n->text = str_sub(r->text, start, r->pos);
    return n;
}

static const struct json_node *read_word(struct reader *r)
{
    size_t start = r->pos, len = word_len(r);
    str word = str_sub(r->text, start, start + len);
    bool is_true = str_eqz(word, "true"), is_null = str_eqz(word, "null");
    if (!is_true && !is_null && !str_eqz(word, "false")) {
        if (word.ptr[0] == '\'')
            return fail(r, 1, "Strings are enclosed in double quotes.");
        return fail(r, len,
                    "A value must begin here: a string in double quotes, a number, true, false, "
                    "null, a list or an object.");
    }
    r->pos += len;
    struct json_node *n = new_node(r, is_null ? JSON_IS_NULL : JSON_IS_BOOL, start);
    n->boolean = is_true;
    return n;
}

/* --- lists and objects --- */

static const struct json_node *read_value(struct reader *r);

/* After an item: true when another follows; sets *DONE at CLOSE. */
static bool read_separator(struct reader *r, char close, size_t open, bool *done)
{
    skip_space(r);
    int c = peek(r);
    if (c == close) {
        r->pos++;
        *done = true;
        return true;
    }
    if (c == ',') {
        size_t comma = r->pos++;
        skip_space(r);
        if (peek(r) == close) {
            r->pos = comma;
            fail(r, 1, "No comma may follow the last item. Remove it.");
            return false;
        }
        return true;
    }
    if (c < 0) {
        r->pos = open;
        fail(r, 1, close == ']' ? "This list is not closed." : "This object is not closed.");
    } else {
        fail(r, word_len(r), "A comma must stand between two items.");
    }
    return false;
}

static struct json_node *finish_node(struct reader *r, enum json_kind kind, size_t start)
{
    struct json_node *n = new_node(r, kind, start);
    n->open_range = (struct range){r->file, (uint32_t)start, (uint32_t)start + 1};
    n->close_range = (struct range){r->file, (uint32_t)r->pos - 1, (uint32_t)r->pos};
    return n;
}

static const struct json_node *read_array(struct reader *r)
{
    struct json_nodes items = {0};
    size_t start = r->pos++;
    skip_space(r);
    bool done = peek(r) == ']';
    if (done)
        r->pos++;
    while (!done) {
        const struct json_node *item = read_value(r);
        if (item == NULL)
            return NULL;
        json_nodes_push(r->arena, &items, item);
        if (!read_separator(r, ']', start, &done))
            return NULL;
    }
    struct json_node *n = finish_node(r, JSON_IS_ARRAY, start);
    n->items = items.ptr;
    n->count = items.len;
    return n;
}

static bool read_member(struct reader *r, struct json_members *members)
{
    struct json_member m;
    skip_space(r);
    size_t start = r->pos;
    if (peek(r) != '"') {
        fail(r, word_len(r), "A property name in double quotes must follow here.");
        return false;
    }
    if (!read_string(r, &m.name))
        return false;
    m.name_range = range_from(r, start);
    skip_space(r);
    if (peek(r) != ':') {
        fail(r, word_len(r), "A colon must stand between a property's name and its value.");
        return false;
    }
    r->pos++;
    m.value = read_value(r);
    if (m.value == NULL)
        return false;
    json_members_push(r->arena, members, m);
    return true;
}

static const struct json_node *read_object(struct reader *r)
{
    struct json_members members = {0};
    size_t start = r->pos++;
    skip_space(r);
    bool done = peek(r) == '}';
    if (done)
        r->pos++;
    while (!done) {
        if (!read_member(r, &members) || !read_separator(r, '}', start, &done))
            return NULL;
    }
    struct json_node *n = finish_node(r, JSON_IS_OBJECT, start);
    n->members = members.ptr;
    n->count = members.len;
    return n;
}

static const struct json_node *read_string_node(struct reader *r)
{
    size_t start = r->pos;
    str text;
    if (!read_string(r, &text))
        return NULL;
    struct json_node *n = new_node(r, JSON_IS_STRING, start);
    n->text = text;
    return n;
}

static const struct json_node *read_nested(struct reader *r)
{
    if (r->depth == JSON_MAX_DEPTH)
        return fail(r, 1, "Lists and objects are nested too deeply here.");
    r->depth++;
    const struct json_node *n = peek(r) == '[' ? read_array(r) : read_object(r);
    r->depth--;
    return n;
}

static const struct json_node *read_value(struct reader *r)
{
    skip_space(r);
    int c = peek(r);
    if (c < 0)
        return fail(r, 0, "A value must follow, but this is the end.");
    if (c == '[' || c == '{')
        return read_nested(r);
    if (c == '"')
        return read_string_node(r);
    if (c == '-' || (c >= '0' && c <= '9'))
        return read_number(r);
    return read_word(r);
}

static const struct json_node *read_all(struct reader *r)
{
    if (r->text.len > JSON_MAX_BYTES)
        return fail(r, 0, "The text is too large.");
    const struct json_node *n = read_value(r);
    if (n == NULL)
        return NULL;
    skip_space(r);
    if (r->pos < r->text.len)
        return fail(r, word_len(r), "The value ends before this; nothing may follow it.");
    return n;
}

const struct json_node *json_read(struct arena *a, str text, struct json_error *err)
{
    struct reader r = {.arena = a, .text = text, .err = err};
    return read_all(&r);
}

const struct json_node *json_read_source(struct arena *a, const struct source_file *f,
                                         struct diags *d)
{
    struct json_error err = {0};
    struct reader r = {.arena = a, .text = f->text, .file = f, .err = &err};
    if (str_starts(f->text, STR("\xef\xbb\xbf")))
        r.pos = 3;
    const struct json_node *n = read_all(&r);
    if (n == NULL)
        diags_error(d, (struct range){f, (uint32_t)err.offset, (uint32_t)r.err_end}, "Invalid JSON",
                    "%s", err.message);
    return n;
}
