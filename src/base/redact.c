/* SPDX-License-Identifier: Apache-2.0 */
#include "base/redact.h"

#include <ctype.h>
#include <pthread.h>

#include "base/mem.h"
#include "base/thread.h"
#include "base/vec.h"

#define REPLACEMENT   "<sensitive>"
#define SHORTEST_LINE ((size_t)4)          /* a line "}" of a secret would redact every brace */
#define SHORTEST_FREE ((size_t)4)          /* shorter secrets are hidden as whole values only */
#define CONTEXT       ((size_t)4)          /* bytes in front of a match that decide about that */
#define SHORTEST_PART ((size_t)6)          /* of a base64 text inside another one */
#define LARGEST_HOLD  ((size_t)256 * 1024) /* of a chain of overlapping secrets */

DEFINE_VEC(forms, str);

/* The forms of all secrets, by their first byte; longest first. */
static struct {
    pthread_mutex_t lock;
    struct forms by_first[256];
    size_t longest;
    bool at_exit;
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void insert_form(str form)
{
    struct forms *v;
    size_t at;

    if (form.len == 0)
        return;
    v = &table.by_first[(unsigned char)form.ptr[0]];
    for (size_t i = 0; i < v->len; i++)
        if (str_eq(v->ptr[i], form))
            return;
    forms_push(v, (str){str_xdup(form), form.len});
    for (at = v->len - 1; at > 0 && v->ptr[at - 1].len < v->ptr[at].len; at--) {
        str moved = v->ptr[at];

        v->ptr[at] = v->ptr[at - 1];
        v->ptr[at - 1] = moved;
    }
    table.longest = MAX(table.longest, form.len);
}

/* Insert what was built, then wipe it. */
static void insert_built(struct strbuf *form)
{
    insert_form(strbuf_str(form));
    if (form->len > 0)
        explicit_bzero(form->buf, form->len);
    strbuf_truncate(form, 0);
}

static void insert_json(str secret, struct strbuf *tmp)
{
    bool found_slash = str_find_char(secret, '/') >= 0;

    strbuf_add_json_quoted(tmp, secret);
    insert_form(str_sub(strbuf_str(tmp), 1, tmp->len - 1));
    if (found_slash) {
        /* Some writers escape the slash too. */
        AUTO(strbuf) struct strbuf slashed = STRBUF_INIT;

        for (size_t i = 1; i + 1 < tmp->len; i++) {
            strbuf_adds(&slashed, tmp->buf[i] == '/' ? "\\" : "");
            strbuf_addc(&slashed, tmp->buf[i]);
        }
        insert_built(&slashed);
    }
    explicit_bzero(tmp->buf, tmp->len);
    strbuf_truncate(tmp, 0);
}

/* Each C of SECRET as TEXT. */
static void insert_replaced(str secret, char c, const char *text, struct strbuf *tmp)
{
    for (size_t i = 0; i < secret.len; i++) {
        if (secret.ptr[i] == c)
            strbuf_adds(tmp, text);
        else
            strbuf_addc(tmp, secret.ptr[i]);
    }
    insert_built(tmp);
}

static void insert_shell(str secret, struct strbuf *tmp)
{
    insert_replaced(secret, '\'', "'\"'\"'", tmp);
    insert_replaced(secret, '\'', "'\\''", tmp);
    /* Inside double quotes, and of bash's printf %q. */
    for (size_t i = 0; i < secret.len; i++) {
        strbuf_adds(tmp, strchr("\"\\$`", secret.ptr[i]) != NULL ? "\\" : "");
        strbuf_addc(tmp, secret.ptr[i]);
    }
    insert_built(tmp);
    for (size_t i = 0; i < secret.len; i++) {
        unsigned char c = (unsigned char)secret.ptr[i];

        strbuf_adds(tmp, c < 0x80 && !isalnum(c) && strchr("_-./:=@%+", c) == NULL ? "\\" : "");
        strbuf_addc(tmp, secret.ptr[i]);
    }
    insert_built(tmp);
}

/* [RFC 3986] 2.1; SPACE is "%20" or "+", KEEP are the bytes left alone besides
 * letters and digits. */
static void insert_url(str secret, const char *digits, const char *space, const char *keep,
                       struct strbuf *tmp)
{
    for (size_t i = 0; i < secret.len; i++) {
        unsigned char c = (unsigned char)secret.ptr[i];

        if (c == ' ') {
            strbuf_adds(tmp, space);
        } else if ((c < 0x80 && isalnum(c)) || (c != '\0' && strchr(keep, c) != NULL)) {
            strbuf_addc(tmp, (char)c);
        } else {
            strbuf_addc(tmp, '%');
            strbuf_addc(tmp, digits[c >> 4]);
            strbuf_addc(tmp, digits[c & 15]);
        }
    }
    insert_built(tmp);
}

static void insert_urls(str secret, struct strbuf *tmp)
{
    static const char *const digits[] = {"0123456789ABCDEF", "0123456789abcdef"};
    static const char *const spaces[] = {"%20", "+"};
    /* Go's and curl's; with the slash; encodeURIComponent()'s. */
    static const char *const keeps[] = {"-._~", "-._~/", "-._~!*'()"};

    for (size_t d = 0; d < ARRAY_SIZE(digits); d++)
        for (size_t s = 0; s < ARRAY_SIZE(spaces); s++)
            for (size_t k = 0; k < ARRAY_SIZE(keeps); k++)
                insert_url(secret, digits[d], spaces[s], keeps[k], tmp);
}

static void insert_xml(str secret, struct strbuf *tmp)
{
    static const struct {
        char c;
        const char *text;
    } entities[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}};

