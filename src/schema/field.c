/* SPDX-License-Identifier: Apache-2.0 */

#include "schema/internal.h"

#include "base/clock.h"
#include "hcl/convert.h"
#include "hcl/suggest.h"

#define MEGABYTE (UINT64_C(1) << 20)

const char *schema_choices_text(struct arena *a, const struct opt_choice *choices)
{
    const char *text = "";
    for (const struct opt_choice *c = choices; c->name != NULL; c++) {
        const char *glue = c == choices ? "" : c[1].name == NULL ? " or " : ", ";
        text = arena_fmt(a, "%s%s\"%s\"", text, glue, c->name);
    }
    return text;
}

static bool set_choice(struct arena *a, const struct opt *o, int *field, str text, const char **why)
{
    struct suggest s;
    suggest_init(&s, text);
    for (const struct opt_choice *c = o->choices; c->name != NULL; c++) {
        if (str_eqz(text, c->name)) {
            *field = c->value;
            return true;
        }
        suggest_offer(&s, str_from(c->name));
    }
    *why = arena_fmt(a, "\"%.*s\" is not one of %s.%s", STR_FMT(text),
                     schema_choices_text(a, o->choices), suggest_text(a, &s));
    return false;
}

static bool set_duration(struct arena *a, int64_t *field, str text, const char **why)
{
    int64_t ns;
    if (!clock_parse_duration(text, &ns)) {
        *why = arena_fmt(a, "\"%.*s\" is not a duration such as \"30s\", \"5m\" or \"1h30m\".",
                         STR_FMT(text));
        return false;
    }
    *field = ns;
    return true;
}

static bool set_size(struct arena *a, uint64_t *field, str text, const char **why)
{
    if (str_to_size(text, MEGABYTE, field))
        return true;
    *why = arena_fmt(a, "\"%.*s\" is not a size such as \"512M\", \"40G\" or 2048 (megabytes).",
                     STR_FMT(text));
    return false;
}

static bool set_int(struct arena *a, int64_t *field, str text, const char **why)
{
    if (str_to_i64(text, field))
        return true;
    *why = arena_fmt(a, "\"%.*s\" is not a whole number.", STR_FMT(text));
    return false;
}

static bool parse_bool(struct arena *a, str text, bool *out, const char **why)
{
    static const char *const yes[] = {"true", "1", "t", "T", "TRUE", "True"};
    static const char *const no[] = {"false", "0", "f", "F", "FALSE", "False"};
    for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
        if (str_eqz(text, yes[i]) || str_eqz(text, no[i])) {
            *out = str_eqz(text, yes[i]);
            return true;
        }
    }
    *why = arena_fmt(a, "\"%.*s\" is neither true nor false.", STR_FMT(text));
    return false;
}

/* The words that a switch wider than the scalar kinds must not forget. */
static void not_a_scalar(void)
{
    BUG("schema: this kind has no text form");
}

bool schema_set_text(struct arena *a, const struct opt *o, void *field, str text, const char **why)
{
    bool flag = false;
    switch (o->kind) {
    case OPT_KIND_BOOL: return parse_bool(a, text, field, why);
    case OPT_KIND_TRISTATE:
        if (!parse_bool(a, text, &flag, why))
            return false;
        *(int *)field = flag;
        return true;
    case OPT_KIND_INT: return set_int(a, field, text, why);
    case OPT_KIND_SIZE: return set_size(a, field, text, why);
    case OPT_KIND_DURATION: return set_duration(a, field, text, why);
    case OPT_KIND_ENUM: return set_choice(a, o, field, text, why);
    case OPT_KIND_STRING: *(const char **)field = str_dup(a, text); return true;
    case OPT_KIND_END:
    case OPT_KIND_STRINGS:
    case OPT_KIND_INTS:
    case OPT_KIND_STRING_MAP:
    case OPT_KIND_STRINGS_LIST:
    case OPT_KIND_VALUE_JSON:
    case OPT_KIND_BLOCK:
    case OPT_KIND_BLOCKS:
    case OPT_KIND_EMBED: break;
    }
    not_a_scalar();
    return false;
}

/* Elements of a converted list may still be null. */
static bool no_nulls(struct arena *a, value list, const char **why)
{
    for (size_t i = 0; i < value_len(list); i++)
        if (value_is_null(value_at(list, i))) {
            *why = arena_fmt(a, "element %zu is null", i);
            return false;
        }
    return true;
}

static bool set_strings(struct arena *a, struct opt_strings *field, value v, const char **why)
{
    if (!convert(a, v, &type_list_string, &v, why) || !no_nulls(a, v, why))
        return false;
    struct opt_strings out = {.len = value_len(v)};
    out.ptr = arena_new_array(a, const char *, out.len);
    for (size_t i = 0; i < out.len; i++)
        out.ptr[i] = str_dup(a, value_as_str(value_at(v, i)));
    *field = out;
    return true;
}

