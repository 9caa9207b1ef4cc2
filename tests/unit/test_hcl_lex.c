/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/lex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "hcl/diag.h"
#include "hcl/source.h"

/* "kind:text kind:text" with the numbers of kinds, for messages. */
static void dump(str text, enum lex_mode mode, struct strbuf *out)
{
    AUTO(tokens) struct tokens tokens = {0};
    lex_text(text, 0, (uint32_t)text.len, mode, &tokens);
    VEC_EACH (t, &tokens) {
        str piece = str_sub(text, t->start, t->end);
        strbuf_addf(out, "%s%d", out->len > 0 ? " " : "", (int)t->kind);
        strbuf_addc(out, ':');
        strbuf_addstr(out, piece);
    }
}

struct lex_case {
    const char *in;
    enum token_kind kinds[12]; /* up to TOKEN_EOF */
    const char *pieces;        /* texts joined by "|" */
};

static void check(const struct lex_case *c, enum lex_mode mode)
{
    AUTO(tokens) struct tokens tokens = {0};
    AUTO(strbuf) struct strbuf pieces = STRBUF_INIT, all = STRBUF_INIT;
    str text = str_from(c->in);
    lex_text(text, 0, (uint32_t)text.len, mode, &tokens);
    dump(text, mode, &all);
    for (size_t i = 0; i < tokens.len; i++) {
        if (tokens.ptr[i].kind != c->kinds[i])
            fail_msg("%s: token %zu is wrong: %s", c->in, i, all.buf);
        if (tokens.ptr[i].kind == TOKEN_EOF)
            break;
        strbuf_adds(&pieces, i > 0 ? "|" : "");
        strbuf_addstr(&pieces, str_sub(text, tokens.ptr[i].start, tokens.ptr[i].end));
    }
    assert_string_equal(pieces.buf, c->pieces);
}

