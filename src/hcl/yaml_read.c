/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/yaml.h"

#include <yaml.h>

#include "base/map.h"
#include "base/vec.h"
#include "hcl/convert.h"
#include "hcl/yaml_scalar.h"

#define YAML_MAX_DEPTH 500

DEFINE_ARENA_VEC(values, value);
DEFINE_ARENA_VEC(entries, struct value_entry);

struct yaml_reader {
    struct arena *a;
    yaml_parser_t *parser;
    yaml_event_t event; /* the current one */
    bool have_event;
    struct map anchors; /* name -> const value *; NULL value: being read */
    unsigned depth;
    const char **why;
};

static bool fail(struct yaml_reader *r, const char *what)
{
    *r->why = arena_fmt(r->a, "on line %zu, column %zu: %s", r->event.start_mark.line + 1,
                        r->event.start_mark.column + 1, what);
    return false;
}

static void drop_event(struct yaml_reader *r)
{
    if (r->have_event)
        yaml_event_delete(&r->event);
    r->have_event = false;
}

static bool next(struct yaml_reader *r)
{
    drop_event(r);
    if (!yaml_parser_parse(r->parser, &r->event)) {
        const char *problem = r->parser->problem;
        *r->why = arena_fmt(r->a, "on line %zu, column %zu: %s", r->parser->problem_mark.line + 1,
                            r->parser->problem_mark.column + 1,
                            problem == NULL ? "syntax error" : problem);
        return false;
    }
    r->have_event = true;
    return true;
}

static str bytes(const yaml_char_t *s)
{
    return str_from(s == NULL ? "" : (const char *)s);
}

/* The anchor of the current event in the arena; empty when there is none. */
static str anchor_of(struct yaml_reader *r, const yaml_char_t *anchor)
{
    str s = bytes(anchor);
    return (str){str_dup(r->a, s), s.len};
}

static void set_anchor(struct yaml_reader *r, str anchor, const value *v)
{
    if (anchor.len > 0)
        map_set(&r->anchors, anchor, v == NULL ? NULL : arena_memdup(r->a, v, sizeof(*v)));
}

static bool scalar(struct yaml_reader *r, value *out)
{
    str text = {(const char *)r->event.data.scalar.value, r->event.data.scalar.length};
    yaml_scalar_style_t style = r->event.data.scalar.style;
    bool quoted =
        style == YAML_SINGLE_QUOTED_SCALAR_STYLE || style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    const char *why;
    if (!yaml_resolve(r->a, bytes(r->event.data.scalar.tag), text, quoted, out, &why))
        return fail(r, why);
    return true;
}

static bool node(struct yaml_reader *r, value *out);

static bool sequence(struct yaml_reader *r, value *out)
{
    struct values items = {0};
    while (next(r) && r->event.type != YAML_SEQUENCE_END_EVENT) {
        value v;
        if (!node(r, &v))
            return false;
        values_push(r->a, &items, v);
    }
    *out = value_tuple(r->a, items.ptr, items.len);
    return r->have_event;
}

/* "<<": the members of another mapping, or of several. */
static bool merge(struct yaml_reader *r, struct entries *out)
{
    value v;
    if (!next(r) || !node(r, &v))
        return false;
    bool many = v.state == VALUE_KNOWN && v.type->kind == TYPE_TUPLE;
    for (size_t i = 0; i < (many ? value_len(v) : 1); i++) {
        value m = many ? value_at(v, i) : v;
        if (m.state != VALUE_KNOWN || m.type->kind != TYPE_OBJECT)
            return fail(r, "only mappings can be merged into a mapping");
        for (size_t j = 0; j < value_len(m); j++)
            entries_push(r->a, out, m.entries.ptr[j]);
    }
    return true;
}

static bool key(struct yaml_reader *r, str *out)
{
    value k;
    const char *why;
    if (r->event.type != YAML_SCALAR_EVENT)
        return fail(r, "only strings are allowed as mapping keys");
    if (!scalar(r, &k))
        return false;
    if (value_is_null(k))
        return fail(r, "mapping key cannot be null");
    if (!convert_to_string(r->a, k, &k, &why))
        return fail(r, "only strings are allowed as mapping keys");
    *out = value_as_str(k);
    return true;
}

