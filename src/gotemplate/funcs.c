/* SPDX-License-Identifier: Apache-2.0 */
#include "gotemplate/internal.h"

#include <ctype.h>
#include <time.h>

#include "base/clock.h"
#include "base/hash.h"

#ifndef IMGFAC_VERSION
#define IMGFAC_VERSION "0"
#endif

#define REFUSE(err, ...) error_set((err), ERR_TEMPLATE, 0, __VA_ARGS__)

static bool want_str(const struct gt_call *c, size_t i, str *out, struct error **err)
{
    if (c->args[i].kind != GT_STR)
        return REFUSE(err, "wrong type for argument %zu; expected string; got %s", i + 1,
                      gt_kind_name(c->args[i].kind));
    *out = c->args[i].s;
    return true;
}

static struct gt_value take(const struct gt_call *c, struct strbuf *sb)
{
    *c->too_large = *c->too_large || sb->truncated;
    return gt_str((str){arena_strndup(c->arena, sb->buf, sb->len), sb->len});
}

static struct gt_value textz(const char *s)
{
    return gt_str(str_from(s));
}

/* --- Packer's --- */

static bool fn_build_name(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    if (c->data->build_name == NULL)
        return REFUSE(err, "build_name not available");
    *out = textz(c->data->build_name);
    return true;
}

static bool fn_build_type(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    if (c->data->build_type == NULL)
        return REFUSE(err, "build_type not available");
    *out = textz(c->data->build_type);
    return true;
}

static bool fn_build(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    str key = STR(""), value;
    if (!want_str(c, 0, &key, err))
        return false;
    if (c->data->build_value == NULL)
        return REFUSE(err, "no build data is known here");
    value = c->data->build_value(c->data->arg, key);
    if (value.ptr == NULL)
        return REFUSE(err, "loaded data, but couldnt find %.*s in it.", STR_FMT(key));
    *out = gt_str(value);
    return true;
}

static bool fn_isotime(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    str layout = STR("2006-01-02T15:04:05Z07:00");
    if (c->count == 1 && !want_str(c, 0, &layout, err))
        return false;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT_MAX(GT_TEXT_MAX);
    gt_format_time(&sb, layout, clock_start_wall());
    *out = take(c, &sb);
    return true;
}

static bool fn_strftime(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    str layout = STR("");
    char text[4096];
    struct tm tm;
    time_t now = (time_t)(clock_start_wall() / NS_PER_S);
    if (!want_str(c, 0, &layout, err))
        return false;
    gmtime_r(&now, &tm);
    size_t len = 0;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (layout.len > 0)
        len = strftime(text, sizeof(text), str_dup(c->arena, layout), &tm);
#pragma GCC diagnostic pop
    *out = gt_str((str){arena_strndup(c->arena, text, len), len});
    return true;
}

static bool fn_timestamp(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    (void)err;
    int64_t now = clock_start_wall() / NS_PER_S;
    *out = textz(arena_fmt(c->arena, "%lld", (long long)now));
    return true;
}

/* The first 32 bits are the seconds, so that they sort by time. */
static bool fn_uuid(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    (void)err;
    unsigned char r[12];
    hash_random(r, sizeof(r));
    *out = textz(arena_fmt(c->arena, "%08x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                           (unsigned)(clock_wall() / NS_PER_S), r[0], r[1], r[2], r[3], r[4], r[5],
                           r[6], r[7], r[8], r[9], r[10], r[11]));
    return true;
}

static bool fn_pwd(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    char dir[4096];
    if (getcwd(dir, sizeof(dir)) == NULL)
        return REFUSE(err, "cannot tell the current directory");
    *out = textz(arena_strdup(c->arena, dir));
    return true;
}

static bool fn_version(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    (void)c;
    (void)err;
    *out = textz(IMGFAC_VERSION);
    return true;
}

static bool change_case(const struct gt_call *c, int (*change)(int), struct gt_value *out,
                        struct error **err)
{
    str s = STR("");
    if (!want_str(c, 0, &s, err))
        return false;
    char *copy = str_dup(c->arena, s);
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)copy[i] < 0x80)
            copy[i] = (char)change((unsigned char)copy[i]);
    *out = gt_str((str){copy, s.len});
    return true;
}

