/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

#include <unicase.h>
#include <unictype.h>

#include "base/utf8.h"
#include "base/vec.h"

DEFINE_ARENA_VEC(values, value);

static bool result_str(struct func_call *call, value *out, str s)
{
    *out = value_string(call->arena, s);
    return true;
}

/* --- case --- */

static bool map_runes(struct func_call *call, value *out, uint32_t (*map)(uint32_t cp, void *arg),
                      void *arg)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    str s = arg_str(call, 0);
    while (s.len > 0) {
        uint32_t cp;
        char buf[4];
        size_t n = utf8_decode(s, &cp);
        strbuf_add(&sb, buf, utf8_encode(map(cp, arg), buf));
        s = str_sub(s, MAX(n, (size_t)1), s.len);
    }
    return result_string(call, &sb, out);
}

static uint32_t rune_upper(uint32_t cp, void *arg)
{
    (void)arg;
    return uc_toupper(cp);
}

static uint32_t rune_lower(uint32_t cp, void *arg)
{
    (void)arg;
    return uc_tolower(cp);
}

static bool is_word_rune(uint32_t cp)
{
    if (cp < 0x80)
        return cp == '_' || uc_is_property_alphabetic(cp) || (cp >= '0' && cp <= '9');
    return uc_is_general_category_withtable(cp, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_Nd) ||
           !uc_is_property_white_space(cp);
}

/* As Go's strings.Title: the first letter of each word. */
static uint32_t rune_title(uint32_t cp, void *arg)
{
    uint32_t *prev = arg;
    uint32_t mapped = is_word_rune(*prev) ? cp : uc_totitle(cp);
    *prev = cp;
    return mapped;
}

static bool fn_upper(struct func_call *call, value *out)
{
    return map_runes(call, out, rune_upper, NULL);
}

static bool fn_lower(struct func_call *call, value *out)
{
    return map_runes(call, out, rune_lower, NULL);
}

static bool fn_title(struct func_call *call, value *out)
{
    uint32_t prev = ' ';
    return map_runes(call, out, rune_title, &prev);
}

/* --- trimming --- */

static bool fn_chomp(struct func_call *call, value *out)
{
    str s = arg_str(call, 0);
    while (s.len > 0 && (s.ptr[s.len - 1] == '\n' || s.ptr[s.len - 1] == '\r'))
        s.len--;
    return result_str(call, out, s);
}

static bool in_cutset(uint32_t cp, str set)
{
    while (set.len > 0) {
        uint32_t c;
        size_t n = utf8_decode(set, &c);
        if (c == cp)
            return true;
        set = str_sub(set, MAX(n, (size_t)1), set.len);
    }
    return false;
}

static bool is_space(uint32_t cp, str set)
{
    (void)set;
    return uc_is_property_white_space(cp);
}

/* S without the code points at both ends for which TEST holds. */
static str trim_runes(str s, bool (*test)(uint32_t cp, str set), str set)
{
    uint32_t cp;
    size_t n;
    while (s.len > 0 && (n = utf8_decode(s, &cp)) > 0 && test(cp, set))
        s = str_sub(s, n, s.len);
    while (s.len > 0) {
        size_t start = s.len - 1;
        while (start > 0 && ((unsigned char)s.ptr[start] & 0xC0) == 0x80)
            start--;
        if (utf8_decode(str_sub(s, start, s.len), &cp) == 0 || !test(cp, set))
            break;
        s.len = start;
    }
    return s;
}

static bool fn_trim(struct func_call *call, value *out)
{
    return result_str(call, out, trim_runes(arg_str(call, 0), in_cutset, arg_str(call, 1)));
}

static bool fn_trimspace(struct func_call *call, value *out)
{
    return result_str(call, out, trim_runes(arg_str(call, 0), is_space, STR("")));
}

static bool fn_trimprefix(struct func_call *call, value *out)
{
    str s = arg_str(call, 0), prefix = arg_str(call, 1);
    if (str_starts(s, prefix))
        s = str_sub(s, prefix.len, s.len);
    return result_str(call, out, s);
}

static bool fn_trimsuffix(struct func_call *call, value *out)
{
    str s = arg_str(call, 0), suffix = arg_str(call, 1);
    if (str_ends(s, suffix))
        s.len -= suffix.len;
    return result_str(call, out, s);
}

/* --- tests --- */

static bool fn_startswith(struct func_call *call, value *out)
{
    return result_bool(out, str_starts(arg_str(call, 0), arg_str(call, 1)));
}

static bool fn_endswith(struct func_call *call, value *out)
{
    return result_bool(out, str_ends(arg_str(call, 0), arg_str(call, 1)));
}

