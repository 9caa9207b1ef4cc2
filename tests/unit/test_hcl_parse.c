/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/lex.h"
#include "hcl/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "hcl/diag.h"
#include "tests/lib/hcl_dump.h"

struct text_case {
    const char *in, *out; /* out: dump, or "!summary" of the first error */
};

typedef bool (*parse_expr_fn)(struct arena *a, const struct source_file *f, struct diags *d,
                              const struct expr **out);

static void check_expr(parse_expr_fn parse, const struct text_case *c)
{
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct diags d;
    const struct expr *e;
    diags_init(&d, a);
    if (parse(a, source_file_new(a, "t", str_from(c->in)), &d, &e))
        dump_expr(&out, e);
    else
        strbuf_addf(&out, "!%s", d.list.ptr[0]->summary);
    if (strcmp(out.buf, c->out) != 0)
        fail_msg("%s\ngives    %s\nexpected %s", c->in, out.buf, c->out);
}

static void check_file(const struct text_case *c)
{
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct diags d;
    const struct body *body;
    diags_init(&d, a);
    if (hcl_parse_file(a, source_file_new(a, "t", str_from(c->in)), &d, &body))
        dump_body(&out, body);
    else
        strbuf_addf(&out, "!%s", d.list.ptr[0]->summary);
    if (strcmp(out.buf, c->out) != 0)
        fail_msg("%s\ngives    %s\nexpected %s", c->in, out.buf, c->out);
}

