/* SPDX-License-Identifier: Apache-2.0 */
#include "gotemplate/internal.h"

/* Bounds for what a template can ask for with little text. */
#define STEPS_MAX 200000

struct variable {
    str name;
    struct gt_value value;
};
DEFINE_ARENA_VEC(variables, struct variable);

enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE, FLOW_FAILED };

struct exec {
    struct arena *a;
    str text; /* of the template, for places */
    const struct gotmpl_data *data;
    struct variables vars;
    struct strbuf *out;
    unsigned steps;
    size_t made; /* bytes of text by functions */
    struct error **err;
};

static const struct gotmpl_field *find_field(const struct exec *x, str name)
{
    for (size_t i = 0; i < x->data->field_count; i++)
        if (str_eqz(name, x->data->fields[i].name))
            return &x->data->fields[i];
    return NULL;
}

static bool unknown_field(struct exec *x, size_t pos, str name)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    for (size_t i = 0; i < x->data->field_count; i++)
        strbuf_addf(&sb, "%s.%s", i > 0 ? ", " : "", x->data->fields[i].name);
    gt_error_at(x->text, pos, x->err, "there is no field .%.*s here", STR_FMT(name));
    return error_hint(x->err, "Fields known here: %s.", sb.len > 0 ? sb.buf : "none");
}

static bool eval_fields(struct exec *x, const struct gt_operand *op, struct gt_value *v)
{
    for (size_t i = 0; i < op->fields.len; i++) {
        str name = op->fields.ptr[i];
        if (v->kind != GT_ROOT)
            return gt_error_at(x->text, op->pos, x->err, "can't evaluate field %.*s in type %s",
                               STR_FMT(name), gt_kind_name(v->kind));
        const struct gotmpl_field *field = find_field(x, name);
        if (field == NULL)
            return unknown_field(x, op->pos, name);
        *v = gt_str(field->value);
    }
    return true;
}

static struct gt_value *find_variable(struct exec *x, str name)
{
    for (size_t i = x->vars.len; i > 0; i--)
        if (str_eq(x->vars.ptr[i - 1].name, name))
            return &x->vars.ptr[i - 1].value;
    BUG("the parser let an undefined variable pass");
}

static bool eval_pipe(struct exec *x, const struct gt_pipe *pipe, struct gt_value dot,
                      struct gt_value *out);
static bool call(struct exec *x, const struct gt_command *c, struct gt_value dot,
                 const struct gt_value *piped, struct gt_value *out);

static bool eval_operand(struct exec *x, const struct gt_operand *op, struct gt_value dot,
                         struct gt_value *out)
{
    switch (op->kind) {
    case GT_OP_VALUE: *out = op->value; return true;
    case GT_OP_DOT: *out = dot; break;
    case GT_OP_VARIABLE: *out = *find_variable(x, op->name); break;
    case GT_OP_PIPE:
        if (!eval_pipe(x, op->pipe, dot, out))
            return false;
        break;
    case GT_OP_FUNCTION: {
        struct gt_operand copy = *op;
        struct gt_command alone = {.ptr = &copy, .len = 1};
        return call(x, &alone, dot, NULL, out);
    }
    }
    return eval_fields(x, op, out);
}

/* and, or: the rest is not evaluated once the result is known. */
static bool is_decided(const struct gt_func *f, struct gt_value v, const struct gotmpl_data *data)
{
    bool is_and = strcmp(f->name, "and") == 0, is_or = strcmp(f->name, "or") == 0;
    return (is_and && !gt_truth(v, data)) || (is_or && gt_truth(v, data));
}

