/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/parser.h"

DEFINE_ARENA_VEC(object_items, struct object_item);

/* --- for --- */

static bool bad_for(struct parser *p, const char *summary, struct range open, const char *detail)
{
    struct range range = parser_next_range(p);
    struct range context = open.file == NULL ? RANGE_NONE : range_between(open, range);
    parser_complain(p, range, context, summary, "%s", detail);
    return false;
}

bool parse_for_names(struct parser *p, const char *summary, struct range open,
                     struct for_names *out)
{
    struct for_names names = {0};
    if (!parser_at(p, TOKEN_IDENT))
        return bad_for(p, summary, open,
                       "After \"for\" comes the name that stands for each element: for x in ...");
    names.value_range = parser_next_range(p);
    names.value = parser_text(p, parser_read(p));
    if (parser_at(p, TOKEN_COMMA)) {
        parser_read(p);
        names.key = names.value;
        names.key_range = names.value_range;
        if (!parser_at(p, TOKEN_IDENT))
            return bad_for(p, summary, open,
                           "After the comma comes a second name, for the value: for k, v in ...");
        names.value_range = parser_next_range(p);
        names.value = parser_text(p, parser_read(p));
    }
    if (!parser_at_word(p, "in"))
        return bad_for(p, summary, open,
                       "After the names comes \"in\" and then what to go through: for x in list.");
    parser_read(p);
    *out = names;
    return true;
}

/* What comes after the colon of a `for` expression. */
struct for_result {
    const struct expr *key, *value, *condition;
    const struct token *ellipsis;
};

static bool parse_for_result(struct parser *p, struct for_result *out)
{
    size_t before = p->diags->errors;
    out->value = parse_expression(p);
    if (parser_at(p, TOKEN_FAT_ARROW)) {
        parser_read(p);
        out->key = out->value;
        out->value = parse_expression(p);
    }
    if (parser_failed(p, before))
        return false;
    if (parser_at(p, TOKEN_ELLIPSIS))
        out->ellipsis = parser_read(p);
    if (parser_at_word(p, "if")) {
        parser_read(p);
        before = p->diags->errors;
        out->condition = parse_expression(p);
    }
    return !parser_failed(p, before);
}

static void check_for_kind(struct parser *p, const struct for_result *r, bool is_object,
                           struct range whole)
{
    const char *problem = NULL;
    struct range subject = r->value->range;
    if (is_object && r->key == NULL) {
        problem = "Between braces the result needs a key and a value: key => value. For a list "
                  "use brackets ([]).";
    } else if (!is_object && r->key != NULL) {
        subject = r->key->range;
        problem = "Between brackets the result is a list, which has no keys. For an object use "
                  "braces ({}).";
    }
    if (problem != NULL) {
        struct diag *diag =
            diags_add(p->diags, DIAG_ERROR, subject, "Invalid 'for' expression", "%s", problem);
        diag->context = whole;
    }
    if (!is_object && r->ellipsis != NULL) {
        struct diag *diag = diags_add(
            p->diags, DIAG_ERROR, parser_range(p, r->ellipsis), "Invalid 'for' expression", "%s",
            "Grouping with \"...\" needs keys, so it works only between braces ({}).");
        diag->context = whole;
    }
}

static const struct expr *give_up_for(struct parser *p, struct range open, enum token_kind close)
{
    struct range end = parser_range(p, parser_recover(p, close));
    return parser_error_expr(p, range_between(open, end));
}

static const struct expr *new_for(struct parser *p, struct range open, struct range close,
                                  const struct for_names *names, const struct expr *collection,
                                  const struct for_result *r)
{
    struct expr *e = parser_new_expr(p, EXPR_FOR, range_between(open, close));
    e->for_.key_name = names->key;
    e->for_.value_name = names->value;
    e->for_.key_name_range = names->key_range;
    e->for_.value_name_range = names->value_range;
    e->for_.collection = collection;
    e->for_.key = r->key;
    e->for_.value = r->value;
    e->for_.condition = r->condition;
    e->for_.is_grouping = r->ellipsis != NULL;
    e->for_.open_range = open;
    e->for_.close_range = close;
    parser_adopt(p, e, collection);
    parser_adopt(p, e, r->value);
    if (r->key != NULL)
        parser_adopt(p, e, r->key);
    if (r->condition != NULL)
        parser_adopt(p, e, r->condition);
    return e;
}