static void expressions(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {"1 + 2 * 3", "(+ 1 (* 2 3))"},
        {"1 - 2 - 3", "(- (- 1 2) 3)"},
        {"a || b && c == d < e", "(|| a (&& b (== c (< d e))))"},
        {"-a.b + !c", "(+ (- a.b) (! c))"},
        {"a ? b : c ? d : e", "(? a b (? c d e))"},
        {"1\n+ 2", "(+ 1 2)"},
        {"(1 +\n2)", "(parens (+ 1 2))"},
        {"a-b", "a-b"},
        {"a -b", "(- a b)"},
        {"true", "true"},
        {"null", "null"},
        {"0777", "0777"},
        {"1e3", "1e3"},
        {"1.5e-3", "1.5e-3"},
        {"1.e2", "1e2"},
        {"a.b[0][\"k\"].0", "a.b[0][\"k\"][0]"},
        {"a[b].c", "(steps (index a b)).c"},
        {"f(1, [2,], x...)", "(call... f 1 (tuple 2) x)"},
        {"p::f()", "(call p::f)"},
        {"p :: f()", "(call p::f)"},
        {"f(a).b", "(steps (call f a)).b"},
        {"{a = 1, \"b\" : 2, (c) = 3, true = 4, x.y = 5}",
         "{\"a\"=1 (template \"b\")=2 (parens c)=3 \"true\"=4 x.y?=5}"},
        {"{\n a = 1\n\n b = 2 }", "{\"a\"=1 \"b\"=2}"},
        {"[for x in y: x if z]", "(for ,x y value x if z)"},
        {"{for k, v in y: k => v...}", "(for k,v y key k group v)"},
        {"{\nfor k in y: k => 1}", "(for ,k y key k value 1)"},
        {"a.*.b.0[1]", "(steps (splat a (steps @).b[0]))[1]"},
        {"a[*].b[1]", "(splat a (steps @).b[1])"},
        {"\"\"", "(template \"\")"},
        {"\"a${b}c\"", "(template \"a\" b \"c\")"},
        {"\"${a}\"", "(wrap a)"},
        {"\"\\n\\t\\\"\\\\\\u00e9\\U0001F600\"", "(template \"\\n\\t\\\"\\\\é😀\")"},
        {"\"$${a} %%{b} $ $$ 100%\"", "(template \"${a} %{b} $ $$ 100%\")"},
        {"\"a ${~ b ~} c\"", "(template \"a\" b \"c\")"},
        {"\"%{ if a }x%{ else }y%{ endif }\"",
         "(template (? a (template \"x\") (template \"y\")))"},
        {"\"%{ for k, v in a }${v},%{ endfor }\"",
         "(template (join (for k,v a value (template v \",\"))))"},
        {"<<E\na\n  E\n", "(template \"a\\n\")"},
        {"<<-E\n  a\n    b\n\n  E\n", "(template \"a\\n  b\\n\\n\")"},
        {"<<-E\n  a\n ${b}\nE\n", "(template \" a\\n\" b \"\\n\")"},
        {"<<E\n\\n\nE\n", "(template \"\\\\n\\n\")"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check_expr(hcl_parse_expr, &cases[i]);
}

static void bad_expressions(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {"", "!Missing expression"},
        {"1 2", "!Extra characters after expression"},
        {"1.2.3", "!Invalid number literal"},
        {"1e100001", "!Number literal is too large"},
        {"[1", "!Unterminated tuple constructor expression"},
        {"[1 2]", "!Missing item separator"},
        {"{a}", "!Missing key/value separator"},
        {"{a\n}", "!Missing attribute value"},
        {"{a = 1 b = 2}", "!Missing attribute separator"},
        {"{a = 1", "!Unterminated object constructor expression"},
        {"f(1", "!Unterminated function call"},
        {"f(1 2)", "!Missing argument separator"},
        {"f(a..., b)", "!Missing closing parenthesis"},
        {"f::(1)", "!Missing function name"},
        {"f::g", "!Missing open parenthesis"},
        {"a.", "!Invalid attribute name"},
        {"a.0.1", "!Invalid legacy index syntax"},
        {"a.*.*", "!Nested splat expression not allowed"},
        {"a[1", "!Missing close bracket on index"},
        {"a[*", "!Missing close bracket on splat index"},
        {"(1", "!Unbalanced parentheses"},
        {"a ? b", "!Missing false expression in conditional"},
        {"a & b", "!Unsupported operator"},
        {"'a'", "!Invalid character"},
        {"[for in x: y]", "!Invalid 'for' expression"},
        {"[for x in y: x => x]", "!Invalid 'for' expression"},
        {"{for x in y: x}", "!Invalid 'for' expression"},
        {"[for x in y: x...]", "!Invalid 'for' expression"},
        {"\"a", "!Unterminated template string"},
        {"\"a\nb\"", "!Invalid multi-line string"},
        {"\"\\q\"", "!Invalid escape sequence"},
        {"\"\\ud800\"", "!Invalid escape sequence"},
        {"\"${a\"", "!Unclosed template interpolation sequence"},
        {"\"${a:b}\"", "!Extra characters after interpolation expression"},
        {"\"%{x}\"", "!Invalid template control keyword"},
        {"\"%{}\"", "!Invalid template directive"},
        {"\"%{if a}\"", "!Unexpected end of template"},
        {"\"%{if a}%{endfor}\"", "!Unexpected endfor directive"},
        {"\"%{for x y}\"", "!Invalid 'for' directive"},
        {"\"%{if a b}%{endif}\"", "!Extra characters in if marker"},
        {"<<E\na", "!Unterminated template string"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check_expr(hcl_parse_expr, &cases[i]);
}

static void templates(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {"", "(template \"\")"},
        {"a\n  ${b}\n", "(template \"a\\n  \" b \"\\n\")"},
        {"${a}", "(wrap a)"},
        {"100% $", "(template \"100% $\")"},
        {"a\rb ${c}", "(template \"a\\rb ${c}\")"},
        {"say \"x\\n\"", "(template \"say \\\"x\\\\n\\\"\")"},
        {"${a", "!Unclosed template interpolation sequence"},
        {"%{ endif }", "!Unexpected endif directive"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check_expr(hcl_parse_template, &cases[i]);
}

static void references(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {"a", "a"},
        {"a.b[0][\"k\"]", "a.b[0][\"k\"]"},
        {"true", "true"},
        {"", "!Variable name required"},
        {"a.*", "!Attribute name required"},
        {"a[b]", "!Index value required"},
        {"a + b", "!Invalid character"},
        {"a[0", "!Unclosed index brackets"},
        {"a[\"${b}\"]", "!Index value required"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check_expr(hcl_parse_traversal, &cases[i]);
}

static void bodies(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {"", ""},
        {"\xef\xbb\xbf a = 1", "a=1; "},
        {"a = 1 # x\nb = 2 // y\n/* z */ c = 3", "a=1; b=2; c=3; "},
        {"b \"x\" y {\n a = 1\n c {}\n}\n", "b \"x\" \"y\" {a=1; c {} } "},
        {"b { a = 1 }\n", "b {a=1; } "},
        {"a = [\n1,\n# c\n2\n]\r\nb = 1\r\n", "a=(tuple 1 2); b=1; "},
        {"a = 1\na = 2\n", "!Attribute redefined"},
        {"a = 1, b = 2\n", "!Unexpected comma after argument"},
        {"a = 1 b = 2\n", "!Missing newline after argument"},
        {"b { a = 1, c = 2 }\n", "!Invalid single-argument block definition"},
        {"b { c {} }\n", "!Argument definition required"},
        {"b {} c {}\n", "!Missing newline after block definition"},
        {"b = {\n", "!Missing expression"},
        {"b {\n", "!Unclosed configuration block"},
        {"}\n", "!Argument or block definition required"},
        {"\"a\" = 1\n", "!Invalid argument name"},
        {"b \"${x}\" {}\n", "!Invalid string literal"},
        {"b \"x\" = 1\n", "!Invalid block definition"},
        {"b \"x\"\n{}\n", "!Invalid block definition"},
        {"a\n", "!Argument or block definition required"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check_file(&cases[i]);
}

/* Several mistakes in one file are all reported, each once. */
static void recovery(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags d;
    const struct body *body;
    diags_init(&d, a);
    struct source_file *f =
        source_file_new(a, "t", STR("a = \"\\q\"\nb {\n  c = [1 2]\n}\nd = 1.1.1\ne = 5\n"));
    assert_false(hcl_parse_file(a, f, &d, &body));
    assert_int_equal(d.errors, 3);
    assert_non_null(body_find_attr(body, STR("e")));
    assert_int_equal(f->block_count, 1);
    assert_string_equal(source_block_at(f, 20)->header, "b");
}

static void repeat(struct strbuf *out, const char *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        strbuf_adds(out, s);
}

/* Deep and long expressions give one error, in bounded stack and time. */
static void bounds(void **state)
{
    (void)state;
    static const struct {
        const char *start, *end;
        unsigned good, bad;
    } cases[] = {
        {"(", ")", 500, 3000},       {"[", "]", 500, 200000},  {"{a=", "}", 500, 100000},
        {"!", "", 500, 100000},      {"1+", "", 900, 100000},  {"a?b:", "", 400, 100000},
        {"\"${", "}\"", 300, 50000}, {"f(", ")", 500, 100000},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        for (int bad = 0; bad < 2; bad++) {
            AUTO(arena) struct arena *a = arena_new("test");
            AUTO(strbuf) struct strbuf text = STRBUF_INIT;
            unsigned count = bad ? cases[i].bad : cases[i].good;
            struct diags d;
            const struct expr *e;
            diags_init(&d, a);
            repeat(&text, cases[i].start, count);
            strbuf_adds(&text, "1");
            repeat(&text, cases[i].end, count);
            hcl_parse_expr(a, source_file_new(a, "t", strbuf_str(&text)), &d, &e);
            assert_int_equal(d.errors, bad ? 1 : 0);
            assert_true(e->height <= PARSE_MAX_DEPTH);
        }
    }
}

static void deep_blocks(void **state)
{
    (void)state;
    for (int bad = 0; bad < 2; bad++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(strbuf) struct strbuf text = STRBUF_INIT;
        struct diags d;
        const struct body *body;
        diags_init(&d, a);
        repeat(&text, "b {\n", bad ? 50000 : 300);
        repeat(&text, "}\n", bad ? 50000 : 300);
        hcl_parse_file(a, source_file_new(a, "t", strbuf_str(&text)), &d, &body);
        assert_int_equal(d.errors, bad ? 1 : 0);
    }
}

static void identifiers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
    } cases[] = {{"a", true},    {"_a", true},   {"a-b", true}, {"é1", true},
                 {"日本", true}, {"", false},    {"1a", false}, {"-a", false},
                 {"a b", false}, {"a.b", false}, {" a", false}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(hcl_is_identifier(str_from(cases[i].text)), cases[i].ok);
}

static void too_large(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    struct diags d;
    const struct body *body;
    diags_init(&d, a);
    strbuf_addn(&text, '\n', SOURCE_MAX_BYTES + 1);
    assert_false(hcl_parse_file(a, source_file_new(a, "t", strbuf_str(&text)), &d, &body));
    assert_string_equal(d.list.ptr[0]->summary, "File is too large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions), cmocka_unit_test(bad_expressions),
        cmocka_unit_test(templates),   cmocka_unit_test(references),
        cmocka_unit_test(bodies),      cmocka_unit_test(recovery),
        cmocka_unit_test(bounds),      cmocka_unit_test(deep_blocks),
        cmocka_unit_test(identifiers), cmocka_unit_test(too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
