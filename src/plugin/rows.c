/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/rows.h"

#include "base/strbuf.h"
#include "hcl/diag.h"
#include "hcl/eval.h"
#include "hcl/parse.h"
#include "plugin/message.h"
#include "schema/internal.h"

#define ROWS_MAX 500

/* The words of the protocol. */
static const struct kind {
    const char *word;
    enum opt_kind kind;
    size_t size;
} kinds[] = {
    {"string", OPT_KIND_STRING, sizeof(const char *)},
    {"bool", OPT_KIND_TRISTATE, sizeof(int)},
    {"int", OPT_KIND_INT, sizeof(int64_t)},
    {"size", OPT_KIND_SIZE, sizeof(uint64_t)},
    {"duration", OPT_KIND_DURATION, sizeof(int64_t)},
    {"list(string)", OPT_KIND_STRINGS, sizeof(struct opt_strings)},
    {"list(int)", OPT_KIND_INTS, sizeof(struct opt_ints)},
    {"map(string)", OPT_KIND_STRING_MAP, sizeof(struct opt_map)},
    {"list(list(string))", OPT_KIND_STRINGS_LIST, sizeof(struct opt_strings_list)},
    {"any", OPT_KIND_VALUE_JSON, sizeof(const char *)},
};

struct reading {
    struct arena *a;
    const char *where;
    const struct opt *rows; /* so far */
    size_t count;
    size_t size; /* of the struct so far */
    bool reserve;
    struct error **err;
};

static bool bad(struct reading *r, const char *name, const char *text)
{
    return error_set(r->err, ERR_IO, 0, "option '%s' of %s %s", name, r->where, text);
}

/* A word that may stand on the left of an equals sign. */
static bool is_name(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return n > 0 && n <= 64 && s[n] == '\0' && (s[0] < '0' || s[0] > '9') && s[0] != '-';
}

/* Options that core takes out before the provisioner sees its own. */
static bool is_reserved(const char *s)
{
    static const char *const names[] = {"name",
                                        "only",
                                        "except",
                                        "override",
                                        "pause_before",
                                        "timeout",
                                        "max_retries",
                                        "continue_on_error",
                                        "keep_input_artifact"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(names[i], s) == 0)
            return true;
    return false;
}

static const struct kind *find_kind(const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (strcmp(kinds[i].word, word) == 0)
            return &kinds[i];
    return NULL;
}

/* Names joined by spaces, as the rows have them. */
static bool read_names(struct reading *r, value v, const char *key, const char **out)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    value list = value_attr(v, key);
    if (!value_is_present(list))
        return true;
    if (!value_is_list_like(list))
        return bad(r, message_text(v, "name", ""),
                   arena_fmt(r->a, "has \"%s\" that is no list", key));
    for (size_t i = 0; i < value_len(list); i++) {
        value name = value_at(list, i);
        if (!value_is_present(name) || !value_is_string(name) || !is_name(value_as_str(name).ptr))
            return bad(r, message_text(v, "name", ""),
                       arena_fmt(r->a, "has something in \"%s\" that is no name", key));
        strbuf_addf(&sb, "%s%s", i > 0 ? " " : "", value_as_str(name).ptr);
    }
    *out = sb.len > 0 ? arena_strndup(r->a, sb.buf, sb.len) : NULL;
    return true;
}

static bool read_choices(struct reading *r, value v, struct opt *o)
{
    value list = value_attr(v, "choices");
    if (!value_is_present(list))
        return true;
    if (o->kind != OPT_KIND_STRING || !value_is_list_like(list) || value_len(list) == 0)
        return bad(r, o->name, "has \"choices\", but is no string, or has none");
    size_t n = value_len(list);
    struct opt_choice *choices = arena_new_array(r->a, struct opt_choice, n + 1);
    for (size_t i = 0; i < n; i++) {
        value word = value_at(list, i);
        if (!value_is_present(word) || !value_is_string(word))
            return bad(r, o->name, "has a choice that is no string");
        /* 0 is what a field holds that was never set. */
        choices[i] = (struct opt_choice){value_as_str(word).ptr, (int)i + 1, NULL};
    }
    o->choices = choices;
    o->kind = OPT_KIND_ENUM;
    return true;
}

/* HCL text of a literal.  Scalars without a backslash are taken as they stand
 * (schema/text.c), all others are parsed: there the marks of templates must be
 * escaped. */
static const char *literal_text(struct arena *a, value v, bool is_plain)
{
    AUTO(strbuf) struct strbuf json = STRBUF_INIT, out = STRBUF_INIT;
    const char *why;
    if (!value_to_json(v, &json, &why))
        return NULL;
    for (size_t i = 0; i < json.len; i++) {
        char c = json.buf[i];
        if (!is_plain && (c == '$' || c == '%') && json.buf[i + 1] == '{')
            strbuf_addc(&out, c);
        strbuf_addc(&out, c);
    }
    return arena_strndup(a, out.buf, out.len);
}

static str unquoted(const char *text)
{
    str s = str_from(text);
    bool quoted = s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"';
    return quoted ? str_sub(s, 1, s.len - 1) : s;
}