static bool call(struct exec *x, const struct gt_command *c, struct gt_value dot,
                 const struct gt_value *piped, struct gt_value *out)
{
    const struct gt_func *f = c->ptr[0].func;
    size_t count = c->len - 1 + (piped != NULL);
    struct gt_value *args = arena_new_array(x->a, struct gt_value, count + 1);
    if ((int)count < f->min || (f->max >= 0 && (int)count > f->max))
        return gt_error_at(x->text, c->ptr[0].pos, x->err,
                           "wrong number of arguments for %s: want %s%d got %zu", f->name,
                           f->max == f->min ? "" : "at least ", f->min, count);
    for (size_t i = 1; i < c->len; i++) {
        if (!eval_operand(x, &c->ptr[i], dot, &args[i - 1]))
            return false;
        *out = args[i - 1];
        if (is_decided(f, args[i - 1], x->data))
            return true;
    }
    if (piped != NULL)
        args[count - 1] = *piped;
    bool too_large = false;
    struct gt_call call = {
        .arena = x->a, .data = x->data, .args = args, .count = count, .too_large = &too_large};
    struct error *why = NULL;
    if (f->run(&call, out, &why)) {
        x->made += out->kind == GT_STR ? out->s.len : 0;
        if (!too_large && x->made <= GT_TEXT_MAX)
            return true;
        return gt_error_at(x->text, c->ptr[0].pos, x->err, "the result is too large");
    }
    gt_error_at(x->text, c->ptr[0].pos, x->err, "error calling %s: %s", f->name, why->msg);
    error_free(why);
    return false;
}

static bool eval_pipe(struct exec *x, const struct gt_pipe *pipe, struct gt_value dot,
                      struct gt_value *out)
{
    if (x->out->truncated)
        return gt_error_at(x->text, pipe->pos, x->err, "the result is too large");
    if (++x->steps > STEPS_MAX)
        return gt_error_at(x->text, pipe->pos, x->err, "the template takes too long");
    for (size_t i = 0; i < pipe->commands.len; i++) {
        const struct gt_command *c = &pipe->commands.ptr[i];
        struct gt_value piped = *out;
        bool ok = c->ptr[0].kind == GT_OP_FUNCTION ? call(x, c, dot, i > 0 ? &piped : NULL, out)
                                                   : eval_operand(x, &c->ptr[0], dot, out);
        if (!ok)
            return false;
    }
    return true;
}

/* An assignment changes, a declaration adds. */
static void bind(struct exec *x, const struct gt_pipe *pipe, size_t i, struct gt_value v)
{
    if (pipe->assigns)
        *find_variable(x, pipe->vars.ptr[i]) = v;
    else
        variables_push(x->a, &x->vars, (struct variable){pipe->vars.ptr[i], v});
}

static enum flow run_list(struct exec *x, const struct gt_list *list, struct gt_value dot);

static enum flow run_branch(struct exec *x, const struct gt_node *n, struct gt_value dot)
{
    struct gt_value v = {0};
    if (!eval_pipe(x, n->pipe, dot, &v))
        return FLOW_FAILED;
    if (n->pipe->vars.len == 1)
        bind(x, n->pipe, 0, v);
    if (!gt_truth(v, x->data))
        return run_list(x, &n->other, dot);
    return run_list(x, &n->body, n->kind == GT_WITH ? v : dot);
}

static enum flow run_once(struct exec *x, const struct gt_node *n, struct gt_value key,
                          struct gt_value value)
{
    size_t vars = x->vars.len;
    if (n->pipe->vars.len == 2)
        bind(x, n->pipe, 0, key);
    if (n->pipe->vars.len > 0)
        bind(x, n->pipe, n->pipe->vars.len - 1, value);
    enum flow flow = run_list(x, &n->body, value);
    x->vars.len = vars;
    return flow == FLOW_CONTINUE ? FLOW_ON : flow;
}

/* Over the fields, sorted by name as Go does with a map, or 0 .. N-1. */
static enum flow run_range(struct exec *x, const struct gt_node *n, struct gt_value dot)
{
    struct gt_value v = {0};
    enum flow flow = FLOW_ON;
    int64_t count = 0;
    if (!eval_pipe(x, n->pipe, dot, &v))
        return FLOW_FAILED;
    if (v.kind == GT_ROOT)
        count = (int64_t)x->data->field_count;
    else if (v.kind == GT_INT)
        count = v.i;
    else {
        gt_error_at(x->text, n->pos, x->err, "range can't iterate over %s", gt_kind_name(v.kind));
        return FLOW_FAILED;
    }
    if (count <= 0)
        return run_list(x, &n->other, dot);
    for (int64_t i = 0; i < count && flow == FLOW_ON; i++) {
        if (++x->steps > STEPS_MAX) {
            gt_error_at(x->text, n->pos, x->err, "the template takes too long");
            return FLOW_FAILED;
        }
        struct gt_value key = gt_int(i), value = gt_int(i);
        if (v.kind == GT_ROOT) {
            key = gt_str(str_from(x->data->fields[i].name));
            value = gt_str(x->data->fields[i].value);
        }
        flow = run_once(x, n, key, value);
    }
    return flow == FLOW_BREAK ? FLOW_ON : flow;
}

