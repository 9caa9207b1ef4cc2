/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/lex.h"

#include "base/arena.h"
#include "hcl/diag.h"
#include "hcl/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Tokens follow each other inside the text and only blanks lie between them. */
static void check_mode(const struct source_file *f, enum lex_mode mode, struct diags *d)
{
    AUTO(tokens) struct tokens tokens = {0};
    lex_text(f->text, 0, (uint32_t)f->text.len, mode, &tokens);
    uint32_t last = str_starts(f->text, STR("\xef\xbb\xbf")) ? 3 : 0;
    VEC_EACH (t, &tokens) {
        if (t->start < last || t->end < t->start || t->end > f->text.len)
            BUG("token outside of its place");
        for (uint32_t i = last; i < t->start; i++) {
            if (mode == LEX_CONFIG && f->text.ptr[i] != ' ' && f->text.ptr[i] != '\t')
                BUG("text between tokens is lost");
        }
        if (t->end == t->start && t->kind != TOKEN_EOF)
            BUG("empty token");
        last = t->end;
    }
    if (tokens.len == 0 || tokens.ptr[tokens.len - 1].kind != TOKEN_EOF || last != f->text.len)
        BUG("the end of the text is missing");
    lex_report(f, &tokens, d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *a = arena_new("fuzz");
    struct diags d;
    diags_init(&d, a);
    const struct source_file *f = source_file_new(a, "x", (str){(const char *)data, size});
    check_mode(f, LEX_CONFIG, &d);
    check_mode(f, LEX_TEMPLATE, &d);
    return 0;
}