static bool is_parsed_well(struct reading *r, const struct opt *o, const char *text, void *field,
                           const char **why)
{
    struct diags diags;
    const struct expr *e;
    value v;
    diags_init(&diags, r->a);
    return hcl_parse_expr(r->a, source_file_new(r->a, o->name, str_from(text)), &diags, &e) &&
           eval_expr(e, NULL, r->a, &v, &diags) && schema_set_value(r->a, o, field, v, why);
}

/* Tables of the program may be trusted, these not: what a default or a bound
 * says is tried before it becomes one. */
static bool read_literal(struct reading *r, value v, const char *key, const struct opt *o,
                         const char **out)
{
    value literal = value_attr(v, key);
    if (value_is_null(literal))
        return true;
    union {
        int64_t number;
        struct opt_strings_list largest;
    } field = {0};
    const char *why = "it is no value of that type";
    bool is_scalar = o->kind >= OPT_KIND_BOOL && o->kind <= OPT_KIND_ENUM;
    const char *text = literal_text(r->a, literal, true);
    bool is_plain = is_scalar && text != NULL && strchr(text, '\\') == NULL;
    if (text != NULL && !is_plain)
        text = literal_text(r->a, literal, false);
    bool ok = text != NULL && strchr(text, '\n') == NULL;
    ok = ok && (is_plain ? schema_set_text(r->a, o, &field, unquoted(text), &why)
                         : is_parsed_well(r, o, text, &field, &why));
    if (!ok)
        return bad(r, o->name, arena_fmt(r->a, "has a \"%s\" that does not fit: %s", key, why));
    *out = text;
    return true;
}

static bool read_bounds(struct reading *r, value v, struct opt *o)
{
    bool numeric =
        o->kind == OPT_KIND_INT || o->kind == OPT_KIND_SIZE || o->kind == OPT_KIND_DURATION;
    if (!numeric)
        return true;
    const char *min = NULL, *max = NULL;
    if (!read_literal(r, v, "min", o, &min) || !read_literal(r, v, "max", o, &max))
        return false;
    /* Bounds are read as plain words. */
    o->min = min == NULL ? NULL : str_dup(r->a, unquoted(min));
    o->max = max == NULL ? NULL : str_dup(r->a, unquoted(max));
    return true;
}

static unsigned read_flags(value v)
{
    unsigned flags = 0;
    flags |= message_bool(v, "required", false) ? OPT_REQUIRED : 0;
    flags |= message_bool(v, "sensitive", false) ? OPT_SENSITIVE : 0;
    flags |= message_bool(v, "template", false) ? 0 : OPT_NO_TMPL;
    flags |= message_text(v, "instead", NULL) != NULL ? OPT_DEPRECATED : 0;
    return flags;
}

static bool read_row(struct reading *r, value v, struct opt *o)
{
    if (!value_is_present(v) || !value_is_map_like(v))
        return error_set(r->err, ERR_IO, 0, "an option of %s is no object", r->where);
    const char *name = message_text(v, "name", ""), *type = message_text(v, "type", "");
    const struct kind *kind = find_kind(type);
    if (!is_name(name))
        return error_set(r->err, ERR_IO, 0, "an option of %s has no name that may be one",
                         r->where);
    if (r->reserve && is_reserved(name))
        return bad(r, name, "has a name that every block has already");
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->rows[i].name, name) == 0)
            return bad(r, name, "is there twice");
    if (kind == NULL)
        return bad(r, name, arena_fmt(r->a, "has the unknown type \"%s\"", type));
    *o = (struct opt){.name = name, .kind = kind->kind, .flags = read_flags(v)};
    o->doc = message_clean(r->a, message_text(v, "doc", "No description."), true);
    const char *instead = message_text(v, "instead", NULL);
    o->instead = instead == NULL ? NULL : message_clean(r->a, instead, false);
    r->size = (r->size + 7) & ~(size_t)7;
    o->offset = r->size;
    r->size += kind->size;
    return read_choices(r, v, o) && read_literal(r, v, "default", o, &o->def) &&
           read_bounds(r, v, o) && read_names(r, v, "conflicts", &o->conflicts) &&
           read_names(r, v, "needs", &o->needs);
}

bool plugin_rows(struct arena *a, value list, const char *where, bool reserve,
                 const struct opt **out, size_t *size, struct error **err)
{
    size_t n = value_is_present(list) && value_is_list_like(list) ? value_len(list) : 0;
    if (value_is_present(list) && !value_is_list_like(list))
        return error_set(err, ERR_IO, 0, "the options of %s are no list", where);
    if (n > ROWS_MAX)
        return error_set(err, ERR_IO, 0, "%s has more than %d options", where, ROWS_MAX);
    struct opt *rows = arena_new_array(a, struct opt, n + 1);
    struct reading r = {.a = a, .where = where, .reserve = reserve, .rows = rows, .err = err};
    for (; r.count < n; r.count++)
        if (!read_row(&r, value_at(list, r.count), &rows[r.count]))
            return false;
    rows[n].kind = OPT_KIND_END;
    *out = rows;
    *size = r.size + 8;
    return true;
}
