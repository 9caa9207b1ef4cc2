/* SPDX-License-Identifier: Apache-2.0 */

#include "upgrade/internal.h"

/* {{ }} calls of the old format as expressions of HCL.  What is only known
 * while a build runs ({{ .HTTPIP }}) stays as it is: options render it then. */

#define IN_LOCAL  (1U << UPGRADE_LOCAL)
#define IN_SOURCE (1U << UPGRADE_SOURCE)
#define IN_STEP   (1U << UPGRADE_STEP)
#define IN_ANY    (IN_LOCAL | IN_SOURCE | IN_STEP)

static const struct form {
    const char *name;
    size_t args;
    unsigned places;
    const char *pattern; /* $1: first argument */
} forms[] = {
    {"aws_secretsmanager", 1, IN_LOCAL, "aws_secretsmanager($1, null)"},
    {"aws_secretsmanager", 2, IN_LOCAL, "aws_secretsmanager($1, $2)"},
    {"aws_secretsmanager_raw", 1, IN_LOCAL, "aws_secretsmanager_raw($1)"},
    {"build_name", 0, IN_SOURCE | IN_STEP, "source.name"},
    {"build_type", 0, IN_SOURCE | IN_STEP, "source.type"},
    {"consul_key", 1, IN_LOCAL, "consul_key($1)"},
    {"isotime", 0, IN_ANY, "timestamp()"},
    {"isotime", 1, IN_ANY, "legacy_isotime($1)"},
    {"lower", 1, IN_ANY, "lower($1)"},
    {"packer_version", 0, IN_ANY, "packer.version"},
    {"pwd", 0, IN_ANY, "path.cwd"},
    {"replace_all", 3, IN_ANY, "replace($3, $1, $2)"},
    {"split", 3, IN_ANY, "split($2, $1)[$3]"},
    {"strftime", 1, IN_ANY, "legacy_strftime($1)"},
    {"template_dir", 0, IN_ANY, "path.root"},
    {"upper", 1, IN_ANY, "upper($1)"},
    {"uuid", 0, IN_ANY, "uuidv4()"},
    {"vault", 2, IN_LOCAL, "vault($1, $2)"},
};

struct argument {
    const char *expr;
    const struct gt_value *constant; /* or NULL */
};
DEFINE_ARENA_VEC(arguments, struct argument);

static const char *pipe_expr(struct upgrade_writer *w, const struct gt_pipe *p, size_t commands);

static const char *quoted(struct arena *a, str text)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    strbuf_addc(&sb, '"');
    upgrade_add_text(&sb, text);
    strbuf_addc(&sb, '"');
    return arena_strndup(a, sb.buf, sb.len);
}

static const char *fill_pattern(struct arena *a, const char *pattern, const struct arguments *args)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    for (const char *p = pattern; *p != '\0'; p++) {
        if (*p == '$' && p[1] >= '1' && p[1] <= '9')
            strbuf_adds(&sb, args->ptr[*++p - '1'].expr);
        else
            strbuf_addc(&sb, *p);
    }
    return arena_strndup(a, sb.buf, sb.len);
}

static str constant_text(const struct arguments *args, size_t i)
{
    if (i >= args->len || args->ptr[i].constant == NULL || args->ptr[i].constant->kind != GT_STR)
        return (str){0};
    return args->ptr[i].constant->s;
}

static const char *user_expr(struct upgrade_writer *w, const struct arguments *args)
{
    str name = constant_text(args, 0);
    const struct upgrade_variable *v =
        name.ptr == NULL ? NULL : upgrade_find_variable(w->legacy, name);
    if (v == NULL || args->len != 1)
        return NULL;
    return arena_fmt(w->arena, "%s.%s", v->is_local ? "local" : "var", v->identifier);
}