    /* The quotes are escaped in attributes only. */
    for (size_t count = 3; count <= ARRAY_SIZE(entities); count++) {
        for (size_t i = 0; i < secret.len; i++) {
            const char *text = NULL;

            for (size_t e = 0; e < count; e++)
                if (entities[e].c == secret.ptr[i])
                    text = entities[e].text;
            if (text != NULL)
                strbuf_adds(tmp, text);
            else
                strbuf_addc(tmp, secret.ptr[i]);
        }
        insert_built(tmp);
    }
}

/* The characters of SECRET in base64 when SHIFT bytes stand before it.  Those
 * that also hold bits of its neighbours are left out, unless WHOLE. */
static void insert_base64(str secret, size_t shift, bool whole, const char *alphabet,
                          struct strbuf *tmp)
{
    size_t bits = secret.len * 8, skip = shift == 0 ? 0 : (6 - shift * 8 % 6) % 6;

    for (size_t at = skip; at < bits; at += 6) {
        unsigned value = 0;

        if (at + 6 > bits && !whole)
            break;
        for (size_t b = at; b < at + 6; b++) {
            unsigned char byte = b < bits ? (unsigned char)secret.ptr[b / 8] : 0;

            value = value << 1 | (unsigned)(byte >> (7 - b % 8) & 1);
        }
        strbuf_addc(tmp, alphabet[value]);
    }
    if (whole || tmp->len >= SHORTEST_PART)
        insert_built(tmp);
    strbuf_truncate(tmp, 0);
}

static void insert_base64s(str secret, bool whole, struct strbuf *tmp)
{
#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    static const char *const alphabets[] = {ALNUM "+/", ALNUM "-_"};
#undef ALNUM

    for (size_t a = 0; a < ARRAY_SIZE(alphabets); a++) {
        if (whole)
            insert_base64(secret, 0, true, alphabets[a], tmp);
        for (size_t shift = 0; shift < 3; shift++)
            insert_base64(secret, shift, false, alphabets[a], tmp);
    }
}

/* PowerShell's -EncodedCommand is base64 of UTF-16LE; ASCII is enough here. */
static void insert_utf16_base64(str secret, struct strbuf *tmp)
{
    AUTO(strbuf) struct strbuf wide = STRBUF_INIT;

    for (size_t i = 0; i < secret.len; i++) {
        strbuf_addc(&wide, secret.ptr[i]);
        strbuf_addc(&wide, '\0');
    }
    insert_base64s(strbuf_str(&wide), false, tmp);
    explicit_bzero(wide.buf, wide.len);
}

static void insert_all(str secret)
{
    AUTO(strbuf) struct strbuf tmp = STRBUF_INIT;

    insert_form(secret);
    if (secret.len < SHORTEST_FREE)
        return;
    insert_json(secret, &tmp);
    insert_shell(secret, &tmp);
    insert_urls(secret, &tmp);
    insert_xml(secret, &tmp);
    insert_base64s(secret, true, &tmp);
    insert_utf16_base64(secret, &tmp);
}

static void insert_lines(str secret)
{
    AUTO(strbuf) struct strbuf crlf = STRBUF_INIT;
    str rest = secret;

    for (size_t i = 0; i < secret.len; i++) {
        if (secret.ptr[i] == '\n' && (i == 0 || secret.ptr[i - 1] != '\r'))
            strbuf_addc(&crlf, '\r');
        strbuf_addc(&crlf, secret.ptr[i]);
    }
    insert_all(strbuf_str(&crlf));
    explicit_bzero(crlf.buf, crlf.len);
    /* What a file holds often ends with a newline that its user cut off. */
    insert_all(str_trim(secret));
    while (rest.ptr != NULL) {
        str line = str_trim(str_next_line(&rest));

        if (line.len >= SHORTEST_LINE)
            insert_all(line);
    }
}

