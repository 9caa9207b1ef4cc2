/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

#include <ctype.h>
#include <unictype.h>

#include "base/utf8.h"
#include "base/vec.h"
#include "hcl/regex.h"

DEFINE_ARENA_VEC(values, value);

static struct regex *compile_arg(struct func_call *call, size_t i)
{
    const char *why;
    struct regex *re = regex_new(call->arena, arg_str(call, i), &why);
    if (re == NULL)
        func_error(call, (ptrdiff_t)i, "invalid regexp pattern: %s", why);
    return re;
}

static ptrdiff_t *new_spans(struct func_call *call, const struct regex *re)
{
    return arena_new_array(call->arena, ptrdiff_t, 2 * (1 + regex_group_count(re)));
}

static bool search(struct func_call *call, struct regex *re, str s, size_t start, ptrdiff_t *spans,
                   bool *found)
{
    enum regex_result r = regex_search(re, s, start, spans);
    *found = r == REGEX_MATCH;
    if (r == REGEX_TOO_LONG)
        return func_error(call, -1, "matching the pattern takes too many steps on this text");
    return func_charge(call, 10);
}

/* Width of the code point at POS; 0 at the end. */
static size_t rune_width(str s, size_t pos)
{
    uint32_t cp;
    if (pos >= s.len)
        return 0;
    return MAX(utf8_decode(str_sub(s, pos, s.len), &cp), (size_t)1);
}

/* --- results --- */

static bool check_groups(struct func_call *call, const struct regex *re)
{
    size_t named = 0, count = regex_group_count(re);
    for (size_t i = 1; i <= count; i++)
        named += regex_group_name(re, i).len > 0;
    if (named != 0 && named != count)
        return func_error(call, 0,
                          "invalid regexp pattern: cannot mix both named and unnamed "
                          "capture groups");
    return true;
}

static value span_value(struct func_call *call, str s, const ptrdiff_t *span)
{
    if (span[0] < 0)
        return value_null(&type_string);
    return value_string(call->arena, str_sub(s, (size_t)span[0], (size_t)span[1]));
}

/* A string, a tuple of groups or an object of named groups. */
static value match_value(struct func_call *call, const struct regex *re, str s,
                         const ptrdiff_t *spans)
{
    size_t count = regex_group_count(re);
    if (count == 0)
        return span_value(call, s, spans);
    value *items = arena_new_array(call->arena, value, count);
    struct value_entry *entries = arena_new_array(call->arena, struct value_entry, count);
    for (size_t i = 0; i < count; i++) {
        items[i] = span_value(call, s, spans + 2 * (i + 1));
        str name = regex_group_name(re, i + 1);
        entries[i] = (struct value_entry){{str_dup(call->arena, name), name.len}, items[i]};
    }
    if (regex_group_name(re, 1).len == 0)
        return value_tuple(call->arena, items, count);
    return value_object(call->arena, entries, count);
}

static bool fn_regex(struct func_call *call, value *out)
{
    AUTO(regex) struct regex *re = compile_arg(call, 0);
    str s = arg_str(call, 1);
    bool found;
    if (re == NULL || !check_groups(call, re))
        return false;
    ptrdiff_t *spans = new_spans(call, re);
    if (!search(call, re, s, 0, spans, &found))
        return false;
    if (!found)
        return func_error(call, -1, "pattern did not match any part of the given string");
    *out = match_value(call, re, s, spans);
    return true;
}

/* The type of the elements even when there is no match. */
static const struct type *match_type(struct func_call *call, const struct regex *re)
{
    ptrdiff_t *spans = new_spans(call, re);
    for (size_t i = 0; i < 2 * (1 + regex_group_count(re)); i++)
        spans[i] = -1;
    return match_value(call, re, STR(""), spans).type;
}

/* Each step as Go's FindAll does it: no empty match right after a match. */
static bool fn_regexall(struct func_call *call, value *out)
{
    AUTO(regex) struct regex *re = compile_arg(call, 0);
    str s = arg_str(call, 1);
    struct values items = {0};
    if (re == NULL || !check_groups(call, re))
        return false;
    ptrdiff_t *spans = new_spans(call, re), previous = -1;
    for (size_t pos = 0; pos <= s.len;) {
        bool found;
        if (!search(call, re, s, pos, spans, &found))
            return false;
        if (!found)
            break;
        bool empty = (size_t)spans[1] == pos, accept = !empty || spans[0] != previous;
        size_t width = rune_width(s, pos);
        pos = !empty ? (size_t)spans[1] : width > 0 ? pos + width : s.len + 1;
        previous = spans[1];
        if (accept)
            values_push(call->arena, &items, match_value(call, re, s, spans));
    }
    *out = value_list(call->arena, match_type(call, re), items.ptr, items.len);
    return true;
}

/* --- replacing --- */

