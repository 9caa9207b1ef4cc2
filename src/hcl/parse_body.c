/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/parser.h"

#include "base/map.h"

/* A body while it is being read. */
struct items {
    struct attributes attrs;
    struct blocks blocks;
    struct map names; /* attribute name -> itself, once there are many */
};

/* Bodies with fewer attributes are searched one by one. */
#define MANY_ATTRS 16

static const struct attribute *find_attr(const struct items *items, str name)
{
    if (items->attrs.len > MANY_ATTRS) {
        const size_t *index = map_get(&items->names, name);
        return index == NULL ? NULL : &items->attrs.ptr[*index];
    }
    VEC_EACH (attr, &items->attrs) {
        if (str_eq(attr->name, name))
            return attr;
    }
    return NULL;
}

static void remember_name(struct parser *p, struct items *items, size_t i)
{
    size_t *index = arena_new_object(p->arena, size_t);
    *index = i;
    map_set(&items->names, items->attrs.ptr[i].name, index);
}

static void add_attr(struct parser *p, struct items *items, struct attribute attr)
{
    const struct attribute *first = find_attr(items, attr.name);
    if (first != NULL) {
        diags_error(p->diags, attr.name_range, "Attribute redefined",
                    "The argument \"%.*s\" was set already at %s. Remove one of the two.",
                    STR_FMT(attr.name), source_range_text(p->arena, first->name_range));
        return;
    }
    attributes_push(p->arena, &items->attrs, attr);
    size_t len = items->attrs.len;
    if (len <= MANY_ATTRS)
        return;
    if (len == MANY_ATTRS + 1) {
        map_init(&items->names, p->arena);
        for (size_t i = 0; i < len - 1; i++)
            remember_name(p, items, i);
    }
    remember_name(p, items, len - 1);
}

static struct body *new_body(struct parser *p, struct range range, struct range end)
{
    struct body *b = arena_new_object(p->arena, struct body);
    b->range = range;
    b->end_range = end;
    b->missing_item_range = range_start(range);
    return b;
}

/* --- attributes --- */

static void bad_attr_end(struct parser *p, struct range name)
{
    const struct token *next = parser_peek(p);
    struct range range = parser_range(p, next), context = range_between(name, range);
    if (next->kind == TOKEN_COMMA)
        parser_complain(p, range, context, "Unexpected comma after argument",
                        "Arguments are separated by line ends, not by commas. Remove the comma and "
                        "begin a new line.");
    else
        parser_complain(p, range, context, "Missing newline after argument",
                        "The value ends before this; the next argument must begin on a new line. "
                        "Text with spaces belongs in quotes.");
}

/* The rest of "name = expression" after NAME; on a line of its own unless
 * SINGLE_LINE. */
static struct attribute parse_attr(struct parser *p, const struct token *name, bool single_line)
{
    struct attribute attr = {.name = parser_text(p, name), .name_range = parser_range(p, name)};
    attr.equals_range = parser_range(p, parser_read(p));
    size_t before = p->diags->errors;
    attr.expr = parse_expression(p);
    struct range end = parser_prev_range(p);
    if (parser_failed(p, before)) {
        parser_recover_line(p);
    } else if (!single_line) {
        if (parser_at(p, TOKEN_NEWLINE) || parser_at(p, TOKEN_EOF)) {
            parser_read(p);
        } else {
            bad_attr_end(p, attr.name_range);
            parser_recover_line(p);
        }
    }
    attr.range = range_between(attr.name_range, end);
    return attr;
}

static void bad_item(struct parser *p, const struct token *word)
{
    str name = parser_text(p, word);
    parser_recover_line(p);
    diags_error(p->diags, parser_range(p, word), "Argument or block definition required",
                "After \"%.*s\" comes an equals sign and a value, or for a block its labels and an "
                "opening brace on the same line.",
                STR_FMT(name));
}

/* --- blocks --- */