/* for name [, name] in collection : [key =>] value [...] [if condition] */
static const struct expr *parse_for(struct parser *p, const struct token *open_token,
                                    enum token_kind close_kind)
{
    struct range open = parser_range(p, open_token);
    const char *summary = "Invalid 'for' expression";
    struct for_names names;
    struct for_result result = {0};
    parser_read(p);
    if (!parse_for_names(p, summary, open, &names))
        return give_up_for(p, open, close_kind);
    size_t before = p->diags->errors;
    const struct expr *collection = parse_expression(p);
    if (parser_failed(p, before))
        return give_up_for(p, open, close_kind);
    if (!parser_at(p, TOKEN_COLON)) {
        bad_for(p, summary, open,
                "After the collection comes a colon and then the result for each element.");
        return give_up_for(p, open, close_kind);
    }
    parser_read(p);
    if (!parse_for_result(p, &result))
        return give_up_for(p, open, close_kind);
    struct range close = parser_next_range(p);
    if (parser_at(p, close_kind)) {
        parser_read(p);
    } else {
        bad_for(p, summary, open,
                "The expression ends here, but there is more text before the "
                "closing bracket.");
        close = parser_range(p, parser_recover(p, close_kind));
    }
    check_for_kind(p, &result, close_kind == TOKEN_CLOSE_BRACE, range_between(open, close));
    return new_for(p, open, close, &names, collection, &result);
}

/* --- lists --- */

static const struct token *bad_tuple_item(struct parser *p, struct range open)
{
    const struct token *next = parser_peek(p);
    struct range range = parser_range(p, next);
    if (next->kind == TOKEN_EOF)
        parser_complain(p, open, RANGE_NONE, "Unterminated tuple constructor expression",
                        "This list is not closed before the end of the file. Add the missing "
                        "\"]\", or look for a bracket that is missing further inside.");
    else
        parser_complain(p, range, range_between(open, range), "Missing item separator",
                        "A comma must stand between two elements of a list, also at the end of "
                        "a line.");
    return parser_recover(p, TOKEN_CLOSE_BRACKET);
}

/* Elements up to the closing bracket, which is read. */
static const struct token *parse_tuple_items(struct parser *p, struct range open,
                                             struct exprs *items)
{
    for (;;) {
        if (parser_at(p, TOKEN_CLOSE_BRACKET))
            return parser_read(p);
        size_t before = p->diags->errors;
        exprs_push(p->arena, items, parse_expression(p));
        if (parser_failed(p, before))
            return parser_recover(p, TOKEN_CLOSE_BRACKET);
        if (parser_at(p, TOKEN_CLOSE_BRACKET))
            return parser_read(p);
        if (!parser_at(p, TOKEN_COMMA))
            return bad_tuple_item(p, open);
        parser_read(p);
    }
}

const struct expr *parse_tuple(struct parser *p)
{
    const struct token *open_token = parser_read(p);
    struct range open = parser_range(p, open_token);
    bool saved = p->sees_newlines;
    p->sees_newlines = false;
    const struct expr *result;
    if (parser_at_word(p, "for")) {
        result = parse_for(p, open_token, TOKEN_CLOSE_BRACKET);
    } else {
        struct exprs items = {0};
        struct range close = parser_range(p, parse_tuple_items(p, open, &items));
        struct expr *e = parser_new_expr(p, EXPR_TUPLE, range_between(open, close));
        e->tuple.items = items.ptr;
        e->tuple.count = items.len;
        e->tuple.open_range = open;
        VEC_EACH (item, &items)
            parser_adopt(p, e, *item);
        result = e;
    }
    p->sees_newlines = saved;
    return result;
}

/* --- objects --- */

static void unterminated_object(struct parser *p, struct range open)
{
    parser_complain(p, open, RANGE_NONE, "Unterminated object constructor expression",
                    "This object is not closed before the end of the file. Add the missing \"}\", "
                    "or look for a bracket that is missing further inside.");
}