static bool is_merge_key(const yaml_event_t *e)
{
    if (e->type != YAML_SCALAR_EVENT)
        return false;
    str tag = bytes(e->data.scalar.tag);
    return tag.len == 0 ? str_eqz(bytes(e->data.scalar.value), "<<")
                        : str_eqz(tag, "tag:yaml.org,2002:merge");
}

static bool mapping(struct yaml_reader *r, value *out)
{
    struct entries members = {0};
    while (next(r) && r->event.type != YAML_MAPPING_END_EVENT) {
        struct value_entry e;
        if (is_merge_key(&r->event)) {
            if (!merge(r, &members))
                return false;
            continue;
        }
        if (!key(r, &e.key) || !next(r) || !node(r, &e.val))
            return false;
        entries_push(r->a, &members, e);
    }
    *out = value_object(r->a, members.ptr, members.len);
    return r->have_event;
}

static bool alias(struct yaml_reader *r, value *out)
{
    str name = bytes(r->event.data.alias.anchor);
    const value *v = map_get(&r->anchors, name);
    if (v != NULL) {
        *out = *v;
        return true;
    }
    return fail(r, map_has(&r->anchors, name)
                       ? "an anchor cannot be referred to from inside its own definition"
                       : "reference to an anchor that is not defined");
}

static bool check_tag(struct yaml_reader *r, const yaml_char_t *tag, const char *want)
{
    str s = bytes(tag);
    return s.len == 0 || str_eqz(s, want) || fail(r, "unsupported tag");
}

static bool collection(struct yaml_reader *r, value *out)
{
    bool is_map = r->event.type == YAML_MAPPING_START_EVENT;
    str anchor;
    if (is_map) {
        anchor = anchor_of(r, r->event.data.mapping_start.anchor);
        if (!check_tag(r, r->event.data.mapping_start.tag, YAML_MAP_TAG))
            return false;
    } else {
        anchor = anchor_of(r, r->event.data.sequence_start.anchor);
        if (!check_tag(r, r->event.data.sequence_start.tag, YAML_SEQ_TAG))
            return false;
    }
    if (++r->depth > YAML_MAX_DEPTH)
        return fail(r, "collections are nested too deeply");
    set_anchor(r, anchor, NULL);
    if (!(is_map ? mapping(r, out) : sequence(r, out)))
        return false;
    r->depth--;
    set_anchor(r, anchor, out);
    return true;
}

/* The node that begins with the current event. */
static bool node(struct yaml_reader *r, value *out)
{
    switch ((int)r->event.type) {
    case YAML_SCALAR_EVENT: {
        str anchor = anchor_of(r, r->event.data.scalar.anchor);
        if (!scalar(r, out))
            return false;
        set_anchor(r, anchor, out);
        return true;
    }
    case YAML_ALIAS_EVENT: return alias(r, out);
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT: return collection(r, out);
    default: return fail(r, "a value is expected");
    }
}

static bool document(struct yaml_reader *r, value *out)
{
    if (!next(r) || !next(r))
        return false;
    if (r->event.type != YAML_DOCUMENT_START_EVENT)
        return fail(r, "missing start of document");
    if (!next(r) || !node(r, out) || !next(r) || !next(r))
        return false;
    if (r->event.type == YAML_DOCUMENT_START_EVENT)
        return fail(r, "only a single document is allowed");
    return r->event.type == YAML_STREAM_END_EVENT ||
           fail(r, "unexpected extra content after value");
}

bool yaml_to_value(struct arena *a, str text, value *out, const char **why)
{
    yaml_parser_t parser;
    struct yaml_reader r = {.a = a, .parser = &parser, .why = why};
    map_init(&r.anchors, a);
    if (!yaml_parser_initialize(&parser)) {
        *why = "the YAML parser cannot be started";
        return false;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.ptr, text.len);
    bool ok = document(&r, out);
    drop_event(&r);
    yaml_parser_delete(&parser);
    return ok;
}
