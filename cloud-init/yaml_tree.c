/* SPDX-License-Identifier: Apache-2.0 */

#include "cloud-init/yaml_tree.h"

#include <jansson.h>
#include <yaml.h>

#include "base/map.h"

#define MAX_DEPTH 64
#define MAX_NODES 200000 /* written; aliases may multiply */

/* State of reading one document. */
struct reader {
    yaml_parser_t parser;
    struct arena *arena;
    struct map anchors;
    const char *what;
    struct error **err;
};

static struct ynode *node_new(struct arena *a, enum ynode_kind kind)
{
    struct ynode *n = arena_new_object(a, struct ynode);
    n->kind = kind;
    return n;
}

struct ynode *ynode_map(struct arena *a)
{
    return node_new(a, YNODE_MAP);
}

struct ynode *ynode_list(struct arena *a)
{
    return node_new(a, YNODE_LIST);
}

static struct ynode *scalar(struct arena *a, const char *text, size_t len, bool quoted)
{
    struct ynode *n = node_new(a, YNODE_SCALAR);
    n->text = arena_strndup(a, text, len);
    n->text_len = len;
    n->quoted = quoted;
    return n;
}

struct ynode *ynode_string(struct arena *a, const char *text)
{
    return scalar(a, text, strlen(text), true);
}

struct ynode *ynode_plain(struct arena *a, const char *text)
{
    return scalar(a, text, strlen(text), false);
}

static void grow(struct arena *a, struct ynode *n)
{
    if (n->len < n->cap)
        return;
    size_t cap = n->cap == 0 ? 4 : n->cap * 2;
    size_t one = n->kind == YNODE_MAP ? sizeof(*n->pairs) : sizeof(struct ynode *);
    void *bigger = arena_alloc_array(a, cap, one);
    const void *old = n->kind == YNODE_MAP ? (const void *)n->pairs : (const void *)n->items;
    if (n->len > 0)
        memcpy(bigger, old, n->len * one);
    if (n->kind == YNODE_MAP)
        n->pairs = bigger;
    else
        n->items = bigger;
    n->cap = cap;
}

void ynode_add(struct arena *a, struct ynode *list, struct ynode *item)
{
    grow(a, list);
    list->items[list->len++] = item;
}

static void add_pair(struct arena *a, struct ynode *map, struct ynode *key, struct ynode *value)
{
    grow(a, map);
    map->pairs[map->len++] = (struct ypair){key, value};
}

static struct ypair *find_pair(const struct ynode *n, const struct ynode *key)
{
    for (size_t i = 0; n->kind == YNODE_MAP && i < n->len; i++) {
        struct ypair *p = &n->pairs[i];
        if (p->key->kind == YNODE_SCALAR && key->kind == YNODE_SCALAR &&
            p->key->text_len == key->text_len &&
            memcmp(p->key->text, key->text, key->text_len) == 0)
            return p;
    }
    return NULL;
}

struct ynode *ynode_get(const struct ynode *n, const char *key)
{
    if (n == NULL)
        return NULL;
    struct ynode wanted = {.kind = YNODE_SCALAR, .text = key, .text_len = strlen(key)};
    struct ypair *p = find_pair(n, &wanted);
    return p != NULL ? p->value : NULL;
}

static void set_pair(struct arena *a, struct ynode *map, struct ynode *key, struct ynode *value)
{
    struct ypair *p = find_pair(map, key);
    if (p != NULL)
        p->value = value;
    else
        add_pair(a, map, key, value);
}

void ynode_set(struct arena *a, struct ynode *map, const char *key, struct ynode *value)
{
    set_pair(a, map, ynode_plain(a, key), value);
}

static struct ynode *append_lists(struct arena *a, const struct ynode *base,
                                  const struct ynode *over)
{
    struct ynode *out = ynode_list(a);
    for (size_t i = 0; i < base->len; i++)
        ynode_add(a, out, base->items[i]);
    for (size_t i = 0; i < over->len; i++)
        ynode_add(a, out, over->items[i]);
    return out;
}

struct ynode *ynode_merge(struct arena *a, struct ynode *base, struct ynode *over)
{
    if (base->kind != over->kind || base->kind == YNODE_SCALAR)
        return over;
    if (base->kind == YNODE_LIST)
        return append_lists(a, base, over);
    struct ynode *out = ynode_map(a);
    for (size_t i = 0; i < base->len; i++)
        add_pair(a, out, base->pairs[i].key, base->pairs[i].value);
    for (size_t i = 0; i < over->len; i++) {
        struct ypair *p = find_pair(base, over->pairs[i].key);
        struct ynode *value =
            p != NULL ? ynode_merge(a, p->value, over->pairs[i].value) : over->pairs[i].value;
        set_pair(a, out, over->pairs[i].key, value);
    }
    return out;
}

/* Reading. */

