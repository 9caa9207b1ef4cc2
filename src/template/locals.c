/* SPDX-License-Identifier: Apache-2.0 */

#include "template/internal.h"

#include "hcl/refs.h"
#include "hcl/source.h"
#include "hcl/suggest.h"

/* A longer chain of locals is an error. */
#define MAX_DEPTH 1000

enum node_state { NODE_NEW, NODE_OPEN, NODE_DONE };

/* A local or a data source, with what is needed to order it. */
struct node {
    struct template_local *local;
    struct template_data *data;
    struct refs refs;
    enum node_state state;
    value val;
};
DEFINE_ARENA_VEC(nodes, struct node *);

struct walk {
    struct template *t;
    const struct template_options *options;
    struct nodes nodes;
    struct map locals; /* name -> struct node * */
    struct nodes path; /* open ones, for the cycle's text */
    bool told_depth;
    struct diags *diags;
};

struct template_local *template_find_local(const struct template *t, str name)
{
    return map_get(&t->local_names, name);
}

/* Collecting. */

static bool add_local(struct template *t, str name, const struct expr *e, bool sensitive,
                      struct range range, struct diags *diags)
{
    const struct template_local *old = template_find_local(t, name);
    if (old != NULL)
        return diags_error(diags, range, "Duplicate local definition",
                           "The local \"%s\" is defined at %s already.", old->name,
                           source_range_text(t->arena, old->range));
    struct template_local *l = arena_new_object(t->arena, struct template_local);
    *l = (struct template_local){
        .name = str_dup(t->arena, name), .sensitive = sensitive, .expr = e, .range = range};
    template_locals_push(t->arena, &t->locals, l);
    map_set(&t->local_names, name, l);
    return true;
}

static void collect_locals(struct template *t, struct diags *diags)
{
    struct blocks found = {0};
    template_top_blocks(t, STR("locals"), 0, &found, diags);
    VEC_EACH (b, &found) {
        const struct body *body = (*b)->body;
        for (size_t i = 0; i < body->block_count; i++) {
            const struct block *inner = &body->blocks[i];
            diags_error(diags, inner->type_range,
                        arena_fmt(t->arena, "Unexpected \"%.*s\" block", STR_FMT(inner->type)),
                        "Blocks are not allowed here.");
        }
        for (size_t i = 0; i < body->attr_count; i++) {
            const struct attribute *attr = &body->attrs[i];
            add_local(t, attr->name, attr->expr, false, attr->name_range, diags);
        }
    }
}

static const struct opt local_rows[] = {
    {.name = "expression", .kind = OPT_KIND_VALUE_JSON},
    {.name = "sensitive", .kind = OPT_KIND_BOOL},
    OPT_END,
};

static void collect_single_locals(struct template *t, struct diags *diags)
{
    struct blocks found = {0};
    template_top_blocks(t, STR("local"), 1, &found, diags);
    VEC_EACH (b, &found) {
        const struct body *body = (*b)->body;
        schema_check_names(body, local_rows, t->arena, diags);
        const struct attribute *e = body_find_attr(body, STR("expression"));
        const struct attribute *s = body_find_attr(body, STR("sensitive"));
        value v = value_bool(false);
        if (s != NULL)
            eval_expr_as(s->expr, &type_bool, NULL, t->arena, &v, diags);
        if (e == NULL)
            diags_error(diags, body->missing_item_range, "Missing required argument",
                        "The argument \"expression\" is required, but no definition was found.");
        else
            add_local(t, (*b)->labels[0].value, e->expr, value_is_present(v) && value_as_bool(v),
                      (*b)->labels[0].range, diags);
    }
}

static bool is_data(const struct template_data *d, str type, str name)
{
    return str_eqz(type, d->type) && str_eqz(name, d->name);
}

static void add_data_node(struct walk *w, const struct block *b)
{
    struct arena *a = w->t->arena;
    str type = b->labels[0].value, name = b->labels[1].value;
    VEC_EACH (old, &w->t->data)
        if (is_data(*old, type, name)) {
            diags_error(w->diags, block_header_range(b), "Duplicate data source",
                        "This data source is declared at %s already.",
                        source_range_text(a, (*old)->range));
            return;
        }
    struct template_data *d = arena_new_object(a, struct template_data);
    *d = (struct template_data){.type = str_dup(a, type),
                                .name = str_dup(a, name),
                                .block = b,
                                .val = value_dynamic(),
                                .range = block_header_range(b)};
    template_datas_push(a, &w->t->data, d);
    struct node *n = arena_new_object(a, struct node);
    n->data = d;
    body_refs(a, b->body, &n->refs);
    nodes_push(a, &w->nodes, n);
}

