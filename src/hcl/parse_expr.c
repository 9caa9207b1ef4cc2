/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/parser.h"

DEFINE_ARENA_VEC(steps, struct traversal_step);

/* --- numbers --- */

static size_t digits_at(str s, size_t i)
{
    size_t start = i;
    while (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9')
        i++;
    return i - start;
}

/* Digits [. digits] [e [+-] digits]; *OUT_EXPONENT is the last part.  As in the
 * reference nothing need stand between the point and the "e". */
static bool scan_number(str s, str *out_exponent)
{
    size_t i = digits_at(s, 0);
    if (i < s.len && s.ptr[i] == '.') {
        i += 1 + digits_at(s, i + 1);
        if (i == s.len && s.ptr[i - 1] == '.')
            return false;
    }
    if (i < s.len && (s.ptr[i] == 'e' || s.ptr[i] == 'E')) {
        i++;
        if (i < s.len && (s.ptr[i] == '+' || s.ptr[i] == '-'))
            i++;
        size_t count = digits_at(s, i);
        *out_exponent = str_sub(s, i, i + count);
        i += count;
        if (count == 0)
            return false;
    }
    return i == s.len;
}

static bool exponent_too_large(str digits)
{
    long value = 0;
    for (size_t i = 0; i < digits.len && value <= PARSE_MAX_EXPONENT; i++)
        value = value * 10 + (digits.ptr[i] - '0');
    return value > PARSE_MAX_EXPONENT;
}

bool parser_check_number(struct parser *p, struct range range)
{
    str text = source_text(range);
    str exponent = STR("");
    if (!scan_number(text, &exponent))
        return diags_error(p->diags, range, "Invalid number literal",
                           "A number is written as digits, with at most one decimal point and one "
                           "exponent: 12, 0.5, 2e10. For anything else, such as a version or an "
                           "address, use a string in quotes.");
    if (text.len > PARSE_MAX_NUMBER_BYTES || exponent_too_large(exponent))
        return diags_error(p->diags, range, "Number literal is too large",
                           "Numbers may have %d characters and exponents up to %d.",
                           PARSE_MAX_NUMBER_BYTES, PARSE_MAX_EXPONENT);
    return true;
}

/* The digits, with "1.e2" in the usual form 1e2. */
static str number_text(struct parser *p, const struct token *t)
{
    str text = parser_text(p, t);
    ptrdiff_t dot = str_find_char(text, '.');
    if (dot < 0 || (text.ptr[dot + 1] | 0x20) != 'e')
        return text;
    return str_from(arena_fmt(p->arena, "%.*s%.*s", (int)dot, text.ptr,
                              STR_FMT(str_sub(text, (size_t)dot + 1, text.len))));
}

const struct expr *parse_number(struct parser *p, const struct token *t)
{
    struct range range = parser_range(p, t);
    if (!parser_check_number(p, range))
        return parser_error_expr(p, range);
    struct expr *e = parser_new_expr(p, EXPR_LITERAL, range);
    e->literal = (struct literal){.kind = LITERAL_NUMBER, .text = number_text(p, t)};
    return e;
}

/* --- steps after a term --- */

/* An expression that steps are being added to. */
struct chain {
    struct range from; /* of the expression that the steps follow */
    const struct expr *expr;
    struct expr *open; /* expr while it can still grow, else NULL */
    struct steps steps;
};

static void add_step(struct parser *p, struct chain *c, struct traversal_step step)
{
    if (c->open == NULL) {
        bool is_name = c->expr->kind == EXPR_TRAVERSAL && c->expr->traversal.step_count == 0;
        c->open = parser_new_expr(p, EXPR_RELATIVE_TRAVERSAL, c->expr->range);
        c->open->traversal.source = c->expr;
        if (is_name)
            *c->open = *c->expr;
        else
            parser_adopt(p, c->open, c->expr);
        c->steps = (struct steps){0};
        c->expr = c->open;
    }
    if (c->open->kind == EXPR_ERROR)
        return;
    steps_push(p->arena, &c->steps, step);
    c->open->traversal.steps = c->steps.ptr;
    c->open->traversal.step_count = c->steps.len;
    c->open->range = range_between(c->open->range, step.range);
}

static void replace_chain(struct chain *c, const struct expr *e)
{
    c->expr = e;
    c->open = NULL;
}

/* A number after a dot: .0 means [0]; .0.1 was read as a fraction. */
static struct traversal_step legacy_index(struct parser *p, const struct token *dot,
                                          const struct token *number, struct range subject)
{
    str text = parser_text(p, number);
    struct range range = range_between(parser_range(p, dot), parser_range(p, number));
    struct traversal_step step = {.kind = STEP_INDEX, .is_legacy = true, .range = range};
    step.key = (struct literal){.kind = LITERAL_NUMBER, .text = text};
    str second = text;
    str first = str_split(&second, '.');
    if (second.ptr != NULL) {
        diags_error(p->diags, subject, "Invalid legacy index syntax",
                    "Two indexes in a row cannot be written with dots. Write [%.*s][%.*s].",
                    STR_FMT(first), STR_FMT(second));
        step.key.kind = LITERAL_NULL;
    } else if (!parser_check_number(p, parser_range(p, number))) {
        step.key.kind = LITERAL_NULL;
    }
    return step;
}

static struct traversal_step attr_step(struct parser *p, const struct token *dot,
                                       const struct token *name)
{
    return (struct traversal_step){
        .kind = STEP_ATTR,
        .name = parser_text(p, name),
        .range = range_between(parser_range(p, dot), parser_range(p, name)),
    };
}

/* Names and numbers after `.*`; false when something else follows a dot. */
static bool parse_attr_splat_steps(struct parser *p, struct range star, struct steps *steps)
{
    while (parser_at(p, TOKEN_DOT)) {
        const struct token *dot = parser_read(p), *next = parser_peek(p);
        if (next->kind == TOKEN_NUMBER) {
            steps_push(p->arena, steps, legacy_index(p, dot, parser_read(p), star));
        } else if (next->kind == TOKEN_IDENT) {
            steps_push(p->arena, steps, attr_step(p, dot, parser_read(p)));
        } else if (next->kind == TOKEN_STAR) {
            parser_complain(p, parser_range(p, next), RANGE_NONE,
                            "Nested splat expression not allowed",
                            "A \".*\" cannot follow another one. Use [*] for both.");
            return false;
        } else {
            parser_complain(p, star, RANGE_NONE, "Invalid attribute name",
                            "After a dot comes the name of an attribute.");
            return false;
        }
    }
    return true;
}

static struct expr *new_splat(struct parser *p, struct chain *c, struct range marker,
                              struct expr *item, const struct expr *each, struct range end)
{
    struct expr *e = parser_new_expr(p, EXPR_SPLAT, range_between(c->from, end));
    e->splat.source = c->expr;
    e->splat.each = each;
    e->splat.item = item;
    e->splat.marker_range = marker;
    parser_adopt(p, e, c->expr);
    parser_adopt(p, e, each);
    return e;
}

/* `.*` and the attributes that follow it. */
static void parse_attr_splat(struct parser *p, struct chain *c, const struct token *dot)
{
    const struct token *star = parser_read(p);
    struct range star_range = parser_range(p, star), first = parser_next_range(p);
    struct range marker = range_between(parser_range(p, dot), star_range);
    struct expr *item = parser_new_expr(p, EXPR_SPLAT_ITEM, marker);
    struct expr *each = item;
    struct steps steps = {0};
    if (!parse_attr_splat_steps(p, star_range, &steps)) {
        p->recovering = true;
        return;
    }
    struct range last = star_range;
    if (steps.len > 0) {
        last = steps.ptr[steps.len - 1].range;
        each = parser_new_expr(p, EXPR_RELATIVE_TRAVERSAL, range_between(first, last));
        each->traversal.source = item;
        each->traversal.steps = steps.ptr;
        each->traversal.step_count = steps.len;
        parser_adopt(p, each, item);
    }
    replace_chain(c, new_splat(p, c, marker, item, each, last));
}

static void parse_dot(struct parser *p, struct chain *c)
{
    const struct token *dot = parser_read(p), *next = parser_peek(p);
    if (next->kind == TOKEN_IDENT) {
        add_step(p, c, attr_step(p, dot, parser_read(p)));
    } else if (next->kind == TOKEN_NUMBER) {
        const struct token *number = parser_read(p);
        add_step(p, c, legacy_index(p, dot, number, parser_range(p, number)));
    } else if (next->kind == TOKEN_STAR) {
        parse_attr_splat(p, c, dot);
    } else {
        diags_error(p->diags, parser_range(p, next), "Invalid attribute name",
                    "After a dot comes the name of an attribute. A name that is not an "
                    "identifier is written as [\"name\"].");
        replace_chain(c, parser_error_expr(p, range_between(c->from, parser_range(p, dot))));
        p->recovering = true;
    }
}

/* `[*]` and all steps that follow it, which belong to each element. */
static void parse_full_splat(struct parser *p, struct chain *c, const struct token *open)
{
    parser_read(p);
    const struct token *close = parser_read(p);
    if (close->kind != TOKEN_CLOSE_BRACKET && !p->recovering) {
        p->recovering = true;
        close = parser_recover(p, TOKEN_CLOSE_BRACKET);
        diags_error(p->diags, parser_range(p, close), "Missing close bracket on splat index",
                    "The star of a splat is followed directly by a closing bracket: [*].");
    }
    struct range marker = range_between(parser_range(p, open), parser_range(p, close));
    struct expr *item = parser_new_expr(p, EXPR_SPLAT_ITEM, marker);
    const struct expr *each = item;
    if (parser_enter(p)) {
        each = parse_traversals(p, item);
        parser_leave(p);
    }
    replace_chain(c, new_splat(p, c, marker, item, each, each->range));
}

/* The key between brackets and the closing one. */
static const struct expr *parse_index_key(struct parser *p, const struct token **out_close)
{
    bool saved = p->sees_newlines;
    p->sees_newlines = false;
    size_t before = p->diags->errors;
    const struct expr *key = parse_expression(p);
    if (parser_failed(p, before)) {
        *out_close = parser_recover(p, TOKEN_CLOSE_BRACKET);
    } else {
        *out_close = parser_read(p);
        if ((*out_close)->kind != TOKEN_CLOSE_BRACKET && !p->recovering) {
            *out_close = parser_recover(p, TOKEN_CLOSE_BRACKET);
            diags_error(p->diags, parser_range(p, *out_close), "Missing close bracket on index",
                        "An index ends with a closing bracket (\"]\").");
        }
    }
    p->sees_newlines = saved;
    return key;
}

/* A key that needs no evaluation: a literal, or a string without sequences. */
static bool constant_key(const struct expr *key, struct literal *out)
{
    if (key->kind == EXPR_LITERAL) {
        *out = key->literal;
        return true;
    }
    *out = (struct literal){.kind = LITERAL_STRING};
    return key->kind == EXPR_TEMPLATE && expr_as_string_literal(key, &out->text);
}

static void parse_bracket(struct parser *p, struct chain *c)
{
    const struct token *open = parser_read(p), *close;
    if (parser_at(p, TOKEN_STAR)) {
        parse_full_splat(p, c, open);
        return;
    }
    const struct expr *key = parse_index_key(p, &close);
    struct traversal_step step = {.kind = STEP_INDEX};
    step.range = range_between(parser_range(p, open), parser_range(p, close));
    if (constant_key(key, &step.key)) {
        add_step(p, c, step);
        return;
    }
    struct expr *e = parser_new_expr(p, EXPR_INDEX, range_between(c->from, step.range));
    e->index.collection = c->expr;
    e->index.key = key;
    e->index.open_range = parser_range(p, open);
    e->index.bracket_range = step.range;
    parser_adopt(p, e, c->expr);
    parser_adopt(p, e, key);
    replace_chain(c, e);
}

const struct expr *parse_traversals(struct parser *p, const struct expr *from)
{
    struct chain c = {.from = from->range, .expr = from};
    for (;;) {
        enum token_kind kind = parser_peek(p)->kind;
        if (kind == TOKEN_DOT)
            parse_dot(p, &c);
        else if (kind == TOKEN_OPEN_BRACKET)
            parse_bracket(p, &c);
        else
            return c.expr;
    }
}

/* --- terms --- */

/* "( expression )": newlines inside do not count. */
static const struct expr *parse_parens(struct parser *p)
{
    const struct token *open = parser_read(p);
    bool saved = p->sees_newlines;
    p->sees_newlines = false;
    size_t before = p->diags->errors;
    const struct expr *inner = parse_expression(p);
    if (p->diags->errors > before) {
        parser_recover(p, TOKEN_CLOSE_PAREN);
        p->sees_newlines = saved;
        return inner;
    }
    const struct token *close = parser_peek(p);
    if (close->kind != TOKEN_CLOSE_PAREN) {
        struct range range = parser_range(p, close);
        struct diag *diag =
            diags_add(p->diags, DIAG_ERROR, range, "Unbalanced parentheses", "%s",
                      "The expression in parentheses ends here, but there is no closing "
                      "parenthesis (\")\").");
        diag->context = range_between(parser_range(p, open), range);
        p->recovering = true;
    }
    close = parser_read(p);
    p->sees_newlines = saved;
    struct expr *e = parser_new_expr(p, EXPR_PARENS,
                                     range_between(parser_range(p, open), parser_range(p, close)));
    e->inner = inner;
    parser_adopt(p, e, inner);
    return e;
}

static const struct expr *parse_word(struct parser *p)
{
    const struct token *word = parser_read(p);
    enum token_kind next = parser_peek(p)->kind;
    if (next == TOKEN_OPEN_PAREN || next == TOKEN_DOUBLE_COLON)
        return parse_call(p, word);
    str name = parser_text(p, word);
    struct expr *e = parser_new_expr(p, EXPR_LITERAL, parser_range(p, word));
    if (str_eqz(name, "true") || str_eqz(name, "false")) {
        e->literal = (struct literal){.kind = LITERAL_BOOL, .boolean = name.ptr[0] == 't'};
    } else if (str_eqz(name, "null")) {
        e->literal = (struct literal){.kind = LITERAL_NULL};
    } else {
        e->kind = EXPR_TRAVERSAL;
        e->traversal.root = name;
        e->traversal.root_range = e->range;
    }
    return e;
}

static const struct expr *parse_operand(struct parser *p);

/* "-" and "!" bind tighter than any operator between two operands. */
static const struct expr *parse_unary(struct parser *p, enum unary_op op)
{
    const struct token *sign = parser_read(p);
    struct range symbol = parser_range(p, sign);
    if (!parser_enter(p))
        return parser_error_expr(p, symbol);
    const struct expr *operand = parse_operand(p);
    parser_leave(p);
    struct expr *e = parser_new_expr(p, EXPR_UNARY, range_between(symbol, operand->range));
    e->unary.op = op;
    e->unary.operand = operand;
    e->unary.symbol_range = symbol;
    parser_adopt(p, e, operand);
    return e;
}

static const struct expr *parse_nothing(struct parser *p)
{
    const struct token *t = parser_peek(p);
    struct range range = parser_range(p, t);
    if (t->kind == TOKEN_EOF)
        parser_complain(p, range, RANGE_NONE, "Missing expression",
                        "An expression must follow here, but this is the end.");
    else if (t->kind == TOKEN_NEWLINE)
        parser_complain(p, range, RANGE_NONE, "Invalid expression",
                        "An expression must follow on this line. To continue it on the next line, "
                        "put it in parentheses.");
    else
        parser_complain(p, range, RANGE_NONE, "Invalid expression",
                        "An expression must begin here: a value, a name, a function call, a "
                        "string in quotes, a list or an object.");
    p->recovering = true;
    return parser_error_expr(p, range);
}

static const struct expr *parse_term(struct parser *p)
{
    const struct token *t = parser_peek(p);
    switch ((int)t->kind) {
    case TOKEN_OPEN_PAREN: return parse_parens(p);
    case TOKEN_NUMBER: return parse_number(p, parser_read(p));
    case TOKEN_IDENT: return parse_word(p);
    case TOKEN_OPEN_QUOTE:
    case TOKEN_OPEN_HEREDOC: return parse_quoted_template(p);
    case TOKEN_MINUS: return parse_unary(p, UNARY_NEGATE);
    case TOKEN_BANG: return parse_unary(p, UNARY_NOT);
    case TOKEN_OPEN_BRACKET: return parse_tuple(p);
    case TOKEN_OPEN_BRACE: return parse_object(p);
    default: return parse_nothing(p);
    }
}

static const struct expr *parse_operand(struct parser *p)
{
    return parse_traversals(p, parse_term(p));
}

/* --- operators --- */

/* Binding strength of an operator token, 0 when it is none. */
static unsigned binary_level(enum token_kind kind, enum binary_op *out)
{
    static const struct {
        enum token_kind kind;
        enum binary_op op;
        unsigned level;
    } ops[] = {
        {TOKEN_OR, BINARY_OR, 1},
        {TOKEN_AND, BINARY_AND, 2},
        {TOKEN_EQUAL_EQUAL, BINARY_EQUAL, 3},
        {TOKEN_NOT_EQUAL, BINARY_NOT_EQUAL, 3},
        {TOKEN_LESS, BINARY_LESS, 4},
        {TOKEN_LESS_EQUAL, BINARY_LESS_EQUAL, 4},
        {TOKEN_GREATER, BINARY_GREATER, 4},
        {TOKEN_GREATER_EQUAL, BINARY_GREATER_EQUAL, 4},
        {TOKEN_PLUS, BINARY_ADD, 5},
        {TOKEN_MINUS, BINARY_SUBTRACT, 5},
        {TOKEN_STAR, BINARY_MULTIPLY, 6},
        {TOKEN_SLASH, BINARY_DIVIDE, 6},
        {TOKEN_PERCENT, BINARY_MODULO, 6},
    };
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        if (ops[i].kind == kind) {
            *out = ops[i].op;
            return ops[i].level;
        }
    }
    return 0;
}