/* In HCL env() is for defaults of variables; a local reads a variable of ours. */
static const char *env_expr(struct upgrade_writer *w, const struct arguments *args)
{
    str name = constant_text(args, 0);
    if (args->len != 1 || (w->place != UPGRADE_DEFAULT && w->place != UPGRADE_LOCAL))
        return NULL;
    if (w->place == UPGRADE_DEFAULT)
        return arena_fmt(w->arena, "env(%s)", args->ptr[0].expr);
    return name.ptr == NULL ? NULL
                            : arena_fmt(w->arena, "var.env_%s", upgrade_identifier(w->arena, name));
}

static const char *build_expr(struct upgrade_writer *w, const struct arguments *args)
{
    static const char *const known[] = {
        "ID",           "Host",         "Port",           "User",           "Password",
        "ConnType",     "PackerHTTPIP", "PackerHTTPPort", "PackerHTTPAddr", "PackerRunUUID",
        "SSHPublicKey", "SSHPrivateKey"};
    str name = constant_text(args, 0);
    for (size_t i = 0; w->place == UPGRADE_STEP && args->len == 1 && i < ARRAY_SIZE(known); i++)
        if (name.ptr != NULL && str_eqz(name, known[i]))
            return arena_fmt(w->arena, "build.%s", known[i]);
    return NULL;
}

/* {{ replace OLD NEW N TEXT }}: only all of them can be said in HCL. */
static const char *replace_expr(struct upgrade_writer *w, const struct arguments *args)
{
    const struct gt_value *n = args->len == 4 ? args->ptr[2].constant : NULL;
    if (n == NULL || n->kind != GT_INT || n->i >= 0)
        return NULL;
    return fill_pattern(w->arena, "replace($4, $1, $2)", args);
}

static const char *function_expr(struct upgrade_writer *w, str name, const struct arguments *args)
{
    if (str_eqz(name, "user"))
        return user_expr(w, args);
    if (str_eqz(name, "env"))
        return env_expr(w, args);
    if (str_eqz(name, "build"))
        return build_expr(w, args);
    if (str_eqz(name, "replace"))
        return replace_expr(w, args);
    if (str_eqz(name, "timestamp") && args->len == 0 && w->place != UPGRADE_DEFAULT)
        return arena_fmt(w->arena, "local.%s", w->timestamp_name);
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
        if (str_eqz(name, forms[i].name) && args->len == forms[i].args &&
            (forms[i].places & 1U << w->place))
            return fill_pattern(w->arena, forms[i].pattern, args);
    return NULL;
}

static const char *operand_expr(struct upgrade_writer *w, const struct gt_operand *op)
{
    static const struct arguments none;
    if (op->fields.len > 0)
        return NULL;
    if (op->kind == GT_OP_FUNCTION)
        return function_expr(w, op->name, &none);
    if (op->kind == GT_OP_PIPE)
        return pipe_expr(w, op->pipe, op->pipe->commands.len);
    if (op->kind != GT_OP_VALUE)
        return NULL;
    switch (op->value.kind) {
    case GT_STR: return quoted(w->arena, op->value.s);
    case GT_INT: return arena_fmt(w->arena, "%lld", (long long)op->value.i);
    case GT_BOOL: return op->value.b ? "true" : "false";
    case GT_NIL:
    case GT_FLOAT:
    case GT_ROOT: break;
    }
    return NULL;
}

/* The operands behind the first, and what the pipe brings. */
static bool take_arguments(struct upgrade_writer *w, const struct gt_command *c, const char *piped,
                           struct arguments *out)
{
    for (size_t i = 1; i < c->len; i++) {
        const struct gt_operand *op = &c->ptr[i];
        struct argument arg = {.expr = operand_expr(w, op)};
        if (arg.expr == NULL)
            return false;
        arg.constant = op->kind == GT_OP_VALUE ? &op->value : NULL;
        arguments_push(w->arena, out, arg);
    }
    if (piped != NULL)
        arguments_push(w->arena, out, (struct argument){.expr = piped});
    return true;
}

static const char *command_expr(struct upgrade_writer *w, const struct gt_command *c,
                                const char *piped)
{
    struct arguments args = {0};
    if (c->ptr[0].kind != GT_OP_FUNCTION)
        return piped == NULL && c->len == 1 ? operand_expr(w, &c->ptr[0]) : NULL;
    return take_arguments(w, c, piped, &args) ? function_expr(w, c->ptr[0].name, &args) : NULL;
}