static void collect_nodes(struct walk *w)
{
    struct template *t = w->t;
    map_init(&w->locals, t->arena);
    VEC_EACH (l, &t->locals) {
        struct node *n = arena_new_object(t->arena, struct node);
        n->local = *l;
        expr_refs(t->arena, (*l)->expr, &n->refs);
        nodes_push(t->arena, &w->nodes, n);
        map_set(&w->locals, str_from((*l)->name), n);
    }
    struct blocks found = {0};
    template_top_blocks(t, STR("data"), 2, &found, w->diags);
    VEC_EACH (b, &found)
        add_data_node(w, *b);
}

/* Walking. */

static const char *node_name(struct arena *a, const struct node *n)
{
    if (n->local != NULL)
        return arena_fmt(a, "local.%s", n->local->name);
    return arena_fmt(a, "data.%s.%s", n->data->type, n->data->name);
}

static struct node *find_local_node(const struct walk *w, str name)
{
    return map_get(&w->locals, name);
}

static struct node *find_data_node(const struct walk *w, str type, str name)
{
    VEC_EACH (n, &w->nodes)
        if ((*n)->data != NULL && is_data((*n)->data, type, name))
            return *n;
    return NULL;
}

static struct range step_range(const struct expr *ref)
{
    return ref->traversal.step_count > 0 ? ref->traversal.steps[0].range : ref->range;
}

static bool report_cycle(struct walk *w, const struct node *n, const struct expr *ref)
{
    struct arena *a = w->t->arena;
    size_t start = 0;
    while (w->path.ptr[start] != n)
        start++;
    const char *text = node_name(a, n);
    for (size_t i = start + 1; i < w->path.len; i++)
        text = arena_fmt(a, "%s -> %s", text, node_name(a, w->path.ptr[i]));
    return diags_error(w->diags, step_range(ref), "Cycle in local definitions",
                       "The value of %s depends on itself: %s -> %s.", node_name(a, n), text,
                       node_name(a, n));
}

static bool report_unknown_local(struct walk *w, const struct expr *ref, str name)
{
    struct suggest s;
    suggest_init(&s, name);
    VEC_EACH (l, &w->t->locals)
        suggest_offer(&s, str_from((*l)->name));
    return diags_error(w->diags, step_range(ref), "Unsupported attribute",
                       "There is no local named \"%.*s\".%s", STR_FMT(name),
                       suggest_text(w->t->arena, &s));
}

static bool report_unknown_data(struct walk *w, const struct expr *ref, str type, str name)
{
    struct arena *a = w->t->arena;
    struct suggest s;
    suggest_init(&s, str_from(arena_fmt(a, "%.*s.%.*s", STR_FMT(type), STR_FMT(name))));
    VEC_EACH (d, &w->t->data)
        suggest_offer(&s, str_from(arena_fmt(a, "%s.%s", (*d)->type, (*d)->name)));
    return diags_error(w->diags, ref->range, "Reference to undeclared data source",
                       "There is no data source \"%.*s\" \"%.*s\" in the template.%s",
                       STR_FMT(type), STR_FMT(name), suggest_text(a, &s));
}

static bool visit(struct walk *w, struct node *n);

/* All data sources of a type, when a reference names just that. */
static bool visit_data(struct walk *w, const struct expr *ref, str type)
{
    bool ok = true;
    VEC_EACH (n, &w->nodes) {
        if ((*n)->data == NULL || !str_eqz(type, (*n)->data->type))
            continue;
        ok &= (*n)->state == NODE_OPEN ? report_cycle(w, *n, ref) : visit(w, *n);
    }
    return ok;
}

/* Value of what REF refers to, when that is a node. */
static bool visit_ref(struct walk *w, const struct expr *ref)
{
    struct node *target = NULL;
    str first = ref_step_name(ref, 0);
    if (str_eqz(ref->traversal.root, "local") && first.ptr != NULL) {
        target = find_local_node(w, first);
        if (target == NULL)
            return report_unknown_local(w, ref, first);
    } else if (str_eqz(ref->traversal.root, "data") && first.ptr != NULL) {
        str second = ref_step_name(ref, 1);
        if (second.ptr == NULL)
            return visit_data(w, ref, first);
        target = find_data_node(w, first, second);
        if (target == NULL)
            return report_unknown_data(w, ref, first, second);
    }
    if (target == NULL)
        return true;
    if (target->state == NODE_OPEN)
        return report_cycle(w, target, ref);
    return visit(w, target);
}