static void bad_object_separator(struct parser *p, struct range open)
{
    const struct token *next = parser_peek(p);
    struct range range = parser_range(p, next), context = range_between(open, range);
    if (next->kind == TOKEN_EOF)
        unterminated_object(p, open);
    else if (next->kind == TOKEN_NEWLINE || next->kind == TOKEN_COMMA)
        parser_complain(p, range, context, "Missing attribute value",
                        "This key has no value: write key = value.");
    else if (next->kind == TOKEN_IDENT)
        parser_complain(p, range, context, "Missing key/value separator",
                        "An equals sign (\"=\") must stand between key and value. If the key has "
                        "dots or spaces in it, put it in quotes.");
    else
        parser_complain(p, range, context, "Missing key/value separator",
                        "An equals sign (\"=\") must stand between key and value.");
}

static void bad_object_end(struct parser *p, struct range open)
{
    const struct token *next = parser_peek(p);
    struct range range = parser_range(p, next);
    if (next->kind == TOKEN_EOF)
        unterminated_object(p, open);
    else
        parser_complain(p, range, range_between(open, range), "Missing attribute separator",
                        "Each attribute of an object goes on a line of its own, or commas stand "
                        "between them.");
}

/* A word used as a key stands for itself, not for a variable. */
static struct object_item make_key(struct parser *p, const struct expr *key, bool in_parens)
{
    struct object_item item = {.key = key};
    if (in_parens)
        return item;
    bool is_name = key->kind == EXPR_TRAVERSAL && key->traversal.step_count == 0;
    bool is_word = key->kind == EXPR_LITERAL &&
                   (key->literal.kind == LITERAL_NULL || key->literal.kind == LITERAL_BOOL);
    if (is_name || is_word) {
        struct expr *word = parser_new_expr(p, EXPR_LITERAL, key->range);
        word->literal = (struct literal){.kind = LITERAL_STRING, .text = source_text(key->range)};
        item.key = word;
        item.key_is_bare = true;
    }
    item.key_is_ambiguous = key->kind == EXPR_TRAVERSAL && !is_name;
    return item;
}

/* One "key = value"; false when the place is lost. */
static bool parse_object_item(struct parser *p, struct range open, struct object_items *items)
{
    bool in_parens = parser_at(p, TOKEN_OPEN_PAREN);
    size_t before = p->diags->errors;
    const struct expr *key = parse_expression(p);
    if (parser_failed(p, before))
        return false;
    struct object_item item = make_key(p, key, in_parens);
    if (!parser_at(p, TOKEN_EQUAL) && !parser_at(p, TOKEN_COLON)) {
        bad_object_separator(p, open);
        return false;
    }
    parser_read(p);
    before = p->diags->errors;
    item.value = parse_expression(p);
    if (parser_failed(p, before))
        return false;
    object_items_push(p->arena, items, item);
    return true;
}

/* Items up to the closing brace, which is read. */
static const struct token *parse_object_items(struct parser *p, struct range open,
                                              struct object_items *items)
{
    for (;;) {
        if (parser_at(p, TOKEN_NEWLINE)) {
            parser_read(p);
            continue;
        }
        if (parser_at(p, TOKEN_CLOSE_BRACE))
            return parser_read(p);
        if (!parse_object_item(p, open, items))
            return parser_recover(p, TOKEN_CLOSE_BRACE);
        if (parser_at(p, TOKEN_CLOSE_BRACE))
            return parser_read(p);
        if (!parser_at(p, TOKEN_COMMA) && !parser_at(p, TOKEN_NEWLINE)) {
            bad_object_end(p, open);
            return parser_recover(p, TOKEN_CLOSE_BRACE);
        }
        parser_read(p);
    }
}

static const struct expr *parse_object_literal(struct parser *p, struct range open)
{
    struct object_items items = {0};
    p->sees_newlines = true;
    struct range close = parser_range(p, parse_object_items(p, open, &items));
    struct expr *e = parser_new_expr(p, EXPR_OBJECT, range_between(open, close));
    e->object.items = items.ptr;
    e->object.count = items.len;
    e->object.open_range = open;
    VEC_EACH (item, &items) {
        parser_adopt(p, e, item->key);
        parser_adopt(p, e, item->value);
    }
    return e;
}

const struct expr *parse_object(struct parser *p)
{
    const struct token *open = parser_read(p);
    bool saved = p->sees_newlines;
    p->sees_newlines = false; /* a `for` may follow on the next line */
    const struct expr *result = parser_at_word(p, "for")
                                    ? parse_for(p, open, TOKEN_CLOSE_BRACE)
                                    : parse_object_literal(p, parser_range(p, open));
    p->sees_newlines = saved;
    return result;
}

/* --- function calls --- */

struct call_args {
    struct exprs args;
    bool expand_final;
    struct range close;
};