/* The first COMMANDS of a pipeline; NULL when there is no such expression. */
static const char *pipe_expr(struct upgrade_writer *w, const struct gt_pipe *p, size_t commands)
{
    const char *expr = NULL;
    if (p->vars.len > 0)
        return NULL;
    for (size_t i = 0; i < commands; i++) {
        expr = command_expr(w, &p->commands.ptr[i], expr);
        if (expr == NULL)
            return NULL;
    }
    return expr;
}

/* A function that HCL does not have, over values that it must put in:
 * {{ clean_resource_name `${var.x}` }}. */
static bool splice(struct upgrade_writer *w, const struct gt_pipe *p, struct strbuf *out)
{
    size_t last = p->commands.len - 1;
    const struct gt_command *c = &p->commands.ptr[last];
    const char *piped = last > 0 ? pipe_expr(w, p, last) : NULL;
    struct arguments args = {0};
    if (p->vars.len > 0 || c->ptr[0].kind != GT_OP_FUNCTION || (last > 0 && piped == NULL) ||
        !take_arguments(w, c, piped, &args))
        return false;
    strbuf_addf(out, "{{ %.*s", STR_FMT(c->ptr[0].name));
    VEC_EACH (arg, &args) {
        bool text = arg->constant == NULL || arg->constant->kind == GT_STR;
        if (!text) {
            strbuf_addf(out, " %s", arg->expr);
        } else if (arg->constant == NULL) {
            strbuf_addf(out, " `${%s}`", arg->expr);
        } else {
            if (str_find_char(arg->constant->s, '`') >= 0)
                return false;
            strbuf_adds(out, " `");
            upgrade_add_text(out, arg->constant->s);
            strbuf_addc(out, '`');
        }
    }
    strbuf_adds(out, " }}");
    return true;
}

/* --- calls in a tree --- */

typedef void visit_call(void *arg, const struct gt_operand *function, const struct gt_command *c);

static void walk_pipe(const struct gt_pipe *p, visit_call *visit, void *arg)
{
    for (size_t i = 0; p != NULL && i < p->commands.len; i++) {
        const struct gt_command *c = &p->commands.ptr[i];
        VEC_EACH (op, c) {
            if (op->kind == GT_OP_FUNCTION)
                visit(arg, op, op == c->ptr ? c : NULL);
            if (op->kind == GT_OP_PIPE)
                walk_pipe(op->pipe, visit, arg);
        }
    }
}

static void walk_list(const struct gt_list *list, visit_call *visit, void *arg)
{
    VEC_EACH (n, list) {
        walk_pipe((*n)->pipe, visit, arg);
        walk_list(&(*n)->body, visit, arg);
        walk_list(&(*n)->other, visit, arg);
    }
}

static void walk_text(struct arena *a, str text, visit_call *visit, void *arg)
{
    struct gt_list list = {0};
    struct error *err = NULL;
    if (gotmpl_is_plain(text))
        return;
    if (gt_parse_any(a, text, &list, &err))
        walk_list(&list, visit, arg);
    error_drop(&err);
}

static void find_local_call(void *arg, const struct gt_operand *f, const struct gt_command *c)
{
    bool *found = arg;
    (void)c;
    *found |=
        str_eqz(f->name, "user") || str_eqz(f->name, "timestamp") || str_eqz(f->name, "replace");
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
        *found |= str_eqz(f->name, forms[i].name) && (forms[i].places & IN_LOCAL);
}

bool upgrade_needs_local(struct arena *a, str text)
{
    bool found = false;
    walk_text(a, text, find_local_call, &found);
    return found;
}

struct search {
    struct arena *arena;
    const char *name;
    bool found;
    struct upgrade_names *constants; /* of first arguments; or NULL */
};