static void *read_error(struct reader *r, yaml_mark_t at, const char *why)
{
    error_set(r->err, ERR_TEMPLATE, 0, "%s is not valid YAML: %s (line %zu, column %zu)", r->what,
              why, at.line + 1, at.column + 1);
    return NULL;
}

static bool next(struct reader *r, yaml_event_t *e)
{
    if (yaml_parser_parse(&r->parser, e))
        return true;
    read_error(r, r->parser.problem_mark,
               r->parser.problem != NULL ? r->parser.problem : "unreadable text");
    return false;
}

static void remember(struct reader *r, const yaml_char_t *anchor, struct ynode *n)
{
    if (anchor != NULL)
        map_set(&r->anchors, str_from((const char *)anchor), n);
}

static struct ynode *read_node(struct reader *r, const yaml_event_t *e, int depth);

/* Children up to END: items, or keys and values in turn. */
static bool read_children(struct reader *r, struct ynode *parent, yaml_event_type_t end, int depth)
{
    struct ynode *key = NULL;
    for (;;) {
        yaml_event_t e;
        if (!next(r, &e))
            return false;
        if (e.type == end) {
            yaml_event_delete(&e);
            return true;
        }
        struct ynode *child = read_node(r, &e, depth + 1);
        yaml_event_delete(&e);
        if (child == NULL)
            return false;
        if (parent->kind == YNODE_LIST) {
            ynode_add(r->arena, parent, child);
        } else if (key == NULL) {
            key = child;
        } else {
            set_pair(r->arena, parent, key, child);
            key = NULL;
        }
    }
}

static struct ynode *read_scalar(struct reader *r, const yaml_event_t *e)
{
    bool quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    struct ynode *n =
        scalar(r->arena, (const char *)e->data.scalar.value, e->data.scalar.length, quoted);
    if (e->data.scalar.tag != NULL)
        n->tag = arena_strdup(r->arena, (const char *)e->data.scalar.tag);
    remember(r, e->data.scalar.anchor, n);
    return n;
}

static struct ynode *read_alias(struct reader *r, const yaml_event_t *e)
{
    struct ynode *n = map_get(&r->anchors, str_from((const char *)e->data.alias.anchor));
    return n != NULL ? n : read_error(r, e->start_mark, "an alias names no anchor");
}

static struct ynode *read_node(struct reader *r, const yaml_event_t *e, int depth)
{
    if (depth > MAX_DEPTH)
        return read_error(r, e->start_mark, "nested too deeply");
    if (e->type == YAML_SCALAR_EVENT)
        return read_scalar(r, e);
    if (e->type == YAML_ALIAS_EVENT)
        return read_alias(r, e);
    bool is_map = e->type == YAML_MAPPING_START_EVENT;
    if (!is_map && e->type != YAML_SEQUENCE_START_EVENT)
        return read_error(r, e->start_mark, "unexpected end");
    struct ynode *n = node_new(r->arena, is_map ? YNODE_MAP : YNODE_LIST);
    yaml_event_type_t end = is_map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    if (!read_children(r, n, end, depth))
        return NULL;
    /* Registered last: an anchor inside itself would make the tree endless. */
    remember(r, is_map ? e->data.mapping_start.anchor : e->data.sequence_start.anchor, n);
    return n;
}

static struct ynode *read_document(struct reader *r)
{
    struct ynode *root = NULL;
    for (;;) {
        yaml_event_t e;
        if (!next(r, &e))
            return NULL;
        yaml_event_type_t type = e.type;
        bool is_frame = type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT ||
                        type == YAML_DOCUMENT_END_EVENT || type == YAML_STREAM_END_EVENT;
        bool second = type == YAML_DOCUMENT_START_EVENT && root != NULL;
        if (!is_frame)
            root = read_node(r, &e, 0);
        if (second)
            read_error(r, e.start_mark, "there is more than one document");
        yaml_event_delete(&e);
        if (*r->err != NULL)
            return NULL;
        if (type == YAML_STREAM_END_EVENT)
            return root != NULL ? root : ynode_map(r->arena);
    }
}

struct ynode *ytree_parse(struct arena *a, str text, const char *what, struct error **err)
{
    struct reader r = {.arena = a, .what = what, .err = err};
    map_init(&r.anchors, a);
    if (!yaml_parser_initialize(&r.parser)) {
        error_set(err, ERR_INTERNAL, 0, "cannot start libyaml");
        return NULL;
    }
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.ptr, text.len);
    struct ynode *root = read_document(&r);
    yaml_parser_delete(&r.parser);
    return root;
}