static void configs(void **state)
{
    (void)state;
    static const struct lex_case cases[] = {
        {"", {TOKEN_EOF}, ""},
        {" a-b\t1a", {TOKEN_IDENT, TOKEN_NUMBER, TOKEN_IDENT}, "a-b|1|a"},
        {"1.5e+3.e 1.",
         {TOKEN_NUMBER, TOKEN_DOT, TOKEN_IDENT, TOKEN_NUMBER, TOKEN_DOT},
         "1.5e+3|.|e|1|."},
        {"1...", {TOKEN_NUMBER, TOKEN_ELLIPSIS}, "1|..."},
        {"0x1e", {TOKEN_NUMBER, TOKEN_IDENT}, "0|x1e"},
        {"a# b\nc//d", {TOKEN_IDENT, TOKEN_COMMENT, TOKEN_IDENT, TOKEN_COMMENT}, "a|# b\n|c|//d"},
        {"/* x\n */a", {TOKEN_COMMENT, TOKEN_IDENT}, "/* x\n */|a"},
        {"/*", {TOKEN_SLASH, TOKEN_STAR}, "/|*"},
        {"\r\n\n", {TOKEN_NEWLINE, TOKEN_NEWLINE}, "\r\n|\n"},
        {"\r", {TOKEN_INVALID}, "\r"},
        {"\xff\xc3\xa9", {TOKEN_BAD_UTF8, TOKEN_IDENT}, "\xff|é"},
        {"===> =>=",
         {TOKEN_EQUAL_EQUAL, TOKEN_FAT_ARROW, TOKEN_FAT_ARROW, TOKEN_EQUAL},
         "==|=>|=>|="},
        {"a::b:c",
         {TOKEN_IDENT, TOKEN_DOUBLE_COLON, TOKEN_IDENT, TOKEN_COLON, TOKEN_IDENT},
         "a|::|b|:|c"},
        {"& | ^ ~", {TOKEN_BITWISE, TOKEN_BITWISE, TOKEN_BITWISE, TOKEN_BITWISE}, "&|||^|~"},
        {"\"a\\\"b\"", {TOKEN_OPEN_QUOTE, TOKEN_QUOTED_TEXT, TOKEN_CLOSE_QUOTE}, "\"|a\\\"b|\""},
        {"\"$$${a}\"",
         {TOKEN_OPEN_QUOTE, TOKEN_QUOTED_TEXT, TOKEN_QUOTED_TEXT, TOKEN_QUOTED_TEXT,
          TOKEN_CLOSE_QUOTE},
         "\"|$|$${|a}|\""},
        {"\"${~{}~}\"",
         {TOKEN_OPEN_QUOTE, TOKEN_INTERP, TOKEN_OPEN_BRACE, TOKEN_CLOSE_BRACE, TOKEN_SEQ_END,
          TOKEN_CLOSE_QUOTE},
         "\"|${~|{|}|~}|\""},
        {"\"%{if\"",
         {TOKEN_OPEN_QUOTE, TOKEN_DIRECTIVE, TOKEN_IDENT, TOKEN_OPEN_QUOTE},
         "\"|%{|if|\""},
        {"\"a\n", {TOKEN_OPEN_QUOTE, TOKEN_QUOTED_TEXT, TOKEN_BAD_NEWLINE}, "\"|a|\n"},
        {"<<-E\n a$b\n  E \nx",
         {TOKEN_OPEN_HEREDOC, TOKEN_PLAIN_TEXT, TOKEN_PLAIN_TEXT, TOKEN_PLAIN_TEXT,
          TOKEN_CLOSE_HEREDOC, TOKEN_NEWLINE, TOKEN_IDENT},
         "<<-E\n| a|$|b\n|  E |\n|x"},
        {"<<E\nE", {TOKEN_OPEN_HEREDOC, TOKEN_PLAIN_TEXT}, "<<E\n|E"},
        {"<<E x", {TOKEN_LESS, TOKEN_LESS, TOKEN_IDENT, TOKEN_IDENT}, "<|<|E|x"},
        {"}~}", {TOKEN_CLOSE_BRACE, TOKEN_SEQ_END}, "}|~}"},
        {"'`;@", {TOKEN_APOSTROPHE, TOKEN_BACKTICK, TOKEN_SEMICOLON, TOKEN_INVALID}, "'|`|;|@"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check(&cases[i], LEX_CONFIG);
}

static void templates(void **state)
{
    (void)state;
    static const struct lex_case cases[] = {
        {"a\nb", {TOKEN_PLAIN_TEXT, TOKEN_PLAIN_TEXT}, "a\n|b"},
        {"\"${a}$",
         {TOKEN_PLAIN_TEXT, TOKEN_INTERP, TOKEN_IDENT, TOKEN_SEQ_END, TOKEN_PLAIN_TEXT},
         "\"|${|a|}|$"},
        {"\r\xff", {TOKEN_PLAIN_TEXT}, "\r\xff"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check(&cases[i], LEX_TEMPLATE);
}

/* Each kind of wrong token is complained about a few times only. */
static void reports(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t count;
        const char *part; /* of the first detail */
    } cases[] = {
        {"a & b | c ^ d ~ e & f", 4, "&&"},
        {"'a' 'b' 'c'", 2, "double quotes"},
        {"`a` `b`", 2, "heredoc"},
        {"; ; ;", 1, "semicolon"},
        {"\xff\xfe", 1, "0xFF"},
        {"\u201cx\u201d", 2, "straight quotes"},
        {"a\xef\xbb\xbf", 1, "byte order mark"},
        {"\x01", 1, "U+0001"},
        {"\r", 1, "carriage return"},
        {"@", 1, "\"@\""},
        {"\"a\n\"", 1, "\\n"},
        {"a = 1", 0, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(tokens) struct tokens tokens = {0};
        struct diags d;
        diags_init(&d, a);
        struct source_file *f = source_file_new(a, "t", str_from(cases[i].in));
        lex_text(f->text, 0, (uint32_t)f->text.len, LEX_CONFIG, &tokens);
        lex_report(f, &tokens, &d);
        assert_int_equal(d.errors, cases[i].count);
        if (d.errors > 0)
            assert_non_null(strstr(d.list.ptr[0]->detail, cases[i].part));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(configs),
        cmocka_unit_test(templates),
        cmocka_unit_test(reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