/* `local` with just what N refers to, `data` with all that is done. */
static value local_values(struct walk *w, const struct node *n)
{
    struct value_entry *entries = arena_new_array(w->t->arena, struct value_entry, n->refs.len);
    size_t len = 0;
    VEC_EACH (r, &n->refs) {
        const struct node *dep = NULL;
        if (str_eqz((*r)->traversal.root, "local") && ref_step_name(*r, 0).ptr != NULL)
            dep = find_local_node(w, ref_step_name(*r, 0));
        if (dep != NULL && dep->state == NODE_DONE)
            entries[len++] = (struct value_entry){str_from(dep->local->name), dep->val};
    }
    return value_object(w->t->arena, entries, len);
}

/* The data sources of one type. */
struct data_type {
    struct value_entry *ptr;
    size_t len;
};

static value data_values(struct walk *w)
{
    struct arena *a = w->t->arena;
    struct map types;
    map_init(&types, a);
    VEC_EACH (n, &w->nodes) {
        if ((*n)->data == NULL)
            continue;
        str type = str_from((*n)->data->type);
        struct data_type *f = map_get(&types, type);
        if (f == NULL) {
            f = arena_alloc(a, sizeof(*f));
            f->ptr = arena_new_array(a, struct value_entry, w->nodes.len);
            map_set(&types, type, f);
        }
        value v = (*n)->state == NODE_DONE ? (*n)->val : value_dynamic();
        f->ptr[f->len++] = (struct value_entry){str_from((*n)->data->name), v};
    }
    struct value_entry *entries = arena_new_array(a, struct value_entry, types.len);
    size_t len = 0;
    MAP_EACH (e, &types) {
        const struct data_type *f = e->value;
        entries[len++] = (struct value_entry){e->key, value_object(a, f->ptr, f->len)};
    }
    return value_object(a, entries, len);
}

static bool read_data(struct walk *w, struct node *n, const struct scope *scope)
{
    const struct template_data *d = n->data;
    if (w->options->read_data == NULL)
        return diags_error(w->diags, d->range, "Data sources are not available",
                           "No data source can be read here. Give the value with a variable or a "
                           "local instead.");
    return w->options->read_data(w->options->arg, str_from(d->type), str_from(d->name), d->block,
                                 scope, w->t->arena, &n->val, w->diags);
}

static bool evaluate(struct walk *w, struct node *n)
{
    struct arena *a = w->t->arena;
    struct scope *scope = scope_new(a, w->t->scope);
    scope_set(a, scope, "local", local_values(w, n));
    if (w->t->data.len > 0)
        scope_set(a, scope, "data", data_values(w));
    if (n->data != NULL)
        return read_data(w, n, scope);
    if (!eval_expr(n->local->expr, scope, a, &n->val, w->diags))
        return false;
    if (n->local->sensitive) {
        n->val = value_mark(n->val, true);
        template_register_secret(n->val);
    }
    return true;
}

/* Told once: what goes on behind the limit is as deep. */
static bool report_depth(struct walk *w, const struct node *n)
{
    if (!w->told_depth)
        diags_error(w->diags, n->local != NULL ? n->local->range : n->data->range,
                    "Locals depend on one another too deeply",
                    "The value of %s is needed by a chain of more than %d locals, each of which "
                    "needs the next.",
                    node_name(w->t->arena, n), MAX_DEPTH);
    w->told_depth = true;
    return false;
}

static bool visit(struct walk *w, struct node *n)
{
    if (n->state == NODE_DONE)
        return true;
    if (w->path.len >= MAX_DEPTH)
        return report_depth(w, n);
    bool ok = true;
    n->state = NODE_OPEN;
    n->val = value_dynamic(); /* also after an error: what depends on it says nothing more */
    nodes_push(w->t->arena, &w->path, n);
    VEC_EACH (r, &n->refs)
        ok &= visit_ref(w, *r);
    if (ok && !evaluate(w, n)) {
        n->val = value_dynamic();
        ok = false;
    }
    w->path.len--;
    n->state = NODE_DONE;
    if (n->local != NULL)
        n->local->val = n->val;
    else
        n->data->val = n->val;
    return ok;
}

bool template_resolve_locals(struct template *t, const struct template_options *options,
                             struct diags *diags)
{
    size_t before = diags->errors;
    struct walk w = {.t = t, .options = options, .diags = diags};
    collect_locals(t, diags);
    collect_single_locals(t, diags);
    collect_nodes(&w);
    VEC_EACH (n, &w.nodes)
        visit(&w, *n);
    struct value_entry *entries = arena_new_array(t->arena, struct value_entry, t->locals.len);
    for (size_t i = 0; i < t->locals.len; i++)
        entries[i] = (struct value_entry){str_from(t->locals.ptr[i]->name), t->locals.ptr[i]->val};
    scope_set(t->arena, t->scope, "local", value_object(t->arena, entries, t->locals.len));
    if (t->data.len > 0)
        scope_set(t->arena, t->scope, "data", data_values(&w));
    return diags->errors == before;
}