/* Operands joined by operators of LEVEL and above; equal ones from the left. */
static const struct expr *parse_binary(struct parser *p, unsigned min_level)
{
    size_t before = p->diags->errors;
    const struct expr *left = parse_operand(p);
    while (!parser_failed(p, before)) {
        enum binary_op op;
        unsigned level = binary_level(parser_peek(p)->kind, &op);
        if (level < min_level || level == 0)
            break;
        struct range symbol = parser_range(p, parser_read(p));
        const struct expr *right = parse_binary(p, level + 1);
        struct expr *e = parser_new_expr(p, EXPR_BINARY, range_between(left->range, right->range));
        e->binary.op = op;
        e->binary.left = left;
        e->binary.right = right;
        e->binary.symbol_range = symbol;
        parser_adopt(p, e, left);
        parser_adopt(p, e, right);
        left = e;
    }
    return left;
}

/* condition ? expression : expression */
static const struct expr *parse_conditional(struct parser *p)
{
    struct range start = parser_next_range(p);
    size_t before = p->diags->errors;
    const struct expr *condition = parse_binary(p, 1);
    if (parser_failed(p, before) || !parser_at(p, TOKEN_QUESTION))
        return condition;
    parser_read(p);
    const struct expr *if_true = parse_expression(p);
    if (parser_failed(p, before))
        return condition;
    if (!parser_at(p, TOKEN_COLON)) {
        struct range range = parser_next_range(p);
        struct diag *diag =
            diags_add(p->diags, DIAG_ERROR, range, "Missing false expression in conditional",
                      "A conditional has two results: condition ? result : "
                      "other result. The colon and the other result are missing.");
        diag->context = range_between(start, range);
        return condition;
    }
    parser_read(p);
    const struct expr *if_false = parse_expression(p);
    if (parser_failed(p, before))
        return condition;
    struct expr *e = parser_new_expr(p, EXPR_CONDITIONAL, range_between(start, if_false->range));
    e->conditional.condition = condition;
    e->conditional.if_true = if_true;
    e->conditional.if_false = if_false;
    parser_adopt(p, e, condition);
    parser_adopt(p, e, if_true);
    parser_adopt(p, e, if_false);
    return e;
}

const struct expr *parse_expression(struct parser *p)
{
    if (!parser_enter(p))
        return parser_error_expr(p, parser_next_range(p));
    const struct expr *e = parse_conditional(p);
    parser_leave(p);
    return e;
}