static bool fn_strcontains(struct func_call *call, value *out)
{
    str needle = arg_str(call, 1);
    return result_bool(out, needle.len == 0 || str_find(arg_str(call, 0), needle) >= 0);
}

/* --- cutting and joining --- */

static bool fn_strrev(struct func_call *call, value *out)
{
    str s = arg_str(call, 0);
    size_t end = s.len;
    char *buf = arena_alloc(call->arena, end + 1);
    str reversed = {buf, end};
    while (s.len > 0) {
        size_t n = utf8_grapheme_len(s);
        end -= n;
        memcpy(buf + end, s.ptr, n);
        s = str_sub(s, n, s.len);
    }
    return result_str(call, out, reversed);
}

/* S without its first COUNT grapheme clusters. */
static str skip_graphemes(str s, int64_t count)
{
    for (; count > 0 && s.len > 0; count--)
        s = str_sub(s, utf8_grapheme_len(s), s.len);
    return s;
}

static bool fn_substr(struct func_call *call, value *out)
{
    str s = arg_str(call, 0);
    int64_t offset, length;
    if (!arg_int(call, 1, &offset) || !arg_int(call, 2, &length))
        return false;
    if (offset >= 0 && length == 0)
        return result_str(call, out, STR(""));
    if (offset < 0)
        offset += (int64_t)utf8_grapheme_count(s);
    s = skip_graphemes(s, offset);
    if (length > 0)
        s.len -= skip_graphemes(s, length).len;
    return result_str(call, out, s);
}

static bool fn_join(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    str sep = arg_str(call, 0);
    bool first = true;
    if (call->len < 2)
        return func_error(call, -1, "at least one list is required");
    for (size_t n = 1; n < call->len; n++) {
        value list = call->args[n];
        for (size_t i = 0; i < value_len(list); i++) {
            value v = value_at(list, i);
            if (value_is_null(v))
                return func_error(call, (ptrdiff_t)n,
                                  "element %zu is null; cannot concatenate null values", i);
            if (!first)
                strbuf_addstr(&sb, sep);
            strbuf_addstr(&sb, v.s);
            first = false;
        }
    }
    return result_string(call, &sb, out);
}

static bool split_runes(struct func_call *call, str s, struct values *items)
{
    while (s.len > 0) {
        uint32_t cp;
        size_t n = MAX(utf8_decode(s, &cp), (size_t)1);
        values_push(call->arena, items, value_string(call->arena, str_sub(s, 0, n)));
        s = str_sub(s, n, s.len);
    }
    return true;
}

static bool fn_split(struct func_call *call, value *out)
{
    struct values items = {0};
    str sep = arg_str(call, 0), s = arg_str(call, 1);
    if (!func_reserve(call, s.len, sizeof(value)))
        return false;
    if (sep.len == 0) {
        split_runes(call, s, &items);
    } else {
        ptrdiff_t at;
        while ((at = str_find(s, sep)) >= 0) {
            values_push(call->arena, &items, value_string(call->arena, str_sub(s, 0, (size_t)at)));
            s = str_sub(s, (size_t)at + sep.len, s.len);
        }
        values_push(call->arena, &items, value_string(call->arena, s));
    }
    *out = value_list(call->arena, &type_string, items.ptr, items.len);
    return true;
}

/* NEW between all code points, as Go does for an empty search text. */
static void replace_everywhere(str s, str new_text, struct strbuf *sb)
{
    strbuf_addstr(sb, new_text);
    while (s.len > 0) {
        uint32_t cp;
        size_t n = MAX(utf8_decode(s, &cp), (size_t)1);
        strbuf_add(sb, s.ptr, n);
        strbuf_addstr(sb, new_text);
        s = str_sub(s, n, s.len);
    }
}

static void replace_text(str s, str old, str new_text, struct strbuf *sb)
{
    ptrdiff_t at;
    if (old.len == 0) {
        replace_everywhere(s, new_text, sb);
        return;
    }
    while ((at = str_find(s, old)) >= 0 && !sb->truncated) {
        strbuf_add(sb, s.ptr, (size_t)at);
        strbuf_addstr(sb, new_text);
        s = str_sub(s, (size_t)at + old.len, s.len);
    }
    strbuf_addstr(sb, s);
}

static bool fn_replace(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    replace_text(arg_str(call, 0), arg_str(call, 1), arg_str(call, 2), &sb);
    return result_string(call, &sb, out);
}