static void recover_call(struct parser *p, struct call_args *out)
{
    out->close = parser_range(p, parser_recover(p, TOKEN_CLOSE_PAREN));
}

static void bad_argument_end(struct parser *p, struct range name, struct range open,
                             const struct token *t)
{
    struct range range = parser_range(p, t);
    if (t->kind == TOKEN_EOF) {
        diags_error(p->diags, range_between(name, open), "Unterminated function call",
                    "The arguments of this function are not closed before the end of the file. "
                    "Add the missing \")\", or look for a bracket that is missing further inside.");
        return;
    }
    struct diag *diag = diags_add(p->diags, DIAG_ERROR, range, "Missing argument separator", "%s",
                                  "A comma must stand between two arguments of a function.");
    diag->context = range_between(name, range);
}

static void parse_expand(struct parser *p, struct range name, const struct token *dots,
                         struct call_args *out)
{
    out->expand_final = true;
    if (parser_at(p, TOKEN_CLOSE_PAREN)) {
        out->close = parser_range(p, parser_read(p));
        return;
    }
    struct range range = parser_range(p, dots);
    parser_complain(p, range, range_between(name, range), "Missing closing parenthesis",
                    "Only the last argument can be expanded with \"...\", so a closing parenthesis "
                    "must follow.");
    recover_call(p, out);
}

/* Arguments up to the closing parenthesis, which is read. */
static void parse_args(struct parser *p, struct range name, struct range open,
                       struct call_args *out)
{
    for (;;) {
        if (parser_at(p, TOKEN_CLOSE_PAREN)) {
            out->close = parser_range(p, parser_read(p));
            return;
        }
        size_t before = p->diags->errors;
        exprs_push(p->arena, &out->args, parse_expression(p));
        if (parser_failed(p, before)) {
            recover_call(p, out);
            return;
        }
        const struct token *next = parser_read(p);
        if (next->kind == TOKEN_CLOSE_PAREN) {
            out->close = parser_range(p, next);
            return;
        }
        if (next->kind == TOKEN_ELLIPSIS) {
            parse_expand(p, name, next, out);
            return;
        }
        if (next->kind != TOKEN_COMMA) {
            bad_argument_end(p, name, open, next);
            recover_call(p, out);
            return;
        }
    }
}

static const struct expr *bad_function_name(struct parser *p, struct range name,
                                            const struct token *t, const char *summary,
                                            const char *detail)
{
    struct range range = parser_range(p, t);
    struct diag *diag = diags_add(p->diags, DIAG_ERROR, range, summary, "%s", detail);
    diag->context = range_between(name, range);
    parser_recover_over(p, TOKEN_OPEN_PAREN);
    return parser_error_expr(p, range_between(name, range));
}

const struct expr *parse_call(struct parser *p, const struct token *name)
{
    struct range first = parser_range(p, name), name_range = first;
    str full_name = parser_text(p, name);
    const struct token *open = parser_read(p);
    while (open->kind == TOKEN_DOUBLE_COLON) {
        const struct token *part = parser_read(p);
        if (part->kind != TOKEN_IDENT)
            return bad_function_name(p, first, part, "Missing function name",
                                     "After \"::\" comes the name of a function.");
        name_range = range_between(first, parser_range(p, part));
        full_name = str_from(
            arena_fmt(p->arena, "%.*s::%.*s", STR_FMT(full_name), STR_FMT(parser_text(p, part))));
        open = parser_read(p);
    }
    if (open->kind != TOKEN_OPEN_PAREN)
        return bad_function_name(p, first, open, "Missing open parenthesis",
                                 "The name of a function is followed by its arguments in "
                                 "parentheses.");
    struct call_args args = {0};
    bool saved = p->sees_newlines;
    p->sees_newlines = false;
    parse_args(p, first, parser_range(p, open), &args);
    p->sees_newlines = saved;
    struct expr *e = parser_new_expr(p, EXPR_CALL, range_between(first, args.close));
    e->call.name = full_name;
    e->call.name_range = name_range;
    e->call.args = args.args.ptr;
    e->call.arg_count = args.args.len;
    e->call.expand_final = args.expand_final;
    e->call.open_range = parser_range(p, open);
    e->call.close_range = args.close;
    VEC_EACH (arg, &args.args)
        parser_adopt(p, e, *arg);
    return e;
}