static void bad_header(struct parser *p, struct range type)
{
    const struct token *next = parser_peek(p);
    struct range range = parser_range(p, next), context = range_between(type, range);
    if (next->kind == TOKEN_EQUAL || next->kind == TOKEN_NEWLINE) {
        struct diag *diag = diags_add(
            p->diags, DIAG_ERROR, range, "Invalid block definition", "%s",
            next->kind == TOKEN_EQUAL
                ? "A block has no equals sign (\"=\") before its opening brace; an argument has "
                  "one, but no labels."
                : "The opening brace (\"{\") of a block must be on the same line as its type and "
                  "labels.");
        diag->context = context;
        return;
    }
    parser_complain(p, range, context, "Invalid block definition",
                    "Here a block has a label in quotes or its opening brace (\"{\").");
}

/* Labels up to the opening brace, which is read; false (reported) when
 * something else is there. */
static bool parse_header(struct parser *p, struct block *b)
{
    struct block_labels labels = {0};
    bool found = false;
    for (; !found; b->labels = labels.ptr, b->label_count = labels.len) {
        struct block_label label;
        const struct token *next = parser_peek(p);
        if (next->kind == TOKEN_OPEN_BRACE) {
            b->open_range = parser_range(p, parser_read(p));
            found = true;
            continue;
        }
        if (next->kind == TOKEN_OPEN_QUOTE) {
            label.value = parse_plain_string(p, &label.range);
        } else if (next->kind == TOKEN_IDENT) {
            parser_read(p);
            label = (struct block_label){parser_text(p, next), parser_range(p, next)};
        } else {
            bad_header(p, b->type_range);
            return false;
        }
        block_labels_push(p->arena, &labels, label);
    }
    return true;
}

static void bad_single_line_end(struct parser *p, const struct block *b)
{
    struct range range = parser_next_range(p);
    const char *summary = "Invalid single-argument block definition";
    switch ((int)parser_peek(p)->kind) {
    case TOKEN_COMMA:
        diags_error(p->diags, range, summary,
                    "A block on one line can have one argument only. For more, begin a new line "
                    "after the opening brace and after each argument, without commas.");
        break;
    case TOKEN_NEWLINE:
        diags_error(p->diags, range, summary,
                    "A block whose argument is on the line of its opening brace must be closed on "
                    "that line. Begin a new line after the opening brace instead.");
        break;
    case TOKEN_EOF:
        parser_complain(p, b->open_range, range_between(b->type_range, b->open_range),
                        "Unclosed configuration block",
                        "This block is not closed before the end of the file. Add the missing "
                        "\"}\", or look for a brace that is missing further inside.");
        break;
    default:
        parser_complain(p, range, RANGE_NONE, summary,
                        "A block on one line must be closed after its one argument.");
        break;
    }
    parser_recover(p, TOKEN_CLOSE_BRACE);
}

/* The one argument of "type { name = value }"; NULL (reported) when it is
 * something else. */
static struct body *parse_single_attr(struct parser *p)
{
    const struct token *word = parser_read(p);
    struct range range = parser_range(p, word);
    const struct token *next = parser_peek(p);
    if (word->kind == TOKEN_IDENT && next->kind == TOKEN_EQUAL) {
        struct attribute attr = parse_attr(p, word, true);
        struct body *b = new_body(p, attr.range, range_end(attr.range));
        b->attrs = arena_memdup(p->arena, &attr, sizeof(attr));
        b->attr_count = 1;
        return b;
    }
    if (word->kind == TOKEN_IDENT && (next->kind == TOKEN_OPEN_QUOTE ||
                                      next->kind == TOKEN_OPEN_BRACE || next->kind == TOKEN_IDENT))
        diags_error(
            p->diags, range_between(range, parser_range(p, next)), "Argument definition required",
            "A block on one line can hold one argument only. Put the nested block on a line "
            "of its own.");
    else if (word->kind == TOKEN_IDENT)
        diags_error(p->diags, range, "Argument or block definition required",
                    "After the name of an argument comes an equals sign (\"=\").");
    else
        diags_error(p->diags, range, "Argument or block definition required",
                    "An argument of the block or its closing brace must follow here.");
    parser_recover_line(p);
    return NULL;
}