void redact_register(str secret)
{
    LOCK_SCOPE(&table.lock);

    if (str_trim(secret).len == 0)
        return;
    if (!table.at_exit)
        table.at_exit = atexit(redact_reset) == 0;
    insert_all(secret);
    if (str_find_char(secret, '\n') >= 0)
        insert_lines(secret);
}

void redact_reset(void)
{
    LOCK_SCOPE(&table.lock);

    for (size_t i = 0; i < ARRAY_SIZE(table.by_first); i++) {
        VEC_EACH (form, &table.by_first[i])
            free_secret((char *)(uintptr_t)form->ptr, form->len);
        forms_clear(&table.by_first[i]);
    }
    table.longest = 0;
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

static bool ends_value(char c)
{
    return c == '\0' || strchr(" \t\r\n,;&\"'`", c) != NULL;
}

/* What stands at I of TEXT; a line end before and behind it. */
static char char_at(str text, size_t i)
{
    return i < text.len ? text.ptr[i] : '\n';
}

/* A short secret is part of many words: it is one only as a whole line, or as
 * the value behind "=" or ":", in quotes or not.  *PARTIAL as below. */
static bool is_whole_value(str text, size_t at, size_t len, bool *partial)
{
    char next = char_at(text, at + len), before = char_at(text, at - 1);
    bool ends = at + len == text.len, quoted = is_quote(before);
    if (quoted && next != before && !ends)
        return false;
    size_t i = quoted ? at - 1 : at;
    bool spaced = char_at(text, i - 1) == ' ';
    before = char_at(text, spaced ? i - 2 : i - 1);
    *partial |= ends;
    if (quoted)
        return before == '=' || before == ':';
    if (before == '=')
        return ends_value(next);
    bool line_ends = next == '\r' || next == '\n';
    return line_ends && (before == ':' || (before == '\n' && !spaced));
}

/* Length of the longest form at AT of TEXT, 0 for none.  *PARTIAL is set when
 * TEXT ends before it can be said. */
static size_t match_at(str text, size_t at, bool *partial)
{
    size_t left = text.len - at;
    VEC_EACH (form, &table.by_first[(unsigned char)text.ptr[at]]) {
        if (form->len <= left && memcmp(form->ptr, text.ptr + at, form->len) == 0) {
            if (form->len >= SHORTEST_FREE || is_whole_value(text, at, form->len, partial))
                return form->len;
        } else if (form->len > left && memcmp(form->ptr, text.ptr + at, left) == 0) {
            *partial = true;
        }
    }
    return 0;
}

/* From a match at START: the end of all matches that overlap it.  *PARTIAL as
 * above for any place inside. */
static size_t covered_until(str text, size_t start, size_t len, bool *partial)
{
    size_t end = start + len;

    for (size_t i = start + 1; i < end; i++)
        end = MAX(end, i + match_at(text, i, partial));
    return end;
}

/* Redact TEXT from byte START on into OUT; with IS_LAST false stop where more
 * text might change the answer.  Returns where that is. */
static size_t redact_some(struct strbuf *out, str text, size_t start, bool is_last)
{
    size_t plain = start, at = start;

    while (at < text.len) {
        bool partial = false;
        size_t len = match_at(text, at, &partial);
        size_t end = len == 0 ? at : covered_until(text, at, len, &partial);

        if (partial && !is_last && text.len - at < LARGEST_HOLD + table.longest)
            break;
        if (len == 0) {
            at++;
            continue;
        }
        strbuf_addstr(out, str_sub(text, plain, at));
        strbuf_adds(out, REPLACEMENT);
        plain = at = end;
    }
    strbuf_addstr(out, str_sub(text, plain, at));
    return at;
}

static void redact_rest(struct strbuf *out, str text, size_t start)
{
    LOCK_SCOPE(&table.lock);

    if (table.longest == 0)
        strbuf_addstr(out, str_sub(text, start, text.len));
    else
        redact_some(out, text, start, true);
}

void redact_add(struct strbuf *out, str text)
{
    redact_rest(out, text, 0);
}

char *redact_dup(const char *text)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;

    redact_add(&out, str_from(text));
    return strbuf_steal(&out);
}

void redact_stream_add(struct redact_stream *rs, str chunk, struct strbuf *out)
{
    LOCK_SCOPE(&table.lock);
    size_t done;

    strbuf_addstr(&rs->held, chunk);
    done = redact_some(out, strbuf_str(&rs->held), rs->context, false);
    rs->context = MIN(done, CONTEXT);
    explicit_bzero(rs->held.buf, done - rs->context);
    strbuf_shift(&rs->held, done - rs->context);
}

void redact_stream_end(struct redact_stream *rs, struct strbuf *out)
{
    redact_rest(out, strbuf_str(&rs->held), rs->context);
    if (rs->held.len > 0)
        explicit_bzero(rs->held.buf, rs->held.len);
    strbuf_clear(&rs->held);
    rs->context = 0;
}