static enum flow run_action(struct exec *x, const struct gt_node *n, struct gt_value dot)
{
    struct gt_value v = {0};
    if (!eval_pipe(x, n->pipe, dot, &v))
        return FLOW_FAILED;
    if (n->pipe->vars.len > 0)
        bind(x, n->pipe, 0, v);
    else
        gt_print(x->out, v, x->data);
    return FLOW_ON;
}

static enum flow run_node(struct exec *x, const struct gt_node *n, struct gt_value dot)
{
    size_t vars = x->vars.len;
    enum flow flow = FLOW_ON;
    switch (n->kind) {
    case GT_TEXT: strbuf_addstr(x->out, n->text); return FLOW_ON;
    case GT_ACTION: return run_action(x, n, dot);
    case GT_BREAK: return FLOW_BREAK;
    case GT_CONTINUE: return FLOW_CONTINUE;
    case GT_IF:
    case GT_WITH: flow = run_branch(x, n, dot); break;
    case GT_RANGE: flow = run_range(x, n, dot); break;
    }
    x->vars.len = vars;
    return flow;
}

static enum flow run_list(struct exec *x, const struct gt_list *list, struct gt_value dot)
{
    size_t vars = x->vars.len;
    enum flow flow = FLOW_ON;
    for (size_t i = 0; i < list->len && flow == FLOW_ON; i++)
        flow = run_node(x, list->ptr[i], dot);
    x->vars.len = vars;
    return flow;
}

bool gotmpl_is_plain(str text)
{
    return str_find(text, STR("{{")) < 0;
}

bool gotmpl_check(str text, struct error **err)
{
    if (gotmpl_is_plain(text))
        return true;
    AUTO(arena) struct arena *a = arena_new("template check");
    struct gt_list list = {0};
    return gt_parse(a, text, &list, err);
}

/* Fields sorted by name: for range and print. */
static struct gotmpl_data sorted(struct arena *a, const struct gotmpl_data *data)
{
    struct gotmpl_data copy = *data;
    struct gotmpl_field *fields = arena_new_array(a, struct gotmpl_field, data->field_count + 1);
    for (size_t i = 0; i < data->field_count; i++) {
        size_t j = i;
        for (; j > 0 && strcmp(fields[j - 1].name, data->fields[i].name) > 0; j--)
            fields[j] = fields[j - 1];
        fields[j] = data->fields[i];
    }
    copy.fields = fields;
    return copy;
}

bool gotmpl_render(struct arena *a, str text, const struct gotmpl_data *data, str *out,
                   struct error **err)
{
    if (gotmpl_is_plain(text)) {
        *out = (str){str_dup(a, text), text.len};
        return true;
    }
    AUTO(arena) struct arena *work = arena_new("template");
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT_MAX(GT_TEXT_MAX);
    struct gt_list list = {0};
    if (!gt_parse(work, text, &list, err))
        return false;
    struct gotmpl_data copy = sorted(work, data);
    struct exec x = {.a = work, .text = text, .data = &copy, .out = &sb, .err = err};
    struct gt_value root = {.kind = GT_ROOT};
    variables_push(work, &x.vars, (struct variable){STR("$"), root});
    if (run_list(&x, &list, root) == FLOW_FAILED)
        return false;
    if (sb.truncated)
        return gt_error_at(text, 0, err, "the result is too large");
    *out = (str){arena_strndup(a, sb.buf, sb.len), sb.len};
    return true;
}