static bool fn_upper(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    return change_case(c, toupper, out, err);
}

static bool fn_lower(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    return change_case(c, tolower, out, err);
}

/* Go's strings.Replace: LIMIT below 0 is all of them. */
static struct gt_value replace(const struct gt_call *c, str old, str new, int64_t limit, str src)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT_MAX(GT_TEXT_MAX);
    while (limit != 0) {
        ptrdiff_t at = old.len > 0 ? str_find(src, old) : -1;
        if (at < 0)
            break;
        strbuf_add(&sb, src.ptr, (size_t)at);
        strbuf_addstr(&sb, new);
        src = str_sub(src, (size_t)at + old.len, src.len);
        limit--;
    }
    strbuf_addstr(&sb, src);
    return take(c, &sb);
}

static bool fn_replace(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    str old = STR(""), new = old, src = old;
    if (!want_str(c, 0, &old, err) || !want_str(c, 1, &new, err) || !want_str(c, 3, &src, err))
        return false;
    if (c->args[2].kind != GT_INT)
        return REFUSE(err, "wrong type for argument 3; expected int");
    *out = replace(c, old, new, c->args[2].i, src);
    return true;
}

static bool fn_replace_all(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    str old = STR(""), new = old, src = old;
    if (!want_str(c, 0, &old, err) || !want_str(c, 1, &new, err) || !want_str(c, 2, &src, err))
        return false;
    *out = replace(c, old, new, -1, src);
    return true;
}

static bool fn_split(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    str src = STR(""), sep = src;
    if (!want_str(c, 0, &src, err) || !want_str(c, 1, &sep, err))
        return false;
    if (c->args[2].kind != GT_INT || c->args[2].i < 0)
        return REFUSE(err, "the index must be a number from 0");
    for (int64_t i = 0;; i++) {
        ptrdiff_t at = sep.len > 0 ? str_find(src, sep) : -1;
        if (i == c->args[2].i) {
            *out = gt_str(at < 0 ? src : str_sub(src, 0, (size_t)at));
            return true;
        }
        if (at < 0)
            return REFUSE(err, "the split string has %lld elements, index %lld is out of range",
                          (long long)i + 1, (long long)c->args[2].i);
        src = str_sub(src, (size_t)at + sep.len, src.len);
    }
}

static bool fn_env(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    (void)c;
    (void)out;
    return REFUSE(err, "env vars are not allowed here; use env() as the default of a variable");
}

static bool fn_user(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    (void)c;
    (void)out;
    return REFUSE(err, "user variables belong to JSON templates; use var.NAME");
}

static bool fn_template_dir(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    (void)c;
    (void)out;
    return REFUSE(err, "template_dir is not available; use ${path.root}");
}

static bool fn_variables_only(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    (void)c;
    (void)out;
    return REFUSE(err, "it belongs to the variables section of JSON templates");
}

static bool fn_sed(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    (void)c;
    (void)out;
    return REFUSE(err, "template function `sed` is gone; use `replace` or `replace_all`");
}

/* --- Go's --- */

/* The evaluator stops at the deciding argument; here the last one is left. */
static bool fn_last(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    (void)err;
    *out = c->args[c->count - 1];
    return true;
}

static bool fn_not(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    (void)err;
    *out = gt_bool(!gt_truth(c->args[0], c->data));
    return true;
}

static bool fn_len(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    if (c->args[0].kind == GT_ROOT)
        *out = gt_int((int64_t)c->data->field_count);
    else if (c->args[0].kind == GT_STR)
        *out = gt_int((int64_t)c->args[0].s.len);
    else
        return REFUSE(err, "len of type %s", gt_kind_name(c->args[0].kind));
    return true;
}

static bool fn_index(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    if (c->args[0].kind == GT_ROOT && c->count == 2 && c->args[1].kind == GT_STR) {
        *out = gt_str(STR(""));
        for (size_t i = 0; i < c->data->field_count; i++)
            if (str_eqz(c->args[1].s, c->data->fields[i].name))
                *out = gt_str(c->data->fields[i].value);
        return true;
    }
    if (c->args[0].kind != GT_STR || c->count != 2 || c->args[1].kind != GT_INT)
        return REFUSE(err, "can't index item of type %s", gt_kind_name(c->args[0].kind));
    if (c->args[1].i < 0 || (uint64_t)c->args[1].i >= c->args[0].s.len)
        return REFUSE(err, "index out of range: %lld", (long long)c->args[1].i);
    *out = gt_int((unsigned char)c->args[0].s.ptr[c->args[1].i]);
    return true;
}

