/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_AST_H
#define IMGFAC_HCL_AST_H

/* The syntax tree of HCL, the same for native and JSON syntax.  Every node has
 * the range it was written at.  Trees live in the arena given to the parser,
 * are immutable and may be read by any number of threads.  Nothing is
 * evaluated here: numbers are text, strings are as decoded from their escapes
 * (not yet NFC-normalised: that belongs to values). */

#include "base/macros.h"
#include "base/range.h"
#include "base/str.h"

struct arena;
struct diags;
struct json_node;

enum literal_kind {
    LITERAL_NULL,
    LITERAL_BOOL,
    LITERAL_NUMBER, /* text: digits[.digits][e[+-]digits]; "-" in front only from JSON */
    LITERAL_STRING, /* text: the decoded string */
};

struct literal {
    enum literal_kind kind;
    bool boolean;
    str text;
};

enum expr_kind {
    EXPR_LITERAL,
    EXPR_TEMPLATE,      /* parts joined to a string (null, list... are errors) */
    EXPR_TEMPLATE_WRAP, /* "${x}": x itself, with its own type */
    EXPR_TEMPLATE_JOIN, /* %{for}: inner is an EXPR_FOR tuple of strings, joined */
    EXPR_TUPLE,
    EXPR_OBJECT,
    EXPR_FOR,
    EXPR_CALL,
    EXPR_TRAVERSAL,          /* var.x[0].y: a root name and constant steps */
    EXPR_RELATIVE_TRAVERSAL, /* any expression, then constant steps */
    EXPR_INDEX,              /* a[expression] */
    EXPR_SPLAT,              /* a.*.b and a[*].b[0] */
    EXPR_SPLAT_ITEM,         /* the current element inside EXPR_SPLAT.each */
    EXPR_UNARY,
    EXPR_BINARY,
    EXPR_CONDITIONAL,
    EXPR_PARENS,
    EXPR_ERROR, /* could not be parsed; reported already; evaluates to unknown */
};

enum unary_op {
    UNARY_NEGATE,
    UNARY_NOT,
};

enum binary_op {
    BINARY_OR,
    BINARY_AND,
    BINARY_EQUAL,
    BINARY_NOT_EQUAL,
    BINARY_LESS,
    BINARY_LESS_EQUAL,
    BINARY_GREATER,
    BINARY_GREATER_EQUAL,
    BINARY_ADD,
    BINARY_SUBTRACT,
    BINARY_MULTIPLY,
    BINARY_DIVIDE,
    BINARY_MODULO,
};

enum step_kind {
    STEP_ATTR,  /* .name */
    STEP_INDEX, /* [0], ["key"], [true] or legacy .0 */
};

struct traversal_step {
    enum step_kind kind;
    bool is_legacy;     /* STEP_INDEX written as .0 */
    str name;           /* STEP_ATTR */
    struct literal key; /* STEP_INDEX: a number, string, bool or null */
    struct range range; /* .name or [key], with the dot or the brackets */
};

struct object_item {
    /* A bare word key is an EXPR_LITERAL string.  A key that needs evaluation
     * and was not in parentheses though it looks like a reference (a.b = 1) is
     * an EXPR_TRAVERSAL with key_is_ambiguous: an error for the evaluator. */
    const struct expr *key;
    const struct expr *value;
    bool key_is_bare;      /* written as a bare word */
    bool key_is_ambiguous; /* a.b without parentheses */
};

