/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/yaml_scalar.h"

#include <ctype.h>

#include "hcl/civil.h"

#define TAG_PREFIX "tag:yaml.org,2002:"

static bool in_list(str s, const char *const *list)
{
    for (; *list != NULL; list++)
        if (str_eqz(s, *list))
            return true;
    return false;
}

/* A bool, null or infinity by its name. */
static bool by_name(struct arena *a, str s, value *out)
{
    static const char *const yes[] = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                      "True", "TRUE", "on",  "On",  "ON",  NULL};
    static const char *const no[] = {"n",     "N",     "no",  "No",  "NO",  "false",
                                     "False", "FALSE", "off", "Off", "OFF", NULL};
    static const char *const null[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const inf[] = {".inf",  ".Inf",  ".INF",  "+.inf", "+.Inf",
                                      "+.INF", "-.inf", "-.Inf", "-.INF", NULL};
    if (in_list(s, yes) || in_list(s, no))
        *out = value_bool(in_list(s, yes));
    else if (in_list(s, null))
        *out = value_null(&type_dynamic);
    else if (in_list(s, inf))
        *out = value_double(a, s.ptr[0] == '-' ? -__builtin_inf() : __builtin_inf());
    else
        return false;
    return true;
}

/* --- timestamps: short fields and other separators than RFC 3339 --- */

/* One or two digits at *POS, added as two. */
static bool take_field(str s, size_t *pos, struct strbuf *out)
{
    size_t start = *pos;
    while (*pos < s.len && *pos < start + 2 && isdigit((unsigned char)s.ptr[*pos]))
        (*pos)++;
    if (*pos == start)
        return false;
    if (*pos == start + 1)
        strbuf_addc(out, '0');
    return strbuf_add(out, s.ptr + start, *pos - start);
}

static bool take_char(str s, size_t *pos, char c)
{
    bool ok = *pos < s.len && s.ptr[*pos] == c;
    *pos += ok;
    return ok;
}

/* "h:m:s" and what follows it. */
static bool take_clock(str s, size_t *pos, bool zoned, struct strbuf *out)
{
    strbuf_addc(out, 'T');
    for (int i = 0; i < 3; i++) {
        if (i > 0 && (!take_char(s, pos, ':') || !strbuf_addc(out, ':')))
            return false;
        if (!take_field(s, pos, out))
            return false;
    }
    size_t rest = *pos;
    if (!zoned && take_char(s, pos, '.'))
        while (*pos < s.len && isdigit((unsigned char)s.ptr[*pos]))
            (*pos)++;
    if (!zoned && *pos != s.len)
        return false;
    return strbuf_addstr(out, str_sub(s, rest, s.len)) && (zoned || strbuf_addc(out, 'Z'));
}

static bool timestamp(struct arena *a, str s, value *out)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT, text = STRBUF_INIT;
    size_t pos = 0;
    struct civil c;
    const char *why;
    while (pos < s.len && isdigit((unsigned char)s.ptr[pos]))
        pos++;
    if (pos != 4 || s.len > 64)
        return false;
    strbuf_add(&sb, s.ptr, 4);
    for (int i = 0; i < 2; i++)
        if (!take_char(s, &pos, '-') || !strbuf_addc(&sb, '-') || !take_field(s, &pos, &sb))
            return false;
    if (pos == s.len)
        strbuf_adds(&sb, "T00:00:00Z");
    else if (take_char(s, &pos, ' ') ? !take_clock(s, &pos, false, &sb)
                                     : !(take_char(s, &pos, 'T') || take_char(s, &pos, 't')) ||
                                           !take_clock(s, &pos, true, &sb))
        return false;
    if (!civil_parse(strbuf_str(&sb), false, &c, &why))
        return false;
    civil_add_rfc3339(&c, &text);
    *out = value_string(a, strbuf_str(&text));
    return true;
}

/* --- numbers --- */

static bool all_digits(str s, const char *digits)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '\0' || strchr(digits, s.ptr[i]) == NULL)
            return false;
    return s.len > 0;
}

static bool based_integer(struct arena *a, str s, value *out)
{
    mpz_t z;
    bool hex = str_starts(s, STR("0x")), octal = str_starts(s, STR("0o"));
    str digits = str_sub(s, MIN((size_t)2, s.len), s.len);
    if (s.len > 20 || !(hex ? all_digits(digits, "0123456789abcdefABCDEF")
                            : octal && all_digits(digits, "01234567")))
        return false;
    mpz_init_set_str(z, str_dup(a, digits), hex ? 16 : 8);
    *out = value_number(number_from_mpz(a, z));
    mpz_clear(z);
    return true;
}

/* Digits with underlines between them, 1_000: the digits alone. */
static str without_underlines(struct arena *a, str s)
{
    size_t start = s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+'), len = start;
    if (str_find(s, STR("_")) < 0 || start == s.len || !isdigit((unsigned char)s.ptr[start]) ||
        !all_digits(str_sub(s, start, s.len), "0123456789_"))
        return s;
    char *digits = str_dup(a, s);
    for (size_t i = start; i < s.len; i++)
        if (s.ptr[i] != '_')
            digits[len++] = s.ptr[i];
    return (str){digits, len};
}

static bool number(struct arena *a, str s, value *out)
{
    const struct number *n;
    if (based_integer(a, s, out))
        return true;
    s = without_underlines(a, s);
    if (number_parse(a, s, &n) != NUMBER_OK)
        return false;
    *out = value_number(n);
    return true;
}

/* --- resolution --- */

static bool bad(struct arena *a, str text, str tag, const char **why)
{
    *why = arena_fmt(a, "cannot parse \"%.*s\" as !!%.*s", STR_FMT(text), STR_FMT(tag));
    return false;
}

static bool tagged(struct arena *a, str tag, str text, value *out, const char **why)
{
    bool ok = true;
    if (str_eqz(tag, "str") || str_eqz(tag, "binary"))
        *out = value_string(a, text);
    else if (str_eqz(tag, "bool"))
        ok = by_name(a, text, out) && out->type->kind == TYPE_BOOL;
    else if (str_eqz(tag, "int") || str_eqz(tag, "float"))
        ok = number(a, text, out) || (by_name(a, text, out) && out->type->kind == TYPE_NUMBER);
    else if (str_eqz(tag, "null"))
        *out = value_null(&type_dynamic);
    else if (str_eqz(tag, "timestamp"))
        ok = timestamp(a, text, out);
    else {
        *why = arena_fmt(a, "unsupported tag \"%.*s\"", STR_FMT(tag));
        return false;
    }
    return ok || bad(a, text, tag, why);
}

bool yaml_resolve(struct arena *a, str tag, str text, bool quoted, value *out, const char **why)
{
    if (tag.len > 0) {
        if (str_starts(tag, STR(TAG_PREFIX)))
            tag = str_sub(tag, strlen(TAG_PREFIX), tag.len);
        /* What is quoted and begins like a number or a word stays text; !!str it is anyway. */
        bool resolves = text.len > 0 && strchr("+-.0123456789yYnNtTfFoO~", text.ptr[0]) != NULL;
        if (!quoted || !resolves)
            return tagged(a, tag, text, out, why);
    }
    if (quoted) {
        *out = value_string(a, text);
        return true;
    }
    if (by_name(a, text, out))
        return true;
    if (str_eqz(text, ".nan") || str_eqz(text, ".NaN") || str_eqz(text, ".NAN")) {
        *why = "floating point NaN is not supported";
        return false;
    }
    if (timestamp(a, text, out) || number(a, text, out))
        return true;
    *out = value_string(a, text);
    return true;
}