static bool fn_slice(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    str s = STR("");
    int64_t from = 0, to;
    if (!want_str(c, 0, &s, err))
        return false;
    to = (int64_t)s.len;
    for (size_t i = 1; i < c->count; i++)
        if (c->args[i].kind != GT_INT)
            return REFUSE(err, "cannot index slice with type %s", gt_kind_name(c->args[i].kind));
    if (c->count > 1)
        from = c->args[1].i;
    if (c->count > 2)
        to = c->args[2].i;
    if (from < 0 || to < from || to > (int64_t)s.len)
        return REFUSE(err, "index out of range: %lld:%lld", (long long)from, (long long)to);
    *out = gt_str(str_sub(s, (size_t)from, (size_t)to));
    return true;
}

static bool fn_print(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    (void)err;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT_MAX(GT_TEXT_MAX);
    for (size_t i = 0; i < c->count; i++) {
        if (i > 0 && c->args[i].kind != GT_STR && c->args[i - 1].kind != GT_STR)
            strbuf_addc(&sb, ' ');
        gt_print(&sb, c->args[i], c->data);
    }
    *out = take(c, &sb);
    return true;
}

static bool fn_println(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    (void)err;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT_MAX(GT_TEXT_MAX);
    for (size_t i = 0; i < c->count; i++) {
        if (i > 0)
            strbuf_addc(&sb, ' ');
        gt_print(&sb, c->args[i], c->data);
    }
    strbuf_addc(&sb, '\n');
    *out = take(c, &sb);
    return true;
}

static bool fn_printf(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT_MAX(GT_TEXT_MAX);
    if (!gt_printf(c, &sb, err))
        return false;
    *out = take(c, &sb);
    return true;
}

static str joined(const struct gt_call *c)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT_MAX(GT_TEXT_MAX);
    for (size_t i = 0; i < c->count; i++)
        gt_print(&sb, c->args[i], c->data);
    return take(c, &sb).s;
}