struct expr {
    enum expr_kind kind;
    bool from_json;        /* EXPR_LITERAL string of a JSON file: see expr_json_template() */
    unsigned short height; /* levels of nodes below and here: at most PARSE_MAX_DEPTH */
    struct range range;
    union {
        struct literal literal; /* EXPR_LITERAL */
        struct {
            const struct expr *const *parts; /* literals are strings; strip markers and
                                              * heredoc indentation are applied already */
            size_t part_count;               /* 0: the empty string; one literal: that string */
        } template;
        const struct expr *inner; /* TEMPLATE_WRAP, TEMPLATE_JOIN, PARENS */
        struct {
            const struct expr *const *items;
            size_t count;
            struct range open_range;
        } tuple;
        struct {
            const struct object_item *items;
            size_t count;
            struct range open_range;
        } object;
        struct {
            str key_name; /* len 0: not given */
            str value_name;
            struct range key_name_range, value_name_range; /* unknown in %{for} */
            const struct expr *collection;
            const struct expr *key;       /* object: the key; NULL: the result is a tuple */
            const struct expr *value;     /* the result for each element */
            const struct expr *condition; /* or NULL */
            bool is_grouping;             /* value... */
            struct range open_range, close_range;
        } for_;
        struct {
            str name; /* "upper", "provider::name" */
            struct range name_range;
            const struct expr *const *args;
            size_t arg_count;
            bool expand_final;                    /* f(list...) */
            struct range open_range, close_range; /* the parentheses */
        } call;
        struct {
            str root;                  /* EXPR_TRAVERSAL */
            struct range root_range;   /* EXPR_TRAVERSAL */
            const struct expr *source; /* EXPR_RELATIVE_TRAVERSAL */
            const struct traversal_step *steps;
            size_t step_count;
        } traversal;
        struct {
            const struct expr *collection;
            const struct expr *key;
            struct range open_range;    /* "[" */
            struct range bracket_range; /* "[" to "]" */
        } index;
        struct {
            const struct expr *source;
            const struct expr *each; /* uses item */
            const struct expr *item; /* the EXPR_SPLAT_ITEM node of this splat */
            struct range marker_range;
        } splat;
        struct {
            enum unary_op op;
            const struct expr *operand;
            struct range symbol_range;
        } unary;
        struct {
            enum binary_op op;
            const struct expr *left, *right;
            struct range symbol_range;
        } binary;
        struct {
            const struct expr *condition, *if_true, *if_false;
        } conditional;
    };
};

struct attribute {
    str name;
    const struct expr *expr;
    struct range range; /* name to end of the expression */
    struct range name_range;
    struct range equals_range;
    const struct json_node *json; /* JSON syntax: the property's value; else NULL */
};

struct block_label {
    str value;
    struct range range; /* with the quotes */
};

struct block {
    str type;
    const struct block_label *labels;
    size_t label_count;
    const struct body *body;
    struct range type_range;
    struct range open_range, close_range; /* the braces */
};

struct body {
    const struct attribute *attrs; /* in source order, names unique */
    size_t attr_count;
    const struct block *blocks; /* in source order; always empty in JSON syntax */
    size_t block_count;
    struct range range;
    struct range end_range;          /* zero-length, after the last byte */
    struct range missing_item_range; /* zero-length: where to report what is not there */
    bool is_json; /* attrs holds properties, too: ask body_find_blocks() for blocks */
};

/* Attribute NAME, or NULL. */
const struct attribute *body_find_attr(const struct body *b, str name);
/* All blocks of TYPE that must have LABEL_COUNT labels.  In JSON syntax a
 * property becomes a block only when it is asked for here; wrong shapes are
 * reported.  In native syntax the labels are returned as written: the caller
 * checks their number.  *OUT_COUNT may be 0; the array is in A. */
const struct block *body_find_blocks(struct arena *a, const struct body *b, str type,
                                     size_t label_count, struct diags *d, size_t *out_count);

/* Type word and labels of a block: what "on x line 3" points to. */
struct range block_header_range(const struct block *b);
/* The range that names the expression: first operand, opening bracket, whole
 * literal. */
struct range expr_start_range(const struct expr *e);

/* The parts of an expression that are fixed without evaluation. */

/* E without EXPR_PARENS around it. */
const struct expr *expr_unparen(const struct expr *e);
/* A bare word ("string", "any", "source"): its name; else .ptr NULL.  In JSON
 * syntax a string that is a bare word. */
str expr_as_keyword(const struct expr *e);
/* A quoted string without interpolation, a heredoc without one, or the empty
 * string: true and its text.  */
bool expr_as_string_literal(const struct expr *e, str *out);
/* A string of a JSON file is a template where names may be used (elsewhere, as
 * in variable files, it is just text).  For an EXPR_LITERAL with from_json: E
 * itself when it holds no sequence, else the template parsed anew; never
 * NULL, errors are reported. */
const struct expr *expr_json_template(struct arena *a, const struct expr *e,
                                      struct diags *d) ATTR_RETURNS_NONNULL;
/* E to be looked at as syntax (type expressions, references): in native
 * syntax E itself; a JSON string is parsed as a native expression.  NULL when
 * that fails (reported). */
const struct expr *expr_static(struct arena *a, const struct expr *e, struct diags *d);

const char *unary_op_symbol(enum unary_op op) ATTR_RETURNS_NONNULL;
const char *binary_op_symbol(enum binary_op op) ATTR_RETURNS_NONNULL;

/* Call VISIT for E and then all its parts, in source order; a false answer
 * does not descend into that node. */
void expr_walk(const struct expr *e, bool (*visit)(void *arg, const struct expr *e), void *arg);

#endif