static bool set_ints(struct arena *a, struct opt_ints *field, value v, const char **why)
{
    if (!convert(a, v, &type_list_number, &v, why) || !no_nulls(a, v, why))
        return false;
    struct opt_ints out = {.len = value_len(v)};
    out.ptr = arena_new_array(a, int64_t, out.len);
    for (size_t i = 0; i < out.len; i++)
        if (!value_as_i64(value_at(v, i), &out.ptr[i])) {
            *why = arena_fmt(a, "element %zu is not a whole number", i);
            return false;
        }
    *field = out;
    return true;
}

static bool set_map(struct arena *a, struct opt_map *field, value v, const char **why)
{
    if (!convert(a, v, &type_map_string, &v, why) || !no_nulls(a, v, why))
        return false;
    struct opt_map out = {.len = value_len(v)};
    out.ptr = arena_new_array(a, struct opt_pair, out.len);
    for (size_t i = 0; i < out.len; i++)
        out.ptr[i] = (struct opt_pair){str_dup(a, value_key_at(v, i)),
                                       str_dup(a, value_as_str(value_at(v, i)))};
    *field = out;
    return true;
}

static bool set_strings_list(struct arena *a, struct opt_strings_list *field, value v,
                             const char **why)
{
    if (!convert(a, v, &type_list_list_string, &v, why) || !no_nulls(a, v, why))
        return false;
    struct opt_strings_list out = {.len = value_len(v)};
    out.ptr = arena_new_array(a, struct opt_strings, out.len);
    for (size_t i = 0; i < out.len; i++)
        if (!set_strings(a, &out.ptr[i], value_at(v, i), why))
            return false;
    *field = out;
    return true;
}

static bool set_json(struct arena *a, const char **field, value v, const char **why)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    if (!value_to_json(v, &sb, why))
        return false;
    *field = arena_strndup(a, sb.buf, sb.len);
    return true;
}

static bool set_bool(struct arena *a, const struct opt *o, void *field, value v, const char **why)
{
    if (!convert_to_bool(a, v, &v, why))
        return false;
    if (o->kind == OPT_KIND_BOOL)
        *(bool *)field = value_as_bool(v);
    else
        *(int *)field = value_as_bool(v);
    return true;
}

static bool set_number(struct arena *a, int64_t *field, value v, const char **why)
{
    if (!convert_to_number(a, v, &v, why))
        return false;
    if (value_as_i64(v, field))
        return true;
    *why = "a whole number of at most 18 digits is required";
    return false;
}

static bool set_scalar(struct arena *a, const struct opt *o, void *field, value v, const char **why)
{
    if (!convert_to_string(a, v, &v, why))
        return false;
    return schema_set_text(a, o, field, value_as_str(v), why);
}

bool schema_set_value(struct arena *a, const struct opt *o, void *field, value v, const char **why)
{
    switch (o->kind) {
    case OPT_KIND_BOOL:
    case OPT_KIND_TRISTATE: return set_bool(a, o, field, v, why);
    case OPT_KIND_INT: return set_number(a, field, v, why);
    case OPT_KIND_SIZE:
    case OPT_KIND_DURATION:
    case OPT_KIND_ENUM:
    case OPT_KIND_STRING: return set_scalar(a, o, field, v, why);
    case OPT_KIND_STRINGS: return set_strings(a, field, v, why);
    case OPT_KIND_INTS: return set_ints(a, field, v, why);
    case OPT_KIND_STRING_MAP: return set_map(a, field, v, why);
    case OPT_KIND_STRINGS_LIST: return set_strings_list(a, field, v, why);
    case OPT_KIND_VALUE_JSON: return set_json(a, field, v, why);
    case OPT_KIND_END:
    case OPT_KIND_BLOCK:
    case OPT_KIND_BLOCKS:
    case OPT_KIND_EMBED: break;
    }
    not_a_scalar();
    return false;
}

union bound {
    int64_t i;
    uint64_t u;
};

/* The bound TEXT of the row; false: none. */
static bool read_bound(struct arena *a, const struct opt *o, const char *text, union bound *out)
{
    const char *why;
    if (text == NULL)
        return false;
    if (!schema_set_text(a, o, out, str_from(text), &why))
        BUG("schema: a bound of a table cannot be read");
    return true;
}

bool schema_check_bounds(struct arena *a, const struct opt *o, const void *field, const char **why)
{
    if (o->kind != OPT_KIND_INT && o->kind != OPT_KIND_SIZE && o->kind != OPT_KIND_DURATION)
        return true;
    union bound min = {0}, max = {0};
    bool low = read_bound(a, o, o->min, &min), high = read_bound(a, o, o->max, &max);
    if (o->kind == OPT_KIND_SIZE) {
        uint64_t u = *(const uint64_t *)field;
        low = low && u < min.u;
        high = high && u > max.u;
    } else {
        int64_t i = *(const int64_t *)field;
        low = low && i < min.i;
        high = high && i > max.i;
    }
    if (!low && !high)
        return true;
    *why = arena_fmt(a, "\"%s\" must be at %s %s.", o->name, low ? "least" : "most",
                     low ? o->min : o->max);
    return false;
}