static bool is_name_rune(uint32_t cp)
{
    if (cp < 0x80)
        return cp == '_' || isalnum((int)cp);
    return uc_is_general_category_withtable(cp, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_Nd);
}

/* "name" or "{name}" at the start of T: its length, 0 when malformed. */
static size_t reference_name(str t, str *name)
{
    bool braces = t.len > 0 && t.ptr[0] == '{';
    size_t pos = braces, n;
    uint32_t cp;
    while (pos < t.len && (n = utf8_decode(str_sub(t, pos, t.len), &cp)) > 0 && is_name_rune(cp))
        pos += n;
    *name = str_sub(t, braces, pos);
    if (name->len == 0 || (braces && (pos >= t.len || t.ptr[pos] != '}')))
        return 0;
    return pos + braces;
}

static ptrdiff_t group_by_name(const struct regex *re, str name)
{
    int64_t n = 0;
    bool digits = true;
    for (size_t i = 0; i < name.len && digits; i++) {
        digits = isdigit((unsigned char)name.ptr[i]);
        n = digits ? MIN(n * 10 + (name.ptr[i] - '0'), INT64_C(100000000)) : n;
    }
    if (digits && (name.len == 1 || name.ptr[0] != '0'))
        return (uint64_t)n <= regex_group_count(re) ? (ptrdiff_t)n : -1;
    for (size_t i = 1; i <= regex_group_count(re); i++)
        if (str_eq(regex_group_name(re, i), name))
            return (ptrdiff_t)i;
    return -1;
}

/* TEMPLATE with $1, ${name} and $$ replaced. */
static void expand(const struct regex *re, str t, str s, const ptrdiff_t *spans, struct strbuf *out)
{
    while (t.len > 0) {
        ptrdiff_t dollar = str_find_char(t, '$');
        if (dollar < 0)
            break;
        strbuf_add(out, t.ptr, (size_t)dollar);
        t = str_sub(t, (size_t)dollar + 1, t.len);
        str name;
        size_t n = t.len > 0 && t.ptr[0] == '$' ? 0 : reference_name(t, &name);
        if (n == 0) {
            strbuf_addc(out, '$');
            t = str_sub(t, t.len > 0 && t.ptr[0] == '$', t.len);
            continue;
        }
        t = str_sub(t, n, t.len);
        ptrdiff_t g = group_by_name(re, name);
        if (g >= 0 && spans[2 * g] >= 0)
            strbuf_addstr(out, str_sub(s, (size_t)spans[2 * g], (size_t)spans[2 * g + 1]));
    }
    strbuf_addstr(out, t);
}

static bool fn_regex_replace(struct func_call *call, value *out)
{
    AUTO(regex) struct regex *re = compile_arg(call, 1);
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    str s = arg_str(call, 0), template = arg_str(call, 2);
    size_t last = 0;
    if (re == NULL)
        return false;
    ptrdiff_t *spans = new_spans(call, re);
    for (size_t pos = 0; pos <= s.len && !sb.truncated;) {
        bool found;
        if (!search(call, re, s, pos, spans, &found))
            return false;
        if (!found)
            break;
        size_t start = (size_t)spans[0], end = (size_t)spans[1];
        strbuf_addstr(&sb, str_sub(s, last, MAX(start, last)));
        if (end > last || start == 0)
            expand(re, template, s, spans, &sb);
        last = end;
        size_t width = MAX(rune_width(s, pos), (size_t)1);
        pos = pos + width > end ? pos + width : end;
    }
    strbuf_addstr(&sb, str_sub(s, last, s.len));
    return result_string(call, &sb, out);
}

const struct func funcs_regex[] = {
    {.name = "regex",
     .params = {{"pattern", &type_string, 0}, {"string", &type_string, 0}},
     .impl = fn_regex,
     .group = "string",
     .doc = "What the pattern matches first: a string; with groups, a tuple of their texts; with "
            "named groups, an object. No match is an error.",
     .example = "regex(\"(?P<major>[0-9]+)[.](?P<minor>[0-9]+)\", \"v24.04\")",
     .expected = "{\"major\":\"24\",\"minor\":\"04\"}"},
    {.name = "regex_replace",
     .params = {{"str", &type_string, 0},
                {"pattern", &type_string, 0},
                {"replace", &type_string, 0}},
     .returns = &type_string,
     .impl = fn_regex_replace,
     .group = "string",
     .doc = "The text with every match of the pattern replaced; $1 and ${name} stand for groups.",
     .example = "regex_replace(\"a1b22\", \"[0-9]+\", \"<$0>\")",
     .expected = "\"a<1>b<22>\""},
    {.name = "regexall",
     .params = {{"pattern", &type_string, 0}, {"string", &type_string, 0}},
     .impl = fn_regexall,
     .group = "string",
     .doc = "A list of all that the pattern matches, each as by regex().",
     .example = "regexall(\"[a-z]\", \"a1b2\")",
     .expected = "[\"a\",\"b\"]"},
    {.name = NULL},
};
