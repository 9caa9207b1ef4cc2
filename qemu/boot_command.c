/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/boot_command.h"

#include "base/clock.h"
#include "hcl/regex.h"
#include "hcl/suggest.h"
#include "qemu/keymap.h"

#define WORD_MAX 32 /* the longest name is shorter */
#define WAIT_FOR "waitfor"

/* Cut "on" or "off", in any case, off the end of *WORD; what it means. */
static enum boot_kind cut_toggle(str *word)
{
    static const struct {
        str suffix;
        enum boot_kind kind;
    } toggles[] = {{{"off", 3}, BOOT_RELEASE}, {{"on", 2}, BOOT_HOLD}};
    for (size_t i = 0; i < ARRAY_SIZE(toggles); i++) {
        str s = toggles[i].suffix;
        if (word->len > s.len && str_eq_nocase(str_sub(*word, word->len - s.len, word->len), s)) {
            word->len -= s.len;
            return toggles[i].kind;
        }
    }
    return BOOT_TAP;
}

/* "5" is seconds, "1m20s" what it says. */
static bool parse_time(str word, int64_t *out)
{
    int64_t seconds;
    if (str_to_i64(word, &seconds) && seconds <= INT64_MAX / NS_PER_S) {
        *out = seconds * NS_PER_S;
        return true;
    }
    return clock_parse_duration(word, out);
}

static bool check_positive(int64_t ns, struct error **err)
{
    if (ns > 0)
        return true;
    autofree char *got = clock_format_duration(ns);
    return error_set(err, ERR_TEMPLATE, 0, "Expecting a positive wait value. Got %s", got);
}

/* "", "5", "1m20s" after "wait"; false when WORD is no wait at all. */
static bool parse_wait(str word, int64_t *out)
{
    if (!str_starts(word, STR("wait")))
        return false;
    word = str_sub(word, 4, word.len);
    *out = NS_PER_S;
    return word.len == 0 || parse_time(word, out);
}

/* What stands between < and >; false: no word of ours, to be typed. */
static bool parse_word(str word, struct boot_action *out, struct error **err)
{
    if (parse_wait(word, &out->wait_ns)) {
        out->kind = BOOT_WAIT;
        check_positive(out->wait_ns, err);
        return true;
    }
    str name = word;
    out->kind = cut_toggle(&name);
    if (out->kind != BOOT_TAP && name.len == 1)
        return keymap_char(name.ptr[0], &out->key, &out->shift);
    if (keymap_name(name, &out->key))
        return true;
    out->kind = BOOT_TAP;
    return keymap_name(word, &out->key);
}

/* The word at the start of TEXT, which begins with '<'; 0: none. */
static size_t word_length(str text)
{
    /* A toggle's character may itself be '>': "<>on>". */
    ptrdiff_t end = text.len > 2 ? str_find_char(str_sub(text, 2, text.len), '>') : -1;
    return end >= 0 && end + 1 <= WORD_MAX ? (size_t)end + 1 : 0;
}

/* "<waitFor" and what cannot go on with a letter: meant for us, right or wrong. */
static bool is_wait_for(str text)
{
    enum { LEN = sizeof(WAIT_FOR) - 1 };
    if (text.len <= LEN + 1 || !str_eq_nocase(str_sub(text, 1, LEN + 1), STR(WAIT_FOR)))
        return false;
    return strchr(" \t>\"'/", text.ptr[LEN + 1]) != NULL;
}

static bool bad_wait_for(struct error **err, const char *what)
{
    error_set(err, ERR_TEMPLATE, 0, "<waitFor> %s", what);
    return error_hint(err, "Write <waitFor 'REGULAR EXPRESSION' 60s>; instead of ' a \" or / may "
                           "stand on both sides, and the time may be left out.");
}

/* End of the expression that begins after the quote at AT; -1: it never ends. */
static ptrdiff_t find_quote(str text, size_t at)
{
    for (size_t i = at + 1; i < text.len; i++) {
        if (text.ptr[i] == '\\')
            i++;
        else if (text.ptr[i] == text.ptr[at])
            return (ptrdiff_t)i;
    }
    return -1;
}

static bool check_pattern(str pattern, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("waitfor");
    const char *why;
    AUTO(regex) struct regex *re = regex_new(a, pattern, &why);
    return re != NULL || bad_wait_for(err, why);
}