static struct ynode *from_json(struct arena *a, json_t *j)
{
    struct ynode *n;
    const char *key;
    json_t *value;
    size_t i;
    switch (json_typeof(j)) {
    case JSON_OBJECT:
        n = ynode_map(a);
        json_object_foreach(j, key, value)
            add_pair(a, n, ynode_string(a, key), from_json(a, value));
        return n;
    case JSON_ARRAY:
        n = ynode_list(a);
        json_array_foreach(j, i, value) ynode_add(a, n, from_json(a, value));
        return n;
    case JSON_STRING: return scalar(a, json_string_value(j), json_string_length(j), true);
    case JSON_INTEGER: return ynode_plain(a, arena_fmt(a, "%lld", json_integer_value(j)));
    case JSON_REAL: return ynode_plain(a, arena_fmt(a, "%.17g", json_real_value(j)));
    case JSON_TRUE: return ynode_plain(a, "true");
    case JSON_FALSE: return ynode_plain(a, "false");
    case JSON_NULL: break;
    }
    return ynode_plain(a, "null");
}

struct ynode *ytree_from_json(struct arena *a, const char *json, const char *what,
                              struct error **err)
{
    json_error_t why;
    json_t *j = json_loads(json, JSON_DECODE_ANY, &why);
    if (j == NULL) {
        error_set(err, ERR_TEMPLATE, 0, "%s cannot be read: %s", what, why.text);
        return NULL;
    }
    struct ynode *n = from_json(a, j);
    json_decref(j);
    return n;
}

/* Writing. */

struct writer {
    yaml_emitter_t emitter;
    struct strbuf *out;
    size_t nodes;
};

static int on_write(void *arg, unsigned char *data, size_t len)
{
    struct writer *w = arg;
    return strbuf_add(w->out, data, len) ? 1 : 0;
}

static bool emit_scalar(struct writer *w, const struct ynode *n)
{
    yaml_event_t e;
    yaml_scalar_style_t style = YAML_PLAIN_SCALAR_STYLE;
    if (n->quoted)
        style = memchr(n->text, '\n', n->text_len) != NULL ? YAML_LITERAL_SCALAR_STYLE
                                                           : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    /* libyaml copies what it is given; its prototypes lack const. */
    autofree unsigned char *tag =
        n->tag != NULL ? (unsigned char *)str_xdup(str_from(n->tag)) : NULL;
    autofree unsigned char *text = (unsigned char *)str_xdup((str){n->text, n->text_len});
    return yaml_scalar_event_initialize(&e, NULL, tag, text, (int)n->text_len, tag == NULL,
                                        tag == NULL, style) &&
           yaml_emitter_emit(&w->emitter, &e);
}

static bool emit_node(struct writer *w, const struct ynode *n)
{
    yaml_event_t e;
    if (++w->nodes > MAX_NODES)
        return false;
    if (n->kind == YNODE_SCALAR)
        return emit_scalar(w, n);
    bool is_map = n->kind == YNODE_MAP;
    bool ok =
        is_map ? yaml_mapping_start_event_initialize(&e, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE)
               : yaml_sequence_start_event_initialize(&e, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
    if (!ok || !yaml_emitter_emit(&w->emitter, &e))
        return false;
    for (size_t i = 0; i < n->len; i++) {
        if (is_map && (!emit_node(w, n->pairs[i].key) || !emit_node(w, n->pairs[i].value)))
            return false;
        if (!is_map && !emit_node(w, n->items[i]))
            return false;
    }
    ok = is_map ? yaml_mapping_end_event_initialize(&e) : yaml_sequence_end_event_initialize(&e);
    return ok && yaml_emitter_emit(&w->emitter, &e);
}

static bool emit_frame(struct writer *w, bool start)
{
    yaml_event_t e;
    if (start)
        return yaml_stream_start_event_initialize(&e, YAML_UTF8_ENCODING) &&
               yaml_emitter_emit(&w->emitter, &e) &&
               yaml_document_start_event_initialize(&e, NULL, NULL, NULL, 1) &&
               yaml_emitter_emit(&w->emitter, &e);
    return yaml_document_end_event_initialize(&e, 1) && yaml_emitter_emit(&w->emitter, &e) &&
           yaml_stream_end_event_initialize(&e) && yaml_emitter_emit(&w->emitter, &e);
}

bool ytree_render(const struct ynode *n, struct strbuf *out, struct error **err)
{
    struct writer w = {.out = out};
    if (!yaml_emitter_initialize(&w.emitter))
        return error_set(err, ERR_INTERNAL, 0, "cannot start libyaml");
    yaml_emitter_set_output(&w.emitter, on_write, &w);
    yaml_emitter_set_unicode(&w.emitter, 1);
    yaml_emitter_set_width(&w.emitter, -1);
    bool ok = emit_frame(&w, true) && emit_node(&w, n) && emit_frame(&w, false) &&
              yaml_emitter_flush(&w.emitter);
    const char *why = w.emitter.problem;
    if (!ok)
        error_set(err, ERR_TEMPLATE, 0, "cannot write YAML: %s",
                  why != NULL ? why : "it is too large");
    yaml_emitter_delete(&w.emitter);
    return ok;
}