static void find_named(void *arg, const struct gt_operand *f, const struct gt_command *c)
{
    struct search *s = arg;
    if (!str_eqz(f->name, s->name))
        return;
    s->found = true;
    if (s->constants != NULL && c != NULL && c->len == 2 && c->ptr[1].kind == GT_OP_VALUE &&
        c->ptr[1].value.kind == GT_STR)
        upgrade_names_push(s->arena, s->constants, c->ptr[1].value.s);
}

void upgrade_find_constants(struct arena *a, str text, const char *name, struct upgrade_names *out)
{
    struct search s = {.arena = a, .name = name, .constants = out};
    walk_text(a, text, find_named, &s);
}

bool upgrade_calls(struct arena *a, str text, const char *name)
{
    struct search s = {.arena = a, .name = name};
    walk_text(a, text, find_named, &s);
    return s.found;
}

/* --- strings --- */

/* A "$" in front of "${" would be read as an escape. */
static void protect_dollars(struct strbuf *out, size_t from)
{
    size_t n = 0;
    while (out->len - n > from && out->buf[out->len - n - 1] == '$')
        n++;
    if (n == 0)
        return;
    strbuf_truncate(out, out->len - n);
    strbuf_adds(out, "${\"");
    strbuf_addn(out, '$', n);
    strbuf_adds(out, "\"}");
}

/* Where bytes START to END of the string are in the file; the whole string when
 * it was written with escapes. */
static struct range part_range(const struct json_node *n, size_t start, size_t end)
{
    str raw = source_text(n->range);
    if (raw.len != n->text.len + 2)
        return n->range;
    return (struct range){n->range.file, n->range.start + 1 + (uint32_t)start,
                          n->range.start + 1 + (uint32_t)end};
}

static void cannot_convert(struct upgrade_writer *w, struct range range, str slice)
{
    if (!upgrade_calls(w->arena, slice, "user") && !upgrade_calls(w->arena, slice, "env") &&
        !upgrade_calls(w->arena, slice, "template_dir"))
        return;
    diags_warning(w->diags, range, "Call that HCL does not have",
                  "%.*s was left as it is; write it as an expression of HCL.", STR_FMT(slice));
}

static void add_action(struct upgrade_writer *w, const struct json_node *n,
                       const struct gt_node *action, size_t piece)
{
    str slice = str_sub(n->text, action->start, action->end);
    struct range range = part_range(n, action->start, action->end);
    const char *expr =
        action->kind == GT_ACTION ? pipe_expr(w, action->pipe, action->pipe->commands.len) : NULL;
    if (expr != NULL) {
        protect_dollars(&w->out, piece);
        size_t start = w->out.len;
        strbuf_addf(&w->out, "${%s}", expr);
        upgrade_mark(w, start, range, false);
        return;
    }
    AUTO(strbuf) struct strbuf spliced = STRBUF_INIT;
    bool calls_user = upgrade_calls(w->arena, slice, "user");
    if (calls_user && action->kind == GT_ACTION && splice(w, action->pipe, &spliced)) {
        strbuf_addstr(&w->out, strbuf_str(&spliced));
        return;
    }
    cannot_convert(w, range, slice);
    upgrade_add_text(&w->out, slice);
}

void upgrade_add_string(struct upgrade_writer *w, const struct json_node *n)
{
    struct gt_list list = {0};
    struct error *err = NULL;
    size_t start = w->out.len;
    strbuf_addc(&w->out, '"');
    if (gotmpl_is_plain(n->text) || !gt_parse_any(w->arena, n->text, &list, &err)) {
        upgrade_add_text(&w->out, n->text); /* what is wrong with it is said where it is used */
        list.len = 0;
    }
    error_drop(&err);
    size_t piece = w->out.len;
    VEC_EACH (p, &list) {
        const struct gt_node *node = *p;
        if (node->kind != GT_TEXT) {
            add_action(w, n, node, piece);
            piece = w->out.len;
            continue;
        }
        piece = w->out.len;
        upgrade_add_text(&w->out, node->text);
    }
    strbuf_addc(&w->out, '"');
    upgrade_mark(w, start, n->range, false);
}