static bool fn_indent(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    int64_t spaces;
    if (!arg_int(call, 0, &spaces))
        return false;
    if (spaces < 0 || (uint64_t)spaces > EVAL_MAX_STRING)
        return func_error(call, 0, "the number of spaces must not be negative or huge");
    AUTO(strbuf) struct strbuf pad = RESULT_BUF;
    strbuf_addc(&pad, '\n');
    strbuf_addn(&pad, ' ', (size_t)spaces);
    replace_text(arg_str(call, 1), STR("\n"), strbuf_str(&pad), &sb);
    return result_string(call, &sb, out);
}

#define STRING_FUNC(fn_name, type, text, ex, want)                                                 \
    .name = #fn_name, .returns = &type, .impl = fn_##fn_name, .group = "string", .doc = text,      \
    .example = ex, .expected = want
#define TWO_STRINGS(a, b) .params = {{a, &type_string, 0}, {b, &type_string, 0}}

const struct func funcs_string[] = {
    {STRING_FUNC(chomp, type_string, "The text without line ends at its end.", "chomp(\"a\\n\")",
                 "\"a\""),
     .params = {{"str", &type_string, 0}}},
    {STRING_FUNC(endswith, type_bool, "Whether the text ends with a suffix.",
                 "endswith(\"disk.qcow2\", \".qcow2\")", "true"),
     TWO_STRINGS("str", "suffix")},
    {STRING_FUNC(indent, type_string, "The text with spaces before all lines but the first.",
                 "indent(2, \"a\\nb\")", "\"a\\n  b\""),
     .params = {{"spaces", &type_number, 0}, {"str", &type_string, 0}}},
    {STRING_FUNC(join, type_string, "The strings of the lists, a separator between them.",
                 "join(\", \", [\"a\", \"b\"])", "\"a, b\""),
     .params = {{"separator", &type_string, 0}}, .variadic = {"lists", &type_list_string, 0}},
    {STRING_FUNC(lower, type_string, "The text in small letters.", "lower(\"ABC\")", "\"abc\""),
     .params = {{"str", &type_string, 0}}},
    {STRING_FUNC(replace, type_string, "The text with every occurrence of a part replaced.",
                 "replace(\"1.2.3\", \".\", \"-\")", "\"1-2-3\""),
     .params = {{"str", &type_string, 0},
                {"substr", &type_string, 0},
                {"replace", &type_string, 0}}},
    {STRING_FUNC(split, type_list_string, "The parts of the text between the separators.",
                 "split(\",\", \"a,b\")", "[\"a\",\"b\"]"),
     TWO_STRINGS("separator", "str")},
    {STRING_FUNC(startswith, type_bool, "Whether the text begins with a prefix.",
                 "startswith(\"ubuntu-24.04\", \"ubuntu\")", "true"),
     TWO_STRINGS("str", "prefix")},
    {STRING_FUNC(strcontains, type_bool, "Whether the text contains a part.",
                 "strcontains(\"hello\", \"ell\")", "true"),
     TWO_STRINGS("str", "substr")},
    {STRING_FUNC(strrev, type_string, "The characters of the text in reverse order.",
                 "strrev(\"abc\")", "\"cba\""),
     .params = {{"str", &type_string, 0}}},
    {STRING_FUNC(substr, type_string,
                 "So many characters from a position on, which counts from the end when negative. "
                 "A length of -1 takes the rest.",
                 "substr(\"hello\", 1, 3)", "\"ell\""),
     .params = {{"str", &type_string, 0},
                {"offset", &type_number, 0},
                {"length", &type_number, 0}}},
    {STRING_FUNC(title, type_string, "The text with the first letter of each word a capital.",
                 "title(\"hello world\")", "\"Hello World\""),
     .params = {{"str", &type_string, 0}}},
    {STRING_FUNC(trim, type_string, "The text without the given characters at both ends.",
                 "trim(\"--a--\", \"-\")", "\"a\""),
     TWO_STRINGS("str", "cutset")},
    {STRING_FUNC(trimprefix, type_string, "The text without a prefix, if it begins with it.",
                 "trimprefix(\"v1.2\", \"v\")", "\"1.2\""),
     TWO_STRINGS("str", "prefix")},
    {STRING_FUNC(trimspace, type_string, "The text without white space at both ends.",
                 "trimspace(\" a\\n\")", "\"a\""),
     .params = {{"str", &type_string, 0}}},
    {STRING_FUNC(trimsuffix, type_string, "The text without a suffix, if it ends with it.",
                 "trimsuffix(\"a.iso\", \".iso\")", "\"a\""),
     TWO_STRINGS("str", "suffix")},
    {STRING_FUNC(upper, type_string, "The text in capitals.", "upper(\"abc\")", "\"ABC\""),
     .params = {{"str", &type_string, 0}}},
    {.name = NULL},
};