/* *LEN of it all, also when it is wrong. */
static bool parse_wait_for(str text, struct boot_action *out, size_t *len, struct error **err)
{
    size_t at = sizeof(WAIT_FOR);
    *len = at;
    while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '\t'))
        at++;
    if (at >= text.len || strchr("\"'/", text.ptr[at]) == NULL)
        return bad_wait_for(err, "needs a regular expression in quotes");
    ptrdiff_t quote = find_quote(text, at);
    if (quote < 0)
        return bad_wait_for(err, "has no closing quote");
    str rest = str_sub(text, (size_t)quote + 1, text.len);
    ptrdiff_t end = str_find_char(rest, '>');
    *len = (size_t)quote + 1;
    if (end < 0)
        return bad_wait_for(err, "has no closing >");
    *len += (size_t)end + 1;
    *out = (struct boot_action){.kind = BOOT_WAIT_FOR,
                                .pattern = str_sub(text, at + 1, (size_t)quote)};
    str time = str_trim(str_sub(rest, 0, (size_t)end));
    if (time.len > 0 && !parse_time(time, &out->wait_ns))
        return bad_wait_for(err, "has something behind the expression that is no time");
    if (out->pattern.len == 0)
        return bad_wait_for(err, "has an empty regular expression");
    return (time.len == 0 || check_positive(out->wait_ns, err)) && check_pattern(out->pattern, err);
}

/* One item at the start of TEXT; *LEN of it, also when it is wrong. */
static bool parse_item(str text, struct boot_action *out, size_t *len, struct error **err)
{
    *out = (struct boot_action){0};
    if (text.ptr[0] == '<' && is_wait_for(text))
        return parse_wait_for(text, out, len, err);
    size_t word = text.ptr[0] == '<' ? word_length(text) : 0;
    *len = word + 2;
    if (word > 0 && parse_word(str_sub(text, 1, 1 + word), out, err))
        return *err == NULL;
    *out = (struct boot_action){.kind = BOOT_TAP};
    *len = 1;
    if (keymap_char(text.ptr[0], &out->key, &out->shift))
        return true;
    unsigned char byte = (unsigned char)text.ptr[0];
    while (byte >= 0xc0 && *len < text.len && ((unsigned char)text.ptr[*len] & 0xc0) == 0x80)
        ++*len;
    return error_set(err, ERR_TEMPLATE, 0,
                     "a US keyboard has no key for byte 0x%02x of the boot command", byte);
}

bool boot_command_parse(struct arena *a, str text, struct boot_actions *out,
                        struct boot_place *place, struct error **err)
{
    for (size_t at = 0; at < text.len;) {
        struct boot_action action;
        size_t len;
        if (!parse_item(str_sub(text, at, text.len), &action, &len, err)) {
            *place = (struct boot_place){at, at + len};
            return false;
        }
        boot_actions_push(a, out, action);
        at += len;
    }
    return true;
}

static bool is_name(str word)
{
    for (size_t i = 0; i < word.len; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", word.ptr[i]) ==
            NULL)
            return false;
    return true;
}

static bool contains_nocase(str s, str part)
{
    for (size_t i = 0; i + part.len <= s.len; i++)
        if (str_eq_nocase(str_sub(s, i, i + part.len), part))
            return true;
    return false;
}

/* What WORD, which is none of ours, was meant to be; NULL: it is just text.
 * A slip of one or two keys, or "shift" for "leftShift". */
static const char *guess(str word)
{
    enum { SHORTEST = 3, LONG = 6 };
    struct suggest s;
    if (word.len < SHORTEST || !is_name(word))
        return NULL;
    if (str_starts(word, STR("Wait")) || str_starts(word, STR("WAIT")) ||
        str_starts(word, STR("wait")))
        return "wait";
    cut_toggle(&word);
    suggest_init(&s, word);
    for (size_t i = 0; keymap_name_at(i) != NULL; i++) {
        str name = str_from(keymap_name_at(i));
        if (word.len >= SHORTEST && contains_nocase(name, word))
            return name.ptr;
        suggest_offer(&s, name);
    }
    return s.distance <= (word.len < LONG ? 1 : 2) ? s.best.ptr : NULL;
}

bool boot_command_doubt(str text, size_t from, struct boot_place *place, const char **meant)
{
    for (size_t at = from; at < text.len;) {
        str rest = str_sub(text, at, text.len);
        struct boot_action action;
        struct error *err = NULL;
        size_t len, word = rest.ptr[0] == '<' ? word_length(rest) : 0;
        bool ok = parse_item(rest, &action, &len, &err);
        error_drop(&err);
        *meant = ok && len == 1 && word > 0 ? guess(str_sub(rest, 1, 1 + word)) : NULL;
        if (*meant != NULL) {
            *place = (struct boot_place){at, at + word + 2};
            return true;
        }
        at += len;
    }
    return false;
}