static bool fn_html(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    static const struct {
        char c;
        const char *text;
    } table[] = {
        {'"', "&#34;"}, {'\'', "&#39;"}, {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"},
    };
    (void)err;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT_MAX(GT_TEXT_MAX);
    str s = joined(c);
    for (size_t i = 0; i < s.len; i++) {
        const char *text = NULL;
        for (size_t j = 0; j < ARRAY_SIZE(table); j++)
            text = table[j].c == s.ptr[i] ? table[j].text : text;
        if (text != NULL)
            strbuf_adds(&sb, text);
        else
            strbuf_addc(&sb, s.ptr[i]);
    }
    *out = take(c, &sb);
    return true;
}

static bool fn_js(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    (void)err;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT_MAX(GT_TEXT_MAX);
    str s = joined(c);
    for (size_t i = 0; i < s.len; i++) {
        unsigned char ch = (unsigned char)s.ptr[i];
        if (ch == '\\' || ch == '\'' || ch == '"')
            strbuf_addf(&sb, "\\%c", ch);
        else if (ch < ' ' || ch == '<' || ch == '>' || ch == '&' || ch == '=')
            strbuf_addf(&sb, "\\u%04X", ch);
        else
            strbuf_addc(&sb, (char)ch);
    }
    *out = take(c, &sb);
    return true;
}

static bool fn_urlquery(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    static const char hex[] = "0123456789ABCDEF";
    (void)err;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT_MAX(GT_TEXT_MAX);
    str s = joined(c);
    for (size_t i = 0; i < s.len; i++) {
        unsigned char ch = (unsigned char)s.ptr[i];
        if (isalnum(ch) || (ch != '\0' && strchr("-_.~", ch) != NULL))
            strbuf_addc(&sb, (char)ch);
        else if (ch == ' ')
            strbuf_addc(&sb, '+');
        else
            strbuf_add(&sb, (const char[]){'%', hex[ch >> 4], hex[ch & 15]}, 3);
    }
    *out = take(c, &sb);
    return true;
}

static bool compare(struct gt_value a, struct gt_value b, int *out, struct error **err)
{
    if (a.kind != b.kind || a.kind == GT_ROOT)
        return REFUSE(err, "incompatible types for comparison: %s and %s", gt_kind_name(a.kind),
                      gt_kind_name(b.kind));
    switch (a.kind) {
    case GT_STR: *out = str_cmp(a.s, b.s); break;
    case GT_INT: *out = (a.i > b.i) - (a.i < b.i); break;
    case GT_FLOAT: *out = (a.f > b.f) - (a.f < b.f); break;
    case GT_BOOL: *out = (int)a.b - (int)b.b; break;
    case GT_NIL:
    case GT_ROOT: *out = 0; break;
    }
    return true;
}

static bool fn_eq(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    *out = gt_bool(false);
    for (size_t i = 1; i < c->count; i++) {
        int order;
        if (!compare(c->args[0], c->args[i], &order, err))
            return false;
        if (order == 0)
            *out = gt_bool(true);
    }
    return true;
}

/* One of < <= > >= !=, by the orders it accepts. */
static bool ordered(const struct gt_call *c, bool less, bool equal, bool greater,
                    struct gt_value *out, struct error **err)
{
    int order;
    bool is_order = !(less && greater);
    if (is_order && (c->args[0].kind == GT_BOOL || c->args[0].kind == GT_NIL))
        return REFUSE(err, "invalid type for comparison: %s", gt_kind_name(c->args[0].kind));
    if (!compare(c->args[0], c->args[1], &order, err))
        return false;
    *out = gt_bool(order < 0 ? less : order == 0 ? equal : greater);
    return true;
}

static bool fn_ne(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    return ordered(c, true, false, true, out, err);
}

static bool fn_lt(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    return ordered(c, true, false, false, out, err);
}

static bool fn_le(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    return ordered(c, true, true, false, out, err);
}

static bool fn_gt(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    return ordered(c, false, false, true, out, err);
}

static bool fn_ge(const struct gt_call *c, struct gt_value *out, struct error **err)
{
    return ordered(c, false, true, true, out, err);
}

static const struct gt_func table[] = {
    {"build_name", 0, 0, fn_build_name},
    {"build_type", 0, 0, fn_build_type},
    {"build", 1, 1, fn_build},
    {"isotime", 0, 1, fn_isotime},
    {"strftime", 1, 1, fn_strftime},
    {"timestamp", 0, 0, fn_timestamp},
    {"uuid", 0, 0, fn_uuid},
    {"pwd", 0, 0, fn_pwd},
    {"packer_version", 0, 0, fn_version},
    {"upper", 1, 1, fn_upper},
    {"lower", 1, 1, fn_lower},
    {"replace", 4, 4, fn_replace},
    {"replace_all", 3, 3, fn_replace_all},
    {"split", 3, 3, fn_split},
    {"env", 1, 1, fn_env},
    {"user", 1, 1, fn_user},
    {"template_dir", 0, 0, fn_template_dir},
    {"consul_key", 1, 1, fn_variables_only},
    {"vault", 2, 2, fn_variables_only},
    {"aws_secretsmanager", 1, 2, fn_variables_only},
    {"aws_secretsmanager_raw", 1, 1, fn_variables_only},
    {"sed", 0, -1, fn_sed},
    {"and", 1, -1, fn_last},
    {"or", 1, -1, fn_last},
    {"not", 1, 1, fn_not},
    {"len", 1, 1, fn_len},
    {"index", 1, -1, fn_index},
    {"slice", 1, 3, fn_slice},
    {"print", 0, -1, fn_print},
    {"println", 0, -1, fn_println},
    {"printf", 1, -1, fn_printf},
    {"html", 0, -1, fn_html},
    {"js", 0, -1, fn_js},
    {"urlquery", 0, -1, fn_urlquery},
    {"eq", 2, -1, fn_eq},
    {"ne", 2, 2, fn_ne},
    {"lt", 2, 2, fn_lt},
    {"le", 2, 2, fn_le},
    {"gt", 2, 2, fn_gt},
    {"ge", 2, 2, fn_ge},
};

const struct gt_func *gt_find_func(str name)
{
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        if (str_eqz(name, table[i].name))
            return &table[i];
    return NULL;
}