static const struct body *parse_block_body(struct parser *p, const struct block *b)
{
    enum token_kind next = parser_peek(p)->kind;
    if (next == TOKEN_NEWLINE || next == TOKEN_EOF || next == TOKEN_CLOSE_BRACE)
        return parse_body(p, TOKEN_CLOSE_BRACE);
    const struct body *body = parse_single_attr(p);
    if (parser_at(p, TOKEN_CLOSE_BRACE))
        parser_read(p);
    else
        bad_single_line_end(p, b);
    return body;
}

static struct block parse_block(struct parser *p, const struct token *type)
{
    struct block b = {.type = parser_text(p, type), .type_range = parser_range(p, type)};
    if (!parse_header(p, &b)) {
        parser_recover_line(p);
        b.open_range = b.close_range = b.type_range;
        b.body = new_body(p, b.type_range, b.type_range);
        return b;
    }
    b.body = parse_block_body(p, &b);
    b.close_range = parser_prev_range(p);
    if (b.body == NULL)
        b.body = new_body(p, range_between(b.open_range, b.close_range), b.close_range);
    if (parser_at(p, TOKEN_NEWLINE) || parser_at(p, TOKEN_EOF)) {
        parser_read(p);
        return b;
    }
    struct range range = parser_next_range(p);
    parser_complain(p, range, range_between(b.type_range, range),
                    "Missing newline after block definition",
                    "After the closing brace of a block a new line must begin.");
    parser_recover_line(p);
    return b;
}

/* --- bodies --- */

static void parse_item(struct parser *p, struct items *items)
{
    const struct token *word = parser_read(p);
    switch ((int)parser_peek(p)->kind) {
    case TOKEN_EQUAL: add_attr(p, items, parse_attr(p, word, false)); break;
    case TOKEN_OPEN_QUOTE:
    case TOKEN_OPEN_BRACE:
    case TOKEN_IDENT:
        if (!parser_enter(p))
            return;
        blocks_push(p->arena, &items->blocks, parse_block(p, word));
        parser_leave(p);
        break;
    default: bad_item(p, word); break;
    }
}

static void bad_body_item(struct parser *p, enum token_kind end, struct range start)
{
    const struct token *bad = parser_read(p);
    struct range range = parser_range(p, bad);
    if (bad->kind == TOKEN_OPEN_QUOTE)
        parser_complain(p, range, RANGE_NONE, "Invalid argument name",
                        "Names of arguments and types of blocks are written without quotes.");
    else if (bad->kind == TOKEN_EOF && end == TOKEN_CLOSE_BRACE)
        parser_complain(p, start, RANGE_NONE, "Unclosed configuration block",
                        "This block is not closed before the end of the file. Add the missing "
                        "\"}\", or look for a brace that is missing further inside.");
    else if (bad->kind == TOKEN_CLOSE_BRACE)
        parser_complain(p, range, RANGE_NONE, "Argument or block definition required",
                        "This closing brace has no opening one. Remove it, or look for a brace "
                        "that is closed too early above.");
    else if (bad->kind == TOKEN_OPEN_BRACE && end == TOKEN_EOF)
        parser_complain(p, range, RANGE_NONE, "Argument or block definition required",
                        "A block begins with its type, such as source or build. If this file is in "
                        "JSON syntax, its name must end in .json.");
    else
        parser_complain(p, range, RANGE_NONE, "Argument or block definition required",
                        "Here begins an argument (name = value) or a block, with a name that is a "
                        "letter followed by letters, digits, \"_\" or \"-\".");
}

const struct body *parse_body(struct parser *p, enum token_kind end)
{
    struct items items = {0};
    struct range start = parser_prev_range(p), close;
    for (;;) {
        enum token_kind next = parser_peek(p)->kind;
        if (next == end) {
            close = parser_range(p, parser_read(p));
            break;
        }
        if (next == TOKEN_NEWLINE) {
            parser_read(p);
        } else if (next == TOKEN_IDENT) {
            parse_item(p, &items);
        } else {
            bad_body_item(p, end, start);
            close = parser_prev_range(p);
            parser_recover(p, end);
            break;
        }
    }
    struct body *b = new_body(p, range_between(start, close), range_end(close));
    b->attrs = items.attrs.ptr;
    b->attr_count = items.attrs.len;
    b->blocks = items.blocks.ptr;
    b->block_count = items.blocks.len;
    return b;
}
